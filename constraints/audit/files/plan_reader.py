"""The plan folder as the auditor reads it: its JSON files, rows, the hash of the assignments. Standard library only.

Formats: docs/plan.md and docs/proof.md.  Every number is an integer below 2^53 in size, or a decimal string.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from constraints.audit.files.strict_json import strict_json
from constraints.canonical import canonical, digest
from parcels.common.gate import read_bytes
from parcels.common.issues import Refused, error

PLAN_SCHEMA = "landopt.plan/1"
OFFERS_SCHEMA = "landopt.offers/2"
PROOF_SCHEMA = "landopt.proof/3"
_HASHED = ("parcel_ids", "demand_id", "method", "period", "term_years")


def plan_hash(assignments: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 of the canonical assignments: who gets which parcels how, when and for how long; nothing else."""
    rows = [{name: entry.get(name) for name in _HASHED} for entry in assignments]
    return digest(sorted(rows, key=canonical))


def load_json(path: Path, schema: str) -> Any:
    """A JSON object of the folder; refused when torn, of another schema, or not of the grammar."""
    try:
        found = strict_json(read_bytes(path))
    except FileNotFoundError as missing:
        raise Refused(error("A001.missing-in-folder", at=str(path), file=path.name)) from missing
    except (ValueError, UnicodeDecodeError, RecursionError) as torn:
        raise Refused(error("A002.cannot-read-file", at=str(path), file=path.name, torn=torn)) from torn
    stated = found.get("schema") if isinstance(found, dict) else None
    if stated != schema:
        raise Refused(error("A003.other-schema", at=str(path), file=path.name, stated=stated, schema=schema))
    return found


def read_plan(folder: Path) -> dict[str, Any]:
    """``plan.json`` of a plan folder (or the file itself) as plain JSON."""
    path = folder if folder.is_file() else folder / "plan.json"
    found = load_json(path, PLAN_SCHEMA)
    return dict(found)


@contextmanager
def uncollected() -> Iterator[None]:
    """Millions of short lists without cycles: to look for cycles among them would take a fifth of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
