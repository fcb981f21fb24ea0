"""Finished Markdown as a page, a print, a notebook, a Word file and Markdown."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workings.errors import InputError
from workings.papers import pandoc, press, typeset
from workings.papers.typeset import docx, github, html, notebook, pdf

SVG = '<svg width="96" height="48" aria-label="A red box"><rect width="96" height="48" fill="red"/></svg>'

PAPER = (
    r"""
# Question 1

A layer maps $x \in \mathbb{R}^n$ to $y = W^\top x + b$.

::: {.question #q1a marks=4}
## a) The pre-activation

$$u_1 = \begin{pmatrix} 0.1 & -4.7 \\ 0.6 & 0 \end{pmatrix} \begin{pmatrix} 1 \\ 2 \end{pmatrix}$$

::: {.details summary="Every digit"}
$\nabla_{W_1} J = x (\nabla_{h_1} J \odot f'(u_1))^\top$
:::
:::

# Audit

| quantity | printed | verdict |
|:--|--:|:--|
| $J$ | 1.66 | [right, rounded]{.rounded} |
| PE | 0.96 | [wrong]{.wrong} |

See [the question](#q1a) and <https://example.org>.

"""
    + SVG
    + "\n"
)


class Page(HTMLParser):
    """What a page consists of: its tags with their attributes, and its text outside the style sheet."""

    def __init__(self, page):
        super().__init__()
        self.tags = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def body(page):
    return page[page.index("<main>") :]


# HTML -----------------------------------------------------------------------------------------------------


def test_page_is_self_contained_and_says_what_it_is():
    made = html(PAPER, "Neural <networks> & more", lang="en-GB")
    page = Page(made)
    assert page.all("html") == [{"lang": "en-GB"}]
    assert "<title>Neural &lt;networks&gt; &amp; more</title>" in made
    assert [a["content"] for a in page.all("meta") if a.get("name") == "viewport"] == [
        "width=device-width, initial-scale=1"
    ]
    fetching = [
        (tag, value)
        for tag, attributes in page.tags
        for key, value in attributes.items()
        if key in {"src", "srcset", "href", "data", "poster", "action"} and tag != "a"
        if not value.startswith("data:")
    ]
    assert fetching == []
    assert page.all("script") == page.all("link") == []
    assert re.findall(r"url\((?!data:)", made) == []


def test_page_forbids_scripts_and_the_network_to_the_browser():
    policies = [
        a["content"]
        for a in Page(html("x", "t")).all("meta")
        if a.get("http-equiv") == "Content-Security-Policy"
    ]
    assert len(policies) == 1
    assert policies[0].startswith("default-src 'none';")
    assert "script-src" not in policies[0]


def test_formulas_are_well_formed_mathml_with_matrix_and_stretched_brackets():
    found = re.findall(r"<math.*?</math>", html(PAPER, "t"), re.DOTALL)
    assert len(found) == 5
    display = ET.fromstring(next(f for f in found if 'display="block"' in f))  # noqa: S314  our own page
    space = {"m": "http://www.w3.org/1998/Math/MathML"}
    rows = [len(table.findall("m:mtr", space)) for table in display.iterfind(".//m:mtable", space)]
    assert rows == [2, 2]
    brackets = [mo.text for mo in display.iterfind(".//m:mo", space) if mo.get("stretchy") == "true"]
    assert brackets == ["(", ")", "(", ")"]
    for formula in found:
        ET.fromstring(formula)  # noqa: S314  our own page


def test_cards_verdicts_and_folded_workings_reach_the_page():
    page = Page(html(PAPER, "t"))
    assert {"id": "q1a", "class": "question", "data-marks": "4"} in page.all("div")
    assert [a for a in page.all("span") if a.get("class") in {"rounded", "wrong"}] == [
        {"class": "rounded"},
        {"class": "wrong"},
    ]
    assert len(page.all("summary")) == 1
    assert "Every digit" in page.text


def test_wide_things_stand_in_boxes_that_scroll():
    long_row = "$(" + ", ".join("1.00" for _ in range(20)) + ")$"
    made = html(f"$$x$$\n\n| a |\n|---|\n| b |\n\n```\ncode\n```\n\n{long_row} and $y$", "t")
    assert re.search(r'<span class="equation"><math display="block"', made)
    assert re.search(r'<div class="scroll">\s*<table>', made)
    assert re.search(r'<div class="scroll">\s*<pre>', made)
    assert made.count('<span class="wide">') == 1


def test_the_title_is_the_only_heading_of_the_first_level():
    page = Page(html("# One\n\n## Two\n", "t"))
    assert [tag for tag, _ in page.tags if re.fullmatch(r"h\d", tag)] == ["h1", "h2", "h3"]


@pytest.mark.parametrize(("headings", "has_contents"), [(4, False), (5, True)])
def test_contents_only_for_long_papers(headings, has_contents):
    text = "\n\n".join(f"# Heading {n}\n\ntext" for n in range(headings))
    page = Page(html(text, "t"))
    assert bool(page.all("nav")) is has_contents
    assert len([a for a in page.all("a") if a["href"].startswith("#heading-")]) == headings * has_contents


def test_a_page_without_mathematics_carries_no_font():
    assert "@font-face" not in html("Words.", "t")
    assert "@font-face" in html("$x$", "t")


def test_the_same_document_gives_the_same_file():
    assert html(PAPER, "t") == html(PAPER, "t")
    assert notebook(PAPER, "t") == notebook(PAPER, "t")
    assert pdf(PAPER, "t") == pdf(PAPER, "t")


# What a document may not do -------------------------------------------------------------------------------

HOSTILE = r"""
<script>alert("in a block")</script>

Words <script>alert("in a line")</script> and <b onclick="alert(1)">bold</b> <img src="x" onerror="alert(1)">

<iframe src="https://example.org"></iframe>

<style>body { background: url(https://example.org/x) }</style>

<link rel="stylesheet" href="https://example.org/x.css"><meta http-equiv="refresh" content="0;url=https://e.org">

::: {.question onclick="alert(1)" style="position:fixed" srcdoc="<script>"}
Card
:::

[span]{onmouseover="alert(1)"} # `code`{onclick="alert(1)"}

## Heading {#h onclick="alert(1)" style="x"}

```{=html}
<script>alert("raw")</script>
```

`<script>alert(1)</script>`{=html}

<details open onclick="alert(1)"><summary>x</summary></details>

$\text{<script>alert(1)</script>}$

![<script>alert(1)</script>](https://example.org/tracker.png "title" onerror=alert(1))

--><!-- body --><script>alert(1)</script>
"""


HARMLESS = """
html head meta title style body header main details summary h1 h2 h3 p div span a code
math semantics mrow mi mo mn mtext annotation
"""


def test_nothing_in_a_document_becomes_a_script_or_fetches():
    page = Page(html(HOSTILE, "<script>alert(1)</script>"))
    assert {tag for tag, _ in page.tags} <= set(HARMLESS.split())
    keys = {key for tag, attributes in page.tags for key in attributes if tag not in {"meta", "math"}}
    assert keys <= {"id", "class", "lang", "href", "mathvariant", "encoding", "aria-label"}
    assert page.all("img") == []


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "&#106;avascript:alert(1)",
        "<java&#10;script:alert(1)>",
        "<&#1;javascript:alert(1)>",
        "vbscript:x",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
    ],
)
def test_links_of_other_schemes_lose_their_target(target):
    page = Page(html(f"[words]({target})", "t"))
    assert page.all("a") == []
    assert "words" in page.text


@pytest.mark.parametrize("target", ["https://example.org/a?b=c#d", "mailto:a@example.org", "other.html"])
def test_ordinary_links_stay(target):
    assert [a["href"] for a in Page(html(f"[words]({target})", "t")).all("a")] == [target]


def test_pictures_that_are_not_in_the_document_are_left_out_and_said_to_be():
    page = Page(html("![a diagram](/etc/passwd) ![b](https://example.org/x.png)", "t"))
    assert page.all("img") == []
    assert "[picture left out: a diagram]" in page.text


def test_a_script_inside_an_svg_stays_inside_the_picture():
    page = Page(html('<svg width="9"><script>alert(1)</script></svg>\n', "t"))
    assert page.all("script") == page.all("svg") == []
    assert [a["src"][:26] for a in page.all("img")] == ["data:image/svg+xml;base64,"]


def test_raw_typst_and_tex_never_reach_typst():
    document = (
        '`#read("/etc/passwd")`{=typst}\n\n```{=typst}\n#read("/etc/passwd")\n```\n\n#read("/etc/passwd")\n\n'
        '$\\text{#read("/etc/passwd")} \\operatorname{#read("/etc/passwd")}$\n\n\\input{/etc/passwd}\n'
    )
    source = pandoc.convert(document, "typst").decode()
    # As escaped words, and inside the strings of formulas; never as a call.
    outside_strings = re.sub(r'(?<!\\)"(?:[^"\\]|\\.)*"', '""', source)
    assert re.findall(r"(?<!\\)#read", outside_strings) == []
    assert r"\#read(" in outside_strings
    assert "input" not in source


@pytest.mark.parametrize("path", ["/etc/passwd", "../../../../etc/passwd"])
def test_typst_itself_reads_nothing_outside_its_folder(path):
    with pytest.raises(InputError, match="typst could not set the document"):
        press.pdf(f'#read("{path}")')


def test_time_is_bounded(monkeypatch):
    monkeypatch.setattr(pandoc, "SECONDS", 0.5)
    with pytest.raises(InputError, match="still reading the document after"):
        html("[" * 3000, "t")
    monkeypatch.setattr(press, "SECONDS", 1.0)
    with pytest.raises(InputError, match="still setting the document after"):
        press.pdf("#for a in range(9999) { for b in range(9999) { let c = a * b } }")


def test_macros_are_not_expanded():
    doubling = "".join(
        f"\\newcommand{{\\x{c}}}{{\\x{d}\\x{d}}}\n" for c, d in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert len(html(doubling + "\n$\\xa$\n", "t")) < len(html("$x$", "t")) + 2000


ODD = st.text(
    st.sampled_from("#*_`~$^\\[](){}<>!|:-=+.\"'/@&%; \n\tx1é漢🎉\u202e\ufeff\u2028\x00\x07")
    | st.characters(codec="utf-8"),
    max_size=60,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=ODD)
def test_any_text_becomes_a_page(text):
    page = Page(html(text, "t"))
    assert page.all("script") == []
    assert not [key for _, attributes in page.tags for key in attributes if key.startswith("on")]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=ODD)
def test_any_text_becomes_a_print(text):
    assert pdf(text, "t").startswith(b"%PDF-")


def test_places_named_twice_and_links_to_nowhere_do_not_stop_the_print():
    text = "# A {#same}\n\n# B {#same}\n\n[there](#same) [nowhere](#nowhere)\n\n::: {#same}\nx\n:::\n"
    assert pdf(text, "t").startswith(b"%PDF-")
    assert len(re.findall(r'id="same"', html(text, "t"))) == 1


@pytest.mark.parametrize("lang", ["en", "pt-BR", "zh-Hans-CN", "EN-gb"])
def test_language_tags_reach_every_format(lang):
    assert Page(html("x", "t", lang)).all("html") == [{"lang": lang}]
    assert pdf("x", "t", lang).startswith(b"%PDF-")
    with ZipFile(BytesIO(docx("x", "t", lang))) as file:
        (told,) = re.findall(r"<w:lang [^>]*>", file.read("word/styles.xml").decode())
        assert f'="{lang}"'.lower() in told.lower()


def test_lone_surrogates_and_control_characters_become_replacement_characters():
    assert "a\ufffdb\ufffdc" in html("a\ud800b\x00c", "t")


# Notebook, DOCX, Markdown ---------------------------------------------------------------------------------


def test_notebook_is_valid_and_split_at_headings_and_cards():
    made = notebook(PAPER, "A *starred* title")
    nbformat.validate(nbformat.reads(made, as_version=4))
    cells = json.loads(made)["cells"]
    firsts = ["".join(cell["source"]).splitlines()[0] for cell in cells]
    assert firsts == [r"# A \*starred\* title", "## Question 1", "### a) The pre-activation", "## Audit"]
    assert {cell["cell_type"] for cell in cells} == {"markdown"}
    assert r"\begin{pmatrix} 0.1 & -4.7" in "".join(cells[2]["source"])


def test_notebook_carries_pictures_as_png_attachments():
    cells = json.loads(notebook(PAPER, "t"))["cells"]
    (attached,) = [cell for cell in cells if "attachments" in cell]
    ((name, content),) = attached["attachments"].items()
    assert f"![A red box](attachment:{name})" in "".join(attached["source"])
    # "\x89PNG\r\n\x1a\n" in base64
    assert content["image/png"].startswith("iVBORw0KGgo")


def test_docx_has_native_equations_and_pictures_of_the_right_size():
    with ZipFile(BytesIO(docx(PAPER, "Neural networks"))) as file:
        document = file.read("word/document.xml").decode()
        properties = file.read("docProps/core.xml").decode()
        pictures = [name for name in file.namelist() if name.startswith("word/media/")]
    assert document.count("<m:oMath>") >= 5
    assert "<m:m>" in document  # a matrix
    assert "Neural networks" in properties
    assert len(pictures) == 1
    # 96 CSS pixels are one inch, 914 400 of Word's units; the density of a PNG is a whole number per metre.
    (width,) = re.findall(r'<wp:extent cx="(\d+)"', document)
    assert int(width) == pytest.approx(914_400, rel=0.01)


def test_markdown_keeps_dollars_and_points_to_picture_files():
    made, pictures = github(PAPER, "Title", folder="paper_files")
    assert made.startswith("# Title\n\n## Question 1\n")
    assert r"$y = W^\top x + b$" in made
    assert [picture.media for picture in pictures] == ["image/svg+xml"]
    assert f'src="paper_files/{pictures[0].name}"' in made
    assert ":::" not in made


# The file -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("a.html", b"<!DOCTYPE html>"),
        ("a.HTML", b"<!DOCTYPE html>"),
        ("a.pdf", b"%PDF-"),
        ("a.ipynb", b"{"),
        ("a.docx", b"PK\x03\x04"),
        ("a b.md", b"# T"),
    ],
)
def test_suffix_names_the_format(tmp_path, name, begins):
    to = tmp_path / name
    assert typeset.typeset(PAPER, title="T", to=to) == to
    assert to.read_bytes().startswith(begins)
    assert [path.name for path in tmp_path.rglob(".*")] == []


def test_markdown_writes_its_pictures_beside(tmp_path):
    typeset.typeset(PAPER, title="T", to=tmp_path / "my paper.md")
    (link,) = re.findall(r'src="([^"]+)"', (tmp_path / "my paper.md").read_text(encoding="utf-8"))
    picture = tmp_path / link.replace("%20", " ")
    assert picture.read_text(encoding="utf-8").startswith("<svg xmlns=")


@pytest.mark.parametrize("name", ["a.tex", "a", "a.html.zip"])
def test_other_suffixes_are_refused_with_those_that_work(tmp_path, name):
    with pytest.raises(InputError, match=r"accepted: \.html, \.pdf, \.ipynb, \.docx, \.md"):
        typeset.typeset("x", title="t", to=tmp_path / name)


def test_places_that_cannot_be_written_to_are_input_errors(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    (tmp_path / "folder.html").mkdir()
    for to in (tmp_path / "missing" / "a.html", tmp_path / "file" / "a.md", tmp_path / "folder.html"):
        with pytest.raises(InputError):
            typeset.typeset(PAPER, title="t", to=to)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    to = tmp_path / "a.html"
    to.write_text("old", encoding="utf-8")

    def full(_self, _target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match="No space left on device"):
        typeset.typeset("new", title="t", to=to)
    assert to.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [to]


@pytest.mark.parametrize(("field", "given"), [("lang", 'en"><script>'), ("lang", ""), ("title", "a\x00b")])
def test_bad_metadata_is_refused(field, given):
    with pytest.raises(InputError, match=f"^{field}: found"):
        html("x", **({"title": "t"} | {field: given}))
