"""The history of a scenario: an append-only file of steps, each with its reason; what they come to, folded.

A step is a line of ``edits.jsonl``: ``{"seq", "at", "by", "account", "machine", "reason", "do", ...}``. Undo and redo
are steps as well, so that nothing is ever taken out of the file. A torn last line (a crash while it was written) is
no step.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from landopt.workbench.guards import refused
from landopt.workbench.writer import me
from parcels.common.gate import MB, admit, load_json

FILE = "edits.jsonl"
MOST = 100 * MB
"""Bytes of a history that are read."""
SHOWN = 200
"""Steps that a page is sent, the last ones."""
KEPT = 64
"""Histories that are held as they were read: twenty people who look at a round of 2,500 steps took it apart each."""
_READ: dict[Path, tuple[tuple[int, int], History]] = {}
"""By file: its size and time when it was read (it only grows), and what it held."""
_ID = re.compile(r"[^\s=+:,;\x00-\x1f\x7f]{1,120}")
_RULE = re.compile(r"[\w.\-]{1,120}")
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?")
_WORD = re.compile(r"[a-z_]{1,40}")
_FIELD = re.compile(r"[a-z_0-9]{1,60}")
NUMBERS = ("amount", "share", "penalty", "used", "points", "points_per_ha")
STEPS = ("set", "rule", "without", "fix", "unfix", "drop", "undrop", "add", "unadd", "undo", "redo")
NEEDS_REASON = ("fix", "drop", "rule", "without", "add")


@dataclass(slots=True)
class Now:
    """What the live steps come to."""

    sets: dict[str, str] = field(default_factory=dict)
    """``RULE[key]:amount`` -> number."""
    rules: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    """Rule id -> its table as a policy file has it; ``None``: the file's own again."""
    fixes: dict[str, dict[str, str]] = field(default_factory=dict)
    """Site ``P1+P2`` -> method, demand, reason, by."""
    drops: dict[str, dict[str, str]] = field(default_factory=dict)
    adds: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Late applicants that are filed: id -> facts, reason, by."""

    def overlaid(self) -> bool:
        """Whether something stands in ``scenario.toml``: rules that were changed, applicants that were filed."""
        return bool(self.adds) or any(rule is not None for rule in self.rules.values())

    def set_words(self) -> list[str]:
        """As ``--set`` takes them."""
        return [f"{name}={value}" for name, value in self.sets.items()]

    def fix_words(self) -> list[str]:
        """As ``--fix`` takes them."""
        return [
            f"{site}={step['method']}" + (f":{step['demand']}" if step["demand"] else "")
            for site, step in self.fixes.items()
        ]

    def reason(self) -> str:
        """The reasons of everything fixed or left out, each once."""
        steps = [*self.fixes.values(), *self.drops.values()]
        return "; ".join(dict.fromkeys(step["reason"] for step in steps))

    def by(self) -> str:
        """The names of those who fixed something, each once."""
        return ", ".join(dict.fromkeys(step["by"] for step in self.fixes.values()))


@dataclass(slots=True)
class History:
    """How many steps there are and the last of them; those that count and those that redo would bring back.

    A step that counts, or is undone (last undone last), is held as its number and its line: 0.3 kB, of thousands too.
    """

    count: int = 0
    last: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=SHOWN))
    live: list[tuple[int, bytes]] = field(default_factory=list)
    undone: list[tuple[int, bytes]] = field(default_factory=list)
    known: Now | None = None
    """What the live steps come to, once it was asked for."""

    @property
    def now(self) -> Now:
        """What the live steps come to."""
        if self.known is None:
            self.known = Now()
            for _, line in self.live:
                _apply(self.known, load_json(line))
        return self.known

    def copy(self) -> History:
        """Another that may be added to."""
        return History(self.count, self.last.copy(), self.live.copy(), self.undone.copy(), self.known)

    def as_dict(self) -> dict[str, Any]:
        """As the page knows it; ``version`` is the number of steps."""
        now = self.now
        return {
            "version": self.count,
            "steps": list(self.last),
            "live": [number for number, _ in self.live],
            "undo": self.live[-1][0] if self.live else None,
            "redo": self.undone[-1][0] if self.undone else None,
            "sets": now.sets,
            "fixes": now.fixes,
            "drops": now.drops,
            "adds": now.adds,
            "rules": {name: table for name, table in now.rules.items() if table is not None},
        }


def read(folder: Path) -> History:
    """The history of a scenario's folder; empty where it has none."""
    path = folder / FILE
    if not path.is_file():
        return History()
    at = path.stat()
    stamp = (at.st_size, at.st_mtime_ns)
    known = _READ.get(path)
    if known is None or known[0] != stamp:
        if len(_READ) >= KEPT:
            _READ.clear()
        known = _READ[path] = stamp, _parsed(path)
    return known[1].copy()


def _parsed(path: Path) -> History:
    found = History()
    with admit(path, MOST).open("rb") as file:
        for line in file:
            with contextlib.suppress(ValueError, KeyError, TypeError, IndexError):
                _fold(found, load_json(line), line)
    _ = found.now
    return found


def _fold(found: History, step: dict[str, Any], line: bytes) -> None:
    if step["do"] == "undo":
        found.undone.append(found.live.pop())
    elif step["do"] == "redo":
        found.live.append(found.undone.pop())
    elif step["do"] in STEPS:
        _apply(Now(), step)
        found.live.append((step["seq"], line))
        found.undone.clear()
    else:
        raise ValueError(step["do"])
    found.count += 1
    found.last.append(step)
    found.known = None


