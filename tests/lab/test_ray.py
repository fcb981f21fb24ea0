"""A cluster of two nodes, started here, gives the bytes that one process gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from workings.lab.plan import plan
from workings.lab.results import KEPT, TIMING
from workings.lab.run import run

cluster_utils = pytest.importorskip("ray.cluster_utils", reason="needs workings[cluster]")
import ray  # noqa: E402  only where it is installed

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]  # Ray leaves sockets to the collector


@pytest.fixture
def two_nodes():
    cluster = cluster_utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    cluster.add_node(num_cpus=1)
    ray.init(cluster.address, log_to_driver=False)
    assert sum(node["Alive"] for node in ray.nodes()) == 2
    yield
    ray.shutdown()
    cluster.shutdown()


def contents(home: Path) -> dict[str, bytes]:
    return {
        f"{cell.name}/{name}": (cell / name).read_bytes()
        for cell in (home / "sequence_lengths" / "cells").iterdir()
        for name in KEPT
        if name != TIMING and (cell / name).exists()
    }


def test_two_nodes_give_the_same_bytes(two_nodes, tmp_path):
    wanted = plan("sequence_lengths", {"epochs": 2}, quick=True, seeds=2)
    run(wanted, to=tmp_path / "inline")
    assert not run(wanted, to=tmp_path / "ray", on="ray").failed
    found = contents(tmp_path / "ray")
    assert sum(name.endswith("result.json") for name in found) == len(wanted.cells)
    assert found == contents(tmp_path / "inline")
