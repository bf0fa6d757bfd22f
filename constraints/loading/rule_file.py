"""A rule file as text: strict TOML, exact decimals, the line of each table and key. Standard library only."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from parcels.common.catalogue import told
from parcels.common.gate import load_toml, read_bytes
from parcels.common.issues import Issue, Refused, error
from parcels.common.place import Place, at_line

MAX_BYTES = 4_000_000
MAX_DEPTH = 20
_HEADER = re.compile(r"^\s*\[\[?\s*([A-Za-z_.]+)\s*\]\]?\s*(?:#.*)?$")


@dataclass(frozen=True, slots=True)
class Block:
    """One table of an array such as ``[[rule]]``: its values, its name in messages and the lines it spans."""

    table: dict[str, Any]
    file: str
    line: int
    lines: tuple[str, ...]

    def place(self, key: str = "") -> str:
        """The "file:line" of a key of this block, else of its id, else of its head."""
        for name in (key, "id", "rule"):
            pattern = re.compile(rf"^\s*{re.escape(name)}\s*[=.]") if name else None
            for offset, text in enumerate(self.lines):
                if pattern and pattern.match(text):
                    return f"{self.file}:{self.line + offset}"
        return f"{self.file}:{self.line}"

    def spot(self, key: str = "") -> Place:
        """The same as a place of a finding."""
        return at_line(self.place(key))


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule file: the ``[pack]`` table and the blocks of each array by name."""

    file: str
    pack: dict[str, Any]
    blocks: dict[str, tuple[Block, ...]]


def read_text(path: Path, raw: bytes | None = None) -> RuleText:
    """The tables of a rule file; ``raw``: its content, where that was read before.

    Raises
    ------
    Refused
        R001 if it is missing, not UTF-8, too large, nested too deeply or not TOML (a key given twice included);
        R002 for an unknown table.
    """
    name = str(path)
    try:
        raw = read_bytes(path, 16 * MAX_BYTES) if raw is None else raw
    except OSError as trouble:
        raise Refused(error("R001.rule-file-cannot", at=name, strerror=trouble.strerror)) from None
    if len(raw) > MAX_BYTES:
        raise Refused(error("R001.rule-file-bytes", at=name, count=len(raw), max_bytes=MAX_BYTES))
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
        tables = load_toml(text, parse_float=Decimal)
    except UnicodeDecodeError:
        raise Refused(error("R001.rule-file-not", at=name)) from None
    except RecursionError:
        raise Refused(error("R001.nested-deeper-than", at=name, max_depth=MAX_DEPTH)) from None
    except ValueError as trouble:  # TOMLDecodeError, and dates such as 2024-02-30
        found = re.search(r"line (\d+)", str(trouble))
        where = Place(name, int(found[1])) if found else Place(name)
        maybe = told("near.twice") if "overwrite" in str(trouble) else ""
        raise Refused(error("R001.not-toml", at=where, maybe=maybe, trouble=trouble)) from None
    if _depth(tables) > MAX_DEPTH:
        raise Refused(error("R001.nested-deeper-than", at=name, max_depth=MAX_DEPTH))
    return RuleText(name, tables.get("pack", {}), _blocks(name, text, tables))


def _blocks(name: str, text: str, tables: dict[str, Any]) -> dict[str, tuple[Block, ...]]:
    lines = text.split("\n")
    heads = [(number, match[1]) for number, line in enumerate(lines, 1) if (match := _HEADER.match(line))]
    issues: list[Issue] = []
    blocks: dict[str, tuple[Block, ...]] = {}
    for key, value in tables.items():
        if key == "pack" and isinstance(value, dict):
            continue
        if key not in ("rule", "adopt", "applicant", "fact", "case") or not isinstance(value, list):
            issues.append(error("R002.unknown-table", at=name, key=key))
            continue
        starts = [number for number, head in heads if head == key]
        found = []
        for index, table in enumerate(value):
            start = starts[index] if index < len(starts) else 1
            after = next((number for number, head in heads if number > start and "." not in head), len(lines) + 1)
            found.append(Block(table, name, start, tuple(lines[start - 1 : after - 1])))
        blocks[key] = tuple(found)
    if issues:
        raise Refused(issues)
    return blocks


def _depth(value: Any) -> int:
    deepest, layer = 0, [value]
    while layer and deepest <= MAX_DEPTH:
        deepest += 1
        layer = [
            item
            for each in layer
            if isinstance(each, dict | list)
            for item in (each.values() if isinstance(each, dict) else each)
        ]
    return deepest


def iso_date(value: object) -> tuple[str, bool] | None:
    """A date as ISO text and whether it was complete; ``None`` if it is not a date.

    A year or a year and month count from their first day and are not complete.
    """
    if isinstance(value, datetime.datetime):
        return None
    if isinstance(value, datetime.date):
        return value.isoformat(), True
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    match = re.fullmatch(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", value)
    if not match:
        return None
    try:
        date = datetime.date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError:
        return None
    return date.isoformat(), match[3] is not None
