"""The written form of a tree of prices (docs/proof.md §3): two packed texts, read and made. Standard library only.

Every node says what its prices change against the node above it; the root changes zeros.  Reading is total: whatever
the texts hold, the answer is nodes or :class:`BadProof`.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from constraints.audit.offers_reader import Place
from constraints.audit.plan_reader import LARGEST

MAX_NODES = 200_000
MAX_BYTES = (1 << 24, 1 << 26)
"""Unpacked bytes of ``nodes`` and of ``parcels``, at most."""
WIDEST = 8
"""Bytes of a number, at most (seven bits each)."""
LARGEST_SHIFT = 52

Changes = tuple[tuple[int, int], ...]
"""(row or parcel, what is added to its price), ascending."""


class BadProof(ValueError):
    """The proof says something that is not a proof: a wrong sign, an uncovered case, a row that does not exist."""


@dataclass(frozen=True, slots=True)
class Branch:
    """Offers of a part whose site contains ``parcel`` (None: any) by ``method`` (None: any)."""

    place: Place
    parcel: int | None
    method: int | None

    def matches(self, site: Sequence[int], method: int) -> bool:
        """True where the branch speaks of an offer of the part on that site by that method."""
        return self.method in (None, method) and (self.parcel is None or self.parcel in site)


@dataclass(slots=True)
class Node:
    """A node: what its prices change, and for a branch its two sides (positions in the list of nodes)."""

    rows: Changes = ()
    parcels: Changes = ()
    on: Branch | None = None
    zero: int = -1
    one: int = -1


def read_tree(tree: Any, rows: int, parcels: int) -> list[Node]:
    """The nodes of ``{"nodes": text, "parcels": text}``, each before those below it; both texts may be absent.

    Raises
    ------
    BadProof
        Whatever is wrong with the texts.
    """
    if not isinstance(tree, Mapping) or tree.keys() - {"nodes", "parcels"}:
        raise BadProof("a tree is made of nodes and parcels")
    packed, land = tree.get("nodes"), tree.get("parcels")
    nodes = [Node()] if packed is None else _nodes(_inflated(packed, MAX_BYTES[0], "nodes"), rows, parcels)
    if land is not None:
        _land(_inflated(land, MAX_BYTES[1], "parcels"), nodes, parcels)
    return nodes


def _inflated(text: Any, most: int, what: str) -> bytes:
    """Base64 of zlib, whole and at most ``most`` bytes long."""
    try:
        if not isinstance(text, str):
            raise TypeError("not a text")
        inflate = zlib.decompressobj()
        raw = inflate.decompress(base64.b64decode(text, validate=True), most + 1)
    except (binascii.Error, zlib.error, ValueError, TypeError) as torn:
        raise BadProof(f"{what} cannot be read: {torn}") from torn
    if len(raw) > most or inflate.unconsumed_tail or inflate.unused_data or not inflate.eof:
        raise BadProof(f"{what} are cut or go on too long")
    return raw


def _numbers(raw: bytes, what: str) -> Iterator[int]:
    """Unsigned numbers, seven bits a byte, lowest first; the top bit says that more follow."""
    value = shift = 0
    for byte in raw:
        value |= (byte & 127) << shift
        if byte < 128:
            yield value
            value = shift = 0
        else:
            shift += 7
            if shift >= 7 * WIDEST:
                raise BadProof(f"{what} hold a number of more than {WIDEST} bytes")
    if shift:
        raise BadProof(f"{what} end within a number")


def _next(numbers: Iterator[int]) -> int:
    for value in numbers:
        return value
    raise BadProof("the prices end before the tree does")


def _changes(numbers: Iterator[int], shifts: Sequence[int], what: str) -> Changes:
    """How many, then for each: how many places are passed over, and the change (even: half of it; odd: negative)."""
    place, found = -1, []
    for _ in range(_next(numbers)):
        place += 1 + _next(numbers)
        if place >= len(shifts):
            raise BadProof(f"a {what} is priced that does not exist")
        value = _next(numbers)
        found.append((place, ((value >> 1) ^ -(value & 1)) << shifts[place]))
    return tuple(found)


def _shift(value: int) -> int:
    if value > LARGEST_SHIFT:
        raise BadProof(f"a step of 2^{value} is too coarse")
    return value


def _nodes(raw: bytes, rows: int, parcels: int) -> list[Node]:
    numbers = _numbers(raw, "nodes")
    shifts = [_shift(_next(numbers)) for _ in range(rows)]
    found: list[Node] = []
    waiting = [-1]
    while waiting:
        above = waiting.pop()
        if above >= 0:  # the first of the two below a branch is its zero side
            if found[above].zero < 0:
                found[above].zero = len(found)
            else:
                found[above].one = len(found)
        here = Node(_changes(numbers, shifts, "row"))
        found.append(here)
        if len(found) > MAX_NODES:
            raise BadProof("the tree has too many nodes")
        part = _next(numbers)
        if part:
            here.on = _branch(part - 1, numbers, parcels)
            waiting += [len(found) - 1] * 2
    if next(numbers, None) is not None:
        raise BadProof("nodes go on after the tree")
    return found


def _branch(part: int, numbers: Iterator[int], parcels: int) -> Branch:
    row = part >> 1
    parcel = row if part & 1 else _next(numbers) - 1
    if parcel >= parcels:
        raise BadProof("a branch names a parcel that does not exist")
    method = _next(numbers) - 1
    place = ("m", row) if part & 1 else ("d", row)
    return Branch(place, None if parcel < 0 else parcel, None if method < 0 else method)


def _land(raw: bytes, nodes: Sequence[Node], parcels: int) -> None:
    numbers = _numbers(raw, "parcels")
    shifts = [_shift(_next(numbers))] * parcels
    for node in nodes:
        node.parcels = _changes(numbers, shifts, "parcel")
    if next(numbers, None) is not None:
        raise BadProof("parcels go on after the tree")


def priced(nodes: Sequence[Node], rows: int, parcels: int) -> list[tuple[list[int], list[int]]]:
    """The prices of every node: (of the rows, of the parcels); a node that changes nothing shares those above it.

    Raises
    ------
    BadProof
        If a price is not below 2^53 in size, or a parcel's is below 0.
    """
    found: list[tuple[list[int], list[int]]] = [([0] * rows, [0] * parcels)] * len(nodes)
    for number, node in enumerate(nodes):
        of_rows, land = found[number]
        if node.rows:
            of_rows = _changed(of_rows, node.rows, -LARGEST)
        if node.parcels:
            land = _changed(land, node.parcels, 0)
        found[number] = (of_rows, land)
        if node.on is not None:
            found[node.zero] = found[node.one] = found[number]
    return found


def _changed(prices: Sequence[int], changes: Changes, least: int) -> list[int]:
    found = list(prices)
    for place, change in changes:
        found[place] += change
        if not least <= found[place] <= LARGEST:
            raise BadProof(f"a price of {found[place]} is out of range (a parcel's is at least 0, all are below 2^53)")
    return found


def write_tree(nodes: Sequence[Node], rows: int) -> dict[str, str]:
    """The inverse of :func:`read_tree` for nodes in its order; a text that would say nothing is left out."""
    shifts = _steps([change for node in nodes for change in node.rows], rows)
    raw = bytearray(shifts)
    for node in nodes:
        _put_changes(raw, node.rows, shifts)
        if node.on is None:
            raw.append(0)
            continue
        kind, row = node.on.place
        _put(raw, 1 + 2 * row + (kind == "m"))
        if kind == "d":
            _put(raw, 0 if node.on.parcel is None else node.on.parcel + 1)
        _put(raw, 0 if node.on.method is None else node.on.method + 1)
    found = {"nodes": _deflated(raw)} if len(nodes) > 1 or nodes[0].rows else {}
    if any(node.parcels for node in nodes):
        step = min(_steps([(0, change) for node in nodes for _, change in node.parcels], 1))
        land = bytearray([step])
        last = 1 + max(place for node in nodes for place, _ in node.parcels)
        for node in nodes:
            _put_changes(land, node.parcels, [step] * last)
        found["parcels"] = _deflated(land)
    return found


def _steps(changes: Sequence[tuple[int, int]], count: int) -> list[int]:
    """For each place the power of two that all its changes are multiples of; below 16 it is not worth a byte."""
    union = [0] * count
    for place, change in changes:
        union[place] |= change
    found = [(bits & -bits).bit_length() - 1 if bits else 0 for bits in union]
    return [min(step, LARGEST_SHIFT) if step >= 4 else 0 for step in found]


def _put(raw: bytearray, value: int) -> None:
    while value > 127:
        raw.append(value & 127 | 128)
        value >>= 7
    raw.append(value)


def _put_changes(raw: bytearray, changes: Changes, shifts: Sequence[int]) -> None:
    _put(raw, len(changes))
    last = -1
    for place, change in changes:
        _put(raw, place - last - 1)
        size = change >> shifts[place]
        _put(raw, size << 1 if size >= 0 else (-size << 1) - 1)
        last = place


def _deflated(raw: bytes | bytearray) -> str:
    return base64.b64encode(zlib.compress(bytes(raw), 9)).decode("ascii")


def leaf_tree(rows: Sequence[int], parcels: Sequence[int] = ()) -> dict[str, str]:
    """A tree of one leaf with these prices."""
    changes = [tuple((place, price) for place, price in enumerate(prices) if price) for prices in (rows, parcels)]
    return write_tree([Node(changes[0], changes[1])], len(rows))
