"""The folder the workbench was opened on: its rounds, their plans and scenarios, found by listing and by no other way.

A name that came over the wire is looked up in a listing; it never becomes a part of a path.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landopt.keeping.shelf import LEDGER, adoptions
from landopt.workbench.guards import refused
from landopt.workbench.once import asked_once
from parcels.common.digests import sha256_of
from parcels.common.gate import load_json, load_toml, read_bytes
from parcels.common.issues import LandoptError

SCENARIOS, BIN = "scenarios", ".bin"
WRITER = ".landopt-writer"
"""The lock of who writes to a round."""
BASE = ""
"""The scenario that is the round as filed."""


@dataclass(frozen=True, slots=True)
class Room:
    """A round by the name of its folder; of a folder that is only a plan ``plan_only`` holds."""

    name: str
    folder: Path
    plan_only: bool = False

    def scenario(self, name: str) -> Path:
        """The folder of a scenario; the round's own for :data:`BASE`. Raises Refusal (404)."""
        if name == BASE:
            return self.folder
        found = {path.name: path for path in self.scenarios()}
        if name not in found:
            raise refused(404, "no-scenario", name=name)
        return found[name]

    def scenarios(self) -> list[Path]:
        """The folders of the scenarios, by name."""
        home = self.folder / SCENARIOS
        if not home.is_dir():
            return []
        return sorted(path for path in home.iterdir() if path.is_dir() and not path.name.startswith("."))

    def plans(self) -> dict[str, Path]:
        """The plan folders by the key the page knows them by."""
        if self.plan_only:
            return {"plan": self.folder}
        found: dict[str, Path] = {}
        if (self.folder / "plan" / "plan.json").is_file():
            found["plan"] = self.folder / "plan"
        for path in self.scenarios():
            if (path / "plan" / "plan.json").is_file():
                found[f"s:{path.name}"] = path / "plan"
        shelf = self.folder / "plans"
        for pattern in ("*/plan.json", "*/*/plan.json"):
            for path in sorted(shelf.glob(pattern)) if shelf.is_dir() else ():
                found[f"k:{path.parent.relative_to(shelf).as_posix().replace('/', ':')}"] = path.parent
        for path in sorted(self.folder.glob("*/plan.json")):
            if path.parent.name != "plan" and not path.parent.name.startswith("."):
                found[f"o:{path.parent.name}"] = path.parent
        return found

    def plan(self, key: str) -> Path:
        """A plan folder by its key. Raises Refusal (404)."""
        found = self.plans().get(key)
        if found is None:
            raise refused(404, "no-plan")
        return found


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of rounds, or one round, or a folder of plans."""

    folder: Path

    def rooms(self) -> dict[str, Room]:
        """Everything there is to open, by name."""
        if (kind := _kind(self.folder)) is not None:
            return {self.folder.name: Room(self.folder.name, self.folder, kind == "plan")}
        found = {}
        with contextlib.suppress(OSError):
            for path in sorted(self.folder.iterdir()):
                if path.is_dir() and not path.is_symlink() and not path.name.startswith("."):
                    kind = _kind(path)
                    if kind is not None:
                        found[path.name] = Room(path.name, path, kind == "plan")
        return found

    def room(self, name: str) -> Room:
        """A round by name. Raises Refusal (404) for one that is not in the listing."""
        found = self.rooms().get(name)
        if found is None:
            raise refused(404, "no-round")
        return found


def _kind(folder: Path) -> str | None:
    if (folder / "round.toml").is_file():
        return "round"
    return "plan" if (folder / "plan.json").is_file() else None


_read: dict[Path, tuple[str, dict[str, Any]]] = {}
"""What was read of a plan, while its file stays as it was."""
_reading = threading.Lock()
TORN = {"id": "", "torn": True}
LARGE = 4_000_000
"""Bytes of a plan beyond which a child reads it: taken apart it is ten times as much, and memory once had stays."""


def stamp(folder: Path) -> str:
    """What changes when a plan does; empty where there is none."""
    with contextlib.suppress(OSError):
        stat = (folder / "plan.json").stat()
        return f"{stat.st_mtime_ns:x}-{stat.st_size:x}"
    return ""


def plan_line(folder: Path) -> dict[str, Any]:
    """What the list says of a plan: id, date, points of the first tier (thousandths), gap, why it stopped.

    May take seconds where the plan is large and was not read before.
    """
    path, now = folder / "plan.json", stamp(folder)
    if not now:
        return dict(TORN)
    known = _read.get(path)
    if known is None or known[0] != now:
        known = _read[path] = _anew(folder, now)
    return dict(known[1])


def _anew(folder: Path, now: str) -> tuple[str, dict[str, Any]]:
    path = folder / "plan.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        if path.stat().st_size <= LARGE:
            return now, {**line_of(folder), "stamp": now}
        with _reading:  # one child for all who ask
            known = _read.get(path)
            if known is not None and known[0] == now:
                return known
            _read[path] = now, {**asked_once({"do": "line", "folder": str(folder)}), "stamp": now}
            return _read[path]
    return now, dict(TORN)


def line_of(folder: Path) -> dict[str, Any]:
    """What :func:`plan_line` says, read here and now. Raises what a torn file raises."""
    path = folder / "plan.json"
    plan = load_json(read_bytes(path))
    tiers, case = plan["result"]["tiers"], plan["case"]
    return {
        "id": str(plan["plan_id"]),
        "title": case["title"],
        "as_of": case["as_of"],
        "made": int(path.stat().st_mtime),
        "objective": tiers[0]["objective"] if tiers else None,
        "bound": tiers[0]["bound"] if tiers else None,
        "gap": max((str(tier["proven_gap"]) for tier in tiers), key=float, default=""),
        "stopped": str(plan["result"]["stopped"]),
        "supplied": sum(len(entry["parcel_ids"]) for entry in plan["assignments"]),
        "held": len(plan["held"]),
        "unserved": len(plan["unserved"]),
        "sha256": sha256_of(path),
        "scenario": list(case.get("overlays", ())),
    }


def plan_lines(room: Room) -> list[dict[str, Any]]:
    """The plans of a round, the present one first."""
    known: Mapping[str, Any] = {}
    with contextlib.suppress(LandoptError):  # a damaged ledger is told where it is used; plans can be looked at
        known = {} if room.plan_only else adoptions(room.folder / LEDGER)
    out = []
    for key, folder in room.plans().items():
        line = plan_line(folder)
        out.append({"key": key, **line, "adopted": known.get(line.get("sha256", ""), [])})
    return out


def headline(room: Room) -> dict[str, Any]:
    """What the list of rounds says of one: title, date, how many plans."""
    said: dict[str, Any] = {"name": room.name, "plan_only": room.plan_only, "plans": len(room.plans())}
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        if room.plan_only:
            line = plan_line(room.folder)
            return {**said, "title": line["title"], "as_of": line["as_of"]}
        head = load_toml(read_bytes(room.folder / "round.toml", 4_000_000).decode("utf-8-sig"))["round"]
        title = head.get("title") or head.get("id") or room.name
        title = title if isinstance(title, dict) else {"en": str(title), "zh": str(title)}
        return {**said, "title": title, "as_of": str(head.get("as_of", "")), "id": str(head.get("id", ""))}
    return {**said, "title": {"en": room.name, "zh": room.name}, "as_of": ""}


def filed(room: Room) -> str:
    """What changes when the files of a round do, and not with a step of a scenario or a plan."""
    found = []
    for path in sorted(room.folder.iterdir()):
        with contextlib.suppress(OSError):
            stat = path.stat()
            if path.name[0] != "." and not path.is_dir():
                found.append((path.name, stat.st_mtime_ns, stat.st_size))
    return json.dumps(found)


def stamps(room: Room) -> str:
    """What changes when somebody changes anything of a round: the dates and sizes of the files the page shows."""
    return json.dumps(sorted(_stamps(room)))


def _stamps(room: Room) -> Iterator[tuple[str, int, int]]:
    paths = [path for path in room.folder.iterdir() if path.name == WRITER or path.name[0] != "."]
    paths += [folder / "plan.json" for folder in room.plans().values()]
    paths.append(room.folder / SCENARIOS / "handling.jsonl")
    for path in room.scenarios():
        paths += [path / "edits.jsonl", path / "scenario.toml"]
    for path in paths:
        with contextlib.suppress(OSError):
            stat = path.stat()
            if path.is_dir():
                continue
            yield path.relative_to(room.folder).as_posix(), stat.st_mtime_ns, stat.st_size
