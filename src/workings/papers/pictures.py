"""Pictures inside a document: raw SVG and data URIs, taken out before pandoc and put back after it.

While pandoc works, a picture is only its name: to read a megabyte of base64 letter by letter takes longer
than all the rest, and a name that this module made is easily told from one that the document made up.
A browser shows an SVG given as `<img>` without running scripts in it or fetching what it refers to.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as BinasciiError
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Final
from urllib.parse import unquote_to_bytes

from workings.errors import InputError

SUFFIXES: Final = {
    "image/svg+xml": "svg",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
}

ACCEPTED: Final = "raw SVG, or a data URI of one of " + ", ".join(SUFFIXES)

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})\s*(.*)")
_SVG_OPENS = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<svg[\s>]")
_LABEL = re.compile(r"""<svg\b[^>]*?\baria-label\s*=\s*("[^"]*"|'[^']*')""")
_TITLE = re.compile(r"<title\b[^>]*>([^<]*)</title>")
_DATA_URI = re.compile(r"(\]\(\s*<?)data:(image/[a-z+.-]+)((?:;[\w=-]+)*),([^\s)>\"]*)")
_NAME = re.compile(r"workings-picture-\d+\.[a-z]+")


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: the name that stands for it while pandoc works, its media type, its bytes."""

    name: str
    media: str
    data: bytes

    @property
    def uri(self) -> str:
        """The picture as a data URI."""
        return f"data:{self.media};base64,{b64encode(self.data).decode('ascii')}"


def take_out(markdown: str) -> tuple[str, tuple[Picture, ...]]:
    """The document with a name in place of each picture, and the pictures.

    An SVG element is taken for a picture where it opens a line outside code, or fills a block marked
    `{=html}`; its `aria-label` or `<title>` becomes the alternative text.

    Raises
    ------
    InputError: an SVG without its end, a data URI of another type or with broken base64; the line is named.
    """
    found: list[Picture] = []
    # Not splitlines, which takes U+2028 and form feeds for the end of a line as well.
    plain = markdown.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
    lines = iter(enumerate(plain.split("\n"), start=1))
    text = [rewritten for number, line in lines for rewritten in _rewritten(number, line, lines, found)]
    return "\n".join(text) + "\n", tuple(found)


def put_back(text: str, pictures: tuple[Picture, ...]) -> str:
    """`text` with each picture's data URI in place of its name."""
    uris = {picture.name: picture.uri for picture in pictures}
    return _NAME.sub(lambda match: uris.get(match[0], match[0]), text)


def _rewritten(
    number: int, line: str, rest: Iterator[tuple[int, str]], found: list[Picture]
) -> Iterator[str]:
    fence = _FENCE.match(line)
    if fence:
        block = [line]
        closing = re.compile(rf" {{0,3}}{fence[1][0]}{{{len(fence[1])},}}\s*")
        for _, inner in rest:
            block.append(inner)
            if closing.fullmatch(inner):
                break
        content = "\n".join(block[1:-1])
        if fence[2].strip() in {"{=html}", "{=svg}"} and _SVG_OPENS.match(content):
            yield from _as_image(number, content, found)
        else:
            yield from block
    elif _SVG_OPENS.match(line):
        element = [line]
        while "</svg>" not in element[-1]:
            following = next(rest, None)
            if following is None:
                raise InputError("an <svg> that is never closed", accepted="</svg>").at(line=number)
            element.append(following[1])
        yield from _as_image(number, "\n".join(element), found)
    else:
        yield _DATA_URI.sub(lambda match: match[1] + _from_uri(number, match, found), line)


def _as_image(number: int, svg: str, found: list[Picture]) -> Iterator[str]:
    start, end = svg.index("<svg"), svg.rfind("</svg>")
    if end < 0:
        raise InputError("an <svg> that is never closed", accepted="</svg>").at(line=number)
    svg = svg[start : end + len("</svg>")]
    if "xmlns=" not in svg.partition(">")[0]:
        # Inside HTML the name space is understood; a file of its own needs it.
        svg = svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    label = _LABEL.search(svg) or _TITLE.search(svg)
    words = unescape(label[1].strip("\"'")) if label else ""
    alt = re.sub(r'[\\"{}\s]+', " ", words).strip()
    name = _add("image/svg+xml", svg.encode(), found)
    yield from ("", f'![]({name}){{alt="{alt}"}}', "")


def _from_uri(number: int, match: re.Match[str], found: list[Picture]) -> str:
    media, parameters, data = match[2], match[3], match[4]
    if media not in SUFFIXES:
        raise InputError(f"a picture of type {media}", accepted=ACCEPTED).at(line=number)
    try:
        content = b64decode(data, validate=True) if ";base64" in parameters else unquote_to_bytes(data)
    except BinasciiError:
        raise InputError("a data URI with broken base64", accepted=ACCEPTED).at(line=number) from None
    return _add(media, content, found)


def _add(media: str, data: bytes, found: list[Picture]) -> str:
    name = f"workings-picture-{len(found) + 1}.{SUFFIXES[media]}"
    found.append(Picture(name, media, data))
    return name
