"""The written form of a proof (docs/proof.md §3): two packed texts, read and made. Standard library only.

Reading is total: whatever the texts hold, the answer is a :class:`Tree` or :class:`BadProof`.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from constraints.audit.files.offers_reader import Place
from constraints.audit.files.strict_json import LARGEST

MAX_NODES = 1 << 16
"""Nodes of a tree, at most; vectors likewise."""
MAX_DEPTH = 1_000
MAX_MEMBERS = 1_000
MAX_PRICES = 1 << 25
"""Vectors times (rows and parcels), at most."""
MAX_BYTES = (1 << 24, 1 << 26)
"""Unpacked bytes of ``nodes`` and of ``parcels``, at most."""
WIDEST = 9
"""Bytes of a number, at most (seven bits each)."""
LARGEST_SHIFT = 52

Changes = tuple[tuple[int, int], ...]
"""(row or parcel, what is added to its price), ascending."""


class BadProof(ValueError):
    """The proof says something that is not a proof: a wrong sign, an uncovered case, a row that does not exist."""


@dataclass(frozen=True, slots=True)
class Rounding:
    """A row by mixed-integer rounding: ``terms`` of (reference, multiplier), rounded by ``q``, made whole by ``t``.

    A reference is 3 x row, 3 x parcel + 1 or 3 x demand + 2; rows past those listed are tiers, then derived rows.
    """

    q: int
    t: int
    terms: Changes


@dataclass(frozen=True, slots=True)
class Clique:
    """At most one of these offers is taken, each named by its part and its position in it."""

    members: tuple[tuple[Place, int], ...]


Derived = Rounding | Clique


@dataclass(frozen=True, slots=True)
class Vector:
    """Prices: those of an earlier vector (-1: none) with these changes."""

    base: int = -1
    rows: Changes = ()
    parcels: Changes = ()


@dataclass(frozen=True, slots=True)
class Drop:
    """Offers that lie more than ``margin`` (times the scale) below the best of their part at these prices."""

    vector: int
    margin: int


@dataclass(frozen=True, slots=True)
class Branch:
    """The offer at position ``offer`` of a part, or its offers on a site with ``parcel`` by ``method`` (None: any)."""

    place: Place
    parcel: int | None = None
    method: int | None = None
    offer: int | None = None

    def matches(self, at: int, site: Sequence[int], method: int) -> bool:
        """True where the branch speaks of the offer at position ``at`` of the part, on that site by that method."""
        if self.offer is not None:
            return self.offer == at
        return self.method in (None, method) and (self.parcel is None or self.parcel in site)


@dataclass(frozen=True, slots=True)
class Supplied:
    """Whether a parcel is supplied at all."""

    parcel: int


@dataclass(frozen=True, slots=True)
class Sum:
    """Whether what is taken adds up to at most ``most`` in a row, or to at least one more.

    Of a soft row: whether it is missed by at most so many units.
    """

    row: int
    most: int


Split = Branch | Supplied | Sum


@dataclass(slots=True)
class Node:
    """A leaf with its vector, or a branch with its two sides (positions in the list of nodes)."""

    vector: int = 0
    on: Split | None = None
    zero: int = -1
    one: int = -1


@dataclass(slots=True)
class Tree:
    """What a tier's texts say; nodes stand each before those below it, the zero side first.

    ``alone``: (row, least activity) of the rows that an offer alone can be too much for.
    """

    alone: Changes = ()
    derived: tuple[Derived, ...] = ()
    vectors: list[Vector] = field(default_factory=lambda: [Vector()])
    drops: tuple[Drop, ...] = ()
    nodes: list[Node] = field(default_factory=lambda: [Node()])


def read_tree(tree: Any, rows: int, parcels: int) -> Tree:
    """What ``{"nodes": text, "parcels": text}`` says; both texts may be absent. ``rows`` counts those of tiers too.

    Raises
    ------
    BadProof
        Whatever is wrong with the texts.
    """
    if not isinstance(tree, Mapping) or tree.keys() - {"nodes", "parcels"}:
        raise BadProof("a tree is made of nodes and parcels")
    packed, land = tree.get("nodes"), tree.get("parcels")
    found = Tree()
    if packed is not None:
        found = _Reader(_inflated(packed, MAX_BYTES[0], "nodes"), "nodes").tree(rows, parcels)
    if len(found.vectors) * (rows + len(found.derived) + parcels) > MAX_PRICES:
        raise BadProof("the tree has too many prices")
    if land is not None:
        _Reader(_inflated(land, MAX_BYTES[1], "parcels"), "parcels").land(found, parcels)
    return found


def _inflated(text: Any, most: int, what: str) -> bytes:
    """Base64 of zlib, whole and at most ``most`` bytes long."""
    try:
        if not isinstance(text, str):
            raise TypeError("not a text")
        inflate = zlib.decompressobj()
        raw = inflate.decompress(base64.b64decode(text, validate=True), most)
    except (binascii.Error, zlib.error, TypeError, ValueError) as torn:
        raise BadProof(f"{what} cannot be unpacked: {torn}") from torn
    if not inflate.eof or inflate.unused_data or inflate.unconsumed_tail:
        raise BadProof(f"{what} are cut or go on too long")
    return raw


def _signed(value: int) -> int:
    """Even numbers are twice a value, odd ones its negative."""
    return (value >> 1) ^ -(value & 1)


class _Reader:
    """Reads the numbers of a text: seven bits a byte, lowest first; the top bit says that more follow."""

    def __init__(self, raw: bytes, what: str) -> None:
        self.what = what
        self.numbers = self._numbers(raw)

    def _numbers(self, raw: bytes) -> Iterator[int]:
        value = shift = 0
        for byte in raw:
            value |= (byte & 127) << shift
            if byte < 128:
                yield value
                value = shift = 0
            else:
                shift += 7
                if shift >= 7 * WIDEST:
                    raise BadProof(f"{self.what} hold a number of more than {WIDEST} bytes")
        if shift:
            raise BadProof(f"{self.what} end within a number")

    def next(self) -> int:
        for value in self.numbers:
            return value
        raise BadProof(f"{self.what} end too early")

    def end(self) -> None:
        if next(self.numbers, None) is not None:
            raise BadProof(f"{self.what} go on after the tree")

    def below(self, limit: int, what: str) -> int:
        value = self.next()
        if value >= limit:
            raise BadProof(f"a {what} is named that does not exist")
        return value

    def step(self) -> int:
        value = self.next()
        if value > LARGEST_SHIFT:
            raise BadProof(f"a step of 2^{value} is too coarse")
        return value

    def pairs(self, limit: int, what: str) -> Iterator[tuple[int, int]]:
        """How many; then for each how many places are passed over, and a number."""
        place = -1
        for _ in range(self.next()):
            place += 1 + self.next()
            if place >= limit:
                raise BadProof(f"a {what} is named that does not exist")
            yield place, self.next()

    def changes(self, shifts: Sequence[int], what: str) -> Changes:
        return tuple((place, _signed(value) << shifts[place]) for place, value in self.pairs(len(shifts), what))

    def tree(self, rows: int, parcels: int) -> Tree:
        alone = tuple((row, -value) for row, value in self.pairs(rows, "row"))
        derived: list[Derived] = []
        for _ in range(self.next()):
            derived.append(self._derived(rows + len(derived), parcels))
        whole = rows + len(derived)
        shifts = [self.step() for _ in range(whole)]
        vectors: list[Vector] = []
        for _ in range(self.next()):
            base = self.below(len(vectors) + 1, "vector") - 1
            vectors.append(Vector(base, self.changes(shifts, "row")))
            if len(vectors) > MAX_NODES:
                raise BadProof("the tree has too many vectors")
        drops = tuple(Drop(self.below(len(vectors), "vector"), self.next()) for _ in range(self.next()))
        nodes = self._nodes(len(vectors), whole, parcels)
        self.end()
        return Tree(alone, tuple(derived), vectors, drops, nodes)

    def _derived(self, rows: int, parcels: int) -> Derived:
        q = self.next()
        if q:
            t = self.next()
            terms = tuple((of, _signed(value)) for of, value in self.pairs(1 << 62, "row"))
            for of, _ in terms:
                if (of % 3 == 0 and of // 3 >= rows) or (of % 3 == 1 and of // 3 >= parcels):
                    raise BadProof("a row or parcel is named that does not exist")
            return Rounding(q, t, terms)
        count = self.next()
        if count > MAX_MEMBERS:
            raise BadProof("a clique has too many offers")
        members = tuple((self._place(parcels), self.next()) for _ in range(count))
        if len(set(members)) != count:
            raise BadProof("a clique names an offer twice")
        return Clique(members)

    def _place(self, parcels: int) -> Place:
        part = self.next()
        if part & 1 and part >> 1 >= parcels:
            raise BadProof("a parcel is named that does not exist")
        return ("m" if part & 1 else "d", part >> 1)

    def _nodes(self, vectors: int, rows: int, parcels: int) -> list[Node]:
        found: list[Node] = []
        waiting = [(-1, 0)]
        while waiting:
            above, depth = waiting.pop()
            if above >= 0:  # the first of the two below a branch is its zero side
                if found[above].zero < 0:
                    found[above].zero = len(found)
                else:
                    found[above].one = len(found)
            kind = self.next()
            found.append(Node())
            if len(found) > MAX_NODES or depth > MAX_DEPTH:
                raise BadProof("the tree has too many nodes")
            if kind == 0:
                found[-1].vector = self.below(vectors, "vector")
                continue
            found[-1].on = self._split(kind, rows, parcels)
            waiting += [(len(found) - 1, depth + 1)] * 2
        return found

    def _split(self, kind: int, rows: int, parcels: int) -> Split:
        if kind == 1:
            place = self._place(parcels)
            parcel = place[1] if place[0] == "m" else self.below(parcels + 1, "parcel") - 1
            method = self.next() - 1
            return Branch(place, None if parcel < 0 else parcel, None if method < 0 else method)
        if kind == 2:
            return Branch(self._place(parcels), offer=self.next())
        if kind == 3:
            return Supplied(self.below(parcels, "parcel"))
        if kind == 4:
            return Sum(self.below(rows, "row"), _signed(self.next()))
        raise BadProof(f"there is no branch of kind {kind}")

    def land(self, tree: Tree, parcels: int) -> None:
        shifts = [self.step()] * parcels
        for number, vector in enumerate(tree.vectors):
            tree.vectors[number] = Vector(vector.base, vector.rows, self.changes(shifts, "parcel"))
        self.end()


def priced(tree: Tree, rows: int, parcels: int) -> list[tuple[list[int], list[int]]]:
    """The prices of every vector: (of the rows, derived ones last; of the parcels). Unchanged ones are shared.

    Raises
    ------
    BadProof
        If a price is not below 2^53 in size.
    """
    none = [0] * (rows + len(tree.derived)), [0] * parcels
    found: list[tuple[list[int], list[int]]] = []
    for vector in tree.vectors:
        of_rows, land = found[vector.base] if vector.base >= 0 else none
        found.append((_changed(of_rows, vector.rows), _changed(land, vector.parcels)))
    return found


def _changed(prices: list[int], changes: Changes) -> list[int]:
    if not changes:
        return prices
    found = list(prices)
    for place, change in changes:
        found[place] += change
        if abs(found[place]) > LARGEST:
            raise BadProof(f"a price of {found[place]} is out of range (all are below 2^53 in size)")
    return found
