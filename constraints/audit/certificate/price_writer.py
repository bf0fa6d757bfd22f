"""The written form of a proof, made: the inverse of ``price_tree`` (docs/proof.md §3). Standard library only."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence

from constraints.audit.certificate.price_tree import LARGEST_SHIFT, Changes, Clique, Node, Sum, Supplied, Tree, Vector
from constraints.audit.files.offers_reader import Place


def write_tree(tree: Tree, rows: int) -> dict[str, str]:
    """The inverse of :func:`read_tree`; ``rows`` counts those of tiers too. A text that says nothing is left out."""
    found = {}
    if tree.alone or tree.derived or len(tree.vectors) > 1 or tree.vectors[0].rows or tree.drops or tree.nodes[0].on:
        found["nodes"] = _deflated(_nodes_text(tree, rows))
    if any(vector.parcels for vector in tree.vectors):
        step = min(_steps([(0, change) for vector in tree.vectors for _, change in vector.parcels], 1))
        land = bytearray([step])
        last = 1 + max(place for vector in tree.vectors for place, _ in vector.parcels)
        for vector in tree.vectors:
            _put_changes(land, vector.parcels, [step] * last)
        found["parcels"] = _deflated(land)
    return found


def _nodes_text(tree: Tree, rows: int) -> bytearray:
    raw = bytearray()
    _put_pairs(raw, [(row, -least) for row, least in tree.alone])
    _put(raw, len(tree.derived))
    for derived in tree.derived:
        if isinstance(derived, Clique):
            _put(raw, 0)
            _put(raw, len(derived.members))
            for place, at in derived.members:
                _put_place(raw, place)
                _put(raw, at)
        else:
            _put(raw, derived.q)
            _put(raw, derived.t)
            _put_pairs(raw, [(of, _unsigned(value)) for of, value in derived.terms])
    shifts = _steps([change for vector in tree.vectors for change in vector.rows], rows + len(tree.derived))
    raw += bytes(shifts)
    _put(raw, len(tree.vectors))
    for vector in tree.vectors:
        _put(raw, vector.base + 1)
        _put_changes(raw, vector.rows, shifts)
    _put(raw, len(tree.drops))
    for drop in tree.drops:
        _put(raw, drop.vector)
        _put(raw, drop.margin)
    for node in tree.nodes:
        _put_node(raw, node)
    return raw


def _put_node(raw: bytearray, node: Node) -> None:
    on = node.on
    if on is None:
        _put(raw, 0)
        _put(raw, node.vector)
    elif isinstance(on, Supplied):
        _put(raw, 3)
        _put(raw, on.parcel)
    elif isinstance(on, Sum):
        _put(raw, 4)
        _put(raw, on.row)
        _put(raw, _unsigned(on.most))
    elif on.offer is not None:
        _put(raw, 2)
        _put_place(raw, on.place)
        _put(raw, on.offer)
    else:
        _put(raw, 1)
        _put_place(raw, on.place)
        if on.place[0] == "d":
            _put(raw, 0 if on.parcel is None else on.parcel + 1)
        _put(raw, 0 if on.method is None else on.method + 1)


def _steps(changes: Sequence[tuple[int, int]], count: int) -> list[int]:
    """For each place the power of two that all its changes are multiples of; below 16 it is not worth a byte."""
    union = [0] * count
    for place, change in changes:
        union[place] |= change
    found = [(bits & -bits).bit_length() - 1 if bits else 0 for bits in union]
    return [min(step, LARGEST_SHIFT) if step >= 4 else 0 for step in found]


def _unsigned(value: int) -> int:
    return value << 1 if value >= 0 else (-value << 1) - 1


def _put(raw: bytearray, value: int) -> None:
    while value > 127:
        raw.append(value & 127 | 128)
        value >>= 7
    raw.append(value)


def _put_place(raw: bytearray, place: Place) -> None:
    _put(raw, 2 * place[1] + (place[0] == "m"))


def _put_pairs(raw: bytearray, pairs: Sequence[tuple[int, int]]) -> None:
    _put(raw, len(pairs))
    last = -1
    for place, value in pairs:
        _put(raw, place - last - 1)
        _put(raw, value)
        last = place


def _put_changes(raw: bytearray, changes: Changes, shifts: Sequence[int]) -> None:
    _put_pairs(raw, [(place, _unsigned(change >> shifts[place])) for place, change in changes])


def _deflated(raw: bytes | bytearray) -> str:
    return base64.b64encode(zlib.compress(bytes(raw), 9)).decode("ascii")


def leaf_tree(rows: Sequence[int], parcels: Sequence[int] = ()) -> dict[str, str]:
    """A tree of one leaf with these prices."""
    changes = [tuple((place, price) for place, price in enumerate(prices) if price) for prices in (rows, parcels)]
    return write_tree(Tree(vectors=[Vector(-1, *changes)]), len(rows))
