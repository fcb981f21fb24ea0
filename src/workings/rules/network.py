"""A network of convolution, pooling and dense layers while its steps are written: the sizes of its volumes.

Layer l reads a volume of N_{l-1} × N_{l-1} entries a channel (or H × W) and makes one of N_l × N_l, with

    N_l = ⌊(N_{l-1} - F_l + 2P_l)/S_l⌋ + 1

for a window of size F_l, stride S_l and padding P_l. The layers themselves are in `workings.rules.layers`.

Source: Dumoulin & Visin, A guide to convolution arithmetic for deep learning (2016), chapters 2-5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from workings.algebra.expression import Expr, const, name, stack
from workings.errors import InputError
from workings.rules import unknown_size, window
from workings.rules.axes import AXES, alike, spread
from workings.rules.convolution import Convention
from workings.rules.window import Size
from workings.working import Draft

SIGNS: Final = {"kernel": "F", "stride": "S", "padding": "P", "dilation": "D"}
SIDES: Final = {
    0: (),
    1: (("length", "L"),),
    2: (("height", "H"), ("width", "W")),
    3: (("planes", "Z"), ("height", "H"), ("width", "W")),
}
"""Names and signs of a volume's sides, by their number."""

ONE: Final = Size(const(1), 1)
NOTHING: Final = Size(const(0), 0)

Sides: TypeAlias = tuple[Size | None, ...]
"""A size an axis; None where it is not known, or not one number."""


@dataclass(frozen=True, slots=True)
class Window:
    """A kernel that slides: each a size (None: unknown) for all axes, or a tuple with one an axis.

    The padding `same` keeps the sides, at stride 1; with `unpadded` no formula speaks of padding.
    """

    kernel: Any
    stride: Any = 1
    padding: Any = 0
    dilation: Any = 1
    ceil_mode: bool = False
    unpadded: bool = False


@dataclass(frozen=True, slots=True)
class Volume:
    """Channels and sides; a vector has no sides, and its entries as channels."""

    channels: Size | None
    sides: Sides = ()

    def extents(self) -> list[Expr] | None:
        """References to the channels and the sides, or None where one of them is not known."""
        found = [size.ref for size in (self.channels, *self.sides) if size is not None]
        return found if len(found) == 1 + len(self.sides) else None


@dataclass(frozen=True, slots=True)
class Slid:
    """What a window made: its own sizes along each axis, and the sides of the output."""

    kernel: Sides
    stride: Sides
    dilation: Sides
    sides: Sides

    def spans(self) -> list[Expr] | None:
        """References to the kernel's sizes, or None where one is not known."""
        found = [size.ref for size in self.kernel if size is not None]
        return found if len(found) == len(self.kernel) else None


OTHERWISE: Final = "the output that the sizes lead to, or ? for one of the sizes"

Axes: TypeAlias = dict[str, dict[str, Size]]
"""The sizes along each axis by their roles, under the endings of the axes' names; no entry for an unknown."""


