"""Lines of a working in print: what stands in the chain, and what would only repeat it."""

from __future__ import annotations

import numpy as np

from workings.algebra.expression import const, name, stack
from workings.algebra.rounding import Places
from workings.working import Draft

PLACES = Places(decimals=2)


def test_a_formula_that_is_written_out_is_not_followed_by_dots():
    draft = Draft()
    x = draft.given("x", 7)
    draft.step("long", stack([x, *range(19)]))
    draft.step("short", stack([x, 1]))
    draft.step("counted", const(list(range(20))))
    lines = draft.done().lines(PLACES)
    whole = ", ".join(map(str, range(19)))
    assert lines["long"].relations("text") == [("=", f"[x, {whole}]"), ("=", f"[7, {whole}]")]
    assert lines["short"].relations("text") == [("=", "[x, 1]"), ("=", "[7, 1]")]
    assert lines["counted"].relations("text") == [("=", f"[{whole}, 19]")]


def test_a_vector_with_its_middle_left_out_is_not_put_into_a_formula():
    draft = Draft()
    x = draft.given("x", np.arange(1, 21, dtype=object))
    draft.step("doubled", 2 * x)
    draft.step("square", x @ x)
    lines = draft.done().lines(PLACES)
    assert lines["square"].relations("text") == [("=", "xᵀ x"), ("=", "2870")]  # n(n + 1)(2n + 1)/6
    assert [sign for sign, _ in lines["doubled"].relations("text")] == ["=", "≈"]
    assert lines["doubled"].relations("text")[1][1] == "[2, 4, 6, 8, 10, …, 32, 34, 36, 38, 40]"


def test_a_copy_of_a_long_vector_still_shows_its_value():
    draft = Draft()
    draft.given("x", np.arange(20, dtype=object))
    draft.step("copy", name("x"))
    assert draft.done().lines(PLACES)["copy"].relations("text")[1][1].startswith("[0, 1, 2, 3, 4, …")
