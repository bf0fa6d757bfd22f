"""The sizes that docs/proof.md §3 allows a tree, each at its edge: the last one is read, the next one refused."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from typing import Any

import pytest

from constraints.audit.certificate.price_tree import BadProof, Branch, Clique, Tree, read_tree


def text(numbers: Sequence[int], *, end: bytes = b"") -> str:
    """Numbers of seven bits a byte, lowest first."""
    raw = bytearray()
    for number in numbers:
        while number > 127:
            raw.append(number & 127 | 128)
            number >>= 7
        raw.append(number)
    return base64.b64encode(zlib.compress(bytes(raw) + end, 1)).decode()


def tree(
    *,
    rows: int = 1,
    parcels: int = 1,
    alone: Sequence[int] = (0,),
    derived: Sequence[Sequence[int]] = (),
    steps: Sequence[int] | None = None,
    vectors: Sequence[Sequence[int]] = ((0, 0),),
    drops: Sequence[int] = (0,),
    nodes: Sequence[int] = (0, 0),
) -> Tree:
    """The tree of these numbers, as read."""
    steps = [0] * (rows + len(derived)) if steps is None else steps
    body = [*alone, len(derived), *(n for each in derived for n in each), *steps, len(vectors)]
    return read_tree({"nodes": text([*body, *(n for each in vectors for n in each), *drops, *nodes])}, rows, parcels)


def clique(count: int) -> list[int]:
    """At most one of so many offers of the first platform."""
    return [0, count, *(n for place in range(count) for n in (0, place))]


def path(depth: int) -> list[int]:
    """So many branches below each other, on whether the first parcel is supplied."""
    return [*([3, 0] * depth), *([0, 0] * (depth + 1))]


def test_a_clique_has_a_thousand_offers_at_most() -> None:
    """All different, of parts and positions that need not exist."""
    (found,) = tree(derived=[clique(1_000)]).derived
    assert isinstance(found, Clique)
    assert found.members[-1] == (("d", 0), 999)
    with pytest.raises(BadProof, match="too many offers"):
        tree(derived=[clique(1_001)])


def test_a_path_has_a_thousand_branches_at_most() -> None:
    """And a tree less than 2^16 nodes, however shallow."""
    assert len(tree(nodes=path(1_000)).nodes) == 2_001
    with pytest.raises(BadProof, match="too many nodes"):
        tree(nodes=path(1_001))


def full(depth: int) -> list[int]:
    """Every path of the same length."""
    return [3, 0, *full(depth - 1), *full(depth - 1)] if depth else [0, 0]


def test_a_tree_has_less_than_65_536_nodes() -> None:
    """A full tree of fifteen floors is the largest that is full."""
    assert len(tree(nodes=full(15)).nodes) == 2**16 - 1
    with pytest.raises(BadProof, match="too many nodes"):
        tree(nodes=[3, 0, *full(15), 0, 0])


def test_vectors_are_2_to_16_at_most() -> None:
    """Each takes its prices from the one before."""
    assert len(tree(vectors=[(n, 0) for n in range(2**16)]).vectors) == 2**16
    with pytest.raises(BadProof, match="too many vectors"):
        tree(vectors=[(n, 0) for n in range(2**16 + 1)])


def test_vectors_times_rows_and_parcels_are_2_to_25_at_most() -> None:
    """Derived rows count as rows."""
    made: dict[str, Any] = {"rows": 1_000, "derived": [clique(2)] * 20, "vectors": [(0, 0)] * 2**15}
    assert len(tree(**made, parcels=4).derived) == 20
    with pytest.raises(BadProof, match="too many prices"):
        tree(**made, parcels=5)


@pytest.mark.parametrize(
    ("steps", "vectors", "why"),
    [
        ([52], [(0, 1, 0, 2)], ""),
        ([53], [(0, 1, 0, 2)], "too coarse"),
        ([0], [(0, 1, 0, 2**63 - 2)], ""),  # nine bytes
        ([0], [(0, 1, 0, 2**63)], "more than 9 bytes"),
        ([0], [(1, 0)], "vector is named"),
        ([0], [(0, 0), (1, 0)], ""),
        ([0], [(0, 0), (2, 0)], "vector is named"),
        ([0], [(0, 1, 1, 2)], "row is named"),
        ([0, 0], [(0, 2, 0, 2, 0, 2)], ""),
        ([0, 0], [(0, 2, 0, 2, 1, 2)], "row is named"),
    ],
)
def test_steps_numbers_and_places_at_their_ends(steps: list[int], vectors: list[tuple[int, ...]], why: str) -> None:
    """A step of 2^52, a number of nine bytes, the last earlier vector, the last row: read; one more: refused."""
    if why:
        with pytest.raises(BadProof, match=why):
            tree(rows=len(steps), steps=steps, vectors=vectors)
    else:
        found = tree(rows=len(steps), steps=steps, vectors=vectors).vectors[-1]
        assert len(found.rows) == (vectors[-1][1] if len(vectors) == 1 else 0)


@pytest.mark.parametrize(
    ("nodes", "why"),
    [
        ((1, 3, 2, 1, 0, 0, 0, 0), "parcel is named"),  # a market part: parcel 1, which is not there
        ((1, 1, 1, 0, 0, 0, 0), ""),
        ((1, 0, 1, 1, 0, 0, 0, 0), ""),
        ((1, 0, 2, 1, 0, 0, 0, 0), "parcel is named"),
        ((3, 0, 0, 0, 0, 0), ""),
        ((3, 1, 0, 0, 0, 0), "parcel is named"),
        ((4, 0, 3, 0, 0, 0, 0), ""),
        ((4, 1, 3, 0, 0, 0, 0), "row is named"),
        ((0, 1), "vector is named"),
        ((0, 0, 0), "go on after"),
    ],
)
def test_what_a_branch_names_is_there(nodes: tuple[int, ...], why: str) -> None:
    """One row, one parcel, one vector; a market part names its parcel by itself and no other."""
    if why:
        with pytest.raises(BadProof, match=why):
            tree(nodes=nodes)
    else:
        assert len(tree(nodes=nodes).nodes) == (3 if nodes[0] else 1)


def test_a_market_branch_is_on_its_own_parcel() -> None:
    """1 + parcel and 1 + method, 0 for any."""
    market = tree(nodes=(1, 5, 1, 0, 0, 0, 0), parcels=3).nodes[0].on
    platform = tree(nodes=(1, 4, 0, 3, 0, 0, 0, 0), parcels=3).nodes[0].on
    assert (market, platform) == (Branch(("m", 2), 2, 0), Branch(("d", 2), None, 2))
