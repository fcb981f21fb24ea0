"""Whole solutions between the bounds, against every candidate tried one by one."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from workings.algebra.expression import const
from workings.algebra.systems import Float64
from workings.errors import InputError
from workings.rules import unknown_size
from workings.rules.window import ROLES, Size
from workings.working import Draft

SIZES = st.fixed_dictionaries(
    {
        "input": st.integers(1, 30),
        "kernel": st.integers(1, 8),
        "stride": st.integers(1, 6),
        "padding": st.integers(0, 4),
        "dilation": st.integers(1, 3),
        "output": st.integers(1, 30),
    }
)


def count(at, *, ceil_mode):
    """Windows laid down one by one; in ceil mode the last may hang over the end, by less than a stride."""
    e = at["dilation"] * (at["kernel"] - 1) + 1
    end = at["input"] + 2 * at["padding"]
    if not ceil_mode:
        return sum(start + e <= end for start in range(0, end, at["stride"]))
    if 2 * at["padding"] > e or e - end >= at["stride"]:
        return 0
    windows = 0
    for start in range(0, at["input"] + at["padding"], at["stride"]):
        windows += 1
        if start + e >= end:
            break
    return windows


@given(SIZES, st.sampled_from([role for role in ROLES if role != "output"]), st.booleans())
def test_solutions_are_all_candidates_that_lead_to_the_output(at, role, ceil_mode):
    # A stride can't be asked for where not even the first window fits, whatever ceil_mode makes of it.
    assume(role != "stride" or at["dilation"] * (at["kernel"] - 1) < at["input"] + 2 * at["padding"])
    candidates = [
        value
        for value in range(0 if role == "padding" else 1, 200)
        if count({**at, role: value}, ceil_mode=ceil_mode) == at["output"]
    ]
    draft = Draft()
    axis = {label: Size(const(value), value) for label, value in at.items() if label != role}
    if not candidates:
        with pytest.raises(InputError, match=f"no {role} gives an output of {at['output']}"):
            unknown_size.solve(draft, role, {"": axis}, ceil_mode=ceil_mode)
        return
    found = unknown_size.solve(draft, role, {"": axis}, ceil_mode=ceil_mode)
    value = draft.done().evaluate(Float64())[role]
    if not found.values:
        assert candidates[-1] == 199
        assert value == f"every whole number from {candidates[0]}"
        return
    assert list(found.values) == candidates
    assert ([value] if len(candidates) == 1 else value.tolist()) == candidates


@given(SIZES, st.integers(1, 8))
def test_axes_share_what_suits_each(at, wider):
    """The kernels of two axes that differ in size: what both allow, or an error that lists them apart."""
    other = {**at, "input": at["input"] + wider, "output": at["output"] + wider // at["stride"]}
    each = [
        {k for k in range(1, 100) if count({**axis, "kernel": k}, ceil_mode=False) == axis["output"]}
        for axis in (at, other)
    ]
    axes = {
        ending: {label: Size(const(value), value) for label, value in axis.items() if label != "kernel"}
        for ending, axis in (("_H", at), ("_W", other))
    }
    try:
        found = unknown_size.solve(Draft(), "kernel", axes).values
    except InputError:
        found = ()
    assert set(found) == each[0] & each[1]
