"""The words of a plan by a second reading: true plans pass it, and a false word of every kind it claims is found."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner

from cli import desk
from constraints.audit.bound.shapes import Faults, registry
from constraints.audit.citations import check_citations
from constraints.audit.files.plan_reader import PROOF_SCHEMA, load_json
from constraints.audit.listing import Listing
from constraints.audit.reread import Reader
from constraints.audit.rescreen import draw
from constraints.audit.run import _Auditor, audit_plan
from constraints.audit.words.absent import Absences
from constraints.audit.words.losses import _name, named_offers
from constraints.audit.words.reading import Words
from tests.audit.mutants import load, reseal, save
from tests.audit.test_fields import _get, _how, _other, _spots
from tests.counts import seeds

MENDED = Path(__file__).parents[1] / "rounds_mended"


@dataclass(frozen=True)
class Second:
    """A plan folder made ready for many readings of changed words."""

    plan: dict[str, Any]
    wrong: Callable[[dict[str, Any]], bool]
    places: dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def second(solved: Path) -> Second:
    """The example's plan, read again and again."""
    return _second(solved)


def _second(solved: Path) -> Second:
    """A plan; ``wrong`` reads it by the standard library alone, no digest between lie and finding."""
    auditor = _Auditor(solved, None)
    listing = Listing(auditor.reader, solved / "offers.jsonl.gz", load_json(solved / "proof.json", PROOF_SCHEMA))
    listing.prepare()
    listing.named = named_offers(auditor.reader, auditor.plan)
    auditor.assignments()
    every = draw(auditor.reader, complete=True, sample=1, seed=None)
    assert listing.read(auditor.digest, auditor.chosen, every) == []
    auditor.limits(listing)
    names = auditor.case.parcels.ids
    chosen = {tuple(names[row] for row in reading.site): reading for reading in auditor.chosen}

    known: dict[str, frozenset[str]] = {}

    class Again(Words):
        """What the facts alone say of an offer is asked once, not for each of many changed words."""

        def _lawful(self, each: Any, periods: Any = ()) -> frozenset[str]:
            key = repr((each["parcel_ids"], each["demand_id"], each["method"], tuple(periods)))
            if key not in known:
                known[key] = super()._lawful(each, periods)
            return known[key]

    def wrong(plan: dict[str, Any]) -> bool:
        if Faults("plan", plan).wrong:
            return True
        words = Again(auditor.reader, plan, chosen, auditor.shown, listing.least)
        words.read(Absences(auditor.reader, plan, listing.tally))
        return bool(words.problems) or bool(check_citations(plan, auditor.case)[1])

    plan = load(solved)["plan.json"]
    places: dict[str, list[tuple[Any, ...]]] = {}
    for field, path in _spots(plan, (), ""):
        if _how("plan", field) == "again" and not _of_no_plan(auditor.reader, listing, _get(plan, path[:-1]), path):
            places.setdefault(field, []).append(path)
    return Second(plan, wrong, places)


def _of_no_plan(reader: Reader, listing: Listing, offer: Any, path: tuple[Any, ...]) -> bool:
    """A loss of an offer that is in no plan, as the proof shows: whatever is stated of it is true."""
    if path[-1] not in ("loss", "tier") or not isinstance(offer, dict) or "parcel_ids" not in offer:
        return False
    name = _name(reader, offer["parcel_ids"], offer["demand_id"], offer["method"])
    return None in listing.least.get(name, ()) if name is not None else False


def _lies(second: Second, seed: int) -> list[str]:
    """A false value at one place of every field read a second time; those that were not found."""
    draws, missed = Random(seed), []
    assert not second.wrong(second.plan)
    for field, places in sorted(second.places.items()):
        path = draws.choice(places)
        if not second.wrong(_but(second.plan, path, _other(draws, _get(second.plan, path)))):
            missed.append(field)
    return missed


