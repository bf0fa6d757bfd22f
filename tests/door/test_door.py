"""The front door: lazy, silent, frames in and out, every refusal with all its findings."""

from __future__ import annotations

import datetime
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

import landopt as lo
from tests.door.conftest import Decided

ROOT = Path(__file__).parents[2]
HEAVY = ("numpy", "pandas", "geopandas", "pulp", "shapely", "networkx", "highspy", "jinja2", "landopt.api")


def test_importing_stays_light_and_shows_the_door() -> None:
    """``import landopt`` and ``dir`` load nothing heavy; asking the law needs the standard library alone."""
    code = f"""
import sys
import landopt as lo
assert set(dir(lo)) >= {{"read", "Round", "Refused", "ask", "audit", "Plan", "open_plan"}}, dir(lo)
early = [m for m in {HEAVY!r} if m in sys.modules]
assert lo.ask(use="RES", operator="pubinst", intending_users=1, as_of="2026-11-22")["agreement"].verdict
late = [m for m in {HEAVY!r} if m in sys.modules and m != "landopt.api"]
try:
    lo.reed
except AttributeError as wrong:
    assert "reed" in str(wrong)
else:
    early.append("reed")
sys.exit(",".join(early + late) or 0)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""


def test_every_name_of_the_door_can_be_had() -> None:
    """What ``dir`` shows is there, is listed by the module behind it, and says what it is."""
    from landopt import api

    names = [name for name in dir(lo) if not name.startswith("_")]
    assert sorted(api.__all__) == names
    for name in names:
        assert getattr(lo, name).__doc__


def test_a_plan_is_tables_with_the_numbers_of_plan_json(decided: Decided, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows, areas, ids and outlines of the tables are those of plan.json and of the parcels; nothing is printed."""
    plan, found = decided.plan, decided.plan.data
    table = plan.assignments
    assert isinstance(table, geopandas.GeoDataFrame)
    assert len(table) == len(found["assignments"]) > 0
    assert table.area_m2.sum() == sum(entry["area_m2"] for entry in found["assignments"])
    assert table.crs == decided.rnd.parcels.crs
    for row, entry in zip(table.itertuples(), found["assignments"], strict=True):
        assert row.parcel_ids.split(";") == entry["parcel_ids"]
        outlines = decided.rnd.parcels.geometry.loc[entry["parcel_ids"]]
        assert row.geometry.area == pytest.approx(outlines.area.sum(), rel=1e-9)
    assert list(plan.held.index) == [entry["parcel_id"] for entry in found["held"]]
    assert list(plan.unserved.index) == [entry["demand_id"] for entry in found["unserved"]]
    assert (plan.held.reasons_zh.str.len() > 0).all()
    assert list(plan.limits.rule) == [entry["rule"] for entry in found["limits"]]
    assert plan.objective == Decimal(found["result"]["tiers"][0]["objective"]) / 1000
    assert plan.bound >= plan.objective
    assert plan.gap <= Decimal("0.01")
    assert plan.reached
    assert plan.audit().stands
    assert lo.audit(decided.folder / "plan").stands
    assert capsys.readouterr() == ("", "")


def test_a_plan_shows_itself_offline_and_escaped(decided: Decided) -> None:
    """The HTML has a row a site and a path a parcel, loads nothing, and holds no raw text of the files."""
    page = decided.plan._repr_html_()
    assert page.count("<path ") == len(decided.rnd.parcels)
    assert page.count("<tr>") == len(decided.plan.assignments) + 1
    for word in ("src=", "href=", "url(", "<script", "@import"):
        assert word not in page
    assert page.count("http") == page.count("http://www.w3.org/2000/svg") == 1


