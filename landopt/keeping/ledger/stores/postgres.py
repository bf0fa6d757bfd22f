"""A ledger in a schema of the central database: many writers on many machines, one chain.

The lock of a writer is an advisory one, which the server lets go with his transaction or his connection. An append that
loses its connection while it commits asks again under that lock whether its entry is there: what is told as written is
written, what is told as not written is not.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from landopt.central.address import Address
from landopt.central.connection import connect, first_line, one, troubles
from landopt.central.own_objects import require_own
from landopt.central.upgrade import open_schema
from landopt.keeping.ledger.stores.rows import Row
from parcels.common.issues import Environment, Issue, LandoptError, error, warning

if TYPE_CHECKING:
    from landopt.central.connection import Connection

RETRIES, PAUSE_S = 40, 0.5
"""How often, and after how long, a server that went away is asked whether it took an entry."""
_SELECT = "SELECT seq, at, kind, round, body, prev, hash FROM entries ORDER BY seq"


class PostgresStore:
    """The entries in a table that no role of officers may change (``landopt/central/sql/0001_ledger.sql``).

    Raises
    ------
    Refused
        If the schema has no ledger of this version (B104, B106), or is not as our own SQL makes it (B080); it is made
        by ``landopt database upgrade`` alone.
    Environment
        If the server cannot be reached (B102).
    """

    def __init__(self, address: Address, *, read_only: bool) -> None:
        self.address = address
        self.warnings: list[Issue] = []
        self._db = open_schema(address)
        self._read_only = read_only
        try:
            require_own(self._db, address)
        except LandoptError:
            self._db.close()
            raise
        with troubles(address):
            if read_only:
                self._db.execute("SET default_transaction_read_only = on")
            careless = [name for name in ("fsync", "full_page_writes") if one(self._db, _SETTING, (name,)) != "on"]
        if careless:
            self.warnings.append(warning("B108.fsync", at=address.name, setting=", ".join(careless)))

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def rows(self) -> Iterator[Row]:
        """All rows, by one statement and so as of one moment."""
        with troubles(self.address):
            found = self._again().execute(_SELECT).fetchall()
        for seq, at, kind, name, body, prev, sha in found:
            yield int(seq), str(at), str(kind), str(name), str(body), str(prev), str(sha)

    def last(self) -> tuple[int, str] | None:
        """Number and hash of the last row."""
        with troubles(self.address):
            row = self._again().execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        return (int(row[0]), str(row[1])) if row else None

    @contextlib.contextmanager
    def writing(self) -> Iterator[Callable[[Row], None]]:
        """Nobody else writes; what is inserted stays as a whole, on the server's disk, or not at all."""
        import psycopg

        hashes: list[str] = []

        def insert(row: Row) -> None:
            db.execute("INSERT INTO entries VALUES (%s, %s, %s, %s, %s, %s, %s)", row)
            hashes.append(row[-1])

        with troubles(self.address):
            db = self._again()
            db.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
            try:
                db.execute("SELECT ledger_lock()")
                require_own(db, self.address)
                yield insert
            except BaseException:
                with contextlib.suppress(psycopg.Error):
                    db.execute("ROLLBACK")
                raise
            try:
                db.execute("COMMIT")
            except psycopg.OperationalError as lost:
                if not self._written(hashes[-1:], lost):
                    raise

    def _again(self) -> Connection:
        """The connection; a new one where the server let go of it (a long audit, a restart)."""
        if self._db.closed or self._db.broken:
            self._db = connect(self.address)
            if self._read_only:
                self._db.execute("SET default_transaction_read_only = on")
        return self._db

    def _written(self, hashes: list[str], lost: Exception) -> bool:
        """Whether the last entry of a commit whose answer was lost is in the ledger.

        Raises
        ------
        Environment
            If the server does not come back to say so (B102).
        """
        for _ in range(RETRIES):
            with contextlib.suppress(Environment):
                self._db.close()
                self._db = connect(self.address)
                with troubles(self.address), self._db.transaction():
                    self._db.execute("SELECT ledger_lock()")  # after whatever became of the lost transaction
                    return one(self._db, "SELECT 1 FROM entries WHERE hash = ANY(%s)", (hashes,)) is not None
            time.sleep(PAUSE_S)
        raise Environment(error("B102.unknown", at=self.address.name, why=first_line(lost))) from lost


_SETTING = "SELECT current_setting(%s)"
