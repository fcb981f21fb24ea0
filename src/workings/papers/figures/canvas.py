"""A small SVG canvas: shapes, arrows, and labels with italics and subscripts.

The bytes are the same for the same calls. No element bears an id, so any number of figures can be inlined
into one page; arrow heads are polygons and tints are flat fills for the same reason. Every figure is a white
card with a hairline border, readable on light and dark pages and in print.

Labels use a tiny markup: `*x*` is italic, `_1`, `_{12}` or `_{*n*}` a subscript, `^T` or
`^{2}` a superscript; a backslash takes a mark's force away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from typing import Final, Literal, TypeAlias

SERIF: Final = (
    "'STIX Two Text','Libertinus Serif','Times New Roman','Liberation Serif','DejaVu Serif',Georgia,serif"
)

INK: Final = "#1f2328"
SOFT: Final = "#57606a"
HAIRLINE: Final = "#d0d7de"
CARD: Final = "#ffffff"
BLUE: Final = "#0072b2"
VERMILLION: Final = "#d55e00"
GREEN: Final = "#007a59"
PURPLE: Final = "#a5508a"
TINTS: Final = {BLUE: "#e3eff7", VERMILLION: "#fbeadf", GREEN: "#e0f1ec", PURPLE: "#f5e9f1"}
"""Okabe and Ito's palette (green and purple darkened so that text in them reads on white) and pale tints."""

LONGEST_LABEL: Final = 40

Anchor: TypeAlias = Literal["start", "middle", "end"]
Point: TypeAlias = tuple[float, float]

_MARK = re.compile(
    r"\*(?P<italic>[^*]*)\*|(?P<where>[_^])(?:\{(?P<group>[^}]*)\}|(?P<one>.))"
    r"|\\(?P<escaped>.)|(?P<plain>[^*_^\\]+|.)"
)
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_NARROW = frozenset(" .,:;'|!()[]ijlft/")
_WIDE = frozenset("mwMW@%∇")


def written(value: object) -> str:
    """A given as a label shows it: as it was written, with a true minus sign and single letters italic."""
    text = str(value).strip()
    if re.fullmatch("[A-Za-z]", text):
        return f"*{text}*"
    return plain("−" + text[1:] if re.fullmatch(r"-[\d.].*", text) else text)


def plain(text: str) -> str:
    """Text of unknown origin for a label: one line, bounded, without markup."""
    clean = _UNPRINTABLE.sub(" ", text)
    if len(clean) > LONGEST_LABEL:
        clean = clean[: LONGEST_LABEL - 1] + "…"
    return re.sub(r"([*_^\\])", r"\\\1", clean)


def width_of(text: str, size: float) -> float:
    """About how wide a label is in pixels; a serif's digits are half an em."""
    total = 0.0
    for match in _MARK.finditer(text):
        run = _run(match)
        em = sum(0.3 if char in _NARROW else 0.85 if char in _WIDE else 0.53 for char in run)
        total += em * size * (0.72 if match["where"] else 1.0)
    return total


def _run(match: re.Match[str]) -> str:
    names = ("italic", "group", "one", "escaped", "plain")
    run = next((match[name] for name in names if match[name] is not None), "")
    return run.strip("*") if match["group"] else run


