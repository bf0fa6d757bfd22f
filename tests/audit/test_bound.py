"""The case is bound to the law and to its round; words, layers and other files are checked; forgeries are breaches."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli import desk
from constraints.audit.bound.round_text import read_round_text
from constraints.audit.finding import AuditReport
from constraints.case import to_json
from landopt.intake.assemble import read_round
from landopt.keeping.ledger.locks import lock_issues
from landopt.keeping.whole_audit import whole_audit
from landopt.report.gis.plan_layers import write_plan_gpkg
from tests.audit.mutants import Content, load, reseal, save
from tests.places import EXAMPLE

ROOT = Path(__file__).parents[2]


def audited(folder: Path, *, complete: bool = False) -> AuditReport:
    return whole_audit(folder, rewrite=write_plan_gpkg, complete=complete)


def forged(solved: Path, target: Path, change: Callable[[Content], Any]) -> Path:
    """The plan with something changed and every digest made anew."""
    shutil.copytree(solved, target)
    content = load(solved)
    change(content)
    save(target, reseal(content))
    return target


def test_the_desks_plan_stands_and_says_so(solved: Path) -> None:
    """Screened again in full, with every word made again and every cell of the layers compared."""
    report = audited(solved, complete=True)
    assert report.breaches == ()
    assert report.verdict == "stands", report.unchecked
    assert report.exit_code(complete=True) == 0
    assert {check.name for check in report.checks} >= {"bound", "words", "calendar", "gpkg", "files", "complete"}
    drawn = audited(solved)
    assert (drawn.verdict, drawn.exit_code(False), drawn.exit_code(True)) == ("stands as far as checked", 0, 5)
    assert drawn.completeness is not None
    assert drawn.completeness.seed is not None
    assert drawn.completeness.seed.bit_length() > 64


def _rule(content: Content, name: str) -> dict[str, Any]:
    return next(rule for rule in content["case.json"]["rules"] if rule["id"] == name)


def _policy_rule(content: Content) -> dict[str, Any]:
    return next(
        rule for rule in content["case.json"]["rules"] if rule["origin"] == "policy" and rule["kind"] == "limit"
    )


def _own(**given: Any) -> dict[str, Any]:
    cite = {"doc": "x", "article": "1", "number": "", "rank": 0, "grade": "U", "source": ""}
    base: dict[str, Any] = {"id": "round.own", "kind": "preference", "start": "2020-01-01", "until": None}
    base |= {"when": "in_pbf < 0", "date_grade": "", "origin": "policy"}
    base |= {"title": {"en": "x", "zh": "某"}, "cite": cite, "domain": []}
    return {**base, "spec": {"methods": ["listing"], "points": 0, "points_per_ha": 0}, "exception_to": [], **given}


FORGERIES: dict[str, Callable[[Content], Any]] = {
    "a rule of law said to be of the policy": lambda c: _rule(c, "cn.lal.art44").update(
        origin="policy", when="area_m2 < 0"
    ),
    "a rule of law with another verdict": lambda c: _rule(c, "cn.lal.art44")["spec"]["verdict"].update(lease="warn"),
    "a rule of law left out": lambda c: c["case.json"]["rules"].remove(_rule(c, "cn.lal.art44")),
    "a title of a rule of law": lambda c: _rule(c, "cn.lal.art44")["title"].update(zh="某"),
    "an article of a citation": lambda c: _rule(c, "cn.lal.art44")["cite"].update(article="第一条"),
    "no packs": lambda c: c["case.json"].update(packs=[]),
    "fewer packs": lambda c: c["case.json"]["packs"].pop(),
    "an amount of the policy": lambda c: _policy_rule(c)["spec"]["values"][0].update(amount=10**9),
    "a rule of the policy left out": lambda c: c["case.json"]["rules"].remove(_policy_rule(c)),
    "a rule no file holds": lambda c: c["case.json"]["rules"].append(_own()),
    "a rule said to be of the ledger": lambda c: c["case.json"]["rules"].append(_own(id="ledger.1", origin="ledger")),
    "a fix that silences law": lambda c: c["case.json"]["rules"].append(
        _own(
            id="override.1.x.exception",
            origin="override",
            kind="eligibility",
            exception_to=["cn.lal.art44"],
            spec={"verdict": {"allocation": "condition"}, "condition": {"en": "x", "zh": "某"}},
        )
    ),
    "a method open by default": lambda c: c["case.json"]["methods"][0].update(default="permit"),
    "no statutory days": lambda c: c["case.json"]["methods"][4].update(statutory_days=0),
    "listing is not competitive": lambda c: c["case.json"]["methods"][4].update(competitive=False),
    "a method left out": lambda c: c["case.json"]["methods"].pop(),
    "a name of a method": lambda c: c["case.json"]["methods"][0]["title"].update(zh="出让"),
    "no cap": lambda c: c["case.json"]["settings"].update(site_cap=0),
    "other verdicts": lambda c: c["case.json"]["settings"].update(verdicts=["permit"]),
    "forbid among the verdicts": lambda c: c["case.json"]["settings"]["verdicts"].append("forbid"),
    "other adjacency": lambda c: c["case.json"]["settings"].update(adjacency_m="2"),
    "another weight": lambda c: c["case.json"]["objective"]["weights"].update(served="101"),
    "another ladder of ties": lambda c: c["case.json"]["objective"].update(ties=[]),
    "another market": lambda c: c["case.json"]["market"]["uses"].pop(),
    "another authority": lambda c: c["case.json"]["round"].update(authority="某局"),
    "another reduction rate": lambda c: c["case.json"]["round"].update(land_reduction_rate="0.06"),
    "another purpose": lambda c: c["case.json"]["round"].update(purpose="annual_plan"),
    "a working day": lambda c: c["case.json"]["calendar"].remove(c["case.json"]["calendar"][9]),
    "round.toml not among the inputs": lambda c: c["case.json"].update(
        inputs=[e for e in c["case.json"]["inputs"] if e["name"] != "round.toml"]
    ),
    "a layer not among the inputs": lambda c: c["case.json"].update(
        inputs=[e for e in c["case.json"]["inputs"] if e["name"] != "layers.gpkg"]
    ),
    "round.toml rewritten": lambda c: c["case.json"]["sources"][0].update(
        text=c["case.json"]["sources"][0]["text"].replace("permit", "warn", 1)
    ),
    "the policy rewritten": lambda c: c["case.json"]["sources"][1].update(
        text=c["case.json"]["sources"][1]["text"].replace("38000", "99000", 1)
    ),
    "no policy": lambda c: c["case.json"]["sources"].pop(),
    "no round.toml": lambda c: c["case.json"]["sources"].pop(0),
    "an overlay that was not": lambda c: c["case.json"]["overlays"].append("round.cap.listings:amount=40"),
    "another outline": lambda c: c["case.json"].update(outlines="0" * 64),
}


def _sampled(names: dict[str, Any]) -> list[Any]:
    """Every seventh by default, the others among the slow ones."""
    return [pytest.param(name, marks=[pytest.mark.slow] if at % 7 else []) for at, name in enumerate(names)]


@pytest.mark.parametrize("name", _sampled(FORGERIES))
def test_a_case_not_bound_to_the_law_is_a_breach(solved: Path, tmp_path: Path, name: str) -> None:
    """With all digests made anew; by the whole audit and, but for the calendar, by the standard library alone."""
    report = audited(forged(solved, tmp_path / "forged", FORGERIES[name]))
    assert report.verdict == "breach"
    assert not report.stands


def _record(content: Content, kind: str, number: int = 0) -> dict[str, Any]:
    found = [record for record in content["plan.json"]["justification"] if record["kind"] == kind]
    one: dict[str, Any] = found[number]
    return one


def _plan(content: Content) -> dict[str, Any]:
    plan: dict[str, Any] = content["plan.json"]
    return plan


LIES: dict[str, Callable[[Content], Any]] = {
    "the name of a platform": lambda c: _record(c, "assignment").update(platform="某"),
    "a method in the reasons": lambda c: _record(c, "assignment").update(method="auction"),
    "a term in the reasons": lambda c: _record(c, "assignment").update(term_years=71),
    "a price in the reasons": lambda c: _record(c, "assignment")["price"].update(expected_yuan=1),
    "a formula": lambda c: _record(c, "assignment", 1)["price"].update(formula="max(1, 2)"),
    "an article cited": lambda c: next(iter(_plan(c)["citations"].values())).update(article="第一条"),
    "a document cited": lambda c: next(iter(_plan(c)["citations"].values())).update(doc="某办法"),
    "a reason of a held parcel": lambda c: _plan(c)["held"][0]["reasons"][0].update(zh="自愿放弃"),
    "a rule behind it": lambda c: _plan(c)["held"][0]["reasons"][0].update(rule="cn.lal.art2"),
    "a count of reasons": lambda c: _record(c, "held")["reasons"][0].update(count=99),
    "a reason of a platform": lambda c: _plan(c)["unserved"][0]["reasons"][0].update(en="withdrew"),
    "lawful offers of a platform": lambda c: _record(c, "unserved").update(lawful=0),
    "a step of a timetable": lambda c: next(iter(_plan(c)["timetables"].values()))[0].update(zh="免公告"),
    "a day of a timetable": lambda c: next(iter(_plan(c)["timetables"].values()))[0].update(earliest="2026-01-01"),
    "the unit of a limit": lambda c: _plan(c)["limits"][0].update(unit="ha"),
    "the identifier of the plan": lambda c: _plan(c).update(plan_id="other/P-00000000"),
    "the title of the round": lambda c: _plan(c)["case"]["title"].update(zh="某"),
    "a proven loss": lambda c: _record(c, "assignment")["others"][0].update(loss=10**9),
    "a cut-off": lambda c: _record(c, "plan")["cutoffs"][0].update(rivals=99),
    "optimal": lambda c: _record(c, "plan").update(optimal=not _record(c, "plan")["optimal"]),
    "the totals": lambda c: _record(c, "plan")["methods"][0].update(area_m2=1),
    "a record left out": lambda c: _plan(c)["justification"].pop(3),
    "a field nobody knows": lambda c: _record(c, "assignment").update(remark="urgent"),
}


@pytest.mark.parametrize("name", _sampled(LIES))
def test_a_false_word_is_a_breach(solved: Path, tmp_path: Path, name: str) -> None:
    """What is printed on the sheet that is signed is made again, word for word."""
    report = audited(forged(solved, tmp_path / "forged", LIES[name]))
    assert report.verdict == "breach"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE parcels SET method = 'auction' WHERE state = 'supplied'",
        "UPDATE parcels SET state = 'supplied' WHERE state = 'held'",
        "UPDATE parcels SET reasons_zh = '某' WHERE state = 'held'",
        "UPDATE parcels SET area_m2 = area_m2 + 1",
        "UPDATE parcels SET geom = (SELECT geom FROM parcels p ORDER BY fid DESC LIMIT 1) WHERE fid = 1",
        "UPDATE sites SET start_price_yuan = 1 WHERE fid = 1",
        "DELETE FROM sites WHERE fid = 1",
        "INSERT INTO sites (site, method) VALUES ('X', 'listing')",
        "CREATE TABLE remarks (text TEXT)",
        "CREATE VIEW endless AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n",
    ],
)
def test_layers_that_say_something_else_are_a_breach(solved: Path, tmp_path: Path, change: str) -> None:
    """``plan.gpkg`` against ``plan.json``: rows, cells, outlines, tables."""
    target = tmp_path / "forged"
    shutil.copytree(solved, target)
    with sqlite3.connect(target / "plan.gpkg") as store:
        for (name,) in list(store.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")):
            store.execute(f'DROP TRIGGER "{name}"')
        store.execute(change)
    report = audited(target)
    assert report.verdict == "breach"
    assert {breach.rule for breach in report.breaches} == {"plan.gpkg"}


def test_styles_are_told(solved: Path, tmp_path: Path) -> None:
    """A legend that says something else keeps a plan from standing."""
    target = tmp_path / "forged"
    shutil.copytree(solved, target)
    with sqlite3.connect(target / "plan.gpkg") as store:
        store.execute("UPDATE layer_styles SET styleQML = replace(styleQML, 'label=', 'label= ')")
    report = audited(target)
    assert not report.stands
    assert "plan.gpkg" in {each.what for each in report.unchecked}


def test_other_files_are_told_as_written_edited_or_foreign(solved: Path, tmp_path: Path) -> None:
    """The last two give at best ``stands as far as checked``, and exit 5 where everything was to be checked."""
    target = tmp_path / "plan"
    shutil.copytree(solved, target)
    report = target / "report"
    report.mkdir()
    (report / "map.html").write_bytes(b"map")
    (report / "tables.xlsx").write_bytes(b"tables")
    sums = {name: [hashlib.sha256((report / name).read_bytes()).hexdigest()] for name in ("map.html", "tables.xlsx")}
    (target / ".report.written.json").write_text(json.dumps(sums), encoding="utf-8")
    assert audited(target, complete=True).verdict == "stands"
    (report / "tables.xlsx").write_bytes(b"edited")
    (target / "letter.txt").write_bytes(b"foreign")
    found = audited(target, complete=True)
    assert found.verdict == "stands as far as checked"
    assert [str(each.said) for each in found.unchecked if each.what == "file"] == [
        "letter.txt: foreign",
        "report/tables.xlsx: edited",
    ]
    done = CliRunner().invoke(desk, ["audit", str(target), "--complete", "--lang", "zh"])
    assert done.exit_code == 5
    assert "写出后已被改动" in done.output


def test_a_scenario_never_stands(tmp_path: Path) -> None:
    """A fact put in place of the one on file: told, with the cell, and nothing adopts it."""
    overlay = tmp_path / "early.toml"
    overlay.write_text('[[fact]]\nparcel = "NS-0004"\nfield = "converted"\nvalue = true\nscenario = "early"\n', "utf-8")
    place = tmp_path / "plan"
    done = CliRunner().invoke(
        desk, ["solve", str(EXAMPLE), "-o", str(place), "--nodes", "1", "--overlay", str(overlay)]
    )
    assert done.exit_code in (0, 4), done.output
    report = audited(place, complete=True)
    assert report.breaches == ()
    assert report.scenario
    assert report.verdict == "stands as far as checked"
    assert not report.stands
    assert any("NS-0004 converted" in str(each.said) for each in report.unchecked)
    content = load(place)
    content["case.json"]["scenario"] = []
    save(place, reseal(content))
    assert audited(place).verdict == "breach"


def test_a_seed_given_by_hand_is_no_draw(solved: Path) -> None:
    """It is printed as such, and says nothing of the platforms that were not screened."""
    report = whole_audit(solved, seed=7, sample=8)
    found = report.completeness
    assert found is not None
    assert found.missed == found.total - found.checked
    assert "given by hand" in found.said.text()
    assert found.as_dict()["drawn"] == "by hand"


def test_two_readings_of_round_toml_agree(tmp_path: Path) -> None:
    """The audit's own reading gives what the reader of rounds gives."""
    case = to_json(read_round(EXAMPLE).ready())
    said = read_round_text((EXAMPLE / "round.toml").read_text(encoding="utf-8"))
    assert said["packs"] == case["packs"]
    assert {name: said["round"][name] for name in case["round"]} == case["round"]
    assert said["settings"] == case["settings"]
    assert said["market"] == case["market"]
    assert said["objective"] == case["objective"]
    names = {entry["name"] for entry in case["inputs"]}
    assert set(said["files"]) | {"round.toml", *said["policy"]} == names
    assert tomllib.loads(case["sources"][1]["text"])


