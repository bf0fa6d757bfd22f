"""The scalar reading: exceptions, defaults, unknown facts, records, terms, sites, partners, the market."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constraints.case import Record
from constraints.loading.load import load, methods
from constraints.reading.book import Facts, book
from constraints.reading.judge import Judgement, judge, judge_site
from constraints.reading.timetable import Calendar
from constraints.types import Rule
from parcels.common.schema import Value
from tests.facts import ALL_METHODS, demand, eligibility, parcel, price_floor, rule, term

METHODS = {method.id: method for method in methods()}


def ask(
    rules: Iterable[Rule],
    facts: Facts | None = None,
    method: str = "agreement",
    *,
    purpose: str = "supply",
    start: str | None = None,
    end: str | None = None,
    records: Sequence[Record] = (),
    market: bool = False,
) -> Judgement:
    """One judgement from a few rules."""
    told = {**parcel(), **demand(), **(facts or {})}
    rulebook = book(rules, list(METHODS.values()), as_of="2026-03-31", purpose=purpose, start=start, end=end)
    return judge(rulebook, told, METHODS[method], records=records, market=market)


FORBID = eligibility("t.base", "use == 'IND'", agreement="forbid", listing="forbid")


def test_defaults_stand_until_a_rule_lifts_them() -> None:
    """Agreement is forbidden by default; a permit of rank 2 lifts it, one of rank 1 or of the policy does not."""
    assert ask([]).verdict == "forbid"
    permit = eligibility("t.permit", "use == 'IND'", agreement="permit", rank=2)
    assert ask([permit]).verdict == "permit"
    low = ask([replace(permit, cite=replace(permit.cite, rank=1))])
    assert (low.verdict, low.notes) == ("forbid", ("t.permit",))
    assert ask([replace(permit, origin="policy")]).verdict == "forbid"


def test_the_strictest_verdict_holds_and_names_its_rules() -> None:
    """Verdicts combine by strictness; every rule that speaks is listed, the deciding ones apart."""
    rules = [
        eligibility("t.warn", "", listing="warn"),
        eligibility("t.ask", "", listing="condition", condition="a paper"),
    ]
    answer = ask(rules, method="listing")
    assert answer.verdict == "condition"
    assert answer.deciding == ("t.ask",)
    assert answer.conditions[0].text.en == "a paper"
    assert ask([*rules, FORBID], method="listing").verdict == "forbid"


def test_an_exception_silences_its_base_where_it_holds() -> None:
    """The base speaks outside the exception, is silent inside, and is a condition where the exception is unknown."""
    exception = eligibility("t.but", "operator == 'existing_user'", lease="warn", exception_to=("t.base",))
    rules = [FORBID, exception]
    assert ask(rules, method="listing").verdict == "forbid"
    assert ask(rules, {"operator": "existing_user"}, method="listing").verdict == "permit"
    unknown = ask(rules, {"operator": None}, method="listing")
    assert unknown.verdict == "condition"
    assert [(c.rule, c.fact) for c in unknown.conditions] == [("t.base", "operator")]


def test_exceptions_to_exceptions_bring_the_base_back() -> None:
    """An exception that is itself silenced no longer silences."""
    first = eligibility("t.but", "operator == 'private'", lease="warn", exception_to=("t.base",))
    second = eligibility("t.but.not", "for_sale", lease="warn", exception_to=("t.but",))
    rules = [FORBID, first, second]
    assert ask(rules, {"for_sale": False}, method="listing").verdict == "permit"
    assert ask(rules, {"for_sale": True}, method="listing").verdict == "forbid"
    assert ask(rules, {"for_sale": None}, method="listing").verdict == "condition"


def test_an_unknown_fact_is_a_condition_never_a_permission() -> None:
    """Unknown: a forbid asks to establish the fact, a warning becomes a note, a permit lifts to condition."""
    unknown = {"intending_users": None}
    forbid = ask([eligibility("t.two", "intending_users >= 2", listing="forbid")], unknown, method="listing")
    assert (forbid.verdict, forbid.rules[-1].unknowns) == ("condition", ("intending_users",))
    warn = ask([eligibility("t.three", "intending_users < 3", bid="warn")], unknown, method="bid")
    assert (warn.verdict, warn.notes) == ("permit", ("t.three",))
    lifted = ask([eligibility("t.one", "intending_users == 1", agreement="permit")], unknown)
    assert (lifted.verdict, lifted.conditions[0].fact) == ("condition", "intending_users")


def test_a_known_permit_goes_before_an_unknown_one() -> None:
    """Where one permit is certain the others are not asked for."""
    rules = [
        eligibility("t.one", "intending_users == 1", agreement="permit"),
        eligibility("t.any", "use == 'IND'", agreement="permit"),
    ]
    assert ask(rules, {"intending_users": None}).verdict == "permit"


@pytest.mark.parametrize(
    ("record", "verdict"),
    [
        (Record("t.ask", "", "", "Doc 1", "2026-03-31", ""), "permit"),
        (Record("t.ask", "P1", "D1", "Doc 1", "2026-01-01", ""), "permit"),
        (Record("t.ask", "P2", "", "Doc 1", "2026-01-01", ""), "condition"),
        (Record("t.ask", "", "D2", "Doc 1", "2026-01-01", ""), "condition"),
        (Record("t.ask", "", "", "Doc 1", "2026-04-01", ""), "condition"),
        (Record("t.other", "", "", "Doc 1", "2026-01-01", ""), "condition"),
    ],
)
def test_a_record_on_file_answers_a_condition(record: Record, verdict: str) -> None:
    """A document of this rule, parcel and demand, dated by the round's date, turns the condition into a permit."""
    facts = {"parcel_id": "P1", "demand_id": "D1"}
    answer = ask([eligibility("t.ask", "", listing="condition")], facts, method="listing", records=[record])
    assert answer.verdict == verdict
    assert answer.conditions[0].document == ("Doc 1" if verdict == "permit" else None)


