"""What a closed round leaves to the next: land approved and not supplied, idle land, land taken back."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli import desk
from constraints.audit.bound.binding import Binding
from constraints.audit.files.plan_reader import load_json
from constraints.case import SCHEMA, from_json, to_json
from landopt.invent.round import write_round
from landopt.keeping.ledger.carried import carried, left_over
from landopt.keeping.ledger.chain import START as BEFORE
from landopt.keeping.ledger.chain import Entry
from landopt.keeping.ledger.entry_forms import well_formed
from landopt.keeping.ledger.left_over import placed
from landopt.keeping.ledger.rounds import State, apply, state
from parcels.common.issues import Refused

START = {"start_by": "2026-12-31"}


def told(*results: dict[str, str], closed: bool = True) -> State:
    """A round that adopted P1 and recorded some results, and was closed."""
    adopted = {"parcel_ids": ["P1"], "demand_id": None, "method": "listing"}
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("open", {}),
        ("adopt", {"document": "d", "date": "2026-04-10", "assignments": [adopted], "signers": None}),
        *(("record", {"results": [{"parcel_id": "P1", "document": "r", **each}]}) for each in results),
    ]
    bodies += [("close", {})] if closed else []
    assert all(well_formed(kind, body) for kind, body in bodies)
    return state([Entry(n, "2026-04-10", k, "R", body, BEFORE, "") for n, (k, body) in enumerate(bodies, 1)])


def result(outcome: str, date: str = "2026-05-01", **more: str) -> dict[str, str]:
    """A line of a file of results."""
    return {"outcome": outcome, "date": date, **more}


BACK = result("taken_back", "2029-02-01")


@pytest.mark.parametrize(
    ("results", "as_of", "expected"),
    [
        ((), "2027-01-01", ("unsupplied", "2026-04-10", 2)),
        ((result("failed"),), "2027-01-01", ("unsupplied", "2026-04-10", 2)),
        ((result("announced"),), "2027-01-01", ("unsupplied", "2026-04-10", 2)),
        ((result("lapsed"),), "2027-01-01", ("unsupplied", "2026-04-10", 2)),
        ((result("withdrawn"),), "2027-01-01", None),
        ((result("contracted"),), "2029-01-01", None),  # no agreed start, nothing follows
        ((result("contracted", **START),), "2027-12-30", ("running", "2026-12-31", 3)),
        ((result("contracted", **START),), "2027-12-31", ("idle", "2027-12-31", 3)),
        ((result("contracted", **START), result("started", "2026-11-01")), "2029-01-01", None),
        ((result("contracted", **START), BACK), "2029-03-01", ("taken_back", "2029-02-01", 4)),
    ],
)
def test_what_is_left(results: tuple[Any, ...], as_of: str, expected: tuple[str, str, int] | None) -> None:
    """Since when, and by which entry: the approval, the contract, or the decision to take it back."""
    found = [(one.what, one.since, one.seq) for one in carried(told(*results), as_of)]
    assert found == ([] if expected is None else [expected])
    assert carried(told(*results, closed=False), as_of) == [
        one for one in carried(told(*results), as_of) if one.what in ("idle", "running")
    ]


def test_the_days_of_the_law_in_force() -> None:
    """Idle and fee after a year, taking back after two; before Order 53 nothing is called idle."""
    (one,) = carried(told(result("contracted", **START)), "2028-01-01")
    assert {day["what"]: day["due"] for day in one.days} == {
        "idle": "2027-12-31",
        "idle_fee": "2027-12-31",
        "taking_back": "2028-12-31",
    }
    (old,) = carried(told(result("contracted", start_by="2008-01-01")), "2012-06-30")
    assert (old.what, [day["what"] for day in old.days]) == ("running", ["idle_fee", "taking_back"])


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A round adopted and closed, and the round two years on, in one ledger."""
    place = tmp_path_factory.mktemp("carried")
    first, then = place / "first", place / "next"
    write_round(first, parcels=40, demands=14, seed=17)
    run("solve", first)
    run("round", "open", first, "--by", "a")
    run("round", "adopt", first, first / "plan", "--document", "doc 9", "--date", "2026-04-10", "--by", "a")
    supplied = [name for entry in read(first)["assignments"] for name in entry["parcel_ids"]]
    lines = ["parcel_id,outcome,date,document,start_by", f"{supplied[0]},contracted,2026-05-01,c 1,2026-12-31"]
    lines += [f"{supplied[1]},contracted,2026-05-01,c 2,2026-06-30", f"{supplied[1]},收回,2028-07-10,t 2,"]
    lines += [f"{name},流拍,2026-05-02,n,".replace("流拍", "failed") for name in supplied[2:]]
    (place / "results.csv").write_text("\n".join(lines), "utf-8")
    run("round", "record", first, place / "results.csv", "--by", "a")
    run("round", "close", first, "--by", "a")
    shutil.copytree(first, then, ignore=shutil.ignore_patterns("plan*", "ledger*"))
    text = (then / "round.toml").read_text("utf-8").replace('id = "', 'id = "next-', 1)
    for old, new in (("2026-03-31", "2028-08-01"), ("2026-04-01", "2028-08-01"), ("2026-12-31", "2029-03-31")):
        text = text.replace(f"{old}\n", f"{new}\n", 1)
    (then / "round.toml").write_text(text, "utf-8")
    run("solve", then, "--ledger", first / "ledger.sqlite")
    return first, then


