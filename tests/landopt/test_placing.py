"""Where a newcomer could go, against complete enumeration of small rounds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from constraints.case import Case, Market, Period
from landopt.reasons.alternatives import value
from landopt.reasons.clock import Clock
from landopt.reasons.explain.context import Context
from landopt.reasons.resolved.newcomer import newcomer_of, with_newcomer
from landopt.reasons.resolved.placed import Placement, key_of
from landopt.reasons.resolved.placing import place
from landopt.reasons.texts import render_answer
from landopt.solving.solver import solve
from parcels.common.catalogue import Told
from parcels.common.frozen import FactTable
from parcels.common.issues import Refused
from tests.builders import case, demand, eligibility, limit, parcel
from tests.landopt.decided import context_of, decided, offers_of, planned, plans

SEEDS = planned(10)
PERIODS = (Period("2026-H1", "2026-01-01", "2026-06-30"), Period("2026-H2", "2026-07-01", "2026-12-31"))


def _without_one(seed: int) -> tuple[Case, FactTable]:
    """A small round without one of its platforms, and that platform as a newcomer."""
    round_, _, _ = decided(seed)
    row = Random(seed).randrange(len(round_.demands))
    ids = round_.demands.ids
    rest = {name: [v for at, v in enumerate(c) if at != row] for name, c in round_.demands.columns.items()}
    one = {name: (c[row],) for name, c in round_.demands.columns.items()}
    kept = FactTable(tuple(name for name in ids if name != ids[row]), {n: tuple(c) for n, c in rest.items()})
    rules = tuple(rule for rule in round_.rules if ids[row] not in str(rule.spec))
    return replace(round_, demands=kept, rules=rules), FactTable((ids[row],), one)


def _decided(seed: int) -> tuple[Context, FactTable] | None:
    round_, newcomer = _without_one(seed)
    offers = offers_of(round_)
    outcome = solve(round_, offers, gap="0")
    return None if outcome.chosen is None else (context_of(round_, offers, outcome)[0], newcomer)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_choice_is_what_enumeration_finds(seed: int) -> None:
    """Held, one moved and free: the best change of every site and method; intervals hold the truth."""
    _as_enumeration(_decided(seed))


def test_the_best_period_is_told_where_one_other_moves() -> None:
    """A market supply makes room in the period it had, which the plan needs; the enumeration knows the best period."""
    rules = [
        eligibility("t.open", "use == 'IND'", listing="permit"),
        limit("t.second-half", "", ">=", {("2026-H2",): 1}, measure="count", per=("period",), penalty=20),
    ]
    market = Market(("IND",), ("listing",))
    round_ = case([parcel(), parcel(status="reserve")], [demand()], rules, periods=PERIODS, market=market)
    late = FactTable(("D99",), {name: (column[0],) for name, column in round_.demands.columns.items()})
    none = FactTable((), dict.fromkeys(round_.demands.columns, ()))
    round_ = replace(round_, demands=none)
    offers = offers_of(round_)
    outcome = solve(round_, offers, gap="0")
    context = context_of(round_, offers, outcome)[0]
    assert [key_of(round_, offers, offer)[3] for offer in context.chosen] == ["2026-H2"]
    _as_enumeration((context, late))
    said: list[Told] = []
    one, *_ = (each for each in place(context, late, Clock(60, said.append)).choices if each.mode == "one_moved")
    assert said[0].key == "progress.placed-first"  # told before anything is placed freely
    assert one.period == "2026-H2"


def _as_enumeration(found: tuple[Context, FactTable] | None) -> None:
    if found is None:
        pytest.skip("no plan without the platform")
    context, newcomer = found
    answer, solved = (place(context, newcomer, Clock(), exact=exact) for exact in (False, True))
    again = with_newcomer(context.case, newcomer)
    offers = offers_of(again)
    mine = again.demands.index()[newcomer.ids[0]]
    was = value(context.offers, context.chosen)[0]
    stays = {key_of(context.case, context.offers, offer) for offer in context.chosen}
    lawful = {key_of(again, offers, offer): offer for offer in range(len(offers))}
    assert {(*each["parcel_ids"],) for each in answer.turned_unlawful} == {key[0] for key in stays if key not in lawful}
    rest = {lawful[key] for key in stays if key in lawful}
    held: dict[object, int] = {}
    free: dict[object, int] = {}
    moved: dict[object, int] = {}
    for worth, plan in plans(offers):
        own = [offer for offer in plan if int(offers.demand[offer]) == mine]
        if not own:
            continue
        ids, _, method, _ = key_of(again, offers, own[0])
        others, change = set(plan) - set(own), worth[0] - was
        free[ids, method] = max(free.get((ids, method), change), change)
        if others == rest:
            held[ids, method] = max(held.get((ids, method), change), change)
        gone, come = rest - others, others - rest
        who = {int(offers.demand[offer]) for offer in gone}
        same = {int(offers.demand[offer]) for offer in come}
        land = {p for offer in gone for p in offers.parcels(offer)}
        on_it = all(who != {-1} or land & set(offers.parcels(offer)) for offer in come)
        if len(gone) == 1 and (same == who or (not come and who == {-1})) and len(come) <= 1 and on_it:
            moved[ids, method] = max(moved.get((ids, method), change), change)
    told = _told(answer, "held")
    assert told == held
    one = _told(answer, "one_moved")
    assert set(one) == set(moved) - set(held)
    assert all(one[key] == moved[key] for key in one)
    for choice in answer.choices:
        if choice.mode == "free":
            assert isinstance(choice.score_change, tuple)
            low, high = choice.score_change
            truth = free.get((choice.parcel_ids, choice.method))
            if truth is not None:
                assert low is None or low <= truth
                assert high is None or truth <= high
    exact = _told(solved, "free")
    assert exact == {key: (free[key], free[key]) for key in exact}
    assert len(exact) == min(10, len(free))


def _told(answer: Placement, mode: str) -> dict[object, object]:
    return {(each.parcel_ids, each.method): each.score_change for each in answer.choices if each.mode == mode}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_agreement_the_newcomer_turns_unlawful_is_told_first(lang: str) -> None:
    """A second applicant forbids agreement on the parcel: the assignment is told with the rule, before any site."""
    rules = [
        eligibility("t.alone", "other_applicants == 0 and intending_users <= 1", agreement="permit"),
        eligibility("t.two", "other_applicants >= 1", agreement="forbid"),
    ]
    round_ = case([parcel(intending_users=1), parcel()], [demand(want_right=("grant",), priority=90)], rules)
    offers = offers_of(round_)
    chosen = next(offer for offer in range(len(offers)) if key_of(round_, offers, offer)[2] == "agreement")
    context = Context(round_, offers, [chosen])
    late = FactTable(("D99",), {name: (column[0],) for name, column in round_.demands.columns.items()})
    answer = place(context, late, Clock())
    assert [each["rules"] for each in answer.turned_unlawful] == [["t.two"]]
    text = render_answer("place", answer.as_dict(), lang)
    assert text.index("t.two") < text.index("P02")


@pytest.mark.parametrize("seed", [12, 14, 16, 20])
def test_a_platform_of_the_round_is_placed_by_its_id(seed: int) -> None:
    """One that the plan leaves out is asked about without a file; in a best plan nothing it could take brings more."""
    round_, offers, outcome = decided(seed)
    context, _ = context_of(round_, offers, outcome)
    for name in round_.demands.ids:
        answer = place(context, name, Clock())
        assert answer.turned_unlawful == ()
        assert answer.demand_id == name
        for choice in answer.choices:
            assert choice.mode in ("held", "one_moved", "free")
            most = choice.score_change if isinstance(choice.score_change, int) else choice.score_change[1]
            assert most is not None
            assert most <= outcome.tiers[0].bound - outcome.tiers[0].objective


def test_a_newcomer_is_a_row_a_file_or_flags(tmp_path: Path) -> None:
    """The same platform by flags and by file is the same facts; what is not one platform is refused by name."""
    round_ = case([parcel(), parcel()], [demand()])
    flags = [
        "platform_kind=incubator",
        "operator=soe",
        "uses=IND",
        "area_min_m2=1000",
        "area_max_m2=30000",
        "priority=50",
    ]
    typed = newcomer_of(round_, "D99", flags)
    path = tmp_path / "late.csv"
    names, cells = zip(*(flag.split("=") for flag in flags), strict=True)
    path.write_text("\n".join([",".join(("demand_id", *names)), ",".join(("D99", *cells))]) + "\n", encoding="utf-8")
    assert newcomer_of(round_, str(path)) == typed
    assert isinstance(typed, FactTable)
    assert typed.ids == ("D99",)
    assert newcomer_of(round_, "D01") == "D01"
    for given, facts, code in (("D77", [], "X003"), ("D01", ["uses=IND"], "X031"), ("D77", ["uses"], "X031")):
        with pytest.raises(Refused) as refused:
            newcomer_of(round_, given, facts)
        assert [issue.code for issue in refused.value.issues] == [code]
    path.write_text(path.read_text(encoding="utf-8") + ",".join(("D98", *cells)) + "\n", encoding="utf-8")
    with pytest.raises(Refused, match="2 platforms"):
        newcomer_of(round_, str(path))
