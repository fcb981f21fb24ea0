"""From a question's givens, as they stand in a paper, to what a figure draws.

The question itself has checked or will check the givens; here only what cannot be drawn is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final, cast

from workings.errors import InputError, echo
from workings.numerals import number
from workings.papers.figures.canvas import plain, written
from workings.papers.figures.curves import Curve
from workings.papers.figures.grid import Corners, Pair
from workings.papers.figures.solids import Passage, Volume

Givens = Mapping[str, object]


def network(
    givens: Givens,
) -> tuple[list[list[list[object]]], object, list[object], list[object] | None]:
    """Weights, biases, activations and input of a feed-forward network; a list of weights is one output's."""
    weights: list[list[list[object]]] = []
    for layer, matrix in enumerate(_list(givens, "weights")):
        rows = _entries(matrix, f"weights[{layer}]")
        weights.append([[row] if _single(row) else _entries(row) for row in rows])
    x = _list(givens, "x") if "x" in givens else None
    return weights, givens.get("biases"), _list(givens, "activations"), x


def pairs(givens: Givens) -> list[Pair]:
    """Pairs of boxes, or one pair, with `target` and `prediction` as corners x₁, y₁, x₂, y₂."""
    if (form := givens.get("boxes", "corners")) != "corners":
        raise InputError(f"found boxes as {echo(form)}", accepted="corners, to draw them").at(field="boxes")
    if "pairs" not in givens and "target" in givens:
        return [Pair(_corners(givens, "target"), _corners(givens, "prediction"))]
    found = _field(givens, "pairs")
    if not isinstance(found, Mapping):
        raise InputError(f"found {echo(found)}", accepted="pairs of boxes by name").at(field="pairs")
    named = cast("Mapping[str, object]", found)
    return [_pair(name, pair) for name, pair in named.items()]


def _pair(name: str, pair: object) -> Pair:
    try:
        if not isinstance(pair, Mapping):
            raise InputError(f"found {echo(pair)}", accepted="target and prediction")  # noqa: TRY301 - placed below
        both = cast("Givens", pair)
        return Pair(_corners(both, "target"), _corners(both, "prediction"), name)
    except InputError as error:
        raise error.at(field=f"pairs.{name}") from None


def _corners(pair: Givens, which: str) -> Corners:
    four = [_number(value, which) for value in _list(pair, which)]
    if len(four) != 4:
        raise InputError(f"found {len(four)} numbers", accepted="x1, y1, x2, y2").at(field=which)
    return (four[0], four[1], four[2], four[3])


def curves(givens: Givens, values: Mapping[str, object]) -> tuple[list[Curve], str]:
    """Curves from the answers `recall_NAME`, `precision_NAME`, `AP_NAME`; none where they are not known."""
    del givens
    names = [key.removeprefix("recall_") for key in values if key.startswith("recall_")]
    found = [
        Curve(_floats(values, f"recall_{name}"), _floats(values, f"precision_{name}"), _average(name, values))
        for name in names
        if f"precision_{name}" in values
    ]
    mean = values.get("mAP")
    return found, f"mAP = {_two(mean)}" if mean is not None and found else ""


def _average(name: str, values: Mapping[str, object]) -> str:
    area = values.get(f"AP_{name}")
    said = name.replace("_", " ").capitalize()
    return said if area is None else f"{said} (AP = {_two(area)})"


def _two(value: object) -> str:
    return f"{float(_number(value, 'AP')):.2f}"


def layer(givens: Givens) -> tuple[list[object], object]:
    """Input sizes and number of heads of a transformer layer."""
    sizes = _list(givens, "input")
    if len(sizes) != 3:
        raise InputError(f"found {len(sizes)} sizes", accepted="batch, sequence length, hidden size").at(
            field="input"
        )
    return sizes, _field(givens, "heads")


