"""Typst in a process of its own: source and pictures in, PDF or PNG out.

A child, because what compiles in this process can neither be stopped after a time nor survive a stack
overflow. Its root is a fresh folder that holds the source and the pictures, so that it can read nothing else.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from struct import pack
from tempfile import TemporaryDirectory
from typing import Final
from zlib import crc32

from workings.errors import InputError
from workings.papers.pictures import Picture

SECONDS: Final = 120

PIXELS_PER_INCH: Final = 192
"""Two device pixels a CSS pixel: sharp on paper and on a good screen."""

# -I: neither the working folder nor PYTHON* variables decide what is imported.
_CHILD: Final = """
import sys, typst, warnings
warnings.simplefilter("ignore")
folder, result, ppi = sys.argv[1:]
try:
    typst.compile(folder + "/main.typ", output=folder + "/" + result, root=folder, ppi=float(ppi))
except typst.TypstError as error:
    sys.exit(str(error))
"""


def pdf(source: str, pictures: Iterable[Picture] = ()) -> bytes:
    """The document as PDF.

    Raises
    ------
    InputError: typst refuses the source or a picture, or takes longer than `SECONDS`.
    """
    return _compile(source, pictures, "out.pdf")[0]


def png(pictures: Iterable[Picture]) -> tuple[Picture, ...]:
    """The pictures, each SVG among them drawn as PNG for readers that show no SVG."""
    pictures = tuple(pictures)
    drawn = [picture for picture in pictures if picture.media == "image/svg+xml"]
    if not drawn:
        return pictures
    pages = "\n#pagebreak()\n".join(f'#image("{picture.name}")' for picture in drawn)
    source = f"#set page(width: auto, height: auto, margin: 0pt)\n{pages}\n"
    images = iter(_compile(source, drawn, "out-{p}.png"))
    return tuple(
        Picture(picture.name.removesuffix("svg") + "png", "image/png", _with_density(next(images)))
        if picture.media == "image/svg+xml"
        else picture
        for picture in pictures
    )


def _with_density(image: bytes) -> bytes:
    """The PNG with a pHYs chunk after its header, without which Word shows it at more than twice its size."""
    per_metre = round(PIXELS_PER_INCH / 0.0254)
    chunk = b"pHYs" + pack(">IIB", per_metre, per_metre, 1)
    header = 8 + 25
    return image[:header] + pack(">I", 9) + chunk + pack(">I", crc32(chunk)) + image[header:]


def _compile(source: str, pictures: Iterable[Picture], result: str) -> list[bytes]:
    with TemporaryDirectory(prefix="workings-") as name:
        folder = Path(name)
        (folder / "main.typ").write_text(source, encoding="utf-8")
        for picture in pictures:
            (folder / picture.name).write_bytes(picture.data)
        command = [sys.executable, "-I", "-c", _CHILD, name, result, str(PIXELS_PER_INCH)]
        try:
            run = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603  our own
        except subprocess.TimeoutExpired:
            raise InputError(
                f"typst was still setting the document after {SECONDS} seconds",
                accepted="a shorter document, or smaller pictures",
            ) from None
        if run.returncode != 0:
            reason = run.stderr.decode(errors="replace").strip().splitlines() or ["it gave no reason"]
            raise InputError(f"typst could not set the document: {reason[0]}")
        made = sorted(folder.glob("out*"), key=lambda path: (len(path.name), path.name))
        return [path.read_bytes() for path in made]