def test_a_record_answers_an_unknown_permit_too() -> None:
    """A permit that hangs on a fact is named by its rule and is lifted by a record for it."""
    record = Record("t.one", "", "", "Determination", "2026-01-01", "")
    rules = [eligibility("t.one", "public_welfare", agreement="permit")]
    assert ask(rules, {"public_welfare": None}, records=[record]).verdict == "permit"
    assert ask(rules, {"public_welfare": False}, records=[record]).verdict == "forbid"


def test_rules_on_the_platform_do_not_hold_back_the_market() -> None:
    """In a market offer a rule that hangs on a demand fact does not apply; one on the parcel does."""
    facts = dict.fromkeys(("operator", "nonprofit", "priority_industry"))
    rules = [eligibility("t.who", "operator == 'foreign'", listing="forbid")]
    assert ask(rules, facts, method="listing").verdict == "condition"
    assert ask(rules, facts, method="listing", market=True).verdict == "permit"
    floor = price_floor("t.floor", "use == 'IND'", ["listing"], "336")
    half = price_floor("t.half", "priority_industry", ["listing"], "235.2", exception_to=("t.floor",))
    assert ask([floor, half], facts, method="listing", market=True).floor == 336
    assert ask([floor, half], facts, method="listing").floor is None


def test_terms_take_the_narrowest_range() -> None:
    """The greatest minimum and the smallest maximum hold; the longest is taken; outside is forbidden by name."""
    rules = [
        term("t.max", "", ["lease", "listing"], None, 50),
        term("t.lease", "use == 'IND'", ["lease"], 5, 20),
    ]
    lease = ask(rules, method="lease")
    assert (lease.term_min, lease.term_max, lease.term, lease.term_rules) == (5, 20, 20, ("t.lease",))
    for wanted, verdict in ((4, "forbid"), (5, "permit"), (20, "permit"), (21, "forbid")):
        answer = ask(rules, {"want_term": wanted}, method="lease")
        assert answer.verdict == verdict
        if verdict == "forbid":
            assert answer.deciding == ("t.lease",)
    other = ask(rules, {"want_term": 25, "want_right": ("lease",)}, method="listing")
    assert (other.verdict, other.term) == ("permit", 50)
    assert ask([], method="allocation").term is None


