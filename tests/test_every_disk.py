"""Every command that writes, on a disk that fails and under kill -9: old or new, and nothing left at the next start."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli import desk
from landopt.keeping.hold import NAME as LOCK
from landopt.keeping.ledger.chain import Ledger
from parcels.common.kept import is_record
from tests.audit.ledgers import call, stamp
from tests.commands import BY, READS, SERVED, WRITES, make_home, places, tree
from tests.counts import WHOLE
from tests.disks import Disk, failing, state

ROOT = Path(__file__).parent.parent
FORMS = [(name, number) for name, forms in WRITES.items() for number in range(len(forms))]
SEVERAL = {"solve", "replan", "joint", "sweep", "stress", "tradeoff", "diagnose", "compare", "report"}
"""Commands that search or make papers: a run takes seconds, so few moments are tried."""
SECONDS = 60
"""How long a copied process may take to its death."""
THREADED = {("report", 1)}
"""Forms that leave threads in the process that ran them (the setter of PDF): a copy of it, which has none, would wait
for them for ever and never come to the write at which it is to die. They run and die in a process of their own."""
LOGS = ("results.jsonl", ".runs", ".landopt")
"""Where finished runs are kept on purpose: whole lines, so that a broken run goes on."""
APART = {"qgis install", "qgis uninstall", "arcgis", "report", "convert", "model", "check", "tradeoff"}
"""Commands that put several files into a folder of somebody else's: each file is old or new."""


