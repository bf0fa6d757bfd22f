"""How a plan was handled before it is signed: ``ROUND/scenarios/handling.jsonl``, which the workbench appends to.

A line a step: ``submit`` 经办, ``pass`` or ``return`` 审核, each with name, time and the SHA-256 of ``plan.json``: a
plan that changed by a byte is another plan. Where a round has the file, its plans are signed (adopted) once they were
passed, at the page and on the command line alike; a round without it keeps its review elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from parcels.common.digests import sha256_of
from parcels.common.gate import load_json, read_bytes
from parcels.common.issues import Refused, error

FILE = Path("scenarios") / "handling.jsonl"
STEPS = ("submit", "pass", "return")
MOST = 20_000_000


def handled(round_folder: Path) -> list[dict[str, Any]]:
    """Every step, oldest first; a line that was cut off is passed over."""
    path = round_folder / FILE
    if not path.is_file():
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


def require_passed(round_folder: Path, plan_folder: Path) -> None:
    """Refuse to sign a plan of a round that keeps its handling, unless this very plan was passed (B019)."""
    steps = handled(round_folder)
    if not steps:
        return
    found = last(steps, sha256_of(plan_folder / "plan.json"))
    at = str(plan_folder)
    if found is None:
        raise Refused(error("B019.no-step", at=at))
    said = {"by": str(found.get("by")), "date": str(found.get("at"))[:10]}
    if found["do"] == "submit":
        raise Refused(error("B019.submitted", at=at, **said))
    if found["do"] == "return":
        raise Refused(error("B019.returned", at=at, note=str(found.get("note")), **said))
