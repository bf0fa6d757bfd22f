"""A pull that is killed at any write, or whose disk fails: the old snapshot or the new, whole; no server is asked."""

from __future__ import annotations

import errno
import shutil
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from landopt.central.snapshot import COMING, PAPER, SNAPSHOT, paper_of
from landopt.central.table import Taken
from landopt.intake.roundfile import read_round_file
from landopt.invent.round import write_round
from landopt.keeping.central import pull as pulling
from parcels.common.digests import sha256_of
from parcels.common.issues import Issue
from parcels.formats.opening import open_parcels
from tests.disks import failing, state
from tests.test_every_disk import killed, left, run


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A round whose parcels are in a database, and a file with what its table holds."""
    place = tmp_path_factory.mktemp("central")
    write_round(place / "round", parcels=12, demands=3, seed=5)
    table = shutil.move(place / "round" / "parcels.gpkg", place / "table.gpkg")
    path = place / "round" / "round.toml"
    text = path.read_text(encoding="utf-8")
    assert 'parcels = "parcels.gpkg"' in text
    path.write_text(text.replace("parcels.gpkg", "postgis://clerk/landopt.parcels"), encoding="utf-8")
    return place / "round", Path(table)


@pytest.fixture
def answers(rows: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A server that gives one row less at each pull."""
    asked: list[int] = []

    def take(*_given: object, **_named: object) -> Taken:
        raw, count = open_parcels(rows[1]), len(asked)
        versions = tuple((f"NS-{at:04d}", str(count)) for at in range(12))
        asked.append(count)
        return Taken(raw, versions, f"2026-04-0{count % 8 + 1}T08:00:00Z", f"server {count}")

    monkeypatch.setattr(pulling, "take", take)
    return asked


def holds(home: Path) -> str:
    """The moment of the snapshot a reader of the round sees: file and paper are of one pull, and nothing is refused."""
    paper = paper_of(home)[1]
    assert paper.sha256 == sha256_of(home / SNAPSHOT)
    issues, inputs = pulled(home)
    assert issues == []
    assert [entry["name"] for entry in inputs] == [PAPER]
    return paper.moment


def pulled(home: Path) -> tuple[list[Issue], list[Mapping[str, Any]]]:
    """What the reader of a round says of its snapshot."""
    from landopt.intake.pulled import pulled as said

    return said(read_round_file(home))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
@pytest.mark.parametrize("how", ["killed", "disk"])
def test_a_pull_that_breaks_off_leaves_the_old_snapshot_or_the_new(
    rows: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: list[int], how: str
) -> None:
    """At every write; the next pull leaves nothing of it behind, and both moments were seen."""
    disk = failing(monkeypatch, tmp_path)
    first = shutil.copytree(rows[0], tmp_path / "first")
    assert run(["pull", str(first)]).exit_code == 0
    was = holds(first)
    healthy = shutil.copytree(first, tmp_path / "healthy")
    disk.start(0)
    assert run(["pull", str(healthy)]).exit_code == 0
    seen, count = set(), disk.calls
    assert count > 4
    for at in range(1, count + 1):
        answers[:] = [0]
        sick = shutil.copytree(first, tmp_path / f"sick{at}")
        if how == "killed":
            assert killed(disk, at, ["pull", str(sick)]) in (-signal.SIGKILL, 0)
        else:
            disk.start(at, errno.EIO if at % 2 else errno.ENOSPC)
            done = run(["pull", str(sick)])
            assert done.exit_code == (6 if disk.calls >= at else 0), done.output
        disk.start(0)
        seen.add(holds(sick))
        answers[:] = [0]
        assert run(["pull", str(sick)]).exit_code == 0
        assert holds(sick) != was
        assert (left(sick), (sick / COMING).exists()) == ([], False)
        assert set(state(sick)) <= {*state(healthy), "parcels.pulled.kept-2.gpkg"}
        shutil.rmtree(sick)
    assert len(seen) == 2
