"""Connections to the central database, by service file and passfile alone; its troubles as findings.

Needs ``psycopg`` (``landopt[postgis]``).  A connection sees the schema of its address and PostGIS, nothing else, and
what it writes is on the disk of the server before it is told.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, LiteralString

from landopt.central.address import Address
from parcels.common.issues import Environment, Refused, error

if TYPE_CHECKING:
    import psycopg

WAIT_S = 15
"""Seconds to wait for the server to answer."""
LOCK_MS = 60_000
"""Milliseconds to wait for others who write."""

type Connection = psycopg.Connection[tuple[Any, ...]]


def connect(address: Address) -> Connection:
    """A connection in autocommit; transactions are opened by whoever needs them.

    Raises
    ------
    Environment
        If ``psycopg`` is not installed (B101), or the server cannot be reached or refuses (B102) (exit 6).
    """
    try:
        import psycopg
    except ImportError as lacking:
        raise Environment(error("B101.extra", at=address.name)) from lacking
    try:
        db = psycopg.connect(
            service=address.service, autocommit=True, connect_timeout=WAIT_S, application_name="landopt"
        )
        path = f'"{address.schema}", public, {_gis(db)}pg_temp'
        settings = {
            "search_path": path,
            "synchronous_commit": "on",
            "client_encoding": "UTF8",
            "lock_timeout": str(LOCK_MS),
            "standard_conforming_strings": "on",
            "DateStyle": "ISO, YMD",
            "TimeZone": "UTC",
        }
        for name, value in settings.items():
            db.execute("SELECT set_config(%s, %s, false)", (name, value))
    except psycopg.Error as trouble:
        raise Environment(error("B102.server", at=address.name, why=first_line(trouble))) from trouble
    return db


@contextlib.contextmanager
def troubles(address: Address) -> Iterator[None]:
    """What the server says, as findings.

    Raises
    ------
    Refused
        If the role may not do it (B103), the schema has no such table (B104), or the tables or a value of
        them refuse it (B105).
    Environment
        For any other trouble (B102) (exit 6).
    """
    import psycopg
    from psycopg import errors

    try:
        yield
    except errors.InsufficientPrivilege as trouble:
        raise Refused(error("B103.role", at=address.name, why=first_line(trouble))) from trouble
    except (errors.UndefinedTable, errors.UndefinedColumn, errors.InvalidSchemaName) as trouble:
        raise Refused(error("B104.lacks", at=address.name, why=first_line(trouble), place=address.name)) from trouble
    except psycopg.DataError as trouble:
        raise Refused(error("B105.value", at=address.name, why=first_line(trouble))) from trouble
    except (errors.RaiseException, errors.IntegrityError) as trouble:
        raise Refused(error("B105.refuses", at=address.name, why=first_line(trouble))) from trouble
    except psycopg.Error as trouble:
        raise Environment(error("B102.server", at=address.name, why=first_line(trouble))) from trouble


def _gis(db: Connection) -> str:
    """The schema PostGIS was put into, where that is not ``public``: types and functions are found there."""
    found = db.execute(
        "SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace "
        "WHERE e.extname = 'postgis' AND n.nspname <> 'public'"
    ).fetchone()
    return f"{found[0]}, " if found else ""


def first_line(trouble: BaseException) -> str:
    """The first line of what the server says: it names no password, later lines may quote what was sent."""
    return str(trouble).strip().partition("\n")[0][:300]


def one(db: Connection, statement: LiteralString, values: Mapping[str, Any] | tuple[Any, ...] = ()) -> Any:
    """The one value a statement gives; ``None`` where it gives no row."""
    row = db.execute(statement, values).fetchone()
    return None if row is None else row[0]
