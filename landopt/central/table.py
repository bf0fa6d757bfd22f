"""A table of parcels in the central database, as of one moment: cells, outlines, coordinate system, row versions."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from constraints.language.expr import parse
from landopt.central.address import Address
from landopt.central.connection import connect, one, troubles
from landopt.central.where_sql import MOST_WORDS, Wheres, identifier, word_of
from parcels.common.gate import CELLS
from parcels.common.issues import Refused, error
from parcels.common.place import Place
from parcels.formats.sources import RawTable, geometries
from parcels.tables.columns import match_columns

if TYPE_CHECKING:
    from psycopg.sql import Composable

    from landopt.central.connection import Connection

_COLUMNS = """
WITH RECURSIVE base(oid, of) AS (
    SELECT oid, oid FROM pg_catalog.pg_type WHERE typtype <> 'd'
    UNION ALL SELECT t.oid, b.of FROM pg_catalog.pg_type t JOIN base b ON t.typbasetype = b.oid AND t.typtype = 'd'
)
SELECT a.attname, CASE WHEN t.typcategory = 'A' THEN 'ARRAY' WHEN t.typname IN ('geometry', 'geography') THEN 'geometry'
       ELSE format_type(t.oid, NULL) END, c.relkind
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN base ON base.oid = a.atttypid
JOIN pg_catalog.pg_type t ON t.oid = base.of
WHERE n.nspname = %s AND c.relname = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
"""The columns of a table; a domain counts as what it is made of, a geography as a geometry, wherever PostGIS lies."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Rows of the table as of one moment; ``versions`` are (id, xmin or "") in the order of the rows."""

    raw: RawTable
    versions: tuple[tuple[str, str], ...]
    moment: str
    server: str


def take(
    address: Address, name: str, use_codes: str = "landopt", *,
    units: Mapping[str, str] | None = None, named: Mapping[str, str] | None = None,
) -> Taken:  # fmt: skip
    """Read the rows of an address in one read-only transaction that sees one moment (repeatable read).

    Parameters
    ----------
    name
        The file that the rows will be, for messages.
    use_codes
        The code system of land use, for conditions on ``use``.
    units, named
        As the round states them: units of columns, and which column is read for a field.

    Raises
    ------
    Refused
        If the table is not there or holds no outlines, the condition is not understood (B111, R008-R011), or rows have
        several coordinate systems (B112).
    Environment
        If the server cannot be reached (exit 6).
    """
    from psycopg.sql import SQL

    where = parse(address.where, address.name)
    with connect(address) as db, troubles(address):
        db.execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        listed = db.execute(_COLUMNS, (address.schema, address.table)).fetchall()
        if not listed:
            raise Refused(error("B104.lacks", at=address.name, place=address.name, why=f"{address.table}"))
        types = {str(column): str(kind) for column, kind, _ in listed}
        outline = _outline(types, address)
        cells = [column for column, kind in types.items() if kind != "geometry"]
        place = Place(file=name, layer="parcels")
        match = match_columns(cells, "parcel", place, units=units, named=named)
        if "parcel_id" not in match.columns:
            raise Refused([issue for issue in match.issues if issue.level == "error"])
        table = identifier(address.schema, str(address.table))
        wheres = Wheres(match.columns, types, partial(_distinct, db, table, types), address.name, use_codes)
        condition = wheres.compiled(where)
        key = identifier(match.columns["parcel_id"].name)
        version = SQL("xmin::text") if listed[0][2] in ("r", "m") else SQL("''")
        wanted = [SQL("ST_AsBinary({}::geometry)"), SQL("ST_SRID({}::geometry)")]
        query = SQL("SELECT {}, {}, {} FROM {} WHERE {} ORDER BY {}::text COLLATE {}").format(
            SQL(", ").join([part.format(identifier(outline)) for part in wanted]),
            version,
            SQL(", ").join(map(identifier, cells)),
            table,
            condition,
            key,
            identifier("C"),
        )
        rows = db.execute(query, wheres.values).fetchall()
        if len(rows) * len(cells) > CELLS:
            raise Refused(error("B112.many", at=address.name, rows=len(rows)))
        moment = str(one(db, "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"))
        server = str(one(db, "SELECT current_setting('server_version')"))
        crs = _system(db, {int(row[1]) for row in rows if row[1] is not None}, address)
        db.execute("COMMIT")
    columns: dict[str, Sequence[object]] = {}
    kinds: dict[str, str] = {}
    for at, column in enumerate(cells):
        columns[column], dates = _cells([row[3 + at] for row in rows])
        if dates:
            kinds[column] = "date"
    wkb = np.array([None if row[0] is None else bytes(row[0]) for row in rows], object)
    shapes, issues = geometries(wkb, place)
    raw = RawTable(
        Path(name), "parcels", "PostGIS", columns, range(1, len(rows) + 1), shapes, crs, issues=issues, kinds=kinds
    )
    ids = columns[match.columns["parcel_id"].name]
    versions = tuple((str(found), str(row[2])) for found, row in zip(ids, rows, strict=True))
    return Taken(raw, versions, moment, server)


def _outline(types: Mapping[str, str], address: Address) -> str:
    found = [column for column, kind in types.items() if kind == "geometry"]
    if len(found) != 1:
        raise Refused(error("B112.outlines", at=address.name, count=len(found), columns=found))
    return found[0]


def _distinct(db: Connection, table: Composable, types: Mapping[str, str], column: str) -> list[str]:
    """The different cells of a column, as text."""
    from psycopg.sql import SQL

    text = word_of(column, types[column])
    query = SQL("SELECT DISTINCT {} FROM {} WHERE {} IS NOT NULL LIMIT {}").format(text, table, text, MOST_WORDS + 1)
    found = [str(row[0]) for row in db.execute(query).fetchall()]
    if len(found) > MOST_WORDS:
        raise Refused(error("B111.words", at=column, column=column, most=MOST_WORDS))
    return sorted(found)


def _system(db: Connection, numbers: set[int], address: Address) -> str | None:
    """The one coordinate system of the rows, as EPSG:n; ``None`` where the rows say none."""
    if len(numbers) > 1:
        raise Refused(error("B112.systems", at=address.name, systems=sorted(numbers)))
    number = next(iter(numbers), 0)
    if number == 0:
        return None
    said = db.execute("SELECT auth_name, auth_srid FROM spatial_ref_sys WHERE srid = %s", (number,)).fetchone()
    if said is None or str(said[0]).upper() != "EPSG":
        raise Refused(error("B112.unknown", at=address.name, number=number))
    return f"EPSG:{int(said[1])}"


def _cells(values: list[Any]) -> tuple[list[object], bool]:
    """A column as cells of a file, and whether they are dates: exact decimals as texts, lists joined by ;."""
    if any(isinstance(value, Decimal) for value in values):
        values = [None if isinstance(value, Decimal) and value.is_nan() else value for value in values]
        known = [value for value in values if value is not None]
        if all(value.is_finite() and value == value.to_integral_value() for value in known):
            return [None if value is None else int(value) for value in values], False
        return [None if value is None else format(value, "f") for value in values], False
    known = [value for value in values if value is not None]
    dates = bool(known) and all(type(value) is datetime.date for value in known)
    return [_cell(value) for value in values], dates


def _cell(value: Any) -> object:
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, list):
        return ";".join(str(item) for item in value if item is not None)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, datetime.date | datetime.datetime):
        return value.isoformat()
    return str(value)
