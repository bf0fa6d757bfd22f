"""Push a plan into the central database: all of its tables in one transaction, never over one that is there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landopt.central.address import Address
from landopt.central.connection import one, troubles
from landopt.central.upgrade import open_schema
from landopt.reasons import words
from landopt.report.source import Source, open_source
from landopt.report.tables.cells import ROLES, new_area
from landopt.report.tables.headings import headings
from parcels.common.catalogue import Bilingual, both
from parcels.common.digests import sha256_of
from parcels.common.gate import read_text
from parcels.common.issues import Refused, error

if TYPE_CHECKING:
    from landopt.central.connection import Connection

KINDS = ("use", "method", "right", "land_source", "verdict")
"""The codes of a plan whose words go with it."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What was written: rows by table; nothing where the very same plan was there."""

    plan_id: str
    place: str
    rows: Mapping[str, int]


def push(folder: Path, address: Address) -> Pushed:
    """Write a plan folder into the tables of a schema; its audit is the caller's.

    Parameters
    ----------
    address
        The schema.

    Raises
    ------
    Refused
        If another plan of that id is there (B114), the role may not (B103), the folder cannot be read, or the tables
        are not there or of another version (B104, B106).
    Environment
        If the server cannot be reached; nothing was written (exit 6).
    """
    source = open_source(folder)
    plan_id, sha = str(source.plan["plan_id"]), sha256_of(source.folder / "plan.json")
    rows = dict(tables(source, sha))
    with open_schema(address) as db, troubles(address), db.transaction():
        # two who push the same plan at once wait for one another
        db.execute("SELECT pg_advisory_xact_lock(1818324581, hashtext(%s))", (plan_id,))
        there = one(db, "SELECT plan_sha256 FROM plan WHERE plan_id = %s", (plan_id,))
        if there == sha:
            return Pushed(plan_id, address.name, {})
        if there is not None:
            raise Refused(error("B114.there", at=address.name, plan=plan_id, place=address.name))
        for table, lines in rows.items():
            _insert(db, table, lines)
        for line in _words(source):
            db.execute(_WORD, line)
    return Pushed(plan_id, address.name, {table: len(lines) for table, lines in rows.items()})


_WORD = "INSERT INTO word VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (kind, code) DO NOTHING"
Line = Mapping[str, Any]


def _insert(db: Connection, table: str, lines: Sequence[Line]) -> None:
    """Insert rows of one table; the names of columns are those of :func:`tables`, every value is a parameter."""
    from psycopg.sql import SQL, Identifier, Placeholder

    if not lines:
        return
    names = list(lines[0])
    marks = [SQL("ST_GeomFromEWKB({})").format(Placeholder()) if name == "geom" else Placeholder() for name in names]
    statement = SQL("INSERT INTO {} ({}) VALUES ({})").format(
        Identifier(table), SQL(", ").join(map(Identifier, names)), SQL(", ").join(marks)
    )
    with db.cursor() as cursor:
        cursor.executemany(statement, [[line[name] for name in names] for line in lines])


