"""The proof of one tier, found, written and read again: what is stated is what the written text proves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from constraints.audit.certificate.price_tree import Derived, Rounding
from constraints.audit.certificate.price_writer import write_tree
from landopt.solving.programme.arrays import Floats, Ints, Program
from landopt.solving.proof.certificate import Certificate
from landopt.solving.proof.closing import Closer
from landopt.solving.proof.found import Found, Leaf
from landopt.solving.proof.written import written

PLAIN_BYTES, PLAIN_ROWS = 1_500, 250
"""Bytes of the text of a proof by prices alone that is apart from parcels, at most, for so many rows; in proportion."""
COARSER = (1, 30, 1_000, 30_000, 10**6, 10**9, 10**12)
"""What coarser prices may cost, from fine to coarse: times a thousandth of the gap or a millionth of the bound."""


@dataclass(frozen=True)
class Proof:
    """A written tree, the scale of its prices, the bound it proves (millipoints), a better plan met on the way."""

    tree: dict[str, Any]
    scale: int
    bound: int
    plan: Ints | None = None


@dataclass(frozen=True)
class Guide:
    """Prices to begin with, in millipoints a unit: of parcels, of rows, of rows of odd ``sets`` (elements of each)."""

    parcels: Floats
    rows: Floats
    sets: tuple[tuple[int, ...], ...] = ()


def odd_rows(prog: Program, sets: Sequence[Sequence[int]]) -> list[Derived]:
    """Rows of odd sets and divided limits (``oddsets``) as a proof derives them."""
    head = prog.parcels + prog.demands
    found: list[Derived] = []
    for chosen in sets:
        if chosen and chosen[0] < 0:
            found.append(Rounding(-chosen[0], 1, ((3 * chosen[1], 1),)))
            continue
        terms = []
        for element in chosen:
            if element < prog.parcels:
                terms.append((3 * element + 1, 1))
            elif element < head:
                terms.append((3 * (element - prog.parcels) + 2, 1))
            else:
                terms.append((3 * (element - head), 1))
        found.append(Rounding(2, 0, tuple(sorted(terms))))
    return found


def prove(
    prog: Program, guide: Guide, objective: int, cap: int, nodes: int, end: float | None, seed: int = 0,
    tell: Callable[[int], None] | None = None,
) -> Proof:  # fmt: skip
    """The best proof towards a bound of ``cap`` millipoints that so many branches and the clock allow.

    ``tell`` hears what it bounds so far, in millipoints.
    """
    closer = Closer(prog, guide.parcels, guide.rows, cap, odd_rows(prog, guide.sets), seed)
    found = closer.close(nodes, end, tell)
    return _read(prog, found, max(objective, closer.cap) if found.plan is not None else objective)


def by_prices(prog: Program, guide: Guide, objective: int, gap: Fraction) -> Proof:
    """The proof by prices alone, within the bytes that such a proof may take."""
    found = Closer(prog, guide.parcels, guide.rows, objective, odd_rows(prog, guide.sets)).plain()
    return _read(prog, found, objective, objective + int(max(1, abs(objective)) * gap))


def _read(prog: Program, found: Found, objective: int, asked: int | None = None) -> Proof:
    room = PLAIN_BYTES * max(PLAIN_ROWS, len(prog.sense)) // PLAIN_ROWS
    best: Proof | None = None
    for coarse in COARSER:
        text = write_tree(written(found, objective, coarse, asked), len(prog.sense))
        plain = _plain(found)
        if plain and len(text.get("nodes", "")) > room and coarse != COARSER[-1]:
            continue
        bound = Certificate(prog, text, found.scale).value
        assert bound is not None
        best = Proof(text, found.scale, max(bound, objective) if not plain else bound, found.plan)
        break
    assert best is not None
    return best


def _plain(found: Found) -> bool:
    return isinstance(found.root, Leaf) and found.root.on is None and not found.derived and not found.drops
