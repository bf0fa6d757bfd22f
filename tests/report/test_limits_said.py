"""What a proposal says of limits and periods: soft limits that are missed, keys in words, what each period supplies."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from constraints.case import Case, Period
from landopt.reasons import words
from landopt.reasons.texts import environment, render_proposal
from landopt.report.source import open_source
from tests.builders import limit

QUARTERS = (Period("2026-Q2", "2026-04-01", "2026-06-30"), Period("2026-Q3", "2026-07-01", "2026-09-30"))


def said(sense: str, used: int, *, binding: bool, lang: str) -> str:
    """What is said of a limit of 100 beside its numbers."""
    law: Any = environment(lang).get_template(f"{lang}/law.j2").module
    return str(law.reached({"sense": sense, "used": used, "limit": 100, "binding": binding}))


@pytest.mark.parametrize(
    ("sense", "used", "binding", "zh", "en"),
    [
        ("<=", 100, True, "已达限额", "at its limit"),
        (">=", 100, True, "恰为下限", "at its least"),
        ("<=", 130, True, "已超过上限", "above its limit"),
        (">=", 70, True, "未达到下限", "short of its least"),
        ("<=", 70, False, "", ""),
        (">=", 130, False, "", ""),
    ],
)
def test_a_soft_limit_that_is_missed_is_not_used_in_full(
    sense: str, used: int, binding: bool, zh: str, en: str
) -> None:
    """Slack that is paid for makes a row tight; people read whether the amount was kept."""
    assert said(sense, used, binding=binding, lang="zh") == zh
    assert said(sense, used, binding=binding, lang="en") == en


def with_limits(plain: Path) -> tuple[dict[str, Any], Case]:
    """The plan with a limit by use and period that is missed, in a round of two quarters."""
    source = open_source(plain)
    plan = copy.deepcopy(dict(source.plan))
    rule = limit("p.cap", "", ">=", 100, per=("use", "period"))
    case = replace(source.case, round=replace(source.case.round, periods=QUARTERS), rules=(*source.case.rules, rule))
    whole = next(record for record in plan["justification"] if record["kind"] == "plan")
    cite = {"rule": "p.cap", "zh": "各用途下限", "en": "least of each use", "doc": "P", "article": "1", "number": ""}
    row = {
        "cite": {**cite, "grade": "V1", "rank": 0},
        "key": ["RES", "2026-Q3"],
        "sense": ">=",
        "used": 70,
        "limit": 100,
    }
    row |= {"unit": "m2", "own": 0, "binding": True, "share": "", "part": None, "whole": None}
    whole["limits"], whole["relaxed"] = [row], [row]
    for number, entry in enumerate(plan["assignments"]):
        entry["period"] = QUARTERS[number > 0].id
    return plan, case


def test_the_proposal_names_keys_in_words_and_what_each_period_supplies(plain: Path) -> None:
    """No code of a use, no id of a period; a minimum that is missed is said so once."""
    plan, case = with_limits(plain)
    zh, en = (render_proposal(plan, case, lang) for lang in ("zh", "en"))
    assert "各用途下限（科研用地、2026年第3季度）：安排 70 平方米，下限 100 平方米，未达到下限。" in zh
    assert "least of each use (" + words.word("use", "RES", "en") + ", 2026 Q3)" in en
    assert "short of its least" in en
    assert (zh.count("未达到"), "已用足" in zh) == (1, False)
    rows = plan["assignments"]
    assert f"2026年第2季度：1 件、{len(rows[0]['parcel_ids'])} 宗，面积 {words.hectares(rows[0]['area_m2'])} 公顷" in zh
    assert f"2026年第3季度：{len(rows) - 1} 件" in zh
    for entry in rows:
        entry["period"] = QUARTERS[0].id
    assert "2026年第3季度：不安排供应。" in render_proposal(plan, case, "zh")
    assert "2026 Q3: nothing is supplied." in render_proposal(plan, case, "en")


@pytest.mark.parametrize(
    ("name", "zh", "en"),
    [
        ("2026", "2026年", "2026"),
        ("2026-H2", "2026年下半年", "2026 H2"),
        ("2026-Q4", "2026年第4季度", "2026 Q4"),
        ("2026-03", "2026年3月", "2026-03"),
        ("spring", "spring", "spring"),
    ],
)
def test_a_period_is_written_as_people_write_it(name: str, zh: str, en: str) -> None:
    """Years, halves, quarters, months; another name stays."""
    assert (words.period(name, "zh"), words.period(name, "en")) == (zh, en)


def test_the_list_of_sites_names_the_period_of_each(plain: Path) -> None:
    """In a round of several periods, and in none other."""
    from landopt.report.papers.documents import _sites

    source = open_source(plain)
    assert "供应时段" not in _sites(source, "zh").rows[0]
    plan, case = with_limits(plain)
    several = open_source(plain)
    vars(several).update(plan=plan, case=case)
    table = _sites(several, "zh")
    assert table.rows[0][-1] == "供应时段"
    assert {row[-1] for row in table.rows[1:]} == {"2026年第2季度", "2026年第3季度"}
    assert len(table.widths) == len(table.rows[0])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_table_of_each_period_names_it_and_says_where_it_is_empty(plain: Path, tmp_path: Path, lang: str) -> None:
    """A printed page is of one year and says so; a year in which nothing is supplied is no page of headings."""
    import openpyxl

    from landopt.report.tables.sheets import write_tables

    plan, case = with_limits(plain)
    years = (*case.round.periods, Period("2027", "2027-01-01", "2027-12-31"))
    source = open_source(plain)
    vars(source).update(plan=plan, case=replace(case, round=replace(case.round, periods=years)))
    write_tables(tmp_path / "t.xlsx", source, lang)
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    own = [sheet for sheet in book if sheet.title.endswith(tuple(period.id for period in years))]
    assert len(own) == len(years)
    for sheet, period in zip(own, years, strict=True):
        assert words.period(period.id, lang) in sheet["A1"].value
    empty = [cell.value for row in own[-1].iter_rows(min_row=5) for cell in row if cell.value]
    assert empty == ["本期不安排供应。" if lang == "zh" else "Nothing is supplied in this period."]
