"""Pictures are taken out of a document before pandoc and put back after it."""

from __future__ import annotations

from base64 import b64encode

import pytest

from workings.errors import InputError
from workings.papers.pictures import Picture, put_back, take_out

SVG = '<svg xmlns="http://www.w3.org/2000/svg" aria-label="a net">\n\n<circle r="3"/>\n</svg>'


def test_svg_over_several_lines_becomes_one_named_picture():
    text, pictures = take_out(f"before\n\n{SVG}\n\nafter\n")
    assert text == 'before\n\n\n![](workings-picture-1.svg){alt="a net"}\n\n\nafter\n'
    assert pictures == (Picture("workings-picture-1.svg", "image/svg+xml", SVG.encode()),)


def test_svg_in_a_block_marked_html_is_a_picture_but_in_code_it_is_text():
    text, pictures = take_out(f"```{{=html}}\n{SVG}\n```\n")
    assert len(pictures) == 1
    assert "```" not in text
    for fence in ("```", "~~~~", "```html"):
        code = f"{fence}\n{SVG}\n{fence.rstrip('html')}\n"
        assert take_out(code) == (code, ())


def test_svg_gets_its_name_space_and_its_title_as_words():
    _, (picture,) = take_out('<svg width="3"><title>A "b" {c} &amp; d</title></svg>')
    assert picture.data.startswith(b'<svg xmlns="http://www.w3.org/2000/svg" width="3">')
    text, _ = take_out('<svg width="3"><title>A "b" {c} &amp; d</title></svg>')
    assert '{alt="A b c & d"}' in text


def test_data_uris_keep_their_bytes():
    data = bytes(range(256))
    uri = f"data:image/png;base64,{b64encode(data).decode()}"
    text, (picture,) = take_out(f"a ![x]({uri}){{width=50%}} b\n")
    assert text == "a ![x](workings-picture-1.png){width=50%} b\n"
    assert (picture.data, picture.uri) == (data, uri)
    _, (drawn,) = take_out("![x](data:image/svg+xml,%3Csvg%2F%3E)")
    assert drawn.data == b"<svg/>"


def test_put_back_leaves_names_it_does_not_know():
    picture = Picture("workings-picture-1.png", "image/png", b"\x00")
    assert put_back("workings-picture-1.png workings-picture-2.png", (picture,)) == (
        "data:image/png;base64,AA== workings-picture-2.png"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n\n<svg>\nnever closed\n", "line 3: an <svg> that is never closed"),
        ("```{=html}\n<svg>\n```\n", "line 1: an <svg> that is never closed"),
        ("a\n![x](data:image/tiff;base64,AA==)", "line 2: a picture of type image/tiff; accepted: raw SVG"),
        ("![x](data:image/png;base64,A)", "line 1: a data URI with broken base64"),
    ],
)
def test_broken_pictures_are_named_with_their_line(text, message):
    with pytest.raises(InputError) as error:
        take_out(text)
    assert str(error.value).startswith(message)


def test_an_unclosed_fence_runs_to_the_end():
    text = f"```\n{SVG}\n"
    assert take_out(text) == (text, ())
