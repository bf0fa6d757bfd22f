"""Frozen tables of facts, columns of plain values. Standard library only, so that the auditor can read them too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import lt
from types import MappingProxyType

from parcels.common.schema import Value


@dataclass(frozen=True, slots=True)
class FactTable:
    """Rows sorted by id; ``columns[field]`` has one value a row (``None`` = unknown). Fields never given are absent."""

    ids: tuple[str, ...]
    columns: Mapping[str, tuple[Value, ...]]

    def __post_init__(self) -> None:
        if not all(map(lt, self.ids, self.ids[1:])):
            raise ValueError("ids must be unique and sorted")
        for name, column in self.columns.items():
            if len(column) != len(self.ids):
                raise ValueError(f"column {name} has {len(column)} values for {len(self.ids)} rows")
        object.__setattr__(self, "columns", MappingProxyType(dict(self.columns)))

    def __len__(self) -> int:
        return len(self.ids)

    def row(self, index: int) -> dict[str, Value]:
        """All facts of one row by field name."""
        return {name: column[index] for name, column in self.columns.items()}

    def rows(self) -> Iterator[dict[str, Value]]:
        """All rows in id order."""
        return (self.row(index) for index in range(len(self.ids)))

    def column(self, name: str) -> tuple[Value, ...]:
        """One column; all unknown where the field was never given."""
        found = self.columns.get(name)
        return found if found is not None else (None,) * len(self.ids)

    def index(self) -> dict[str, int]:
        """Row number by id."""
        return {identifier: row for row, identifier in enumerate(self.ids)}


def table(ids: Sequence[str], columns: Mapping[str, Sequence[Value]]) -> FactTable:
    """A :class:`FactTable` from rows in any order; sorts by id."""
    order = sorted(range(len(ids)), key=ids.__getitem__)
    return FactTable(
        tuple(map(ids.__getitem__, order)),
        {name: tuple(map(column.__getitem__, order)) for name, column in columns.items()},
    )


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Adjacent parcels: ``pairs[k] = (i, j)``, i < j, rows of the table; ``shared_dm[k]`` decimetres of boundary."""

    pairs: tuple[tuple[int, int], ...]
    shared_dm: tuple[int, ...]
