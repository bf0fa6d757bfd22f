"""Fronts against enumeration: no point dominated, all points found where the floors are fine, none bought by slack."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli import desk
from constraints.case import Case
from landopt.reasons.many import tradeoff as fronts
from landopt.reasons.many.scenario import Effort, named
from landopt.reasons.many.tradeoff import Fronted, _answered, _waves, gap_text, tradeoff
from landopt.reasons.texts import render_answer
from landopt.report.pictures.fronts import front_csv, front_svg, front_table
from landopt.runs.execute import Ran
from landopt.runs.work import Task, Where
from parcels.common.issues import Refused
from tests.builders import case, demand, limit, parcel
from tests.landopt.decided import decided, planned, plans

Values = tuple[int, ...]


def _present(seed: int) -> tuple[Case, list[list[Any]]]:
    round_, offers, outcome = decided(seed)
    assert outcome.chosen is not None
    return round_, named(round_, offers, outcome.chosen.tolist())


def _every(round_: Case, between: Sequence[str], present: list[list[Any]]) -> set[Values]:
    """The values of every plan that misses soft limits no further than the one that stands."""
    here = Fronted(round_, between, present, Effort())
    return {tuple(axis.value(chosen) for axis in here.axes) for _, chosen in plans(here.held)}


def _true_front(every: set[Values]) -> set[Values]:
    def beaten(one: Values) -> bool:
        return any(other != one and all(b >= a for a, b in zip(one, other, strict=True)) for other in every)

    return {one for one in every if not beaten(one)}


def _points(front: Any, between: Sequence[str]) -> list[Values]:
    return [tuple(point["values"][name] for name in between) for point in front.points]


@pytest.mark.parametrize("seed", planned(6))
@pytest.mark.parametrize("between", [("served", "revenue"), ("revenue", "area"), ("area", "served", "revenue")])
def test_no_point_is_dominated_by_any_plan(seed: int, between: tuple[str, ...]) -> None:
    """All that is shown is on the true front, said to be proved; the best of the first part is there."""
    round_, present = _present(seed)
    every = _every(round_, between, present)
    front = tradeoff(round_, between, 5, present=present)
    points = _points(front, between)
    assert set(points) <= _true_front(every)
    assert points[0][0] == max(values[0] for values in every)
    assert all(point["nondominated"] and point["gap"] == "0.000000" for point in front.points)
    assert points == sorted(points, reverse=True)


def test_points_that_no_weights_would_find_are_found() -> None:
    """Three plans in a dent: the middle one is no best plan of any weighted sum, and stands on the front."""
    land = [parcel(parcel_id=f"P{n}", area_m2=area, appraised_price=price) for n, area, price in _DENT]
    round_ = case(land, [demand(area_min_m2=1_000, area_max_m2=15_000)], [limit("p.one", "", "<=", 1, measure="count")])
    between = ("area", "revenue")
    front = tradeoff(round_, between, 6)
    every = _every(round_, between, [])
    points = _points(front, between)
    assert set(points) == _true_front(every)
    assert len(points) == 3
    (a, b), (c, d), (e, f) = points
    assert (c - e) * (b - f) > (d - f) * (a - e), "the middle point lies below the line between the others"


_DENT = [("1", 10_000, 40_000), ("2", 6_000, 100_000), ("3", 5_000, 150_000)]


@pytest.mark.parametrize("seed", planned(5))
def test_fine_floors_give_the_whole_front(seed: int) -> None:
    """Against the parcels kept of the worst plan each number has its floor: every point of the front is found."""
    round_, offers, _ = decided(seed)
    present = named(round_, offers, plans(offers)[-1][1])
    between = ("revenue", "kept")
    front = tradeoff(round_, between, 12, present=present)
    assert set(_points(front, between)) == _true_front(_every(round_, between, present))


@pytest.mark.slow
@pytest.mark.parametrize("seed", planned(5))
@pytest.mark.parametrize("field", ["platform_kind", "district"])
def test_fairness_is_the_least_of_its_sums(seed: int, field: str) -> None:
    """No point is beaten in the first part at its fairness; the fairest plan is reached where halving gets so far."""
    round_, present = _present(seed)
    between = ("served", f"fairness:{field}")
    every = _every(round_, between, present)
    points = _points(tradeoff(round_, between, 4, present=present), between)
    for served, fair in points:
        assert served == max(a for a, b in every if b >= fair)
    if field == "platform_kind":
        assert max(fair for _, fair in points) == max(fair for _, fair in every)


def test_the_front_is_the_same_wherever_it_is_made_and_goes_on(tmp_path: Path) -> None:
    """Two processes, kept runs and one process give one front."""
    round_, present = _present(planned(1)[0])
    one = tradeoff(round_, ["served", "revenue"], 4, present=present)
    assert tradeoff(round_, ["served", "revenue"], 4, present=present, where=Where(2), folder=tmp_path) == one
    kept = (tmp_path / "results.jsonl").read_bytes()
    assert tradeoff(round_, ["served", "revenue"], 4, present=present, folder=tmp_path) == one
    assert (tmp_path / "results.jsonl").read_bytes() == kept


def test_what_is_no_part_is_refused_with_those_that_are() -> None:
    """Unknown names, one part alone, fairness alone."""
    round_, present = _present(planned(1)[0])
    for between, code in ((["served", "area:XXX"], "W010"), (["served"], "W011"), (["fairness:district"] * 2, "W011")):
        with pytest.raises(Refused) as refused:
            tradeoff(round_, between, present=present)
        assert [issue.code for issue in refused.value.issues] == [code]


def test_the_picture_and_the_numbers_say_what_the_table_says() -> None:
    """A point a dot, its values in the title; the CSV has them in whole units; both languages."""
    round_, present = _present(planned(1)[0])
    front = tradeoff(round_, ["served", "revenue"], 4, present=present).as_dict()
    lines = front_csv(front).splitlines()
    assert len(lines) == len(front["points"]) + 2
    assert lines[1].split(",")[1:3] == [str(front["points"][0]["values"][name]) for name in ("served", "revenue")]
    for lang, word in (("en", "the plan as it stands"), ("zh", "现行方案")):
        drawn = front_svg(front, lang)
        assert drawn.count("<circle") == len(front["points"])
        assert word in drawn
        assert len(render_answer("tradeoff", front_table(front, lang), lang).splitlines()) >= len(front["points"]) + 3
    assert gap_text(3, 4) == "0.333334"


def test_the_command_writes_table_picture_and_numbers(tmp_path: Path) -> None:
    """``--json`` has the shape that is documented; the files stand in the folder."""
    home, out = tmp_path / "round", tmp_path / "front"
    assert CliRunner().invoke(desk, ["new", str(home), "--parcels", "16", "--demands", "4"]).exit_code == 0
    words = ["tradeoff", str(home), "--between", "served,area", "-n", "2", "--jobs", "1"]
    done = CliRunner().invoke(desk, [*words, "-o", str(out), "--json", "--lang", "en"])
    assert done.exit_code == 0, done.output
    front = json.loads(done.stdout)
    assert {"values", "objective", "bound", "gap", "plan_id"} <= set(front["points"][0])
    assert {path.name for path in out.iterdir() if not path.name.startswith(".")} == {
        *("front.csv", "front.svg", "front.html", "front-maps.csv", "results.jsonl")
    }


def test_a_large_round_weighs_its_parts_and_skips_what_is_answered() -> None:
    """One programme a point, its bounds hold, and a floor is answered by a plan that is as good as any may be."""
    round_, present = _present(planned(1)[0])
    between = ("served", "revenue")
    here = Fronted(round_, between, present, Effort())
    here.large = True
    every = [dict(zip(between, values, strict=True)) for values in _every(round_, between, present)]
    first = here.point({"order": list(between), "floors": {}})
    assert first["most"] >= here.weighed(between, first["values"])
    for floor in sorted({values["revenue"] for values in every}):
        floors = {"revenue": floor}
        point = here.point({"order": list(between), "floors": floors})
        reaching = [values for values in every if values["revenue"] >= floor]
        assert here.weighed(between, point["values"]) == max(here.weighed(between, each) for each in reaching)
        for values in reaching:
            assert values["served"] <= point["bound"]["served"]
        if _answered(here, between, floors, [first]):
            assert first["values"]["revenue"] >= floor
            assert here.weighed(between, first["values"]) == here.weighed(between, point["values"])
    assert _waves([{"a": n} for n in range(5)])[0] == [{"a": 0}]
    assert sorted(each["a"] for wave in _waves([{"a": n} for n in range(7)]) for each in wave) == list(range(7))


@pytest.mark.parametrize("most", [None, 60])
def test_a_round_whose_ends_are_not_reached_in_time_weighs_its_parts(
    monkeypatch: pytest.MonkeyPatch, most: int | None
) -> None:
    """A small round too is given a time by its screening; where that did not do, a point is one programme."""
    round_, present = _present(planned(1)[0])
    given: list[Mapping[str, Any]] = []
    here = Fronted(round_, ["served", "revenue"], present, Effort())

    def heard(work: Any, tasks: Sequence[Task], *rest: Any) -> Ran:
        given.extend(task.given for task in tasks)
        return Ran({task.key: {**here.point(task.given), "stopped": "limit", "gap": "0.5"} for task in tasks}, False)

    monkeypatch.setattr(fronts, "execute", heard)
    front = tradeoff(round_, ["served", "revenue"], 4, present=present, effort=Effort(time_limit_s=most))
    ends, between = ([each for each in given if bool(each["floors"]) is floors] for floors in (False, True))
    assert [each.get("together", False) for each in ends] == [False, False, *[True] * (2 if most is None else 0)]
    assert {each.get("together", False) for each in between} <= {most is None}
    assert {"seconds" in each for each in given} == {most is None}
    assert all(set(point) >= {"values", "bound", "gap"} and "together" not in point for point in front.points)
