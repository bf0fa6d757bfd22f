"""Rows that follow from those of a round, re-derived in integers (docs/proof.md §4). Standard library only.

One rule makes most of them: mixed-integer rounding of a combination of rows, parcels and demands, which covers
Chvatal-Gomory and zero-half rows, covers and fillings of limits. Cliques are named offer by offer, each pair verified.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from constraints.audit.certificate.price_tree import BadProof, Changes, Clique, Derived, Rounding
from constraints.audit.files.offers_reader import Block, Place
from constraints.audit.files.strict_json import LARGEST
from constraints.types import Row

DEEPEST = 16
"""Derived rows that rest on one another, at most, so that their numbers stay short."""
Range = tuple[int | None, int | None]
"""What a row allows: (at least, at most); None: no such end."""


def ranges(rows: Sequence[Row], reached: Sequence[int], tier: int) -> list[Range | None]:
    """The range of every listed row, then of the earlier tiers; None where the row is soft or soft limits enter it."""
    found: list[Range | None] = []
    for row in rows:
        low, high = row.rhs if row.sense != "<=" else None, row.rhs if row.sense != ">=" else None
        found.append(None if row.slack else (low, high))
    soft = {row.tier for row in rows if row.slack}
    return found + [None if number in soft else (value, None) for number, value in enumerate(reached[:tier])]


def rounded(value: int, q: int, rest: int) -> int:
    """The rounding function F of a row, times q - rest: superadditive, and 0 at 0."""
    return value // q * (q - rest) + max(0, value % q - rest)


@dataclass(frozen=True, slots=True)
class Rule:
    """How an offer's coefficient follows: F(sum of ``whole``) - sum of ``slacks``, over what it uses."""

    q: int
    rest: int
    t: int
    rows: dict[int, tuple[int, int]]
    parcels: dict[int, tuple[int, int]]
    demands: dict[int, tuple[int, int]]

    def last(self, value: int) -> int:
        """The value made whole again by ``t``."""
        return self.t * value // (self.q - self.rest) if self.t else value


def rule_of(of: Rounding, ends: Sequence[Range | None]) -> tuple[Rule, int]:
    """The rule of a row and its right-hand side."""
    terms = []
    total = 0
    for reference, multiplier in of.terms:
        place, kind = divmod(reference, 3)
        sign, end, open_ = 1, 1, True
        if kind == 0:
            here = ends[place]
            if here is None:
                raise BadProof("a derived row rests on a soft row")
            low, high = here
            if high is None:
                assert low is not None
                sign, end = -1, -low
            else:
                end, open_ = high, low != high
        total += multiplier * end
        terms.append((kind, place, sign, end, open_, multiplier))
    if of.q < 2 or total % of.q == 0:
        raise BadProof("a derived row rounds nothing")
    rest = total % of.q
    found: tuple[dict[int, tuple[int, int]], ...] = ({}, {}, {})
    right = rounded(total, of.q, rest)
    for kind, place, sign, end, open_, multiplier in terms:
        slack = rounded(multiplier, of.q, rest) if open_ else 0
        right -= slack * end
        found[kind][place] = (sign * multiplier, sign * slack)
    rule = Rule(of.q, rest, of.t, *found)
    return rule, rule.last(right)