def _but(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    """The same with another value at one place; only what leads there is copied."""
    if not path:
        return other
    made = copy.copy(value)
    made[path[0]] = _but(value[path[0]], path[1:], other)
    return made


@pytest.mark.parametrize("seed", seeds(1, 60, first=100, each=180))
def test_a_false_word_of_every_field_read_again_is_found(second: Second, seed: int) -> None:
    """Names, methods, terms, prices, conditions, dates, verdicts, totals, counts, facts with owner and unit."""
    assert _lies(second, seed) == []
    assert len(second.places) > 215


def test_nearly_all_fields_of_words_are_read_a_second_time() -> None:
    """The rest is made again by the same program, and says so in the registry: sentences, and what takes a search."""
    left = {path for path, (_, how) in registry("plan").items() if how == "words"}
    sentences = {f"{kind}[].reasons[].{lang}" for kind in ("held", "unserved") for lang in ("en", "zh")}
    searched = {"justification[plan].worth[]", "justification[plan].ties.*", "overrides[].fix"}
    assert left == sentences | searched | {f"overrides[].cost.{end}" for end in ("high", "high[]", "low[]")}


LIES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a record left out": lambda p: p["justification"].pop(0),
    "a record twice": lambda p: p["justification"].insert(0, p["justification"][0]),
    "two names of platforms swapped": lambda p: _swap(p["justification"], "platform"),
    "two timetables swapped": lambda p: _swap(p["justification"], "timetable"),
    "a condition left out": lambda p: next(r for r in p["justification"] if r.get("conditions"))["conditions"].pop(),
    "a note left out": lambda p: p["justification"][0]["notes"].pop(),
    "a permit left out": lambda p: p["justification"][0]["permits"].pop(),
    "another method left out": lambda p: p["justification"][0]["others"].pop(),
    "a reason left out": lambda p: next(r for r in p["justification"] if r["kind"] == "unserved")["reasons"].pop(0),
    "a line of the method table left out": lambda p: p["justification"][-1]["methods"].pop(),
    "called the only best": lambda p: p["justification"][-1].update(unique=True),
    "a limit of the plan left out": lambda p: p["justification"][-1]["limits"].pop(),
    "a citation of nothing": lambda p: p["justification"][0]["permits"][0].update(cite="no.such.rule"),
    "an unlawful offer as the next best": lambda p: next(r for r in p["justification"] if r.get("next_sites"))[
        "next_sites"
    ][0].update(method="agreement", parcel_ids=["NS-0004"]),
    "a larger loss": lambda p: _next(p)["next_sites"][0].update(loss=_next(p)["next_sites"][0]["loss"] + 1),
    "a loss nobody measured": lambda p: _next(p)["next_sites"][0].update(loss=None),
    "another rule closes a parcel": lambda p: _another_rule(p),
    "a limit called missed that is kept": lambda p: p["justification"][-1]["relaxed"].append(
        p["justification"][-1]["limits"][0]
    ),
    "a held parcel without its reason": lambda p: next(e for e in p["held"] if e["reasons"])["reasons"].pop(0),
}


def _next(plan: dict[str, Any]) -> dict[str, Any]:
    records: list[dict[str, Any]] = plan["justification"]
    return next(record for record in records if record.get("next_sites"))


def _plan(plan: dict[str, Any]) -> dict[str, Any]:
    records: list[dict[str, Any]] = plan["justification"]
    return records[-1]


def _another_rule(plan: dict[str, Any]) -> None:
    """In the record and beside it alike, so that neither gives the other away."""
    held = [r for r in plan["justification"] if r["kind"] == "held" and any(e.get("ruling") for e in r["reasons"])]
    one = next(e for e in held[0]["reasons"] if e.get("ruling"))
    mine = one["ruling"]["cite"]
    cites = [e["ruling"]["cite"] for r in held for e in r["reasons"] if e.get("ruling")]
    here = {e["ruling"]["cite"] for e in held[0]["reasons"] if e.get("ruling")}
    one["ruling"]["cite"] = next(cite for cite in cites if cite not in here)
    rule, other = (plan["citations"][key]["rule"] for key in (mine, one["ruling"]["cite"]))
    for each in next(e for e in plan["held"] if e["parcel_id"] == held[0]["id"])["reasons"]:
        if each.get("rule") == rule:
            each["rule"] = other


def _swap(records: list[dict[str, Any]], name: str) -> None:
    one = records[0]
    other = next(r for r in records if r["kind"] == "assignment" and r[name] != one[name])
    one[name], other[name] = other[name], one[name]


@pytest.mark.parametrize("name", LIES)
def test_false_records_are_found(second: Second, name: str) -> None:
    """Whole parts left out, doubled, swapped."""
    plan = copy.deepcopy(second.plan)
    LIES[name](plan)
    assert second.wrong(plan)


def test_the_audit_alone_says_so(solved: Path, tmp_path: Path) -> None:
    """A re-sealed lie in the words is a breach by ``python -S -m constraints.audit``, without any package."""
    content = load(solved)
    content["plan.json"]["justification"][0]["platform"] = "某平台"
    folder = tmp_path / "forged"
    folder.mkdir()
    for path in solved.iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    save(folder, reseal(content))
    report = audit_plan(folder)
    assert [breach.rule for breach in report.breaches] == ["words"]
    assert "某平台" in report.breaches[0].said.text()


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(path.name for path in MENDED.iterdir() if path.is_dir()))
def test_true_plans_of_awkward_rounds_pass(tmp_path: Path, name: str) -> None:
    """Soft limits, shares, several tiers, blank columns."""
    place = tmp_path / "plan"
    done = CliRunner().invoke(desk, ["solve", str(MENDED / name), "-o", str(place), "--nodes", "1"])
    if done.exit_code in (0, 4):
        assert audit_plan(place).breaches == ()
        assert _lies(_second(place), 1) == []
    else:
        assert done.exit_code == 3, done.output
