"""Speed against peers, each in one run: `python benchmarks/run.py [NAME ...] [--write]`.

`--write` puts the table into benchmarks/RESULTS.md. Figures are medians of interleaved rounds; the spread
is the middle half of the ratios.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from marking import marking, marking_grows, marking_on_two
from timing import Outcome, interleaved, machine

HERE = Path(__file__).resolve().parent
PAPERS = HERE.parent / "papers"
RESULTS = HERE / "RESULTS.md"


def command(*arguments: str) -> Callable[[], object]:
    """A whole process, output thrown away; modules are compiled once, as pip does when it installs."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return lambda: subprocess.run(arguments, check=True, env=environment, **quiet)


def cold_start() -> Outcome:
    """`workings solve conv_size` from the shell against importing NumPy and typer."""
    workings = shutil.which(
        "workings", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    )
    given = ("input=55", "kernel=?", "stride=1", "padding=0", "output=49")
    ours = command(str(workings), "solve", "conv_size", *given)
    peer = command(sys.executable, "-c", "import numpy, typer")
    return Outcome(
        "cold `workings solve conv_size`, over `import numpy, typer`", *interleaved(ours, peer, 25), 2.0
    )


def build_papers() -> Outcome:
    """Five papers to HTML against pandoc alone on the five solved Markdown files."""
    from workings.papers.build import build, markdown
    from workings.papers.document import read
    from workings.papers.pandoc import executable

    sources = sorted(PAPERS.glob("*.md"))
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        solved = []
        for source in sources:
            solved.append(room / f"{source.stem}.solved.md")
            solved[-1].write_text(markdown(read(source)), encoding="utf-8")

        def ours() -> None:
            for source in sources:
                build(read(source), room / f"{source.stem}.html")

        def peer() -> None:
            for source in solved:
                arguments = [
                    executable(),
                    str(source),
                    "-f",
                    "markdown",
                    "-t",
                    "html5",
                    "--mathml",
                    "--standalone",
                ]
                arguments += ["--metadata", "title=x", "-o", str(room / "peer.html")]
                subprocess.run(arguments, check=True, stderr=subprocess.DEVNULL)

        times = interleaved(ours, peer, 7)
    return Outcome(
        "five papers to HTML, over pandoc on the solved Markdown", *times, 3.0, note="one warm process"
    )


SIZES = (784, 300, 100, 10)


def _network() -> tuple[Any, dict[str, Any]]:
    from workings.questions.sgd_step import Given, work

    rng = np.random.default_rng(0)
    weights = [rng.normal(0, 0.05, shape) for shape in pairwise(SIZES)]
    given = Given.read(
        {
            "x": rng.normal(0, 1, SIZES[0]),
            "target": [int(i == 3) for i in range(SIZES[-1])],
            "weights": weights,
            "biases": [np.zeros(n) for n in SIZES[1:]],
            "activations": ["tanh", "tanh", "softmax"],
            "loss": "cross_entropy",
            "learning_rate": "0.1",
        }
    )
    return given, {"work": work(given), "weights": weights}


def sgd_step() -> Outcome:
    """One step of gradient descent in float64 against the same formulas by hand in NumPy."""
    from workings.algebra.systems import Float64

    given, found = _network()
    working, system = found["work"], Float64()
    x, d = np.asarray(given.x), np.asarray([float(v) for v in given.target])
    weights, biases = found["weights"], [np.zeros(n) for n in SIZES[1:]]

    def by_hand() -> float:
        w1, w2, w3 = weights
        b1, b2, b3 = biases
        h1 = np.tanh(w1.T @ x + b1)
        h2 = np.tanh(w2.T @ h1 + b2)
        u3 = w3.T @ h2 + b3
        e = np.exp(u3 - u3.max())
        y = e / e.sum()
        float(-(d * np.log(y)).sum())
        g3 = y - d
        g2 = (w3 @ g3) * (1 - h2**2)
        g1 = (w2 @ g2) * (1 - h1**2)
        grads = [np.outer(x, g1), g1, np.outer(h1, g2), g2, np.outer(h2, g3), g3]
        w1, b1, w2, b2, w3, b3 = (p - 0.1 * g for p, g in zip((w1, b1, w2, b2, w3, b3), grads, strict=True))
        u3 = w3.T @ np.tanh(w2.T @ np.tanh(w1.T @ x + b1) + b2) + b3
        e = np.exp(u3 - u3.max())
        return float(-(d * np.log(e / e.sum())).sum())

    values = working.lifted(system)
    ours = working.evaluate(system, values)["J_after"]
    assert abs(ours - by_hand()) < 1e-12, "the two do not compute the same"
    times = interleaved(lambda: working.evaluate(system, values), by_hand, 200, 20)
    return Outcome("float64 `sgd_step` 784–300–100–10, over NumPy by hand", *times, 1.5)


