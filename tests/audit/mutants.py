"""Mutants of plan folders: one statement changed, with the digests left (a forgery) or made anew (a lie)."""

from __future__ import annotations

import base64
import copy
import gzip
import json
import zlib
from pathlib import Path
from random import Random
from typing import Any

from constraints.audit.files.plan_reader import plan_hash
from constraints.canonical import canonical, digest
from tests.audit.lists import write_lines

FILES = ("plan.json", "case.json", "proof.json", "offers.jsonl.gz")
FREE = (
    "plan_id", "ties", "solver_bound", "justification", "reasons", "unit", "overrides", "title", "versions",
    "citations", "timetables",
)  # fmt: skip
"""What ``plan.json`` says in words or on somebody's authority; the seal covers it, the audit does not re-derive it."""
Content = dict[str, Any]


def load(folder: Path) -> Content:
    """The four files as JSON; the offers as a list of lines."""
    found: Content = {name: json.loads((folder / name).read_bytes()) for name in FILES[:3]}
    lines = gzip.decompress((folder / FILES[3]).read_bytes()).splitlines()
    found[FILES[3]] = [json.loads(line) for line in lines]
    return found


def save(folder: Path, content: Content) -> None:
    """Write the files back, canonical."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES[:3]:
        (folder / name).write_bytes(canonical(content[name]))
    lines = [canonical(line) + b"\n" for line in content[FILES[3]]]
    write_lines(folder / FILES[3], lines)


def reseal(content: Content) -> Content:
    """The same content with every digest made anew."""
    import hashlib

    found = copy.deepcopy(content)
    case = digest(found["case.json"])
    found["plan.json"]["case"]["digest"] = found["proof.json"]["case"] = case
    found[FILES[3]][0]["case"] = case
    sha = hashlib.sha256(b"".join(canonical(line) + b"\n" for line in found[FILES[3]])).hexdigest()
    found["proof.json"]["offers"] = sha
    found["plan.json"]["plan_hash"] = plan_hash(found["plan.json"]["assignments"])
    for name in ("inputs", "packs", "overlays", "dropped"):
        found["plan.json"]["case"][name] = found["case.json"][name]
    found["plan.json"]["case"]["as_of"] = found["case.json"]["round"]["as_of"]
    for stated, proven in zip(found["plan.json"]["result"]["tiers"], found["proof.json"]["tiers"], strict=False):
        if stated["bound"] != proven["bound"]:
            proven["bound"] = stated["bound"]
    return found


def spots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all plain values."""
    if isinstance(value, dict):
        return [
            spot
            for key, item in value.items()
            if key not in FREE or path[:1] != ("plan.json",)
            for spot in spots(item, (*path, key))
        ]
    if isinstance(value, list):
        return [spot for key, item in enumerate(value) for spot in spots(item, (*path, key))]
    return [path]


def mutate(draw: Random, content: Content) -> tuple[Content, tuple[Any, ...], Any, Any]:
    """A copy with one plain value changed: where, before, after."""
    name = draw.choice(FILES)
    path = draw.choice(spots(content[name], (name,)))
    found = copy.deepcopy(content)
    place = found
    for key in path[:-1]:
        place = place[key]
    before = place[path[-1]]
    after = _repriced(draw, before) if path[-2:-1] == ("tree",) else _other(draw, before)
    place[path[-1]] = after
    return found, path, before, after


def _repriced(draw: Random, packed: str) -> str:
    """A packed text with one byte of what it holds changed, dropped or doubled, or as it is not to be written."""
    raw = bytearray(zlib.decompress(base64.b64decode(packed)))
    kind = draw.randrange(8)
    if kind == 0:
        return draw.choice([packed[:-1], packed + "x", ""])
    at = draw.randrange(len(raw))
    if kind == 1:
        del raw[at]
    elif kind == 2:
        raw.insert(at, raw[at])
    else:
        raw[at] = (raw[at] + draw.choice([1, 2, 4, 64, 128, 254, 255])) % 256
    return base64.b64encode(zlib.compress(bytes(raw), 9)).decode("ascii")


def _other(draw: Random, value: Any) -> Any:
    if value is None:
        return draw.choice([0, 1, "x"])
    if isinstance(value, bool):
        return draw.choice([not value, None])
    if isinstance(value, int):
        return draw.choice([value + 1, value - 1, value * 2 + 1, -value or 7, value + 1000, None])
    if len(value) == 64 and draw.random() < 0.8:
        return value[:-1] + ("0" if value[-1] != "0" else "1")
    options = ["", value + "x", value[:-1], None]
    words = {"permit": "condition", "condition": "permit", "<=": ">=", ">=": "<=", "new": "stock", "stock": "new"}
    words |= {"IND": "RES", "RES": "IND", "A": "B", "B": "A", "listing": "lease", "lease": "listing", "all": "listed"}
    return words.get(value) or draw.choice(options)
