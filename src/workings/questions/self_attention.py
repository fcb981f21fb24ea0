"""Self-attention over a sequence: queries, keys, values, attention probabilities and outputs, per head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Annotated, Any, cast

import numpy as np
from pydantic import BeforeValidator, Field

from workings.algebra.dimensions import listed
from workings.algebra.expression import Expr, apply, const, name, sqrt, stack
from workings.errors import InputError, echo, unknown
from workings.numerals import number
from workings.question import Given as Givens
from workings.question import Matrix, Positive, Question, read_array, read_integer, read_scalar
from workings.rules import attention, letters
from workings.working import Draft, Working

MOST_LETTERS = 36
"""Entries of an input in letters with sizes in numbers: each output is a quotient of sums over them."""


@dataclass(frozen=True, slots=True)
class Lettered:
    """An input in letters: its letter and its shape (n, d), each size a number or a letter."""

    letter: str
    shape: tuple[int | Expr, int | Expr]


def read_input(written: object) -> Any:
    """A matrix of numbers, a letter (of shape n × 1), or {letters: x, shape: [n, d]}."""
    if isinstance(written, (Lettered, np.ndarray)):
        return written if isinstance(written, Lettered) else read_array(cast("object", written), (2,))
    if isinstance(written, Mapping):
        fields = cast("Mapping[str, object]", written)
        for field in fields:
            if field not in ("letters", "shape"):
                raise unknown("field", field, ("letters", "shape"))
        sizes = fields.get("shape", ["n", 1])
        shape = listed(sizes) or ()
        if len(shape) != 2:
            raise InputError(f"found {echo(sizes)}", accepted="two sizes, such as [n, 1]").at(field="shape")
        rows, columns = (_size(size, i) for i, size in enumerate(shape))
        return Lettered(_letter(fields.get("letters", "x")), (rows, columns))
    if isinstance(written, str):
        return Lettered(_letter(written), (name("n"), 1))
    return read_array(written, (2,))


def _letter(written: object) -> str:
    text = written.strip() if isinstance(written, str) else ""
    if not text.isidentifier():
        raise InputError(f"found {echo(written)}", accepted="rows of numbers, or a letter such as x")
    return text


def _size(written: object, place: int) -> int | Expr:
    what = "a size or a letter"
    try:
        value = read_scalar(written)
        return value if isinstance(value, Expr) else read_integer(written, 1, what)
    except InputError as error:
        raise error.at(field=f"shape[{place}]") from None


def read_mask(written: object) -> Any:
    """none, causal, or a matrix of 0 and 1."""
    if isinstance(written, str):
        if written in ("none", "causal"):
            return written
        raise InputError(f"found {echo(written)}", accepted="none, causal, or rows of 0 and 1")
    rows = written
    if isinstance(rows, list):
        lines = [
            cast("list[object]", row) if isinstance(row, list) else [row]
            for row in cast("list[object]", rows)
        ]
        rows = [[int(entry) if isinstance(entry, bool) else entry for entry in line] for line in lines]
    mask = read_array(rows, (2,))
    for entry in mask.ravel():
        if entry not in (0, 1):
            raise InputError(
                f"found {entry} in the mask", accepted="1 where a position may be attended to, else 0"
            )
    return mask


def read_scale(written: object) -> Any:
    """sqrt_d, none, or a positive number."""
    if isinstance(written, str) and written in ("sqrt_d", "none"):
        return written
    try:
        value = number(written)
    except InputError as error:
        raise InputError(
            error.problem, accepted="sqrt_d, none, or a number that scores are divided by"
        ) from None
    if value <= 0:
        raise InputError(f"found {value}", accepted="a number above 0")
    return value


class Given(Givens):
    """Q = X W_Q, K = X W_K, V = X W_V, P = softmax(Q Kᵀ / √d) row by row, Z = P V."""

    X: Annotated[Any, BeforeValidator(read_input)] = Field(
        description="one row a position; or a letter (n × 1), or {letters: x, shape: [n, d]} with any sizes"
    )
    W_Q: Matrix | None = Field(default=None, description="to the queries; the identity unless given")
    W_K: Matrix | None = Field(default=None, description="to the keys; the identity unless given")
    W_V: Matrix | None = Field(default=None, description="to the values; the identity unless given")
    W_O: Matrix | None = Field(
        default=None, description="from all heads side by side to the output; none unless given"
    )
    heads: Positive = Field(
        default=1, description="columns of W_Q, W_K, W_V are shared out among the heads in order"
    )
    mask: Annotated[Any, BeforeValidator(read_mask)] = Field(
        default="none", description="none, causal, or rows with 1 where a position may be attended to, else 0"
    )
    scale: Annotated[Any, BeforeValidator(read_scale)] = Field(
        default="sqrt_d",
        description="sqrt_d: the root of a head's query length; none; or a number to divide by",
    )


def work(given: Given) -> Working:
    """Queries, keys, values, scores, probabilities and outputs; written out where the input is in letters."""
    draft = Draft()
    length, width = _place(draft, given)
    mask = _mask(draft, given, length)
    columns = _projections(draft, given, width)
    per_head = columns if given.heads == 1 else cast("int", columns) // given.heads
    divisor = _divisor(draft, given, per_head)
    suffixes = [""] if given.heads == 1 else [f"_{i}" for i in range(1, given.heads + 1)]
    for suffix in suffixes:
        attention.head(draft, suffix, divisor, mask)
    ask = [f"{label}{suffix}" for suffix in suffixes for label in ("Q", "K", "V", "scores", "P", "Z")]
    if given.heads > 1:
        for label in "QKVZ":
            heads = [name(f"{label}{suffix}") for suffix in suffixes]
            draft.step(label, apply("concat", *heads, axis=1), note="the heads side by side")
            ask.append(label)
    if given.W_O is not None:
        draft.step("output", name("Z") @ draft.given("W_O", given.W_O))
        ask.append("output")
    if isinstance(length, Expr):
        ask += _written_out(draft, given, length, width, divisor)
    return draft.done(ask)


def _place(draft: Draft, given: Given) -> tuple[int | Expr, int | Expr]:
    """X as a given or in letters; returns its length and width."""
    if not isinstance(given.X, Lettered):
        draft.given("X", given.X)
        return given.X.shape
    letter, (length, width) = given.X.letter, given.X.shape
    sizes = letters.letters_in(length, width)
    if letter in sizes:
        raise InputError(f"the letter {echo(letter)} for the input and a size", accepted="two letters").at(
            field="X"
        )
    for size in sorted(sizes):
        draft.letter(size, integer=True)
    if not sizes and cast("int", length) * cast("int", width) > MOST_LETTERS:
        raise InputError(
            f"found {length} × {width} letters", accepted=f"at most {MOST_LETTERS}, or n in a letter"
        ).at(field="X")
    shape = (letters.dimension(length), letters.dimension(width))
    if width == 1 and letter != "X":
        x = draft.letter(letter, shape[:1])
        draft.step("X", stack([x], axis=1), note="the input as a column")
    elif letter == "X":
        draft.letter("X", shape)
    else:
        draft.step("X", draft.letter(letter, shape))
    return length, width


def _mask(draft: Draft, given: Given, length: int | Expr) -> Expr | None:
    if isinstance(given.mask, str) and given.mask == "none":
        return None
    if isinstance(length, Expr):
        raise InputError(f"a mask for {length!r} positions", accepted="a number of positions").at(
            field="mask"
        )
    mask, note = given.mask, "1 where a position may be attended to"
    if isinstance(mask, str):
        mask = np.array([[Fraction(int(j <= i)) for j in range(length)] for i in range(length)], dtype=object)
        note += ": itself and those before"
    elif mask.shape != (length, length):
        rows = f"{len(mask)} rows of {mask.shape[1]}"
        raise InputError(f"found {rows}", accepted=f"{length} rows of {length}, as X has rows").at(
            field="mask"
        )
    for i, row in enumerate(mask):
        if not row.any():
            raise InputError("lets nothing through", accepted="a 1 in every row").at(field=f"mask[{i}]")
    return draft.given("mask", mask, symbol="M", note=note)


def _projections(draft: Draft, given: Given, width: int | Expr) -> int | Expr:
    """Steps Q, K, V (Q_1, ... for several heads); returns the number of columns of Q."""
    columns: dict[str, int | Expr] = {}
    for label in "QKV":
        weights = getattr(given, f"W_{label}")
        if weights is not None and len(weights) != width:
            raise InputError(f"found {len(weights)} rows", accepted=f"{width!r}, as X has columns").at(
                field=f"W_{label}"
            )
        columns[label] = width if weights is None else weights.shape[1]
    if columns["K"] != columns["Q"]:
        raise InputError(f"found {columns['K']} columns", accepted=f"{columns['Q']}, as W_Q has").at(
            field="W_K"
        )
    for label in "QKV":
        _project(draft, given, label, columns[label])
    extent = columns["V"]
    if given.W_O is not None and len(given.W_O) != extent:
        raise InputError(f"found {len(given.W_O)} rows", accepted=f"{extent!r}, as Z has columns").at(
            field="W_O"
        )
    return columns["Q"]


def _project(draft: Draft, given: Given, label: str, columns: int | Expr) -> None:
    weights = getattr(given, f"W_{label}")
    if given.heads == 1:
        if weights is None:
            draft.step(label, "X", note="the projection is the identity")
        else:
            draft.step(label, name("X") @ draft.given(f"W_{label}", weights), source=attention.SOURCE)
        return
    if isinstance(columns, Expr) or columns % given.heads:
        raise InputError(
            f"found {given.heads} heads for {columns!r} columns of {label}",
            accepted="a number that divides them",
        ).at(field="heads")
    if weights is None:
        weights = np.array(
            [[Fraction(int(i == j)) for j in range(columns)] for i in range(columns)], dtype=object
        )
    for i, part in enumerate(np.split(weights, given.heads, axis=1), start=1):
        matrix = draft.given(f"W_{label}_{i}", part, note=f"head {i}'s columns of W_{label}")
        draft.step(f"{label}_{i}", name("X") @ matrix, source=attention.SOURCE)


def _divisor(draft: Draft, given: Given, per_head: int | Expr) -> Expr | None:
    if given.scale in ("none", 1):
        return None
    if given.scale != "sqrt_d":
        return draft.given("scale", given.scale, note="scores are divided by it")
    if isinstance(per_head, Expr):
        return sqrt(per_head)
    return sqrt(draft.given("d_k", per_head, note="the length of a query"))


def _written_out(
    draft: Draft, given: Given, length: Expr, width: int | Expr, divisor: Expr | None
) -> list[str]:
    """P_i_j and Z_i as sums over n positions, for one head and n a letter."""
    if given.heads > 1:
        return []
    i, j, k, c = _indices(draft)
    position, other = draft.letter(i, integer=True), draft.letter(j, integer=True)
    factors = _factors(given, width)
    if factors:
        x = name(cast("Lettered", given.X).letter)
        written = attention.of_numbers(x, position, factors, length, k)
    else:
        columns = width if given.W_Q is None else given.W_Q.shape[1]
        extent = columns if isinstance(columns, Expr) else const(columns)
        written = attention.of_rows(position, extent, divisor, length, (k, c))
    draft.step(f"P_{i}_{j}", written.weight(other), note="one probability, written out")
    draft.step(f"Z_{i}", written.output(), note="one row of the output, written out")
    return [f"P_{i}_{j}", f"Z_{i}"]


def _indices(draft: Draft) -> list[str]:
    """Names for two positions, for the positions summed over and for the columns summed over."""
    found: list[str] = []
    for preferred in "ijkc":
        found.append(letters.free_name({*draft.shapes, *found}, preferred))
    return found


def _factors(given: Given, width: int | Expr) -> tuple[Fraction, Fraction] | None:
    """w_Q w_K / divisor and w_V where X is a column of letters and the projections are single numbers."""
    weights = [given.W_Q, given.W_K, given.W_V]
    if (
        width != 1
        or cast("Lettered", given.X).letter == "X"
        or any(w is not None and w.size > 1 for w in weights)
    ):
        return None
    q, k, v = (Fraction(1) if w is None else w.item() for w in weights)
    divisor = given.scale if isinstance(given.scale, Fraction) else 1
    return q * k / divisor, v


def vary(random: Random) -> dict[str, Any]:
    """Numbers with one to three heads, masks and scales; letters with sizes in numbers and in letters."""

    def half(*shape: int) -> Any:
        if not shape:
            return f"{random.randint(-6, 6) / 4:.2f}"
        return [half(*shape[1:]) for _ in range(shape[0])]

    length, heads, lettered = random.randint(1, 4), random.choice((1, 1, 2, 3)), random.random() < 0.4
    if lettered:
        heads = 1
    width = random.choice((1, 2)) if lettered else heads * random.choice((1, 2))
    given: dict[str, Any] = {"X": half(length, width), "heads": heads}
    if lettered:
        rows = random.choice(("n", min(length, 3)))
        given["X"] = random.choice(
            ({"letters": "x", "shape": [rows, width]}, {"letters": "X", "shape": ["n", "d"]})
        )
        if rows == "n" and width == 1 and random.random() < 0.5:
            given["X"] = "x"
    columns, depth = heads * random.choice((1, 2)), heads * random.choice((1, 2))
    if given["X"] == {"letters": "X", "shape": ["n", "d"]} or random.random() < 0.3:
        depth = width
    else:
        given |= {"W_Q": half(width, columns), "W_K": half(width, columns), "W_V": half(width, depth)}
    given["scale"] = random.choice(("sqrt_d", "none", "1", "2.5"))
    if not lettered:
        allowed = [[int(i == j or random.random() < 0.5) for j in range(length)] for i in range(length)]
        given["mask"] = random.choice(("none", "causal", allowed))
        if random.random() < 0.5:
            given["W_O"] = half(depth, random.choice((1, 2, 3)))
    return given


QUESTION = Question(
    title="Self-attention",
    given=Given,
    work=work,
    vary=vary,
    example={
        "X": [[1, 0], [0, 1], [1, 1]],
        "W_Q": [["1", "0.5"], ["0", "1"]],
        "W_K": [["1", "0"], ["-0.5", "1"]],
        "W_V": [["2", "0"], ["0", "1"]],
        "heads": 1,
        "mask": "none",
        "scale": "sqrt_d",
    },
)
