"""The bound of a plan from integer prices, exactly: docs/proof.md. No solver, no floats, standard library only.

Weak duality: whatever the prices are, k x (best any plan can reach) is at most sum(price x right-hand side) + what each
part can still add at those prices.  Offers too far below the best of their part are bounded apart and left out; a tree
of leaves, covering all cases of the rest, bounds by its worst leaf.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from operator import mul, sub
from typing import Any

from constraints.audit.certificate.derived_rows import DerivedRows, Range, ranges
from constraints.audit.certificate.least_losses import Watch, among, dropped
from constraints.audit.certificate.part_worths import Frame, Uses, bits
from constraints.audit.certificate.price_tree import BadProof, Branch, Sum, Supplied, Tree, priced, read_tree
from constraints.audit.files.offers_reader import Block, Place
from constraints.audit.files.strict_json import LARGEST
from constraints.types import Row, shared

__all__ = ["BadProof", "Bound", "bounds", "floor_of", "gap_text", "start"]


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST:
        raise BadProof(f"{value!r} is not an integer below 2^53")
    return value


def unit_gain(paid: int, row: Row, tier: int, scale: int, earlier: Sequence[int]) -> int:
    """What missing a soft limit by one unit more gains; ``paid`` is what its rows take for the unit.

    ``earlier`` are the prices of earlier tiers.
    """
    gain = paid - (scale * row.penalty if row.tier == tier else 0)
    return gain + (earlier[row.tier] * row.penalty if row.tier < tier else 0)


class Bound:
    """The bound of one tier; feed every part once, then read :attr:`value`."""

    def __init__(
        self, entry: Mapping[str, Any], tier: int, rows: Sequence[Row], parcels: int, reached: Sequence[int]
    ) -> None:
        self.tier, self.listed, self.given = tier, len(rows), rows
        self.soft = shared(rows)
        for first, members in self.soft.items():
            if any((rows[row].penalty, rows[row].tier) != (rows[first].penalty, rows[first].tier) for row in members):
                raise BadProof("rows that are missed together cost differently")
        self.seen: set[Place] = set()
        self.scale = _integer(entry.get("scale"))
        if self.scale <= 0:
            raise BadProof("the scale of a proof is positive")
        given = entry.get("tree")  # its texts; or as they were read before (no JSON holds such a thing)
        self.tree = given if isinstance(given, Tree) else read_tree(given, len(rows) + tier, parcels)
        prices = priced(self.tree, len(rows) + tier, parcels)
        self.derived = DerivedRows(self.tree.derived, self.tree.alone, rows, ranges(rows, reached, tier))
        self.reached = reached
        self.rows, self.land = prices[0]
        self.changes = [(dict(each.parcels), dict(each.rows)) for each in self.tree.vectors]
        own = [(bits(land), bits(of_rows)) for land, of_rows in self.changes]
        moved = frozenset(row for _, of_rows in self.changes for row in of_rows)
        bases = [each.base for each in self.tree.vectors]
        self.frame = Frame(self.scale, tier, len(rows), moved, bases, self.changes, own, self.derived)
        self.plain = [self._plain(*of) for of in prices]
        self.prices = prices
        self.drop_sum = [self._constant(drop.vector, {}, {}) for drop in self.tree.drops]
        self.drop_least: list[int | None] = [None] * len(self.tree.drops)
        self.totals = [0] * len(self.tree.vectors)  # what parts add, against the vector each is made from
        self.leaf = [0] * len(self.tree.nodes)
        self.void = [False] * len(self.tree.nodes)
        self.ends = [0] * len(self.tree.nodes)
        self.used = self._needed()
        self.by_place: dict[Place, list[int]] = {}
        self.by_parcel: dict[int, list[int]] = {}
        self.watch = Watch(())
        self._paths()

    def _needed(self) -> list[int]:
        wanted = {node.vector for node in self.tree.nodes if node.on is None}
        for number in range(len(self.tree.vectors) - 1, -1, -1):
            if number in wanted and self.tree.vectors[number].base >= 0:
                wanted.add(self.tree.vectors[number].base)
        return sorted(wanted)

    def _plain(self, prices: Sequence[int], land: Sequence[int]) -> tuple[int, frozenset[tuple[str, int]]]:
        """What a vector adds before any offer where nothing is branched on, and what it prices the wrong way there."""
        wrong = {("parcel", parcel) for parcel, price in enumerate(land) if price < 0}
        total = sum(price for price in land if price > 0)
        for row, price in enumerate(prices):
            if price:
                amount = self._amount(row, price, {})
                if amount is None:
                    wrong.add(("row", row))
                else:
                    total += price * amount
        wrong |= {("miss", row) for row in self.soft if self._gain(prices, row) > 0}
        return total, frozenset(wrong)

    def _gain(self, prices: Sequence[int], row: int) -> int:
        earlier = prices[self.listed : self.listed + self.tier]
        paid = sum(abs(prices[each]) * self.given[each].slack for each in self.soft[row])
        return unit_gain(paid, self.given[row], self.tier, self.scale, earlier)

    def _amount(self, row: int, price: int, path: Mapping[int, Range]) -> int | None:
        """The end of its range that a row is priced at; None where it has none."""
        if row in path:
            low, high = path[row]
        elif row < self.listed:
            of = self.given[row]
            low, high = of.rhs if of.sense != "<=" else None, of.rhs if of.sense != ">=" else None
        elif row < self.listed + self.tier:
            low, high = self.reached[row - self.listed], None
        else:
            low, high = self.derived.ends[row] or (None, None)
        return high if price > 0 else low

    def _constant(self, vector: int, path: Mapping[int, Range], supplied: Mapping[int, bool]) -> int:
        """What a leaf adds before any offer: prices times amounts, and the slacks of soft limits."""
        prices, land = self.prices[vector]
        total, wrong = self.plain[vector]
        right = set()
        for row, (least, most) in path.items():
            if row < self.listed and self.given[row].slack:  # between so many units are missed
                gain = self._gain(prices, row)
                if gain <= 0:
                    total += gain * (least or 0)
                elif most is not None:
                    total += gain * most
                    right.add(("miss", row))
            elif price := prices[row]:
                before, after = self._amount(row, price, {}), self._amount(row, price, path)
                total += price * ((after or 0) - (before or 0))
                if after is not None:
                    right.add(("row", row))
        for parcel, is_supplied in supplied.items():
            price = land[parcel]
            if is_supplied:
                total += min(0, price)
            else:
                total -= max(0, price)
            right.add(("parcel", parcel))
        for kind, _ in wrong - right:
            of = "of a soft limit is above its penalty" if kind == "miss" else "has the wrong sign"
            raise BadProof(f"a price {of}")
        return total

    def _paths(self) -> None:
        """Down the tree once: what each leaf adds before any offer, where parts are named, which leaves are empty."""
        nodes = self.tree.nodes
        for number in range(len(nodes) - 1, -1, -1):
            node = nodes[number]
            self.ends[number] = number + 1 if node.on is None else self.ends[node.one]
        stack: list[tuple[int, dict[int, Range], dict[int, bool], bool]] = [(0, {}, {}, False)]
        while stack:
            number, path, supplied, empty = stack.pop()
            on, node = nodes[number].on, nodes[number]
            if on is None:
                self.void[number] = empty
                if not empty:
                    self.leaf[number] = self._constant(node.vector, path, supplied)
            elif isinstance(on, Branch):
                self.by_place.setdefault(on.place, []).append(number)
                stack += [(node.zero, path, supplied, empty), (node.one, path, supplied, empty)]
            elif isinstance(on, Supplied):
                self.by_parcel.setdefault(on.parcel, []).append(number)
                for side, given in ((node.zero, False), (node.one, True)):
                    none = empty or supplied.get(on.parcel, given) is not given
                    stack.append((side, path, {**supplied, on.parcel: given}, none))
            else:
                low, high = self._range(on, path)
                less = on.most if high is None else min(high, on.most)
                more = on.most + 1 if low is None else max(low, on.most + 1)
                none = low is not None and low > less
                stack.append((node.zero, {**path, on.row: (low, less)}, supplied, empty or none))
                none = high is not None and more > high
                stack.append((node.one, {**path, on.row: (more, high)}, supplied, empty or none))

    def _range(self, on: Sum, path: Mapping[int, Range]) -> Range:
        """What a path leaves a row; of a soft one, the units that it may be missed by."""
        found = path.get(on.row) or self.derived.ends[on.row]
        if found is None and on.row in self.soft:
            return 0, None
        if found is None and on.row < self.listed:
            raise BadProof("a branch is on a row that is missed together with an earlier one")
        if found is None:
            raise BadProof("a branch is on the sum of a tier that soft limits enter")
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
        first = not any(row >= self.listed + self.tier for row in self.changes[0][1])
        plain = self._worth(block) if first else [self.scale * value for value in block.score[self.tier]]
        out = self.derived.too_much(block)
        tree = self.tree
        simple = len(tree.nodes) == len(tree.vectors) == 1 and not (tree.drops or tree.alone or self.derived.members)
        for part in block.parts:
            if part.place in self.seen:
                raise BadProof("a demand or a market parcel has two parts")
            self.seen.add(part.place)
            mine = self.watch.of(block, part)
            if simple and first:
                best = max(0, max(plain[part.begin : part.end], default=0))
                self.totals[0] += best
                for one in mine:
                    one.out, one.plain[0] = False, best - plain[one.offer]
                continue
            if self.derived.signs:
                self.derived.note(block, set(block.adds[part.begin : part.end]))
            self.derived.meet(block, part.place, part.begin, part.end)
            left = [offer for offer in range(part.begin, part.end) if block.adds[offer] not in out]
            uses = Uses(self.frame, block, part, left, [plain[offer] for offer in left], first)
            uses.watched = [one for one in mine if one.place(left) is not None]
            for one in uses.watched:
                one.out = False
            self._feed(uses)

    def _worth(self, block: Block) -> list[int]:
        """What every offer is worth at the prices of the first vector: lists and sites are priced once a block."""
        land, price_of = self.land, self.rows.__getitem__
        of_site = [sum([land[parcel] for parcel in site]) for site in block.sites]
        of_list = [sum(map(mul, map(price_of, pairs[::2]), pairs[1::2])) for pairs in block.lists]
        found = map(mul, repeat(self.scale), block.score[self.tier])
        found = map(sub, found, map(of_site.__getitem__, block.site))
        found = map(sub, found, map(of_list.__getitem__, block.adds))
        for tier, price in enumerate(self.rows[self.listed : self.listed + self.tier]):
            if price:
                found = map(sub, found, map(mul, repeat(price), block.score[tier]))
        return list(found)

    def _feed(self, uses: Uses) -> None:
        for number, drop in enumerate(self.tree.drops):
            worth = uses.worth(drop.vector)
            best = max(0, max(worth, default=0))
            self.drop_sum[number] += best
            uses.watched = dropped(uses.watched, uses.left, number, worth, best, drop.margin)
            keep = [place for place, value in enumerate(worth) if best - value <= drop.margin]
            if len(keep) < len(worth):
                least = min(best - value for value in worth if best - value > drop.margin)
                before = self.drop_least[number]
                self.drop_least[number] = least if before is None else min(before, least)
                uses.narrow(keep)
        best_of: dict[int, int] = {-1: 0}
        for number in self.used:
            worth, base = uses.worth(number), self.tree.vectors[number].base
            same = base >= 0 and worth is uses.worths.get(base)
            best_of[number] = best_of[base] if same else max(0, max(worth, default=0))
            self.totals[number] += best_of[number] - best_of[base]
            for one in uses.watched:
                one.plain[number] = best_of[number] - worth[one.place(uses.left) or 0]
        self._restrict(uses, best_of)

    def _restrict(self, uses: Uses, best_of: Mapping[int, int]) -> None:
        """What the part adds less where branches leave it fewer offers."""
        place = uses.part.place
        starts = list(self.by_place.get(place, ()))
        for parcel in self.by_parcel.keys() & uses.places.sites.keys():
            starts += self.by_parcel[parcel]
        starts.sort()
        done = 0
        for first in starts:
            if first < done:
                continue
            done = self.ends[first]
            stack: list[tuple[int, list[int] | None, bool]] = [(first, None, False)]
            while stack:
                number, left, must = stack.pop()
                node = self.tree.nodes[number]
                if left is None and not must:
                    at = bisect_left(starts, number)
                    if at == len(starts) or starts[at] >= self.ends[number]:
                        continue
                if node.on is None:
                    self._add(uses, number, left, must, best_of)
                    continue
                zero = one = (left, must)
                if isinstance(node.on, Branch) and node.on.place == place:
                    hit, rest = self._parted(uses, node.on, left)
                    zero, one = (rest, must), (hit, True)
                elif isinstance(node.on, Supplied) and node.on.parcel in uses.places.sites:
                    off = set(uses.places.sites[node.on.parcel])
                    over = range(len(uses.left)) if left is None else left
                    zero = ([offer for offer in over if uses.places.at[offer] not in off], must)
                stack += [(node.zero, *zero), (node.one, *one)]

    def _parted(self, uses: Uses, branch: Branch, left: list[int] | None) -> tuple[list[int], list[int]]:
        block, begin = uses.block, uses.part.begin
        hit: list[int] = []
        rest: list[int] = []
        for offer in range(len(uses.left)) if left is None else left:
            at = uses.left[offer]
            matches = branch.matches(at - begin, block.sites[block.site[at]], block.ways[block.way[at]][0])
            (hit if matches else rest).append(offer)
        return hit, rest

    def _add(self, uses: Uses, number: int, left: list[int] | None, must: bool, best_of: Mapping[int, int]) -> None:
        vector = self.tree.nodes[number].vector
        worth = uses.worth(vector)
        if left is not None:
            worth = [worth[offer] for offer in left]
        if must and not worth:
            self.void[number] = True
            return
        best = max(worth) if must else max(0, max(worth, default=0))
        self.leaf[number] += best - best_of[vector]
        for one in uses.watched:
            at = one.place(uses.left) if left is None else among(left, one.place(uses.left))
            one.leaf[number] = None if at is None else best - worth[at]

    @property
    def value(self) -> int | None:
        """The bound in millipoints, rounded down (objectives are integers); None when no case is left at all.

        Raises
        ------
        BadProof
            If what the proof states of rows or cliques is not so.
        """
        total = self.total
        return None if total is None else total // self.scale

    @property
    def total(self) -> int | None:
        """The bound times the scale, not rounded; None when no case is left at all.

        Raises
        ------
        BadProof
            If what the proof states of rows or cliques is not so.
        """
        self.derived.check()
        found = [
            total - least for total, least in zip(self.drop_sum, self.drop_least, strict=True) if least is not None
        ]
        found += [total for _, total in self.leaves()]
        return max(found, default=None)

    def leaves(self) -> list[tuple[int, int]]:
        """The leaves that hold a plan, with what all plans in them reach at most, times the scale."""
        totals: list[int] = []
        for number, vector in enumerate(self.tree.vectors):
            totals.append(self.totals[number] + (totals[vector.base] if vector.base >= 0 else 0))
        found, stack = [], [0]
        while stack:
            number = stack.pop()
            node = self.tree.nodes[number]
            if node.on is None:
                if not self.void[number]:
                    found.append((number, self.leaf[number] + totals[node.vector]))
                continue
            stack.append(node.zero)
            if not isinstance(node.on, Branch) or node.on.place in self.seen:
                stack.append(node.one)
        return found


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
            raise BadProof(str(flaw))
        for tier in running:
            tier.feed(block)
    return [tier.value for tier in running]


def start(proof: Mapping[str, Any], rows: Sequence[Row], parcels: int) -> list[Bound]:
    """A :class:`Bound` for every tier of the proof."""
    reached = [_integer(floor_of(entry)) for entry in proof["tiers"]]
    return [Bound(entry, tier, rows, parcels, reached[:tier]) for tier, entry in enumerate(proof["tiers"])]


def floor_of(entry: Mapping[str, Any]) -> Any:
    """What later tiers hold the tier of an entry to: what it gives taken off, where it gives anything."""
    return entry["held_at"] if "held_at" in entry else entry.get("objective")


def gap_text(bound: int, objective: int) -> str:
    """(bound - objective) / max(1, |objective|) as a decimal string with six places, rounded up."""
    millionths = -((objective - bound) * 1_000_000 // max(1, abs(objective)))
    sign, size = ("-", -millionths) if millionths < 0 else ("", millionths)
    return f"{sign}{size // 1_000_000}.{size % 1_000_000:06d}"