@pytest.fixture
def opened(solved: Path, tmp_path: Path) -> Path:
    """The example as an opened round, with its plan in it."""
    place = tmp_path / "round"
    shutil.copytree(EXAMPLE, place)
    done = CliRunner().invoke(desk, ["round", "open", str(place), "--by", "officer 2"])
    assert done.exit_code == 0, done.output
    shutil.copytree(solved, place / "plan")
    return place


def _adopt(place: Path) -> Any:
    words = ["round", "adopt", str(place), str(place / "plan"), "--document", "Doc 1", "--by", "officer 2", "--json"]
    return CliRunner().invoke(desk, words)


def test_an_adoption_is_audited_as_a_whole_and_says_who(opened: Path) -> None:
    """The entry holds the verdict, and account and machine beside the name as given."""
    done = _adopt(opened)
    assert done.exit_code == 0, done.output
    body = json.loads(done.stdout)["body"]
    assert body["audit"] == {"verdict": "stands", "complete": True, "unchecked": []}
    assert (body["by"], bool(body["machine"])) == ("officer 2", True)
    assert "account" in body
    nameless = CliRunner().invoke(desk, ["round", "close", str(opened)])
    assert nameless.exit_code == 2


def test_a_plan_is_not_adopted_on_files_changed_since_open(opened: Path) -> None:
    """The plan of an edited policy: its input is not that of ``open``, and the refusal names it."""
    policy = opened / "policy.toml"
    policy.write_text(policy.read_text("utf-8").replace("38000", "39000"), "utf-8")
    shutil.rmtree(opened / "plan")
    assert CliRunner().invoke(desk, ["solve", str(opened), "--nodes", "1"]).exit_code in (0, 4)
    done = _adopt(opened)
    assert done.exit_code == 1
    assert "policy.toml is not the file the round was opened with" in done.output


