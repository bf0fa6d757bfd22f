"""An exception of the round's own that acts is printed on the sheet it touches, for the plan, and by the audit."""

from __future__ import annotations

import shutil
from pathlib import Path

from click.testing import CliRunner

from cli import desk
from landopt.keeping.plan_folder import open_plan
from landopt.reasons.law_words.own_exceptions import exceptions_on, own_exceptions
from landopt.report.papers.review_sheet import sheets
from landopt.report.source import open_source
from tests.places import EXAMPLE

OWN = """
[[rule]]
id = "round.m9"
kind = "eligibility"
title = { en = "M9 by the plan of the round", zh = "M9 按本轮方案" }
cite = { doc = "本轮政策", article = "9", number = "甲9", rank = 0, grade = "V1" }
from = 2026-01-01
when = "use == 'NS_M9'"
verdict = { listing = "warn", bid = "warn", auction = "warn" }
exception_to = ["nansha.m9.draft"]
"""


def test_it_is_printed_on_its_sheet_for_the_plan_and_by_the_audit(tmp_path: Path) -> None:
    """In both languages, with the document of the exception and the rule it stands for."""
    place = tmp_path / "round"
    shutil.copytree(EXAMPLE, place)
    policy, toml = place / "policy.toml", place / "round.toml"
    policy.write_text(policy.read_text("utf-8") + OWN, "utf-8")
    toml.write_text(
        toml.read_text("utf-8").replace('["permit", "condition"]', '["permit", "condition", "warn"]'), "utf-8"
    )
    done = CliRunner().invoke(desk, ["solve", str(place), "--nodes", "1", "--lang", "zh"])
    assert done.exit_code in (0, 4), done.output
    opened = open_plan(place / "plan")
    acting = exceptions_on(opened.case, opened.plan["assignments"])
    assert acting
    assert {(rule.id, base.id) for found in acting.values() for rule, base in found} == {
        ("round.m9", "nansha.m9.draft")
    }
    touched = {"+".join(site) for site in acting}
    m9 = {"+".join(e["parcel_ids"]) for e in opened.plan["assignments"] if "NS_M9" in e["use"]}
    assert touched <= m9
    assert "本轮自定例外" in done.output
    assert "本轮政策 甲9 9" in done.output
    site = next(iter(acting))
    assert own_exceptions(opened.case, opened.plan, "en", site).count("does not apply") == 1
    source = open_source(place / "plan")
    for record, blocks in zip(
        (r for r in source.plan["justification"] if r["kind"] == "assignment"), sheets(source, "zh"), strict=True
    ):
        printed = str(blocks)
        assert ("自定例外" in printed) is ("+".join(record["parcel_ids"]) in touched)
    audit = CliRunner().invoke(desk, ["audit", str(place / "plan"), "--complete"])
    assert audit.exit_code == 0, audit.output
    assert "exceptions that act 1" in audit.output
    assert "round.m9 (本轮政策 甲9 9) silences nansha.m9.draft" in audit.output


def test_a_round_without_exceptions_prints_nothing(tmp_path: Path) -> None:
    """No line, no row."""
    place = tmp_path / "plan"
    words = ["solve", str(EXAMPLE), "-o", str(place), "--nodes", "1"]
    assert CliRunner().invoke(desk, words).exit_code in (0, 4)
    opened = open_plan(place)
    assert own_exceptions(opened.case, opened.plan, "en") == ""
