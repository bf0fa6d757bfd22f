"""What a run says of its own audit: which offers it re-derived, and the head of the ledger it was made under."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import landopt.pipeline as pipeline
from constraints.audit.run import audit_plan
from constraints.case import from_json
from landopt.desk.keep.audit import audit
from landopt.job import Breach, Result
from parcels.common.catalogue import Told
from tests.audit.folders import Small
from tests.audit.mutants import load, reseal, save


def _audited(folder: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> tuple[Any, list[Told], int]:
    said: list[Told] = []
    listed = load(folder)["offers.jsonl.gz"][0]["count"]
    monkeypatch.setattr(pipeline, "RE_DERIVED", most)
    return pipeline.audit(folder, listed, Path("somewhere/plan"), said.append), said, listed


def test_every_offer_is_re_derived_up_to_the_limit(folders: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to 100,000 listed offers the audit of a run re-derives them all and says nothing."""
    assert pipeline.RE_DERIVED == 100_000
    report, said, listed = _audited(folders[0], monkeypatch, 100_000)
    assert said == []
    assert {check.name: check.count for check in report.checks}["offers"] == listed


def test_large_rounds_say_how_many_offers_were_re_derived(
    rounds: list[Small], folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the limit some are re-derived; the line says how many and how to do all; the bound is over all."""
    assert rounds
    report, said, listed = _audited(folders[0], monkeypatch, 0)
    done = {check.name: check.count for check in report.checks}["offers"]
    assert [line.text("en") for line in said] == [
        f"re-derived {done:,} of {listed:,} offers; all with: landopt audit {Path('somewhere/plan')}",
    ]
    assert [line.key for line in said] == ["progress.re-derived"]
    assert said[0].text("zh") != said[0].text("en")
    assert f"landopt audit {Path('somewhere/plan')}" in said[0].text("zh")
    assert 0 < done <= listed
    assert report.tiers == audit_plan(folders[0]).tiers


def test_large_rounds_still_withhold_a_plan_whose_bound_is_wrong(
    folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bound one too low in plan and proof alike is a breach though few offers are re-derived."""
    content = load(folders[0])
    content["plan.json"]["result"]["tiers"][0]["bound"] -= 1
    save(tmp_path / "plan", reseal(content))
    with pytest.raises(Breach, match="bound"):
        _audited(tmp_path / "plan", monkeypatch, 0)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_footer_prints_the_head_of_the_ledger(folders: list[Path], lang: str) -> None:
    """The head stands in full where the plan was made under a ledger, and nowhere else."""
    report, content = audit_plan(folders[0]), load(folders[0])
    plan, case = content["plan.json"], from_json(content["case.json"])
    result = Result(Path("plan"), {**plan, "ledger_head": "ab" * 32}, case, report, 0, 0.0)
    assert "ab" * 32 in result.footer(lang)
    bare = Result(Path("plan"), plan, case, report, 0, 0.0)
    assert len(bare.footer(lang).splitlines()) == len(result.footer(lang).splitlines()) - 1


@pytest.mark.parametrize("date", ["yesterday", "2026-02-30", "20260630", "2026"])
def test_date_that_is_none_is_refused(folders: list[Path], date: str) -> None:
    """``--as-of`` with no day of the calendar is a usage error, at the desk and in the auditor alone."""
    from constraints.audit.command import main

    done = CliRunner().invoke(audit, [str(folders[0]), "--as-of", date])
    assert done.exit_code == 2
    assert date in done.output
    assert main([str(folders[0]), "--as-of", date]) == 2


@pytest.mark.parametrize(("lang", "word"), [("en", "Plan refused"), ("zh", "方案不成立")])
def test_missing_seal_has_the_last_word(folders: list[Path], lang: str, word: str, tmp_path: Path) -> None:
    """A plan sound in itself but without a seal of the key asked for ends with the refusal, exit 5."""
    key = Ed25519PrivateKey.generate().public_key()
    pem = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pem").write_bytes(pem)
    done = CliRunner().invoke(audit, [str(folders[0]), "--key", str(tmp_path / "key.pem"), "--lang", lang])
    assert done.exit_code == 5
    assert word in done.output.splitlines()[-1]
