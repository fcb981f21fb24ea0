"""The mathematics font in the page: against the whole font, which ziamath brings."""

from __future__ import annotations

from io import BytesIO

import pytest
from fontTools.ttLib import TTFont

from workings.papers import fonts


def variants(font, sign):
    """How tall the variants of a sign are, and the parts that the tallest is put together from."""
    table = font["MATH"].table.MathVariants
    glyph = font.getBestCmap()[ord(sign)]
    found = table.VertGlyphConstruction[table.VertGlyphCoverage.glyphs.index(glyph)]
    parts = found.GlyphAssembly.PartRecords if found.GlyphAssembly else []
    return (
        [record.AdvanceMeasurement for record in found.MathGlyphVariantRecord],
        [(part.FullAdvance, part.PartFlags) for part in parts],
    )


@pytest.fixture(scope="module")
def whole():
    with TTFont(fonts._whole()) as font:
        yield font


@pytest.fixture(scope="module")
def carried():
    return TTFont(BytesIO(fonts.mathematics(frozenset("x"))))


@pytest.mark.parametrize("sign", "()[]{}|‖√⌊⌋∑∏")
def test_everything_that_stretches_stretches_as_far_as_in_the_whole_font(whole, carried, sign):
    assert variants(carried, sign) == variants(whole, sign)


def test_the_constants_of_layout_are_those_of_the_whole_font(whole, carried):
    for name in ("AxisHeight", "FractionRuleThickness", "RadicalRuleThickness", "SuperscriptShiftUp"):
        ours, theirs = (getattr(font["MATH"].table.MathConstants, name).Value for font in (carried, whole))
        assert ours == theirs


def test_the_list_of_characters_is_that_of_the_font(carried):
    assert {chr(code) for code in carried.getBestCmap()} >= fonts._covered()


def test_the_shipped_font_is_what_this_file_makes():
    # Compressed bytes may differ between releases of brotli, so the glyphs are compared.
    made = TTFont(BytesIO(fonts.cut(fonts.everyday_characters())[0]))
    shipped = TTFont(fonts.CUT)
    assert made.getGlyphOrder() == shipped.getGlyphOrder()
    assert "SIL Open Font License" in (fonts.HOME / "OFL.txt").read_text(encoding="utf-8").title().replace(
        "Sil", "SIL"
    )


def test_a_page_with_a_rare_sign_gets_a_font_that_has_it(carried):
    rare = "⨂"
    assert ord(rare) not in carried.getBestCmap()
    font = TTFont(BytesIO(fonts.mathematics(frozenset({"x", rare}))))
    assert {ord(rare), ord("x"), ord("(")} <= set(font.getBestCmap())


def test_everyday_pages_need_no_font_tools(monkeypatch):
    monkeypatch.setattr(fonts, "cut", None)
    assert fonts.mathematics(frozenset("W^⊤x+b=∇∑⊙𝔼ℒ∂√≈−0123456789 \n")) == fonts.CUT.read_bytes()
