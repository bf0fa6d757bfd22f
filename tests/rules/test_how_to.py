"""The worked example of docs/how-to-add-a-rule.md loads, and its cases come out as it says."""

import re
import tomllib
from pathlib import Path

from constraints.loading.load import load_file
from constraints.reading.asking.ask import ask
from constraints.reading.asking.worked_cases import KEYS, fact_text

PAGE = Path(__file__).parents[2] / "docs" / "how-to-add-a-rule.md"
RULES = Path(__file__).parents[2] / "docs" / "rules.md"


def _blocks(page: Path) -> list[str]:
    return re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def test_the_rule_of_the_page_loads_and_its_cases_agree(tmp_path: Path) -> None:
    """Rule and cases are taken from the page as they stand there."""
    rule_text, case_text = _blocks(PAGE)
    path = tmp_path / "rules.toml"
    path.write_text(rule_text, encoding="utf-8")
    rules = load_file(path)
    cases = tomllib.loads(case_text)["case"]
    assert [case["as_of"].isoformat() for case in cases] == ["2026-09-01", "2026-08-31", "2026-09-01"]
    for case in cases:
        assert set(case) <= set(KEYS)
        answer = ask({k: fact_text(v) for k, v in case["facts"].items()}, case["as_of"].isoformat(), policy=rules)
        for method, verdict in case["expect"].items():
            assert answer[method]["verdict"] == verdict
            named = {rule["id"] for rule in answer[method]["rules"]}
            assert set(case.get("rules", ())) <= named
            assert not set(case.get("absent", ())) & named


def test_the_limits_shown_on_the_rules_page_load(tmp_path: Path) -> None:
    """The examples of a bureau's own limits (P-QUOTA, P-BLOCK) are of the format."""
    (text,) = _blocks(RULES)
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    assert [rule.kind for rule in load_file(path)] == ["limit", "limit"]
