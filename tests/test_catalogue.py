"""Sentences as data: holes, values, places; a language is a file."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

import constraints
import landopt
from constraints.types import STRICTNESS
from parcels.common.catalogue import filled, forget, languages, register, texts, told
from parcels.common.findings_text import lines
from parcels.common.issues import Issue, error, warning
from parcels.common.place import Place
from tests.texts_used import FINDING, Asked, asked, holes

assert constraints.__path__
assert landopt.__path__
DROPPED = {
    "audit-line.end": {"own", "library"},
    "near.key": {"meaning"},
    "rule.default": {"method"},
    "date.long": {"iso", "year", "month", "day"},
    "answer.line": {"title"},
    **{f"answer-verdict.{verdict}": {"way", "title"} for verdict in (*STRICTNESS, "n/a", "undetermined")},
}
"""Holes that a language leaves out, by text: their values are English, or said in one language only."""
LATER = {"BadValue": {"field"}, "_NotRead": {"field"}, "_Bad": {"text"}, "bad": {"rule", "case"}}
"""What the catcher of an exception, or the maker itself, adds to the values."""

SENTENCES = """
[X999]
title = "A test"
todo = "Correct it."
[X999.row]
what = "{names!r} have {count:,} {count:?row|rows}: {why}"
[why]
big = "too big by {much}"
"""
CHINESE = """
[X999]
title = "测试"
todo = "请改正。"
[X999.row]
what = "{names!r} 有 {count:,} 行：{why}"
[why]
big = "大了 {much}"
"""
MADE = """
[X999.row]
what = "{why} <- {count} <- {names}"
[level]
errors = "FELER"
"""


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Path]:
    """A room of its own, with a language that has two texts only."""
    for lang, text in (("en", SENTENCES), ("zh", CHINESE), ("qq", MADE)):
        (tmp_path / f"{lang}.toml").write_text(text, "utf-8")
    register(tmp_path)
    yield tmp_path
    forget(tmp_path)


def finding() -> Issue:
    """A finding with a list, a number and another text as values."""
    place = Place("a.txt", layer="land", row=3, column="use")
    return error("X999.row", at=place, ids=["P1"], names=["a", "b"], count=1200, why=told("why.big", much=3))


@pytest.mark.usefixtures("room")
def test_a_finding_is_told_in_every_language() -> None:
    """The same values in the words of each; what a language lacks is told in English."""
    issue = finding()
    assert issue.code == "X999"
    assert (issue.what, issue.where) == (
        "'a', 'b' have 1,200 rows: too big by 3",
        "a.txt, layer land, row 3, column use",
    )
    assert issue.sentence("zh") == "'a'、'b' 有 1,200 行：大了 3"
    assert issue.place.text("zh") == "a.txt，图层 land，第 3 行，列 use"
    assert issue.note.text("zh") == f"a.txt，图层 land，第 3 行，列 use：{issue.sentence('zh')}"
    assert warning("X999.row", names=["a"], count=1, why="x").note.text() == "'a' have 1 row: x"
    assert "qq" in languages()
    assert issue.sentence("qq") == "too big by 3 <- 1200 <- a, b"
    assert lines([issue], "qq")[0] == " FELER 1"
    assert "1 row:" in error("X999.row", names=["a"], count=1, why="x").what


@pytest.mark.usefixtures("room")
def test_a_finding_crosses_processes_and_json() -> None:
    """What is written is read back the same; ``--json`` has the sentence and its values."""
    issue = finding()
    assert Issue.of_record(issue.as_record()) == issue
    shown = issue.as_dict()
    assert list(shown) == ["level", "code", "what", "where", "maybe", "ids", "values"]
    assert shown["values"] == {"names": ["a", "b"], "count": 1200, "why": {"told": "why.big", "values": {"much": 3}}}
    both = Place("a.txt", 3, also=Place("b.txt", 4))
    assert Place.of_record(both.as_record()) == both
    assert (both.text(), both.text("zh")) == ("a.txt:3 and b.txt:4", "a.txt 第 3 行；b.txt 第 4 行")
    assert (bool(Place()), bool(both)) == (False, True)
    assert Place("x.shp", row=2).inside("a.zip").text() == "a.zip/x.shp, row 2"


def test_a_value_is_never_a_template() -> None:
    """Braces in what a user wrote stay as they are; a hole is a name and reaches into nothing."""
    assert filled("{a} {b!r}", [("a", "{b}"), ("b", "{0.__class__}")], "en") == "{b} '{0.__class__}'"
    assert filled("[{a.__class__}]", [("a", 1)], "en") == "[]"


def test_what_nobody_wrote_down_is_told_by_its_code() -> None:
    """A sentence without a text does not stop a command."""
    assert "P999.nobody" in lines([warning("P999.nobody", x=1)], "zh")[1]


FAMILIES = ("any.", "click.", "desk.", "findings.", "foreign.", "help.", "letter.", "level.", "list.", "place.")
WORDS: tuple[str, ...] = (
    "use",
    "operator",
    "platform_kind",
    "right",
    "land_source",
    "status",
    "ownership",
    "existing_right",
    "zone",
)
WORDS += ("grantor", "catalogue", "notice_conditions", "unit", "verdict", "method", "stopped", "reason", "closing")
WORDS += ("bounded", "field", "role", "type", "usage", "progress", "fact", "grade", "short-verdict", "law-label")
WORDS += ("unreached", "row-became", "platform_level", "happened", "toolbox", "ledger-outcome", "ledger-kind")
WORDS += ("rule-part", "round-part", "state-of")
"""Texts found by a value of the data, or asked for by the machinery itself."""


SPELT = {"048.no-use-near", "048.other-system-near"}
"""Keys that the sources put together from two parts."""
SOURCED = ("foreign.", "help.", "click.")
"""Texts whose English stands in the sources, or comes from other software."""


def _base(key: str) -> str:
    return re.sub(r"\.(what|maybe)$", "", key)


def _known() -> set[str]:
    return {_base(key) for key in texts("en")}


def _matches(key: str, known: Collection[str]) -> list[str]:
    """The keys of the texts that a key of the sources can mean; the letter of a shared number makes no difference."""
    if re.match(r"(\*|[A-Z])?\d{3}\.", key):
        shared = re.sub(r"^(\*|[PDKL])(?=\d{3}\.)", "", key)
        patterns = {key, shared, "any." + key.partition(".")[2]}
    else:
        patterns = {key}
    open_ = [pattern for pattern in patterns if re.search(r"[*?\[]", pattern)]
    found = {pattern for pattern in patterns if pattern in known}
    return [*found, *(each for each in known if each not in found and any(fnmatchcase(each, one) for one in open_))]


def test_every_key_of_the_sources_has_a_text() -> None:
    """A finding, a note, an advice: what the sources ask for is in the texts."""
    known = _known() | set(texts("en"))
    found = asked()
    assert sum(FINDING.fullmatch(each.key) is not None for each in found) > 200
    wanted = [each for each in found if each.values is not None or FINDING.fullmatch(each.key)]
    assert [each for each in wanted if each.key.strip("*") and not _matches(each.key, known)] == []


def test_every_text_is_asked_for() -> None:
    """No text that nothing says; the words of a code (title, meaning, todo) belong to the code."""
    spelled = {each.key for each in asked() if re.search("[a-zA-Z0-9]{2}", each.key)} | SPELT
    known = _known()
    used = {text for key in spelled for text in _matches(key, known)}
    words = {key for key in known if key.rpartition(".")[2] in ("title", "meaning", "todo")}
    assert (
        sorted(key for key in known - used - words if not key.startswith((*FAMILIES, *(f"{word}." for word in WORDS))))
        == []
    )


def _later(each: Asked) -> bool:
    """A sentence of a finding that is told first and made a finding by who catches it."""
    return each.maker == "told" and FINDING.fullmatch(each.key) is not None


def test_every_value_a_text_names_is_given() -> None:
    """The holes of a sentence and of its advice are values of every place that says it."""
    english = texts("en")
    missing = []
    known = _known()
    for each in asked():
        if each.values is None or "*" in each.key[1:] or _later(each):
            continue
        for key in _matches(each.key, known):
            text = " ".join(english.get(name, "") for name in (key, f"{key}.what", f"{key}.maybe"))
            lacking = holes(text) - each.values - LATER.get(each.maker, set())
            missing += [(each.place, key, sorted(lacking))] if lacking else []
    assert missing == []


@pytest.mark.parametrize("lang", [lang for lang in languages() if lang != "en"])
def test_every_language_has_every_text_with_the_same_holes(lang: str) -> None:
    """Same keys, same holes; a hole left out is one whose value is English words or said otherwise (``DROPPED``)."""
    english, other = texts("en"), texts(lang)
    assert sorted(key for key in set(english) ^ set(other) if not key.startswith(SOURCED)) == []
    unlike = {key: holes(english[key]) ^ holes(other[key]) for key in english if key in other}
    assert {key: names for key, names in unlike.items() if names - DROPPED.get(key, set())} == {}
