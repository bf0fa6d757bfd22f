"""Draws of what may happen: seeded, each planned to its optimum, frequencies with their error, faults named."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from cli import desk
from constraints.case import Case
from landopt.reasons.many import stress as stress_runs
from landopt.reasons.many.draws import Stress, Vary, happening, read_stress
from landopt.reasons.many.scenario import Effort, named
from landopt.reasons.many.stress import Drawn, _without, frequency, mean, stress_csv, stress_plan
from landopt.reasons.texts import render_answer
from landopt.runs.execute import Ran
from landopt.runs.work import Task, Where, Work
from landopt.screening.law.kept import Kept
from landopt.screening.uncapped_sites import build_offers
from parcels.common.catalogue import Told
from parcels.common.issues import Refused
from tests.builders import case, demand, eligibility, limit, parcel, random_case
from tests.counts import seeds
from tests.landopt.decided import decided, offers_of, planned, plans, write_plan

FAR = (Vary("area", "", 600, Fraction(3, 5)), Vary("price", "", 500, Fraction(1, 2)))
ALL = (
    Vary("area", "", 100, Fraction(1, 10)),
    Vary("price", "use == 'IND'", 200, Fraction(1, 5)),
    Vary("budget", "", 300, Fraction(3, 10)),
    Vary("drop_out", "", 250, Fraction(1, 4)),
    Vary("failed_sale", "competitive", 500, Fraction(1, 2)),
)


def _round() -> tuple[Case, list[list[Any]]]:
    """Three parcels, two platforms, and the best plan."""
    land = [parcel(parcel_id="P1"), parcel(parcel_id="P2"), parcel(parcel_id="P3", status="reserve")]
    round_ = case(land, [demand(), demand()], [limit("p.quota", "", "<=", 25_000)])
    offers = offers_of(round_)
    return round_, named(round_, offers, plans(offers)[0][1])


def _one(what: str, part: str, where: str = "") -> Stress:
    return Stress(6, 1, (Vary(what, where, int(Fraction(part) * 1000), Fraction(part)),), ())


def test_where_nothing_happens_everything_survives() -> None:
    """A spread of nothing: the plan holds in every draw, the mean is today's score, without error."""
    round_, plan = _round()
    found = stress_plan(round_, _one("area", "0"), plan).found
    assert found["holds"]["survives"] == found["draws"] == 6
    assert (found["score"]["mean"], found["score"]["error"]) == (found["score"]["today"], 0)
    assert found["score"]["bound"] == found["score"]["mean"]
    assert {each["survives"] for each in (*found["choices"], *found["platforms"])} == {6}


def test_what_today_is_and_the_first_draw_leaves_is_told_before_any_draw_is_planned() -> None:
    """All platforms gone: nothing of the plan is left, said in both languages ahead of the runs."""
    round_, plan = _round()
    lines: list[Told] = []
    found = stress_plan(round_, _one("drop_out", "1"), plan, say=lines.append).found
    first = lines[0].text("en"), lines[0].text("zh")
    assert f"{found['score']['today'] / 1000:,.3f}" in first[0]
    assert f"leaves 0 of its {len(plan)} choices" in first[0]
    assert f"{len(plan)} 项安排中仍可行的有 0 项" in first[1]


def test_a_draw_takes_a_part_of_what_the_round_takes_unless_the_command_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """The round as it stands is solved first, from nothing; a limit or a count of nodes that is asked for is kept."""
    round_, plan = _round()
    limited = replace(round_, settings=replace(round_.settings, nodes=50))
    given: list[list[Mapping[str, Any]]] = []

    def heard(work: Work, tasks: Sequence[Task], where: Where, *rest: Any) -> Ran:
        given.append([task.given for task in tasks])
        today = {"stopped": "optimal", "seconds": 7.0}
        return Ran({task.key: today for task in tasks if task.given["draw"] == 0}, False)

    monkeypatch.setattr(stress_runs, "execute", heard)
    for one, effort, runs, seconds in (
        (round_, Effort(), [1, 6], 7.0),
        (round_, Effort(time_limit_s=60), [6], None),
        (limited, Effort(), [6], None),
    ):
        given.clear()
        stress_plan(one, _one("area", "0"), plan, effort=effort)
        assert [len(each) for each in given] == runs
        assert {each["seconds"] for each in given[-1]} == {seconds}
    today = Drawn(round_, _one("area", "0"), plan, Effort()).draw({"draw": 0})
    assert today["stopped"] == "optimal"
    assert 0 < today["seconds"] < 120


