"""Pandoc's MathML with the spacing of a textbook.

What is mended here was seen in Chromium with STIX Two Math: functions stuck to their arguments ("0log0.09"),
tiny far-off primes, brackets taller than their line, hats adrift, and a minus after ", " that stood apart
from its number as if it were a difference.
"""

from __future__ import annotations

import re
from typing import Final

DEEPEST: Final = 12
"""Brackets inside brackets that are looked at; more than this would be an attack on our time."""

_THIN: Final = '<mspace width="0.167em"></mspace>'

# One leaf of MathML, or a row of leaves: what most scripts are.
_LEAF: Final = r"<m(?:i|n|o|text)\b[^>]*>[^<]*</m(?:i|n|o|text)>"
_SCRIPT: Final = rf"(?:{_LEAF}|<mrow>(?:{_LEAF})*</mrow>)"

_HAT: Final = re.compile(r'<mover>((?:(?!<mover>).)*?)<mo accent="true">(\u0302)</mo></mover>')

_PRIME: Final = re.compile(rf"<msup>({_LEAF})<m[io]>([′″‴]+)</m[io]></msup>")
_PRIME_BESIDE_INDEX: Final = re.compile(rf"<msubsup>({_LEAF})({_SCRIPT})<m[io]>([′″‴]+)</m[io]></msubsup>")

# Brackets round what is no taller than a line. They come as stretchy from \left and \right, and STIX has
# nothing between its first and its second size, so that a letter with a descender would get the larger one.
_LOW: Final = (
    r"(?:</?(?:mrow|msub|msup|msubsup|mover|mi|mn|mo|mtext|mspace)\b"
    r'(?:(?!stretchy="true")[^>])*>|[^<∑∏∫⋃⋂]+)*?'
)
_BRACKETS: Final = re.compile(
    rf'<mo stretchy="true" form="prefix">([^<]*)</mo>({_LOW})<mo stretchy="true" form="postfix">([^<]*)</mo>'
)

# Between \left and \right pandoc leaves out the row and the sign of application.
_NAME: Final = (
    r'(?:<mrow><mi mathvariant="normal">[^<]+</mi><mo>(?:&#8289;|\u2061)</mo></mrow>'
    r'|<mi mathvariant="normal">[A-Za-z]{2,}</mi>)'
)
_FUNCTION: Final = re.compile(rf"<(msub|msup|munder)>{_NAME}{_SCRIPT}</\1>|{_NAME}")
_SCRIPTED: Final = ("<msub>", "<msup>", "<msubsup>", "<munder>", "<mover>", "<munderover>")
_SCRIPT_ENDS: Final = ("</msub", "</msup", "</munder", "</mover", "</mfrac", "</mroot")
_OPERAND_ENDS: Final = re.compile(r'(?:</m(?:i|n|sub|sup|subsup|frac|row|sqrt)>|form="postfix">[^<]*</mo>)$')
_OPERAND_BEGINS: Final = re.compile(r"(?!</|<mo\b|<mrow><mo\b|<mspace\b)")

_MINUS: Final = re.compile(r"(<mo>[,;=≈<>≤≥]</mo><mspace[^>]*></mspace>)<mo>−</mo>")


def as_in_books(page: str) -> str:
    """`page` with the formulas mended; all else in it stays as it is."""
    page = _HAT.sub(r'<mover accent="true">\1<mo>\2</mo></mover>', page)
    page = _PRIME.sub(r'<mrow>\1<mo lspace="0" rspace="0">\2</mo></mrow>', page)
    page = _PRIME_BESIDE_INDEX.sub(r'<msub><mrow>\1<mo lspace="0" rspace="0">\3</mo></mrow>\2</msub>', page)
    for _ in range(DEEPEST):  # from the innermost brackets outwards
        page, found = _BRACKETS.subn(
            r'<mo stretchy="false" form="prefix">\1</mo>\2<mo stretchy="false" form="postfix">\3</mo>', page
        )
        if not found:
            break
    # Firefox takes the sign for the large operator of its name where a formula is displayed.
    page = page.replace("<mo>⊙</mo>", '<mo largeop="false">⊙</mo>')
    page = _MINUS.sub(r"\1<mi>−</mi>", page)
    return _FUNCTION.sub(_spaced, page)


def _spaced(match: re.Match[str]) -> str:
    """A function name with thin spaces to its neighbours, as TeX sets operators; none before a bracket."""
    before, after = (
        match.string[max(0, match.start() - 80) : match.start()],
        match.string[match.end() : match.end() + 20],
    )
    if before.endswith(_SCRIPTED) or after.startswith(_SCRIPT_ENDS):
        return match[0]
    left = _THIN if _OPERAND_ENDS.search(before) else ""
    right = _THIN if _OPERAND_BEGINS.match(after) else ""
    return f"<mrow>{left}{match[0]}{right}</mrow>"
