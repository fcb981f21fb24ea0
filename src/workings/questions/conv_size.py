"""The output size of a convolution or pooling layer, or any of its sizes from the others."""

from __future__ import annotations

from random import Random
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from workings.algebra.dimensions import equal
from workings.algebra.expression import Expr, expr, name, stack, substitute, words
from workings.errors import InputError
from workings.question import UNKNOWN, Question, Unknown, UnknownSize, UnknownSize0
from workings.question import Given as Givens
from workings.rules import unknown_size, window
from workings.rules.axes import AXES, alike, axis_count, per_axis, spread
from workings.rules.letters import dimension
from workings.rules.unknown_size import Solution
from workings.rules.window import ROLES, SYMBOLS, Axis, Size
from workings.working import Draft, Working

Sizes = Annotated[Any, BeforeValidator(per_axis(UnknownSize))]
Padding = Annotated[Any, BeforeValidator(per_axis(UnknownSize0))]

EITHER = "a number, a formula in letters, or ?; or a list with one an axis"


class Given(Givens):
    """Sizes along one axis or several; the one that is written ? is found, else the output.

    With everything given, the output is checked.
    """

    input: Sizes = Field(description=f"n, the input: {EITHER}")
    kernel: Sizes = Field(description=f"k, the kernel: {EITHER}")
    stride: Sizes = Field(default=1, description=f"s, the stride: {EITHER}")
    padding: Padding = Field(default=0, description=f"p, the padding on each side: {EITHER}")
    dilation: Sizes = Field(default=1, description=f"d, the dilation: {EITHER}")
    output: Sizes | None = Field(default=None, description=f"o, the output, where it is known: {EITHER}")
    ceil_mode: bool = Field(default=False, description="round up, as pooling layers can")


def work(given: Given) -> Working:
    """The unknown, axis by axis."""
    fields: dict[str, Any] = {role: getattr(given, role) for role in ROLES}
    fields["output"] = UNKNOWN if given.output is None else given.output
    count = axis_count(fields)
    at = {
        ending: {role: spread(fields[role], count)[i] for role in ROLES}
        for i, ending in enumerate(AXES[count])
    }
    unknowns = {ending: _unknown(given, ending, values) for ending, values in at.items()}
    draft = Draft()
    axes = _axes(draft, fields, at)
    role, *others = unknowns.values()
    if role and role not in ("input", "output") and isinstance(fields[role], Unknown):
        ends = [
            end for end in AXES[count] if not all(alike(at[end][r], at[AXES[count][0]][r]) for r in ROLES)
        ]
        shared = {end: axes[end] for end in (AXES[count][0], *ends)} if ends else {"": axes[AXES[count][0]]}
        return draft.done(unknown_size.solve(draft, role, shared, ceil_mode=given.ceil_mode).ask)
    ask: list[str] = []
    single = True
    for ending, asked in unknowns.items():
        if asked is None:
            ask += _check(draft, ending, axes[ending], at[ending], ceil_mode=given.ceil_mode)
        else:
            found = _find(draft, asked, ending, axes[ending], ceil_mode=given.ceil_mode)
            ask += found.ask
            single = single and found.one
    if role and others and single and all(other == role for other in others):
        draft.step(role, stack([name(label) for label in ask]), symbol=SYMBOLS[role])
        ask = [role]
    return draft.done(ask)


def _unknown(given: Given, ending: str, values: dict[str, Any]) -> str | None:
    """The role that is asked for along one axis; None where everything is given.

    Raises
    ------
    InputError: two unknowns.
    """
    asked = [role for role in ROLES if isinstance(values[role], Unknown)]
    if len(asked) < 2:
        return asked[0] if asked else None
    along = f" along {ending[1:]}" if ending else ""
    if given.output is None:
        problem = f"{' and '.join(asked[:-1])} is asked for{along}, and no output is given"
        raise InputError(problem, accepted="the output").at(field="output")
    raise InputError(f"{' and '.join(asked)} are asked for{along}", accepted="one ? an axis").at(
        field=asked[1]
    )