# One table after the other: what the rows of each hold is read in one place.
def tables(source: Source, sha: str) -> Iterator[tuple[str, list[Line]]]:
    """The rows of a plan, table by table, in an order in which each finds what it refers to."""
    plan, case = source.plan, source.plan["case"]
    key = {"plan_id": plan["plan_id"]}
    outlines = _outlines(source)
    yield (
        "plan",
        [
            {
                **key,
                "plan_sha256": sha,
                "plan_hash": plan["plan_hash"],
                "round": case["round"],
                "title_zh": case["title"]["zh"],
                "title_en": case["title"]["en"],
                "as_of": case["as_of"],
                "case_digest": case["digest"],
                "ledger_head": plan.get("ledger_head"),
                "result": _json(plan["result"]),
                "versions": _json(case["versions"]),
                "file": read_text(source.folder / "plan.json", encoding="utf-8"),
            }
        ],
    )
    number_of = {name: k for k, entry in enumerate(plan["assignments"], 1) for name in entry["parcel_ids"]}
    yield (
        "assignment",
        [
            {
                **key,
                "number": number,
                **{name: entry[name] for name in _PLAIN},
                "platform": source.platforms.get(entry["demand_id"] or "", {}).get("name"),
                "right_kind": entry["right"],
                "conditions": _json(entry["conditions"]),
                "timetable": _json(entry["timetable"]),
                "score": _json(entry["score"]),
            }
            for number, entry in enumerate(plan["assignments"], 1)
        ],
    )
    yield (
        "supplied",
        [
            {
                **key,
                "parcel_id": row.parcel_id,
                "number": number_of[row.parcel_id],
                "parcel_name": row.name,
                "district": row.district,
                "use": row.use,
                "land_source": row.land_source,
                "area_m2": row.area_m2,
                "new_area_m2": new_area(source, at, row),
                "geom": outlines[row.parcel_id],
            }
            for at, row in enumerate(source.rows)
            if row.entry is not None
        ],
    )
    yield (
        "held",
        [
            {
                **key,
                "parcel_id": each["parcel_id"],
                "reasons": _json(each["reasons"]),
                "geom": outlines[each["parcel_id"]],
            }
            for each in plan["held"]
        ],
    )
    yield (
        "unserved",
        [
            {
                **key,
                "demand_id": each["demand_id"],
                "platform": source.platforms.get(each["demand_id"], {}).get("name"),
                "reasons": _json(each["reasons"]),
            }
            for each in plan["unserved"]
        ],
    )
    numbers = ("used", "limit", "unit", "binding")
    yield (
        "limit",
        [
            {**key, "rule": each["rule"], "key": _json(each["key"]), **{name: each[name] for name in numbers}}
            for each in plan["limits"]
        ],
    )
    zh, en = source.texts["zh"], source.texts["en"]
    yield (
        "justification",
        [
            {**key, "number": k, "kind": record["kind"], "record": _json(record), "zh": zh[k - 1], "en": en[k - 1]}
            for k, record in enumerate(plan["justification"], 1)
        ],
    )


_PLAIN = (
    *("parcel_ids", "demand_id", "role", "method", "period", "term_years", "floor_price", "start_price_yuan"),
    *("expected_price_yuan", "deposit_yuan", "verdict", "rules"),
)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _outlines(source: Source) -> dict[str, bytes]:
    """The outlines of the parcels as EWKB with the number of their system."""
    import shapely

    frame = source.polygons
    number = frame.crs.to_epsg() if frame.crs is not None else None
    shapes = shapely.set_srid(frame.geometry.values, number or 0)
    return dict(zip(map(str, frame.index), shapely.to_wkb(shapes, include_srid=True), strict=True))


def _words(source: Source) -> Iterator[tuple[str, str, str, str, str | None, str | None]]:
    """The words of the codes that the plan uses, uses with the class they are counted in."""
    classes: dict[str, Bilingual] = {}
    for zh, en in zip(headings(None, "zh").classes, headings(None, "en").classes, strict=True):
        classes |= dict.fromkeys(zh[1], Bilingual(en[0], zh[0]))
    taken = [row for row in source.rows if row.entry is not None]
    used: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for row in taken:
        used["use"].add(row.use)
        used["land_source"].add(row.land_source)
        for kind in ("method", "right", "verdict"):
            used[kind].add(str(row.entry[kind]) if row.entry is not None else "")
    for kind in KINDS:
        for code in sorted(used[kind]):
            known = classes.get(code) if kind == "use" else None
            named = words.word(kind, code, "zh"), words.word(kind, code, "en")
            yield kind, code, *named, known.zh if known else None, known.en if known else None
    for code in ROLES:
        role = both(f"tables.role.{code}")
        yield "role", code, role.zh, role.en, None, None
