"""Connected sets of parcels inside some rows, smallest first, up to a number: for questions about single platforms."""

from __future__ import annotations

from collections.abc import Sequence

from constraints.audit.reread import Reader


class Blocks:
    """Sites of two parcels and more of one round."""

    def __init__(self, reader: Reader) -> None:
        self.adjacent = reader.adjacent
        self.area = reader.facts.area

    def of(
        self, rows: Sequence[int], most: int, limit: int, *, low: int = 0, high: int | None = None
    ) -> tuple[list[tuple[int, ...]], bool]:
        """Connected sets of 2 to ``most`` of some rows with an area (m²) from ``low`` to ``high``, and whether all.

        ``limit`` is the number of sets looked at; sets are grown one parcel at a time and each is met once.
        """
        inside = self._large_enough(frozenset(rows), most, low)
        found: list[tuple[int, ...]] = []
        front: list[tuple[int, ...]] = [(row,) for row in sorted(inside)]
        looked = 0
        for _ in range(2, most + 1):
            grown: dict[tuple[int, ...], None] = {}
            for site in front:
                for near in sorted(set().union(*(self.adjacent[row] for row in site)) & inside - set(site)):
                    block = tuple(sorted((*site, near)))
                    area = sum(self.area[row] for row in block)
                    if block in grown or (high is not None and area > high):
                        continue
                    looked += 1
                    if looked > limit:
                        return found, False
                    grown[block] = None
                    if area >= low:
                        found.append(block)
            front = list(grown)
        return found, True

    def _large_enough(self, inside: frozenset[int], most: int, low: int) -> frozenset[int]:
        """The rows of those connected parts whose ``most`` largest parcels reach an area together."""
        kept: set[int] = set()
        left = set(inside)
        while left:
            part, front = set(), {left.pop()}
            while front:
                part |= front
                front = set().union(*(self.adjacent[row] for row in front)) & inside - part
            left -= part
            if sum(sorted((self.area[row] for row in part), reverse=True)[:most]) >= low:
                kept |= part
        return frozenset(kept)
