"""Every argument and option that takes a path meets what is no file of its kind: words and an exit code, in time."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import tomllib
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli import desk
from parcels.common.gate import load_toml
from tests.commands import make_home, paths, places, tree, with_path, words_of
from tests.disks import state

SECONDS = 60
"""A command that waits longer than this waits for ever."""
RUNS = {("serve", "folder")}
"""What any folder is good for: the workbench would start and wait for its page."""

HOSTILE: dict[str, Callable[[Path], object]] = {
    "pipe": lambda path: os.mkfifo(path),
    "folder": lambda path: path.mkdir(),
    "empty": lambda path: path.write_bytes(b""),
    "deep.json": lambda path: path.write_bytes(b"[" * 200_000),
    "deep.toml": lambda path: path.write_text("a = " + "[" * 20_000),
    "zeros.csv": lambda path: path.write_bytes(bytes(5_000)),
    "lone.pem": lambda path: path.write_bytes(b"-----BEGIN CERTIFICATE-----\n" + b"\xff\xfe" * 300),
    "loop.xlsx": lambda path: path.symlink_to(path.name),
    "device.toml": lambda path: path.symlink_to("/dev/zero"),
}
NAMES = ("nul", "a/con.toml", "a.csv:stream", "/dev/stdin", "/proc/self/mem", "http://127.0.0.1:9/a",
         "/vsicurl/http://127.0.0.1:9/a", "a\x1b[31m", "\\\\?\\C:\\a", "\\\\.\\pipe\\a")  # fmt: skip
"""A share that the user types himself is the place of his round; names in a round file: test_hostile_files."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whatever the commands need; beside it as it was made, to be put back where a command wrote into it."""
    made = make_home(tmp_path_factory.mktemp("homes") / "home")
    shutil.copytree(made, made.with_name("sound"))
    return made


@pytest.fixture
def patient() -> Iterator[None]:
    """An alarm for what waits for ever."""
    if sys.platform == "win32":
        yield
        return

    def late(*_: object) -> None:
        raise AssertionError("waits for ever")

    before = signal.signal(signal.SIGALRM, late)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def spoken(home: Path, name: str, param: str, path: Path) -> list[str]:
    """The words of a command with a hostile path, all other names filled in."""
    filled: dict[str, Any] = dict(places(home))
    return [word.format_map(filled) if word.startswith("{") else word for word in with_path(name, param, path)]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no pipes in folders")
@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(("name", "param"), paths(), ids=[" ".join(each) for each in paths()])
def test_a_path_that_is_no_file_of_its_kind(home: Path, tmp_path: Path, name: str, param: str) -> None:
    """Never a traceback, never waited for, never changed; a refusal has a code or names the option."""
    before = state(home)
    for label, make in HOSTILE.items():
        if (name, param) in RUNS and label == "folder":
            continue
        path = tmp_path / label
        make(path)
        signal.alarm(SECONDS)
        done = CliRunner().invoke(desk, spoken(home, name, param, path), env={"LANDOPT_LANG": "en"})
        signal.alarm(0)
        assert done.exception is None or isinstance(done.exception, SystemExit), (label, done.exception)
        assert "Traceback" not in done.output, label
        assert done.exit_code in (0, 1, 2, 3, 4, 5, 6), (label, done.output)
        if done.exit_code not in (0, 4):
            coded = re.search(r"^error [A-Z]\d{3} ", done.output, re.MULTILINE)
            assert coded or label in done.output or done.exit_code in (2, 5), (label, done.output)
        if path.is_symlink() or path.is_fifo():
            assert not path.is_file(), (label, "was replaced")
        assert not [each for each in tmp_path.iterdir() if each.name.startswith(".landopt-")], label
        shutil.rmtree(tmp_path)
        tmp_path.mkdir()
        if state(home) != before:
            shutil.rmtree(home)
            shutil.copytree(home.with_name("sound"), home)


@pytest.mark.parametrize(("name", "param"), paths(), ids=[" ".join(each) for each in paths()])
def test_a_path_that_leads_elsewhere_is_refused_from_its_text(name: str, param: str, tmp_path: Path) -> None:
    """Devices, addresses, streams, reserved names, control characters; a share but for the place of the round."""
    for text in NAMES:
        words = [word.format_map({key: tmp_path / key for key in KEYS}) if word.startswith("{") else word
                 for word in with_path(name, param, Path(text))]  # fmt: skip
        words = [text if word == str(Path(text)) else word for word in words]
        done = CliRunner().invoke(desk, words, env={"LANDOPT_LANG": "en"})
        assert done.exception is None or isinstance(done.exception, SystemExit), (text, done.exception)
        assert done.exit_code in (1, 2), (text, done.output)
        assert "\x1b" not in done.output
    assert list(tmp_path.iterdir()) == []


KEYS = tuple(places(Path()))


NO_GAPS = ("", "1/0", "1e999999999", "1e-999999999", "nan", "inf", "-1", "2", "x=y", "1" * 400, "0x10", "a\u202eb")


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("name", [name for name, command in tree() if any("--gap" in p.opts for p in command.params)])
def test_a_gap_that_is_none_is_refused_at_once(name: str, home: Path) -> None:
    """Exponents of a billion, no numbers, numbers beyond 1: before anything is solved."""
    words = [word.format_map(places(home)) for word in words_of(name)]
    for text in NO_GAPS:
        given = [*words]
        if "--gap" in given:
            given[given.index("--gap") + 1] = text
        else:
            given += ["--gap", text]
        signal.alarm(SECONDS)
        done = CliRunner().invoke(desk, [*name.split(), *given], env={"LANDOPT_LANG": "en"})
        signal.alarm(0)
        assert isinstance(done.exception, SystemExit), (text, done.exception)
        assert done.exit_code in (1, 2), (text, done.output)
        assert "\u202e" not in done.output


def test_a_number_of_a_billion_digits_is_refused_by_the_reader_of_toml() -> None:
    """Written with an exponent it is eleven characters; written out it takes the memory of a machine."""
    for text in ("1e999999999", "1e-999999999", "-1.5E+99999", "0." + "1" * 100):
        with pytest.raises(tomllib.TOMLDecodeError):
            load_toml(f"a = {text}", Decimal)
    assert load_toml("a = 1.5e3\nb = 0.25\nc = inf", Decimal)["a"] == 1500
