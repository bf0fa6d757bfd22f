"""What if: never below the best plan by enumeration under the changed numbers, never a plan that does not hold."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest

from constraints.case import Case
from landopt.intake.overlay import apply_sets
from landopt.reasons.alternatives import value
from landopt.reasons.proven.whatif import _KEYED, Changes, Proven
from landopt.screening.offers import Offers
from landopt.screening.uncapped_sites import build_offers
from parcels.common.issues import Refused
from tests.counts import WHOLE
from tests.landopt.decided import context_of, decided, planned, plans

PICKS = 6
SEEDS = planned(12)
MORE = 310 if WHOLE else 30
"""More rounds, under -m slow: 2,000 cases in all by ``make long``."""


def _sets(draw: Random, case: Case) -> tuple[str, ...]:
    """Some numbers of the round's own limits, moved either way."""
    found = []
    for rule in case.rules:
        if rule.kind != "limit" or rule.cite.rank >= 2 or draw.random() < 0.4:
            continue
        if rule.spec.get("share"):
            share = Fraction(*rule.spec["share"])
            other = draw.choice([share / 2, min(Fraction(1), share * 3 / 2), Fraction(draw.randint(0, 20), 20)])
            found.append(f"{rule.id}:share={other.numerator}/{other.denominator}")
        for entry in rule.spec.get("values") or ():
            amount = int(entry["amount"])
            new = max(0, draw.choice([0, amount // 2, amount - 1, amount + 1, amount * 2, amount + 1000]))
            key = f"[{', '.join(entry['key'])}]" if entry["key"] else ""
            found.append(f"{rule.id}{key}:amount={new}")
        if not rule.spec.get("hard", True) and draw.random() < 0.5:
            found.append(f"{rule.id}:penalty={draw.choice([0, 1, 7, 400])}")
    return tuple(draw.sample(found, min(len(found), draw.randint(0, 3))))


@pytest.mark.slow
@pytest.mark.parametrize("place", range(MORE))
def test_the_bound_is_never_below_the_best_plan_of_more_rounds(place: int) -> None:
    """The same over more rounds."""
    test_the_bound_is_never_below_the_best_plan(planned(MORE, start=500)[place], "0")


def test_a_key_is_said_either_way() -> None:
    """``RULE:KEY:amount=N`` is ``RULE[KEY]:amount=N``."""
    assert _KEYED.sub(r"\1[\2]:\3=", "p.district:A:amount=5") == "p.district[A]:amount=5"
    assert _KEYED.sub(r"\1[\2]:\3=", "p.district:amount=5") == "p.district:amount=5"
    assert _KEYED.sub(r"\1[\2]:\3=", "p.district[A]:amount=5") == "p.district[A]:amount=5"


@pytest.mark.parametrize("gap", ["0", "0.2"])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_bound_is_never_below_the_best_plan(seed: int, gap: str) -> None:
    """Amounts, shares and penalties moved, parcels, platforms and methods gone, in any combination."""
    round_, offers, outcome = decided(seed, gap)
    context, _ = context_of(round_, offers, outcome)
    proven = Proven(context)
    assert context.proof is not None
    reached = [int(tier["objective"]) for tier in context.proof["tiers"]]
    draw = Random(seed)
    for _ in range(PICKS):
        sets = _sets(draw, round_)
        changes = Changes(
            sets,
            tuple(draw.sample(round_.parcels.ids, draw.choice([0, 0, 0, 1]))),
            tuple(draw.sample(round_.demands.ids, draw.choice([0, 0, 0, 1]))),
            tuple(draw.sample([m.id for m in round_.methods], draw.choice([0, 0, 0, 1]))),
        )
        try:
            case = apply_sets(round_, sets) if sets else round_
        except Refused:
            continue
        answer = proven.whatif(changes)
        again = build_offers(case)
        every = [(worth, plan) for worth, plan in plans(again) if not _touched(case, again, plan, changes)]
        for tier, said in enumerate(answer.tiers):
            keep = [
                worth[tier]
                for worth, _ in every
                if all(worth[j] >= reached[j] for j in range(tier)) and len(worth) == len(reached)
            ]
            if said.bound is not None and keep:
                assert said.bound >= max(keep), (changes, tier)
        if len(again) == len(offers):
            mine = tuple(sorted(context.chosen))
            lawful = [worth for worth, plan in every if tuple(sorted(plan)) == mine]
            if "other-offers" not in answer.unsaid:
                assert answer.holds == bool(lawful), changes
                if answer.holds:
                    assert [said.score for said in answer.tiers] == list(lawful[0])


def _touched(case: Case, offers: Offers, plan: tuple[int, ...], changes: Changes) -> bool:
    for offer in plan:
        ids = {case.parcels.ids[row] for row in offers.parcels(offer)}
        row = int(offers.demand[offer])
        who = None if row < 0 else case.demands.ids[row]
        method = case.methods[int(offers.method[offer])].id
        if ids & set(changes.parcels) or who in changes.demands or method in changes.methods:
            return True
    return False


@pytest.mark.parametrize("seed", SEEDS[:8])
def test_without_changes_it_says_what_the_proof_says(seed: int) -> None:
    """Bound, score and rows are those of the plan."""
    round_, offers, outcome = decided(seed)
    context, _ = context_of(round_, offers, outcome)
    answer = Proven(context).whatif(Changes())
    assert answer.holds
    assert [tier.bound for tier in answer.tiers] == [tier.bound for tier in outcome.tiers]
    assert tuple(tier.score for tier in answer.tiers) == tuple(value(offers, context.chosen))
    assert answer.unsaid == ()
    assert answer.as_dict()["broken"] == []


@pytest.mark.parametrize("text", ["p.cap:amount=-1", "p.cap[A]:used=-5", "p.s:share=-0.1", "p.cap:penalty=-3"])
def test_negative_amounts_are_refused(text: str) -> None:
    """No limit is below 0: the answer would be of no round."""
    round_, offers, outcome = decided(SEEDS[0])
    context, _ = context_of(round_, offers, outcome)
    with pytest.raises(Refused, match="never below 0"):
        Proven(context).whatif(Changes((text,)))
