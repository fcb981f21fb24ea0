"""Study blocks: the runs that answer them, which of several, and what is said where there is none."""

from __future__ import annotations

import pytest

from workings.errors import InputError
from workings.lab.plan import plan
from workings.lab.run import run
from workings.papers.build import blank, markdown
from workings.papers.document import parse
from workings.papers.studies import answer, command, planned, results

PAPER = """---
title: A paper
---
Try it out.

```{.study #p1 marks=10}
study: sequence_lengths
set: {epochs: 1, rnn.learning_rate: 0.002}
seeds: 2
show: [table]
```
"""


@pytest.fixture
def block():
    return parse(PAPER).blocks[0]


def changed(old: str, new: str):
    assert old in PAPER
    return parse(PAPER.replace(old, new), "paper.md").blocks[0]


def test_without_a_run_the_command_is_told(block, tmp_path):
    said = "workings run sequence_lengths epochs=1 rnn.learning_rate=0.002 --seeds 2"
    assert command(block) == said
    assert answer(block, tmp_path) == f"No result on disk. This command makes it: `{said}`"
    assert said in markdown(parse(PAPER), runs=tmp_path)


def test_the_command_that_is_told_makes_the_run_that_is_looked_for(block):
    given = dict(word.split("=") for word in command(block).split() if "=" in word)
    assert plan("sequence_lengths", given, seeds=2).key == planned(block, quick=False).key


def test_a_full_run_is_preferred_to_a_reduced_one(block, tmp_path):
    reduced = run(planned(block, quick=True), to=tmp_path)
    assert results(block, tmp_path).folder == reduced.folder
    text = markdown(parse(PAPER), runs=tmp_path)
    assert "No result on disk" not in text
    assert "Vanilla RNN" in text
    assert "Vanilla RNN" not in blank(parse(PAPER))
    # The full run differs in its settings alone; one cell of it is enough here.
    whole = planned(changed("epochs: 1", "epochs: 1, examples: 200"), quick=False)
    found = run(whole, to=tmp_path)
    assert not found.quick
    assert results(block, tmp_path).folder == reduced.folder  # of other settings
    assert results(changed("epochs: 1", "epochs: 1, examples: 200"), tmp_path).folder == found.folder


def test_another_setting_is_another_run(block, tmp_path):
    run(planned(block, quick=True), to=tmp_path)
    assert results(changed("epochs: 1", "epochs: 2"), tmp_path) is None
    assert results(changed("0.002", "0.003"), tmp_path) is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("epochs: 1", "epoch: 1", r"paper.md:8: p1.set: unknown field 'epoch'; .*Did you mean epochs"),
        ("epochs: 1", "epochs: none", r"paper.md:8: p1.set.epochs: found None"),
        ("rnn.learning", "run.learning", r"paper.md:8: p1.set: unknown arm 'run'"),
        ("seeds: 2", "seeds: 2\ndata: nowhere", r"paper.md:10: p1.data: .*nowhere"),
        ("seeds: 2", "seeds: many", r"paper.md:9: p1.seeds: found 'many'; accepted: an integer from 1"),
    ],
)
def test_what_is_refused_is_told_with_its_line(old, new, message, tmp_path):
    with pytest.raises(InputError, match=message):
        planned(changed(old, new), quick=True)


def test_a_part_that_the_study_does_not_have(block, tmp_path):
    run(planned(block, quick=True), to=tmp_path)
    with pytest.raises(InputError, match=r"paper.md:10: p1.show: unknown part 'tabel'.*Did you mean table"):
        answer(changed("show: [table]", "show: [tabel]"), tmp_path)


def test_a_block_that_names_no_data_takes_a_run_on_any(block, tmp_path):
    rows = [f"{case},{step},{step * case % 5},{case / 3:.3f}\n" for case in range(40) for step in range(6)]
    (tmp_path / "own.csv").write_text("case,a,b,y\n" + "".join(rows))
    own = parse(PAPER.replace("seeds: 2", "seeds: 2\ndata: own.csv"), str(tmp_path / "paper.md")).blocks[0]
    found = run(planned(own, quick=True), to=tmp_path / "runs")
    assert results(own, tmp_path / "runs").folder == found.folder
    assert results(block, tmp_path / "runs").folder == found.folder
    other = parse(PAPER.replace("seeds: 2", "seeds: 2\ndata: other.csv")).blocks[0]
    assert results(other, tmp_path / "runs") is None
