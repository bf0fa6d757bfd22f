"""``plan.gpkg`` against ``plan.json`` and the case: every row of its layers, and the outlines by digest.

Standard library only (``sqlite3``, read only, with a limit on what a query may do).
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from constraints.audit.problem import Problem
from constraints.case import Case
from parcels.common.catalogue import Text, told

FACTS = ("use", "district", "land_source", "area_m2")
SAID = ("demand_id", "role", "method", "term_years", "verdict", "start_price_yuan")
OF_SITE = ("demand_id", "method", "role", "area_m2", "term_years", "start_price_yuan")
TABLES = frozenset({"parcels", "sites", "layer_styles", "sqlite_sequence"})
HIDDEN = ("gpkg_", "rtree_parcels_geom", "rtree_sites_geom")
STEPS = 2_000_000
"""Thousands of steps of the database that reading may take; a view that never ends is stopped."""
_ENVELOPES = (0, 32, 48, 48, 64)


def outline_digest(outlines: Iterable[tuple[str, bytes]]) -> str:
    """SHA-256 over (parcel id, WKB of its multi-polygon), sorted by id: names all outlines at once."""
    whole = hashlib.sha256()
    for name, wkb in sorted(outlines):
        whole.update(name.encode() + b"\0" + hashlib.sha256(wkb).digest())
    return whole.hexdigest()


def check_layers(path: Path, plan: Mapping[str, Any], case: Case) -> tuple[int, list[Problem]]:
    """How many cells were compared, and what is not so: a row or cell that differs, a strange table, an outline."""
    problems: list[Problem] = []

    def say(what: Text) -> None:
        if len(problems) < 50:
            problems.append(("plan.gpkg", told("breach.of", name="plan.gpkg", what=what)))

    budget = [STEPS]

    def tick() -> int:
        budget[0] -= 1
        return budget[0] < 0

    count = 0
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as store:
            store.set_progress_handler(tick, 1000)
            strange = [
                (kind, name)
                for kind, name in store.execute("SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view')")
                if kind == "view" or (name not in TABLES and not name.startswith(HIDDEN))
            ]
            for kind, name in strange:
                say(told("breach.landopt-does-write", kind=kind, name=name))
            outlines: list[tuple[str, bytes]] = []
            for table, wanted in _wanted(plan, case).items():
                count += _table(store, table, wanted, say, outlines if table == "parcels" else None)
            if case.outlines and outline_digest(outlines) != case.outlines:
                say(told("breach.outlines-parcels-those"))
    except (sqlite3.Error, ValueError, TypeError) as trouble:
        say(told("breach.cannot-read", trouble=trouble))
    return count, problems


def _wanted(plan: Mapping[str, Any], case: Case) -> dict[str, dict[str, dict[str, Any]]]:
    """What each layer must hold: table -> name of the row -> column -> value."""
    rows, parcels = case.parcels.index(), {}
    said: dict[str, dict[str, Any]] = {}
    sites: dict[str, dict[str, Any]] = {}
    for entry in plan["assignments"]:
        name = "+".join(entry["parcel_ids"])
        own = {column: entry[column] for column in SAID}
        own |= {"state": "supplied", "site": name, "rules": "; ".join(entry["rules"]), **_reasons(entry["conditions"])}
        said |= dict.fromkeys(entry["parcel_ids"], own)
        sites[name] = {column: entry[column] for column in OF_SITE}
    for entry in plan["held"]:
        empty = dict.fromkeys((*SAID, "site", "rules"))
        said[entry["parcel_id"]] = {**empty, "state": "held", **_reasons(entry["reasons"])}
    for name, row in rows.items():
        facts = {column: case.parcels.column(column)[row] for column in FACTS}
        parcels[name] = {**facts, **said.get(name, {})}
    return {"parcels": parcels, "sites": sites} if sites else {"parcels": parcels}


def _reasons(entries: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    found = list(entries)
    return {f"reasons_{lang}": "; ".join(str(e.get(lang, "")) for e in found if e.get(lang)) for lang in ("en", "zh")}


def _table(
    store: sqlite3.Connection,
    table: str,
    wanted: Mapping[str, Mapping[str, Any]],
    say: Any,
    outlines: list[tuple[str, bytes]] | None,
) -> int:
    """Compare one layer row by row."""
    cursor = store.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - one of our two names
    columns = [each[0] for each in cursor.description]
    key = "parcel_id" if table == "parcels" else "site"
    left, count = dict(wanted), 0
    for values in cursor:
        row = dict(zip(columns, values, strict=True))
        blob = row.pop("geom", None)
        row.pop("fid", None)
        name = row.pop(key, None)
        due = left.pop(name, None)
        if due is None:
            say(
                told("breach.holds-which-plan", table=table, name=name),
            )
            continue
        if outlines is not None:
            outlines.append((str(name), _wkb(blob)))
        for column in sorted(row.keys() | due.keys()):
            count += 1
            stated, found = row.get(column), due.get(column)
            if stated != found and not (stated in (None, "") and found in (None, "")):
                say(
                    told("breach.plan-says", name=name, column=column, stated=stated, found=found),
                )
    for name in sorted(left)[:5]:
        say(told("breach.missing", name=name, table=table))
    return count


def _wkb(blob: Any) -> bytes:
    """The WKB of a geometry in a GeoPackage: it stands behind "GP", version, flags, number of the CRS, envelope."""
    if not isinstance(blob, bytes) or blob[:2] != b"GP" or len(blob) < 8:
        return b""
    kind = (blob[3] >> 1) & 7
    return blob[8 + (_ENVELOPES[kind] if kind < len(_ENVELOPES) else 0) :]
