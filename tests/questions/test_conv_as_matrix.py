"""The matrix of a convolution: the report's question, Dumoulin & Visin's matrix, small ones by hand."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from questions.printed import formula, formula_latex

from workings.algebra.parse import parse
from workings.errors import InputError
from workings.marking.points import agree, points
from workings.solution import solve

LETTERS = {"H": "H", "W": "W", "M": "M", "N": "N"}
SMALL = {"H": 3, "W": 3, "M": 2, "N": 2}


def in_letters(working, name):
    """A quantity in letters, each entry as it is written: w_11."""
    return [[str(entry) for entry in row] for row in working.formulas()[name].tolist()]


# --- the report's question --------------------------------------------------------------------------------


def test_the_rule_in_letters():
    """w_{i-a+1, j-b+1} inside the window and 0 outside; the report has it the wrong way round."""
    working = solve("conv_as_matrix", LETTERS).working
    assert formula_latex(working, "rule") == (
        r"\begin{cases} w_{i - a + 1, j - b + 1} & \text{if }"
        r" a \le i \le a + M - 1 \text{ and } b \le j \le b + N - 1 \\ 0 & \text{otherwise} \end{cases}"
    )
    assert formula(working, "rule") == (
        "where(every(a ≤ i ≤ a + M − 1, b ≤ j ≤ b + N − 1), entry(w, i − a + 1, j − b + 1), 0)"
    )


def test_the_double_sum():
    working = solve("conv_as_matrix", LETTERS).working
    assert formula_latex(working, "z_a_b") == (
        r"\sum_{k=1}^{M} \sum_{l=1}^{N} w_{k, l} x_{a + k - 1, b + l - 1}"
    )


def test_rows_and_columns_in_letters():
    formulas = solve("conv_as_matrix", LETTERS).working.formulas()
    H, W, M, N, a, b, i, j = sympy.symbols("H W M N a b i j", integer=True, positive=True)
    assert sympy.expand(formulas["row"] - ((W - N + 1) * (a - 1) + b)) == 0
    assert sympy.expand(formulas["column"] - (W * (i - 1) + j)) == 0
    assert sympy.expand(formulas["rows"] - (H - M + 1) * (W - N + 1)) == 0
    assert formulas["columns"] == H * W


@pytest.mark.parametrize(
    ("name", "answer", "outcome"),
    [
        ("row", "W'(a-1) + b", "same"),
        ("row", "W(a-1) + b", "different"),
        ("row", "H'(a-1) + b", "different"),
        ("rule", "where(every(a ≤ i ≤ M+a-1, b ≤ j ≤ N+b-1), entry(w, i-a+1, j-b+1), 0)", "same"),
        ("rule", "where(every(a ≤ i ≤ M+a-1, b ≤ j ≤ N+b-1), 0, entry(w, i, j))", "different"),  # as printed
        ("rule", "0", "different"),
        ("z_a_b", "Σ_{i=1}^{M} Σ_{j=1}^{N} w[i, j] x[i+a-1, j+b-1]", "same"),
        ("z_a_b", "Σ_{i=1}^{M} Σ_{j=1}^{N} w[i, j] x[i, j]", "different"),
    ],
)
def test_formulas_as_a_paper_has_them(name, answer, outcome):
    working = solve("conv_as_matrix", LETTERS).working
    ranks = {label: len(shape) for label, shape in working.shapes.items()}
    read = parse(answer, ranks=ranks | {"H_prime": 0, "W_prime": 0})
    assert agree(working, name, read, points(working)) == outcome


def test_four_by_nine_in_letters():
    """Each row by hand: the filter at (1, 1), (1, 2), (2, 1), (2, 2) of a 3 × 3 image."""
    expected = [
        ["w_11", "w_12", "0", "w_21", "w_22", "0", "0", "0", "0"],
        ["0", "w_11", "w_12", "0", "w_21", "w_22", "0", "0", "0"],
        ["0", "0", "0", "w_11", "w_12", "0", "w_21", "w_22", "0"],
        ["0", "0", "0", "0", "w_11", "w_12", "0", "w_21", "w_22"],
    ]
    for given in (SMALL, SMALL | {"kernel": [["w_11", "w_12"], ["w_21", "w_22"]]}):
        solution = solve("conv_as_matrix", given)
        assert in_letters(solution.working, "M") == expected
        assert solution.quantities["rows"].value == 4
        assert solution.quantities["columns"].value == 9


def test_the_outputs_in_letters():
    """z_21, the third output, by hand."""
    found = solve("conv_as_matrix", SMALL).working.formulas()["z"]
    names = "w_11 x_21 w_12 x_22 w_21 x_31 w_22 x_32"
    w11, x21, w12, x22, w21, x31, w22, x32 = sympy.symbols(names, real=True)
    assert sympy.expand(found[2] - (w11 * x21 + w12 * x22 + w21 * x31 + w22 * x32)) == 0


def test_a_small_matrix_is_printed_once():
    """Its formula is its entries, so there is nothing to add."""
    text = solve("conv_as_matrix", SMALL, ask="M").lines["M"].text()
    assert text.count("[[w_11, w_12, 0, w_21, w_22, 0, 0, 0, 0], ") == 1


# --- numbers ----------------------------------------------------------------------------------------------


def test_numbers_by_hand():
    """z_11 = 1·1 + 2·0 + 3·0 + 4·1 = 5, z_12 = 2·2 + 3·1 = 7, z_21 = 2·1 + 3·3 = 11, z_22 = 1·1 + 4·1 = 5."""
    given = SMALL | {"kernel": [[1, 2], [3, 4]], "image": [[1, 0, 2], [0, 1, 0], [3, 0, 1]]}
    solution = solve("conv_as_matrix", given)
    assert solution["M"].tolist() == [
        [1, 2, 0, 3, 4, 0, 0, 0, 0],
        [0, 1, 2, 0, 3, 4, 0, 0, 0],
        [0, 0, 0, 1, 2, 0, 3, 4, 0],
        [0, 0, 0, 0, 1, 2, 0, 3, 4],
    ]
    assert solution["z"].tolist() == [5, 7, 11, 5]


def test_the_matrix_of_dumoulin_and_visin():
    """§4.1: a 3 × 3 filter on a 4 × 4 image, with their w_00 ... w_22 from 0."""
    working = solve("conv_as_matrix", H=4, W=4, M=3, N=3).working
    first = ["w_11", "w_12", "w_13", "0", "w_21", "w_22", "w_23", "0", "w_31", "w_32", "w_33"]
    before = (0, 1, 4, 5)
    assert in_letters(working, "M") == [["0"] * n + first + ["0"] * (5 - n) for n in before]


def test_a_large_matrix_agrees_with_its_own_rule_written_out():
    """The rule at every row and column of a 3 × 5 image, by a loop over places."""
    kernel = [[1, -2, 3], [4, 5, -6]]
    found = solve("conv_as_matrix", H=3, W=5, M=2, N=3, kernel=kernel)["M"]
    for a, b, i, j in np.ndindex(2, 3, 3, 5):
        inside = a <= i <= a + 1 and b <= j <= b + 2
        assert found[3 * a + b, 5 * i + j] == (kernel[i - a][j - b] if inside else 0)


def test_a_filter_as_large_as_the_image_gives_one_row():
    solution = solve("conv_as_matrix", H=2, W=2, M=2, N=2, kernel=[[1, 2], [3, 4]], image=[[5, 6], [7, 8]])
    assert solution["M"].tolist() == [[1, 2, 3, 4]]
    assert solution["z"].tolist() == [70]


def test_a_filter_of_one_entry_gives_a_multiple_of_the_identity():
    found = solve("conv_as_matrix", H=2, W=3, M=1, N=1, kernel=[["0.5"]])["M"]
    assert (found == 0.5 * np.eye(6)).all()


def test_the_size_of_mnist_is_written_down():
    solution = solve("conv_as_matrix", H=28, W=28, M=5, N=5, kernel=[[1] * 5] * 5)
    assert solution.working.shapes["M"] == (576, 784)
    assert solution["rows"] == 576
    assert solution["columns"] == 784


def test_sizes_of_a_matrix_too_large_to_write_down():
    solution = solve("conv_as_matrix", H=10**6, W=10**6, M=3, N=3, kernel=[[1] * 3] * 3)
    assert solution["rows"] == (10**6 - 2) ** 2
    assert "M" not in solution.working


# --- letters ----------------------------------------------------------------------------------------------


def test_letters_of_the_filter_leave_others_to_the_subscripts():
    solution = solve("conv_as_matrix", SMALL | {"kernel": [["a", "b"], ["c", 0]]})
    assert formula_latex(solution.working, "z_i_j").endswith(r"w_{p, q} x_{i + p - 1, j + q - 1}")
    assert solution.lines["rule"].label["latex"] == "M_{s,t}"
    assert in_letters(solution.working, "M")[0] == ["a", "b", "0", "c", "0", "0", "0", "0", "0"]


def test_a_letter_that_is_also_the_name_of_a_size():
    """An N × N image under a filter of 2 × 3: N is not the filter's width."""
    working = solve("conv_as_matrix", H="N", W="N", M=2, N=3).working
    assert formula(working, "output_width") == "N − 3 + 1"
    N = sympy.Symbol("N", integer=True, positive=True)
    assert sympy.expand(working.formulas()["rows"] - (N - 1) * (N - 2)) == 0


