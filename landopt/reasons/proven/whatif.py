"""What if: the exact bound of any plan under changed numbers or with offers gone, and whether this plan still holds.

No solver: everything follows from the proof in the plan folder (:mod:`landopt.reasons.proven.held_bound`). The bound is
valid, not tight, and never proves that a plan exists. What the proof cannot speak of (something newly permitted, a rule
that tells cases apart anew) is said to be unsaid.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import gcd
from typing import Any

from constraints.audit.certificate.price_tree import BadProof
from constraints.audit.certificate.proof import floor_of
from constraints.audit.files.offers_reader import Block, block_of
from constraints.case import Case
from constraints.reading.rows import PlanRows, limit_units
from constraints.types import Row, Rule, missed_units
from landopt.intake.overlay import apply_sets
from landopt.reasons.explain.context import Context
from landopt.reasons.proven.core import Grouped, grouped
from landopt.reasons.proven.held_bound import HeldBound
from landopt.screening.changed_amounts import alike
from landopt.screening.offers import Offers
from landopt.screening.offers_file import offer_lines
from landopt.screening.uncapped_sites import build_offers
from parcels.common.issues import Refused, error

_KEYED = re.compile(r"^\s*([^:\[\]]+):([^:=\[\]]+):(\w+)=")
"""``RULE:KEY:amount=N``, said also ``RULE[KEY]:amount=N``."""
_NEGATIVE = re.compile(r":(amount|used|share|penalty)\s*=\s*-\s*[0-9.]*[1-9]")
ROWS_ONLY = frozenset({"values", "used", "penalty"})
"""Parts of a limit that move the amount or the penalty of its rows, not what an offer counts in them."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is asked: numbers (``RULE[key]:amount=N``), parcels and platforms that go, methods that are forbidden."""

    sets: tuple[str, ...] = ()
    parcels: tuple[str, ...] = ()
    demands: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TierBound:
    """No plan under the changes scores more than ``bound``; ``score`` is this plan's, where it holds. Millipoints.

    ``bound`` is ``None`` where the proof says nothing. Of a later tier it speaks of plans that keep the earlier values.
    """

    bound: int | None
    score: int | None


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A hard row the plan would break: what it uses and what is allowed.

    Of a plain amount in the law's own units, counting what was used before; else in the row's units.
    """

    rule: str
    key: tuple[str, ...]
    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The answer: a bound a tier, whether this plan holds, what it breaks, and what the proof cannot speak of.

    ``gone`` are assignments of the plan whose offer is no more; ``unsaid`` codes of reasons (``no-proof``,
    ``other-offers``).
    """

    tiers: tuple[TierBound, ...]
    holds: bool
    broken: tuple[BrokenRow, ...]
    gone: tuple[tuple[str, ...], ...]
    unsaid: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON (DESIGN: ``{tiers, holds, broken, unsaid}``)."""
        return {
            "tiers": [{"bound": tier.bound, "score": tier.score} for tier in self.tiers],
            "holds": self.holds,
            "broken": [
                {"rule": row.rule, "key": list(row.key), "used": row.used, "limit": row.limit} for row in self.broken
            ],
            "gone": [list(ids) for ids in self.gone],
            "unsaid": list(self.unsaid),
        }


class Proven:
    """A plan and its proof held open for questions.

    Parameters
    ----------
    context
        The decided round, with its proof.
    blocks
        The offers as the auditor reads them, in the order of ``context.offers``; made from the arrays where not given.
    """

    def __init__(self, context: Context, blocks: Sequence[Block] | None = None) -> None:
        if context.proof is None:
            raise ValueError("a plan without a proof")
        self.context, self.case, self.offers = context, context.case, context.offers
        self.proof: Mapping[str, Any] = context.proof
        self.blocks = list(blocks) if blocks is not None else blocks_of(self.case, self.offers)
        self.floors = [int(floor_of(tier)) for tier in self.proof["tiers"]]

    @cached_property
    def bounds(self) -> tuple[HeldBound, ...]:
        """The proof of every tier, summed once."""
        return tuple(
            HeldBound(entry, tier, self.offers.rows, len(self.case.parcels), self.floors[:tier], self.blocks)
            for tier, entry in enumerate(self.proof["tiers"])
        )

    @cached_property
    def grouped(self) -> Grouped:
        """The offers of each choice: moved numbers leave them as they are."""
        return grouped(self.context)

    @cached_property
    def _activity(self) -> list[int]:
        used = [0] * len(self.offers.rows)
        for offer in self.context.chosen:
            for row, value in self.context.coefficients[offer]:
                used[row] += value
        return used

    def whatif(self, changes: Changes) -> WhatIf:
        """The bound of any plan under the changes, and whether this plan still holds.

        Raises
        ------
        Refused
            If a number is not understood, or belongs to law.
        """
        case, moved = self._moved_case(changes.sets)
        gone = self._gone(changes)
        if all(_rows_only(old, new) for old, new in moved):
            rows = self._rows(case, moved)
            return self._answer(case, rows, gone, self._moved(rows, gone), self._activity)
        return self._listed_again(case, moved, gone)

    def _moved_case(self, given: Sequence[str]) -> tuple[Case, list[tuple[Rule, Rule]]]:
        """The case with other numbers, and the rules they change."""
        sets = [_KEYED.sub(r"\1[\2]:\3=", text, count=1) for text in given]
        negative = [text for text in sets if _NEGATIVE.search(text)]
        if negative:
            raise Refused(error("X030.negative", at=f"--set {text}", given=text) for text in negative)
        case = apply_sets(self.case, sets) if sets else self.case
        pairs = zip(self.case.rules, case.rules, strict=True)
        return case, [(old, new) for old, new in pairs if old is not new and old != new]

    def moved_proofs(self, sets: Sequence[str]) -> Iterator[tuple[Case, Offers, dict[str, Any]]]:
        """The case, its offers and a proof of the first tier under other numbers, the one that says most first.

        Which of them can be read is for the reader to find out; none where the proof says nothing.

        Raises
        ------
        Refused
            If a number is not understood, or belongs to law.
        """
        case, moved = self._moved_case(sets)
        first = self.bounds[0]
        if all(_rows_only(old, new) for old, new in moved):
            rows = tuple(self._rows(case, moved))
            for entry in first.entries(rows):
                yield case, replace(self.offers, rows=rows), entry
            return
        offers = build_offers(case)
        if alike(self.offers, offers) and [row.id for row in offers.rows] == [row.id for row in self.offers.rows]:
            yield case, offers, first.scaled(*_scaled(offers.rows, moved))

    def _rows(self, case: Case, moved: Sequence[tuple[Rule, Rule]]) -> list[Row]:
        """The rows with the amounts and penalties of the changed limits."""
        if not moved:
            return list(self.offers.rows)
        names = {new.id for _, new in moved}
        reading = PlanRows(case, self.context.facts)
        return [reading.row(row.rule, row.key) or row if row.rule in names else row for row in self.offers.rows]

    def _moved(self, rows: Sequence[Row], gone: set[tuple[int, int]]) -> list[int | str | None]:
        found: list[int | str | None] = []
        for bound in self.bounds:
            try:
                found.append(bound.moved(rows, gone))
            except BadProof:
                found.append("no-proof")
        return found

    def _listed_again(self, case: Case, moved: Sequence[tuple[Rule, Rule]], gone: set[tuple[int, int]]) -> WhatIf:
        """Where offers count or score otherwise: the offers once more, and the same prices over them, scaled."""
        offers = build_offers(case)
        if not alike(self.offers, offers) or [row.id for row in offers.rows] != [row.id for row in self.offers.rows]:
            said = tuple(TierBound(None, None) for _ in self.floors)
            return WhatIf(said, False, (), (), ("other-offers",))
        blocks = blocks_of(case, offers)
        times, scale = _scaled(offers.rows, moved)
        found: list[int | str | None] = []
        for bound in self.bounds:
            try:
                entry = bound.scaled(times, scale)
                again = HeldBound(entry, bound.tier, offers.rows, bound.parcels, bound.reached, blocks)
                found.append(again.moved(offers.rows, gone) if gone else again.value)
            except BadProof:
                found.append("no-proof")
        used = [0] * len(offers.rows)
        for offer in self.context.chosen:
            for row, value in offers.coefficients(offer):
                used[row] += value
        return self._answer(case, offers.rows, gone, found, used, offers)

    def _answer(
        self,
        case: Case,
        rows: Sequence[Row],
        gone: set[tuple[int, int]],
        found: Sequence[int | str | None],
        used: Sequence[int],
        offers: Offers | None = None,
    ) -> WhatIf:
        numbers = self._numbers(gone)
        lost = tuple(self.context.ids(offer) for offer in self.context.chosen if offer in numbers)
        amounts = PlanRows(case, self.context.facts).by_id
        broken = tuple(
            _broken(row, amount, amounts.get(row.rule))
            for row, amount in zip(rows, used, strict=True)
            if row.kind != "tier" and not row.slack and row.missed(amount)
        )
        holds = not lost and not broken
        score = self._score(rows, used, offers or self.offers) if holds else [None] * len(self.floors)
        tiers = tuple(
            TierBound(value if isinstance(value, int) else None, own) for value, own in zip(found, score, strict=True)
        )
        unsaid = tuple(dict.fromkeys(value for value in found if isinstance(value, str)))
        return WhatIf(tiers, holds, broken, lost, unsaid)

    def _score(self, rows: Sequence[Row], used: Sequence[int], offers: Offers) -> list[int]:
        found = [int(offers.score[tier, list(self.context.chosen)].sum()) for tier in range(offers.tiers)]
        for first, units in missed_units(rows, lambda row: rows[row].missed(used[row])).items():
            found[rows[first].tier] -= units * rows[first].penalty
        return found[: len(self.floors)]

    def _gone(self, changes: Changes) -> set[tuple[int, int]]:
        """The offers that go, as (block, position)."""
        parcels = _known(changes.parcels, self.case.parcels.index())
        demands = _known(changes.demands, self.case.demands.index())
        methods = _known(changes.methods, {method.id: at for at, method in enumerate(self.case.methods)})
        found: set[tuple[int, int]] = set()
        if not (parcels or demands or methods):
            return found
        for number, block in enumerate(self.blocks):
            sites = {at for at, site in enumerate(block.sites) if parcels.intersection(site)}
            ways = {at for at, way in enumerate(block.ways) if way[0] in methods}
            found |= {
                (number, at)
                for at, (site, way) in enumerate(zip(block.site, block.way, strict=True))
                if site in sites or way in ways
            }
            for (kind, row), begin, end in block.parts:
                if kind == "d" and row in demands:
                    found |= {(number, at) for at in range(begin, end)}
        return found

    def _numbers(self, gone: set[tuple[int, int]]) -> set[int]:
        """The numbers of offers in the order of the list."""
        starts, first = [], 0
        for block in self.blocks:
            starts.append(first)
            first += len(block)
        return {starts[number] + at for number, at in gone}


def _known(names: Iterable[str], rows: Mapping[str, int]) -> set[int]:
    return {rows[name] for name in names}


def _rows_only(old: Rule, new: Rule) -> bool:
    """Whether a rule differs by amounts and penalties alone, so that every offer counts as before."""
    if old.kind != "limit":
        return False
    return {key: value for key, value in old.spec.items() if key not in ROWS_ONLY} == {
        key: value for key, value in new.spec.items() if key not in ROWS_ONLY
    }


def _broken(row: Row, used: int, limit: Any) -> BrokenRow:
    return BrokenRow(row.rule, row.key, *limit_units(limit, row, used))


def _scaled(rows: Sequence[Row], moved: Sequence[tuple[Rule, Rule]]) -> tuple[dict[int, int], int]:
    """How prices are scaled where shares changed, a/b to c/d: the row's by b / gcd(b, d), all others by d / gcd(b, d).

    The row is den x where - num x of; so its price keeps what it takes per unit of ``where``.
    """
    own: dict[str, tuple[int, int]] = {}
    for old, new in moved:
        if old.spec.get("share") and new.spec.get("share"):
            b, d = int(old.spec["share"][1]), int(new.spec["share"][1])
            own[new.id] = (b // gcd(b, d), d // gcd(b, d))
    scale = 1
    for _, others in own.values():
        scale *= others
    times = {}
    for number, row in enumerate(rows):
        if row.rule in own:
            mine, others = own[row.rule]
            times[number] = mine * (scale // others)
    return times, scale


def blocks_of(case: Case, offers: Offers) -> list[Block]:
    """The offers as the auditor reads them."""
    lines = offer_lines(case, offers, "")
    next(lines)
    return [block_of(json.loads(line)) for line in lines]
