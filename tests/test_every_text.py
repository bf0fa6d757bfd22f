"""Every argument and option that takes a text or a number meets what is none: words, a code, nothing that acts."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import click
import pytest
from click.testing import CliRunner

from cli import desk
from landopt.desk.path_argument import Decoded
from parcels.common.visible import visible
from tests.commands import make_home, places, tree, words_of
from tests.counts import WHOLE

NUMBERS = ("nan", "-inf", "1e999999999", "-1e-999999999", "9" * 30, "9" * 5_000, "-1", "0", "1/0", "1_000", "１２", "٣")
DAYS = ("0000-00-00", "9999-12-31", "0001-01-01", "2026-02-30", "10000-01-01", "2026-1-1")
ACTING = ("a\x1b[31mb", "a\u202eb", "a\u200bb", "a\udcffb", "\u2028", "\r", "\x7f")
ODD = (
    "",
    " ",
    "\t",
    "\n",
    "=",
    ":=",
    "x=y=z",
    "+",
    ",",
    ";",
    "-",
    "--",
    "[[",
    '"',
    "'",
    "None",
    "true",
    "<b>&",
    "a" * 100_000,
)
SHARE = "round.share.competitive"
SETS = (
    *(f"{SHARE}:share={right}" for right in ("nan", "1e-999999999", "\u202e0.1", "")),
    *("x:y:amount=1e999999999", f"{SHARE}:amount=", ":amount=1", "cn.lal.art44:amount=1", "converted=maybe"),
    *("NS-0001=", "=listing", "NS-0001=listing=GZ-001=x", "budget_yuan=1e999999999", "area_m2=-0"),
)
CODE = ("=cmd|' /C calc'!A0", "../../../etc/passwd", "%s{0}{x}", "__import__('os')", "http://127.0.0.1:9/x", "#REF!")
TEXTS = (*NUMBERS, *DAYS, *ACTING, *ODD, *SETS, *CODE)
SEARCHES = frozenset(("solve", "joint", "sweep", "stress", "tradeoff", "diagnose", "alternatives", "replan"))
SEARCHES |= {"repair", "core", "place", "whynot", "compare", "check", "explain"}
"""What runs for seconds where the text is sound: by default these meet a text that is none."""
CODES = (0, 1, 2, 3, 4, 5, 6, 7)
TRIED = 5
"""Texts an option meets outside ``make long``."""


def texts(command: click.Command) -> Iterator[click.Parameter]:
    """The arguments and options of a command that take a text or a number."""
    for param in command.params:
        if not isinstance(param.type, click.Path | click.Choice) and not getattr(param, "is_flag", False):
            yield param


def spoken(name: str, param: click.Parameter, text: str, home: Path) -> list[str]:
    """The words that run a command, one argument or option replaced by a text or given besides."""
    command, named = dict(tree())[name], {key: str(path) for key, path in places(home).items()}
    given = [word.format_map(named) for word in words_of(name)]
    if isinstance(param, click.Argument):
        order = [each.name for each in command.params if isinstance(each, click.Argument)]
        at = order.index(param.name)
        return [*name.split(), *given[:at], text, *given[at + 1 :]]
    for option in param.opts:
        if option in given:
            given[given.index(option) + 1] = text
            return [*name.split(), *given]
    return [*name.split(), *given, param.opts[-1], text]


COMMANDS = [name for name, command in tree() if any(True for _ in texts(command))]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whatever the commands need."""
    made = make_home(tmp_path_factory.mktemp("home"))
    (made / "receipt.json").write_text("{}", encoding="utf-8")
    return made


def test_every_text_of_the_command_line_is_decoded() -> None:
    """Also of a command that is added: its type is ours, or one that reads a number or a word of a list."""
    for name, command in tree():
        for param in texts(command):
            assert isinstance(param.type, Decoded | click.types.IntParamType), (name, param.name, param.type)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_text_that_is_none(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Never a traceback, never a sign that acts; an undecodable one is a usage error wherever a text is taken."""
    for place in ("landopt.workbench.launch.serve", "landopt.workbench.service.run.serve_api"):
        monkeypatch.setattr(place, lambda *_given, **_named: None)
    draw = Random(name)
    for param in texts(dict(tree())[name]):
        few = ["a\udcffb"] if name in SEARCHES else ["a\udcffb", *draw.sample(TEXTS, TRIED)]
        for text in TEXTS if WHOLE else few:
            copy = Path(shutil.copytree(home, tmp_path / "home"))
            done = CliRunner().invoke(desk, spoken(name, param, text, copy), env={"LANDOPT_LANG": "en"})
            said = (name, param.name, text[:60], done.output[-500:])
            assert done.exception is None or isinstance(done.exception, SystemExit), (*said, done.exception)
            assert done.exit_code in CODES, said
            assert visible(done.output) == done.output, said
            if text == "a\udcffb":
                assert done.exit_code == 2, said
            if done.exit_code == 1:
                assert re.search(r"^error [A-Z]\d{3} ", done.output, re.MULTILINE), said
            shutil.rmtree(copy)


@pytest.mark.slow
def test_what_is_named_must_be_named(home: Path, tmp_path: Path) -> None:
    """A document of blanks is none; a method that nobody knows is not passed over; a schema has no hidden signs."""
    copy = Path(shutil.copytree(home, tmp_path / "home"))
    for words, code in (
        (
            ["round", "adopt", str(copy / "round"), str(copy / "round" / "plan"), "--document", " \t", "--by", "a"],
            "B012",
        ),
        (["rules", "ask", "use=RES", "--enable", "no-such-method"], "X016"),
        (["database", "sql", "land\u202eopt"], "B100"),
    ):
        done = CliRunner().invoke(desk, words, env={"LANDOPT_LANG": "en"})
        assert (done.exit_code, code in done.output) == (1, True), done.output