def test_a_term_that_hangs_on_a_fact_is_a_condition_where_it_narrows() -> None:
    """An unknown term rule holds, and asks for the fact only where the range would else be wider."""
    narrow = term("t.narrow", "grade == 6", ["listing"], None, 20)
    answer = ask([term("t.max", "", ["listing"], None, 50), narrow], {"grade": None}, method="listing")
    assert (answer.verdict, answer.term, answer.conditions[0].fact) == ("condition", 20, "grade")
    answer = ask([term("t.max", "", ["listing"], None, 10), narrow], {"grade": None}, method="listing")
    assert (answer.verdict, answer.conditions) == ("permit", ())


def test_rules_may_read_method_right_and_term() -> None:
    """A condition sees the offer: method, right, competitive, term."""
    rules = [
        term("t.max", "", ["listing", "lease"], None, 40),
        eligibility("t.long", "term_years > 30 and right == 'grant' and competitive", listing="warn", lease="warn"),
    ]
    assert ask(rules, method="listing").verdict == "warn"
    assert ask(rules, method="lease").verdict == "permit"
    assert ask(rules, {"want_term": 30}, method="listing").verdict == "permit"


def test_a_mixed_parcel_is_judged_by_part() -> None:
    """Each part is asked for itself; the strictest verdict and the dominant use's term hold."""
    rules = [
        term("t.ind", "use == 'IND'", ["listing"], None, 50),
        term("t.com", "use == 'COM'", ["listing"], None, 40),
        eligibility("t.com.ask", "use == 'COM'", listing="condition"),
    ]
    answer = ask(rules, {"use_mix": ("IND:70", "COM:30")}, method="listing")
    assert (answer.verdict, answer.term, answer.term_max) == ("condition", 50, 50)
    assert [(p.use, p.percent, p.term_max, p.term) for p in answer.parts] == [
        ("IND", "70", 50, 50),
        ("COM", "30", 40, 40),
    ]


@pytest.mark.parametrize(
    ("mix", "wanted", "verdict", "terms"),
    [
        ("HOU:90;COM:10", 70, "permit", [70, 40]),
        ("HOU:90;COM:10", 71, "forbid", [71, 40]),
        ("HOU:90;COM:10", 30, "permit", [30, 30]),
        ("COM:60;HOU:40", 40, "permit", [40, 40]),
        ("COM:60;HOU:40", 41, "forbid", [41, 41]),
        ("COM:60;HOU:40", None, "permit", [40, 70]),
        ("COM:50;HOU:50", None, "permit", [40, 70]),
    ],
)
def test_the_term_wanted_is_held_against_the_dominant_use(
    mix: str, wanted: int | None, verdict: str, terms: list[int]
) -> None:
    """The lesser part has its own maximum, or the term wanted where that is shorter."""
    rules = [term("t.hou", "use == 'HOU'", ["listing"], None, 70), term("t.com", "use == 'COM'", ["listing"], None, 40)]
    answer = ask(rules, {"use_mix": mix, "use": "COM", "want_term": wanted}, method="listing")
    assert answer.verdict == verdict
    assert [part.term for part in answer.parts] == terms


def test_the_highest_known_floor_of_a_mixed_parcel_counts() -> None:
    """A part without a floor or a price does not hide the other's."""
    rules = [price_floor("t.ind", "use == 'IND'", ["listing"], "cost_floor + 12.5")]
    unpriced = {"appraised_price": None, "benchmark_price": None}
    told: dict[str, Value] = {"use_mix": "IND:30;COM:70", "cost_floor": 70_000, **unpriced}
    answer = ask(rules, told, method="listing")
    assert (answer.floor, answer.floor_rule, answer.unit_price) == (Fraction("712.5"), "t.ind", 713)
    assert [part.floor for part in answer.parts] == [Fraction("712.5"), None]


