"""The audit: true plans stand, changed ones are refused, and it runs on the standard library alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from constraints.audit.command import main
from constraints.audit.finding import modules
from constraints.audit.run import audit_plan, lines
from constraints.case import from_json
from parcels.common.issues import Refused
from tests.audit.folders import Small, objective, small
from tests.audit.lists import block_lines, parts_of
from tests.audit.mutants import load, mutate, reseal, save
from tests.counts import WHOLE

ROOT = Path(__file__).parents[2]
ABOVE = ("numpy", "pulp", "highspy", "geopandas", "shapely", "pandas", "landopt", "cli", "networkx")


def test_plans_found_by_trying_everything_stand(folders: list[Path]) -> None:
    """Each small round's plan passes with its lists screened again in full."""
    for folder in folders:
        report = audit_plan(folder, complete=True)
        assert report.breaches == ()
        assert report.stands
        assert report.completeness is not None
        assert "complete" in report.completeness.said.text()


def test_audit_runs_without_site_packages(folders: list[Path], tmp_path: Path) -> None:
    """``python -S -m constraints.audit`` needs nothing but the package folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-S", "-m", "constraints.audit", str(folders[0])],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Plan stands as far as checked." in done.stdout
    assert "not checked  sentences of held parcels" in done.stdout


def test_audit_imports_nothing_above_it(folders: list[Path]) -> None:
    """An import hook that refuses numpy, pulp, geopandas and landopt is never asked."""
    code = f"""
import sys
class Hook:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {ABOVE!r}:
            raise AssertionError(name)
sys.meta_path.insert(0, Hook())
from constraints.audit.run import audit_plan
report = audit_plan({str(folders[0])!r}, complete=True)
assert report.stands, report.breaches
assert 'numpy' not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_modules_are_counted_from_the_sources() -> None:
    """What the audit imports is its own rooms and the standard library; the audit itself is at most 300 lines."""
    own, library = modules()
    assert "constraints.audit.run" in own
    assert "constraints.reading.judge" in own
    assert {name.split(".")[0] for name in own} == {"constraints", "parcels"}
    assert {name.split(".")[0] for name in library} <= sys.stdlib_module_names
    assert len((ROOT / "constraints" / "audit" / "run.py").read_text(encoding="utf-8").splitlines()) <= 300


def _standing(folder: Path) -> bool:
    try:
        return audit_plan(folder, complete=True).stands
    except Refused:
        return False


def _true(folder: Path) -> str | None:
    """Why the statements of a folder are false by trying everything; None if they are true."""
    content = load(folder)
    found = small(from_json(content["case.json"]))
    plan = content["plan.json"]
    wanted = {(tuple(a["parcel_ids"]), a["demand_id"], a["method"], a["period"]) for a in plan["assignments"]}
    ids, who = found.case.parcels.ids, found.case.demands.ids
    chosen = [
        offer
        for offer in found.offers
        if (
            tuple(ids[p] for p in offer.site),
            None if offer.demand is None else who[offer.demand],
            found.case.methods[offer.method].id,
            found.reader.period_id(offer.period),
        )
        in wanted
    ]
    if len(chosen) != len(plan["assignments"]):
        return "an assignment is no lawful offer"
    value = objective(chosen, found.rows, len(found.case.objective.tiers))
    stated = tuple(tier["objective"] for tier in plan["result"]["tiers"])
    if value != stated:
        return f"objective {value}, stated {stated}"
    if found.best is None or found.best[0] > plan["result"]["tiers"][0]["bound"]:
        return f"the best plan reaches {found.best}"
    return None


