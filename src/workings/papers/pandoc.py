"""Pandoc as a subprocess: one run a document, in its sandbox, within bounds of time and memory."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from workings.errors import InputError
from workings.papers.pictures import Picture

HERE: Final = Path(__file__).parent

SECONDS: Final = 60
"""A paper of a hundred pages takes one or two; a document made to be slow is cut off here."""

HEAP: Final = "-M2g"

READER: Final = (
    "markdown"
    # Lists follow a line of text directly in the Markdown that people know from elsewhere.
    "+lists_without_preceding_blankline-blank_before_header-blank_before_blockquote"
    "+autolink_bare_uris"
    # The text is body only, and `---` or `%` in its first line are not meant for us.
    "-yaml_metadata_block-pandoc_title_block-citations"
    # Ten macros that double each other are a bomb.
    "-latex_macros"
)


@cache
def executable() -> str:
    """The pandoc that pypandoc-binary carries, else the one on the path.

    Found without importing pypandoc, which would ask every pandoc for its version first.
    """
    spec = find_spec("pypandoc")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        carried = shutil.which("pandoc", path=str(Path(folder) / "files"))
        if carried:
            return carried
    found = shutil.which("pandoc")
    if found is None:
        raise InputError("pandoc is not installed", accepted="pip install pypandoc-binary")
    return found


def convert(
    markdown: str, writer: str, arguments: Sequence[str] = (), pictures: Sequence[Picture] = ()
) -> bytes:
    """`markdown`, cleaned by clean.lua, as pandoc writes it in the format `writer`.

    `pictures` are those that the writer has to hold in its hands (DOCX); elsewhere their names suffice.

    Raises
    ------
    InputError: pandoc refuses the document, or takes longer than `SECONDS`.
    """
    command = [
        executable(),
        *("+RTS", HEAP, "-RTS", "--sandbox"),
        *("--from", READER, "--to", writer, "--lua-filter", str(HERE / "clean.lua")),
        # One line a paragraph, and pipe tables with columns as wide as what stands in them.
        *("--wrap=none", "--columns=100000", "--syntax-highlighting=none"),
        *arguments,
    ]
    try:
        with TemporaryDirectory(prefix="workings-") as folder:
            for picture in pictures:
                (Path(folder) / picture.name).write_bytes(picture.data)
            run = subprocess.run(  # noqa: S603  our own list of arguments; the document goes in as stdin
                command,
                input=markdown.encode(),
                capture_output=True,
                timeout=SECONDS,
                check=False,
                env=os.environ | {"WORKINGS_PICTURES": folder},
            )
    except subprocess.TimeoutExpired:
        raise InputError(
            f"pandoc was still reading the document after {SECONDS} seconds",
            accepted="a document without deep nesting",
        ) from None
    if run.returncode != 0:
        reason = run.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise InputError(f"pandoc could not convert the document: {reason[0]}")
    return run.stdout
