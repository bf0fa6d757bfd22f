"""The address of something in the central database: a service by name, a schema, a table; never a password.

``postgis://SERVICE/schema`` or ``postgis://SERVICE/schema.table?where=CONDITION`` (``postgresql://`` means the same).
SERVICE is an entry of the service file of PostgreSQL (``PGSERVICEFILE`` or ``~/.pg_service.conf``), which names
machine, port, database and user; the password stands in the passfile (``PGPASSFILE`` or ``~/.pgpass``). Whatever looks
like an address with a user, a password or a machine is refused, and is not repeated in the message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from parcels.common.issues import Refused, error

_SCHEME = re.compile(r"(postgis|postgres|postgresql|pg|PG)(://|:/)", re.IGNORECASE)
_NAME = r"[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]{0,62}"
_ADDRESS = re.compile(rf"(?:postgis|postgresql)://([A-Za-z0-9][A-Za-z0-9_.-]{{0,62}})/({_NAME})(?:\.({_NAME}))?")


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
        return f"postgis://{self.service}/{self.schema}" + (f".{self.table}" if self.table else "")

    def __str__(self) -> str:
        return self.name + (f"?where={self.where}" if self.where else "")


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
    match = _ADDRESS.fullmatch(plain)
    if match is None:
        raise Refused(error("B100.form", at=at))
    given = dict(parse_qsl(query, keep_blank_values=True)) if "where=" in query else {}
    # a condition is written as it is in a rule; only %XX and + for a blank are taken out of it
    if query and set(given) != {"where"}:
        raise Refused(error("B100.secret" if re.search("pass|user|host", query, re.IGNORECASE) else "B100.form", at=at))
    service, schema, name = match.groups()
    if table != (name is not None) or (query and not table):
        raise Refused(error("B100.table" if table else "B100.schema", at=at))
    return Address(service, schema, name, given.get("where", "").strip())
