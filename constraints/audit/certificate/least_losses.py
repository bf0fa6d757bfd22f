"""How much a plan with a named offer loses at least, by the prices of a proof: beside the bound, in the same pass.

In each case of a proof a plan with the offer cannot reach more than the case's total less what the offer stays behind
the best of its part. The least loss is what remains between the plan and the weakest of these (docs/explain.md).
Standard library only.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from constraints.audit.certificate.price_tree import Tree
from constraints.audit.files.offers_reader import Block, Part, Place

Named = tuple[Place, tuple[int, ...], int]
"""An offer by its part, the rows of its parcels and the number of its method (in any period)."""
MOST = 20_000_000
"""Offers times cases of a proof up to which losses are derived again."""


@dataclass(slots=True)
class Watched:
    """One listed offer and how far it stays behind the best of its part, times the scale.

    ``drops`` are (number, behind, whether it is dropped there); ``plain`` by vector; ``leaf`` where branches change
    what is left of the part, ``None`` where they bar the offer; ``out``: it is too much for a row by itself.
    """

    name: Named
    offer: int
    out: bool = True
    drops: list[tuple[int, int, bool]] = field(default_factory=list)
    plain: dict[int, int] = field(default_factory=dict)
    leaf: dict[int, int | None] = field(default_factory=dict)

    def place(self, left: list[int]) -> int | None:
        """Where the offer stands among those that are left; None where it is not."""
        at = bisect_left(left, self.offer)
        return at if at < len(left) and left[at] == self.offer else None


class Watch:
    """The named offers, as one tier of a proof meets them."""

    def __init__(self, named: Iterable[Named]) -> None:
        self.wanted: dict[Place, set[tuple[tuple[int, ...], int]]] = {}
        for place, site, method in named:
            self.wanted.setdefault(place, set()).add((site, method))
        self.met: list[Watched] = []

    def of(self, block: Block, part: Part) -> list[Watched]:
        """The named offers of a part."""
        wanted = self.wanted.get(part.place)
        if wanted is None:
            return []
        found = []
        for offer in range(part.begin, part.end):
            name = tuple(block.sites[block.site[offer]]), block.ways[block.way[offer]][0]
            if name in wanted:
                found.append(Watched((part.place, *name), offer))
        self.met += found
        return found


class Running(Protocol):
    """A bound that was fed every part."""

    scale: int
    tree: Tree
    drop_sum: list[int]
    drop_least: list[int | None]
    watch: Watch

    def leaves(self) -> list[tuple[int, int]]:
        """The leaves that hold a plan, with what all plans in them reach at most, times the scale."""


def dropped(
    watched: Iterable[Watched], left: list[int], number: int, worth: Sequence[int], best: int, margin: int
) -> list[Watched]:
    """Note how far watched offers stay behind in the case of a drop; returns those that it does not drop."""
    found = []
    for one in watched:
        behind = best - worth[one.place(left) or 0]
        one.drops.append((number, behind, behind > margin))
        if behind <= margin:
            found.append(one)
    return found


def among(left: Sequence[int], place: int | None) -> int | None:
    """Where a place stands among those (ascending) that a leaf leaves; None where it is not one of them."""
    if place is None:
        return None
    at = bisect_left(left, place)
    return at if at < len(left) and left[at] == place else None


def least_losses(bound: Running, objective: int) -> dict[tuple[Named, int], int | None]:
    """What a plan with each offer that was watched loses at least in a tier that reached ``objective``, millipoints.

    By name and place in its part: an offer in several periods has several. ``None`` where no plan has it.
    """
    leaves = bound.leaves()
    return {(one.name, one.offer): _least(bound, one, leaves, objective * bound.scale) for one in bound.watch.met}


def of_periods(columns: Sequence[Mapping[tuple[Named, int], int | None]]) -> dict[Named, list[int | None]]:
    """The losses by tier of each named offer: of several periods those of the one that loses least, tier by tier.

    One that no plan has comes after all that some plan may have.
    """
    found: dict[Named, list[int | None]] = {}
    for key in columns[0]:
        mine = [column[key] for column in columns]
        before = found.get(key[0])
        if before is None or _order(mine) < _order(before):
            found[key[0]] = mine
    return found


def _order(losses: Sequence[int | None]) -> tuple[bool, list[int]]:
    return None in losses, [loss or 0 for loss in losses]


def _least(bound: Running, one: Watched, leaves: Sequence[tuple[int, int]], goal: int) -> int | None:
    cases = []
    for number, behind, gone in one.drops:
        edge = 0 if gone else bound.drop_least[number]
        if edge is not None:
            cases.append(goal - bound.drop_sum[number] + behind + edge)
    if not one.out and not any(gone for _, _, gone in one.drops):
        for number, total in leaves:
            left = one.leaf.get(number, one.plain[bound.tree.nodes[number].vector])
            if left is not None:
                cases.append(goal - total + left)
    return max(0, -(-min(cases) // bound.scale)) if cases else None
