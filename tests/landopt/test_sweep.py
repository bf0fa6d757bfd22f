"""Sweeps: grids read strictly, results kept, interrupted sweeps resumed, workers and one process alike."""

from __future__ import annotations

import errno
import json
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import landopt.desk.decide.sweep as sweep_desk
from cli import desk
from constraints.audit.certificate.price_tree import BadProof
from constraints.case import Case
from landopt.reasons.alternatives import choices, value
from landopt.reasons.many import sweep as sweeping
from landopt.reasons.many.scenario import nearest
from landopt.reasons.many.sweep import read_sweep, runs, shown, sweep_case, told_against
from landopt.reasons.texts import render_answer
from landopt.runs.work import Where
from landopt.screening.offers import Offers
from landopt.solving.programme.arrays import program
from landopt.solving.search import tier_search
from landopt.solving.search_state import Options
from parcels.common.catalogue import Told, told
from parcels.common.issues import Refused
from tests.builders import case, demand, limit, parcel
from tests.disks import failing, state
from tests.landopt.decided import decided, offers_of, planned, plans


def _round() -> Case:
    rules = [limit("p.quota", "", "<=", 20_000), limit("p.least", "", ">=", 5_000)]
    return case([parcel(), parcel(), parcel(use="RES")], [demand(), demand(uses=("IND", "RES"))], rules)


