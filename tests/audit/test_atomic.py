"""All or nothing: whatever fails and whenever a run is killed, the old state or the new is found (FAULTS 74, 75)."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from parcels.common import atomic
from parcels.common.issues import Environment

ROOT = Path(__file__).parents[2]
FILES = 5


def _fill(letter: str) -> Callable[[Path], None]:
    def writer(folder: Path) -> None:
        for number in range(FILES):
            (folder / f"file{number}").write_bytes(letter.encode() * 10_000)

    return writer


def _state(folder: Path) -> str:
    """The letter of a whole folder, "-" if there is none, "torn" for a mixture."""
    if not folder.exists():
        return "-"
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    letters = {bytes(set(content)) for content in found.values()}
    whole = len(found) == FILES and all(len(content) == 10_000 for content in found.values()) and len(letters) == 1
    return next(iter(letters)).decode() if whole else "torn"


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """Lets the n-th call that touches the disk fail with the given error."""
    plan = {"at": -1, "errno": errno.ENOSPC, "calls": 0}

    def wrap(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            plan["calls"] += 1
            if plan["calls"] == plan["at"]:
                raise OSError(plan["errno"], os.strerror(plan["errno"]))
            return real(*arguments, **named)

        return call

    for owner, name in ((Path, "write_bytes"), (Path, "open"), (Path, "mkdir"), (Path, "replace"), (os, "fsync")):
        monkeypatch.setattr(owner, name, wrap(getattr(owner, name)))
    yield plan
    plan["at"] = -1


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("exchange", [True, False])
def test_fault_75_full_or_broken_disk_at_every_call_leaves_the_old_folder(
    tmp_path: Path, breaking: dict[str, int], monkeypatch: pytest.MonkeyPatch, code: int, exchange: bool
) -> None:
    """ENOSPC, EIO, read-only at each disk call in turn: the old state (or the new, where the swap was done), exit 6."""
    if not exchange:
        monkeypatch.setattr(atomic, "_exchange", lambda *_: False)
    place = tmp_path / "plan"
    atomic.write_folder(place, _fill("a"))
    breaking["errno"] = code
    failed, codes = 0, set()
    for at in range(1, 40):
        breaking.update(at=at, calls=0)
        try:
            atomic.write_folder(place, _fill("b"))
            ended = "new"
        except Environment as trouble:
            ended, failed = "old", failed + 1
            codes.add((trouble.exit_code, trouble.issues[0].code))
        breaking["at"] = -1
        atomic.recover(place)
        assert _state(place) in (("b",) if ended == "new" else ("a", "b"))
        assert [path.name for path in tmp_path.iterdir()] == ["plan"]
        atomic.write_folder(place, _fill("a"))
    assert failed >= 10
    assert codes == {(6, "E075")}


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_single_file_is_old_or_new(tmp_path: Path, breaking: dict[str, int], code: int) -> None:
    """The same for one file."""
    place = tmp_path / "file"
    atomic.write_file(place, b"old")
    breaking["errno"] = code
    failed = 0
    for at in range(1, 8):
        breaking.update(at=at, calls=0)
        try:
            atomic.write_file(place, b"new")
        except Environment:
            failed += 1
        breaking["at"] = -1
        assert place.read_bytes() in (b"old", b"new")
        atomic.write_file(place, b"old")
    assert failed >= 2


def test_writer_that_raises_changes_nothing(tmp_path: Path) -> None:
    """A breach found while the folder is being written withholds it."""
    place = tmp_path / "plan"
    atomic.write_folder(place, _fill("a"))

    def bad(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise RuntimeError("breach")

    with pytest.raises(RuntimeError, match="breach"):
        atomic.write_folder(place, bad)
    assert _state(place) == "a"
    assert [path.name for path in tmp_path.iterdir()] == ["plan"]


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from parcels.common import atomic
if {plain!r}:
    atomic._exchange = lambda *_: False
print("ready", flush=True)
for turn in range(100000):
    letter = "ab"[turn % 2]
    def fill(folder):
        for number in range({files}):
            (folder / f"file{{number}}").write_bytes(letter.encode() * 10000)
    atomic.write_folder({place!r}, fill)
"""

KILLED_KEEPING = """
import itertools, os, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from parcels.common import atomic
if {plain!r}:
    atomic._exchange = lambda *_: False
place, shelf = Path({place!r}), Path({place!r}).parent / "plans"
def keep(old):
    return shelf / (old / "number").read_text()
print("ready", flush=True)
for turn in itertools.count(1):
    atomic.clear(place.parent, keep)
    def fill(folder):
        for number in range(3):
            (folder / f"file{{number}}").write_bytes(b"x" * 10000)
        (folder / "number").write_text(str(turn + {base!r}))
    atomic.write_folder(place, fill, keep=keep)
"""


