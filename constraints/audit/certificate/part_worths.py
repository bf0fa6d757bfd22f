"""What the offers of one part are worth at the prices of a proof, vector by vector. Standard library only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import repeat
from operator import mul, sub

from constraints.audit.certificate.derived_rows import DerivedRows
from constraints.audit.certificate.least_losses import Watched
from constraints.audit.files.offers_reader import Block, Part


@dataclass(frozen=True, slots=True)
class Frame:
    """What all parts share: the scale and tier, how many rows are listed, the rows priced, the vectors' changes.

    ``changes`` of each vector are (of parcels, of rows), ``own`` the same as bits, ``bases`` the vectors they change.
    """

    scale: int
    tier: int
    listed: int
    moved: frozenset[int]
    bases: list[int]
    changes: list[tuple[dict[int, int], dict[int, int]]]
    own: list[tuple[int, int]]
    derived: DerivedRows


@dataclass(frozen=True, slots=True)
class Places:
    """What the offers left use: ``at`` the site and ``adds`` the list of each.

    ``numbers`` and ``lists`` are those once, ``sites`` those on each parcel, ``rows`` the (list, amount) in each
    priced row; parcels and rows as bits.
    """

    at: list[int]
    adds: list[int]
    numbers: frozenset[int]
    lists: frozenset[int]
    sites: dict[int, list[int]]
    rows: dict[int, list[tuple[int, int]]]
    parcel_bits: int
    row_bits: int


class Uses:
    """The offers of a part that are left, and where the parcels and rows that they use are priced."""

    def __init__(self, frame: Frame, block: Block, part: Part, left: list[int], plain: list[int], first: bool) -> None:
        self.frame, self.block, self.part, self.left = frame, block, part, left
        self.worths: dict[int, list[int]] = {0 if first else -1: plain}
        self.watched: list[Watched] = []
        self.columns: dict[int, list[int]] | None = None
        self.places = self._places()

    def _places(self) -> Places:
        """Which parcels and lists of coefficients the offers left use."""
        block, frame = self.block, self.frame
        at = [block.site[offer] for offer in self.left]
        adds = [block.adds[offer] for offer in self.left]
        numbers, lists = frozenset(at), frozenset(adds)
        sites: dict[int, list[int]] = {}
        rows: dict[int, list[tuple[int, int]]] = {}
        for number in numbers:
            for parcel in block.sites[number]:
                sites.setdefault(parcel, []).append(number)
        for number in lists:
            pairs = block.lists[number]
            for row, amount in zip(pairs[::2], pairs[1::2], strict=True):
                if row in frame.moved:
                    rows.setdefault(row, []).append((number, amount))
        beyond = [row for row in frame.moved if row >= frame.listed]
        return Places(at, adds, numbers, lists, sites, rows, bits(sites), bits((*rows, *beyond)))

    def column(self, row: int) -> list[int]:
        """What the offers count in a tier or a derived row."""
        if self.columns is None:
            frame, block, part = self.frame, self.block, self.part
            derived = (
                frame.derived.coefficients(block, part.place, part.begin, self.left) if frame.derived.rules else []
            )
            self.columns = {frame.listed + frame.tier + number: column for number, column in enumerate(derived)}
            for tier in range(frame.tier):
                self.columns[frame.listed + tier] = [block.score[tier][offer] for offer in self.left]
        return self.columns[row]

    def worth(self, vector: int) -> list[int]:
        """What the offers are worth beyond the prices of a vector, times the scale."""
        frame, above = self.frame, []
        while vector not in self.worths:
            if vector < 0:
                score = self.block.score[frame.tier]
                self.worths[-1] = [frame.scale * score[offer] for offer in self.left]
                break
            above.append(vector)
            vector = frame.bases[vector]
        worth = self.worths[vector]
        for number in reversed(above):
            land, rows = frame.own[number]
            if self.places.parcel_bits & land or self.places.row_bits & rows:
                worth = self._repriced(number, worth)
            self.worths[number] = worth
        return worth

    def _repriced(self, vector: int, worth: list[int]) -> list[int]:
        (land, rows), places = self.frame.changes[vector], self.places
        if hit := land.keys() & places.sites.keys():
            dearer = dict.fromkeys(places.numbers, 0)
            for parcel in hit:
                change = land[parcel]
                for site in places.sites[parcel]:
                    dearer[site] += change
            worth = list(map(sub, worth, map(dearer.__getitem__, places.at)))
        if hit := rows.keys() & places.rows.keys():
            dearer = dict.fromkeys(places.lists, 0)
            for row in hit:
                change = rows[row]
                for number, amount in places.rows[row]:
                    dearer[number] += change * amount
            worth = list(map(sub, worth, map(dearer.__getitem__, places.adds)))
        for row in rows:
            if row >= self.frame.listed:
                worth = list(map(sub, worth, map(mul, repeat(rows[row]), self.column(row))))
        return worth

    def narrow(self, keep: list[int]) -> None:
        """Leave out all offers but those at these places."""
        known: dict[int, list[int]] = {}
        for vector, worth in self.worths.items():
            mine = known.get(id(worth))
            if mine is None:
                mine = known[id(worth)] = [worth[place] for place in keep]
            self.worths[vector] = mine
        self.left = [self.left[place] for place in keep]
        self.columns, self.places = None, self._places()


def bits(places: Iterable[int]) -> int:
    """Places as the bits of one integer."""
    found = bytearray()
    for place in places:
        if place >> 3 >= len(found):
            found.extend(bytes((place >> 3) + 1 - len(found)))
        found[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(found, "little")
