"""After a failed sale: the plan kept but for what failed, and what the failure changes said parcel by parcel."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli import desk
from landopt.door.replanning import _what
from landopt.keeping.ledger.rounds import State, apply, keep
from landopt.reasons.texts import render_answer
from tests.builders import case, demand, parcel

EXAMPLE = Path(__file__).parents[2] / "examples" / "nansha"
WAS = {"parcel_ids": ["P01"], "demand_id": "D01", "method": "listing", "start_price_yuan": 900, "period": None}


def _plan(*parcels: str) -> dict[str, Any]:
    entries = [{"parcel_ids": [name], "demand_id": "D01", "method": "listing"} for name in parcels]
    return {"plan_id": "x/P-1", "plan_hash": "h", "assignments": entries}


def test_what_failed_is_not_held_to() -> None:
    """Every assignment of the plan is preferred but the one whose sale failed."""
    round_ = case([parcel(), parcel()], [demand()])
    book = State()
    book.status["P01"] = "failed"
    kept = keep(apply(round_, book), _plan("P01", "P02"), 99)
    assert [rule.when for rule in kept.rules if rule.origin == "keep"] == [
        "parcel_id in ['P02'] and site_parcels == 1 and demand_id == 'D01'"
    ]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (None, "held"),
        ({"method": "auction"}, "method"),
        ({"parcel_ids": ["P01", "P02"]}, "site"),
        ({"demand_id": None}, "platform"),
        ({"start_price_yuan": 800}, "price"),
        ({}, "same"),
    ],
)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_each_outcome_is_told(change: dict[str, Any] | None, what: str, lang: str) -> None:
    """Another method, site, platform or price, the same again, or held back with its reason."""
    now = None if change is None else {**WAS, **change}
    assert _what(WAS, now) == what
    failure = {
        "parcel_id": "P01",
        "times": 2,
        "date": "2026-04-20",
        "document": "Notice 7",
        "was": WAS,
        "now": now,
        "what": what,
        "reasons": [{"en": "Outweighed.", "zh": "不及其他安排。"}] if now is None else [],
        "rules": ["p.second"],
    }
    text = render_answer("replan", {"plan_id": "b", "kept": "a", "failures": [failure], "others": []}, lang)
    words = {
        "held": ("held back: Outweighed", "暂不供应：不及"),
        "method": ("another method: auction", "其他方式：拍卖"),
        "site": ("P01 + P02", "P01＋P02"),
        "platform": ("somebody else", "改供他方"),
        "price": ("another price level", "价格水平变动"),
        "same": ("again as it was", "照原安排再次供应"),
    }[what][lang == "zh"]
    assert words in text
    assert "p.second" in text
    assert "Notice 7" in text


@pytest.mark.slow
def test_a_failed_sale_gives_the_next_plan_in_one_command(tmp_path: Path) -> None:
    """Adopted, one sale failed and recorded: all else stays, the old plan too; without a failure it is refused."""
    place = shutil.copytree(EXAMPLE, tmp_path / "round", ignore=shutil.ignore_patterns("plan"))

    def run(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(desk, [*words], catch_exceptions=False)
        assert result.exit_code == code, result.output
        return result.stdout

    plan = json.loads(run("solve", str(place), "--json"))
    run("round", "open", str(place), "--by", "o")
    run("round", "adopt", str(place), str(place / "plan"), "--document", "Doc 1", "--by", "o")
    assert "O017" in CliRunner().invoke(desk, ["replan", str(place), "--lang", "en"]).output
    name = next(entry["parcel_ids"][0] for entry in plan["assignments"] if entry["method"] == "listing")
    results = tmp_path / "results.csv"
    sold = next(entry["parcel_ids"][0] for entry in plan["assignments"] if entry["parcel_ids"][0] != name)
    lines = ("parcel_id,outcome,date,price_yuan,document", f"{name},failed,2026-04-20,,Notice 7")
    results.write_text("\n".join((*lines, f"{sold},contracted,2026-04-21,,Contract 1", "")), "utf-8")
    run("round", "record", str(place), str(results), "--by", "o")
    told = json.loads(run("replan", str(place), "--json"))
    [failure] = told["failures"]
    assert (failure["parcel_id"], failure["times"], failure["document"]) == (name, 1, "Notice 7")
    happened = {other["parcel_id"]: other["happened"] for other in told["others"]}
    assert happened.pop(sold) == "contracted"  # sold, not held back; the limit it no longer takes may serve another
    assert set(happened.values()) <= {""}
    text = run("replan", str(place), "--lang", "en", "-o", str(tmp_path / "again"))
    assert text.count("-> sold.") == 1
    assert (place / "plan" / "plan.json").is_file()
    assert (place / "next" / "plan.json").is_file()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_sale_in_another_period_is_not_the_same_supply(lang: str) -> None:
    """A round with periods: what failed in one and is offered in the next is told with both."""
    was = {"parcel_ids": ["P01"], "demand_id": None, "method": "listing", "start_price_yuan": 10, "period": "2026-H1"}
    now = {**was, "period": "2026-H2"}
    assert _what(was, now) == "period"
    assert _what(was, was) == "same"
    failure = {"parcel_id": "P01", "times": 1, "date": "2026-06-01", "document": "x", "was": was, "now": now}
    failure |= {"what": "period", "reasons": [], "rules": []}
    moved = {"parcel_id": "P02", "was": was, "now": now, "happened": ""}
    said = render_answer("replan", {"plan_id": "B", "kept": "A", "failures": [failure], "others": [moved]}, lang)
    for words in ("2026 H1", "2026 H2") if lang == "en" else ("2026年上半年", "2026年下半年"):
        assert said.count(words) == 2, said