def test_every_command_is_listed() -> None:
    """As one that writes or one that only reads; a new command without a case fails here."""
    names = {name for name, _ in tree()}
    assert names == {*WRITES, *READS, *SERVED}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whatever the commands need."""
    return make_home(tmp_path_factory.mktemp("home"))


def spoken(name: str, number: int, home: Path) -> list[str]:
    """The command line of a form."""
    return [*name.split(), *(word.format_map(places(home)) for word in WRITES[name][number])]


def run(words: list[str]) -> Result:
    """A command in this process; never a traceback."""
    done = CliRunner().invoke(desk, words, env={"LANDOPT_LANG": "en"}, prog_name="landopt")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def prepared(home: Path, place: Path, name: str) -> Path:
    """A copy of the home; for what follows an adoption, adopted."""
    copy = Path(shutil.copytree(home, place / "home"))
    if name in ("round sign", "round enter", "round record", "round token", "replan"):
        signed = () if name == "round sign" else ("--key", copy / "keys" / "a.pem")
        words = ("round", "adopt", copy / "round", copy / "round" / "plan", "--document", "D1", *signed, *BY)
        assert call(*words).exit_code == 0
    if name == "replan":
        assert call("round", "record", copy / "round", copy / "failed.csv", *BY).exit_code == 0
    if name == "round token":
        with Ledger(places(copy)["ledger"], read_only=True) as book:
            shutil.copy(stamp(home / "tsa", book.head()), copy / "answer.tsr")
    if name == "qgis uninstall":
        assert run(spoken("qgis install", 0, copy)).exit_code == 0
    return copy


def seen(home: Path) -> dict[str, bytes]:
    """What a folder holds: a ledger by its entries (a clock is in them), no log of finished runs, no digests."""
    found = state(home)
    for path in home.rglob("ledger.sqlite"):
        if ".landopt-" in str(path):
            continue
        with Ledger(path, read_only=True) as book:
            kinds = " ".join(entry.kind for entry in book.entries()).encode()
        found.pop(str(path.relative_to(home)))
        if kinds:  # one without entries says nothing
            found[str(path.relative_to(home))] = kinds
    return {
        name: b"" if name.endswith("adoption.json") else content  # it carries a clock
        for name, content in found.items()
        if not any(log in name for log in LOGS)
        and not name.startswith("tsa")
        and not is_record(Path(name).name)
        and not name.endswith(("-journal", "__pycache__"))
    }


def old_or_new(after: dict[str, bytes], old: dict[str, bytes], new: dict[str, bytes], name: str) -> bool:
    """Whether a state is the old or the new one: names and contents; of files that carry a clock, names alone."""
    if name in APART:
        return all(content in (old.get(file), new.get(file)) or file in new for file, content in after.items()) and set(
            after
        ) <= {*old, *new}
    if name == "round adopt":  # the entry stands without its paper, which the same command writes again
        new = {file: new[file] for file in new if not file.endswith("adoption.json") or file in after}
    return after == old or set(after) == set(new)


def left(home: Path) -> list[str]:
    """What a run leaves behind that died."""
    return sorted(path.name for path in home.rglob(".landopt-*") if path.name != LOCK)


def moments(count: int, name: str) -> list[int]:
    """At which writes a disk fails: the first, the last, and some between them."""
    many = count if WHOLE else 1 if name in SEVERAL else 4
    between = Random(name).sample(range(1, count + 1), min(count, many))
    return sorted({1, count, *between})


@pytest.mark.slow
@pytest.mark.parametrize(("name", "number"), FORMS, ids=[f"{name} {number}" for name, number in FORMS])
def test_a_disk_that_fails_leaves_old_or_new(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, number: int
) -> None:
    """Full or broken from any write on: exit 6 in words, the old state or the new one, nothing left; then it works."""
    disk = failing(monkeypatch, tmp_path)
    copy = prepared(home, tmp_path / "healthy", name)
    old = seen(copy)
    disk.start(0)
    done = run(spoken(name, number, copy))
    count, new = disk.calls, seen(copy)
    assert done.exit_code in (0, 4), done.output
    assert count > 0
    assert new != old
    for at in moments(count, name):
        shutil.rmtree(tmp_path / "sick", ignore_errors=True)
        copy = prepared(home, tmp_path / "sick", name)
        disk.start(at, errno.EIO if at % 2 else errno.ENOSPC)
        done = run(spoken(name, number, copy))
        failed = disk.calls >= at
        disk.start(0)
        if failed:
            assert done.exit_code == 6, (at, disk.seen, done.output)
            assert "Maybe" in done.output, (at, done.output)
        assert old_or_new(seen(copy), old, new, name), (at, sorted(set(seen(copy)) ^ set(old)), done.output)
        assert left(copy) == [], at
        again = run(spoken(name, number, copy))
        assert again.exit_code in (0, 1, 4, 6), again.output
        assert left(copy) == [], at


def dying(disk: Disk, at: int, words: list[str]) -> None:
    """Run a command in this process, which dies at its write number ``at``."""
    disk.start(at)
    refuses: Callable[[str], bool] = disk.refuses

    def deadly(what: str) -> bool:
        if refuses(what):
            os.kill(os.getpid(), signal.SIGKILL)
        return False

    pytest.MonkeyPatch().setattr(disk, "refuses", deadly)  # never undone: this process ends here
    try:
        run(words)
    finally:
        os._exit(0)


def killed_alone(disk: Disk, at: int, words: list[str]) -> int:
    """The same as ``killed`` in a process that begins anew."""
    code = "import json, sys; from tests.test_every_disk import alone; alone(*json.loads(sys.argv[1]))"
    line = [sys.executable, "-c", code, json.dumps([disk.root, at, words])]
    done = subprocess.run(line, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=False)
    assert b"Traceback" not in done.stderr, done.stderr
    return done.returncode


def alone(root: str, at: int, words: list[str]) -> None:
    """What a process of its own does."""
    dying(failing(pytest.MonkeyPatch(), Path(root)), at, words)


def killed(disk: Disk, at: int, words: list[str]) -> int:
    """Run a command in a child of this process that is killed at its write number ``at``; how the child ended."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        dying(disk, at, words)
    for _ in range(SECONDS * 10):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)  # a copied process may stand still: it is killed all the same
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
@pytest.mark.parametrize(("name", "number"), FORMS, ids=[f"{name} {number}" for name, number in FORMS])
def test_kill_9_leaves_old_or_new_and_nothing_at_the_next_start(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, number: int
) -> None:
    """At any write: the old state or the new one beside what the next start of the same command takes away."""
    disk = failing(monkeypatch, tmp_path)
    copy = prepared(home, tmp_path / "healthy", name)
    old = seen(copy)
    disk.start(0)
    assert run(spoken(name, number, copy)).exit_code in (0, 4)
    count, new = disk.calls, seen(copy)
    for at in moments(count, name):
        shutil.rmtree(tmp_path / "sick", ignore_errors=True)
        copy = prepared(home, tmp_path / "sick", name)
        kill = killed_alone if (name, number) in THREADED else killed
        ended = kill(disk, at, spoken(name, number, copy))
        disk.start(0)
        assert ended in (-signal.SIGKILL, 0)
        # an empty folder that was made for the result says nothing
        found = {file: content for file, content in seen(copy).items() if content != b"folder" or file in old}
        after = {file: content for file, content in found.items() if ".landopt-" not in file}
        assert old_or_new(after, old, new, name), (at, sorted(set(after) ^ set(old)))
        again = run(spoken(name, number, copy))
        assert again.exit_code in (0, 1, 4, 6), again.output
        assert left(copy) == [], (at, again.output)


@pytest.mark.parametrize("name", READS)
def test_what_only_reads_writes_nothing(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Not one write on the disk of the round."""
    copy = prepared(home, tmp_path, name)
    (copy / "receipt.json").write_text("{}", encoding="utf-8")
    before = state(copy)
    disk = failing(monkeypatch, tmp_path)
    words: list[Any] = [*name.split(), *(word.format_map(places(copy)) for word in READS[name])]
    done = run(words)
    assert done.exit_code in (0, 1, 4, 5), done.output
    assert disk.seen == []
    assert state(copy) == before
