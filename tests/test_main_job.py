"""The main job from the desk: files in, plan folder out, exit codes, messages, JSON."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli import desk
from constraints.canonical import canonical
from landopt.solving.process.child import caps_memory
from tests.places import EXAMPLE

ROOT = Path(__file__).parent.parent


def call(*words: str | Path) -> Result:
    """Run one command of the desk in this process."""
    return CliRunner().invoke(desk, [str(word) for word in words], prog_name="landopt")


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plan folder of the example round."""
    folder = tmp_path_factory.mktemp("job") / "plan"
    done = call("solve", EXAMPLE, "-o", folder, "--lang", "en")
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the example round to spoil."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "round", ignore=shutil.ignore_patterns("plan")))


def test_the_plan_folder_holds_its_files_and_nothing_else(plan: Path) -> None:
    """Plan, case, offers, proof and GeoPackage; no temporary file is left beside it."""
    assert {path.name for path in plan.iterdir()} == {
        "plan.json",
        "case.json",
        "offers.jsonl.gz",
        "proof.json",
        "plan.gpkg",
    }
    assert [path.name for path in plan.parent.iterdir()] == ["plan"]


def test_plan_json_has_the_fields_of_the_format(plan: Path) -> None:
    """Every key of docs/plan.md is there, with the right kind of value."""
    data: dict[str, Any] = json.loads((plan / "plan.json").read_text("utf-8"))
    assert {"schema", "plan_id", "plan_hash", "case", "result", "assignments", "held", "unserved", "limits"} <= set(
        data
    )
    assert {"overrides", "justification"} <= set(data)
    assert data["schema"] == "landopt.plan/1"
    assert {"digest", "round", "as_of", "inputs", "packs", "versions"} <= set(data["case"])
    assert {"stopped", "bound_scope", "ties", "tiers"} <= set(data["result"])
    for tier in data["result"]["tiers"]:
        assert set(tier) == {"objective", "bound", "solver_bound", "proven_gap"}
        gap = (tier["bound"] - tier["objective"]) / max(1, abs(tier["objective"]))
        assert 0 <= float(tier["proven_gap"]) - gap < 1e-5
    keys = "parcel_ids area_m2 use land_source district demand_id role method right period term_years floor_price "
    keys += "start_price_yuan expected_price_yuan deposit_yuan verdict conditions rules timetable score"
    for entry in data["assignments"]:
        assert set(entry) == set(keys.split())
        assert entry["role"] in ("assignee", "intended_user", "market")
        assert set(entry["timetable"][0]) == {"step", "earliest", "latest", "rule"}
    assert all(set(entry) == {"parcel_id", "reasons"} for entry in data["held"])
    assert all(entry["reasons"] for entry in (*data["held"], *data["unserved"]))
    hashed = [
        {name: entry[name] for name in ("parcel_ids", "demand_id", "method", "period", "term_years")}
        for entry in data["assignments"]
    ]
    assert data["plan_hash"] == hashlib.sha256(canonical(sorted(hashed, key=canonical))).hexdigest()


def test_every_parcel_and_platform_is_accounted_for(plan: Path) -> None:
    """Supplied + held = all parcels; served + unserved = all platforms; nothing twice."""
    data = json.loads((plan / "plan.json").read_text("utf-8"))
    case = json.loads((plan / "case.json").read_text("utf-8"))
    supplied = [name for entry in data["assignments"] for name in entry["parcel_ids"]]
    held = [entry["parcel_id"] for entry in data["held"]]
    assert sorted(supplied + held) == case["parcels"]["ids"]
    served = [entry["demand_id"] for entry in data["assignments"] if entry["demand_id"]]
    assert sorted(served + [entry["demand_id"] for entry in data["unserved"]]) == case["demands"]["ids"]


def test_competitive_methods_never_name_a_winner(plan: Path) -> None:
    """Under bid, auction and listing the platform is the intended user; agreement prints its fallback."""
    data = json.loads((plan / "plan.json").read_text("utf-8"))
    for entry in data["assignments"]:
        if entry["method"] in ("bid", "auction", "listing", "lease", "lease_then_grant"):
            assert entry["role"] in ("intended_user", "market")
    for record in data["justification"]:
        if record["kind"] == "assignment" and record["method"] == "agreement":
            assert record["fallback"]