def run(*words: object, code: int = 0) -> str:
    """A command as an officer types it."""
    done = CliRunner().invoke(desk, list(map(str, words)), env={"LANDOPT_LANG": "en"})
    assert done.exit_code == code, done.output
    return done.output


def read(place: Path) -> Any:
    """The plan of a round."""
    return json.loads((place / "plan" / "plan.json").read_text("utf-8"))


@pytest.mark.slow
def test_the_next_round_has_them_as_facts_with_their_record(rounds: tuple[Path, Path]) -> None:
    """Idle land counts as decided, what has no contract is a candidate; the papers name the record; the audit knows."""
    first, then = rounds
    ledger = first / "ledger.sqlite"
    said = json.loads(run("round", "next", then, "--ledger", ledger, "--json"))
    where = {one["parcel_id"]: (one["what"], one["here"]) for one in said["carried"]}
    supplied = [name for entry in read(first)["assignments"] for name in entry["parcel_ids"]]
    assert where[supplied[0]] == ("idle", "locked")
    assert where[supplied[1]] == ("taken_back", "candidate")
    assert {where[name] for name in supplied[2:]} == {("unsupplied", "candidate")}
    for lang, word in (("en", "not supplied"), ("zh", "批而未供")):
        assert word in run("round", "next", then, "--ledger", ledger, "--lang", lang)
    case = from_json(load_json(then / "plan" / "case.json", SCHEMA))
    facts = dict(zip(case.parcels.ids, case.parcels.column("approved_unsupplied"), strict=True))
    assert [facts[name] for name in supplied[:3]] == [False, False, True]
    again = [name for entry in read(then)["assignments"] for name in entry["parcel_ids"] if name in supplied[2:]]
    assert again
    assert "doc 9" in left_over(case.rules, again[:1], "zh")[0]
    assert "doc 9" in run("explain", then / "plan", "--parcel", again[0])
    found = run("audit", then / "plan", "--ledger", ledger, "--inputs", then, code=5)  # it was not adopted yet
    assert "1 breach." in found
    assert "B092" in found


@pytest.mark.slow
def test_a_fact_or_a_note_the_ledger_does_not_bear_out_is_a_breach(rounds: tuple[Path, Path]) -> None:
    """A note without its fact, on another parcel, or of another kind is no rule that landopt makes."""
    case = from_json(load_json(rounds[1] / "plan" / "case.json", SCHEMA))

    def breaches(changed: Any) -> list[str]:
        return [rule for rule, _ in Binding(changed, to_json(changed)).problems if rule.startswith("ledger.")]

    assert breaches(case) == []
    note = next(rule for rule in case.rules if rule.id.endswith(".unsupplied"))
    columns = {**case.parcels.columns, "approved_unsupplied": (False,) * len(case.parcels)}
    assert note.id in breaches(replace(case, parcels=replace(case.parcels, columns=columns)))
    for wrong in ({"when": ""}, {"exception_to": ("cn.lal.art54",)}, {"id": note.id.replace("unsupplied", "other")}):
        rules = tuple(replace(rule, **wrong) if rule is note else rule for rule in case.rules)
        assert breaches(replace(case, rules=rules))


def test_what_is_on_file_stays_where_the_ledger_is_silent() -> None:
    """The ledger gives the facts of the parcels it speaks of; what it speaks of and the round lacks is told."""
    from tests.builders import random_case

    case = random_case(3)
    name = case.parcels.ids[0]
    columns = {**case.parcels.columns, "idle": (True,) * len(case.parcels)}
    case = replace(case, parcels=replace(case.parcels, columns=columns))
    found = told()
    found.history = {name: found.history["P1"]}
    found.status = {name: "failed"}
    found.adopted = []
    under = apply(case, found)
    assert under.parcels.column("idle") == (False, *(True,) * (len(case.parcels) - 1))
    assert under.parcels.column("approved_unsupplied")[:2] == (True, None)
    assert [one["here"] for one in placed(carried(told(), "2027-01-01"), case, "2027-01-01")] == ["absent"]


def test_taking_back_names_its_document(tmp_path: Path) -> None:
    """The right is taken back by a decision: a line without one is refused."""
    from landopt.keeping.ledger.round_steps import read_results

    file = tmp_path / "r.csv"
    file.write_text("parcel_id,outcome,date,document\nP1,taken_back,2028-01-01,\n", "utf-8")
    with pytest.raises(Refused) as refused:
        read_results(file, {"P1"})
    assert [issue.code for issue in refused.value.issues] == ["B027"]
