"""The gradients through time of h_t = a x_t + b h_{t-1}, step by step and in closed form."""

from __future__ import annotations

from random import Random
from typing import Annotated, Any, cast

import numpy as np
from pydantic import BeforeValidator, Field

from workings.algebra.expression import Expr, chain_sum, const, element, name, stack
from workings.errors import InputError, echo
from workings.question import Given as Givens
from workings.question import Question, Scalar, Size, read_array
from workings.rules import letters, recurrent
from workings.working import Draft, Working

MOST_STEPS = 1000
"""Time steps of one working with T a number."""

MOST_LETTERED = 8
"""The same where a, b, h_0 or x are letters: the unrolled formulas grow with the square of T."""


def read_inputs(written: object) -> Any:
    """A list of numbers, or the letter of a sequence."""
    if isinstance(written, Expr) or (isinstance(written, str) and written.strip().isidentifier()):
        letter = name(written.strip()) if isinstance(written, str) else written
        if letters.letter_of(letter) is None:
            raise InputError(
                f"found {echo(str(written))}", accepted="a list of numbers, or one letter such as x"
            )
        return letter
    if isinstance(written, (list, tuple, np.ndarray)):
        return read_array(cast("object", written), (1,))
    raise InputError(f"found {echo(written)}", accepted="a list of numbers, or one letter such as x")


class Given(Givens):
    """h_t = a x_t + b h_{t-1} for 1 ≤ t ≤ T, with a loss l on h_T."""

    T: Size | None = Field(
        default=None, description="the number of steps, or a letter; as many as x has, unless given"
    )
    a: Scalar = Field(default=name("a"), description="the weight of the input, a number or a letter")
    b: Scalar = Field(default=name("b"), description="the weight of the state before, a number or a letter")
    h_0: Scalar = Field(default=name("h_0"), description="the start, a number or a letter")
    x: Annotated[Any, BeforeValidator(read_inputs)] = Field(
        default=name("x"), description="x_1, x_2, ...: a list of numbers, or the letter of the sequence"
    )
    dl_dh_T: Scalar | None = Field(
        default=None,
        description="the derivative of the loss by h_T: a number or a letter; dl_dh_T unless given",
    )


def work(given: Given) -> Working:
    """h_T, ∂h_T/∂a, ∂h_T/∂b and the loss's gradients; step by step too where T is a number."""
    length = _length(given)
    end = letters.letter_of(length) or "T"
    slope_given = name(f"dl_dh_{end}") if given.dl_dh_T is None else given.dl_dh_T
    fields = {"a": given.a, "b": given.b, "h_0": given.h_0, f"dl_dh_{end}": slope_given, "T": length}
    sequence = letters.letter_of(given.x)
    taken = letters.letters_in(*fields.values())
    if sequence in taken or (sequence in fields):
        raise InputError(
            f"the letter {echo(str(sequence))}, which names another given", accepted="another letter"
        ).at(field="x")
    if "x" in taken and sequence != "x":
        raise InputError("the letter 'x', which names the inputs", accepted="another letter").at(field="a")
    count = length if isinstance(length, int) else 0
    if count > MOST_LETTERED and (sequence or letters.letters_in(*fields.values())):
        raise InputError(
            f"found {count} steps", accepted=f"at most {MOST_LETTERED} with letters, or T itself a letter"
        ).at(field="T")
    letters.check_letters(fields, {"h", "h_T", "grad_a", "grad_b", *(f"h_{t}" for t in range(1, count + 1))})
    draft = Draft(cost="l")
    a, b, h_0 = (letters.scalar(draft, label, fields[label]) for label in ("a", "b", "h_0"))
    slope = letters.scalar(draft, f"dl_dh_{end}", slope_given)
    total = letters.scalar(draft, "T", length, integer=True)
    if sequence is None:
        x = draft.step("x", stack([draft.given(f"x_{t}", x_t) for t, x_t in enumerate(given.x, start=1)]))
    elif count:
        x = draft.letter(sequence, (count,))
    else:
        x = draft.letter(sequence, (letters.dimension(length),), sequence=True)
    index = letters.free_name({*taken, sequence or "x"})
    inputs = [element(x, const(t)) if sequence else name(f"x_{t}") for t in range(1, count + 1)]
    states = _unrolled(draft, (a, b, h_0), inputs, slope) if count else []
    recurrence = recurrent.ScalarRecurrence(a, b, h_0, x, total, index)
    closed = _closed(draft, recurrence, slope, end, unrolled=bool(count))
    return draft.done([*states, *closed])


