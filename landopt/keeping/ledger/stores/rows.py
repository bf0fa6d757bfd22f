"""What keeps the rows of a ledger: the same few steps for a file and for a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Final, Protocol

from parcels.common.issues import Issue

START: Final = "0" * 64
"""What the first entry follows."""

Row = tuple[int, str, str, str, str, str, str]
"""Number, UTC time, kind, round, content as canonical JSON, hash before, own hash."""


class Store(Protocol):
    """An open ledger as rows; every method raises Refused or Environment, never the trouble of its library."""

    warnings: list[Issue]

    def rows(self) -> Iterator[Row]:
        """All rows in order, as of one moment."""
        ...

    def last(self) -> tuple[int, str] | None:
        """Number and hash of the last row."""
        ...

    def writing(self) -> AbstractContextManager[Callable[[Row], None]]:
        """Nobody else writes; what is inserted stays as a whole, on the disk, or not at all."""
        ...

    def close(self) -> None:
        """Let go of file or connection."""
        ...
