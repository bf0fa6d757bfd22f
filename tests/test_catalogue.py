"""Sentences as data: holes, values, places; a language is a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from parcels.common.catalogue import filled, forget, languages, register, told
from parcels.common.findings_text import lines
from parcels.common.issues import Issue, error, warning
from parcels.common.place import Place

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
