"""What is refused, with the column, what was found and what would be accepted."""

from __future__ import annotations

import pytest

from workings.algebra.expression import names_in
from workings.algebra.parse import parse
from workings.errors import InputError

RANKS = {"x": 1, "y": 1, "z": 1, "W": 2, "M": 2, "a": 0, "b": 0}


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("", "an empty formula"),
        ("   ", "an empty formula"),
        ("a + * b", r"column 5: found '\*'; accepted: a number, a name or a bracket"),
        ("a +", "column 4: found the end; accepted: a number"),
        ("(a + b", r"column 1: found '\(' without its end; accepted: '\)'"),
        ("a + b)", r"column 6: found '\)' without its beginning"),
        ("[1, 2)", r"column 6: found '\)'; accepted: ']', which ends '\[' of column 1"),
        ("|a + b", r"column 1: found '\|' without its end"),
        ("a ? b", r"column 3: found '\?'"),
        ("a; b", "column 2: found ';'"),
        ("a\x00b", r"column 2: found '\\x00'"),
        ("a\x1b[31m", r"column 2: found '\\x1b'"),
        ("é + 1", "column 1: found 'é'"),
        ("__import__('os')", "column 1: found '_'"),
        ("os.system(1)", r"column 3: found '\.'"),
        ("lambda: 1", "column 7: found ':'"),
        ("a < < c", "column 5: found '<'; accepted: a number"),
        ("a < b (< c)", "column 8: found '<'; accepted: a number"),
        ("2 3", r"column 3: a number behind a factor; accepted: a sign between them"),
        ("1 000", "a number behind a factor"),
        ("1,000", "column 2: found ','; accepted: .*operator"),
        ("1_000", "column 2: found '_'"),
        ("x 2^3", "column 3: a number behind a factor"),
        ("a/bc", r"column 3: several factors after a slash; accepted: \(a/b\) c or a/\(b c\)"),
        ("1/2 x", "several factors after a slash"),
        ("log 2x", "a factor behind a function without brackets"),
        ("sin x / y", "a function without brackets before a slash"),
        ("√x²", "a power under √ without brackets"),
        ("2^ab", r"several names in an exponent, 'ab'; accepted: \^\(a b\) or \^a b"),
        ("2^-ab", "several names in an exponent, 'ab'"),
        ("e^2x", r"column 4: a factor right behind an exponent of e; accepted: e\^\(2 x\) or e\^2 · x"),
        ("e^-2x", "a factor right behind an exponent of e"),
        ("a/-bc", "several factors after a slash"),
        ("tanh^-1 x", "column 6: found '-'; accepted: a number"),
        ("tanh^0 x", "a function to such a power"),
        ("W^{(1)}", "a number in brackets in braces; accepted: W_1"),
        ("softmx(x)", "unknown function 'softmx'.*Did you mean softmax"),
        ("tahn(x)", "unknown function 'tahn'.*Did you mean tanh"),
        ("dlog(y)", "found 'dlog'; accepted: log and d apart"),
        ("f(1, 2)", "several values in brackets behind a name"),
        ("sum x", r"found 'sum' without brackets; accepted: sum\(…\)"),
        ("tanh'(u)", "a derivative written out"),
        (r"\foo{x}", r"unknown command"),
        (r"\sqrt[3]{x}", "a factor behind a function without brackets"),
        ("x \\sum y", "a sum without its index"),
        ("Σ_{k=1} x_k", r"accepted: \^"),
        ("softmax(x, y)", "softmax of 2 arguments"),
        ("sqrt()", r"sqrt of 0 arguments; accepted: 1 argument"),
        ("softmax(x, axes=0)", "unknown attribute of softmax 'axes'.*Did you mean axis"),
        ("sum(x, axis=0.5)", "axis=1/2; accepted: a whole number"),
        ("sum(x, axis=9999999)", "axis=9999999; accepted: a whole number"),
        ("sum(x, keepdims=1)", "keepdims=1; accepted: True or False"),
        ("reshape(x, shape=(2, None))", r"shape=\(2, None\); accepted: sizes such as"),
        ("put(x, shape=(2,), index=(1/2,))", "index=.*; accepted: whole numbers and slices"),
        ("item(x, index=(None,))", "index=.*; accepted: whole numbers and slices"),
        ("patches(x, kernel=2)", "kernel=2; accepted: two sizes"),
        ("patches(x, kernel=(2, 0))", r"kernel=\(2, 0\); accepted: two sizes"),
        ("pad(x, widths=((0, -1),))", "widths=.*; accepted: whole numbers of 0 or more"),
        ("pad(x, widths=1, value=True)", "value=True; accepted: a number"),
        ("fold(x, height=None)", "height=None; accepted: a size"),
        ("reshape(x)", "reshape without shape"),
        ("max_pool(x)", "max_pool without 'kernel'"),
        ("x⊤", "found '⊤'; accepted: xᵀ"),
        ("1e999", "an exponent beyond"),
        ("9" * 1500, "column 1: found '999"),
        ("[1, [2]]", "numbers and vectors in one bracket"),
        ("[[1, 2], [3]]", "rows of different lengths"),
        ("[]", "accepted: a number, a name or a bracket"),
        ("3₁", "1 subscript of a value of no axes"),
        ("[1, 2][1]", "a bracket right behind a bracket"),
        ("(" * 200, "column 101: brackets more than 100 deep"),
        ("x" * 300, "a word of 300 characters"),
        ("x" * 10_000_000, "a formula of 10000000 characters"),
    ],
)  # fmt: skip
def test_refusals(formula: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        parse(formula)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("x y", "column 3: a product of two columns; accepted: aᵀ b, a bᵀ, or a ⊙ b"),
        ("xᵀ yᵀ", "a product of two rows"),
        ("x W", "column 3: a column vector before a matrix; accepted: xᵀ W, or W x"),
        ("W zᵀ", "a matrix before a row vector"),
        ("x + yᵀ", "a column vector with a row vector"),
        ("a @ x", "a matrix product with a number"),
        ("M^-1 x", "a matrix to a negative power"),
        ("a_{1}b[2]", "1 subscript of a value of no axes"),
        ("x_{1,2}", "2 subscripts of a value of 1 axis"),
        ("W_{x,1}", "a subscript that is a vector or matrix"),
        ("Σ_{i=1}^{x} i", "a bound of a sum that is a vector or matrix"),
    ],
)
def test_refused_products(formula: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse(formula, ranks=RANKS)


def test_only_known_names() -> None:
    ranks = {"logits": 1, "target": 1}
    with pytest.raises(InputError, match=r"column 3: unknown name 'logit_s'.*Did you mean logits") as caught:
        parse("3·logit_s", ranks=ranks, only_known=True)
    assert caught.value.near == ("logits",)
    with pytest.raises(InputError, match="unknown name 'k'"):
        parse("logits_k", ranks=ranks, only_known=True)
    summed = parse("Σ_{k=1}^{2} logits_k e^{-1} targetᵀ", ranks=ranks, only_known=True)
    assert set(names_in(summed)) == {"logits", "target"}
