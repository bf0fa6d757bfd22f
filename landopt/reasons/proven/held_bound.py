"""The bound of a proof kept open: summed once over the offers, then moved with the amounts of the rows, exactly.

Prices prove a bound for *any* amounts (weak duality): a leaf is worth what parts can add at its prices, which no amount
enters, and prices times amounts. So a moved amount moves each leaf and each drop by price times what it moved, at once.
Only where a derived row or an offer left out rests on the amount are the parts summed again (docs/proof.md §4, §5).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from constraints.audit.certificate.derived_rows import rests_on
from constraints.audit.certificate.price_tree import BadProof, Clique, Tree, Vector, priced, read_tree
from constraints.audit.certificate.price_writer import write_tree
from constraints.audit.certificate.proof import Bound
from constraints.audit.files.offers_reader import Block
from constraints.types import Row, shared
from landopt.solving.programme.price_bound import shrunk

NOTHING = -(1 << 60)
"""The score of an offer that is gone: in no part the best, and no plan with it worth anything."""


class HeldBound:
    """The bound of one tier of a proof over given blocks of offers.

    Parameters
    ----------
    entry
        ``proof["tiers"][tier]``.
    rows, parcels, reached
        The rows of the round, the number of parcels, the objectives of the earlier tiers.
    blocks
        All offers, held in memory.
    """

    def __init__(
        self,
        entry: Mapping[str, Any],
        tier: int,
        rows: Sequence[Row],
        parcels: int,
        reached: Sequence[int],
        blocks: Sequence[Block],
    ) -> None:
        self.entry, self.tier, self.rows = dict(entry), tier, tuple(rows)
        self.parcels, self.reached, self.blocks = parcels, tuple(reached), blocks
        self.own = len(self.rows) + tier
        self.tree = read_tree(entry.get("tree"), self.own, parcels)
        self.rests = rests_on(self.tree.derived, self.own)
        self.bound = self._open(self.entry, self.rows)
        fresh = [list(self.bound.leaf), list(self.bound.drop_sum)]
        self._fed(self.bound, self.blocks)
        self.leaf_parts = [now - was for now, was in zip(self.bound.leaf, fresh[0], strict=True)]
        self.drop_parts = [now - was for now, was in zip(self.bound.drop_sum, fresh[1], strict=True)]

    @property
    def value(self) -> int | None:
        """The bound with nothing changed."""
        return self.bound.value

    def moved(self, rows: Sequence[Row], gone: Collection[tuple[int, int]] = ()) -> int | None:
        """The bound of any plan under changed rows and without the offers ``gone`` (block, position); None: no plan.

        Raises
        ------
        BadProof
            Where the proof says nothing of so much a change.
        """
        changed = {number for number, (old, new) in enumerate(zip(self.rows, rows, strict=True)) if old != new}
        blocks = without(self.blocks, gone) if gone else self.blocks
        entry = self._clamped(rows, changed)
        rooted = changed & self._leaned_on()
        if not gone and not rooted and entry is self.entry:
            return self._at_once(rows)
        try:
            return self._again(entry, rows, blocks)
        except BadProof:
            if not rooted:
                raise
        return self._again(self._without_derived(entry, rooted), rows, blocks)

    def entries(self, rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
        """The proofs that may hold under changed rows, the one that says most first (see :meth:`moved`)."""
        changed = {number for number, (old, new) in enumerate(zip(self.rows, rows, strict=True)) if old != new}
        entry = self._clamped(rows, changed)
        yield entry
        rooted = changed & self._leaned_on()
        if rooted:
            with suppress(BadProof):
                yield self._without_derived(entry, rooted)

    def _leaned_on(self) -> set[int]:
        """Rows that a derived row or an offer left out rests on."""
        found = {row for row, _ in self.tree.alone}
        for rows in self.rests:
            found |= rows
        return found

    def _open(self, entry: Mapping[str, Any], rows: Sequence[Row]) -> Bound:
        return Bound(entry, self.tier, rows, self.parcels, self.reached)

    @staticmethod
    def _fed(bound: Bound, blocks: Sequence[Block]) -> Bound:
        for block in blocks:
            bound.feed(block)
        return bound

    def _again(self, entry: Mapping[str, Any], rows: Sequence[Row], blocks: Sequence[Block]) -> int | None:
        return self._fed(self._open(entry, rows), blocks).value

    def _at_once(self, rows: Sequence[Row]) -> int | None:
        """The bound from what the parts added before: nothing that an amount enters has been summed."""
        bound = self._open(self.entry, rows)
        bound.leaf = [now + more for now, more in zip(bound.leaf, self.leaf_parts, strict=True)]
        bound.drop_sum = [now + more for now, more in zip(bound.drop_sum, self.drop_parts, strict=True)]
        bound.drop_least, bound.totals = self.bound.drop_least, self.bound.totals
        bound.seen, bound.derived = self.bound.seen, self.bound.derived
        empty = self._emptied
        bound.void = [now or was for now, was in zip(bound.void, empty, strict=True)]
        return bound.value

    @property
    def _emptied(self) -> list[bool]:
        """Leaves that offers, not amounts, leave without a plan."""
        fresh = self._open(self.entry, self.rows)
        return [now and not was for now, was in zip(self.bound.void, fresh.void, strict=True)]

    def _clamped(self, rows: Sequence[Row], changed: Collection[int]) -> dict[str, Any]:
        """The proof with prices of soft rows within their penalties where those were lowered."""
        scale = int(self.entry["scale"])
        caps = {
            members: scale * rows[first].penalty // rows[first].slack
            for first, members in shared(rows).items()
            if first in changed and rows[first].tier == self.tier and rows[first].penalty < self.rows[first].penalty
        }
        if not caps:
            return self.entry

        def within(prices: Sequence[int]) -> list[int]:
            found = list(prices)
            for members, most in caps.items():
                for row, price in zip(members, shrunk([prices[row] for row in members], most), strict=True):
                    found[row] = price
            return found

        return self._priced_by(within)

    def _without_derived(self, entry: Mapping[str, Any], rows: Collection[int]) -> dict[str, Any]:
        """The proof without a price on any row that rests on these amounts, and no offer left out by them."""
        tree = read_tree(entry.get("tree"), self.own, self.parcels)
        left = tuple((row, least) for row, least in tree.alone if row not in rows)
        bad = {
            self.own + number
            for number, (one, on) in enumerate(zip(tree.derived, self.rests, strict=True))
            if on & set(rows) or (isinstance(one, Clique) and len(left) < len(tree.alone))
        }
        kept = _Renumbered(tree, self.own, bad)
        vectors = [replace(each, rows=kept.rows(each.rows)) for each in tree.vectors]
        slim = Tree(left, kept.derived, vectors, tree.drops, tree.nodes)
        if kept.branched(tree):
            raise BadProof("a branch is on a row that rests on the amount")
        return {**entry, "tree": write_tree(slim, self.own)}

    def scaled(self, times: Mapping[int, int], scale: int) -> dict[str, Any]:
        """The proof with the scale and all prices times ``scale``, those of some rows times their own number."""
        if scale == 1 and all(value == 1 for value in times.values()):
            return self.entry
        vectors = [
            Vector(
                each.base,
                tuple((row, change * times.get(row, scale)) for row, change in each.rows),
                tuple((at, change * scale) for at, change in each.parcels),
            )
            for each in self.tree.vectors
        ]
        drops = tuple(replace(drop, margin=drop.margin * scale) for drop in self.tree.drops)
        tree = Tree(self.tree.alone, self.tree.derived, vectors, drops, self.tree.nodes)
        return {**self.entry, "scale": self.entry["scale"] * scale, "tree": write_tree(tree, self.own)}

    def _priced_by(self, within: Callable[[Sequence[int]], list[int]]) -> dict[str, Any]:
        vectors = []
        for prices, land in priced(self.tree, self.own, self.parcels):
            of_rows = tuple((row, price) for row, price in enumerate(within(prices)) if price)
            vectors.append(Vector(-1, of_rows, tuple((at, price) for at, price in enumerate(land) if price)))
        tree = Tree(self.tree.alone, self.tree.derived, vectors, self.tree.drops, self.tree.nodes)
        return {**self.entry, "tree": write_tree(tree, self.own)}


class _Renumbered:
    """Derived rows with some left out, and what prices on the others are called then."""

    def __init__(self, tree: Tree, own: int, bad: Collection[int]) -> None:
        self.own, self.bad = own, bad
        stay = [own + number for number in range(len(tree.derived)) if own + number not in bad]
        self.place = {old: own + new for new, old in enumerate(stay)}
        found = []
        for old in stay:
            one = tree.derived[old - own]
            if not isinstance(one, Clique):
                terms = [
                    (3 * self.place[of // 3], times) if of % 3 == 0 and of // 3 >= own else (of, times)
                    for of, times in one.terms
                ]
                one = replace(one, terms=tuple(sorted(terms)))
            found.append(one)
        self.derived = tuple(found)

    def rows(self, changes: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
        """Prices with those on rows left out taken away."""
        return tuple((self.place.get(row, row), price) for row, price in changes if row not in self.bad)

    def branched(self, tree: Tree) -> bool:
        """True where a branch is on the sum of a derived row: its number would have to move too."""
        return any(getattr(node.on, "row", -1) >= self.own for node in tree.nodes)


def without(blocks: Sequence[Block], gone: Collection[tuple[int, int]]) -> list[Block]:
    """The blocks with some offers worth nothing to anybody; places stay, since branches name offers by them."""
    by_block: dict[int, set[int]] = {}
    for block, at in gone:
        by_block.setdefault(block, set()).add(at)
    found = list(blocks)
    for number, places in by_block.items():
        score = [list(column) for column in blocks[number].score]
        for column in score:
            for at in places:
                column[at] = NOTHING
        found[number] = replace(blocks[number], score=score)
    return found