def test_the_map_file_has_parcels_and_sites(plan: Path) -> None:
    """plan.gpkg: every parcel with its state, every site with its method."""
    geopandas = pytest.importorskip("geopandas")
    data = json.loads((plan / "plan.json").read_text("utf-8"))
    parcels = geopandas.read_file(plan / "plan.gpkg", layer="parcels")
    sites = geopandas.read_file(plan / "plan.gpkg", layer="sites")
    assert len(sites) == len(data["assignments"])
    assert set(parcels["state"]) == {"supplied", "held"}
    assert parcels.geometry.crs.to_epsg() == 4526
    held = parcels[parcels["state"] == "held"]
    assert held["reasons_en"].notna().all()
    assert held["reasons_zh"].notna().all()


def test_the_same_round_gives_the_same_plan(plan: Path, copy: Path, tmp_path: Path) -> None:
    """Shuffled rows of demands give the same plan hash and the same case digest."""
    path = copy / "demands.csv"
    with path.open(encoding="utf-8-sig", newline="") as stream:
        head, *rows = list(csv.reader(stream))
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows([head, *reversed(rows)])
    done = call("solve", copy, "-o", tmp_path / "again")
    assert done.exit_code == 0, done.output
    first = json.loads((plan / "plan.json").read_text("utf-8"))
    again = json.loads((tmp_path / "again" / "plan.json").read_text("utf-8"))
    assert first["plan_hash"] == again["plan_hash"]


def test_explain_audit_and_model_work_on_the_folder(plan: Path, tmp_path: Path) -> None:
    """The other commands of the main job run on the plan and print JSON where asked."""
    data = json.loads((plan / "plan.json").read_text("utf-8"))
    one = data["assignments"][0]["parcel_ids"][0]
    for lang, word in (("en", "Parcel"), ("zh", "宗地")):
        done = call("explain", plan, "--parcel", one, "--lang", lang)
        assert done.exit_code == 0, done.output
        assert word in done.output
    assert json.loads(call("explain", plan / "plan.json", "--parcel", one, "--json").stdout)
    audited = call("audit", plan, "--json")
    assert audited.exit_code == 0, audited.output
    json.loads(audited.stdout)
    done = call("model", EXAMPLE, "--mps", tmp_path / "m.mps", "--offers", tmp_path / "o.csv", "--json")
    assert done.exit_code == 0, done.output
    with (tmp_path / "o.csv").open(encoding="utf-8-sig", newline="") as stream:
        table = list(csv.DictReader(stream))
    assert len(table) == json.loads(done.stdout)["offers"]
    assert [row["column"] for row in table] == [f"x{k}" for k in range(len(table))]
    columns = "column parcel_ids demand_id method right period term_years area_m2 floor_price score verdict rows rules"
    assert list(table[0]) == columns.split()


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("round.toml", 'demands = "demands.csv"', 'demands = "demand.csv"', "demands.csv"),
        ("round.toml", "use_codes", "use_code", "use_codes"),
        ("policy.toml", "land_source == 'new'", "land_sorce == 'new'", "land_source"),
        ("policy.toml", 'kind = "limit"', 'kind = "limits"', "limit"),
        ("demands.csv", ",RES,", ",REZ,", "RES"),
        ("demands.csv", "area_min_m2", "area_mim_m2", "area_min_m2"),
    ],
)
def test_a_typing_error_gets_what_where_and_maybe(copy: Path, file: str, old: str, new: str, says: str) -> None:
    """A wrong file, key, column, rule or code is refused with exit 1, its place and the nearest right word."""
    path = copy / file
    text = path.read_text(encoding="utf-8-sig")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    done = call("solve", copy)
    assert done.exit_code == 1
    assert file in done.stderr
    assert "Maybe" in done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.output
    assert not (copy / "plan").exists()


def test_all_problems_come_at_once(copy: Path) -> None:
    """One run names a problem of the demands and a problem of the policy together."""
    for file, old, new in (("policy.toml", "land_source ==", "land_sorce =="), ("demands.csv", ",RES,", ",REZ,")):
        text = (copy / file).read_text(encoding="utf-8-sig").replace(old, new, 1)
        (copy / file).write_text(text, encoding="utf-8")
    done = call("check", copy, "--json")
    assert done.exit_code == 1
    found = json.loads(done.stdout)["issues"]
    for file in ("policy.toml", "demands.csv"):
        assert any(file in issue["where"] for issue in found)


def test_impossible_limits_exit_3_and_point_to_diagnose(copy: Path) -> None:
    """A floor nobody can reach: exit 3, no folder, the command that tells why."""
    done = call("solve", copy, "--set", "round.floor.strategic:amount=999000000")
    assert done.exit_code == 3, done.output
    assert "landopt diagnose" in done.stderr
    assert not (copy / "plan").exists()


