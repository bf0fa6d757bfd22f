"""Rules beside one another: which set the same thing, and how what they set is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.constraints.test_load import GOOD, fault, read

LIMIT = """
[[rule]]
id = "t.l.one"
kind = "limit"
title = { en = "one", zh = "一" }
cite = { doc = "示例办法", article = "第一条", rank = 0, grade = "V2" }
from = 2020-01-01
measure = "area_m2"
sense = "<="
per = ["district"]
"""
LOCK = GOOD[: GOOD.index("when")].replace("eligibility", "lock").replace("rank = 3", "rank = 0")
LOCK += 'parcels = ["P-1", "P-2"]\nmethod = "listing"\ndocument = "x"\n'
CAP = LIMIT + "values = [{ amount = 3, unit = 'ha' }]\n"


@pytest.mark.parametrize(
    "beside",
    [
        'values = [{ amount = 30, unit = "mu" }]\nacross = "spread"\n',
        'values = [{ amount = 2, unit = "ha" }]\npenalty = 1\n',
        'values = [{ amount = 2, unit = "ha" }]\ncredit = { where = "land_source == \'stock\'", num = 1, den = 2 }\n',
    ],
)
def test_limits_that_do_not_set_the_same(beside: str, tmp_path: Path) -> None:
    """A cap beside a balance, a target that only charges, or a cap that grows: two rules, no contradiction."""
    assert len(read(tmp_path, CAP + LIMIT.replace("t.l.one", "t.l.two") + beside).rules) == 2


@pytest.mark.parametrize(
    ("one", "two", "en", "zh"),
    [
        (
            CAP,
            LIMIT + 'values = [{ amount = 30, unit = "mu" }]\n',
            "(30,000 m² and 20,000 m²)",
            "（30,000 平方米 与 20,000 平方米）",
        ),
        (LIMIT + 'share = "0.4"\n', LIMIT + 'share = "0.125"\n', "(40 % and 12.5 %)", "（40% 与 12.5%）"),
        (GOOD, GOOD.replace("forbid", "permit"), "(forbid and permit)", "（禁止 与 允许）"),
        (
            LOCK,
            LOCK.replace('["P-1", "P-2"]', '["P-2"]') + 'demand = "D-1"\n',
            "(P-1, P-2 by listing and P-2 to D-1 by listing)",
            "（P-1、P-2 以挂牌出让供应 与 P-2 以挂牌出让供应 D-1）",
        ),
    ],
)
def test_what_two_rules_set_is_told_in_words(one: str, two: str, en: str, zh: str, tmp_path: Path) -> None:
    """Amounts with their unit, shares in per cent, verdicts and locks in the reader's language."""
    two = two.replace('t.a.one"', 't.a.two"').replace('t.l.one"', 't.l.two"')
    issue = fault(tmp_path, one + two, "R013")
    assert en in issue.what
    assert zh in issue.sentence("zh")