class DerivedRows:
    """The derived rows of a tier: their right-hand sides, and what offers count in them."""

    def __init__(
        self, derived: Sequence[Derived], alone: Changes, rows: Sequence[Row], ends: Sequence[Range | None]
    ) -> None:
        self.listed, self.own = len(rows), len(ends)
        self.ends = list(ends)
        self.rules: list[Rule | Clique] = []
        if max(depths(derived, self.own), default=0) > DEEPEST:
            raise BadProof("derived rows rest on one another too often")
        for one in derived:
            right = 1
            if isinstance(one, Clique):
                self.rules.append(one)
            else:
                rule, right = rule_of(one, self.ends)
                self.rules.append(rule)
            if abs(right) > LARGEST:
                raise BadProof("a derived row has an amount out of range")
            self.ends.append((None, right))
        self.members = {member for rule in self.rules if isinstance(rule, Clique) for member in rule.members}
        self.named: dict[tuple[Place, int], tuple[list[int], dict[int, int]]] = {}
        self.signs: dict[int, tuple[int, int, int]] = {}
        self.least: dict[int, int] = {}
        for row, least in alone:
            here = ends[row]
            if here is None or row >= self.listed:
                raise BadProof("an offer alone is held against a soft row")
            low, high = here
            if high is not None:
                self.signs[row] = (1, high, least)
            elif low is not None:
                self.signs[row] = (-1, -low, least)
            self.least[row] = 0

    def too_much(self, block: Block) -> set[int]:
        """The lists of coefficients of a block that alone exceed a row, whatever else is taken."""
        if not self.signs:
            return set()
        found = set()
        for number, pairs in enumerate(block.lists):
            for row, amount in summed(pairs).items():
                if amount and row in self.signs:
                    sign, most, least = self.signs[row]
                    if sign * amount + least > most:
                        found.add(number)
        return found

    def note(self, block: Block, lists: set[int]) -> None:
        """Count what a part, whose lists these are, can take off the rows that offers alone are held against."""
        lowest: dict[int, int] = {}
        for number in lists:
            for row, amount in summed(block.lists[number]).items():
                if row in self.signs:
                    lowest[row] = min(lowest.get(row, 0), self.signs[row][0] * amount)
        for row, value in lowest.items():
            self.least[row] += value

    def coefficients(self, block: Block, place: Place, begin: int, left: Sequence[int]) -> list[list[int]]:
        """What offers count: a list a derived row, over the offers ``left`` (positions in the block) of one part."""
        found: list[list[int]] = []
        for rule in self.rules:
            if isinstance(rule, Clique):
                mine = {at for of, at in rule.members if of == place}
                found.append([int(offer - begin in mine) for offer in left])
            else:
                found.append(self._coefficients(rule, block, place, left, found))
        return found

    def _coefficients(
        self, rule: Rule, block: Block, place: Place, left: Sequence[int], before: list[list[int]]
    ) -> list[int]:
        lists = {number: _used(block.lists[number], rule.rows) for number in {block.adds[offer] for offer in left}}
        sites = {number: _held(block.sites[number], rule.parcels) for number in {block.site[offer] for offer in left}}
        whole, slack = rule.demands.get(place[1], (0, 0)) if place[0] == "d" else (0, 0)
        more = [(row, pair) for row, pair in rule.rows.items() if row >= self.listed]
        found = []
        for number, offer in enumerate(left):
            (a, g), (b, h) = lists[block.adds[offer]], sites[block.site[offer]]
            total, less = whole + a + b, slack + g + h
            for row, (multiplier, of_slack) in more:
                amount = block.score[row - self.listed][offer] if row < self.own else before[row - self.own][number]
                total += multiplier * amount
                less += of_slack * amount
            found.append(rule.last(rounded(total, rule.q, rule.rest) - less))
        return found

    def meet(self, block: Block, place: Place, begin: int, end: int) -> None:
        """Remember the offers of a part that cliques name."""
        for of, at in self.members:
            if of == place and begin + at < end:
                offer = begin + at
                self.named[of, at] = (block.sites[block.site[offer]], summed(block.lists[block.adds[offer]]))

    def check(self) -> None:
        """Verify, once every part was seen, the least activities stated and every pair of every clique.

        Raises
        ------
        BadProof
            If a row can fall lower than stated, or two offers of a clique can go together.
        """
        for row, (_, _, least) in self.signs.items():
            if self.least[row] < least:
                raise BadProof("the least activity of a row is lower than stated")
        for rule in self.rules:
            if isinstance(rule, Clique):
                members = [member for member in rule.members if member in self.named]
                for number, one in enumerate(members):
                    for other in members[:number]:
                        if not self._conflict(one, other):
                            raise BadProof("two offers of a clique can go together")

    def _conflict(self, one: tuple[Place, int], other: tuple[Place, int]) -> bool:
        (site, uses), (site_, uses_) = self.named[one], self.named[other]
        if one[0] == other[0] or set(site) & set(site_):
            return True
        for row in uses.keys() & uses_.keys() & self.signs.keys():
            sign, most, least = self.signs[row]
            if sign * (uses[row] + uses_[row]) + least > most:
                return True
        return False


def summed(pairs: Sequence[int]) -> dict[int, int]:
    """What a list of coefficients adds up to, by row."""
    found: dict[int, int] = {}
    for row, amount in zip(pairs[::2], pairs[1::2], strict=True):
        found[row] = found.get(row, 0) + amount
    return found


def _used(pairs: Sequence[int], of: Mapping[int, tuple[int, int]]) -> tuple[int, int]:
    whole = less = 0
    for row, amount in zip(pairs[::2], pairs[1::2], strict=True):
        if row in of:
            whole += of[row][0] * amount
            less += of[row][1] * amount
    return whole, less


def _held(site: Sequence[int], of: Mapping[int, tuple[int, int]]) -> tuple[int, int]:
    pairs = [of[parcel] for parcel in site if parcel in of]
    return sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)


def depths(derived: Sequence[Derived], own: int) -> list[int]:
    """How deep each derived row rests on others: 1 on none; ``own`` rows stand before them."""
    found: list[int] = []
    for one in derived:
        found.append(1 + max((found[row - own] for row in _below(one, own)), default=0))
    return found


def _below(one: Derived, own: int) -> list[int]:
    """The derived rows that a derived row rests on."""
    terms = one.terms if isinstance(one, Rounding) else ()
    return [of // 3 for of, _ in terms if of % 3 == 0 and of // 3 >= own]


def rests_on(derived: Sequence[Derived], rows: int) -> list[frozenset[int]]:
    """Of each derived row the rows (of the round and of tiers) whose amounts it rests on; ``rows`` is their number.

    A clique rests on the rows that offers alone are held against, which the proof lists apart (``Tree.alone``).
    """
    found: list[frozenset[int]] = []
    for one in derived:
        mine: set[int] = set()
        for of, _ in one.terms if isinstance(one, Rounding) else ():
            if of % 3 == 0:
                mine |= {of // 3} if of // 3 < rows else found[of // 3 - rows]
        found.append(frozenset(mine))
    return found
