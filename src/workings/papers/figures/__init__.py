"""Figures that a paper draws from the givens of a question: `figure: network` and the like.

Each is a pure function from data to SVG text, the same bytes each time, without ids, scripts or links; what a
question has not yet answered stays open in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from workings.errors import unknown
from workings.papers.figures import givens as read
from workings.papers.figures.curves import Curve, precision_recall
from workings.papers.figures.grid import Pair, boxes
from workings.papers.figures.layer import transformer_layer
from workings.papers.figures.neurons import network
from workings.papers.figures.solids import Passage, Volume, volumes

__all__ = [
    "FIGURES",
    "Curve",
    "Pair",
    "Passage",
    "Volume",
    "boxes",
    "figure_for",
    "network",
    "precision_recall",
    "transformer_layer",
    "volumes",
]

Givens: TypeAlias = Mapping[str, object]
Values: TypeAlias = Mapping[str, object]


def _network(givens: Givens, values: Values) -> str:
    del values  # the figure shows the question, not its answer
    return network(*read.network(givens))


def _volumes(givens: Givens, values: Values) -> str:
    return volumes(*read.volumes(givens, values))


def _boxes(givens: Givens, values: Values) -> str:
    del values
    return boxes(read.pairs(givens))


def _precision_recall(givens: Givens, values: Values) -> str:
    return precision_recall(*read.curves(givens, values))


def _transformer_layer(givens: Givens, values: Values) -> str:
    return transformer_layer(*read.layer(givens), shapes=values)


FIGURES: Final[Mapping[str, Callable[[Givens, Values], str]]] = {
    "boxes": _boxes,
    "network": _network,
    "precision_recall": _precision_recall,
    "transformer_layer": _transformer_layer,
    "volumes": _volumes,
}
"""What `figure:` may name."""


def figure_for(name: str, givens: Givens, values: Values) -> str:
    """SVG of the figure `name`.

    Parameters
    ----------
    name: one of `FIGURES`.
    givens: the question's givens as they stand in the paper.
    values: its answers by quantity, as far as the figure may show them; none in a paper without answers.

    Raises
    ------
    InputError: an unknown name (near ones are offered), or givens from which the figure cannot be drawn.
    """
    if name not in FIGURES:
        raise unknown("figure", name, FIGURES)
    return FIGURES[name](givens, values)