def _sweep(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "sweep.toml"
    path.write_text(text, encoding="utf-8")
    return path


GRID = '[[vary]]\nset = "p.quota:amount"\nfrom = 0\nto = 20000\nstep = 10000\n'


def test_grid_is_every_combination_last_axis_fastest(tmp_path: Path) -> None:
    """Two axes of three and two values give six runs, in order."""
    path = _sweep(tmp_path, GRID + '[[vary]]\nname = "least"\nset = "p.least:amount"\nvalues = [0, 5000]\n')
    found = list(runs(read_sweep(path)))
    assert len(found) == 6
    assert found[1].values == (("p.quota:amount", "0"), ("least", "5000"))
    assert found[1].sets == ("p.quota:amount=0", "p.least:amount=5000")


def test_sweep_solves_each_value_and_says_which_has_no_plan(tmp_path: Path) -> None:
    """A quota below the minimum has no plan; more quota never scores less; moves are counted."""
    swept = sweep_case(_round(), read_sweep(_sweep(tmp_path, GRID)), tmp_path / "out")
    rows = swept.rows
    assert [row["result"]["stopped"] for row in rows] == ["infeasible", "optimal", "optimal"]
    assert rows[1]["result"]["objective"] < rows[2]["result"]["objective"]
    assert [(row["moved"], row["move"]) for row in rows] == [(None, None), (1, "broken"), (0, "none")]
    assert [row["like"] for row in rows] == [None, False, True]
    for lang in ("en", "zh"):
        assert len(render_answer("sweep", shown(swept, lang), lang).splitlines()) == 6


def test_interrupted_sweep_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Finished runs are not run again; a torn last line is run again; the table is the same."""
    sweep, out = read_sweep(_sweep(tmp_path, GRID)), tmp_path / "out"
    first = sweep_case(_round(), sweep, out)
    log = out / "results.jsonl"
    lines = log.read_text(encoding="utf-8").splitlines()
    log.write_text("\n".join([*lines[:2], lines[2][:40]]), encoding="utf-8")
    said: list[Told] = []
    again = sweep_case(_round(), sweep, out, say=said.append)
    assert said[1] == told("progress.runs", runs=3, done=1)
    assert str(said[1]) == "3 runs, 1 done before"
    assert again == first


def test_changed_round_is_not_answered_from_old_results(tmp_path: Path) -> None:
    """Results are keyed by the case: another round runs anew."""
    sweep, out = read_sweep(_sweep(tmp_path, GRID)), tmp_path / "out"
    sweep_case(_round(), sweep, out)
    said: list[Told] = []
    other = case([parcel()], [demand()], _round().rules)
    sweep_case(other, sweep, out, say=said.append)
    asked = [line for line in said if line.key == "progress.runs"]
    assert asked == [told("progress.runs", runs=3, done=0)]
    assert str(asked[0]) == "3 runs, 0 done before"


def test_two_workers_give_the_same_table(tmp_path: Path) -> None:
    """Processes change nothing but the time."""
    sweep = read_sweep(_sweep(tmp_path, GRID))
    one = sweep_case(_round(), sweep, tmp_path / "one")
    two = sweep_case(_round(), sweep, tmp_path / "two", where=Where(2))
    assert one == two
    lines = [sorted((tmp_path / name / "results.jsonl").read_bytes().splitlines()) for name in ("one", "two")]
    assert lines[0] == lines[1]


def test_refused_scenario_is_a_result(tmp_path: Path) -> None:
    """A setting that is refused does not stop the sweep; its row says why."""
    sweep = read_sweep(_sweep(tmp_path, '[[vary]]\nset = "p.none:amount"\nvalues = [1]\n'))
    swept = sweep_case(_round(), sweep, tmp_path / "out")
    rows = swept.rows
    assert swept.base is None
    assert "p.none" in render_answer("sweep", shown(swept, "zh"), "zh")
    assert rows[0]["result"]["stopped"] == "refused"
    assert "p.none" in json.dumps(rows[0]["result"])


def test_every_fault_of_a_sweep_file_is_named(tmp_path: Path) -> None:
    """Unknown keys, axes without values and missing overlays are refused at once."""
    text = 'colour = 1\n[[vary]]\nset = "a:amount"\n[[vary]]\noverlay = ["none.toml"]\n[[vary]]\nvalues = [1]\n'
    with pytest.raises(Refused) as refused:
        read_sweep(_sweep(tmp_path, text))
    assert {issue.code for issue in refused.value.issues} >= {"W003", "W005", "W006", "W007"}
    with pytest.raises(Refused):
        read_sweep(tmp_path / "missing.toml")


def test_a_sweep_file_saved_by_notepad_is_read(tmp_path: Path) -> None:
    """A byte order mark at the start is no fault."""
    path = tmp_path / "sweep.toml"
    path.write_bytes(GRID.encode("utf-8-sig"))
    assert len(list(runs(read_sweep(path)))) == 3


@pytest.mark.parametrize("content", ["# 年".encode("gb18030"), "gap = 1".encode("utf-16")])
def test_a_sweep_file_in_another_encoding_is_refused_with_its_code(tmp_path: Path, content: bytes) -> None:
    """The byte is named, and what to do."""
    path = tmp_path / "sweep.toml"
    path.write_bytes(content)
    with pytest.raises(Refused) as refused:
        read_sweep(path)
    [issue] = refused.value.issues
    assert (issue.code, "not UTF-8 (byte" in issue.what, issue.maybe) == ("W002", True, "Save it as UTF-8.")


def test_an_overlay_in_another_encoding_is_a_refused_run(tmp_path: Path) -> None:
    """A scenario saved as GB18030 does not end the other runs; its row says why."""
    (tmp_path / "law.toml").write_bytes("# 年".encode("gb18030"))
    sweep = read_sweep(_sweep(tmp_path, '[[vary]]\noverlay = ["", "law.toml"]\n'))
    rows = sweep_case(_round(), sweep, tmp_path / "out").rows
    assert [row["result"]["stopped"] for row in rows] == ["optimal", "refused"]
    assert "UTF-8" in rows[1]["result"]["why"]


@pytest.mark.slow
def test_fault_75_a_disk_that_fails_at_any_write_of_a_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 6 each time; what is kept is whole finished runs, nothing else is left, and the sweep goes on from them."""
    from tests.places import EXAMPLE as example

    shutil.copytree(example, tmp_path / "round", ignore=shutil.ignore_patterns("plan", ".landopt*"))
    _sweep(tmp_path, '[[vary]]\nset = "p.none:amount"\nvalues = [1, 2]\n')
    old, out = state(tmp_path), tmp_path / "deep" / "out"
    words = ["sweep", str(tmp_path / "round"), str(tmp_path / "sweep.toml"), "-o", str(out), "--lang", "en", "--json"]
    disk = failing(monkeypatch, tmp_path)
    drawing = sweep_desk._pictures
    monkeypatch.setattr(sweep_desk, "_pictures", lambda *_given: None)  # drawn after all runs: tried at the end
    whole = CliRunner().invoke(desk, words)
    assert whole.exit_code == 0, whole.output
    count, kept = disk.calls, (out / "results.jsonl").read_bytes().splitlines(keepends=True)
    assert (count > 6, len(kept)) == (True, 2)
    held = []
    for at in range(1, count + 1):
        shutil.rmtree(tmp_path / "deep")
        disk.start(at, errno.EIO if at % 2 else errno.ENOSPC)
        done = CliRunner().invoke(desk, words)
        disk.start(0)
        assert (done.exit_code, "E075" in done.output) == (6, True), (at, done.output)
        after = {name: content for name, content in state(tmp_path).items() if name not in old}
        held.append(len(after))
        assert after in ({}, {"deep/out/results.jsonl": kept[0]}), at
        assert (tmp_path / "deep").exists() == bool(after), at
        assert ("finished runs are kept" in done.output) == bool(after), at
        assert CliRunner().invoke(desk, words).stdout == whole.stdout
        assert (out / "results.jsonl").read_bytes().splitlines(keepends=True) == kept
    assert held == sorted(held)
    assert set(held) == {0, 1}
    _sweep(tmp_path, '[[vary]]\nset = "round.cap.listings:amount"\nvalues = [25]\n')  # this one has a plan to draw
    assert CliRunner().invoke(desk, words).exit_code == 0
    kept = (out / "results.jsonl").read_bytes().splitlines(keepends=True)
    monkeypatch.setattr(sweep_desk, "_pictures", drawing)
    disk.start(1)  # all runs are done: what is written first is a picture; a failure is all that is told
    done = CliRunner().invoke(desk, words)
    disk.start(0)
    assert (done.exit_code, "E075" in done.output) == (6, True)
    assert (out / "results.jsonl").read_bytes().splitlines(keepends=True) == kept
    assert CliRunner().invoke(desk, words).exit_code == 0
    assert (out / "sweep.svg").is_file()


def test_the_best_plan_so_far_is_told_before_any_run_has_ended(tmp_path: Path) -> None:
    """The round as it stands, which every run starts from, tells what it has while it is solved."""
    said: list[Told] = []
    sweep_case(_round(), read_sweep(_sweep(tmp_path, GRID)), tmp_path / "out", say=said.append)
    keys = [line.key for line in said]
    assert keys[:2] == ["progress.as-it-stands", "progress.step-value"]
    assert keys.index("progress.run") > 1


def test_a_run_after_a_torn_line_is_kept(tmp_path: Path) -> None:
    """A line cut in mid-character by a run that died is closed first: the runs after it are found the next time."""
    sweep, out = read_sweep(_sweep(tmp_path, GRID)), tmp_path / "out"
    out.mkdir()
    (out / "results.jsonl").write_bytes('{"key": "年'.encode()[:-1])
    sweep_case(_round(), sweep, out)
    said: list[Told] = []
    sweep_case(_round(), sweep, out, say=said.append)
    assert said == [told("progress.as-it-stands"), told("progress.runs", runs=3, done=3)]
    assert str(said[1]) == "3 runs, 3 done before"


@pytest.mark.parametrize("stopped", ["failed", "user"])
def test_a_run_that_was_not_finished_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stopped: str) -> None:
    """A solver that failed is told and tried again the next time; Ctrl-C ends the sweep; no empty folder is left."""
    result: dict[str, Any] = {"stopped": stopped, "objective": None, "bound": None, "choices": [], "served": 0}
    monkeypatch.setattr(sweeping.Desk, "result", lambda *_given: result)
    sweep, out = read_sweep(_sweep(tmp_path, GRID)), tmp_path / "out"
    if stopped == "user":
        with pytest.raises(KeyboardInterrupt):
            sweep_case(_round(), sweep, out)
        assert not out.exists()
    else:
        assert [row["result"] for row in sweep_case(_round(), sweep, out).rows] == [result] * 3
        assert not (out / "results.jsonl").exists()


