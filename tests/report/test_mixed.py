"""Parcels of several uses: every paper that names use or term names those of each part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl

from constraints.loading.load import load_pack
from landopt.report.mixed import MixedPart, mixed_parts, said_of
from landopt.report.papers.notices import drafts
from landopt.report.papers.review_sheet import review_values
from landopt.report.source import Source, open_source
from landopt.report.tables.entry_sheet import rows
from landopt.report.tables.sheets import write_tables
from tests.builders import case, demand, parcel

TERMS = [rule for rule in load_pack("cn") if rule.kind == "term" and rule.id.startswith("cn.order55.art12")]


def entry(*ids: str, term: int = 50, method: str = "listing") -> dict[str, Any]:
    """An assignment as the plan has it."""
    return {"parcel_ids": list(ids), "demand_id": "D01", "method": method, "period": None, "term_years": term}


def test_each_part_has_the_term_that_law_gives_its_use() -> None:
    """Order 55 art. 12: business at most 40 years, industry 50; a part shorter than the wish keeps its own maximum."""
    mixed = parcel(use="IND", use_mix=("IND:70", "BIZ:30"))
    made = case([mixed, parcel(use="IND")], [demand(uses=("IND", "BIZ"), max_parcels=2)], TERMS)
    wanted = (MixedPart("IND", "70", 50), MixedPart("BIZ", "30", 40))
    assert mixed_parts(made, [entry("P01")]) == {"P01": wanted}
    assert mixed_parts(made, [entry("P01", "P02")]) == {"P01": wanted}
    assert mixed_parts(made, [entry("P02")]) == {}
    short = case([mixed], [demand(uses=("IND", "BIZ"), want_term=30)], TERMS)
    assert {part.term for part in mixed_parts(short, [entry("P01", term=30)])["P01"]} == {30}
    given = mixed_parts(made, [entry("P01", term=0, method="allocation")])["P01"]
    assert {part.term for part in given} == {None}


def test_terms_are_said_where_they_differ() -> None:
    """The parcel is named on a site of several; parts of one term are not listed again."""
    parts = {"P1": (MixedPart("IND", "70", 50), MixedPart("BIZ", "30", 40))}
    assert said_of(parts, ["P2"], 50, "zh") is None
    said = said_of(parts, ["P1"], 50, "zh")
    assert said == {
        "uses": "混合用途：工业用地 70 %、商务金融用地 30 %",
        "terms": "分用途：工业用地 50 年、商务金融用地 40 年",
    }
    both = said_of(parts, ["P1", "P2"], 50, "zh")
    assert both is not None
    assert both["uses"].startswith("混合用途：宗地 P1 ")
    same = {"P1": (MixedPart("IND", "70", 30), MixedPart("BIZ", "30", 30))}
    assert (said_of(same, ["P1"], 30, "en") or {})["terms"] == ""


def with_mix(plain: Path) -> tuple[Source, str]:
    """The plan with a first listed parcel of two uses."""
    source = open_source(plain)
    one = next(e for e in source.plan["assignments"] if e["method"] == "listing" and len(e["parcel_ids"]) == 1)
    name = one["parcel_ids"][0]
    vars(source)["mixed"] = {name: (MixedPart("RES", "60", one["term_years"]), MixedPart("BIZ", "40", 12))}
    return source, name


def test_sheet_notice_tables_and_entry_sheet_name_the_parts(plain: Path, tmp_path: Path) -> None:
    """Shares and terms of both parts, and of no other parcel."""
    source, name = with_mix(plain)
    values = [
        each
        for each, e in zip(review_values(source, "zh"), source.plan["assignments"], strict=True)
        if name in e["parcel_ids"]
    ]
    assert "（混合用途：科研用地 60 %、商务金融用地 40 %）" in str(values[0]["parcel"])
    assert "商务金融用地 12 年）" in str(values[0]["opinion"])
    for notice in drafts(source, "zh"):
        told = {label: content for label, content, _ in notice.rows}
        assert ("混合用途" in told["土地用途"]) == (name in notice.parcel_ids)
        assert ("商务金融用地 12 年" in told["使用年期"]) == (name in notice.parcel_ids)
    for row in rows(source):
        assert ("混合用途" in str(row["核对"])) == (row["宗地编号"] == name)
    for mixed in (True, False):
        write_tables(tmp_path / "t.xlsx", source if mixed else open_source(plain), "zh")
        sheet = openpyxl.load_workbook(tmp_path / "t.xlsx")["供应计划宗地表"]
        assert ("混合用途及年限" in [cell.value for cell in sheet[4]]) == mixed