def test_sizes_may_be_formulas():
    formulas = solve("conv_as_matrix", H="2n", W="n + 1", M="n", N=2).working.formulas()
    n = sympy.Symbol("n", integer=True, positive=True)
    assert sympy.expand(formulas["rows"] - (n + 1) * n) == 0
    assert sympy.expand(formulas["columns"] - 2 * n * (n + 1)) == 0


# --- bad input --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"M": 4}, "M: a filter of 4 on an image of 3; accepted: at most 3, as H is"),
        ({"N": 4}, "N: a filter of 4 on an image of 3; accepted: at most 3, as W is"),
        ({"H": 0}, "H: found 0; accepted: a size, a formula in letters, a whole number from 1 to 10^15"),
        (
            {"W": "2.5"},
            "W: found '2.5'; accepted: a size, a formula in letters, a whole number from 1 to 10^15",
        ),
        ({"W": "nan"}, "W: found 'nan'; accepted: a finite number, or a formula in letters"),
        (
            {"W": "1e9999"},
            (
                "W: column 1: found '1e9999', an exponent beyond ±400;"
                " accepted: a number such as 3, -0.5, 1e-3 or 3/14"
            ),
        ),
        ({"W": "?"}, "W: found '?'; accepted: a size, a formula in letters"),
        ({"H": "w"}, "H: the letter 'w', which names a quantity of the answer; accepted: another letter"),
        ({"kernel": [[1, 2, 3]]}, "kernel: found 1 × 3; accepted: 2 × 2, as M and N say"),
        ({"image": [[1, 2], [3, 4]]}, "image: found 2 × 2; accepted: 3 × 3, as H and W say"),
        (
            {"kernel": {"letters": "k", "shape": ["m", 2]}},
            "kernel: found m × 2; accepted: 2 × 2, as M and N say",
        ),
        (
            {"kernel": [[1, 2], [3]]},
            "kernel[1]: found a row of 1 beside rows of 2; accepted: rows of one length",
        ),
        (
            {"kernel": [["w", 1], [1, 1]]},
            "kernel: the letter 'w', which names a quantity of the answer; accepted: another letter",
        ),
        (
            {"image": [["M", 1, 1]] * 3},
            "image: the letter 'M', which names a quantity of the answer; accepted: another letter",
        ),
        (
            {"H": "n", "kernel": [[1, 2], [3, 4]]},
            "kernel: entries, where a size is in letters; accepted: H, W, M and N in numbers",
        ),
        (
            {"H": 60, "W": 60, "image": [[1] * 60] * 60},
            "image: a matrix of 3481 × 3600; accepted: at most 20000 entries",
        ),
        (
            {"W": 9, "N": 9, "kernel": [list("abcdefghi"), list("klmnopqrs")]},
            "kernel: 17 letters, which leave none for subscripts; accepted: w_11, w_12, ...",
        ),
        ({"padding": 1}, "unknown field 'padding'; accepted: H, M, N, W, image, kernel"),
    ],
)
def test_bad_input_is_named(given, message):
    with pytest.raises(InputError) as caught:
        solve("conv_as_matrix", {**SMALL, **given})
    assert str(caught.value) == message


def test_a_missing_size_is_described():
    with pytest.raises(InputError) as caught:
        solve("conv_as_matrix", H=3, W=3, M=2)
    assert str(caught.value) == "N is missing; accepted: width of the filter"