def volumes(givens: Givens, values: Mapping[str, object]) -> tuple[list[Volume], list[Passage]]:
    """Volumes and passages of a convolutional network; a size that is neither given nor known is `?`.

    Flattening, normalisation and activations change no volume that one could draw: they are a line on the
    passage before them.
    """
    tensors = [Volume(_size(_field(givens, "input")), "input")]
    passages: list[Passage] = []
    counts: dict[str, int] = {}
    layers = _list(givens, "layers")
    for index, entry in enumerate(layers, start=1):
        kind, fields = _layer(entry, index)
        title = TITLES.get(kind)
        if title is None:
            if passages and kind != "flatten":
                last = passages[-1]
                passages[-1] = replace(last, lines=(*last.lines, plain(kind.replace("_", " "))))
            continue
        counts[title] = counts.get(title, 0) + 1
        passages.append(Passage(f"{title} {counts[title]}", *_settings(fields)))
        flat = kind == "dense"
        size = fields.get("output", values.get(f"size_{index}"))
        if size is None:
            known = _several(fields, flat=flat)
            size = [known] if flat else [known or (tensors[-1].sizes[0] if "pool" in kind else "?"), "?", "?"]
        tensors.append(Volume(_size(size)))
    tensors[-1] = replace(tensors[-1], name="output" if passages else "input")
    return tensors, passages


TITLES: Final = {
    "conv": "convolution",
    "depthwise": "depthwise",
    "pointwise": "pointwise",
    "transposed_conv": "transposed",
    "pool": "pooling",
    "max_pool": "pooling",
    "avg_pool": "mean pooling",
    "global_avg_pool": "global mean",
    "dense": "dense",
}
"""Layers that make a volume of their own, and what stands above their arrow."""


def _layer(entry: object, index: int) -> tuple[str, Givens]:
    """Kind and fields of a layer: its kind alone, {kind: {field: value}} or {kind: ..., field: value}."""
    if isinstance(entry, str):
        return entry, {}
    if isinstance(entry, Mapping) and entry:
        fields = dict(cast("Givens", entry))
        if "kind" in fields:
            return str(fields.pop("kind")), fields
        ((kind, inner), *others) = fields.items()
        if not others and (inner is None or isinstance(inner, Mapping)):
            return kind, cast("Givens", inner or {})
    raise InputError(f"found {echo(entry)}", accepted="a layer such as {conv: {filters: 6, kernel: 5}}").at(
        field=f"layers[{index - 1}]"
    )


def _several(fields: Givens, *, flat: bool) -> object:
    names = ("neurons", "units") if flat else ("filters", "channels")
    return next((fields[name] for name in names if name in fields), None)


def _settings(fields: Givens) -> tuple[tuple[str, ...], object]:
    """The lines above an arrow and the kernel's size."""
    lines: list[str] = []
    if (filters := _several(fields, flat=False)) is not None:
        lines.append(f"{written(filters)} filters")
    kernel = fields.get("kernel")
    if kernel is not None:
        sides = _entries(kernel) if not _single(kernel) else [kernel, kernel]
        lines.append(" × ".join(written(side) for side in sides))
        kernel = sides[0]
    lines += [f"{name} {_plain(fields[name])}" for name in ("stride", "padding") if name in fields]
    return tuple(lines), kernel


def _plain(value: object) -> str:
    return written(value) if _single(value) else " × ".join(written(part) for part in _entries(value))


def _size(value: object) -> tuple[object, ...]:
    return (value,) if _single(value) else tuple(_entries(value))


def _field(givens: Givens, name: str) -> object:
    if name not in givens:
        raise InputError(f"found no {name} to draw", accepted=f"a question with the given '{name}'")
    return givens[name]


def _list(givens: Givens, name: str) -> list[object]:
    return _entries(_field(givens, name), name)


def _entries(value: object, name: str | None = None) -> list[object]:
    if _single(value) or not value:
        raise InputError(f"found {echo(value)}", accepted="a list").at(field=name)
    return list(cast("Sequence[object]", value))


def _single(value: object) -> bool:
    return not isinstance(value, (list, tuple))


def _number(value: object, name: str) -> Fraction:
    try:
        return number(value)
    except InputError as error:
        raise error.at(field=name) from None


def _floats(values: Mapping[str, object], name: str) -> list[float]:
    return [float(_number(value, name)) for value in _entries(values[name], name)]