def test_a_reserve_below_the_floor() -> None:
    """Below the floor a grant is forbidden by the floor's rule and a lease is a condition; at the floor neither."""
    rules = [price_floor("t.floor", "", ["agreement", "listing"], "336")]
    rules.append(eligibility("t.open", "", agreement="permit"))
    for method, below in (("agreement", "forbid"), ("listing", "forbid"), ("lease", "condition")):
        assert ask(rules, {"reserve_price": 33_599}, method=method).verdict == below
        assert ask(rules, {"reserve_price": 33_600}, method=method).verdict == "permit"


def test_the_annual_plan_turns_missing_steps_into_lead_time() -> None:
    """What can be ready before the round ends is a condition that names the steps; the rest is forbidden."""
    state = [
        eligibility("t.net", "not net_land", **dict.fromkeys(ALL_METHODS, "forbid")),
        eligibility("t.farm", "in_pbf > 0", **dict.fromkeys(ALL_METHODS, "forbid")),
        eligibility("t.plan", "not in_annual_plan", **dict.fromkeys(ALL_METHODS, "forbid")),
    ]
    plan = partial(ask, state, purpose="annual_plan", start="2026-01-01", end="2026-12-31", method="listing")
    answer = plan({"net_land": False, "in_annual_plan": False})
    assert answer.verdict == "condition"
    assert answer.conditions[0].fact == "net_land"
    assert "clearance" in answer.conditions[0].text.en
    assert Calendar().after("2026-03-31", 180) in answer.conditions[0].text.zh
    assert plan({"net_land": False}, end="2026-06-30").verdict == "forbid"
    assert plan({"net_land": False, "in_pbf": 1}).verdict == "forbid"
    assert plan({"in_annual_plan": False}).verdict == "permit"
    assert ask(state, {"net_land": False}, method="listing").verdict == "forbid"


def test_an_adopted_looser_rule_is_a_condition_below_the_national_one(tmp_path: Path) -> None:
    """Adopted by name, a looser rule silences what it is below and asks for the decision; else it is reported."""
    path = tmp_path / "policy.toml"
    head = 'title = { en = "x", zh = "某" }\ncite = { doc = "d", article = "a", rank = %s, grade = "V2" }\n'
    head += "from = 2020-01-01\n"
    text = (
        '[[rule]]\nid = "n.floor.high"\nkind = "price_floor"\n' + head % 3 + 'methods = ["agreement"]\nper_m2 = "700"\n'
        '[[rule]]\nid = "n.open"\nkind = "eligibility"\n' + head % 3 + 'verdict = { agreement = "permit" }\n'
        '[[rule]]\nid = "c.floor.half"\nkind = "price_floor"\n' + head % 1 + 'methods = ["agreement"]\nper_m2 = "500"\n'
        '[[rule]]\nid = "c.give"\nkind = "eligibility"\n' + head % 1 + 'verdict = { allocation = "permit" }\n'
    )
    path.write_text(text, encoding="utf-8")
    plain = load(path, "pack").rules
    assert ask(plain).floor == 700
    assert ask(plain, method="allocation").verdict == "forbid"
    text += '[[adopt]]\nrule = "c.floor.half"\nbelow = ["n.floor.high"]\ndocument = "Decision 1"\n'
    text += '[[adopt]]\nrule = "c.give"\nbelow = []\ndocument = "Decision 2"\n'
    path.write_text(text, encoding="utf-8")
    adopted = load(path, "pack").rules
    answer = ask(adopted)
    assert (answer.floor, answer.verdict) == (Fraction(500), "condition")
    assert "below national rule n.floor.high" in answer.conditions[0].text.en
    assert ask(adopted, method="allocation").verdict == "condition"


