"""What it takes to serve a platform, against complete enumeration of small rounds."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from constraints.case import Case, Settings
from landopt.intake.overlay import BINDING_RANK, apply_sets, changed
from landopt.reasons.clock import Clock
from landopt.reasons.explain.context import Context
from landopt.reasons.impossible.change_told import told_change
from landopt.reasons.impossible.proposals import proposals
from landopt.reasons.impossible.serving import Changed, serving
from landopt.reasons.texts import render_answer
from landopt.screening.offers import Offers
from parcels.common.catalogue import Told
from tests.builders import ALL_METHODS, COMPETITIVE, case, demand, eligibility, limit, parcel
from tests.landopt.decided import decided, offers_of, planned, plans

Plans = list[tuple[tuple[int, ...], tuple[int, ...]]]


def _serving(offers: Offers, who: set[int]) -> Plans:
    """The lawful plans that serve some platforms."""
    return [entry for entry in plans(offers) if who <= {int(offers.demand[offer]) for offer in entry[1]}]


@cache
def _case(number: int) -> tuple[int, int]:
    """A small round and a platform that its best plan leaves out: not before a test asks, for rounds are solved."""
    start = _case(number - 1)[0] + 1 if number else 0
    while True:
        (seed,) = planned(1, start)
        round_, offers, outcome = decided(seed)
        assert outcome.chosen is not None
        served = {int(offers.demand[offer]) for offer in outcome.chosen}
        left = [row for row in range(len(round_.demands)) if row not in served]
        if left:
            return seed, left[0]
        start = seed + 1


@pytest.mark.parametrize("number", range(8))
def test_every_change_is_what_enumeration_finds(number: int) -> None:
    """Forced: the exact price. Amounts and shares: they serve, a little less does not, and the loss is exact."""
    seed, row = _case(number)
    round_, offers, outcome = decided(seed)
    assert outcome.chosen is not None
    chosen = [int(offer) for offer in outcome.chosen]
    served = {int(offers.demand[offer]) for offer in chosen} - {-1}
    everyone = served | {row}
    found = serving(round_, offers, row, Clock(), chosen)
    assert found.left == 0
    best = plans(offers)[0][0][0]
    kinds = {change.what: change for change in found.changes}
    alone = _serving(offers, {row})
    assert ("force" in kinds) == bool(alone)
    if alone:
        assert kinds["force"].loss == (best - alone[0][0][0],) * 2
        top = [plan for worth, plan in alone if worth == alone[0][0]]
        losers = [{round_.demands.ids[d] for d in served - {int(offers.demand[o]) for o in plan}} for plan in top]
        assert set(kinds["force"].losers) in losers
    free = _serving(offers, everyone)
    assert ("rearrange" in kinds) == bool(free)
    if free:
        assert kinds["rearrange"].loss == (best - free[0][0][0],) * 2
        return
    worths = [change.loss[1] for change in found.changes]
    assert worths == sorted(worths, key=lambda loss: loss or 0)
    singles = {what for what in kinds if what.endswith((":amount", ":share")) and " + " not in what}
    assert singles == {what for what in _policy(round_, offers) if _lifted(round_, what, everyone)}
    for what in singles:
        _minimal(round_, what, kinds[what], everyone, best)
    ideas = {idea.what: idea for idea in proposals(Context(round_, offers, chosen), row)}
    for what, idea in ideas.items():
        facts = {(idea.row, name): value for name, value in idea.values.items()}
        table = round_.parcels if idea.of == "parcel" else round_.demands
        again = offers_of(idea.applied(round_, changed(table, facts)))
        there = _serving(again, everyone)
        assert (what in kinds) == bool(there)
        if there:
            assert kinds[what].loss == (best - there[0][0][0],) * 2
    if singles or set(ideas) & set(kinds):
        assert not [what for what in kinds if " + " in what]


@pytest.mark.parametrize("number", range(3))
def test_what_the_proof_says_is_told_before_anything_is_solved(number: int) -> None:
    """A plan proved best is not solved for again; one with an open gap is, in a part of the time: the same answer."""
    seed, row = _case(number)
    round_, offers, outcome = decided(seed)
    assert outcome.chosen is not None
    chosen = [int(offer) for offer in outcome.chosen]
    asked = serving(round_, offers, row, Clock(), chosen)
    best, least = plans(offers)[0][0][0], np.zeros(len(offers), np.int64)
    for bound in (best, best + 1000):
        said: list[Told] = []
        found = serving(round_, offers, row, Clock(60, said.append), chosen, bound, least)
        assert found == asked
        assert said[0].key in ("progress.served-by", "progress.served-by-none")
        assert ("progress.solving-round" in [line.key for line in said]) == (bound > best)
        told = [str(line.named["what"]) for line in said if line.key == "progress.change-found"]
        assert {str(told_change(change.what)) for change in found.changes if " + " not in change.what} <= set(told)


def test_a_part_of_the_clock_ends_alone() -> None:
    """What ends a part of the time does not end the question, which still says that it was cut short."""
    said: list[Told] = []
    with Clock(60, said.append) as clock:
        with clock.part(0):
            assert not clock.left()
        assert clock.left() > 50
        assert (clock.why, clock.early) == ("", "limit")
    assert said[-1].key == "progress.question-limit"


def _policy(round_: Case, offers: Offers) -> set[str]:
    ranks = {rule.id: rule for rule in round_.rules}
    found = set()
    for each in offers.rows:
        if each.kind == "limit" and not each.slack and ranks[each.rule].cite.rank < BINDING_RANK:
            key = f"[{', '.join(each.key)}]" if each.key else ""
            share = ranks[each.rule].spec.get("share")
            found.add(f"{each.rule}:share" if share else f"{each.rule}{key}:amount")
    return found


def _at(round_: Case, what: str, value: object) -> Offers | None:
    return offers_of(apply_sets(round_, [f"{what}={value}"]))


def _ends(round_: Case, what: str) -> tuple[object, int]:
    """The value that lifts a limit, and which way it gives way."""
    rule = next(each for each in round_.rules if each.id == what.split(":")[0].split("[")[0])
    more = rule.spec["sense"] == "<="
    if what.endswith(":share"):
        return (1 if more else 0), (1 if more else -1)
    return (10**9 if more else -(10**9)), (1 if more else -1)


def _lifted(round_: Case, what: str, everyone: set[int]) -> bool:
    again = _at(round_, what, _ends(round_, what)[0])
    return again is not None and bool(_serving(again, everyone))


def _minimal(round_: Case, what: str, change: Changed, everyone: set[int], best: int) -> None:
    way = _ends(round_, what)[1]
    given = _at(round_, what, change.to)
    assert given is not None
    there = _serving(given, everyone)
    assert there
    assert change.loss == (best - there[0][0][0],) * 2
    step = Fraction(1, 10_000) if what.endswith(":share") else 1
    less = Fraction(str(change.to)) - way * step
    tighter = _at(round_, what, float(less) if what.endswith(":share") else less)
    assert tighter is not None
    assert not _serving(tighter, everyone)


def test_a_parcel_is_made_ready_or_divided() -> None:
    """The only parcels are not net land, or too large: each is a proposal with what it takes and who does it."""
    shut = dict.fromkeys(ALL_METHODS, "forbid")
    rules = [eligibility("t.net", "net_land == false", **shut), limit("p.all", "", "<=", 9, measure="count")]
    land = [parcel(net_land=False), parcel(area_m2=90_000), parcel(use="RES")]
    round_ = case(land, [demand(area_max_m2=20_000)], rules)
    found = serving(round_, offers_of(round_), 0, Clock())
    assert found.state == "changes"
    told = {change.what: change for change in found.changes}
    assert set(told) == {"P01:ready", "P02:divide"}
    assert told["P01:ready"].was["net_land"] is False
    assert told["P01:ready"].to["net_land"] is True
    assert told["P01:ready"].who == ("reserve",)
    assert (told["P02:divide"].was, told["P02:divide"].to) == (90_000, 20_000)
    assert told["P02:divide"].proposal
    assert told["P02:divide"].losers == ()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_fact_nobody_knows_is_told_with_who_establishes_it(lang: str) -> None:
    """Where the round takes no conditions, a fact to establish opens the parcel; the text names the office."""
    rules = [eligibility("t.users", "intending_users <= 1", agreement="permit")]
    round_ = case(
        [parcel(intending_users=None)],
        [demand(want_right=("grant",))],
        [*rules, *(eligibility(f"t.no.{name}", "use == 'IND'", **{name: "forbid"}) for name in COMPETITIVE)],
        settings=Settings(gap="0", verdicts=("permit",)),
    )
    found = serving(round_, offers_of(round_), 0, Clock())
    assert [change.what for change in found.changes][:1] == ["P01:intending_users"]
    text = render_answer("serve", found.as_dict(), lang)
    assert ("publication and its result" if lang == "en" else "公示（公布）结果") in text


def test_without_time_nothing_is_told_as_impossible() -> None:
    """A search that time ended says unknown, not none, and how many changes were not tried."""
    seed, row = _case(0)
    round_, offers, outcome = decided(seed)
    assert outcome.chosen is not None
    found = serving(round_, offers, row, Clock(0), [int(offer) for offer in outcome.chosen])
    assert found.state == "unknown"
    assert found.stopped == "limit"