def _apply(now: Now, step: Mapping[str, Any]) -> None:
    kind = step["do"]
    if kind == "set":
        now.sets[step["name"]] = step["value"]
    elif kind == "rule":
        now.rules[step["rule"]["id"]] = step["rule"]
    elif kind == "without":
        now.rules[step["id"]] = None
        for name in [name for name in now.sets if re.split(r"[:\[]", name)[0] == step["id"]]:
            del now.sets[name]
    elif kind == "fix":
        site = set(step["site"].split("+"))
        for other in [name for name in now.fixes if site & set(name.split("+"))]:
            del now.fixes[other]
        now.fixes[step["site"]] = {name: step[name] for name in ("method", "demand", "reason", "by")}
    elif kind == "unfix":
        now.fixes.pop(step["site"], None)
    elif kind == "drop":
        now.drops[step["parcel"]] = {name: step[name] for name in ("reason", "by")}
    elif kind == "undrop":
        now.drops.pop(step["parcel"], None)
    elif kind == "add":
        now.adds[step["demand"]] = {name: step[name] for name in ("facts", "reason", "by")}
    elif kind == "unadd":
        now.adds.pop(step["demand"], None)
        for name in [name for name, fix in now.fixes.items() if fix["demand"] == step["demand"]]:
            del now.fixes[name]


def step_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """A step as it may be written, from what a page sent. Raises Refusal (422) naming what is wrong."""
    kind = given.get("do")
    if kind not in STEPS:
        raise refused(422, "step", what=str(kind)[:40])
    step: dict[str, Any] = {"do": kind}
    step["by"], step["reason"] = _text(given, "by", 80), _text(given, "reason", 500)
    if kind in NEEDS_REASON and not (step["by"] and step["reason"]):
        raise refused(422, "reason")
    if kind == "set":
        step["name"] = setting_name(given)
        step["value"] = _match(_NUMBER, given.get("value"))
    elif kind == "rule":
        rule = given.get("rule")
        if not isinstance(rule, dict) or not _RULE.fullmatch(str(rule.get("id"))) or len(json.dumps(rule)) > 40_000:
            raise refused(422, "step", what="rule")
        step["rule"] = rule
    elif kind == "without":
        step["id"] = _match(_RULE, given.get("id"))
    elif kind in ("fix", "unfix"):
        parts = [_match(_ID, part) for part in str(given.get("site", "")).split("+")]
        step["site"] = "+".join(sorted(dict.fromkeys(parts)))
        if kind == "fix":
            step["method"] = _match(_WORD, given.get("method"))
            step["demand"] = _match(_ID, given["demand"]) if given.get("demand") else ""
    elif kind in ("drop", "undrop"):
        step["parcel"] = _match(_ID, given.get("parcel"))
    elif kind in ("add", "unadd"):
        step["demand"] = _match(_ID, given.get("demand"))
        if kind == "add":
            step["facts"] = _facts(given.get("facts"))
    return step


def _facts(given: object) -> dict[str, Any]:
    """The facts of an applicant as an overlay has them. Raises Refusal (422)."""
    if not isinstance(given, dict) or not given or len(json.dumps(given)) > 40_000:
        raise refused(422, "step", what="facts")
    for name, value in given.items():
        whole = isinstance(value, str | int | bool)
        if not _FIELD.fullmatch(name) or not (whole or _texts(value)):
            raise refused(422, "step", what=str(name)[:40])
    return given


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def setting_name(given: Mapping[str, Any]) -> str:
    """The name of a number as ``--set`` takes it: ``RULE[key]:amount``. Raises Refusal (422)."""
    rule, what = _match(_RULE, given.get("rule")), given.get("what", "amount")
    if what not in NUMBERS:
        raise refused(422, "step", what=str(what)[:40])
    key = given.get("key") or []
    if not isinstance(key, list) or any(re.search(r"[\[\],\x00-\x1f]", str(part)) for part in key):
        raise refused(422, "step", what="key")
    keyed = f"[{','.join(str(part)[:120] for part in key)}]" if key else ""
    return f"{rule}{keyed}:{what}"


def _match(pattern: re.Pattern[str], given: object) -> str:
    text = str(given) if isinstance(given, str | int) else ""
    if not pattern.fullmatch(text):
        raise refused(422, "step", what=text[:40])
    return text


def _text(given: Mapping[str, Any], name: str, most: int) -> str:
    text = given.get(name) or ""
    return " ".join(str(text).split())[:most]


def _torn(path: Path) -> bool:
    """Whether the last line of a file has no end: a crash while it was written."""
    if not path.is_file() or not path.stat().st_size:
        return False
    with admit(path, MOST).open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def add(folder: Path, step: Mapping[str, Any], version: int) -> History:
    """Append a step, if the history is still as the page saw it.

    Raises
    ------
    Refusal
        409 it is not; 422 nothing to undo or redo.
    """
    found = read(folder)
    if found.count != version:
        raise refused(409, "moved-on")
    if (step["do"] == "undo" and not found.live) or (step["do"] == "redo" and not found.undone):
        raise refused(422, f"no-{step['do']}")
    at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    whole = {"seq": version + 1, "at": at, **me(), **step}
    path = folder / FILE
    line = json.dumps(whole, ensure_ascii=False).encode("utf-8") + b"\n"
    torn = _torn(path)
    with path.open("ab") as out:
        out.write((b"\n" if torn else b"") + line)
        out.flush()
        os.fsync(out.fileno())
    _fold(found, whole, line)
    return found