def test_ctrl_c_while_the_round_is_solved_as_it_stands_begins_no_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    round_, plan = _round()
    begun: list[int] = []

    def stopped(work: Work, tasks: Sequence[Task], where: Where, *rest: Any) -> Ran:
        begun.append(len(tasks))
        return Ran({}, True)

    monkeypatch.setattr(stress_runs, "execute", stopped)
    with pytest.raises(KeyboardInterrupt):
        stress_plan(round_, _one("area", "0"), plan)
    assert begun == [1]


def test_what_always_happens_is_borne_in_every_draw() -> None:
    """All platforms gone: none is served; every sale fails: no choice of that method survives, others may."""
    round_, plan = _round()
    gone = stress_plan(round_, _one("drop_out", "1"), plan).found
    assert {each["survives"] for each in gone["platforms"]} == {0}
    assert gone["score"]["mean"] == 0
    plan = [[ids, who, "listing", when] for ids, who, _, when in plan]
    failed = stress_plan(round_, _one("failed_sale", "1", "method == 'listing'"), plan).found
    assert {each["survives"] for each in failed["choices"]} == {0}
    assert failed["holds"]["survives"] == 0
    assert {each["survives"] for each in failed["platforms"]} == {6}, "served by another method"


@pytest.mark.parametrize("seed", planned(6))
def test_every_draw_is_planned_to_its_optimum(seed: int) -> None:
    """Whatever happens: the score is that of the best plan by enumeration; a plan that still holds is worth no more."""
    round_, offers, outcome = decided(seed)
    assert outcome.chosen is not None
    plan = named(round_, offers, outcome.chosen.tolist())
    stress = Stress(3, seed, ALL, ())
    drawn = Drawn(round_, stress, plan, Effort())
    for draw in (1, 2, 3):
        met = happening(round_, stress, plan, draw)
        every = plans(_without(met.case, offers_of(met.case), met.gone, met.failed))
        found = drawn.draw({"draw": draw, "reserve": None})
        assert found["objective"] == (list(every[0][0]) if every else None)
        if found["base"]["objective"] is not None:
            assert found["base"]["objective"] <= found["objective"]


@pytest.mark.parametrize("seed", seeds(6, 60))
def test_what_the_law_said_in_one_draw_is_said_again_only_where_nothing_it_reads_has_changed(seed: int) -> None:
    """Areas and prices far off, and limits of law on areas: the offers are those of a law asked anew, draw by draw."""
    round_ = random_case(seed)
    first = round_.parcels.column("area_m2")[0]
    cut = first if isinstance(first, int) else 10_000
    small = eligibility("t.small", f"site_area_m2 < {cut}", listing="condition", bid="forbid", lease="forbid")
    round_ = replace(round_, rules=tuple(sorted((*round_.rules, small), key=lambda rule: rule.id)))
    kept = Kept()
    for draw in range(1, 6):
        met = happening(round_, Stress(5, seed, FAR, ()), [], draw).case
        one, two = build_offers(met), build_offers(met, kept=kept)
        for name in ("site", "demand", "method", "term", "verdict", "floor", "price", "score"):
            assert np.array_equal(getattr(one, name), getattr(two, name)), name


def test_a_draw_hangs_on_nothing_but_its_seed_line_and_subject() -> None:
    """The same platforms withdraw whatever varies after them; other seeds draw otherwise; the shares come out right."""
    round_ = case([parcel()], [demand() for _ in range(40)], [])
    alone, more = (Stress(50, 7, ALL[3:4] + extra, ()) for extra in ((), ALL[:1]))
    one, two = ([happening(round_, each, [], draw).gone for draw in range(1, 51)] for each in (alone, more))
    assert one == two
    assert one != [happening(round_, Stress(50, 8, ALL[3:4], ()), [], draw).gone for draw in range(1, 51)]
    total = sum(map(len, one))
    assert abs(total - 500) < 4 * (2000 * 0.25 * 0.75) ** 0.5


@pytest.mark.slow
def test_draws_are_the_same_wherever_they_are_made_and_go_on(tmp_path: Path) -> None:
    """Processes and kept draws change nothing."""
    round_, plan = _round()
    stress = Stress(4, 3, ALL, ("P3",))
    one = stress_plan(round_, stress, plan)
    assert stress_plan(round_, stress, plan, where=Where(2), folder=tmp_path) == one
    assert stress_plan(round_, stress, plan, folder=tmp_path) == one


