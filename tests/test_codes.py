"""Every code in the sources is in the registry, and every code of the registry is in the sources."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import constraints
import landopt
from parcels.common.catalogue import SHARED as ROOMS
from parcels.common.codes import LETTERS, codes, entries, page

assert constraints.__path__
assert landopt.__path__

ROOT = Path(__file__).parent.parent
CODE = re.compile(r"[A-Z]\d{3}")
COMPARED = ast.Eq | ast.NotEq | ast.In | ast.NotIn


def used(tree: ast.AST, *, numbered: bool = True) -> Iterator[str]:
    """Codes spelled out, and where ``numbered`` bare numbers: ``f"{prefix}014"``, ``"014"``, ``add(level, 14, ...)``.

    A code that is only compared with is not used.
    """
    compared = {
        id(each)
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], COMPARED)
        for each in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in compared:
            code = node.value.partition(".")[0]
            if CODE.fullmatch(code) or (numbered and re.fullmatch(r"\d{3}", code)):
                yield code
        elif numbered and isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = {"add": 1, "tell": 1, "BadValue": 0}.get(name)
            if place is not None and len(node.args) > place:
                argument = node.args[place]
                wanted = (argument.body, argument.orelse) if isinstance(argument, ast.IfExp) else (argument,)
                for each in wanted:
                    if isinstance(each, ast.Constant) and type(each.value) is int:
                        yield f"{each.value:03d}"


def spoken() -> dict[str, str]:
    """Every code or bare number in the sources, with a module that uses it."""
    found: dict[str, str] = {}
    paths = [ROOT / "cli.py", *(path for room in ("constraints", "landopt", "parcels") for path in _sources(room))]
    for path in paths:
        facts = path.is_relative_to(ROOT / "parcels") and not path.stem.startswith(("sites", "site_walk"))
        for code in used(ast.parse(path.read_text(encoding="utf-8")), numbered=facts):
            found.setdefault(code, path.relative_to(ROOT).as_posix())
    return found


def _sources(room: str) -> Iterator[Path]:
    return (ROOT / room).rglob("*.py")


def test_every_code_used_is_registered() -> None:
    """No message has a code that docs/errors.md does not explain."""
    known = set(codes()) | {code[1:] for code in codes() if code[0] in ROOMS}
    assert {code: module for code, module in spoken().items() if code not in known} == {}


def test_every_code_registered_is_used() -> None:
    """docs/errors.md explains no code that nothing says."""
    said = spoken()
    assert [code for code in codes() if code not in said and not (code[0] in ROOMS and code[1:] in said)] == []


def test_every_letter_is_named() -> None:
    """The letters of the codes are the letters the page explains."""
    assert {code[0] for code in codes()} == set(LETTERS)


def test_the_reader_of_codes_sees_each_way_of_saying_one() -> None:
    """A code spelled out or made from a number is seen; one that is only compared with is not."""
    text = """
error("C001", what)
Issue("error", "E001", what)
self.refuse("C002", what)
code = "R011" if maybe else "R010"
error(f"{prefix}014", what)
found.add(level, 12, what)
raise BadValue(26 if small else 49, what)
issue.code == "P059"
"""
    assert sorted(used(ast.parse(text))) == ["012", "014", "026", "049", "C001", "C002", "E001", "R010", "R011"]


def test_the_words_of_every_code_are_in_both_languages() -> None:
    """Title, meaning and advice of every code; Chinese is Chinese."""
    assert len(entries()) > 150
    for entry in entries():
        for text in (entry.title("en"), entry.meaning("en"), entry.todo("en")):
            assert text.strip(), entry.codes
            assert text.isascii() or "²" in text or "是" in text or "坐标系" in text
        for text in (entry.title("zh"), entry.meaning("zh"), entry.todo("zh")):
            assert re.search("[\u4e00-\u9fff]", text), entry.codes


def test_the_page_is_current() -> None:
    """docs/errors.md is what `python -m landopt.desk.docs --write` writes."""
    assert (ROOT / "docs" / "errors.md").read_text(encoding="utf-8") == page()