def test_a_site_takes_the_strictest_of_its_parcels_and_partners() -> None:
    """Verdicts, terms and conditions of all parcels and operators unite; prices add parcel by parcel."""
    rules = [
        eligibility("t.foreign", "operator == 'foreign'", listing="condition"),
        eligibility("t.res", "use == 'RES'", listing="warn"),
        term("t.max", "", ["listing"], None, 50),
        term("t.short", "use == 'RES'", ["listing"], None, 40),
        price_floor("t.floor", "use == 'IND'", ["listing"], "336"),
        price_floor("t.floor.res", "use == 'RES'", ["listing"], "800.5"),
    ]
    one = parcel(parcel_id="P1", area_m2=10_000)
    two = parcel(parcel_id="P2", use="RES", area_m2=5_000, benchmark_price=90_000)
    site = {"site_area_m2": 15_000, "site_parcels": 2}
    found = judge_site(book(rules, list(METHODS.values())), [one, two], demand(), site, METHODS["listing"])
    assert (found.verdict, found.term, found.term_max) == ("warn", 40, 40)
    assert found.floor_price == -(-(336 * 10_000 + 800.5 * 5_000) // 15_000)
    first, second = (judged.unit_price for judged in found.parcels)
    assert first is not None
    assert second is not None
    assert found.price == first * 10_000 + second * 5_000
    joint = judge_site(
        book(rules, list(METHODS.values())), [one, two], demand(partners=("foreign",)), site, METHODS["listing"]
    )
    assert joint.verdict == "condition"


def test_operator_of_a_parcel_goes_before_the_demands() -> None:
    """On a parcel it holds the demand is the existing user."""
    rules = [eligibility("t.own", "operator == 'existing_user'", agreement="permit")]
    rulebook = book(rules, list(METHODS.values()))
    held = {**parcel(), "operator": "existing_user"}
    assert judge_site(rulebook, [held], demand(), {}, METHODS["agreement"]).verdict == "permit"
    assert judge_site(rulebook, [held, parcel()], demand(), {}, METHODS["agreement"]).verdict == "forbid"


def test_notes_are_printed_where_they_hold() -> None:
    """A note's text is listed for its methods where its condition is true, not where it is unknown."""
    spec = {"methods": ["listing"], "text": {"en": "n", "zh": "注"}, "flag": "f"}
    noted = rule("t.note", "note", "land_source == 'stock'", spec)
    assert ask([noted], method="listing").notes == ("t.note",)
    assert ask([noted], method="bid").notes == ()
    assert ask([noted], {"land_source": None}, method="listing").notes == ()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "use": st.sampled_from([None, "IND", "RES"]),
                "intending_users": st.sampled_from([None, 0, 1, 2, 3]),
                "area_m2": st.sampled_from([None, 9_999, 10_000, 10_001]),
                "far_max": st.sampled_from([None, 300, 350]),
                "grade": st.sampled_from([None, 3]),
                "reserve_price": st.sampled_from([None, 59_999, 60_000]),
                "land_source": st.sampled_from(["new", "stock"]),
                "benchmark_price": st.sampled_from([None, 60_000, 140_000]),
            }
        ),
        min_size=2,
        max_size=6,
    )
)
def test_the_cache_never_changes_an_answer(cases: list[dict[str, Value]]) -> None:
    """One book asked many times answers as a new book each time would."""
    rules = [
        eligibility("t.a", "intending_users >= 2 or use == 'RES'", agreement="permit", listing="warn"),
        eligibility("t.b", "area_m2 > 10000", listing="forbid"),
        eligibility("t.c", "far_max > grade", listing="condition", exception_to=("t.b",)),
        term("t.max", "area_m2 >= 10000", ["listing"], None, 40),
        term("t.new", "land_source == 'new'", ["listing"], None, 30),
        term("t.lease", "", ["lease"], 5, 20),
        price_floor("t.floor", "grade == 3", ["listing"], "max(600, 0.5 * benchmark_price) * year_factor"),
    ]
    shared = book(rules, list(METHODS.values()))
    for facts in cases:
        told = {**parcel(), **demand(), **facts}
        for method in METHODS.values():
            assert judge(shared, told, method) == judge(book(rules, list(METHODS.values())), told, method)
