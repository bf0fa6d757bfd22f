"""Packs as released, changed or own; what is said first of a day beyond the one they were checked to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from constraints.audit.finding import AuditReport, lines
from constraints.case import Case
from constraints.loading import releases
from constraints.loading.pack_files import pack, pack_names
from landopt.intake.assemble import read_round
from landopt.reasons.law_words.pack_words import late_lines, packs_line

EXAMPLE = Path(__file__).parents[2] / "examples" / "nansha"


@pytest.fixture(scope="module")
def case() -> Case:
    """The example round."""
    return read_round(EXAMPLE).ready()


def test_the_release_lists_the_packs_as_they_lie_here() -> None:
    """Whoever changes a pack makes the list anew: python -m landopt.desk.docs --write."""
    assert releases.LIST.read_text(encoding="utf-8") == releases.release_text()
    assert set(pack_names(off=True)) == set(releases.released())


def test_line_ends_make_no_other_pack() -> None:
    """A checkout on Windows is no change."""
    raw = (releases.LIST.parent / "cn" / "rules.toml").read_bytes()
    assert releases.rules_digest(raw.replace(b"\n", b"\r\n")) == releases.released()["cn"]
    assert releases.rules_digest(raw + b"\n# mine\n") != releases.released()["cn"]


def test_each_pack_is_shipped_changed_or_own(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pack that is not as listed is changed, whatever it says; one that came with the round is own."""
    text = '[pack]\nid = "ours"\n'
    own = replace(case, sources=(*case.sources, {"role": "pack", "name": "ours/rules.toml", "text": text}))
    monkeypatch.setattr(releases, "released", lambda: {**releases_before, "cn": "0" * 64})
    states = {each.name: each.state for each in releases.pack_states(own)}
    assert states["cn"] == "changed"
    assert states["cn-guangdong"] == "shipped"
    assert states["ours"] == "own"
    assert "cn 已改动" in packs_line(own, "zh")
    assert "ours own (" in packs_line(own, "en")


releases_before = dict(releases.released())


def test_a_day_beyond_the_check_is_said_first(case: Case) -> None:
    """By the audit and in the words of every paper; on the day itself nothing is said."""
    day = pack("cn").checked_until
    assert late_lines(replace(case, round=replace(case.round, as_of=day)), "zh") == []
    late = replace(case, round=replace(case.round, as_of="2030-01-01"))
    for lang, said in (("zh", "核对至"), ("en", "were checked until")):
        (line,) = late_lines(late, lang)
        assert said in line
        assert day in line
        report = AuditReport("P", (), (), (), None, late=releases.late_packs(late), packs=releases.pack_states(late))
        assert lines(report, lang)[0] == line
        assert any(("cn-guangdong" in each and "（" in each) or "shipped" in each for each in lines(report, lang)[1:])
    assert report.as_dict()["late"][0]["en"]
    assert {each["state"] for each in report.as_dict()["packs"]} == {"shipped"}
