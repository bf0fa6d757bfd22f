"""The bound of a plan from integer prices, exactly: docs/proof.md. No solver, no floats, standard library only.

Weak duality: whatever the prices are, k x (best any plan can reach) is at most sum(price x right-hand side) + what each
part can still add at those prices.  A tree of such leaves, covering all cases, bounds by its worst leaf.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import mul, sub
from typing import Any

from constraints.audit.offers_reader import Block, Part, Place
from constraints.audit.plan_reader import LARGEST
from constraints.audit.price_tree import BadProof, Branch, priced, read_tree
from constraints.types import Row

__all__ = ["BadProof", "Bound", "Branch", "Leaf", "Place", "bounds", "constant", "gap_text", "leaves", "start"]


@dataclass(slots=True)
class Leaf:
    """Prices of one leaf and what its path says: no offer of ``zero`` is taken, exactly one of each of ``one`` is."""

    rows: list[int]
    tiers: list[int]
    parcels: Sequence[int]
    zero: dict[Place, list[Branch]]
    one: dict[Place, list[Branch]]


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST:
        raise BadProof(f"{value!r} is not an integer below 2^53")
    return value


def leaves(tree: Any, rows: int, tier: int, parcels: int) -> list[Leaf]:
    """The leaves of a proof tree; a branch splits into "none is taken" and "exactly one is", so all cases are covered.

    ``rows`` is the number of listed rows; prices of row ``rows + j`` stand for "objective of tier j >= its value".
    """
    nodes = read_tree(tree, rows + tier, parcels)
    prices = priced(nodes, rows + tier, parcels)
    found: list[Leaf] = []
    stack: list[tuple[int, tuple[Branch, ...], tuple[Branch, ...]]] = [(0, (), ())]
    while stack:
        number, zero, one = stack.pop()
        node, (of_rows, land) = nodes[number], prices[number]
        if node.on is not None:
            stack.append((node.zero, (*zero, node.on), one))
            stack.append((node.one, zero, (*one, node.on)))
            continue
        leaf = Leaf(of_rows[:rows], of_rows[rows:], land, {}, {})
        for branches, places in ((zero, leaf.zero), (one, leaf.one)):
            for branch in branches:
                places.setdefault(branch.place, []).append(branch)
        found.append(leaf)
    return found


def constant(leaf: Leaf, rows: Sequence[Row], tier: int, scale: int, reached: Sequence[int]) -> int:
    """What a leaf adds before any offer: price x right-hand side, 1 a parcel, and the slacks of soft limits."""
    return sum(leaf.parcels) + _of_rows(leaf.rows, leaf.tiers, rows, tier, scale, reached)


def _of_rows(
    prices: Sequence[int], earlier: Sequence[int], rows: Sequence[Row], tier: int, scale: int, reached: Sequence[int]
) -> int:
    total = 0
    for price, row in zip(prices, rows, strict=True):
        if not price:
            continue
        if (row.sense == "<=" and price < 0) or (row.sense == ">=" and price > 0):
            raise BadProof(f"the price of {row.id} has the wrong sign")
        total += price * row.rhs
    for price, row in zip(prices, rows, strict=True):
        if row.slack:
            gain = abs(price) - (scale * row.penalty if row.tier == tier else 0)
            gain += earlier[row.tier] * row.penalty if row.tier < tier else 0
            if gain > 0 and row.slack != abs(row.rhs):
                raise BadProof(f"the price of {row.id}, a share, is above its penalty")
            total += max(0, gain) * row.slack
    for price, value in zip(earlier, reached, strict=True):
        if price > 0:
            raise BadProof("the price of an earlier tier has the wrong sign")
        total += price * value
    return total


_State = tuple[list[int], frozenset[int] | None, bool]
"""The offers of one part at a node: what each is worth, which are left (None: all), whether one must be taken."""


class _Uses:
    """Where the parcels and rows of a part's offers are used, as far as a tree changes their prices."""

    def __init__(self, block: Block, part: Part, listed: int, rows: frozenset[int]) -> None:
        here = slice(part.begin, part.end)
        self.at, self.adds = block.site[here], block.adds[here]
        self.numbers, self.lists = frozenset(self.at), frozenset(self.adds)
        self.sites: dict[int, list[int]] = {}
        self.rows: dict[int, list[tuple[int, int]]] = {}
        for number in self.numbers:
            for parcel in block.sites[number]:
                self.sites.setdefault(parcel, []).append(number)
        for number in self.lists:
            pairs = block.lists[number]
            for row, amount in zip(pairs[::2], pairs[1::2], strict=True):
                if row in rows:
                    self.rows.setdefault(row, []).append((number, amount))
        # rows past those listed are earlier tiers: what they count is the score
        self.scores = {row: block.score[row - listed][here] for row in rows if row >= listed}
        self.parcel_bits, self.row_bits = _bits(self.sites), _bits((*self.rows, *self.scores))

    def repriced(self, land: Mapping[int, int], rows: Mapping[int, int], worth: list[int]) -> list[int]:
        """What the offers are worth where prices of parcels and rows change so."""
        if hit := land.keys() & self.sites.keys():
            dearer = dict.fromkeys(self.numbers, 0)
            for parcel in hit:
                change = land[parcel]
                for site in self.sites[parcel]:
                    dearer[site] += change
            worth = list(map(sub, worth, map(dearer.__getitem__, self.at)))
        if hit := rows.keys() & self.rows.keys():
            dearer = dict.fromkeys(self.lists, 0)
            for row in hit:
                change = rows[row]
                for number, amount in self.rows[row]:
                    dearer[number] += change * amount
            worth = list(map(sub, worth, map(dearer.__getitem__, self.adds)))
        for row in rows.keys() & self.scores.keys():
            worth = list(map(sub, worth, map(mul, repeat(rows[row]), self.scores[row])))
        return worth


