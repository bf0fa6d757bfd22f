"""Every alternative printed, against enumeration: does a lawful plan hold it, is the loss a bound, is a change exact.

Rounds of three generators; what no lawful plan holds is never told as open with a loss, in neither language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from constraints.case import Case
from landopt.keeping.plan_folder import PlanFolder, open_plan
from landopt.reasons.texts import render
from landopt.screening.uncapped_sites import build_offers
from tests.audit.folders import small
from tests.audit.test_across_audit import across_case
from tests.builders import random_case
from tests.counts import seeds
from tests.landopt.decided import plans, write_plan
from tests.spiced import spiced_case

KINDS: tuple[Callable[[int], Case], ...] = (random_case, spiced_case, across_case)
MOST = 14
"""Offers of a round whose plans are enumerated."""
LOSES = {"en": ("loses at least", "not distinguishable"), "zh": ("至少减少", "无法区分优劣")}
NOT = {"en": ("not tested", "no lawful plan"), "zh": ("未作检验", "没有合法方案")}


def named(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every other offer that a record prints."""
    for name in ("next_sites", "next_platforms", "best"):
        yield from record.get(name, ())
    for each in record.get("cutoffs", ()):
        yield each["runner_up"]
    still = record.get("still")
    if still:
        yield from still["methods"]
        yield from filter(None, (still["site"], still["platform"]))
        of = {"parcel_ids": record["parcel_ids"], "demand_id": record["demand_id"]}
        for other in record["others"]:
            if other["why"] == "cost":
                yield {**of, **other}


class Enumerated:
    """Every lawful plan of a decided round."""

    def __init__(self, found: PlanFolder) -> None:
        self.found, self.offers, self.context = found, found.offers, found.context
        self.plans = {frozenset(plan): worth for worth, plan in plans(found.offers)}
        self.worth = self.plans[frozenset(self.context.chosen)]

    def members(self, each: Mapping[str, Any]) -> list[int]:
        """The offers of a printed choice."""
        return [
            offer
            for offer in range(len(self.offers))
            if sorted(self.context.ids(offer)) == sorted(each["parcel_ids"])
            and self.context.demand_id(offer) == each["demand_id"]
            and self.context.methods[int(self.offers.method[offer])] == each["method"]
        ]

    def best_with(self, members: list[int]) -> tuple[int, ...] | None:
        """What the best lawful plan with one of them is worth; ``None`` where there is none."""
        return max((worth for plan, worth in self.plans.items() if not plan.isdisjoint(members)), default=None)

    def loss_holds(self, each: Mapping[str, Any], best: tuple[int, ...]) -> bool:
        """Whether no plan with it comes nearer than the loss that is printed."""
        if not each.get("loss"):
            return True
        tier = each["tier"]
        return best[:tier] < self.worth[:tier] or self.worth[tier] - best[tier] >= each["loss"]

    def change_holds(self, record: Mapping[str, Any], each: Mapping[str, Any], members: list[int]) -> bool:
        """Whether a held-still comparison is the score, and the lawfulness, of one plan with just this changed."""
        index = self.found.case.parcels.index()
        mine = self.context.taken[index[record["parcel_ids"][0]]]
        lost = {tuple(gone["parcel_ids"]) for gone in each["displaced"]}
        kept = {o for o in self.context.chosen if o != mine and self.context.ids(o) not in lost}
        for other in members:
            worth = self.plans.get(frozenset({*kept, other}))
            if worth is None and each["broken"]:
                return True
            if worth is not None and not each["broken"]:
                change = tuple(now - was for now, was in zip(worth, self.worth, strict=True))
                if change == tuple(each["change"]):
                    return True
        return False


def usable(seed: int) -> Case:
    """The next round of a generator from a seed on that has a plan and few enough offers to enumerate."""
    for number in range(10_000 + 40 * seed, 20_000 + 40 * seed):
        case = KINDS[seed % len(KINDS)](number)
        if len(build_offers(case)) <= MOST:
            found = small(case)
            if found.best is not None and found.chosen:
                return case
    raise AssertionError(seed)


@pytest.mark.parametrize("seed", seeds(0, 210))
def test_what_is_printed_of_other_choices_is_so(seed: int, tmp_path: Path) -> None:
    """Fits a lawful plan or does not, as enumeration; the loss is a bound; a change of one choice is exact."""
    case = usable(seed)
    opened = open_plan(write_plan(tmp_path / "plan", case))
    truth = Enumerated(opened)
    for record in opened.plan["justification"]:
        quick, sure = opened.compared(record), opened.compared(record, test=True)
        for test, asked in ((False, quick), (True, sure)):
            bad = []
            for each in named(asked):
                members = truth.members(each)
                best = truth.best_with(members)
                bad += [each] if best is None else []
                fits = each.get("fits", "as its comparison")
                if fits != "as its comparison":
                    assert fits is not True or best is not None, (record["id"], each)
                    assert fits is not False or best is None, (record["id"], each)
                    assert not test or fits is not None or "displaced" in each or "cutoffs" in record
                if best is not None:
                    assert truth.loss_holds(each, best), (record["id"], each, best, truth.worth)
                if "displaced" in each:
                    assert truth.change_holds(record, each, members), (record["id"], each)
            for lang in ("en", "zh"):
                lines = render(asked, lang)
                if len(bad) == sum(1 for _ in named(asked)):
                    assert all(
                        any(word in line for word in NOT[lang])
                        for line in lines.splitlines()
                        if any(word in line for word in LOSES[lang])
                    ), (record["id"], lines)
