"""Every id of the legal fact base is encoded or left out with a reason; the pages about the rules are current."""

from pathlib import Path

from constraints.loading.load import load_pack, methods
from constraints.reading.timetable import STEPS
from landopt.desk.docs import rules_pages

ROOT = Path(__file__).parents[2]
IDS = rules_pages.domain_ids((ROOT / "tests/rules/domain_ids.txt").read_text(encoding="utf-8"))


def test_every_id_of_the_fact_base_is_encoded_or_left_out_with_a_reason() -> None:
    """No id is forgotten, none is both, and no rule names an id that is not in the fact base."""
    encoded, out = set(rules_pages.coverage()), rules_pages.left_out()
    assert set(IDS) - encoded == set(out)
    assert not encoded - set(IDS)
    assert all(reason["en"] and reason["zh"] for reason in out.values())


def test_the_pages_about_the_rules_are_current() -> None:
    """docs/rules.md and docs/rules-coverage.md are what the packs give; make them with the module's --write."""
    pages = {"rules.md": rules_pages.rules_page(), "rules-coverage.md": rules_pages.coverage_page(IDS)}
    for name, text in pages.items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == text, f"docs/{name} is not current"


def test_the_rules_the_methods_and_timetables_name_exist() -> None:
    """Default rules and the rules of timetable steps are rules of a pack."""
    known = {rule.id for name in rules_pages.packs_in_order() for rule in load_pack(name)}
    named = {name for method in methods() for name in method.default_rule.split()}
    named |= {step.rule for steps in STEPS.values() for step in steps if step.rule}
    assert named <= known, sorted(named - known)


def test_every_rule_of_a_pack_shows_document_article_and_grade_and_speaks_two_languages() -> None:
    """A citation can be looked up; titles and texts stand in English and Chinese."""
    for name in rules_pages.packs_in_order():
        for rule in load_pack(name):
            assert rule.cite.doc, rule.id
            assert rule.cite.article, rule.id
            assert rule.domain, rule.id
            assert rule.title.en != rule.title.zh, rule.id
            assert not rule.title.zh.isascii(), rule.id
