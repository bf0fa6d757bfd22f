"""Programmes of several periods: both readings, brute force and the whole job agree on law that changes on the way."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from cli import desk
from constraints.audit.reread import Reader
from constraints.case import Case, Settings, as_written
from constraints.loading.period_law import period_laws
from constraints.types import Rule
from landopt.job import Job, NoPlan
from landopt.keeping.continued import carried_on
from landopt.keeping.ledger.chain import START, Entry
from landopt.keeping.ledger.rounds import apply, state
from landopt.pipeline import Scenario, audit, choose, decide, screen, write
from landopt.reasons.justify import render
from landopt.screening.uncapped_sites import build_offers
from parcels.common.issues import Refused
from parcels.common.schema import Value
from tests.brute import brute_force_offers
from tests.builders import case, demand, eligibility, parcel
from tests.programmes import HALVES, YEARS, programme_case
from tests.test_two_readings import agree

ROOT = Path(__file__).parent.parent


def solved(made: Case, folder: Path) -> bool:
    """The plan of a programme is worth what enumeration finds, and the audit finds nothing; False if there is none."""
    made, job = as_written(made), Job(round_path=folder)
    offers = screen(made)
    best = brute_force_offers(offers) if len(offers) < 200 else None
    try:
        outcome = choose(made, offers, job, lambda _: None)
    except NoPlan:
        assert best is None
        return False
    if len(offers) < 200:
        assert best == tuple(tier.objective for tier in outcome.tiers)
    folder.mkdir()
    write(folder, decide(Scenario(made, (), None), offers, outcome, lambda _: None), None)
    audit(folder, len(offers.site), folder, lambda _: None)
    return True


def test_both_readings_agree_on_programmes() -> None:
    """Verdict, term, price, points and rows of every offer in every period."""
    assert sum(agree(programme_case(seed)) for seed in (*range(24), 110)) > 400


def test_a_small_programme_is_worth_what_enumeration_finds(tmp_path: Path) -> None:
    """And its plan stands before the audit, the reasons with it."""
    assert solved(programme_case(5), tmp_path / "5")


@pytest.mark.slow
def test_small_programmes_are_worth_what_enumeration_finds(tmp_path: Path) -> None:
    """The same of many, more than half of which have a plan, and both readings of more."""
    assert sum(solved(programme_case(seed), tmp_path / str(seed)) for seed in range(60)) > 30
    assert sum(agree(programme_case(seed)) for seed in range(200, 400)) > 4_000


def verdicts(made: Case, method: str) -> list[str]:
    """The verdict of the first parcel for the first platform, period by period."""
    reader = Reader(made)
    return [reader.judge_site((0,), 0, reader.method_row[method], at).verdict for at in reader.periods]


def programme(*rules: Rule, purpose: str = "supply", **facts: Value) -> Case:
    """One parcel, one platform, three years."""
    made = case([parcel(**facts)], [demand(uses=("IND",))], rules, purpose=purpose, periods=YEARS)
    return replace(made, round=replace(made.round, end=YEARS[-1].end))


@pytest.mark.parametrize(
    ("start", "until", "expected"),
    [
        ("2027-07-01", None, ["permit", "forbid", "forbid"]),  # begins inside a year: the stricter of its two days
        ("2000-01-01", "2027-07-01", ["forbid", "forbid", "permit"]),
        ("2028-01-01", "2028-12-31", ["permit", "permit", "forbid"]),
        ("2027-03-01", "2027-09-01", ["permit", "permit", "permit"]),  # in force on neither day
        ("2000-01-01", "2026-03-31", ["permit", "permit", "permit"]),  # over on the round's date
        ("2000-01-01", "2026-04-01", ["forbid", "permit", "permit"]),  # its last day is the round's date
    ],
)
def test_the_stricter_law_of_the_two_days_of_a_period_holds(start: str, until: str | None, expected: list[str]) -> None:
    """On the first day that is still to come, and on the last."""
    rule = replace(eligibility("t.dated", "", listing="forbid", start=start), until=until)
    made = programme(rule)
    assert verdicts(made, "listing") == expected
    agree(made)


def test_a_lift_must_hold_on_both_days() -> None:
    """What opens a closed method from July on does not open it for that year; an exception likewise."""
    lift = eligibility("t.lift", "", agreement="permit", start="2027-07-01")
    assert verdicts(programme(lift), "agreement") == ["forbid", "forbid", "permit"]
    ban = eligibility("t.ban", "", listing="forbid")
    spared = replace(eligibility("t.but", "", listing="warn", exception_to=("t.ban",)), start="2027-07-01")
    made = programme(ban, spared)
    assert verdicts(made, "listing")[:2] == ["forbid", "forbid"]
    assert verdicts(made, "listing")[2] == "warn"
    agree(made)


def test_what_changes_in_a_period_is_known() -> None:
    """The two days of each period and the rules in force on one of them only."""
    made = programme(eligibility("t.new", "", listing="forbid", start="2027-07-01"))
    laws = period_laws(made.round, made.rules)
    assert [law.days for law in laws] == [
        ("2026-03-31", "2026-12-31"),
        ("2027-01-01", "2027-12-31"),
        ("2028-01-01", "2028-12-31"),
    ]
    assert [sorted(law.changes) for law in laws] == [[], ["t.new"], []]


def test_a_parcel_is_taken_from_the_period_in_which_it_can_be_ready() -> None:
    """Conversion and clearance take 270 working days from 2026-03-31: not before 2027."""
    rules = [eligibility(f"t.{name}", f"not {name}", listing="forbid") for name in ("converted", "net_land")]
    made = programme(*rules, purpose="annual_plan", converted=False, net_land=False)
    assert verdicts(made, "listing") == ["forbid", "condition", "condition"]
    agree(made)


def test_a_platform_waits_for_what_its_site_lacks() -> None:
    """Clearance takes 180 working days and the listing comes after it, in whichever year: late for early 2027."""
    for needed, expected in (("2027-01-20", ["warn", "warn"]), ("2027-12-31", ["permit", "permit"])):
        made = case(
            [parcel(net_land=False)],
            [demand(uses=("IND",), needed_by=needed)],
            purpose="annual_plan",
            periods=YEARS[:2],
            settings=Settings(gap="0", verdicts=("permit", "condition", "warn")),
        )
        made = replace(made, round=replace(made.round, end=YEARS[1].end))
        offers = build_offers(made)
        listing = [method.id for method in made.methods].index("listing")
        words = [("permit", "warn", "condition")[int(v)] for v in offers.verdict[offers.method == listing]]
        assert words == expected, needed
        agree(made)


def test_each_sheet_says_what_changes_in_its_period(tmp_path: Path) -> None:
    """Rules on its own method, or on none by name, that begin or end in the period; the audit derives them again."""
    ban = replace(eligibility("t.ban", "use == 'RES'", listing="forbid"), until="2026-07-01")
    new = eligibility("t.new", "use == 'RES'", lease="forbid", start="2026-06-01")
    later = eligibility("t.later", "use == 'RES'", listing="forbid", start="2027-06-01")
    made, job = as_written(programme(ban, new, later)), Job(round_path=tmp_path)
    offers = screen(made)
    decision = decide(Scenario(made, (), None), offers, choose(made, offers, job, lambda _: None), lambda _: None)
    record = next(each for each in decision.plan["justification"] if each["kind"] == "assignment")
    due = {"listing": [("t.ban", False)], "lease": [("t.new", True)]}
    assert record["period"] == "2026"
    assert [(each["cite"]["rule"], each["begins"]) for each in record["changes"]] == due.get(record["method"], [])
    said = [render(record, lang) for lang in ("en", "zh")]
    if record["method"] == "listing":
        assert "Until 2026-07-01: t.ban" in said[0]
        assert "2026年7月1日起失效" in said[1]
    folder = tmp_path / "plan"
    folder.mkdir()
    write(folder, decision, None)
    audit(folder, len(offers.site), folder, lambda _: None)


def test_an_adopted_assignment_is_locked_in_its_period() -> None:
    """Where the round lists it; what was not announced before the period was over may come in any that is left."""
    body = {"document": "d", "date": "2026-01-01", "signers": None}
    adopted: dict[str, Any] = {"parcel_ids": ["P01"], "demand_id": None, "method": "listing", "period": "2025-H2"}
    entry = Entry(1, "2026-01-01", "adopt", "R", {**body, "assignments": [adopted]}, START, "")
    made = case([parcel()], [demand()], [], periods=HALVES)

    def periods(*results: str) -> list[str | None]:
        said = [{"parcel_id": "P01", "outcome": each, "date": "2026-02-01"} for each in results]
        book = [entry, Entry(2, "2026-02-01", "record", "R", {"results": said}, START, "")]
        under = apply(made, state(book))
        return [rule.spec.get("period") for rule in under.rules if rule.kind == "lock"]

    assert periods() == [None]
    assert periods("contracted") == ["2025-H2"]
    adopted["period"] = "2026-H1"
    assert periods() == ["2026-H1"]
    adopted["period"] = "2030"
    assert periods() == [None]


def test_a_platform_is_not_given_a_second_site() -> None:
    """One whose site is contracted and that still stands in the demands is refused by name."""
    made = case([parcel(status="contracted"), parcel()], [demand()], [], periods=YEARS)
    entry = {"parcel_ids": ["P01"], "demand_id": "D01", "method": "listing", "period": "2026"}
    with pytest.raises(Refused) as caught:
        carried_on(made, {"plan_id": "R/P-1", "plan_hash": "0", "assignments": [entry]})
    assert [issue.code for issue in caught.value.issues] == ["O018"]


def test_a_period_that_is_over_takes_nothing_new() -> None:
    """The second half of 2025 lies before the round's date."""
    made = programme()
    made = replace(made, round=replace(made.round, periods=HALVES, end=HALVES[-1].end))
    assert 0 not in build_offers(made).period
    agree(made)