class Network:
    """The network while its steps are written."""

    def __init__(self, draft: Draft, *, count: Convention = "flops", elementwise: bool = False) -> None:
        self.draft = draft
        self.count: Convention = count
        self.elementwise = elementwise
        self.volume = Volume(None)
        self.layer = 0
        self.ask: list[str] = []
        self.found: list[str] = []
        self.field: list[tuple[Expr, Expr]] | None = None
        self.totals: dict[str, list[Expr] | None] = {"parameters": [], "macs": [], "flops": []}
        self._sizes: dict[str, Size] = {}
        self._signs: dict[str, str] = {}

    def begin(self, sizes: Sequence[Any]) -> None:
        """The input volume, channels first, None where a size is unknown."""
        channels, *sides = sizes
        self.volume = Volume(None, (None,) * len(sides))
        known = self._stated(sides)
        label, sign = ("channels", "C") if sides else ("size", "n")
        first = None if channels is None else self.given(self.at(label), channels, self.at(sign))
        self.volume = Volume(first, known)
        self.field = [(ONE.ref, ONE.ref)] * len(sides)

    # --- names --------------------------------------------------------------------------------------------

    def at(self, label: str) -> str:
        """The name of a quantity of the present layer."""
        return f"{label}_{self.layer}"

    def given(self, label: str, value: Any, sign: str) -> Size:
        """A given by its whole name; one that is there already stays as it is."""
        if label not in self._sizes:
            self.draft.given(label, value, symbol=sign)
            self.keep(label, sign, None if isinstance(value, Expr) else value)
        return self._sizes[label]

    def step(
        self, label: str, formula: Expr, sign: str | None = None, *, note: str = "", source: str = ""
    ) -> Expr:
        """A quantity of the present layer."""
        symbol = self.at(sign) if sign else None
        return self.draft.step(self.at(label), formula, note=note, source=source, symbol=symbol)

    def answer(self, label: str, formula: Expr, *, note: str = "", source: str = "") -> Expr:
        """A quantity of the present layer that is asked for."""
        self.ask.append(self.at(label))
        return self.step(label, formula, note=note, source=source)

    def keep(self, label: str, sign: str, value: int | None) -> Size:
        """Remember a size by its whole name, with the sign that it is printed by."""
        self._sizes[label], self._signs[label] = Size(name(label), value), sign
        return self._sizes[label]

    def _sign_of(self, size: Size | None) -> str:
        label = str(size.ref.attrs.get("name")) if size else ""
        return self._signs.get(label, label)

    def _side_names(self, *, square: bool) -> tuple[tuple[str, str], ...]:
        """Names and signs of the present layer's sides: one for all of a square."""
        count = len(self.volume.sides)
        names = (("side", "N"),) * count if square and count > 1 else SIDES[count]
        return tuple((self.at(label), self.at(sign)) for label, sign in names)

    def _stated(self, sides: Sequence[Any]) -> Sides:
        """Sides as the question states them, as givens of the present layer; None where it does not."""
        square = all(side is not None and alike(side, sides[0]) for side in sides)
        names = self._side_names(square=square)
        return tuple(
            None if side is None else self.given(label, side, sign)
            for side, (label, sign) in zip(sides, names, strict=True)
        )

    # --- sizes --------------------------------------------------------------------------------------------

    def slide(self, over: Window, stated: Sequence[Any] = ()) -> Slid:
        """The steps for the sides of a window's output, or for the one size that is not known.

        Parameters
        ----------
        stated: the sides of the output where the question gives them (an entry None: not given).

        Raises
        ------
        InputError: a volume without sides, a window that does not fit, an unknown without a solution.
        """
        count = len(self.volume.sides)
        if not count:
            raise InputError(
                "a window on a vector", accepted="a volume with channels and sides, not flattened yet"
            )
        wanted: list[Any] = list(stated) or [None] * count
        if len(wanted) != count:
            raise InputError(f"found {len(wanted)} sides", accepted=f"channels and {count} sides").at(
                field="output"
            )
        square = self._is_square(over, wanted)
        axes = self._axes(over, ("",) if square else AXES[count])
        if over.padding == "same":
            return self._slid(axes, self.volume.sides)
        unknown = {role for axis in axes.values() for role in window.GIVENS if role not in axis}
        if len(unknown) > 1:
            raise InputError(f"{' and '.join(sorted(unknown))} are asked for", accepted="one ? a layer")
        if unknown:
            return self._solve(unknown.pop(), over, axes, wanted)
        sides: list[Size] = []
        for axis, (label, sign), side in zip(
            axes.values(), self._side_names(square=square), wanted, strict=False
        ):
            found = window.output(self.draft, label, axis, ceil_mode=over.ceil_mode, symbol=sign)
            given = None if isinstance(side, Expr) else side
            if None not in (found.value, given) and found.value != given:
                raise InputError(
                    f"an output of {side}, where {found.value} comes out", accepted=OTHERWISE
                ).at(field="output")
            sides.append(self.keep(label, sign, found.value))
        return self._slid(axes, sides)

    def grow(self, over: Window, extra: int) -> Slid:
        """The sides of a transposed convolution: (N - 1)S - 2P + D(F - 1) + 1, and `extra` more."""
        count = len(self.volume.sides)
        square = self._is_square(over, [None] * count)
        axes = self._axes(over, ("",) if square else AXES[count])
        sides: list[Size] = []
        for axis, (label, sign) in zip(axes.values(), self._side_names(square=square), strict=False):
            if any(role not in axis for role in window.GIVENS):
                raise InputError("? in a transposed convolution", accepted="numbers or letters")
            found = window.grown(self.draft, label, axis, extra, symbol=sign)
            sides.append(self.keep(label, sign, found.value))
        return self._slid(axes, sides)

    def _is_square(self, over: Window, stated: Sequence[Any]) -> bool:
        """Whether the same happens along all axes, so that one of them stands for all."""
        one = len({id(side) for side in self.volume.sides}) == 1
        apart = any(isinstance(getattr(over, role), tuple) for role in SIGNS)
        return one and not apart and all(side is stated[0] or alike(side, stated[0]) for side in stated)

    def _axes(self, over: Window, endings: Sequence[str]) -> Axes:
        """The window's givens, and the sides that it slides over."""
        axes: Axes = {ending: {} for ending in endings}
        for ending, side in zip(endings, self.volume.sides, strict=False):
            if side is not None:
                axes[ending]["input"] = side
        for role, sign in SIGNS.items():
            value = getattr(over, role)
            self._check_count(role, value)
            for ending, one in zip(endings, spread(value, len(self.volume.sides)), strict=False):
                end = ending if isinstance(value, tuple) else ""
                if (role == "dilation" and one == 1) or one == "same":
                    axes[ending][role] = ONE
                elif role == "padding" and over.unpadded:
                    axes[ending][role] = NOTHING
                elif one is not None:
                    axes[ending][role] = self.given(f"{self.at(role)}{end}", one, f"{self.at(sign)}{end}")
        return axes

    def _check_count(self, role: str, value: Any) -> None:
        count = len(self.volume.sides)
        if isinstance(value, tuple) and len(cast("tuple[Any, ...]", value)) != count:
            problem = f"{len(cast('tuple[Any, ...]', value))} sizes for {count} sides"
            raise InputError(problem, accepted=f"one size, or {count}").at(field=role)

    def _slid(self, axes: Axes, sides: Sequence[Size | None]) -> Slid:
        count = len(self.volume.sides)

        def along(role: str) -> Sides:
            found = tuple(axis.get(role) for axis in axes.values())
            return found if len(found) == count else found * count

        whole = tuple(sides) if len(sides) == count else tuple(sides) * count
        return Slid(along("kernel"), along("stride"), along("dilation"), whole)

    # --- the unknown --------------------------------------------------------------------------------------

    def _solve(self, role: str, over: Window, axes: Axes, stated: Sequence[Any]) -> Slid:
        """The window's unknown size from the sides that are stated."""
        if any(side is None for side in stated):
            raise InputError(
                f"the {role} of layer {self.layer} is ?", accepted="the output of this layer"
            ).at(field="output")
        after = self._stated(stated)
        for axis, side in zip(axes.values(), after, strict=False):
            if side is not None:
                axis["output"] = side
        if role == "input":
            self._solve_input(over, axes)
        elif isinstance(getattr(over, role), tuple):
            self._solve_apart(role, over, axes)
        else:
            found = self._find(role, self.at(role), self.at(SIGNS[role]), over, axes)
            for axis in axes.values():
                axis.update({role: found} if found else {})
        return self._slid(axes, [axis.get("output") for axis in axes.values()])

    def _solve_apart(self, role: str, over: Window, axes: Axes) -> None:
        """One unknown an axis; together they are the layer's."""
        each: list[Expr] = []
        for ending, axis in axes.items():
            if role in axis:
                each.append(axis[role].ref)
                continue
            sign = f"{self.at(SIGNS[role])}{ending}"
            found = self._find(role, f"{self.at(role)}{ending}", sign, over, {"": axis})
            if found:
                axis[role] = found
                each.append(found.ref)
        if len(each) == len(axes):
            self.step(role, stack(each), SIGNS[role])
            self.found = [label for label in self.found if not label.startswith(f"{self.at(role)}_")]
            self.found.append(self.at(role))

    def _solve_input(self, over: Window, axes: Axes) -> None:
        """The sides of the network's input, which no layer has changed yet."""
        layer, self.layer = self.layer, 0
        names = self._side_names(square=len(axes) < len(self.volume.sides))
        sides: list[Size | None] = list(self.volume.sides)
        for i, (axis, (label, sign)) in enumerate(zip(axes.values(), names, strict=False)):
            if "input" not in axis:
                found = self._find("input", label, sign, over, {"": axis})
                sides = [found] * len(sides) if len(axes) == 1 else [*sides[:i], found, *sides[i + 1 :]]
        self.volume = Volume(self.volume.channels, tuple(sides))
        self.layer = layer

    def _find(self, role: str, label: str, sign: str, over: Window, axes: Axes) -> Size | None:
        """The steps for one unknown; None where it is not one value."""
        first = next(iter(axes.values()))
        signs = {part: self._sign_of(first.get(part)) or part for part in window.ROLES}
        found = unknown_size.solve(
            self.draft, role, axes, label=label, signs={**signs, role: sign}, ceil_mode=over.ceil_mode
        )
        self.found += found.ask
        return self.keep(label, sign, found.values[0] if found.values else None) if found.one else None
