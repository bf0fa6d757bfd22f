"""The tables of the central database: steps of SQL in order, each applied once and known by its digest.

The files lie in ``landopt/central/sql``; who may not let a program change the database runs what
``landopt database sql`` prints.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from landopt.central.address import Address
from landopt.central.connection import connect, first_line, one, troubles
from parcels.common.issues import Environment, Refused, error

if TYPE_CHECKING:
    from landopt.central.connection import Connection

FOLDER = Path(__file__).parent / "sql"
ROLES = ("landopt_reader", "landopt_officer", "landopt_auditor")
_PATH = """
SELECT set_config('search_path', '"@", public, ' || coalesce((
  SELECT quote_ident(n.nspname) || ', ' FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
  WHERE e.extname = 'postgis' AND n.nspname <> 'public'), '') || 'pg_temp', true);
""".strip()
_LIST = """
CREATE TABLE IF NOT EXISTS migrations (
    number integer PRIMARY KEY,
    name   text NOT NULL,
    sha256 text NOT NULL,
    at     timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON migrations TO landopt_reader, landopt_officer, landopt_auditor
"""

_HIDDEN = "SELECT NOT has_schema_privilege(oid, 'USAGE') FROM pg_catalog.pg_namespace WHERE nspname = %s"
_NOTED = "INSERT INTO migrations (number, name, sha256) VALUES @;"


@dataclass(frozen=True, slots=True)
class Step:
    """One file of SQL: its number, name, text and digest. Number 0 makes the roles of the server."""

    number: int
    name: str
    text: str
    sha256: str


def steps() -> tuple[Step, ...]:
    """All steps in order."""
    found = []
    for path in sorted(FOLDER.glob("[0-9]*.sql")):
        raw = path.read_bytes()
        number, _, name = path.stem.partition("_")
        found.append(Step(int(number), name, raw.decode("utf-8"), hashlib.sha256(raw).hexdigest()))
    return tuple(found)


VERSION = max(int(path.name[:4]) for path in FOLDER.glob("[0-9]*.sql"))
"""The number of the last step that this landopt knows."""


def version(db: Connection) -> int | None:
    """The last step that was applied to the schema of a connection; ``None`` where there is none at all."""
    if one(db, "SELECT to_regclass('migrations')") is None:
        return None
    found = one(db, "SELECT max(number) FROM migrations")
    return None if found is None else int(found)


def require_version(db: Connection, address: Address) -> None:
    """Refuse a schema that holds no tables of landopt (B104), or not those of this version (B106)."""
    with troubles(address):
        found = version(db)
        hidden = one(db, _HIDDEN, (address.schema,))
    if hidden:
        raise Refused(error("B103.role", at=address.name, why=f"permission denied for schema {address.schema}"))
    if found is None:
        raise Refused(error("B104.none", at=address.name, place=address.name))
    if found != VERSION:
        newer = "B106.newer" if found > VERSION else "B106.older"
        raise Refused(error(newer, at=address.name, found=found, known=VERSION, place=address.name))


def upgrade(address: Address) -> list[str]:
    """Make the schema and apply every step it lacks, all or none; returns the names of those applied.

    Raises
    ------
    Refused
        If a step was applied in another form (B106), the schema is newer (B106), or the role may not (B103).
    Environment
        If the server cannot be reached (exit 6).
    """
    import psycopg

    known = steps()
    applied: list[str] = []
    with connect(address) as db, troubles(address), db.transaction():
        db.execute("SELECT pg_advisory_xact_lock(1818324580, hashtext(%s))", (address.schema,))
        try:
            with db.transaction():
                _run(db, known[0].text)
        except psycopg.errors.InsufficientPrivilege as trouble:
            raise Refused(error("B103.roles", at=address.name, why=first_line(trouble))) from trouble
        _run(db, f'CREATE SCHEMA IF NOT EXISTS "{address.schema}"')  # the name is letters, digits and _ (Address)
        _run(db, f'GRANT USAGE ON SCHEMA "{address.schema}" TO {", ".join(ROLES)}')
        _run(db, _LIST)
        rows = db.execute("SELECT number, sha256 FROM migrations ORDER BY number").fetchall()
        done = {int(number): str(sha) for number, sha in rows}
        if max(done, default=0) > VERSION:
            raise Refused(error("B106.newer", at=address.name, found=max(done), known=VERSION, place=address.name))
        for step in known[1:]:
            if step.number in done:
                if done[step.number] != step.sha256:
                    raise Refused(error("B106.other", at=address.name, step=step.name))
                continue
            _run(db, step.text)
            values = (step.number, step.name, step.sha256)
            db.execute("INSERT INTO migrations (number, name, sha256) VALUES (%s, %s, %s)", values)
            applied.append(step.name)
    return applied


def script(schema: str) -> str:
    """All steps as one script for ``psql``, for who applies them by hand."""
    lines = [
        steps()[0].text,
        f'CREATE SCHEMA IF NOT EXISTS "{schema}";',
        f'GRANT USAGE ON SCHEMA "{schema}" TO {", ".join(ROLES)};',
        "BEGIN;",
        _PATH.replace("@", schema.replace("'", "''")),
        _LIST.strip() + ";",
    ]
    for step in steps()[1:]:
        made = f"({step.number}, '{step.name}', '{step.sha256}')"
        lines += [step.text, _NOTED.replace("@", made)]
    return "\n".join([*lines, "COMMIT;", ""])


def _run(db: Connection, text: str) -> None:
    """Run SQL of our own files; no value of a user's is ever part of it."""
    db.execute(text)


def open_schema(address: Address) -> Connection:
    """A connection to a schema whose tables are those of this version. Raises as :func:`require_version`."""
    db = connect(address)
    try:
        require_version(db, address)
    except (Refused, Environment):
        db.close()
        raise
    return db