def _length(given: Given) -> int | Expr:
    """T, which numbers for x settle."""
    if isinstance(given.x, Expr):
        length = name("T") if given.T is None else given.T
    else:
        length = len(given.x)
        if given.T not in (None, length):
            problem = f"{length} numbers for {given.T!r} steps"
            raise InputError(problem, accepted="one x a step, or a letter for x").at(field="x")
    if isinstance(length, int) and length > MOST_STEPS:
        raise InputError(f"found {length} steps", accepted=f"at most {MOST_STEPS}, or a letter").at(field="T")
    return length


def _unrolled(draft: Draft, parts: tuple[Expr, Expr, Expr], inputs: list[Expr], slope: Expr) -> list[str]:
    """The states forward, the loss's slopes backward, and the sums over time."""
    a, b, h_0 = parts
    states, count = [h_0], len(inputs)
    for t, x_t in enumerate(inputs, start=1):
        states.append(draft.step(f"h_{t}", a * x_t + b * states[-1]))
    slopes = [slope]
    for t in range(count - 1, 0, -1):
        note = "the loss depends on this state through the next one" if t == count - 1 else ""
        slopes.append(draft.step(f"dl_dh_{t}", slopes[-1] * b, note=note, source=recurrent.BPTT))
    slopes.reverse()
    draft.step(
        "grad_a_unrolled",
        chain_sum(s * x_t for s, x_t in zip(slopes, inputs, strict=True)),
        symbol="dl_da",
        note="the weight a is used at every step: a sum over time",
        source=recurrent.BPTT,
    )
    draft.step(
        "grad_b_unrolled",
        chain_sum(s * h for s, h in zip(slopes, states, strict=False)),
        symbol="dl_db",
        note="the weight b meets the state before each step",
        source=recurrent.BPTT,
    )
    return [*(f"h_{t}" for t in range(1, count + 1)), "grad_a_unrolled", "grad_b_unrolled"]


def _closed(
    draft: Draft, recurrence: recurrent.ScalarRecurrence, slope: Expr, end: str, *, unrolled: bool
) -> list[str]:
    by_a, by_b = f"dh_{end}_da", f"dh_{end}_db"
    draft.step(
        "h_T",
        recurrence.last_state(),
        symbol=f"h_{end}",
        note="the closed form of the last state"
        if unrolled
        else "each step put into the next, down to the start",
    )
    draft.step("dh_da", recurrence.by_a(), symbol=by_a, source=recurrent.BPTT)
    if not unrolled:
        h = draft.letter("h", draft.shapes[recurrence.x.attrs["name"]], sequence=True)
        draft.step(
            "dh_db_in_states",
            recurrence.by_b_in_states(h),
            symbol=by_b,
            note="by the product rule: b meets the state before each step",
            source=recurrent.BPTT,
        )
    draft.step(
        "dh_db",
        recurrence.by_b(),
        symbol=by_b,
        note="the same with the states put in, by the inputs alone",
    )
    draft.step("grad_a", slope * name("dh_da"), symbol="dl_da", note="the chain rule")
    draft.step("grad_b", slope * name("dh_db"), symbol="dl_db", note="the chain rule")
    return ["h_T", "dh_da", "dh_db", "grad_a", "grad_b"]


def vary(random: Random) -> dict[str, Any]:
    """Letters for some of the givens and numbers for the others; T a letter in a third of the draws."""

    def tenth(bound: int = 15) -> str:
        return f"{random.randint(-bound, bound) / 10:.1f}"

    given: dict[str, Any] = {label: random.choice((label, tenth())) for label in ("a", "b", "h_0")}
    given |= random.choice(({}, {"dl_dh_T": "delta"}, {"dl_dh_T": tenth()}))
    if random.random() < 1 / 3:
        return {**given, "T": random.choice(("T", "n")), "x": random.choice(("x", "u"))}
    length = random.choice((1, 2, 3, 4))
    return {**given, "T": length, "x": random.choice(("x", "u", [tenth() for _ in range(length)]))}


QUESTION = Question(
    title="Backpropagation through time in a scalar linear network",
    given=Given,
    work=work,
    vary=vary,
    example={"T": "T", "a": "a", "b": "b", "h_0": "h_0", "x": "x"},
)
