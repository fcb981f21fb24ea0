"""Finished Markdown to a page, a print, a notebook, a Word file, or Markdown for others to read.

The Markdown is pandoc's: fenced divs for cards (`::: {.question #q2b marks=4}`; also `.study`, `.claim`,
`.answer`, `.note`, `.warning`), `::: {.details summary="..."}` for a long working, `$..$` and `$$..$$` for
mathematics, `[wrong]{.wrong}` for a verdict (also `.right`, `.rounded`, `.follows`, `.convention`, `.slip`,
`.unreadable`, `.blank`), raw SVG or data URIs for pictures. Whatever else a document could do, it can't: see
clean.lua.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable
from functools import cache
from html import escape, unescape
from pathlib import Path
from typing import Any, Final

from workings.errors import InputError, echo
from workings.files import make_folder, write_file
from workings.papers import fonts, pandoc, pictures, press
from workings.papers.mathematics import as_in_books
from workings.papers.pictures import Picture

HERE: Final = Path(__file__).parent

ENTRIES_WORTH_A_CONTENTS: Final = 5
"""With fewer headings than this a table of contents is in the way."""

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
"""What the page tells the browser: no scripts, nothing fetched."""

# Stands between contents and body in page.html; a comment of the document's own never gets this far.
_SPLIT: Final = "<!-- body -->"

# The title is the only heading of the first level.
_BELOW_TITLE: Final = ("--shift-heading-level-by=1",)

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_TOKEN: Final = re.compile(r"<m(?:i|o|n|text|s)\b[^>]*>([^<]+)<")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def html(markdown: str, title: str, lang: str = "en") -> str:
    """One self-contained page: MathML with its font, pictures as data, no script, nothing to fetch."""
    text, found = _taken(markdown, title, lang)
    arguments = ("--mathml", "--standalone", "--template", str(HERE / "page.html"))
    outline = ("--toc", "--toc-depth=3", "--metadata", "pagetitle=_", *_BELOW_TITLE)
    made = as_in_books(pandoc.convert(text, "html5", arguments + outline).decode())
    contents, _, body = made.partition(_SPLIT)
    if contents.count("<li>") < ENTRIES_WORTH_A_CONTENTS:
        contents = ""
    signs = frozenset(unescape("".join(set(_TOKEN.findall(body)))))
    return _page(escape(title), lang, contents.strip(), pictures.put_back(body.strip(), found), signs)


def pdf(markdown: str, title: str, lang: str = "en") -> bytes:
    """A print on A4, through typst."""
    text, found = _taken(markdown, title, lang)
    arguments = ("--standalone", "--template", str(HERE / "page.typ"))
    # typst wants a language of two or three letters, and knows nothing of scripts and regions in it.
    named = ("--metadata", f"title={title}", "--metadata", f"lang={lang.partition('-')[0].lower()}")
    contents = ("--toc",) if _headings(text) >= 2 * ENTRIES_WORTH_A_CONTENTS else ()
    source = pandoc.convert(text, "typst", arguments + named + contents).decode()
    return press.pdf(source, found)


def notebook(markdown: str, title: str, lang: str = "en") -> str:
    """A Jupyter notebook (format 4.5), one Markdown cell a heading or a card; pictures are attachments."""
    text, found = _taken(markdown, title, lang)
    drawn = press.png(found)
    text = _renamed(text, found, drawn)
    made: dict[str, Any] = json.loads(pandoc.convert(text, "ipynb", _BELOW_TITLE))
    cells: list[dict[str, Any]] = made["cells"]
    cells.insert(0, {"cell_type": "markdown", "metadata": {}, "source": [f"# {_plain(title)}"]})
    for number, cell in enumerate(cells, start=1):
        cell["id"] = f"cell-{number}"  # pandoc's are random, and the same document gives the same file here
        source = "".join(cell["source"])
        carried = {picture.name: picture for picture in drawn if f"(attachment:{picture.name})" in source}
        if carried:
            cell["attachments"] = {
                name: {picture.media: b64encode(picture.data).decode("ascii")}
                for name, picture in carried.items()
            }
    made["metadata"] = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "title": title,
    }
    return json.dumps(made, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def docx(markdown: str, title: str, lang: str = "en") -> bytes:
    """A Word document with native equations; SVG pictures are drawn as PNG."""
    text, found = _taken(markdown, title, lang)
    drawn = press.png(found)
    named = ("--metadata", f"title={title}", "--metadata", f"lang={lang}")
    return pandoc.convert(_renamed(text, found, drawn), "docx", ("--standalone", *named), drawn)


def github(markdown: str, title: str, lang: str = "en", folder: str = "") -> tuple[str, tuple[Picture, ...]]:
    """Markdown that GitHub, Jupyter and editors show, and its pictures, which belong into `folder` beside it.

    GitHub shows neither raw SVG nor data URIs, only files.
    """
    text, found = _taken(markdown, title, lang)
    writer = "gfm-tex_math_gfm+tex_math_dollars"
    body = pandoc.convert(text, writer, _BELOW_TITLE).decode()
    if folder:
        for picture in found:
            body = body.replace(picture.name, f"{folder}/{picture.name}")
    else:
        body = pictures.put_back(body, found)
    return f"# {_plain(title)}\n\n{body}", found


def typeset(markdown: str, *, title: str, to: Path, lang: str = "en") -> Path:
    """Write `markdown` to the file `to`, in the format that its suffix names, and return the path.

    The file appears whole or not at all. Beside `paper.md`, pictures go into the folder `paper_files`.

    Raises
    ------
    InputError: another suffix, a folder that is missing or can't be written to, a document that can't be set.
    """
    to = Path(to)
    write = FORMATS.get(to.suffix.lower())
    if write is None:
        raise InputError(f"unknown format {echo(to.suffix or to.name)}", accepted=", ".join(FORMATS))
    if to.is_dir():
        raise InputError(f"{echo(str(to))} is a folder", accepted="the name of a file to write")
    write(markdown, title, lang, to)
    return to


def _write_github(markdown: str, title: str, lang: str, to: Path) -> None:
    folder = f"{to.stem}_files"
    body, found = github(markdown, title, lang, folder.replace(" ", "%20"))
    if found:
        make_folder(to.parent / folder)
    for picture in found:
        write_file(to.parent / folder / picture.name, picture.data)
    write_file(to, body.encode())


FORMATS: Final[dict[str, Callable[[str, str, str, Path], None]]] = {
    ".html": lambda markdown, title, lang, to: write_file(to, html(markdown, title, lang).encode()),
    ".pdf": lambda markdown, title, lang, to: write_file(to, pdf(markdown, title, lang)),
    ".ipynb": lambda markdown, title, lang, to: write_file(to, notebook(markdown, title, lang).encode()),
    ".docx": lambda markdown, title, lang, to: write_file(to, docx(markdown, title, lang)),
    ".md": _write_github,
}
"""What a suffix makes."""


def _taken(markdown: str, title: str, lang: str) -> tuple[str, tuple[Picture, ...]]:
    if not _LANGUAGE.fullmatch(lang):
        raise InputError(f"found {echo(lang)}", accepted="a language tag such as en or pt-BR").at(
            field="lang"
        )
    if _UNPRINTABLE.search(title):
        raise InputError(f"found {echo(title)}", accepted="a title without control characters").at(
            field="title"
        )
    return pictures.take_out(_UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", markdown))


def _renamed(text: str, before: tuple[Picture, ...], after: tuple[Picture, ...]) -> str:
    for old, new in zip(before, after, strict=True):
        text = text.replace(old.name, new.name)
    return text


def _headings(text: str) -> int:
    return len(re.findall(r"^#{1,2}\s", text, re.MULTILINE))


def _plain(title: str) -> str:
    """The title as Markdown that means nothing but its letters."""
    return re.sub(r"([\\`*_\[\]<>#$|~])", r"\\\1", " ".join(title.split()))


@cache
def _style() -> str:
    return (HERE / "style.css").read_text(encoding="utf-8")


@cache
def _face(font: bytes) -> str:
    data = b64encode(font).decode("ascii")
    source = f"url(data:font/woff2;base64,{data}) format('woff2')"
    return f"@font-face{{font-family:'{fonts.FAMILY}';src:{source};font-display:block}}"


def _page(title: str, lang: str, contents: str, body: str, signs: frozenset[str]) -> str:
    face = _face(fonts.mathematics(signs)) if signs else ""
    navigation = (
        f'<nav aria-label="Contents"><details><summary>Contents</summary>\n{contents}\n</details></nav>\n'
        if contents
        else ""
    )
    return f"""<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="generator" content="Workings">
<title>{title}</title>
<style>
{_style()}
{face}
</style>
</head>
<body>
<header><h1>{title}</h1></header>
{navigation}<main>
{body}
</main>
</body>
</html>
"""
