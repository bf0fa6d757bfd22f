"""The address of something in the central database: a service by name, a schema, a table; never a password.

``postgis://SERVICE/schema`` or ``postgis://SERVICE/schema.table?where=CONDITION`` (``postgresql://`` means the same).
A name that is not of letters, digits and _ stands in double quotes: ``postgis://land/gis."地块-2026"``. A condition is
written as it is in a rule; only ``%XX`` is taken out of it.
SERVICE is an entry of the service file of PostgreSQL (``PGSERVICEFILE`` or ``~/.pg_service.conf``), which names
machine, port, database and user; the password stands in the passfile (``PGPASSFILE`` or ``~/.pgpass``). Whatever looks
like an address with a user, a password or a machine is refused, and is not repeated in the message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from parcels.common.issues import Refused, error
from parcels.common.visible import visible

_SCHEME = re.compile(r"(postgis|postgres|postgresql|pg|PG)(://|:/)", re.IGNORECASE)
_NAME = r"[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]{0,62}"
_PART = rf'{_NAME}|"[^"?@:\x00-\x1f]{{1,63}}"'
_ADDRESS = rf"(?:postgis|postgresql)://([A-Za-z0-9][A-Za-z0-9_.-]{{0,62}})/({_PART})(?:\.({_PART}))?"
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


@dataclass(frozen=True, slots=True)
class Address:
    """A schema of the central database, or a table of it under a condition of the rule language."""

    service: str
    schema: str
    table: str | None = None
    where: str = ""

    @property
    def name(self) -> str:
        """As it is named in messages, plans and ledgers: without the condition."""
        return f"postgis://{self.service}/{_written(self.schema)}" + (f".{_written(self.table)}" if self.table else "")

    def __str__(self) -> str:
        where = re.sub("%(?=[0-9A-Fa-f]{2})", "%25", self.where)
        return self.name + (f"?where={where}" if where else "")


def _written(name: str) -> str:
    return name if re.fullmatch(_NAME, name) else f'"{name}"'


def is_address(text: str) -> bool:
    """Whether a text means the central database rather than a file."""
    return _SCHEME.match(text.strip()) is not None


def parse_address(text: str, at: Any = "", *, table: bool = False) -> Address:
    """The address a text states.

    Parameters
    ----------
    at
        Where it stands, for the message.
    table
        Whether it names a table (parcels) or a schema (a ledger, plans).

    Raises
    ------
    Refused
        If it is not understood, or holds a user, password, machine or port (B100); the text is not repeated.
    """
    plain, _, query = text.strip().partition("?")
    if "@" in plain or plain.count(":") > 1:
        raise Refused(error("B100.secret", at=at))
    match = re.fullmatch(_ADDRESS, plain)
    if match is None or visible(plain) != plain:  # a name with signs that turn or hide letters is none
        raise Refused(error("B100.form", at=at))
    asked, is_, condition = query.partition("=")
    beside = "&" in _QUOTED.sub("", condition)  # something else is told after the condition
    if query and (asked != "where" or not is_ or beside):
        raise Refused(error("B100.secret" if re.search("pass|user|host", query, re.IGNORECASE) else "B100.form", at=at))
    service, schema, name = (part.strip('"') if part else part for part in match.groups())
    if table != (name is not None) or (query and not table):
        raise Refused(error("B100.table" if table else "B100.schema", at=at))
    return Address(service, schema, name, unquote(condition).strip())