class Bound:
    """The bound of one tier; feed every part once, then read :attr:`value`."""

    def __init__(
        self, entry: Mapping[str, Any], tier: int, rows: Sequence[Row], parcels: int, reached: Sequence[int]
    ) -> None:
        self.tier, self.listed = tier, len(rows)
        self.seen: set[Place] = set()
        self.scale = _integer(entry.get("scale"))
        if self.scale <= 0:
            raise BadProof("the scale of a proof is positive")
        self.nodes = read_tree(entry.get("tree"), len(rows) + tier, parcels)
        prices = priced(self.nodes, len(rows) + tier, parcels)
        self.rows, self.land = prices[0]
        self.totals = [0] * len(self.nodes)
        self.void = [False] * len(self.nodes)
        for number, node in enumerate(self.nodes):
            if node.on is None:
                of_rows, land = prices[number]
                leaf = Leaf(of_rows[: len(rows)], of_rows[len(rows) :], land, {}, {})
                self.totals[number] = constant(leaf, rows, tier, self.scale, reached)
        self.changes = [(dict(node.parcels), dict(node.rows)) for node in self.nodes]
        self.own = [(_bits(land), _bits(of_rows)) for land, of_rows in self.changes]
        self.moved = frozenset(row for _, of_rows in self.changes[1:] for row in of_rows)
        self.below = self._below()

    def _below(self) -> list[tuple[int, int, frozenset[Place]]]:
        """What the nodes below each speak of: parcels and rows (bits), parts. A part none of it touches is one case."""
        found: list[tuple[int, int, frozenset[Place]]] = [(0, 0, frozenset())] * len(self.nodes)
        for number in range(len(self.nodes) - 1, -1, -1):
            node = self.nodes[number]
            if node.on is None:
                continue
            (land, rows, places), (land_, rows_, places_) = found[node.zero], found[node.one]
            (mine, mine_), (other, other_) = self.own[node.zero], self.own[node.one]
            all_places = places | places_ | {node.on.place}
            found[number] = (land | land_ | mine | other, rows | rows_ | mine_ | other_, all_places)
        return found

    def feed(self, block: Block) -> None:
        """Add what the parts of a block can still reach, at most, in every leaf.

        Raises
        ------
        BadProof
            If a column of the block is cut short, or a demand or a market parcel has two parts.
        """
        if not block.whole:
            raise BadProof("the columns of a block differ in length")
        worth, alone = self._worth(block), self.nodes[0].on is None
        for part in block.parts:
            if part.place in self.seen:
                raise BadProof("a demand or a market parcel has two parts")
            self.seen.add(part.place)
            own = worth[part.begin : part.end]
            if alone:
                self.totals[0] += max(0, max(own, default=0))
            else:
                self._walk(block, part, own)

    def _worth(self, block: Block) -> list[int]:
        """What every offer is worth at the prices of the root: lists and sites are priced once a block."""
        land, price_of = self.land, self.rows.__getitem__
        of_site = [sum([land[parcel] for parcel in site]) for site in block.sites]
        of_list = [sum(map(mul, map(price_of, pairs[::2]), pairs[1::2])) for pairs in block.lists]
        found = map(mul, repeat(self.scale), block.score[self.tier])
        found = map(sub, found, map(of_site.__getitem__, block.site))
        found = map(sub, found, map(of_list.__getitem__, block.adds))
        for tier, price in enumerate(self.rows[self.listed :]):
            if price:
                found = map(sub, found, map(mul, repeat(price), block.score[tier]))
        return list(found)

    def _walk(self, block: Block, part: Part, worth: list[int]) -> None:
        """Down the tree, as far as it tells the part's offers apart; what they add is noted at the node reached."""
        uses = _Uses(block, part, self.listed, self.moved)
        land, rows = uses.parcel_bits, uses.row_bits
        stack: list[tuple[int, _State]] = [(0, (worth, None, False))]
        while stack:
            number, state = stack.pop()
            node, (land_below, rows_below, places) = self.nodes[number], self.below[number]
            if not (land & land_below or rows & rows_below or part.place in places):
                self._add(number, state)
                continue
            assert node.on is not None
            sides = _split(node.on, block, part, state) if node.on.place == part.place else (state, state)
            for side, then in zip((node.zero, node.one), sides, strict=True):
                land_here, rows_here = self.own[side]
                if land & land_here or rows & rows_here:
                    then = (uses.repriced(*self.changes[side], then[0]), then[1], then[2])
                stack.append((side, then))

    def _add(self, number: int, state: _State) -> None:
        worth, left, must = state
        if left is not None:
            worth = [worth[offer] for offer in left]
        if not worth:
            self.void[number] = self.void[number] or must
        elif must:
            self.totals[number] += max(worth)
        else:
            self.totals[number] += max(0, max(worth))

    @property
    def value(self) -> int | None:
        """The bound in millipoints, rounded down (objectives are integers); None when no case is left at all."""
        best: int | None = None
        stack = [(0, 0)]
        while stack:
            number, above = stack.pop()
            if self.void[number]:
                continue
            node, total = self.nodes[number], above + self.totals[number]
            if node.on is None:
                best = total // self.scale if best is None else max(best, total // self.scale)
                continue
            stack.append((node.zero, total))
            if node.on.place in self.seen:
                stack.append((node.one, total))
        return best