def test_a_folder_that_is_no_plan_is_never_replaced(copy: Path, tmp_path: Path) -> None:
    """-o DIR with somebody's files in it is refused (exit 6) and left alone."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.docx").write_text("x", "utf-8")
    done = call("solve", copy, "-o", tmp_path / "mine")
    assert done.exit_code == 6
    assert (tmp_path / "mine" / "thesis.docx").exists()


def test_wrong_options_are_usage_errors() -> None:
    """A time or gap that is none: exit 2 or 1 with the form expected."""
    assert call("solve", EXAMPLE, "--time-limit", "soon").exit_code == 2
    done = call("solve", EXAMPLE, "--gap", "wide")
    assert done.exit_code == 1
    assert "0.001" in done.stderr
    for size in ("much", "0G", "800", "1.5G", "２G"):
        done = call("solve", EXAMPLE, "--memory", size)
        assert (done.exit_code, "800M or 2G" in done.stderr) == (2, True), size


def test_fault_67_memory_is_refused_beforehand_or_at_the_limit(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below the estimate: S015, no folder. A child at its limit: S013, exit 6 without a plan, else the plan it had."""
    done = call("solve", copy, "--memory", "400M", "--lang", "en")
    assert (done.exit_code, "S015" in done.stderr, "limit is 400 MB" in done.stderr) == (6, True, True), done.output
    assert not (copy / "plan").exists()
    if not caps_memory():
        return
    monkeypatch.setattr("landopt.solving.solver.memory_needed", lambda _offers: 0)
    done = call("solve", copy, "--memory", "100M", "--lang", "en")
    assert (done.exit_code, "S013" in done.stderr, "100 MB" in done.stderr) == (6, True, True), done.output
    assert "raise --memory" in done.stderr
    assert not (copy / "plan").exists()
    (tmp_path / "fake.py").write_text(DYING, "utf-8")
    monkeypatch.setattr("landopt.solving.process.child_handle.COMMAND", (str(tmp_path / "fake.py"),))
    done = call("solve", copy, "--memory", "1g", "--gap", "0.1", "--lang", "zh")
    assert done.exit_code in (0, 4), done.output
    assert "S013" in done.stderr
    assert "求解器用尽 1000 MB 的内存上限；已保留其找到的最好方案" in done.stderr
    assert json.loads((copy / "plan" / "plan.json").read_text("utf-8"))["result"]["stopped"] == "failed"
    assert call("audit", copy / "plan").exit_code == 0


DYING = """
import os, sys
from pathlib import Path
from landopt.solving.process import child
real = child.run
def run(folder, request, hear):
    real(folder, request, hear)
    return [bytearray(10**8) for _ in range(100)]
child.run = run
os._exit(child.main(Path(sys.argv[1])))
"""


def test_a_system_that_cannot_cap_a_process_is_named(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows and macOS: the limit is held against the estimate; the desk says that it is no cap."""
    monkeypatch.setattr("landopt.solving.process.child.caps_memory", lambda: False)
    done = call("solve", copy, "--memory", "2G", "--lang", "en", "--gap", "0.1")
    assert done.exit_code == 0, done.output
    assert "cannot cap a process" in done.stderr


def test_a_plan_found_before_the_solver_failed_is_kept(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Why it stopped is apart from what we hold: the solver dies, its best plan stands, audited, with its bound."""
    import dataclasses

    import landopt.solving.solver
    from parcels.common.issues import error

    solve = landopt.solving.solver.solve

    def dying(*arguments: Any, **keywords: Any) -> Any:
        done = solve(*arguments, **keywords)
        died = error("S012", "the solver ended without a word", "solver", "Run it again.")
        return dataclasses.replace(done, stopped="failed", ties={"status": "not examined"}, issues=(died,))

    monkeypatch.setattr(landopt.solving.solver, "solve", dying)
    done = call("solve", copy, "--gap", "0.01")
    assert done.exit_code == 0, done.output
    assert "S012" in done.stderr
    data = json.loads((copy / "plan" / "plan.json").read_text("utf-8"))
    assert data["result"]["stopped"] == "failed"
    assert call("audit", copy / "plan").exit_code == 0


def test_the_neighbours_are_written_as_a_graph(tmp_path: Path) -> None:
    """``model --graph``: a node a parcel, the joints marked; what was there and edited stays."""
    import networkx as nx

    done = call("model", EXAMPLE, "--graph", tmp_path / "parcels.graphml", "--lang", "en")
    assert done.exit_code == 0, done.output
    graph = nx.read_graphml(tmp_path / "parcels.graphml")
    assert len(graph) == 160
    assert {name for name, joint in graph.nodes(data="joint") if joint} == set(nx.articulation_points(graph))
