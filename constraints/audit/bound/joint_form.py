"""Joint rounds bound to their files: the form of ``joint.json``, what else lies there, the overlay of a city.

Standard library only.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from constraints.audit.bound.shapes import Faults
from constraints.audit.finding import Unchecked
from parcels.common.catalogue import told
from parcels.common.gate import load_toml, read_bytes
from parcels.common.issues import Refused, error

OVERLAY = "joint-limits.toml"
_ROOT = frozenset(("joint.json", "joint.toml", "cities"))
_CITY = frozenset(("plan", OVERLAY, "joint-proof.json"))


def form(said: Mapping[str, Any], place: Path) -> list[Unchecked]:
    """Fields of ``joint.json`` that nobody knows, as not checked.

    Raises
    ------
    Refused
        If a field is missing or of another type (A002).
    """
    found = Faults("joint", said)
    if found.wrong:
        raise Refused(error("A002.joint-form", at=str(place), what="; ".join(found.wrong[:5])))
    if not found.unknown:
        return []
    shown = ", ".join(dict.fromkeys(found.unknown[:5]))
    count = len(found.unknown)
    return [Unchecked("field", told("breach.fields-this-audit", count=count, shown=shown))]


def tables(text: str, place: Path) -> dict[str, Any]:
    """The tables of ``joint.toml``, numbers as they are written.

    Raises
    ------
    Refused
        If it is none (A002).
    """
    try:
        return load_toml(text, parse_float=str)
    except tomllib.TOMLDecodeError as wrong:
        raise Refused(error("A002.joint-form", at=str(place), what=str(wrong))) from wrong


def foreign(folder: Path, names: Sequence[str]) -> Iterator[Unchecked]:
    """Files and folders that are none of landopt's: they stand beside the plans and were not checked."""
    places = [path for path in sorted(folder.iterdir()) if path.name not in _ROOT]
    for name in names:
        city = folder / "cities" / name
        if city.is_dir():
            places += [path for path in sorted(city.iterdir()) if path.name not in _CITY]
    for path in places:
        name = path.relative_to(folder).as_posix()
        yield Unchecked("file", told("breach.not-landopts", name=name))


def own_overlay(place: Path, case: Mapping[str, Any], limits: Sequence[str]) -> bool:
    """Whether the overlay of a city's case is the file beside its plan and holds the common limits and nothing else."""
    texts = [entry["text"] for entry in case["sources"] if entry["role"] == "overlay"]
    if case["overlays"] != [Path(OVERLAY).stem] or len(texts) != 1 or case["scenario"]:
        return False
    raw = texts[0].encode("utf-8")
    if read_bytes(place / OVERLAY) != raw:
        return False
    found = load_toml(texts[0], parse_float=str)
    sha = hashlib.sha256(raw).hexdigest()
    return (
        set(found) == {"rule"}
        and [rule.get("id") for rule in found["rule"]] == [f"joint.{name}" for name in limits]
        and any(entry["name"] == OVERLAY and entry["sha256"] == sha for entry in case["inputs"])
    )


def limits_alone(unchecked: Sequence[Unchecked]) -> tuple[Unchecked, ...]:
    """What a city's audit did not check, without the overlay of the common limits, which is held against theirs."""
    named = told("breach.made-under-overlay", name=OVERLAY)
    return tuple(each for each in unchecked if not (each.what == "overlays" and each.said == named))