def test_later_points_are_lessened_once(tmp_path: Path) -> None:
    """A third off a period: 100 x 50 points come to 5,000, 3,750 (x 3/4) and 2,812.5."""
    made = programme()
    made = replace(made, objective=replace(made.objective, later="0.333333333"))
    offers = build_offers(replace(made, objective=replace(made.objective, tiers=(("served",), ("revenue",)))))
    by_period = {int(at): int(score) for at, score in zip(offers.period, offers.score[0], strict=True)}
    assert by_period[0] == 5_000_000
    assert [by_period[at] // 1000 for at in (1, 2)] == [3750, 2812]
    agree(made)


@pytest.mark.parametrize("wrong", ['["2026", "2026-Q1"]', '["2027", "2026"]'])
def test_periods_are_of_one_kind_and_in_order(tmp_path: Path, wrong: str) -> None:
    """Else they are refused."""
    from landopt.intake.roundfile import read_round_file

    for name in ("p.csv", "d.csv"):
        (tmp_path / name).write_text("", "utf-8")
    text = f'[round]\nid = "x"\nas_of = 2026-03-31\nperiods = {wrong}\n[inputs]\nparcels = "p.csv"\ndemands = "d.csv"\n'
    (tmp_path / "round.toml").write_text(text, "utf-8")
    with pytest.raises(Refused) as caught:
        read_round_file(tmp_path)
    assert {issue.code for issue in caught.value.issues} == {"C004"}


@pytest.mark.slow
def test_the_programme_2018_to_2020_and_the_year_after(tmp_path: Path) -> None:
    """The shipped example by the command line: the law of each year, a table each, and carried on from 2019."""
    home = tmp_path / "round"
    shutil.copytree(ROOT / "examples" / "programme-2018-2020", home)
    desk_ = CliRunner()
    done = desk_.invoke(desk, ["solve", str(home), "--lang", "en"], prog_name="landopt")
    assert done.exit_code == 0, done.output
    assert "2018: " in done.output
    assert "as it stands on 2018-09-30 and on 2018-12-31" in done.output
    assert "national rules point the other way" in done.output
    plan = json.loads((home / "plan" / "plan.json").read_text("utf-8"))
    when = {name: entry["period"] for entry in plan["assignments"] for name in entry["parcel_ids"]}
    raw = json.loads((home / "plan" / "case.json").read_text("utf-8"))
    ready = dict(zip(raw["parcels"]["ids"], raw["parcels"]["columns"]["net_land"], strict=True))
    assert all(ready[name] for name, period in when.items() if period == "2018")
    assert not all(ready[name] for name in when)
    laws = {rule["id"]: (rule["start"], rule["until"]) for rule in raw["rules"]}
    assert any(start == "2020-01-01" for start, _ in laws.values())
    assert any(until == "2020-01-01" for _, until in laws.values())
    assert desk_.invoke(desk, ["report", str(home / "plan"), "--xlsx", "--html"]).exit_code == 0
    sheets = openpyxl.load_workbook(home / "plan" / "report" / "tables.xlsx").sheetnames
    assert [name[-4:] for name in sheets if name[-4:].isdigit()] == ["2018", "2019", "2020"]
    assert 'id="f-period"' in (home / "plan" / "report" / "map.html").read_text("utf-8")

    first = [entry for entry in plan["assignments"] if entry["period"] == "2018"]
    failed, *contracted = (name for entry in first for name in entry["parcel_ids"])
    served = {entry["demand_id"] for entry in first} - {first[0]["demand_id"]}
    lines = (home / "parcels.csv").read_text("utf-8").splitlines()
    states = {failed: "failed", **dict.fromkeys(contracted, "contracted")}
    rows = [f"status,{lines[0]}", *(f"{states.get(line[:6], 'candidate')},{line}" for line in lines[1:])]
    (home / "parcels.csv").write_text("\n".join(rows) + "\n", "utf-8")
    wants = (home / "demands.csv").read_text("utf-8").splitlines()
    (home / "demands.csv").write_text("\n".join(line for line in wants if line[:5] not in served) + "\n", "utf-8")
    text = (home / "round.toml").read_text("utf-8").replace("as_of = 2018-09-30", "as_of = 2019-01-15")
    (home / "round.toml").write_text(text, "utf-8")
    words = ["solve", str(home), "-o", str(tmp_path / "next"), "--continue", str(home / "plan"), "--lang", "en"]
    done = desk_.invoke(desk, words, prog_name="landopt")
    assert done.exit_code == 0, done.output
    new = json.loads((tmp_path / "next" / "plan.json").read_text("utf-8"))
    case_ = json.loads((tmp_path / "next" / "case.json").read_text("utf-8"))
    locks = [rule["spec"] for rule in case_["rules"] if rule["origin"] == "ledger"]
    assert sorted(name for lock in locks for name in lock["parcels"]) == sorted(contracted)
    assert {lock["period"] for lock in locks} == {"2018"}
    kept = {(e["demand_id"], *e["parcel_ids"], e["method"], e["period"]) for e in plan["assignments"]}
    same = kept & {(e["demand_id"], *e["parcel_ids"], e["method"], e["period"]) for e in new["assignments"]}
    assert new["result"]["tiers"][-1]["objective"] == 1000 * len(same) > 10_000
    assert "2018" not in {entry["period"] for entry in new["assignments"]}