def _mutants(folders: list[Path], place: Path, count: int, seed: int) -> tuple[int, int, int, list[str]]:
    """Make mutants; returns (forgeries refused, lies refused, lies that are true, faults).

    A forgery may only stand where it is another valid proof of the same bound.
    """
    draw, faults = Random(seed), []
    forged = lied = true = 0
    for number in range(count):
        content = load(folders[number % len(folders)])
        mutant, path, before, after = mutate(draw, content)
        while after == before:
            mutant, path, before, after = mutate(draw, content)
        target = place / "mutant"
        shutil.rmtree(target, ignore_errors=True)
        save(target, mutant)
        if not _standing(target):
            forged += 1
        elif path[0] != "proof.json" or _true(target):
            faults.append(f"forgery stands: {path} {before!r} -> {after!r}")
        shutil.rmtree(target, ignore_errors=True)
        try:
            save(target, reseal(mutant))
        except (ValueError, TypeError, KeyError, AttributeError):
            lied += 1
            continue
        if not _standing(target):
            lied += 1
            continue
        why = _true(target)
        true += 1
        if why:
            faults.append(f"lie stands: {path} {before!r} -> {after!r}: {why}")
    return forged, lied, true, faults


def test_mutants_are_refused_or_true(folders: list[Path], tmp_path: Path) -> None:
    """One value changed anywhere: refused; re-sealed: refused, or true of the changed round by trying everything."""
    forged, lied, true, faults = _mutants(folders, tmp_path, 120, 1)
    assert faults == []
    assert forged > 105
    assert lied > 60
    assert true > 0


@pytest.mark.slow
def test_two_thousand_mutants_are_refused_or_true(folders: list[Path], tmp_path: Path) -> None:
    """The same with 2,000 more by ``make long``, a tenth of them among the slow."""
    count = 2_000 if WHOLE else 200
    forged, _, _, faults = _mutants(folders, tmp_path, count, 2)
    assert faults == []
    assert forged > 0.95 * count


def test_breach_names_rule_key_used_and_limit(rounds: list[Small], folders: list[Path], tmp_path: Path) -> None:
    """A plan that takes a parcel twice is refused with names and numbers; the desk's exit code is 5."""
    content = load(folders[0])
    plan = content["plan.json"]
    plan["assignments"].append(dict(plan["assignments"][0]))
    save(tmp_path / "plan", reseal(content))
    report = audit_plan(tmp_path / "plan")
    twice = next(breach for breach in report.breaches if breach.rule == "parcel")
    assert twice.key == (plan["assignments"][0]["parcel_ids"][0],)
    assert (twice.used, twice.limit) == ("2", "1")
    assert main([str(tmp_path / "plan")]) == 5
    assert any(line.startswith(" ! ") for line in lines(report, "zh"))


def test_optimal_is_said_only_at_gap_zero(folders: list[Path], tmp_path: Path) -> None:
    """The word is refused where the audited bound is above the plan."""
    refused = 0
    for folder in folders:
        content = load(folder)
        content["plan.json"]["result"]["stopped"] = "optimal"
        save(tmp_path / "plan", content)
        closed = all(tier["bound"] == tier["objective"] for tier in content["plan.json"]["result"]["tiers"])
        report = audit_plan(tmp_path / "plan")
        assert report.stands == closed
        refused += not closed
    assert refused > 0


def test_missing_offer_is_found_by_screening_again(folders: list[Path], tmp_path: Path) -> None:
    """A list with a hole is consistent in itself; screening again names the missing offer."""
    found = 0
    for folder in folders:
        content = load(folder)
        chosen = {
            (tuple(a["parcel_ids"]), a["method"])
            for a in content["plan.json"]["assignments"]
            if a["demand_id"] is not None
        }
        case = from_json(content["case.json"])
        head, *listed = content["offers.jsonl.gz"]
        parts = list(parts_of(listed))
        part = next((p for p in parts if p.demand is not None and len(p.offers) > 1), None)
        if part is None:
            continue
        names = [tuple(case.parcels.ids[row] for row in part.sites[o[0]]) for o in part.offers]
        at = next((k for k, o in enumerate(part.offers) if (names[k], case.methods[o[1]].id) not in chosen), None)
        if at is None:
            continue
        del part.offers[at]
        head["count"] -= 1
        content["offers.jsonl.gz"] = [head, *block_lines(parts, head["tiers"])]
        save(tmp_path / "plan", reseal(content))
        report = audit_plan(tmp_path / "plan", complete=True)
        assert any(breach.rule in ("complete", "bound", "reach") for breach in report.breaches)
        found += any(breach.rule == "complete" for breach in report.breaches)
    assert found > 5