def _axes(draft: Draft, fields: dict[str, Any], at: dict[str, dict[str, Any]]) -> dict[str, Axis]:
    """The givens, and what each axis sees of them."""
    axes: dict[str, dict[str, Size]] = {ending: {} for ending in at}
    for role in ROLES:
        shared = not isinstance(fields[role], tuple)
        for ending, values in at.items():
            value = values[role]
            if isinstance(value, Unknown):
                continue
            end = "" if shared else ending
            label = f"{role}{end}"
            known = shared and any(role in axis for axis in axes.values())
            ref = name(label) if known else draft.given(label, value, symbol=f"{SYMBOLS[role]}{end}")
            axes[ending][role] = Size(ref, None if isinstance(value, Expr) else value)
    return dict(axes)


def _find(draft: Draft, role: str, ending: str, axis: Axis, *, ceil_mode: bool) -> Solution:
    """The steps for the unknown of one axis."""
    label = f"{role}{ending}"
    signs = {
        part: f"{SYMBOLS[part]}{size.ref.attrs['name'].removeprefix(part)}" for part, size in axis.items()
    }
    signs[role] = f"{SYMBOLS[role]}{ending}"
    if role == "output":
        window.output(draft, label, axis, ceil_mode=ceil_mode, symbol=signs["output"])
        return Solution((), (label,), one=True)
    return unknown_size.solve(draft, role, {"": axis}, label=label, signs=signs, ceil_mode=ceil_mode)


def _check(draft: Draft, ending: str, axis: Axis, values: dict[str, Any], *, ceil_mode: bool) -> list[str]:
    """What the output is, and whether it is the one that was given."""
    found = window.output(draft, f"computed{ending}", axis, ceil_mode=ceil_mode, symbol=f"o{ending}")
    stated = values["output"]
    if found.value is not None and not isinstance(stated, Expr):
        fits = found.value == stated
    elif ceil_mode and axis["stride"].value != 1:
        raise InputError("an output to check in ceil mode, with letters", accepted="numbers").at(
            field="output"
        )
    else:
        meant = {axis[role].ref.attrs["name"]: expr(values[role]) for role in ROLES}
        fits = equal(dimension(substitute(window.output_formula(axis), meant)), dimension(stated))
    draft.step(
        f"fits{ending}", words("yes" if fits else "no"), note="whether this is the output that was given"
    )
    return [f"computed{ending}", f"fits{ending}"]


def vary(random: Random) -> dict[str, Any]:
    """Sizes that fit, one of them hidden or all of them to be checked; letters for some."""
    if random.random() < 0.2:
        return random.choice(LETTERED)
    several = random.random() < 0.3
    ceil_mode = random.random() < 0.25
    role = random.choice((*ROLES, None))
    at = [_sizes(random, ceil_mode=ceil_mode) for _ in range(2 if several else 1)]
    fields: dict[str, Any] = {part: [axis[part] for axis in at] if several else at[0][part] for part in ROLES}
    if role:
        fields[role] = ["?", "?"] if several else "?"
    elif not several:
        fields["output"] += random.randint(0, 1)
    return {**fields, "ceil_mode": ceil_mode}


LETTERED: Final[tuple[dict[str, Any], ...]] = (
    {"input": ["H", "W"], "kernel": ["M", "N"]},
    {"input": ["H", "W"], "kernel": "F", "stride": "S", "padding": "P", "output": "?"},
    {"input": "n", "kernel": "k", "stride": 2, "dilation": "d"},
    {"input": "W", "kernel": "?", "output": "W - N + 1"},
    {"input": "n", "kernel": "k", "padding": "?", "output": "n"},
    {"input": "n", "kernel": "k", "stride": 2, "padding": "?", "output": "n"},
    {"input": "n", "kernel": "k", "padding": 1, "output": "n - k + 3"},
)


def _sizes(random: Random, *, ceil_mode: bool) -> dict[str, int]:
    while True:
        at = {
            "input": random.randint(5, 64),
            "kernel": random.choice((1, 2, 3, 3, 5, 7)),
            "stride": random.choice((1, 1, 2, 2, 3, 4)),
            "padding": random.choice((0, 0, 1, 2, 3)),
            "dilation": random.choice((1, 1, 1, 2, 3)),
        }
        count = window.positions(at, ceil_mode=ceil_mode)
        if count:
            return {**at, "output": count}


QUESTION = Question(
    title="The sizes of a convolution or pooling layer",
    given=Given,
    work=work,
    vary=vary,
    example={"input": 55, "kernel": "?", "stride": 1, "padding": 0, "output": 49},
)