def _certified(sizes: tuple[int, ...], context: str, rounds: int, name: str) -> Outcome:
    """15 certified digits of every step of a network, forward and backward, against mpmath's."""
    import mpmath

    from workings.algebra.rounding import Places
    from workings.questions.sgd_step import Given, work

    rng = np.random.default_rng(0)

    def decimal() -> str:
        return f"{rng.integers(-100, 101) / 100:.2f}"

    weights: list[Any] = [[[decimal() for _ in range(m)] for _ in range(n)] for n, m in pairwise(sizes[:-1])]
    weights.append([decimal() for _ in range(sizes[-2])])
    x = [decimal() for _ in range(sizes[0])]
    raw = {
        "x": x,
        "target": 0,
        "weights": weights,
        "biases": "0.5",
        "activations": ["tanh", "tanh", "sigmoid"],
    }
    working = work(Given.read({**raw, "loss": "binary_cross_entropy"}))
    places = Places(significant=15)
    mp = {"mp": mpmath.mp, "iv": mpmath.iv}[context]
    mp.dps = 20

    def tanh(u: Any) -> Any:
        return mp.tanh(u) if context == "mp" else 1 - 2 / (mp.exp(2 * u) + 1)

    w1, w2 = ([[mp.mpf(v) for v in row] for row in w] for w in weights[:2])
    w3, inputs, b = [mp.mpf(v) for v in weights[2]], [mp.mpf(v) for v in x], mp.mpf("0.5")
    n, m, k = sizes[:3]

    def peer() -> Any:
        u1 = [sum((w1[i][j] * inputs[i] for i in range(n)), b) for j in range(m)]
        h1 = [tanh(u) for u in u1]
        u2 = [sum((w2[i][j] * h1[i] for i in range(m)), b) for j in range(k)]
        h2 = [tanh(u) for u in u2]
        u3 = sum((w * h for w, h in zip(w3, h2, strict=True)), b)
        y = 1 / (1 + mp.exp(-u3))
        cost = -mp.log(1 - y)
        df2 = [1 - h**2 for h in h2]
        g2 = [w * y * d for w, d in zip(w3, df2, strict=True)]
        df1 = [1 - h**2 for h in h1]
        g1 = [sum((w2[i][j] * g2[j] for j in range(k)), mp.mpf(0)) * df1[i] for i in range(m)]
        return (
            cost,
            [[a * g for g in g1] for a in inputs],
            [[a * g for g in g2] for a in h1],
            [h * y for h in h2],
        )

    ours = working.certified(places)["J"]
    found = peer()[0]
    assert abs(float(ours) - float(getattr(found, "mid", found))) < 1e-12, "the two do not compute the same"
    times = interleaved(lambda: working.certified(places), peer, rounds, 2)
    return Outcome(name, *times, 10.0, at_least=True, note="–".join(map(str, sizes)))


def certified_small() -> Outcome:
    """A network as in an examination, against mpmath's intervals, which prove digits as we do."""
    return _certified((2, 3, 2, 1), "iv", 60, "15 certified digits, examination-sized: mpmath.iv over ours")


def certified() -> Outcome:
    """A larger network, against mpmath's intervals."""
    return _certified((256, 128, 64, 1), "iv", 9, "15 certified digits: mpmath.iv (with bounds) over ours")


def certified_without_bounds() -> Outcome:
    """The same against plain mpmath, which proves nothing."""
    return _certified((256, 128, 64, 1), "mp", 15, "15 certified digits: mpmath.mp (no bounds) over ours")


def chain() -> Outcome:
    """10 000 chained steps with their gradient against 1 000: linear means 10."""
    from workings.algebra.expression import tanh
    from workings.algebra.systems import Float64
    from workings.working import Draft

    def steps(count: int) -> Callable[[], object]:
        def run() -> None:
            draft = Draft()
            a, h = draft.given("a", 1), draft.given("h_0", 1)
            for i in range(count):
                h = draft.step(f"h_{i + 1}", tanh(a * h))
            draft.step("J", h * h)
            draft.backward("J", ["a"])
            draft.done().evaluate(Float64())

        return run

    times = interleaved(steps(10_000), steps(1_000), 5)
    return Outcome("10 000 chained steps with backward, over 1 000", *times, 15.0, note="linear is 10")


BENCHMARKS = {
    run.__name__: run
    for run in (
        cold_start,
        build_papers,
        marking,
        marking_on_two,
        marking_grows,
        sgd_step,
        certified,
        certified_without_bounds,
        certified_small,
        chain,
    )
}
HEADER = """Made with `python benchmarks/run.py --write` on {machine}, {day}. Each row times both sides in one
run, in turns; times are medians, the ratio is the median of the rounds' ratios with its middle half.

| what | ours | peer | ratio | target | | |
|:--|--:|--:|--:|--:|:--|:--|
"""


BEGIN, END = "<!-- what benchmarks/run.py --write replaces -->", "<!-- up to here -->"


def write(rows: list[str]) -> None:
    """Put the table into RESULTS.md; what is written around it stays."""
    before, _, rest = RESULTS.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    table = HEADER.format(machine=machine(), day=datetime.now(UTC).date()) + "\n".join(rows)
    RESULTS.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}", encoding="utf-8")


def main(arguments: list[str]) -> None:
    """Run the benchmarks named, or all."""
    names = [name for name in arguments if not name.startswith("-")] or list(BENCHMARKS)
    rows: list[str] = []
    for name in names:
        outcome = BENCHMARKS[name]()
        rows.append(outcome.row())
        sys.stdout.write(f"{rows[-1]}\n")
        sys.stdout.flush()
    if "--write" in arguments:
        write(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