def _fixed(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def _spans(text: str, size: float) -> str:
    """The label's markup as tspans; shifts use `dy`, which every renderer knows; the next run undoes them."""
    spans: list[str] = []
    shift = 0.0
    for match in _MARK.finditer(text):
        style, wanted = "", 0.0
        if match["italic"] is not None:
            style = ' font-style="italic"'
        elif match["where"]:
            wanted = size * (0.24 if match["where"] == "_" else -0.36)
            style = f' font-size="{_fixed(size * 0.72)}"'
            style += ' font-style="italic"' if (match["group"] or "").startswith("*") else ""
        move = f' dy="{_fixed(wanted - shift)}"' if wanted != shift else ""
        shift = wanted
        body = escape(_run(match), quote=False)
        spans.append(f"<tspan{move}{style}>{body}</tspan>" if move or style else body)
    return "".join(spans)


@dataclass
class Canvas:
    """Collects elements; `svg` closes the figure.

    Parameters
    ----------
    width, height: size of the card in pixels.
    title: what the figure shows, for readers who hear it.
    """

    width: float
    height: float
    title: str
    elements: list[str] = field(default_factory=list[str])

    def line(
        self, start: Point, end: Point, *, colour: str = INK, width: float = 1.2, dash: str = ""
    ) -> None:
        """A straight line."""
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        (x1, y1), (x2, y2) = start, end
        self._add(
            f'<line x1="{_fixed(x1)}" y1="{_fixed(y1)}" x2="{_fixed(x2)}" y2="{_fixed(y2)}" '
            f'stroke="{colour}" stroke-width="{_fixed(width)}"{dashed}/>'
        )

    def path(
        self,
        points: Iterable[Point],
        *,
        colour: str = INK,
        width: float = 1.2,
        fill: str = "none",
        opacity: float = 1.0,
        dash: str = "",
        closed: bool = False,
    ) -> None:
        """A polygon where `closed`, else a polyline."""
        pairs = " ".join(f"{_fixed(x)},{_fixed(y)}" for x, y in points)
        extra = f' stroke-dasharray="{dash}"' if dash else ""
        extra += f' fill-opacity="{_fixed(opacity)}"' if opacity < 1 else ""
        shape = "polygon" if closed else "polyline"
        self._add(
            f'<{shape} points="{pairs}" fill="{fill}" stroke="{colour}" stroke-width="{_fixed(width)}" '
            f'stroke-linejoin="round"{extra}/>'
        )

    def box(
        self,
        corner: Point,
        size: Point,
        *,
        colour: str = INK,
        fill: str = "none",
        width: float = 1.2,
        opacity: float = 1.0,
        dash: str = "",
        radius: float = 0.0,
    ) -> None:
        """A rectangle by its upper left corner."""
        extra = f' rx="{_fixed(radius)}"' if radius else ""
        extra += f' stroke-dasharray="{dash}"' if dash else ""
        extra += f' fill-opacity="{_fixed(opacity)}"' if opacity < 1 else ""
        (x, y), (wide, high) = corner, size
        self._add(
            f'<rect x="{_fixed(x)}" y="{_fixed(y)}" width="{_fixed(wide)}" height="{_fixed(high)}" '
            f'fill="{fill}" stroke="{colour}" stroke-width="{_fixed(width)}"{extra}/>'
        )

    def circle(
        self, centre: Point, radius: float, *, colour: str = INK, fill: str = CARD, width: float = 1.4
    ) -> None:
        """A circle."""
        self._add(
            f'<circle cx="{_fixed(centre[0])}" cy="{_fixed(centre[1])}" r="{_fixed(radius)}" fill="{fill}" '
            f'stroke="{colour}" stroke-width="{_fixed(width)}"/>'
        )

    def arrow(
        self, start: Point, end: Point, *, colour: str = INK, width: float = 1.4, head: float = 7.0
    ) -> None:
        """A line with a filled head at `end`."""
        run, rise = end[0] - start[0], end[1] - start[1]
        length = (run * run + rise * rise) ** 0.5
        if length == 0:
            return
        ux, uy = run / length, rise / length
        neck = (end[0] - ux * head, end[1] - uy * head)
        self.line(start, neck, colour=colour, width=width)
        half = head * 0.42
        wings = ((neck[0] - uy * half, neck[1] + ux * half), (neck[0] + uy * half, neck[1] - ux * half))
        self.path((end, *wings), colour=colour, width=0.6, fill=colour, closed=True)

    def text(
        self,
        at: Point,
        label: str,
        *,
        size: float = 14.0,
        colour: str = INK,
        anchor: Anchor = "middle",
        bold: bool = False,
        turned: bool = False,
        backed: bool = False,
    ) -> None:
        """A label with `at` on its middle line; `turned` reads upwards, `backed` hides what it covers."""
        x, y = at
        if backed:
            wide = width_of(label, size) + 0.45 * size
            left = {"start": x - 0.2 * size, "middle": x - wide / 2, "end": x - wide + 0.2 * size}[anchor]
            self.box((left, y - 0.58 * size), (wide, 1.16 * size), colour="none", fill=CARD, radius=2)
        extra = ' font-weight="bold"' if bold else ""
        extra += f' transform="rotate(-90 {_fixed(x)} {_fixed(y)})"' if turned else ""
        self._add(
            f'<text x="{_fixed(x)}" y="{_fixed(y + 0.33 * size)}" font-size="{_fixed(size)}" fill="{colour}" '
            f'text-anchor="{anchor}"{extra}>{_spans(label, size)}</text>'
        )

    def svg(self) -> str:
        """The whole figure."""
        name = escape(_UNPRINTABLE.sub(" ", self.title))
        wide, high = _fixed(self.width), _fixed(self.height)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{name}" '
            f'viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" '
            f'style="max-width:100%;height:auto" font-family="{SERIF}">'
        )
        card = (
            f'<rect x="0.5" y="0.5" width="{_fixed(self.width - 1)}" height="{_fixed(self.height - 1)}" '
            f'rx="6" fill="{CARD}" stroke="{HAIRLINE}"/>'
        )
        return "\n".join((head, f"<title>{name}</title>", card, *self.elements, "</svg>\n"))

    def _add(self, element: str) -> None:
        self.elements.append(element)