def test_of_equal_plans_the_nearest_is_told() -> None:
    """Two equal parcels, two equal platforms: the plan that swaps them is told as the one that swaps nothing."""
    round_ = case([parcel(), parcel()], [demand(), demand()], [])
    offers = offers_of(round_)
    every = plans(offers)
    best = [np.asarray(chosen) for worth, chosen in every if worth == every[0][0]]
    assert len(best) > 1
    for base in best:
        for found in best:
            assert nearest(round_, offers, found.tolist(), base) == tuple(base.tolist())


@pytest.mark.parametrize("seed", planned(12))
def test_no_nearest_plan_is_worth_less_or_breaks_a_row(seed: int) -> None:
    """Whatever it starts from: worth at least what was found in every tier, and no farther than it."""
    round_, offers, outcome = decided(seed)
    assert outcome.chosen is not None
    found = outcome.chosen.tolist()
    for worth, chosen in plans(offers)[:3]:
        near = nearest(round_, offers, found, np.asarray(chosen, np.int64))
        assert (value(offers, near), near) in plans(offers)
        assert value(offers, near) >= value(offers, found) >= worth
        apart = [_apart(round_, offers, plan, chosen) for plan in (near, tuple(found))]
        assert apart[0] <= apart[1]


def _apart(round_: Case, offers: Offers, one: tuple[int, ...], other: tuple[int, ...]) -> int:
    here, there = choices(round_, offers, one), choices(round_, offers, other)
    return sum(here.get(name) != there.get(name) for name in here.keys() | there.keys())