def _bits(places: Iterable[int]) -> int:
    found = bytearray()
    for place in places:
        if place >> 3 >= len(found):
            found.extend(bytes((place >> 3) + 1 - len(found)))
        found[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(found, "little")


def _split(branch: Branch, block: Block, part: Part, state: _State) -> tuple[_State, _State]:
    """Without the matching offers; with them only, one of which must be taken."""
    worth, left, must = state
    hit: list[int] = []
    rest: list[int] = []
    for offer in range(len(worth)) if left is None else left:
        at = part.begin + offer
        matches = branch.matches(block.sites[block.site[at]], block.ways[block.way[at]][0])
        (hit if matches else rest).append(offer)
    return (worth, frozenset(rest), must), (worth, frozenset(hit), True)


def bounds(proof: Mapping[str, Any], rows: Sequence[Row], parcels: int, blocks: Iterable[Block]) -> list[int | None]:
    """The bound of every tier of a proof over the listed offers.

    Raises
    ------
    BadProof
        If the proof is not one, or a block cannot be read.
    """
    running = start(proof, rows, parcels)
    for block in blocks:
        if flaw := block.flaw(parcels, len(rows), max(len(running), len(block.score))):
            raise BadProof(flaw[0])
        for tier in running:
            tier.feed(block)
    return [tier.value for tier in running]


def start(proof: Mapping[str, Any], rows: Sequence[Row], parcels: int) -> list[Bound]:
    """A :class:`Bound` for every tier of the proof."""
    reached = [_integer(entry.get("objective")) for entry in proof["tiers"]]
    return [Bound(entry, tier, rows, parcels, reached[:tier]) for tier, entry in enumerate(proof["tiers"])]


def gap_text(bound: int, objective: int) -> str:
    """(bound - objective) / max(1, |objective|) as a decimal string with six places, rounded up."""
    millionths = -((objective - bound) * 1_000_000 // max(1, abs(objective)))
    sign, size = ("-", -millionths) if millionths < 0 else ("", millionths)
    return f"{sign}{size // 1_000_000}.{size % 1_000_000:06d}"