@pytest.mark.slow
@pytest.mark.parametrize("plain", [False, True])
def test_killed_at_thirty_moments_every_folder_that_stood_is_kept(tmp_path: Path, plain: bool) -> None:
    """kill -9 while folders take one another's place: each that ever stood there is there or on the shelf, whole."""
    place, shelf, base = tmp_path / "plan", tmp_path / "plans", 0
    for moment in range(30):
        code = KILLED_KEEPING.format(root=str(ROOT), place=str(place), plain=plain, base=base)
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(0.02 + 0.0017 * moment)
        child.kill()
        child.wait()
        child.stdout.close()
        atomic.clear(tmp_path, lambda old: shelf / (old / "number").read_text())
        kept = [int(path.name) for path in shelf.iterdir()] if shelf.exists() else []
        now = int((place / "number").read_text()) if place.exists() else 0
        assert sorted([*kept, now]) == list(range(min([*kept, now]), now + 1)), (kept, now)
        assert sorted(path.name for path in tmp_path.iterdir()) in (["plan", "plans"], ["plan"], [])
        for folder in (place, *(shelf.iterdir() if shelf.exists() else ())):
            assert not folder.exists() or len(list(folder.iterdir())) == 4
        base = now


@pytest.mark.slow
@pytest.mark.parametrize("plain", [False, True])
def test_fault_74_killed_at_thirty_moments_leaves_a_whole_folder(tmp_path: Path, plain: bool) -> None:
    """kill -9 at 30 moments each way (60 in all): after recovery the folder is whole, one state or the other."""
    place = tmp_path / "plan"
    code = KILLED.format(root=str(ROOT), files=FILES, place=str(place), plain=plain)
    atomic.write_folder(place, _fill("a"))
    for moment in range(30):
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(0.003 + 0.0017 * moment)
        child.kill()
        child.wait()
        child.stdout.close()
        if not plain:
            assert _state(place) in ("a", "b")
        atomic.recover(place)
        assert _state(place) in ("a", "b")


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes in folders")
def test_what_is_no_folder_is_not_replaced_by_one(tmp_path: Path) -> None:
    """A file, a pipe and a dangling link of that name stay; nothing is left beside them."""
    (tmp_path / "file").write_bytes(b"mine")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("nowhere")
    before = sorted(path.name for path in tmp_path.iterdir())
    for name in before:
        with pytest.raises(Environment):
            atomic.write_folder(tmp_path / name, lambda fresh: None, keep=lambda old: tmp_path / "kept")
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert (tmp_path / "file").read_bytes() == b"mine"
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "link").is_symlink()


def test_leftovers_of_dead_runs_go_at_the_next_start_and_those_of_live_ones_stay(tmp_path: Path) -> None:
    """A killed run's unfinished folder is dropped by the next write; one that a live process locks is not."""
    dead, live = tmp_path / ".landopt-new-plan-0123456789ab", tmp_path / ".landopt-new-plan-ba9876543210"
    other = tmp_path / ".landopt-new-plan-b-0123456789ab"
    for left in (dead, live, other):
        left.mkdir()
    with atomic._alive(live):
        atomic.write_folder(tmp_path / "plan", _fill("a"))
        assert live.exists()
    assert not dead.exists()
    assert other.exists()
    atomic.clear(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["plan"]


def test_leftovers_go_after_a_day_where_no_lock_can_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a disk without locks an unfinished folder is dropped once it is a day old."""
    monkeypatch.setattr(atomic, "_locked", lambda _handle: None)
    left, young = tmp_path / ".landopt-new-plan-0123456789ab", tmp_path / ".landopt-new-plan-ba9876543210"
    left.mkdir()
    young.mkdir()
    os.utime(left, (time.time() - 90_000, time.time() - 90_000))
    atomic.write_folder(tmp_path / "plan", _fill("a"))
    assert not left.exists()
    assert young.exists()


def test_what_lies_beside_a_place_of_a_longer_name_is_left_alone(tmp_path: Path) -> None:
    """The folder that a run moved aside for ``plan-b`` is not taken for that of ``plan``."""
    (tmp_path / ".landopt-old-plan-b-0123456789ab").mkdir()
    assert not atomic.recover(tmp_path / "plan")
    assert not (tmp_path / "plan").exists()


@pytest.mark.parametrize("exchange", [True, False])
def test_what_is_kept_goes_where_keep_says_at_every_failure(
    tmp_path: Path, breaking: dict[str, int], monkeypatch: pytest.MonkeyPatch, exchange: bool
) -> None:
    """With a shelf: at each failing disk call the old folder is at its place or on the shelf, whole."""
    if not exchange:
        monkeypatch.setattr(atomic, "_exchange", lambda *_: False)
    place, shelf = tmp_path / "plan", tmp_path / "plans" / "old"
    failed = 0
    for at in range(1, 40):
        atomic.write_folder(place, _fill("a"))
        breaking.update(at=at, calls=0)
        try:
            atomic.write_folder(place, _fill("b"), keep=lambda _old: shelf)
            wanted = ("b", "a")
        except Environment:
            failed, wanted = failed + 1, ("a", "-")
        breaking["at"] = -1
        assert (_state(place), _state(shelf)) == wanted
        shutil.rmtree(tmp_path)
        tmp_path.mkdir()
    assert failed >= 10
