"""The map of the house: every module of the three rooms stands in docs/architecture.md with its line, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from landopt.desk.docs import house_page

ROOT = Path(__file__).parent.parent
ENTRY = re.compile(r"^\* `([a-z_0-9]+|__main__)`: (.+)$")


def _listed(room: str) -> dict[str, str]:
    """Dotted module name -> line, as a reader finds it on the page."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    body = text.partition(house_page.BEGIN.format(room=room))[2].partition(house_page.END.format(room=room))[0]
    found: dict[str, str] = {}
    folder = ""
    for line in body.splitlines():
        if head := re.match(r"\*\*`([^`]+)/`\*\*", line):
            folder = head[1].replace("/", ".")
        elif entry := ENTRY.match(line):
            found[f"{folder}.{entry[1]}"] = entry[2]
    return found


@pytest.mark.parametrize("room", house_page.ROOMS)
def test_every_module_stands_on_the_map_with_one_line(room: str) -> None:
    """None is missing, none is gone (``python -m landopt.desk.docs --write`` makes the lists)."""
    there = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / room).rglob("*.py")
        if path.name != "__init__.py"
    }
    listed = _listed(room)
    assert set(listed) == there
    assert [name for name, line in listed.items() if len(line) < 10] == []


def test_the_page_tells_of_a_module_that_comes_or_goes(tmp_path: Path) -> None:
    """A module more and one less change the page."""
    (tmp_path / "docs").mkdir()
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    (tmp_path / "docs" / "architecture.md").write_text(text, encoding="utf-8")
    for room in house_page.ROOMS:
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").write_text(f'"""The room {room}."""', encoding="utf-8")
    (tmp_path / "parcels" / "new.py").write_text('"""A module that is new."""', encoding="utf-8")
    made = house_page.page(tmp_path)
    assert "* `new`: A module that is new" in made
    assert "`pipeline`" not in made
    assert "## Where is" in made


def test_the_questions_a_stranger_asks_are_answered() -> None:
    """Each "where is" names a file that exists (links are checked apart), each "how do I add" a page."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    where = text.partition("## Where is")[2].partition("##")[0]
    for words in ("agreement price", "share limit", "closed method"):
        assert words in where
    assert len(re.findall(r"\]\(\.\./[a-z_/]+(?:\.py)?\)", where)) >= 6