def test_hostile_names_are_escaped_in_the_notebook(decided: Decided, monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform named as markup stays text."""
    data = {**decided.plan.data, "assignments": [dict(entry) for entry in decided.plan.data["assignments"]]}
    data["assignments"][0]["demand_id"] = "<script>alert(1)</script>"
    monkeypatch.setattr(type(decided.plan), "data", data)
    page = decided.plan._repr_html_()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_facts_survive_the_way_through_frames(decided: Decided) -> None:
    """Parcels and demands taken out as frames and put in again are the same canonical facts, every column of them."""
    rnd = decided.rnd
    layers = {"points": f"{decided.folder / 'my-round' / 'layers.gpkg'}|points"}
    again = lo.Round(rnd.parcels, rnd.demands, packs=rnd.case.packs, as_of="2026-03-31", layers=layers)
    for was, now in ((rnd.case.parcels, again.case.parcels), (rnd.case.demands, again.case.demands)):
        assert was.ids == now.ids
        for name in set(was.columns) | set(now.columns):
            assert was.column(name) == now.column(name), name
    assert again.case.distances == rnd.case.distances


def _land(count: int = 4, **columns: Any) -> geopandas.GeoDataFrame:
    """Squares of one hectare side by side, with the facts every parcel must have."""
    facts: dict[str, Any] = {
        "parcel_id": [f"P-{number}" for number in range(1, count + 1)],
        "use": "RES",
        "district": "Nansha",
        "land_source": "stock",
        "net_land": True,
        "converted": True,
        "expropriated": True,
        "ownership": "state",
        "in_annual_plan": True,
        **columns,
    }
    shapes = [box(440_000 + 150 * k, 2_520_000, 440_100 + 150 * k, 2_520_100) for k in range(count)]
    return geopandas.GeoDataFrame(facts, geometry=shapes, crs="EPSG:4547")


def _wants(**columns: Any) -> pd.DataFrame:
    facts: dict[str, Any] = {
        "demand_id": ["D-1", "D-2"],
        "platform_kind": "national",
        "operator": ["pubinst", "soe"],
        "uses": [["RES"], ("RES", "IND")],
        "area_min_m2": 9_000,
        "area_max_m2": np.int64(12_000),
        "priority": [90, 50],
        **columns,
    }
    return pd.DataFrame(facts)


CAP = {
    "rule": [
        {
            "id": "round.cap",
            "kind": "limit",
            "title": {"en": "one site", "zh": "一宗"},
            "cite": {"doc": "Notice", "article": "1", "number": "1", "rank": 0, "grade": "V1", "source": "own"},
            "from": datetime.date(2026, 1, 1),
            "where": "use == 'RES'",
            "measure": "count",
            "sense": "<=",
            "values": [{"amount": 1, "unit": "count"}],
        }
    ]
}


def test_a_round_from_frames_is_decided_under_its_own_policy(tmp_path: Path) -> None:
    """Frames with lists, truth values, missing dates and numpy numbers; the policy as tables, text and file alike."""
    import tomli_w

    text = tomli_w.dumps(CAP)
    (tmp_path / "cap.toml").write_text(text, encoding="utf-8")
    hashes = set()
    for policy in (CAP, text, tmp_path / "cap.toml", [CAP]):
        rnd = lo.Round(_land(), _wants(needed_by=[pd.NaT, pd.Timestamp("2027-01-31")]), policy=policy, as_of=DAY)
        plan = rnd.solve(gap="0")
        assert len(plan.assignments) == 1
        assert plan.assignments.demand_id[0] == "D-1"
        assert plan.audit().stands
        hashes.add(plan.data["plan_hash"])
    assert len(hashes) == 1
    assert len(lo.Round(_land(), _wants(), as_of=DAY).solve(limits={}).assignments) == 2
    wider = rnd.solve(limits={"round.cap": 2}, gap="0")
    assert len(wider.assignments) == 2
    moves = plan.diff(wider).moves
    assert list(moves.method_before.isna()) == [True]
    assert "round.cap" in set(plan.diff(wider).changes.id)


DAY = datetime.date(2026, 3, 31)


def test_every_problem_of_frames_comes_at_once() -> None:
    """A wrong use, a double id and an unknown operator are one refusal with a finding each."""
    with pytest.raises(lo.Refused) as refused:
        lo.Round(_land(use=["RES", "REZ", "RES", "RES"]), _wants(operator=["pubinst", "wizard"]), as_of=DAY)
    said = " ".join(issue.what for issue in refused.value.issues)
    assert "REZ" in said
    assert "wizard" in said
    with pytest.raises(lo.Refused) as refused:
        lo.Round(_land(parcel_id=["P-1", "P-1", "P-2", "P-3"]), _wants(), as_of=DAY)
    assert any("P-1" in issue.what for issue in refused.value.issues)


@pytest.mark.parametrize(
    ("ask", "code", "near"),
    [
        (lambda d: d.plan.whynot("NS-9"), "X002", "NS-"),
        (lambda d: d.plan.whynot(d.served, demand="D-999"), "X003", "D-"),
        (lambda d: d.plan.whynot(d.served, method="actoin"), "X016", "auction"),
        (lambda d: d.rnd.solve(limits={"round.cap.listing": 3}), "O007", "round.cap.listings"),
        (lambda d: d.rnd.solve(time_limit="soon"), "C004", "5m"),
        (lambda d: d.rnd.solve(gap="wide"), "C004", "0.001"),
        (lambda d: d.rnd.solve(fixes={d.served: "listin"}, reason="r", by="b"), "X016", "listing"),
        (lambda d: d.rnd.solve(overlays=["nowhere.toml"]), "R001", ""),
        (lambda d: lo.ask(use="REZ"), "R011", "RES"),
        (lambda d: lo.ask(as_of="yesterday", use="RES"), "C004", "2026"),
        (lambda d: lo.read("nowhere"), "C005", "landopt new"),
        (lambda d: lo.open_plan("nowhere"), "A001", ""),
        (lambda d: d.plan.save(d.folder / "my-round"), "E003", "new folder"),
    ],
)
def test_wrong_words_are_refused_behind_the_door(decided: Decided, ask: Any, code: str, near: str) -> None:
    """An unknown id, method, limit, date or place is a refusal with a code and the nearest right word, no traceback."""
    with pytest.raises(lo.Refused) as refused:
        ask(decided)
    issue = refused.value.issues[0]
    assert issue.code == code
    assert near in issue.maybe


def test_whynot_refuses_what_the_round_does_not_have(decided: Decided) -> None:
    """The function behind the door refuses a method and a period that are not the round's."""
    from landopt.reasons.whynot import whynot

    opened = decided.plan._opened
    for method, period, code in (("actoin", None, "X016"), ("auction", "2026-Q1", "X018")):
        with pytest.raises(lo.Refused) as refused:
            whynot(opened.context, opened.law, (0,), None, method, period)
        assert [issue.code for issue in refused.value.issues] == [code]


def test_no_lawful_plan_is_its_own_exception(decided: Decided) -> None:
    """A floor nobody can reach raises ``NoPlan``, which is a ``LandoptError`` with its findings."""
    with pytest.raises(lo.NoPlan) as none:
        decided.rnd.solve(limits={"round.floor.strategic": 999_000_000})
    assert isinstance(none.value, lo.LandoptError)
    assert none.value.issues


def test_why_not_answers_for_one_method_or_all(decided: Decided) -> None:
    """One method gives one reply, no method one a method; the chosen one is called so; a forbidden one names rules."""
    plan, served = decided.plan, decided.served
    replies = plan.whynot(served)
    assert list(replies) == [method.id for method in plan.case.methods]
    assert [name for name, reply in replies.items() if reply.state == "chosen"] == [
        plan.data["assignments"][0]["method"]
    ]
    for reply in replies.values():
        assert reply.text("zh") != reply.text("en")
        if reply.state == "forbidden":
            assert reply.rules
    lawful = next((reply for reply in replies.values() if reply.state == "lawful"), None)
    assert lawful is None or lawful.loss is not None


def test_progress_is_told_to_who_asks(decided: Decided) -> None:
    """A run is silent unless ``progress`` is given; then it hears lines."""
    said: list[str] = []
    rnd = lo.Round(_land(), _wants(), as_of=DAY)
    rnd.solve(progress=said.append)
    assert any("screening" in line for line in said)


def test_a_plan_outlives_its_round_and_is_saved_whole(decided: Decided, tmp_path: Path) -> None:
    """A plan of a temporary folder answers while it lives; saved, it opens again with the same tables."""
    plan = lo.Round(_land(), _wants(), as_of=DAY).solve()
    place = plan.save(tmp_path / "kept")
    again = lo.open_plan(place)
    pd.testing.assert_frame_equal(pd.DataFrame(again.assignments), pd.DataFrame(plan.assignments))
    assert lo.audit(place, complete=True).stands
    folder = plan.folder
    del plan
    import gc

    gc.collect()
    assert not folder.exists()
