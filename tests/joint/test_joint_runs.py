"""Joint rounds through the executor: the same wherever they run, workers replaced, what ended kept by content."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from landopt.invent.round import write_round
from landopt.job import Job
from landopt.joint import store
from landopt.joint.choose import Effort
from landopt.joint.city import capped, city
from landopt.joint.file import read_joint
from landopt.joint.run import Done, joint
from landopt.joint.work import allotted, overlay
from landopt.pipeline import read, scenario, screen
from landopt.runs import kept
from landopt.runs.work import Where
from tests.joint.conftest import TOML

pytestmark = pytest.mark.slow
NODES = Effort(Fraction(2, 100), None, 200)


def province(home: Path, toml: str = TOML) -> Path:
    """Two small cities under one joint file."""
    for seed in (1, 2):
        write_round(home / f"city-{seed}", parcels=24, demands=8, seed=seed)
    (home / "joint.toml").write_text(toml, "utf-8")
    return home / "joint.toml"


def done(path: Path, where: Where, output: str) -> Done:
    """Decide in reproducible mode."""
    return joint(path, path.parent / output, NODES, lambda line: None, where)


def written(folder: Path) -> dict[str, bytes]:
    """Every file of a folder but the maps, by its path."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.suffix != ".gpkg"
    }


def log(folder: Path) -> dict[str, Any]:
    """The finished runs by key."""
    return kept.read(folder)


def killer() -> threading.Thread:
    """Kills the first worker that it sees, once."""

    def kill() -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            for worker in multiprocessing.active_children():
                assert worker.pid is not None
                os.kill(worker.pid, signal.SIGKILL)
                return
            time.sleep(0.05)

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    return thread


def test_the_same_in_one_process_in_two_of_which_one_is_killed_and_on_a_cluster(tmp_path: Path) -> None:
    """Bit for bit in reproducible mode: what is written does not depend on where cities are decided."""
    dask = pytest.importorskip("dask")
    distributed = pytest.importorskip("distributed")
    path = province(tmp_path)
    here = written(done(path, Where(1), "here").folder)
    assert len([name for name in here if name.endswith("joint-proof.json")]) == 2
    thread = killer()
    two = written(done(path, Where(2), "two").folder)
    thread.join()
    assert two == here
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
        ) as cluster,
    ):
        there = written(done(path, Where(scheduler=cluster.scheduler_address), "there").folder)
    assert there == here


def test_another_amount_opens_no_round_again_and_a_changed_round_alone_is(tmp_path: Path) -> None:
    """Runs are named by content: prices and plans are made anew for an amount, a round for a file of its own."""
    path = province(tmp_path)
    first = done(path, Where(1), "joint")
    runs = tmp_path / "joint.runs"
    before = log(runs)
    opened = {key for key, result in before.items() if "alone" in result}
    assert len(opened) == 2
    path.write_text(TOML.replace("amount = 7", "amount = 5"), "utf-8")
    second = done(path, Where(1), "joint")
    assert second.said["limits"] != first.said["limits"]
    assert {key for key, result in log(runs).items() if "alone" in result} == opened
    with (tmp_path / "city-1" / "policy.toml").open("a", encoding="utf-8") as policy:
        policy.write("\n# another text\n")
    done(path, Where(1), "joint")
    now = {key for key, result in log(runs).items() if "alone" in result}
    assert len(now) == 3
    assert len(now & opened) == 2


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Ctrl-C after the cities were opened: the next run makes the rest, and what comes out is the same."""
    path = province(tmp_path)
    whole = written(done(path, Where(1), "whole").folder)

    def stop(line: Any) -> None:
        if "common limits" in line.text("en"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        joint(path, tmp_path / "cut", NODES, stop, Where(1))
    assert not (tmp_path / "cut").exists()
    assert len(log(tmp_path / "cut.runs")) == 2
    assert written(done(path, Where(1), "cut").folder) == whole
    assert len(log(tmp_path / "cut.runs")) == 6


def test_what_was_screened_once_is_the_screening_under_the_allotment(tmp_path: Path) -> None:
    """The offers as kept, with the allotted amounts put in, are those of a full screening under the allotment."""
    path = province(tmp_path)
    limits = read_joint(path).limits
    far, near = tmp_path / "far.toml", tmp_path / "near.toml"
    far.write_text(overlay(limits, allotted(limits, None)), "utf-8")
    amounts = allotted(limits, [-7, 3])
    near.write_text(overlay(limits, amounts), "utf-8")
    found = []
    for overlaid in (far, near):
        job = Job(tmp_path / "city-1" / "round.toml", overlays=(overlaid,), booked=False)
        case = scenario(read(job), job).case
        found.append(city("c", path, case, screen(case), tuple(limit.rule.id for limit in limits)))
    store.keep(tmp_path / "kept", found[0])
    due = [amount * limit.times for amount, limit in zip(amounts, limits, strict=True)]
    again = capped(store.kept(tmp_path / "kept"), np.array(due, np.int64))
    assert again.rows == found[1].offers.rows
    for name in ("site_start", "site_parcels", "site", "demand", "method", "score", "row_start", "row_index"):
        assert np.array_equal(getattr(again, name), getattr(found[1].offers, name)), name
    assert np.array_equal(again.row_coef, found[1].offers.row_coef)
    assert json.dumps(again.scope) == json.dumps(found[1].offers.scope)
