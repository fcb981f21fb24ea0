"""The mathematics font that travels inside every page.

A bare Linux has none, and without one a browser does not stretch the brackets round a matrix. Packed anew
for every page, STIX Two Math would take several times as long as pandoc takes for the page (0.2 s to load
fontTools and cut, 0.5 s to compress, against 0.08 s). So the package carries a cut made once, by this file
(`python -m workings.papers.fonts`): letters, digits, Greek and the signs of the mathematics that papers use,
with their stretched and script-size variants. Only a page with a sign beyond these (`characters.txt`) has its
own made, from the whole font that ziamath brings.
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from workings.errors import InputError

HOME: Final = Path(__file__).parent / "stix"
CUT: Final = HOME / "STIXTwoMath-cut.woff2"
COVERED: Final = HOME / "characters.txt"

FAMILY: Final = "STIX Two Math"

# Features that mathematics needs: smaller forms for scripts, dotless i and j, flat accents on capitals.
FEATURES: Final = ("ssty", "dtls", "flac", "ccmp")

_SIGNS: Final = (
    "ıȷ×÷±∓·∗∘∙•⋅⊙⊕⊖⊗⊘⊤⊥†‡…⋯⋮⋱′″‴∂∇∑∏∐∫∬∮√∛∞∝∠∀∃∄∅∈∉∋⊂⊃⊆⊇⊄∪∩∧∨¬∖"
    "≠≤≥≪≫≈≃≅≡∼≐≜≔≲≳≺≻⩽⩾⊢⊨∣∤∥∦△□◇⋆"
    "←→↑↓↔↕⇐⇒⇑⇓⇔↦↪⟵⟶⟷⟸⟹⟺⟼↗↘↙↖⇌"
    "⟨⟩⌈⌉⌊⌋⟦⟧⟪⟫‖⎧⎨⎩⎫⎬⎭⎛⎝⎞⎠⎡⎣⎤⎦⎪⏞⏟⏜⏝⎴⎵"
    "ℎℂℍℕℙℚℝℤℏℓ℘ℑℜℵℬℰℱℋℐℒℳℛℯℊℴϵϑϕϱϖϰ−–—‖°µ"
    "ˆ‾˜¯˘˙¨´`ˇ˚\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u030a\u030c\u0331\u0332\u0338\u20d7\u20d6\u2061\u2062\u2063\u2064"
)


def _span(first: int, last: int) -> set[str]:
    return {chr(code) for code in range(first, last + 1)}


def everyday_characters() -> frozenset[str]:
    """What the cut in the package is asked to cover: ASCII, Greek, letters in six styles, signs."""
    return frozenset(
        _span(0x20, 0x7E)
        | _span(0xC0, 0xFF)  # letters with accents, in words between formulas
        | _span(0x391, 0x3A9)
        | _span(0x3B1, 0x3C9)
        | _span(0x1D400, 0x1D467)  # bold and italic letters
        | _span(0x1D49C, 0x1D4B5)  # script capitals
        | _span(0x1D538, 0x1D551)  # double-struck capitals
        | _span(0x1D6A8, 0x1D71B)  # bold and italic Greek
        | _span(0x1D7CE, 0x1D7E1)  # bold and double-struck digits
        | set(_SIGNS)
    )


def mathematics(characters: frozenset[str]) -> bytes:
    """The font as woff2, for a page whose mathematics is written with `characters`."""
    beyond = frozenset(sign for sign in characters - _covered() if not sign.isspace())
    if not beyond:
        return _shipped()
    return _made(beyond)


@cache
def _shipped() -> bytes:
    return CUT.read_bytes()


@cache
def _covered() -> frozenset[str]:
    return frozenset(COVERED.read_text(encoding="utf-8"))


@lru_cache(maxsize=8)
def _made(beyond: frozenset[str]) -> bytes:
    return cut(_covered() | beyond)[0]


def cut(characters: frozenset[str]) -> tuple[bytes, frozenset[str]]:
    """STIX Two Math cut down to `characters`, and those among them that it has.

    The variants that stretch and the small forms of scripts stay, since fontTools follows the MATH and GSUB
    tables from the characters to them.
    """
    # Its annotations are too sparse for strict checking.
    subset: Any = import_module("fontTools.subset")
    options: Any = subset.Options()
    options.layout_features = list(FEATURES)
    options.hinting = False
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 7, 13, 14]
    options.drop_tables += ["DSIG", "FFTM"]
    font: Any = subset.load_font(str(_whole()), options)
    # The same input gives the same bytes.
    font.recalcTimestamp = False
    has = frozenset(chr(code) for code in font.getBestCmap()) & characters
    cutter: Any = subset.Subsetter(options)
    cutter.populate(unicodes=[ord(sign) for sign in has])
    cutter.subset(font)
    font.flavor = "woff2"
    packed = BytesIO()
    font.save(packed)
    font.close()
    return packed.getvalue(), has


def _whole() -> Path:
    spec = find_spec("ziamath")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "fonts" / "STIXTwoMath-Regular.ttf"
        if path.exists():
            return path
    raise InputError("the font STIX Two Math is not there", accepted="pip install ziamath")


if __name__ == "__main__":
    packed, has = cut(everyday_characters())
    CUT.write_bytes(packed)
    COVERED.write_text("".join(sorted(has)), encoding="utf-8")
