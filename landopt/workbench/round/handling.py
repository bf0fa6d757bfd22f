"""How a plan is handled before it is adopted: drafted 经办, reviewed 审核, then signed 签发 in the ledger.

``ROUND/scenarios/handling.jsonl`` is append-only, a line a step: seq, time, account, machine, name, note, the SHA-256
of ``plan.json``. A plan that changed by a byte is another plan and is drafted again. Signing is no step of this file:
it is the adoption in the ledger, pending until as many as the round asks for have signed; what was not passed is not
signed on the command line either (:mod:`landopt.keeping.handled`).
"""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from landopt.keeping.handled import FILE, MOST, STEPS, handled, last
from landopt.workbench.children import Job
from landopt.workbench.guards import refused
from landopt.workbench.home import Room
from landopt.workbench.writer import me
from parcels.common.digests import sha256_of
from parcels.common.gate import read_bytes


def read(room: Room) -> list[dict[str, Any]]:
    """Every step, oldest first."""
    return [] if room.plan_only else handled(room.folder)


def reviewed(room: Room, folder: Path) -> bool:
    """Whether the plan as it lies there was reviewed."""
    found = last(read(room), sha256_of(folder / "plan.json"))
    return found is not None and found["do"] == "pass"


def stood(jobs: Iterable[Job], room: Room, key: str, folder: Path) -> bool:
    """Whether the plan as it lies there was audited whole in this workbench, and stands."""
    made = (folder / "plan.json").stat().st_mtime
    return any(
        (job.kind, job.room, job.scenario, job.state) == ("audit", room.name, key, "done")
        and job.answer.get("exit") == 0
        and bool(job.answer.get("complete"))
        and job.begun > made
        for job in jobs
    )


def add(room: Room, folder: Path, given: Mapping[str, Any], audited: bool) -> dict[str, Any]:
    """One step of a plan.

    Raises
    ------
    Refusal
        422 no name, no note where one is due, the drafter reviews what is his own; 409 not its turn, or not audited.
    """
    kind, by, note = given.get("what"), _text(given, "by", 80), _text(given, "note", 500)
    if kind not in STEPS:
        raise refused(422, "step", what=str(kind)[:40])
    if not by or (kind == "return" and not note):
        raise refused(422, "reason")
    steps, sha256 = read(room), sha256_of(folder / "plan.json")
    before = last(steps, sha256)
    state = before["do"] if before is not None else "return"
    if (kind == "submit") != (state == "return"):
        raise refused(409, "not-its-turn")
    if kind != "submit":
        assert before is not None
        if by.casefold() == str(before.get("by")).casefold():
            raise refused(422, "own-review")
    if kind == "pass" and not audited:
        raise refused(409, "not-audited")
    at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    step = {"seq": len(steps) + 1, "at": at, **me(), "do": kind, "plan": sha256, "by": by, "note": note}
    path = room.folder / FILE
    path.parent.mkdir(exist_ok=True)
    torn = path.is_file() and path.stat().st_size and not read_bytes(path, MOST).endswith(b"\n")
    with path.open("ab") as out:
        out.write((b"\n" if torn else b"") + json.dumps(step, ensure_ascii=False).encode("utf-8") + b"\n")
        out.flush()
        os.fsync(out.fileno())
    return step


def _text(given: Mapping[str, Any], name: str, most: int) -> str:
    return " ".join(str(given.get(name) or "").split())[:most]