def test_plan_is_rechecked_under_the_law_of_another_date(folders: list[Path]) -> None:
    """``--as-of`` re-reads the law of that date; offers and bound of the plan's own date are left out."""
    report = audit_plan(folders[0], as_of="2026-06-30")
    assert report.completeness is None
    assert [check.name for check in report.checks] == ["inputs", "law", "parcels", "limits"]
    early = audit_plan(folders[0], as_of="1999-12-31")
    assert all(check.name != "offers" for check in early.checks)


@pytest.mark.parametrize("name", ["plan.json", "case.json", "proof.json", "offers.jsonl.gz"])
@pytest.mark.parametrize("how", ["missing", "cut", "empty", "newer", "float"])
def test_fault_81_torn_or_newer_files_are_refused(folders: list[Path], tmp_path: Path, name: str, how: str) -> None:
    """Every file missing, cut, empty, of a newer version (FAULTS 81) or with a float: refused, never a traceback."""
    target = tmp_path / "plan"
    shutil.copytree(folders[0], target)
    path = target / name
    raw = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "cut":
        path.write_bytes(raw[: len(raw) // 2])
    elif how == "empty":
        path.write_bytes(b"")
    elif name.endswith(".gz"):
        content = load(target)
        head = content[name][0]
        head.update({"schema": "landopt.offers/9"} if how == "newer" else {"count": "1.0"})
        save(target, content)
    else:
        text = raw.replace(b'/1"', b'/9"', 1) if how == "newer" else raw.replace(b":0,", b":0.0,", 1)
        path.write_bytes(text if text != raw else raw.replace(b"1", b"1.0", 1))
    assert not _standing(target)


def test_words_that_are_no_verdicts_are_refused_though_nothing_asks(folders: list[Path], tmp_path: Path) -> None:
    """A method whose default is no word, a rule with an unknown verdict: a breach, also where a ban comes first."""
    changed = 0
    for folder in folders:
        content = load(folder)
        case = content["case.json"]
        verdicts = [rule["spec"]["verdict"] for rule in case["rules"] if rule["kind"] == "eligibility"]
        for place, name, value in [
            *((method, "default_rule", None) for method in case["methods"]),
            *((method, "default", "never") for method in case["methods"]),
            *((verdict, name, None) for verdict in verdicts for name in verdict),
        ]:
            before, place[name] = place[name], value
            save(tmp_path / "plan", reseal(content))
            assert not _standing(tmp_path / "plan")
            place[name] = before
            changed += 1
        if changed > 40:
            break
    assert changed > 40


def test_at_most_so_many_lists_have_holes() -> None:
    """The statement of k of n is the exact hypergeometric one, checked against its definition."""
    from math import comb

    from constraints.audit.rescreen import at_most

    for total in (1, 5, 20, 500):
        for checked in {0, 1, 3, total // 2, total}:
            if checked > total:
                continue
            most = at_most(checked, total)
            if checked == total:
                assert most == 0
                continue
            assert 20 * comb(total - most, checked) > comb(total, checked) or most == 0
            assert most == total - checked or 20 * comb(total - most - 1, checked) <= comb(total, checked)


def test_platforms_that_could_not_be_checked_count_as_holes() -> None:
    """With u of k draws unchecked, m is the largest number of holes of which at most u show in k draws at 5 %."""
    from math import comb

    from constraints.audit.rescreen import at_most

    def chance(bad: int, total: int, drawn: int, shown: int) -> float:
        ways = sum(comb(bad, x) * comb(total - bad, drawn - x) for x in range(shown + 1))
        return ways / comb(total, drawn)

    for total, drawn in ((5, 2), (20, 8), (60, 30), (500, 8)):
        for unchecked in range(min(drawn, 4) + 1):
            most = at_most(drawn - unchecked, total, unchecked)
            assert most >= unchecked
            assert chance(most, total, drawn, unchecked) > 0.05
            assert most == total - (drawn - unchecked) or chance(most + 1, total, drawn, unchecked) <= 0.05
    assert at_most(17, 20, 3) == 3


def _at_cap(folder: Path, target: Path, scope: str) -> bool:
    """The folder under a cap of one site a platform, of a stated scope."""
    content = load(folder)
    if content["case.json"]["settings"]["site_cap"] < 2:
        return False
    content["case.json"]["settings"]["site_cap"] = 1
    head = content["offers.jsonl.gz"][0]
    content["proof.json"]["scope"] = content["plan.json"]["result"]["bound_scope"] = head["scope"] = scope
    save(target, reseal(content))
    return True


def test_platform_past_the_site_cap_is_unchecked_and_no_breach(folders: list[Path], tmp_path: Path) -> None:
    """A list that says it is cut at the cap: no breach, but the platform is not said to be complete."""
    capped = 0
    for number, folder in enumerate(folders):
        target = tmp_path / str(number)
        if not _at_cap(folder, target, "listed"):
            continue
        report = audit_plan(target, complete=True)
        assert report.breaches == ()
        found = report.completeness
        assert found is not None
        if found.checked < found.total:
            capped += 1
            assert found.missed == found.total - found.checked
            assert "past the site cap" in found.said.text()
            assert "未予核对" in found.said.text("zh")
            assert "complete" in {each.what for each in report.unchecked}
    assert capped > 0


def test_a_list_that_claims_to_be_whole_is_held_to_it_whatever_the_cap(folders: list[Path], tmp_path: Path) -> None:
    """Scope ``all``: screened again past the cap too; a missing offer is a breach, a whole list is complete."""
    for number, folder in enumerate(folders):
        target = tmp_path / str(number)
        if _at_cap(folder, target, "all"):
            report = audit_plan(target, complete=True)
            assert report.breaches == ()
            assert report.completeness is not None
            assert report.completeness.checked == report.completeness.total


def test_report_is_plain_json(folders: list[Path]) -> None:
    """The report serialises and names what was imported."""
    shown = json.loads(json.dumps(audit_plan(folders[0]).as_dict()))
    assert shown["stands"] is True
    assert "constraints.audit.run" in shown["modules"]["own"]


def test_sampled_offers_still_catch_what_the_plan_rests_on(folders: list[Path], tmp_path: Path) -> None:
    """With ``every=False`` true plans stand; a changed score of a chosen offer, or an unknown row, is found."""
    caught = 0
    for folder in folders:
        report = audit_plan(folder, every=False, sample=1, seed=4)
        assert report.stands, report.breaches
        content = load(folder)
        case = from_json(content["case.json"])
        taken = content["plan.json"]["assignments"][0]
        mine = (taken["parcel_ids"], taken["demand_id"], taken["method"])
        head, *listed = content["offers.jsonl.gz"]
        parts = list(parts_of(listed))
        for part in parts:
            who = None if part.demand is None else case.demands.ids[part.demand]
            for offer in part.offers:
                names = [case.parcels.ids[row] for row in part.sites[offer[0]]]
                if (names, who, case.methods[offer[1]].id) == mine:
                    offer[7][0] -= 1_000
                    caught += 1
        content["offers.jsonl.gz"] = [head, *block_lines(parts, head["tiers"])]
        save(tmp_path / "plan", reseal(content))
        assert not audit_plan(tmp_path / "plan", every=False, sample=1, seed=4).stands
        content = load(folder)
        content["offers.jsonl.gz"][-1]["lists"][0] = [999, 1]
        save(tmp_path / "plan", reseal(content))
        assert not audit_plan(tmp_path / "plan", every=False, sample=1, seed=4).stands
    assert caught >= len(folders)
