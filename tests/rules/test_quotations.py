"""The words a grade rests on are stored with their address; the second reading answers every finding."""

from __future__ import annotations

import re
import tomllib

import pytest

from constraints.loading.load import load_pack, pack_names
from constraints.loading.ranks import PACKS
from constraints.types import Rule

RULES = [rule for name in pack_names(off=True) for rule in load_pack(name)]
QUOTATIONS = tomllib.loads((PACKS / "quotations.toml").read_text(encoding="utf-8"))
READ_IN_FULL = (".gov.cn", ".court.gov.cn", "github.com/LawRefBook/Laws")
"""Government pages, and the public mirror of statutes that the fact base counts as read."""


def quoted(source: str) -> list[str]:
    """The ids of the quotations a source names."""
    return re.findall(r"\bq:([\w-]+)", source)


def test_every_quotation_has_words_an_address_and_the_day_it_was_read() -> None:
    """Short, with a document and article before the words."""
    for name, entry in QUOTATIONS.items():
        assert set(entry) == {"text", "words", "address", "read"}, name
        assert 10 <= len(entry["words"]) <= 400, name
        assert entry["read"].isoformat() <= "2026-11-29"


def test_every_quotation_is_cited_and_every_cited_one_is_stored() -> None:
    """Nothing is quoted for nobody, and no source points nowhere."""
    cited = {name for rule in RULES for name in quoted(rule.cite.source)}
    assert cited == set(QUOTATIONS)


@pytest.mark.parametrize("rule", [rule for rule in RULES if quoted(rule.cite.source)], ids=lambda rule: rule.id)
def test_a_copy_that_is_not_a_government_page_gives_v2_at_most(rule: Rule) -> None:
    """V1 rests on a quotation from the text itself."""
    addresses = [QUOTATIONS[name]["address"] for name in quoted(rule.cite.source)]
    if rule.cite.grade == "V1":
        assert any(mark in address for address in addresses for mark in READ_IN_FULL)


def test_every_finding_of_the_second_reading_names_rules_that_exist() -> None:
    """Thirty-one findings, each answered in both languages."""
    findings = tomllib.loads((PACKS / "second_reading.toml").read_text(encoding="utf-8"))["finding"]
    assert [entry["id"] for entry in findings] == [f"L2-A{n:02d}" for n in range(1, len(findings) + 1)]
    known = {rule.id for rule in RULES}
    for entry in findings:
        assert set(entry["rules"]) <= known, entry["id"]
        assert all(entry[key][lang] for key in ("was", "now") for lang in ("en", "zh"))


def test_a_shipped_exception_to_a_higher_rank_quotes_the_words_it_rests_on() -> None:
    """No pack silences a rule of higher rank without words of a text that leave it open."""
    by_id = {rule.id: rule for rule in RULES}
    upward = [
        rule
        for rule in RULES
        if any(by_id[base].cite.rank > rule.cite.rank for base in rule.exception_to if base in by_id)
    ]
    assert upward
    assert [rule.id for rule in upward if not quoted(rule.cite.source)] == []
