"""The report is made of what is on disk alone, the same each time, and can be set as a page."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from lab.made_results import ARMS, MEASURES, a_plot, results, study, typical
from markdown_it import MarkdownIt
from scipy import stats

from workings.errors import InputError
from workings.lab import report
from workings.lab.findings import findings
from workings.lab.study import Measure, Plot
from workings.papers.pictures import take_out


def tables(text):
    """Every pipe table as rows of cells, as a Markdown reader sees them."""
    found = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type == "inline" and found and token.level >= 4:
            found[-1][-1].append(token.content.replace("\N{NO-BREAK SPACE}", " "))
    return found


def section(text, name):
    """What stands under a heading."""
    return re.split(rf"(?m)^##? {name}$", text)[1].split("\n## ")[0].split("\n# ")[0].strip()


def untimed(text):
    """The report without what was measured in seconds."""
    return text.replace(section(text, "Seconds"), "")


# --- content ------------------------------------------------------------------------------------------------


def test_a_report_holds_everything_a_reader_asks_for(tmp_path):
    found = typical(tmp_path, figures=lambda _results: [a_plot()])
    text = report.markdown(replace(found, study=replace(found.study, notes="Drawn *by hand*.")))
    headings = re.findall(r"(?m)^#+ .*", text)
    assert headings == [
        "# A study made up",
        *("## " + name for name in ("Results", "Findings", "Figures", "Seconds", "Data and settings")),
        *("## " + name for name in ("Every seed", "Make it again", "Notes")),
    ]
    assert "**Question.** Does the fast recipe help?" in text
    assert "100 examples; made up (embedded)" in text
    assert "**Held out:** Tested on 40 examples" in text
    assert "**Seeds:** 0 to 5" in text
    assert section(text, "Findings") == findings(found)
    assert section(text, "Make it again") == "```sh\nworkings run made_up epochs=3 --seeds 6\n```"
    assert section(text, "Notes") == "Drawn *by hand*."


def test_the_main_table_by_scipy(tmp_path):
    found = typical(tmp_path)
    head, plain, fast, same = tables(report.markdown(found))[0]
    assert head == [
        "arm",
        "test accuracy (%)",
        "seeds",
        "against plain SGD (points)",
        "p",
        "P(better)",
        "asked",
    ]
    values = {
        arm.name: [100 * value for value in found.values(arm.name, "accuracy").values()] for arm in found.arms
    }
    one = stats.ttest_1samp(values["fast"], 0).confidence_interval(0.95)
    assert fast[1] == f"{sum(values['fast']) / 6:.2f} ± {(one.high - one.low) / 2:.2f}"
    test = stats.ttest_rel(values["fast"], values["plain"])
    pair = test.confidence_interval(0.95)
    assert fast[3] == f"+{(pair.high + pair.low) / 2:.2f} ± {(pair.high - pair.low) / 2:.2f}"
    assert test.pvalue < 0.0005
    assert fast[4:] == ["< 0.001", "1.00", "≥ 99.90"]
    assert plain[3:] == ["", "", "", "≥ 90.00"]
    assert same[-1] == ""
    ahead = sum(a > b for a, b in zip(values["same"], values["plain"], strict=True))
    assert same[5] == f"{ahead / 6:.2f}"


def test_where_lower_is_better_the_lower_is_ahead(tmp_path):
    measures = {"loss": Measure("loss", better="lower", bars={"fast": 0.5})}
    values = {
        "plain": {seed: {"loss": 1.0} for seed in range(5)},
        "fast": {seed: {"loss": one} for seed, one in enumerate([0.5, 0.6, 0.7, 1.0, 1.2])},
    }
    found = results(tmp_path, values, of=study(measures=measures, metric="loss"))
    _, _, fast = tables(report.markdown(found))[0]
    # Lower on three of five seeds, a tie on one
    assert fast[-2:] == ["0.70", "≤ 0.5000"]


def test_few_seeds_have_no_p(tmp_path):
    _, _, fast, _ = tables(report.markdown(typical(tmp_path, seeds=3)))[0]
    assert fast[4] == "–"
    _, _, fast, _ = tables(report.markdown(typical(tmp_path / "b", seeds=1)))[0]
    assert "±" not in fast[1] + fast[3]


def test_the_fewer_of_arms_and_measures_stand_across(tmp_path):
    measures = {**MEASURES, **{f"m{i}": Measure(f"measure {i}") for i in range(4)}}
    values = {
        arm: {
            seed: {"accuracy": 0.9, "loss": 1.0, **{f"m{i}": i + seed for i in range(4)}} for seed in (0, 1)
        }
        for arm in ("plain", "fast")
    }
    found = results(tmp_path, values, of=study(measures=measures, arms=ARMS[:2]))
    table = tables(report.markdown(found))[1]
    assert table[0] == ["measure", "plain SGD", "fast recipe"]
    assert [row[0] for row in table[1:]] == ["test loss", *(f"measure {i}" for i in range(4))]
    # i and i + 1: mean i + 0.5, half width 12.706 · 0.7071 / √2 = 6.353
    assert table[2][1] == "0.5000 ± 6.3531"
    few = tables(report.markdown(typical(tmp_path / "b")))[1]
    assert few[0] == ["arm", "test loss"]


def test_values_that_some_cells_lack_are_counted(tmp_path):
    values = {"plain": {seed: {"accuracy": 0.9} | ({"loss": 1.0} if seed else {}) for seed in range(3)}}
    found = results(tmp_path, values, of=study(arms=ARMS[:1]))
    text = report.markdown(found)
    assert tables(text)[1][1] == ["plain SGD", "1.000 ± 0.000 (2 of 3)"]
    assert tables(section(text, "Every seed"))[0][1] == ["plain SGD", "0", "90.00", "–"]


def test_arms_and_settings_are_told(tmp_path):
    arms, settings, *_ = tables(section(report.markdown(typical(tmp_path)), "Data and settings"))
    assert arms[1:] == [
        ["plain SGD", "`plain` (baseline)", "nothing"],
        ["fast recipe", "`fast`", "`optimizer = adam`, `learning_rate = 0.001`"],
        ["twin of plain", "`same`", "`momentum = 0.5`"],
    ]
    assert ["`batch_size`", "`64`", "training examples a step"] in settings
    assert ["`clip_norm`", "`none`", "largest norm of the whole gradient"] in settings


def test_a_reduced_run_names_what_is_reduced_and_asks_nothing(tmp_path):
    found = typical(tmp_path)
    text = report.markdown(replace(found, quick=True, study=replace(found.study, quick={"epochs": 1})))
    assert "**Reduced:** `epochs = 1`" in text
    assert "asked" not in tables(text)[0][0]


# --- the same each time -------------------------------------------------------------------------------------


def test_the_rest_does_not_hang_on_seconds(tmp_path):
    figures = lambda _results: [a_plot()]  # noqa: E731
    one = typical(tmp_path / "a", figures=figures)
    other = typical(tmp_path / "b", figures=figures)
    cells = tuple(
        replace(
            cell,
            metrics={**cell.metrics, "seconds": 3 * cell.metrics["seconds"] + cell.seed},
            rows=tuple({**row, "seconds": 2 * row["seconds"]} for row in cell.rows),
        )
        for cell in other.cells
    )
    slower = replace(other, cells=cells)
    for pictures in ("files", "inline"):
        assert report.markdown(one, pictures) == report.markdown(other, pictures)
        assert untimed(report.markdown(one, pictures)) == untimed(report.markdown(slower, pictures))
    assert section(report.markdown(one), "Seconds") != section(report.markdown(slower), "Seconds")


def test_what_is_written(tmp_path):
    found = typical(tmp_path, figures=lambda _results: [a_plot(), a_plot("more")])
    written = report.write(found, tmp_path / "there")
    assert written == tmp_path / "there" / "report.md"
    assert written.read_text(encoding="utf-8") == report.markdown(found)
    there = sorted(path.relative_to(written.parent).as_posix() for path in written.parent.rglob("*.*"))
    assert there == ["figures/curves.svg", "figures/more.svg", "report.md", "results.json"]
    assert re.findall(r"\]\((figures/.*?)\)", report.markdown(found)) == there[:2]
    before = {path: path.read_bytes() for path in written.parent.rglob("*.*")}
    report.write(found, tmp_path / "there")
    assert {path: path.read_bytes() for path in written.parent.rglob("*.*")} == before


def test_a_folder_that_cannot_be_written_to(tmp_path):
    (tmp_path / "taken").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="can't make the folder"):
        report.write(typical(tmp_path), tmp_path / "taken")


def test_the_numbers_as_json(tmp_path):
    values = {
        "plain": {0: {"accuracy": 0.9, "loss": 1.0}, 3: {"accuracy": 0.92, "loss": float("inf")}},
        "fast": {0: {"accuracy": 0.95}},
    }
    found = results(tmp_path, values)
    report.write(found, tmp_path / "there")
    told = json.loads((tmp_path / "there" / "results.json").read_text(encoding="utf-8"))
    assert told == report.as_json(found)
    assert list(told) == ["arms", "folder", "study"]
    assert (told["study"], told["folder"]) == ("made_up", str(tmp_path))
    accuracy = told["arms"]["plain"]["accuracy"]
    assert accuracy["per_seed"] == {"0": 0.9, "3": 0.92}
    # 0.91 ± 12.706 · 0.014142 / √2
    assert [accuracy[key] for key in ("mean", "low", "high")] == pytest.approx(
        [0.91, 0.91 - 0.12706, 0.91 + 0.12706], abs=1e-5
    )
    assert told["arms"]["plain"]["loss"] == {
        "mean": 1.0,
        "low": None,
        "high": None,
        "per_seed": {"0": 1.0, "3": None},
    }
    nothing = {"mean": None, "low": None, "high": None, "per_seed": {}}
    assert told["arms"]["fast"]["loss"] == nothing


# --- figures ------------------------------------------------------------------------------------------------


def test_every_caption_says_what_was_held_out(tmp_path):
    found = typical(tmp_path, figures=lambda _results: [a_plot(caption="In [brackets] & more.")])
    text = section(report.markdown(found), "Figures")
    assert text == (
        r"![In \[brackets\] & more. Tested on 40 examples that no arm was trained or chosen on.]"
        "(figures/curves.svg)"
    )


def test_inline_pictures_are_taken_by_the_pages(tmp_path):
    found = typical(tmp_path, figures=lambda _results: [a_plot()])
    text = report.markdown(found, "inline")
    assert not text.startswith("# A study")
    without, (picture,) = take_out(text)
    assert picture.media == "image/svg+xml"
    assert ET.fromstring(picture.data).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314  our own
    assert "on.](workings-picture-1.svg)" in without
    report.write(found, tmp_path / "there")
    assert (tmp_path / "there/figures/curves.svg").read_bytes() == picture.data
    data = re.search(r"base64,([^)]*)", report.block(found, ("curves",)))
    assert b64decode(data[1]) == picture.data


def test_a_figure_that_fails_does_not_cost_the_report(tmp_path):
    def fail(_figure):
        message = "no *rows*\nat all"
        raise KeyError(message)

    found = typical(tmp_path, figures=lambda _results: [Plot("broken", "", fail), a_plot()])
    report.write(found, tmp_path / "there")
    text = (tmp_path / "there/report.md").read_text(encoding="utf-8")
    assert r"*The figure `broken` could not be drawn: KeyError: 'no \*rows\*\\nat all'.*" in text
    assert [path.name for path in (tmp_path / "there/figures").iterdir()] == ["curves.svg"]

    def none_at_all(_results):
        yield a_plot()
        raise ZeroDivisionError

    text = report.markdown(typical(tmp_path / "b", figures=none_at_all))
    assert "could not be drawn: ZeroDivisionError" in text


@pytest.mark.parametrize("names", [("a/b",), ("A",), ("",), ("curves", "curves"), ("table",)])
def test_names_of_figures_are_names_of_files(tmp_path, names):
    found = typical(tmp_path, figures=lambda _results: [a_plot(name) for name in names])
    with pytest.raises(InputError, match="a figure named"):
        report.markdown(found)


def test_nothing_is_drawn_of_nothing(tmp_path):
    def figures(_results):
        raise AssertionError

    values = {"plain": {}, "fast": {}}
    found = results(tmp_path, values, of=study(figures), failed=[("plain", 0, "no memory")], seeds=(0,))
    text = report.markdown(found)
    assert "No cell has a value" in text
    assert "## Figures" not in text
    assert "## Every seed" not in text


# --- blocks of papers, and two runs -------------------------------------------------------------------------


def test_a_block_shows_what_is_asked_for(tmp_path):
    found = typical(tmp_path, figures=lambda _results: [a_plot("loss_curves"), a_plot("accuracy")])
    text = report.block(found, ("findings", "table", "curves"))
    assert text.startswith(findings(found))
    assert len(tables(text)) == 2
    assert text.count("](data:image/svg+xml;base64,") == 1
    assert text.endswith(
        "3 arms, 6 seeds; 100 examples; made up. Tested on 40 examples that no arm was trained or chosen on. "
        "`workings run made_up epochs=3 --seeds 6`"
    )
    assert not re.search("(?m)^#", text)
    assert report.block(found).count("](data:") == 1
    assert report.block(found, ("figures",), "files").count("](figures/") == 2
    for part in ("seconds", "arms", "settings", "seeds"):
        assert len(tables(report.block(found, (part,)))) >= 1


def test_a_command_with_backticks_stays_whole(tmp_path):
    command = "workings run made_up --data '/tmp/`a`\n*b*'"
    text = report.block(replace(typical(tmp_path), command=command), ("table",))
    last = MarkdownIt("commonmark").parseInline(text.splitlines()[-1])[0].children[-1]
    assert (last.type, last.content) == ("code_inline", "workings run made_up --data '/tmp/`a` *b*'")


def test_a_block_refuses_what_is_not_there(tmp_path):
    found = typical(tmp_path, figures=lambda _results: [a_plot("loss_curves")])
    with pytest.raises(InputError) as error:
        report.block(found, ("curvs",))
    assert str(error.value).startswith("unknown part 'curvs'; accepted: arms, figures, findings, loss_curves")


def test_two_runs_side_by_side(tmp_path):
    one = {seed: {"accuracy": 0.90, "loss": 1.0} for seed in range(6)}
    two = {seed: {"accuracy": 0.90 + (seed - 1) / 100, "loss": 1.0} for seed in range(1, 6)}
    of = study(arms=ARMS[:2])
    first = results(tmp_path / "a", {"plain": one, "fast": one}, of=of)
    second = results(tmp_path / "b", {"plain": two}, of=of)
    rows = list(report.comparison(first, second))
    # 0, 1, 2, 3, 4 points: mean 2, half width 2.7764 · 1.5811 / √5 = 1.9632
    assert rows[0] == (
        "plain",
        "test accuracy",
        "90.00 %",
        "92.00 %",
        "+2.00 points (0.04 to 3.96), 5 shared seeds",
    )
    assert rows[1] == ("plain", "test loss", "1.000", "1.000", "0.000 (0.000 to 0.000), 5 shared seeds")
    assert len(rows) == 2
    few = results(tmp_path / "c", {"plain": {0: {"accuracy": 0.95}}}, of=of)
    assert next(report.comparison(first, few))[-1] == "+5.00 points, 1 shared seed, no verdict"
