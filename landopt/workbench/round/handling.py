"""How a plan is handled before it is adopted: drafted 经办, reviewed 审核, then signed 签发 in the ledger.

``ROUND/scenarios/handling.jsonl`` is append-only, a line a step: seq, time, account, machine, name, note, the SHA-256
of ``plan.json``. A plan that changed by a byte is another plan and is drafted again. Signing is no step of this file:
it is the adoption in the ledger, pending until as many as the round asks for have signed.
"""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from landopt.workbench.children import Job
from landopt.workbench.guards import refused
from landopt.workbench.home import SCENARIOS, Room
from landopt.workbench.writer import me
from parcels.common.digests import sha256_of
from parcels.common.gate import load_json, read_bytes

FILE = "handling.jsonl"
STEPS = ("submit", "pass", "return")
MOST = 20_000_000


def read(room: Room) -> list[dict[str, Any]]:
    """Every step, oldest first; a line that was cut off is passed over."""
    path = room.folder / SCENARIOS / FILE
    if room.plan_only or not path.is_file():
        return []
    found = []
    for line in read_bytes(path, MOST).split(b"\n"):
        try:
            step = load_json(line)
            if step["do"] in STEPS and isinstance(step["plan"], str):
                found.append(step)
        except (ValueError, KeyError, TypeError):
            continue
    return found


def last(steps: Iterable[Mapping[str, Any]], sha256: str) -> Mapping[str, Any] | None:
    """The last step of a plan."""
    mine = [step for step in steps if step["plan"] == sha256]
    return mine[-1] if mine else None


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
    path = room.folder / SCENARIOS / FILE
    path.parent.mkdir(exist_ok=True)
    torn = path.is_file() and path.stat().st_size and not read_bytes(path, MOST).endswith(b"\n")
    with path.open("ab") as out:
        out.write((b"\n" if torn else b"") + json.dumps(step, ensure_ascii=False).encode("utf-8") + b"\n")
        out.flush()
        os.fsync(out.fileno())
    return step


def _text(given: Mapping[str, Any], name: str, most: int) -> str:
    return " ".join(str(given.get(name) or "").split())[:most]