def test_the_reserve_parcel_that_helps_is_told_with_its_gain() -> None:
    """One parcel for two platforms: the reserve serves the second in every draw."""
    land = [
        parcel(parcel_id="P1"),
        parcel(parcel_id="P2", status="reserve"),
        parcel(parcel_id="P3", status="reserve", use="RES"),
    ]
    round_ = case(land, [demand(), demand()], [])
    offers = offers_of(round_)
    plan = named(round_, offers, plans(offers)[0][1])
    stress = Stress(3, 1, (Vary("area", "", 0, Fraction(0)),), ("P3", "P2"))
    found = stress_plan(round_, stress, plan).found["reserve"]
    assert [each["parcel_id"] for each in found] == ["P2", "P3"]
    assert found[0]["mean"] > 0 == found[0]["error"] == found[1]["mean"]


def test_a_quota_is_cut_and_never_raised() -> None:
    """By up to the part that is named."""
    round_, plan = _round()
    stress = _one("quota", "0.2", "p.quota")
    amounts = [happening(round_, stress, plan, d).case.rules[0].spec["values"][0]["amount"] for d in range(1, 30)]
    assert 20_000 <= min(amounts) < max(amounts) <= 25_000


def test_intervals_and_errors_are_the_textbook_ones() -> None:
    """Wilson, as in Brown, Cai and DasGupta (2001); the standard error of a mean."""
    assert (frequency(5, 10)["low"], frequency(5, 10)["high"]) == ("0.2366", "0.7634")
    assert (frequency(0, 10)["low"], frequency(0, 10)["high"]) == ("0.0000", "0.2775")
    assert frequency(0, 0)["low"] is None
    assert mean([1, 2, 3, 4]) == {"mean": 2, "error": 1}
    assert mean([5]) == {"mean": 5, "error": None}


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("[stress]\ndraws = 0\n[[vary]]\nwhat = 'area'\nby = '10%'", {"W013"}),
        ("[[vary]]\nwhat = 'weather'\nby = '10%'", {"W013"}),
        ("[[vary]]\nwhat = 'area'\nchance = '0.1'", {"W013"}),
        ("[[vary]]\nwhat = 'area'\nby = '200%'", {"W013"}),
        ("[[vary]]\nwhat = 'quota'\nwhere = 'none'\nby = '10%'", {"W013"}),
        ("[[vary]]\nwhat = 'area'\nwhere = 'colour == 1'\nby = '10%'", {"R009"}),
        ("[stress]\nreserve = ['P1']\ncolour = 1\n[[vary]]\nwhat = 'area'\nby = '10%'", {"W013"}),
        ("stress = 1", {"W013"}),
        ("", {"W004"}),
        ("[", {"W002"}),
    ],
)
def test_every_fault_of_a_stress_file_is_named(tmp_path: Path, text: str, codes: set[str]) -> None:
    """Refused with codes, nothing guessed."""
    path = tmp_path / "stress.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Refused) as refused:
        read_stress(path, _round()[0])
    assert {issue.code for issue in refused.value.issues} == codes


def test_the_command_tells_both_languages_and_writes_its_numbers(tmp_path: Path) -> None:
    """JSON as documented, a CSV line a choice and platform, text in English and Chinese."""
    folder = write_plan(tmp_path / "plan", _round()[0])
    file = tmp_path / "stress.toml"
    file.write_text("[stress]\nreserve = ['P3']\n[[vary]]\nwhat = 'drop_out'\nchance = '0.5'\n", encoding="utf-8")
    words = ["stress", str(folder), str(file), "--draws", "4", "--jobs", "1", "-o", str(tmp_path / "out")]
    done = CliRunner().invoke(desk, [*words, "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["draws"], found["interrupted"]) == (4, False)
    lines = (tmp_path / "out" / "stress.csv").read_text(encoding="utf-8")
    assert lines == stress_csv(found)
    assert len(lines.splitlines()) == 1 + len(found["choices"]) + len(found["platforms"])
    for lang, word in (("en", "most fragile"), ("zh", "最易落空")):
        assert word in render_answer("stress", found, lang)
        assert word in CliRunner().invoke(desk, [*words, "--lang", lang]).stdout