@pytest.mark.parametrize(
    ("base", "result", "told_"),
    [
        ((100, 110), (105, 105, 96), ("within", 0, True)),
        ((100, 110), (120, 121, 96), ("gain", 1, False)),
        ((100, 100), (99, 99, None), ("broken", 1, False)),
    ],
)
def test_no_move_is_counted_that_the_score_does_not_support(
    base: tuple[int, int], result: tuple[int, int, int | None], told_: tuple[str, int, bool]
) -> None:
    """A gain no larger than what the round as it stands may have left unfound is none."""
    before = {"objective": [base[0]], "bound": [base[1]], "choices": [["P1", "D1", "listing"]]}
    held = None if result[2] is None else [result[2]]
    after = {
        "objective": [result[0]],
        "bound": [result[1]],
        "choices": [["P1", "D2", "listing"]],
        "base": {"objective": held, "rows": [], "missing": 0},
    }
    found = told_against(before, after)
    assert (found["move"], found["moved"], found["like"]) == told_


def test_a_proof_too_large_to_add_up_leaves_the_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the numbers of a tree grow beyond exact sums the search goes on with the proof by prices."""

    def too_large(*_given: object) -> None:
        raise BadProof("the numbers of a proof are too large to be added up")

    round_, offers, outcome = decided(planned(1)[0])
    monkeypatch.setattr(tier_search, "prove", too_large)
    options = Options(Fraction(0), None, 100, 0, 1, "highs")
    answer = tier_search.search(program(round_, offers, 0), options, lambda *_: None)
    assert answer.objective == outcome.tiers[0].objective <= answer.bound
