"""`workings run` and `workings runs`, from the words on the command line to what stands on disk."""

from __future__ import annotations

import json
import sys

import pytest

from workings.cli import main

RUN = ("run", "sequence_lengths", "--quick", "epochs=1", "--seeds", "2", "--on", "inline", "--to", "runs")


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["workings", *words])
        status = 0
        try:
            main()
        except SystemExit as left:
            status = int(left.code or 0)
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return run


def test_a_run_from_start_to_end(call, tmp_path):
    status, out, err = call(*RUN)
    assert status == 0, err
    assert "workings: 8/8 padded, seed 1: done" in err
    assert "Vanilla RNN" in out
    assert "A reduced run" in out
    folder = next((tmp_path / "runs" / "sequence_lengths").glob("*/run.json")).parent
    assert {path.name for path in folder.iterdir()} == {
        "run.json",
        "report.md",
        "report.html",
        "results.json",
        "figures",
    }

    status, out, err = call(*RUN, "--format", "json")
    assert status == 0
    assert "8/8 padded, seed 1: kept" in err
    found = json.loads(out)
    assert found["study"] == "sequence_lengths"
    assert found["folder"].endswith(folder.name)
    rnn = found["arms"]["rnn"]["mse"]
    assert set(rnn) == {"mean", "low", "high", "per_seed"}
    assert rnn["mean"] == pytest.approx(sum(rnn["per_seed"].values()) / 2)

    status, out, _ = call("runs", "list")
    assert status == 0
    assert folder.name in out
    assert "8/8" in out
    status, out, _ = call("runs", "show", folder.name[:4])
    assert status == 0
    assert "workings run sequence_lengths epochs=1 --seeds 2 --quick" in out
    status, out, _ = call("runs", "show", "sequence_lengths", "-o", "report.md")
    assert (status, out) == (0, "report.md\n")
    assert "Vanilla RNN" in (tmp_path / "report.md").read_text(encoding="utf-8")
    status, out, _ = call("runs", "compare", folder.name, folder.name)
    assert status == 0
    assert "2 shared seeds, no verdict" in " ".join(out.split())
    status, out, _ = call("runs", "delete", "--yes", folder.name)
    assert (status, out) == (0, f"deleted {folder.name}, and 8 cells that no other run has\n")
    assert call("runs", "list")[1] == "no runs in runs\n"


def test_a_paper_is_trained_and_built(call, tmp_path):
    block = (
        "```{.study #p1}\nstudy: sequence_lengths\nset: {epochs: 1}\nseeds: 2\nshow: [table, curves]\n```\n"
    )
    (tmp_path / "paper.md").write_text(f"# Try it out\n\n{block}", encoding="utf-8")
    assert call("build", "paper.md")[0] == 0
    assert "No result on disk" in (tmp_path / "paper.html").read_text(encoding="utf-8")
    status, _, err = call("build", "paper.md", "--run", "quick", "--on", "inline")
    assert status == 0, err
    page = (tmp_path / "paper.html").read_text(encoding="utf-8")
    assert "No result on disk" not in page
    assert "Vanilla RNN" in page
    assert "data:image/svg+xml;base64," in page


def test_help_lists_the_settings_of_a_study(call):
    status, out, _ = call("run", "sequence_lengths", "--help")
    assert status == 0
    assert "learning_rate=" in out
    assert "step size at its highest" in out
    assert "rnn " in out
    assert "--quick: " in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run", "sequence_lenghts"), "unknown study 'sequence_lenghts'; accepted:"),
        (("run", "sequence_lengths", "epochs"), "found 'epochs'; accepted: settings such as epochs=3"),
        (("run", "sequence_lengths", "epochs=1", "epochs=2"), "found epochs twice"),
        (("run", "sequence_lengths", "--seeds", "five"), "--seeds: found 'five'; accepted: how many (5)"),
        (("run", "sequence_lengths", "--on", "mars"), "found 'mars'; accepted: inline, processes"),
        (("run", "sequence_lengths", "--log", "wandb"), "unknown logger 'wandb'"),
        (("run", "sequence_lengths", "-o", "x.txt"), "unknown format '.txt'"),
        (("run", "sequence_lengths", "--data", "nowhere"), "nowhere"),
        (("runs", "show", "x"), "no runs in runs"),
    ],
)
def test_what_is_refused(call, words, message):
    status, out, err = call(*words)
    assert (status, out) == (1, "")
    assert err.startswith("workings: ")
    assert message in err.splitlines()[-1]


def test_a_run_without_a_result_is_an_error(call):
    words = ("learning_rate=1000", "optimizer=sgd", "clip_norm=none", "--arm", "rnn")
    status, out, err = call(*RUN, *words)
    assert (status, out) == (1, "")
    assert "rnn, seed 0: the loss is no number any more" in err
    assert err.endswith("workings: no cell has a result; accepted: see the messages above\n")


def test_which_study(call):
    status, _, err = call("run")
    assert status == 2
    assert "workings list studies" in err
