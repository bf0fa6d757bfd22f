"""A scenario's change of policy taken into the round's own policy files, so that the round itself can be decided by it.

A rule is replaced where its block stands, a new one is added at the end of the first file; everything else of the file,
comments too, stays as it is, and the earlier file stays beside it under a number.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from constraints.loading.kinds import BASES, UNITS, unit_of
from landopt.workbench.edits import Now
from landopt.workbench.guards import refused
from landopt.workbench.home import Room
from landopt.workbench.received import opened_not, rewrite
from landopt.workbench.scenarios import policies, policy_paths, rule_toml
from parcels.common.gate import load_toml, read_bytes

_BLOCK = re.compile(r"^\[\[rule\]\][^\n]*\n.*?(?=^\[\[?(?!rule\.)[a-z]|\Z)", re.M | re.S)
"""A rule with its tables (``[rule.title]``), up to the next."""
_TAIL = re.compile(r"(?:^[^\S\n]*(?:#[^\n]*)?(?:\n|\Z))+\Z", re.M)
"""Blank lines and comments at the end of a block: they speak of what follows."""
_COMMENT = re.compile(r"^\[\[rule\]\][^\S\n]*(#[^\n]*)|^[^\S\n]*(#[^\n]*)", re.M)
_NAME = re.compile(r"([^\[:]+)(?:\[([^\]]*)\])?:([a-z_]+)")


def changed_rules(room: Room, now: Now) -> dict[str, dict[str, Any]]:
    """The rules of the policy that a scenario changed, by id, with its numbers in them. Raises Refusal (422)."""
    filed = {str(rule["id"]): rule for rule in policies(room)}
    found = {name: dict(rule) for name, rule in now.rules.items() if rule is not None}
    for word, value in now.sets.items():
        match = _NAME.fullmatch(word)
        rule = None if match is None else found.get(match[1]) or filed.get(match[1])
        if match is None or rule is None:
            raise refused(422, "not-policy", name=word)
        found[match[1]] = with_number(rule, match[3], value, match[2])
    return found


def with_number(rule: Mapping[str, Any], what: str, value: str, key: str | None) -> dict[str, Any]:
    """A rule's table with one of its numbers changed. Raises Refusal (422) where it has no such number.

    An amount is given in base units (m², yuan), as ``--set`` takes it, and written in the unit of its entry.
    """
    made = dict(rule)
    if what in ("amount", "used"):
        name = "values" if what == "amount" else "used"
        wanted = [part.strip() for part in key.split(",")] if key else None
        entries = [dict(entry) for entry in made.get(name) or ()]
        hit = [entry for entry in entries if wanted is None or list(entry.get("key") or []) == wanted]
        common = next((entry for entry in entries if not entry.get("key")), None)
        if not hit and wanted is not None and (what == "used" or common is not None):
            hit = [{**(common or {}), "key": wanted}]
            entries += hit
        if not hit:
            raise refused(422, "not-policy", name=f"{rule.get('id')}:{what}")
        first = str((made.get("values") or [{}])[0].get("unit", ""))
        for entry in hit:
            _amount(entry, int(Fraction(value)), first if what == "used" else "")
        made[name] = entries
    elif what == "share":
        made["share"] = value
    elif what in made:
        made[what] = int(value) if Fraction(value).denominator == 1 else value
    else:
        raise refused(422, "not-policy", name=f"{rule.get('id')}:{what}")
    return made


def _amount(entry: dict[str, Any], base: int, unless: str) -> None:
    """Write an amount in the unit that the entry names, or in the base unit where it is not whole there."""
    unit = unit_of(str(entry.get("unit", unless))) or ""
    there = base / UNITS[unit]
    if there.denominator == 1:
        entry["amount"] = int(there)
    else:
        entry |= {"amount": base, "unit": BASES[unit]}


def texts(room: Room, now: Now) -> dict[Path, tuple[str, str]]:
    """The policy files that change: their text before and after. Raises Refusal (409, 422)."""
    opened_not(room)
    paths = policy_paths(room)
    rules = changed_rules(room, now)
    if not paths or not rules:
        raise refused(422, "nothing")
    before = {path: read_bytes(path, 4_000_000).decode("utf-8-sig") for path in paths}
    after = dict(before)
    for name, rule in rules.items():
        block = rule_toml([rule])
        if "\r\n" in before[paths[0]]:
            block = block.replace("\n", "\r\n")
        home = next((path for path, text in after.items() if _of(text, name) is not None), None)
        if home is None:
            after[paths[0]] = after[paths[0]].rstrip() + "\n\n" + block
        else:
            found = _of(after[home], name)
            assert found is not None
            after[home] = _put(after[home], found, block)
    return {path: (before[path], after[path]) for path in paths if after[path] != before[path]}


def _put(text: str, found: re.Match[str], block: str) -> str:
    """A text with a block in place of another; the comments of the earlier one stay under its first line."""
    tail = _TAIL.search(found[0])
    old = found[0][: tail.start()] if tail else found[0]
    head, _, rest = block.partition("\n")
    said = [(comment[1] or comment[2]).rstrip() for comment in _COMMENT.finditer(old)]
    end = "\r\n" if head.endswith("\r") else "\n"
    fresh = head + "\n" + "".join(comment + end for comment in said) + rest
    return text[: found.start()] + fresh + (found[0][tail.start() :] if tail else "") + text[found.end() :]


def _of(text: str, name: str) -> re.Match[str] | None:
    """The block of a rule in a policy file."""
    for found in _BLOCK.finditer(text):
        try:
            rule = load_toml(found[0])["rule"][0]
        except (tomllib.TOMLDecodeError, KeyError, IndexError, TypeError):
            continue
        if rule.get("id") == name:
            return found
    return None


def take(changes: Mapping[Path, tuple[str, str]]) -> list[str]:
    """Write them; the names of the files that changed."""
    for path, (before, after) in changes.items():
        rewrite(path, before, after)
    return [path.name for path in changes]
