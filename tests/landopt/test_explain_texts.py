"""Golden texts of every kind of record in both languages, and what the words may and may not say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from landopt.reasons.explain.plain_records import as_json
from landopt.reasons.justify import justify
from landopt.reasons.texts import by_hand, environment, reasons, render
from landopt.reasons.words import TEMPLATES, decimal, hectares, money, numeral, shown, width
from tests.landopt import samples
from tests.landopt.decided import decided, planned

GOLDEN = Path(__file__).parent / "golden"
RECORDS = {
    "listing": samples.listing(),
    "agreement": samples.agreement(),
    "unserved": samples.unserved(),
    "held": samples.held(),
    "plan_limit": samples.plan(),
    "plan_closed": samples.plan(closed=True),
}


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", sorted(RECORDS))
def test_whole_text_is_as_on_file(name: str, lang: str) -> None:
    """The text of a record is, to the letter, the one under golden/ (edit the file when the wording changes)."""
    path = GOLDEN / f"explain_{name}.{lang}.txt"
    assert render(RECORDS[name], lang) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_json_and_record_give_the_same_text(lang: str) -> None:
    """A record read back from plan.json reads like the one that was written."""
    assert render(as_json(samples.listing()), lang) == render(samples.listing(), lang)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_competitive_method_names_an_intended_user_never_a_winner(lang: str) -> None:
    """Under a competitive method the platform is the intended user; the text says it is not the winner."""
    text = render(samples.listing(), lang)
    said = "the intended user, not the winner" if lang == "en" else "并非受让人"
    assert said in text


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_agreement_prints_its_fallback(lang: str) -> None:
    """Agreement stands only if no second applicant appears; the text names the fallback and its rule."""
    text = render(samples.agreement(), lang)
    assert ("otherwise listing" if lang == "en" else "否则改以挂牌出让方式供应") in text
    assert "t.publication" in text


def test_optimal_is_said_only_at_an_audited_gap_of_zero() -> None:
    """A plan stopped at a limit is "not proven best"; "unique" needs its proof."""
    stopped, closed = render(samples.plan(), "en"), render(samples.plan(closed=True), "en")
    assert "optimal" not in stopped
    assert "Not proven best; bound 4,121.000" in stopped
    assert "The plan is optimal: the audited gap is 0, and it is unique" in closed
    assert "最优（" not in render(samples.plan(), "zh")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_citation_shows_its_grade(lang: str) -> None:
    """Every rule id in a text stands beside its verification grade."""
    for record in RECORDS.values():
        text = render(record, lang)
        for found in re.finditer(r"\bt\.[a-z0-9.]+[a-z0-9]", text):
            assert re.match(r"(; grade |；核实等级 )[VTU]", text[found.end() :]), found.group()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_scenario_is_printed_as_not_on_file(lang: str) -> None:
    """A record of a scenario says so."""
    assert ("Not on file: scenario research-first" if lang == "en" else "未入档：情景 research-first") in render(
        samples.agreement(), lang
    )


def test_templates_hold_no_law() -> None:
    """No template names a document, a rule id or a number of law."""
    for path in TEMPLATES.rglob("*.j2"):
        text = re.sub(r"\{[{%].*?[%}]\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.search(r"cn\.|〔|《|art\.|R-\d|\b(20|30|50|70)\b", text), path.name


def test_both_languages_have_the_same_templates() -> None:
    """Every template of one language exists in the other and loads."""
    names = {lang: {path.name for path in (TEMPLATES / lang).glob("*.j2")} for lang in ("en", "zh")}
    assert names["en"] == names["zh"]
    for lang, found in names.items():
        assert all(environment(lang).get_template(f"{lang}/{name}") for name in found)


def test_reasons_are_bilingual_and_counted() -> None:
    """The reasons of plan.json carry rule or offer, both languages, and the premises."""
    found = reasons(samples.unserved())
    assert [entry.get("count") for entry in found[:4]] == [120, 1, 3, 2]
    assert found[2]["rule"] == "t.list"
    assert found[4]["offer"] == "NS-0001/D22/listing"
    assert "2.000" in found[4]["en"]
    assert "2.000" in found[4]["zh"]
    assert found[5]["premises"] is True


@pytest.mark.parametrize("seed", planned(6))
def test_reasons_made_once_for_many_read_like_those_made_for_each(seed: int) -> None:
    """Texts that differ by ids alone are made once and filled in: every one reads as the template has it."""
    case, offers, outcome = decided(seed)
    assert outcome.chosen is not None
    told = 0
    for record in justify(case, offers, outcome.chosen.tolist(), outcome):
        if record["kind"] not in ("held", "unserved"):
            continue
        found = reasons(record)
        for entry, said in zip([*record["reasons"], *record["best"]], found, strict=False):
            for lang in ("en", "zh"):
                macros = vars(
                    environment(lang).get_template(f"{lang}/{'reasons' if 'code' in entry else 'law'}.j2").module
                )
                if "code" in entry:
                    assert said[lang] == str(macros["reason"](entry)).strip()
                else:
                    assert said[lang].startswith(str(macros["offer"](entry)))
                    assert str(macros["loss"](entry)) in said[lang]
                told += 1
    assert told


def test_unknown_kind_and_language_are_refused() -> None:
    """A record without a kind and a language without templates are errors."""
    with pytest.raises(ValueError, match="kind"):
        render({"kind": "poem"}, "en")
    with pytest.raises(ValueError, match="language"):
        render(samples.held(), "fr")


@pytest.mark.parametrize(
    ("number", "text"), [(1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (99, "九十九"), (100, "100")]
)
def test_items_are_counted_in_chinese_numerals(number: int, text: str) -> None:
    """Items of a file are counted in Chinese numerals up to 99."""
    assert numeral(number) == text


def test_numbers_are_exact() -> None:
    """Money, areas and decimals are integer arithmetic, never floats."""
    assert decimal(-5, 3) == "-0.005"
    assert hectares(23_156) == "2.3156"
    assert money(86_400_000, "en") == "CNY 86.40 million"
    assert money(86_400_000, "zh") == "8,640.00 万元"
    assert money(86_400_001, "en") == "CNY 86,400,001"
    assert money(99, "zh") == "99 元"
    assert shown("net_land", True, "", "zh") == "是"
    assert shown("uses", ["IND", "RES"], "", "zh") == "工业用地、科研用地"
    assert shown("publication_closed", "2026-03-01", "", "zh") == "2026年3月1日"
    assert width("挂牌a") == 5


def test_what_was_fixed_by_hand_is_said_of_the_plan_and_of_its_site() -> None:
    """Name, reason and cost of an officer's fix stand in both languages; other sites say nothing."""
    fix = {
        "by": "officer 7",
        "cost": {"high": [499088], "low": [0]},
        "fix": "NS-0001=auction:D-007",
        "overrides": [],
        "parcel_ids": ["NS-0001"],
        "reason": "Minutes 3",
        "rule": "override.1.NS-0001",
    }
    for lang in ("en", "zh"):
        for site in (None, ["NS-0001"]):
            said = by_hand({"overrides": [fix]}, lang, site)
            assert all(word in said for word in ("NS-0001=auction:D-007", "officer 7", "Minutes 3", "499.088"))
        assert by_hand({"overrides": [fix]}, lang, ["NS-0002"]) == ""
        assert by_hand({}, lang) == ""
