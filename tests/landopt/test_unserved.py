"""Platforms nothing can serve: sets that close every site, each member needed; openings that open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from constraints.case import Case, Settings
from constraints.types import Rule
from landopt.intake.overlay import changed
from landopt.reasons.impossible.conflict import Closed, Opening
from landopt.reasons.impossible.diagnose import diagnose
from landopt.reasons.impossible.openings import closed_platforms, without_offer
from landopt.reasons.impossible.unserved import GONE
from landopt.reasons.texts import render_answer
from parcels.common.schema import Value, fields
from tests.builders import case, demand, eligibility, parcel, random_case, term
from tests.landopt.decided import offers_of

WIDE: dict[str, Value] = {
    "districts": None, "zones": None, "near": None, "want_right": None, "want_term": None, "area_min_m2": 1,
    "area_max_m2": 10**9, "max_parcels": 9, "budget_yuan": None, "needed_by": None,
}  # fmt: skip


def _only(one: Closed) -> tuple[list[str], list[list[str]]]:
    return [member.rule for member in one.members], [[change.rule for change in o.changes] for o in one.openings]


def _closed(round_: Case) -> Closed:
    offers = offers_of(round_)
    [one] = closed_platforms(round_, offers, without_offer(offers))
    return one


def test_area_window_names_the_nearest_parcel() -> None:
    """A platform that asks for 12,000 m2 where the largest is 10,450: its minimum, and what would open it."""
    round_ = case([parcel(area_m2=10_450), parcel(area_m2=9_000)], [demand(area_min_m2=12_000, area_max_m2=20_000)], [])
    one = _closed(round_)
    assert _only(one) == (["area_min_m2"], [["area_min_m2"]])
    [change] = one.openings[0].changes
    assert change.was is not None
    assert change.now is not None
    assert (change.was.value, change.now.value, one.openings[0].parcel_ids) == (12_000, 10_450, ("P01",))
    assert one.minimal


def test_requirement_and_law_together_are_named_and_law_never_gives_way() -> None:
    """Research land is closed to foreign firms by law: use and rule are needed; only the use can give way."""
    ban = dict.fromkeys(("listing", "bid", "auction", "lease", "lease_then_grant"), "forbid")
    rules = [eligibility("t.foreign", "operator == 'foreign' and use == 'RES'", **ban)]
    round_ = case([parcel(), parcel(use="RES")], [demand(uses=("RES",), operator="foreign")], rules)
    one = _closed(round_)
    assert _only(one) == (["uses", "t.foreign"], [["uses"]])
    assert [member.proved for member in one.members] == [True, True]


def test_policy_may_give_way_and_says_so() -> None:
    """A rule of rank 0 that closes the only site is a way to open it."""
    ban = dict.fromkeys(("listing", "bid", "auction", "lease", "lease_then_grant"), "forbid")
    round_ = case([parcel()], [demand()], [eligibility("p.no", "use == 'IND'", rank=0, **ban)])
    one = _closed(round_)
    assert _only(one) == (["p.no"], [["p.no"]])
    assert one.openings[0].changes[0].cite is not None


def test_term_asked_for_conflicts_with_the_longest_term() -> None:
    """25 years of lease against at most 20: the wish and the rule; the wish gives way to 20."""
    rules = [term("t.lease", "use == 'IND'", ["lease"], 5, 20)]
    one = _closed(case([parcel()], [demand(want_right=("lease",), want_term=25)], rules))
    members, openings = _only(one)
    assert {"want_term", "t.lease"} <= set(members)
    assert openings[0] in (["want_term"], ["want_right"])
    shown = {c.rule: c.now.value for o in one.openings for c in o.changes if c.now is not None}
    assert shown["want_term"] == 20


def test_blocks_of_parcels_count_as_sites() -> None:
    """One parcel more would do: the number of parcels is named with the least area; two that touch are the site."""
    land = [parcel(area_m2=6_000), parcel(area_m2=6_000), parcel(area_m2=6_000)]
    wish = demand(area_min_m2=11_000, area_max_m2=12_500)
    one = _closed(case(land, [wish], [], [("P01", "P02")]))
    members, openings = _only(one)
    assert members == ["area_min_m2", "max_parcels"]
    assert ["max_parcels"] in openings
    assert ("P01", "P02") in [opening.parcel_ids for opening in one.openings]


@pytest.mark.parametrize(
    ("land", "wish", "code", "now"),
    [
        ({"status": "reserve"}, {}, "status", "candidate"),
        ({"available_from": "2027-05-01"}, {}, "available_from", "2026-12-31"),
        ({"district": "B"}, {"districts": ("A",)}, "districts", ["A", "B"]),
        ({}, {"budget_yuan": 1_000}, "budget_yuan", 6_000_000),
        ({}, {"want_right": ("alloc",)}, "want_right", ["alloc", "grant"]),
        ({}, {"near": ("metro:100",)}, "near", ["metro:500"]),
    ],
)
def test_each_requirement_gives_way_to_what_the_parcel_is(
    land: dict[str, Any], wish: dict[str, Any], code: str, now: Any
) -> None:
    """One parcel, one requirement in the way: named alone, with the value that would open the parcel."""
    ground = parcel(**{"appraised_price": 60_000, **land})
    round_ = case([ground], [demand(**wish)], [], distances={"metro": (500,)})
    one = _closed(round_)
    assert [member.rule for member in one.members] == [code]
    assert one.openings[0].changes[0].now is not None
    assert one.openings[0].changes[0].now.value == now


def test_day_needed_closes_where_the_round_leaves_out_warnings() -> None:
    """A day before any contract can be made: the day is named, with the day that could be met."""
    one = _closed(case([parcel()], [demand(needed_by="2026-04-02")], [], settings=Settings(gap="0")))
    assert [member.rule for member in one.members] == ["needed_by"]
    now = one.openings[0].changes[0].now
    assert now is not None
    assert "2026-04-02" < str(now.value) < "2027-12-31"


# -- held to the builder -----------------------------------------------------------------------------------------------


def _without(round_: Case, closed: set[str], demand_row: int, every: set[str]) -> Case:
    """The round with everything in ``every`` out of the way but what is in ``closed``."""
    values: dict[tuple[int, str], Value] = {
        (demand_row, code): value for code, value in WIDE.items() if code not in closed
    }
    if "uses" not in closed:
        values[demand_row, "uses"] = tuple(fields()["use"].values)
    wants = changed(round_.demands, values)
    states: dict[tuple[int, str], Value] = {}
    for row, facts in enumerate(round_.parcels.rows()):
        if "status" not in closed and facts["status"] not in GONE:
            states[row, "status"] = "candidate"
        free, end = facts["available_from"], round_.round.end
        if "available_from" not in closed and free is not None and str(free) > str(end):
            states[row, "available_from"] = end
    rules = tuple(_lifted(rule, round_) if rule.id in every - closed else rule for rule in round_.rules)
    return replace(round_, demands=wants, parcels=changed(round_.parcels, states), rules=rules)


def _lifted(rule: Rule, round_: Case) -> Rule:
    if rule.kind != "eligibility":
        return replace(rule, when="use == 'WHITE'")
    kept = {way: verdict for way, verdict in rule.spec["verdict"].items() if verdict in round_.settings.verdicts}
    return replace(rule, spec={**rule.spec, "verdict": kept})


def _opened(round_: Case, opening: Opening, row: int) -> Case:
    """The round with one opening put into the facts."""
    wants: dict[tuple[int, str], Value] = {}
    land: dict[tuple[int, str], Value] = {}
    lifted = set()
    for change in opening.changes:
        if change.now is None:
            lifted.add(change.rule)
            continue
        value: Any = change.now.value
        value = tuple(value) if isinstance(value, list) else value
        if change.rule in ("status", "available_from"):
            for name in opening.parcel_ids:
                land[round_.parcels.index()[name], change.rule] = value
        else:
            wants[row, change.rule] = value
    rules = tuple(_lifted(rule, round_) if rule.id in lifted else rule for rule in round_.rules)
    return replace(round_, demands=changed(round_.demands, wants), parcels=changed(round_.parcels, land), rules=rules)


def _has_offer(round_: Case, row: int) -> bool:
    offers = offers_of(round_)
    return bool(offers.part_start[row + 1] > offers.part_start[row])


def test_sets_and_openings_of_random_rounds_are_true() -> None:
    """With the set alone in force no site is open, without one member one is, and each opening opens a site."""
    seen = 0
    for seed in range(400):
        round_ = random_case(seed)
        offers = offers_of(round_)
        for one in closed_platforms(round_, offers, without_offer(offers)):
            row = round_.demands.index()[one.demand_id]
            every = {rule.id for rule in round_.rules if rule.kind in ("eligibility", "term")}
            members = {member.rule for member in one.members}
            if not members:
                continue
            seen += 1
            assert one.minimal, (seed, one)
            assert not _has_offer(_without(round_, members, row, every), row), (seed, one)
            years = {"want_term", *(rule.id for rule in round_.rules if rule.kind == "term")} - members
            for member in members:  # terms move prices and conditions: the site may be open with the terms as they are
                rest = members - {member}
                ways = (rest, rest | years)
                assert any(_has_offer(_without(round_, way, row, every), row) for way in ways), (seed, member, one)
            for opening in one.openings:
                assert _has_offer(_opened(round_, opening, row), row), (seed, opening)
        if seen >= 40:
            break
    assert seen >= 40


# -- the round as a whole ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_possible_round_says_so_and_names_the_platforms_left_out(lang: str) -> None:
    """A plan exists, yet one platform can have no site: both are said, with its set and what would open a site."""
    round_ = case([parcel(area_m2=10_450)], [demand(), demand(name="Lab", area_min_m2=12_000, area_max_m2=20_000)], [])
    found = diagnose(round_, offers_of(round_), build=offers_of, platforms=9)
    assert found.state == "possible"
    assert [one.demand_id for one in found.platforms] == ["D02"]
    text = render_answer("diagnose", found.as_dict(), lang)
    for words in (("A plan exists", "存在合法方案"), ("12,000 m² -> 10,450 m²", "12,000 平方米改为10,450 平方米")):
        assert words[lang == "zh"] in text
    assert "P01" in text


def test_platforms_beyond_the_number_asked_for_are_counted() -> None:
    """Only as many are explained as asked for; how many were left out is said."""
    round_ = case([parcel()], [demand(uses=("CUL",)) for _ in range(3)], [])
    found = diagnose(round_, offers_of(round_), build=offers_of, platforms=1)
    assert (len(found.platforms), found.left, found.bounded) == (1, 2, ("platforms",))
    assert "2 more" in render_answer("diagnose", found.as_dict(), "en")


def test_platform_asked_for_by_name_is_explained_by_its_requirements() -> None:
    """--demand on a platform without an offer gives its set and openings, not an empty one."""
    round_ = case([parcel()], [demand(), demand(uses=("CUL",))], [])
    found = diagnose(round_, offers_of(round_), build=offers_of, demand=1)
    assert (found.state, found.demand, [member.rule for member in found.members]) == ("conflict", "D02", ["uses"])
    assert found.platforms[0].openings