def test_a_forgery_and_a_scenario_are_not_adopted(opened: Path, tmp_path: Path) -> None:
    """Exit 5, nothing written into the ledger."""
    content = load(opened / "plan")
    LIES["the name of a platform"](content)
    save(opened / "plan", reseal(content))
    assert _adopt(opened).exit_code == 5
    overlay = opened / "early.toml"
    overlay.write_text('[[fact]]\nparcel = "NS-0004"\nfield = "converted"\nvalue = true\n', "utf-8")
    ledger = opened / "ledger.sqlite"
    ledger.unlink()
    assert CliRunner().invoke(desk, ["round", "open", str(opened), "--by", "x"]).exit_code == 0
    shutil.rmtree(opened / "plan")
    words = ["solve", str(opened), "--nodes", "1", "--overlay", str(overlay)]
    assert CliRunner().invoke(desk, words).exit_code in (0, 4)
    done = _adopt(opened)
    assert (done.exit_code, "scenario" in done.output) == (5, True)
    shown = CliRunner().invoke(desk, ["round", "show", str(opened), "--json"])
    assert [entry["kind"] for entry in json.loads(shown.stdout)["entries"]] == ["open"]


def test_a_column_that_says_nothing_changes_no_word(tmp_path: Path) -> None:
    """A blank column of the file is not in the case: the reasons are the same when they are made again."""
    place = tmp_path / "plan"
    home = shutil.copytree(ROOT / "tests" / "rounds_mended" / "round_s187", tmp_path / "round")
    words = ["solve", str(home), "-o", str(place), "--nodes", "1"]
    assert CliRunner().invoke(desk, words).exit_code == 0
    report = audited(place, complete=True)
    assert (report.verdict, report.breaches) == ("stands", ())


def test_locks_of_the_ledger_are_held_against_the_ledger(opened: Path) -> None:
    """A lock the ledger does not know, of the form landopt makes: told without the ledger, a breach with it."""
    plan = opened / "plan"
    assert CliRunner().invoke(desk, ["solve", str(opened), "-o", str(plan), "--nodes", "1"]).exit_code in (0, 4)
    adopted = CliRunner().invoke(desk, ["round", "adopt", str(opened), str(plan), "--document", "D", "--by", "x"])
    assert adopted.exit_code == 0, adopted.output
    ledger = opened / "ledger.sqlite"
    assert lock_issues(ledger, plan) == []
    content = load(plan)
    taken = content["plan.json"]["assignments"][0]
    spec = {"parcels": taken["parcel_ids"], "demand": taken["demand_id"], "method": taken["method"], "document": "D"}
    lock = _own(id="ledger.000009.X", origin="ledger", kind="lock", when="", spec=spec)
    content["case.json"]["rules"].append(lock)
    save(plan, reseal(content))
    assert [issue.key for issue in lock_issues(ledger, plan)] == ["A095.lock"]
