"""The executor: workers that die, hang or lack memory are replaced, what ended is kept, Ctrl-C keeps what is done."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from landopt.reasons.many.sweep import read_sweep, sweep_case
from landopt.runs import kept
from landopt.runs.execute import execute
from landopt.runs.processes import WorkerError
from landopt.runs.work import Run, Task, Where, Work
from parcels.common.catalogue import Told
from tests.builders import case, demand, limit, parcel

TWO = Where(2)


def opener(shared: str) -> Run:
    """Runs that do what they are told: count, die, hang, run out of memory, raise; once, or each time."""
    place = Path(json.loads(shared)["place"])

    def run(given: Mapping[str, Any]) -> dict[str, Any]:
        mark = place / str(given["n"])
        times = len(mark.read_text()) if mark.exists() else 0
        mark.write_text("x" * (times + 1))
        if times < given.get("times", 0):
            match given["do"]:
                case "die":
                    os.kill(os.getpid(), signal.SIGKILL)
                case "hang":
                    time.sleep(3600)
                case "memory":
                    raise MemoryError
                case "raise":
                    raise ValueError("a fault of ours")
        return {"stopped": "optimal", "n": given["n"]}

    return run


def tasks(count: int, **one: Any) -> list[Task]:
    """So many runs, the second as told."""
    return [Task(f"key{n}", {"n": n, **(one if n == 1 else {})}) for n in range(count)]


def work(tmp_path: Path, longest_s: float | None = None) -> Work:
    """Work that leaves marks in a folder of its own."""
    place = tmp_path / "marks"
    place.mkdir(exist_ok=True)
    return Work(opener, json.dumps({"place": str(place)}), longest_s)


@pytest.mark.parametrize(("do", "longest_s"), [("die", None), ("memory", None), ("hang", 5)])
def test_a_worker_that_is_lost_is_replaced_and_its_run_made_again(
    tmp_path: Path, do: str, longest_s: float | None
) -> None:
    """All runs end; the one whose worker was lost was tried twice, every other once."""
    ran = execute(work(tmp_path, longest_s), tasks(5, do=do, times=1), TWO, None)
    assert {key: result["n"] for key, result in ran.results.items()} == {f"key{n}": n for n in range(5)}
    assert [len((tmp_path / "marks" / str(n)).read_text()) for n in range(5)] == [1, 2, 1, 1, 1]


@pytest.mark.parametrize(("do", "why"), [("die", "died"), ("memory", "memory")])
def test_a_run_that_costs_two_workers_is_reported_as_such_and_not_kept(tmp_path: Path, do: str, why: str) -> None:
    """The others end and are kept; the next time only the lost one runs."""
    folder = tmp_path / "out"
    said: list[Told] = []
    ran = execute(work(tmp_path), tasks(4, do=do, times=2), TWO, folder, said.append)
    assert ran.results["key1"] == {"stopped": "lost", "why": why}
    assert sorted(kept.read(folder)) == ["key0", "key2", "key3"]
    assert any("given up" in str(line) for line in said)
    again = execute(work(tmp_path), tasks(4, do=do, times=2), TWO, folder)
    assert again.results["key1"]["stopped"] == "optimal"
    assert [len((tmp_path / "marks" / str(n)).read_text()) for n in range(4)] == [1, 3, 1, 1]


def test_a_fault_in_a_run_is_loud_and_leaves_nobody_behind(tmp_path: Path) -> None:
    """It ends the command with the worker's own traceback; no process stays."""
    with pytest.raises(WorkerError, match="a fault of ours"):
        execute(work(tmp_path), tasks(4, do="raise", times=1), TWO, None)
    assert not multiprocessing.active_children()


def test_each_run_that_ends_tells_what_it_reached() -> None:
    """The first line with a result comes with the first run, not with the table."""
    said = list[Told]()
    one = [Task("key", {})]
    execute(
        Work(lambda _: lambda _: {"stopped": "gap", "objective": [12_500]}, "", None), one, Where(1), None, said.append
    )
    assert said[-1].text("en") == "1 of 1: gap, score 12.5"
    assert said[-1].text("zh").endswith("得分 12.5")


def test_ctrl_c_keeps_what_is_done_and_says_so(tmp_path: Path) -> None:
    """The runs that ended are returned and kept; the rest is made the next time."""
    folder, said = tmp_path / "out", list[Told]()

    def say(line: Told) -> None:
        said.append(line)
        if line.key == "progress.run":
            raise KeyboardInterrupt

    ran = execute(work(tmp_path), tasks(4), TWO, folder, say)
    assert (ran.interrupted, len(ran.results), said[-1].key) == (True, 1, "progress.interrupted-runs")
    assert not multiprocessing.active_children()
    assert len(execute(work(tmp_path), tasks(4), TWO, folder).results) == 4


@pytest.mark.slow
def test_a_sweep_ends_right_though_its_workers_are_killed_from_outside(tmp_path: Path) -> None:
    """Every worker there is killed after the first runs: the table is the one of an undisturbed sweep."""
    path = tmp_path / "sweep.toml"
    path.write_text('[[vary]]\nset = "p.quota:amount"\nfrom = 5000\nto = 20000\nstep = 1500\n', encoding="utf-8")
    sweep = read_sweep(path)
    round_ = case(
        [parcel(), parcel(use="RES")], [demand(), demand(uses=("IND", "RES"))], [limit("p.quota", "", "<=", 9)]
    )
    quiet = sweep_case(round_, sweep, tmp_path / "quiet")
    killed: list[int] = []

    def kill(line: Told) -> None:
        if line.key == "progress.run" and not killed:
            for child in multiprocessing.active_children():
                assert child.pid is not None
                os.kill(child.pid, signal.SIGKILL)
                killed.append(child.pid)

    assert sweep_case(round_, sweep, tmp_path / "killed", where=TWO, say=kill) == quiet
    assert len(killed) == 2


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_and_survives_its_workers(tmp_path: Path) -> None:
    """A real cluster of processes: the sweep's table is that of this process; a run that kills its workers is told."""
    distributed = pytest.importorskip("distributed", reason="the extra cluster is not installed")
    import dask

    path = tmp_path / "sweep.toml"
    path.write_text('[[vary]]\nset = "p.quota:amount"\nvalues = [0, 9000, 20000]\n', encoding="utf-8")
    (tmp_path / "law.toml").write_text("", encoding="utf-8")
    round_ = case(
        [parcel(), parcel(use="RES")], [demand(), demand(uses=("IND", "RES"))], [limit("p.quota", "", "<=", 9)]
    )
    quiet = sweep_case(round_, read_sweep(path), tmp_path / "quiet")
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
        ) as cluster,
    ):
        there = Where(scheduler=cluster.scheduler_address)
        assert sweep_case(round_, read_sweep(path), tmp_path / "there", where=there) == quiet
        ran = execute(work(tmp_path), tasks(5, do="die", times=1), there, None)
        assert {result["stopped"] for result in ran.results.values()} == {"optimal"}
        ran = execute(work(tmp_path), [Task("always", {"n": 99, "do": "die", "times": 99})], there, tmp_path / "out")
        assert ran.results == {"always": {"stopped": "lost", "why": "died"}}
        ran = execute(work(tmp_path, 4), [Task("hangs", {"n": 98, "do": "hang", "times": 1})], there, None)
        assert ran.results["hangs"]["stopped"] == "optimal"
