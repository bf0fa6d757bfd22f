"""Tables as officers type them: titles, units, deep headings, totals, notes, hidden rows, old and free workbooks."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from parcels.common.issues import Issue, Refused
from parcels.demands import DemandFile, read_demands
from parcels.read import read_parcels
from tests.parcels.making import csv_file, has, one

DATA = Path(__file__).parent / "data" / "sheets"
HEAD: list[Any] = ["需求编号", "平台类型", "运营主体", "用途", "面积下限", "面积上限", "优先级", "预算"]
ROWS: list[list[Any]] = [
    ["D1", "国家级平台", "高校", "RES", 15, 30, 90, 1200],
    ["D2", "孵化器", "国企", "IND", 30, 45, 50, 800],
]


def book(folder: Path, rows: list[list[Any]], merge: tuple[str, ...] = (), name: str = "d.xlsx") -> Path:
    """A workbook of one sheet."""
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = "需求"
    for row in rows:
        sheet.append(row)
    for area in merge:
        sheet.merge_cells(area)
    made.save(folder / name)
    return folder / name


def without_errors(file: DemandFile) -> DemandFile:
    """A file that must be read."""
    assert not [issue for issue in file.issues if issue.level == "error"], [str(i.what) for i in file.issues]
    return file


def keys(issues: tuple[Issue, ...]) -> list[str]:
    """The sentences told."""
    return [issue.key for issue in issues]


def test_title_subtitle_units_totals_and_remarks(tmp_path: Path) -> None:
    """Everything an officer adds round the rows is told and left out; units of the title count."""
    rows = [
        ["南沙区创新平台用地需求汇总表"],
        ["填报单位：某局", "", "", "填报日期：2026年3月1日", "", "", "单位：亩、万元"],
        HEAD,
        *ROWS,
        ["合计", "", "", "", 45, 75, "", 2000],
        ["注：面积为拟用地面积"],
        ["填表人：张三", "", "", "审核人：李四"],
    ]
    file = without_errors(read_demands(book(tmp_path, rows, merge=("A1:H1",))))
    assert file.table.ids == ("D1", "D2")
    assert file.table.column("area_min_m2") == (10_000, 20_000)
    assert file.table.column("budget_yuan") == (12_000_000, 8_000_000)
    left = next(i for i in file.issues if i.key == "D083.left-out")
    assert left.value("rows") == (6, 7, 8)
    assert not has(file.issues, "D084", "warning")


def test_a_unit_row_belongs_to_the_heading(tmp_path: Path) -> None:
    """亩 and 万元 under the names."""
    rows = [HEAD, ["", "", "", "", "（亩）", "（亩）", "", "万元"], *ROWS]
    file = without_errors(read_demands(book(tmp_path, rows)))
    assert file.table.column("area_max_m2") == (20_000, 30_000)
    assert file.table.column("budget_yuan") == (12_000_000, 8_000_000)


def test_a_price_whose_unit_the_title_leaves_open_is_refused(tmp_path: Path) -> None:
    """亩 and 万元 say nothing of a price per area."""
    rows = [["单位：亩、万元"], [*HEAD, "投资强度"], [*ROWS[0], 500]]
    assert "D087.units-open" in keys(read_demands(book(tmp_path, rows)).issues)


def test_a_total_that_does_not_add_up_is_told(tmp_path: Path) -> None:
    """With both numbers, at the cell."""
    rows = [HEAD, *ROWS, ["合计", "", "", "", 46, 75, "", 2000]]
    issue = one(read_demands(book(tmp_path, rows)).issues, "D084")
    assert (issue.value("stated"), issue.value("added")) == ("46", "45")
    assert issue.level == "warning"
    assert "row 4" in issue.where


def test_parts_of_a_total_count_their_own_rows(tmp_path: Path) -> None:
    """小计 stands for the rows since the one before it."""
    rows = [HEAD, ROWS[0], ["小计", "", "", "", 15, 30, "", 1200], ROWS[1], ["小计", "", "", "", 30, 45, "", 800]]
    rows.append(["合计", "", "", "", 45, 75, "", 2000])
    file = without_errors(read_demands(book(tmp_path, rows)))
    assert not has(file.issues, "D084", "warning")
    rows[4][5] = 44
    assert has(read_demands(book(tmp_path, rows)).issues, "D084", "warning")


def test_a_heading_of_two_levels_with_and_without_merged_cells(tmp_path: Path) -> None:
    """Groups over columns, in a workbook and in a CSV."""
    first = [*HEAD[:4], "面积（亩）", "", *HEAD[6:]]
    second = ["", "", "", "", "下限", "上限", "", ""]
    file = without_errors(
        read_demands(
            csv_file(
                tmp_path,
                "\n".join(",".join(map(str, r)) for r in ([*HEAD[:4], "面积", "", *HEAD[6:]], second, *ROWS)) + "\n",
            )
        )
    )
    assert file.table.column("area_min_m2") == (15, 30)
    merged = book(tmp_path, [first, second, *ROWS], merge=("E1:F1", *(f"{c}1:{c}2" for c in "ABCDGH")))
    assert read_demands(merged).table.ids == ("D1", "D2")


def test_hidden_sheets_and_rows_are_told_and_passed_over(tmp_path: Path) -> None:
    """By name and by id."""
    path = book(tmp_path, [HEAD, *ROWS, ["D3", *ROWS[1][1:]]])
    made = openpyxl.load_workbook(path)
    made["需求"].row_dimensions[3].hidden = True
    old = made.create_sheet("旧版")
    old.append(HEAD)
    old.append(ROWS[0])
    old.sheet_state = "hidden"
    made.save(path)
    file = without_errors(read_demands(path))
    assert file.table.ids == ("D1", "D3")
    assert next(i for i in file.issues if i.key == "D083.hidden-rows").ids == ("D2",)
    assert "旧版" in next(i for i in file.issues if i.key == "D083.hidden-sheets").what
    assert read_demands(path, layer="旧版").table.ids == ("D1",)


def test_stored_results_of_formulas_are_read_and_told(tmp_path: Path) -> None:
    """What the program computed last stands in the file; without it the cell is refused."""
    path = DATA / "formulas.xlsx"
    file = without_errors(read_demands(path))
    assert file.table.column("area_max_m2") == (20_000, 30_000)
    assert one(file.issues, "D085").level == "note"
    made = openpyxl.load_workbook(path)
    made.save(tmp_path / "bare.xlsx")
    assert has(read_demands(tmp_path / "bare.xlsx").issues, "D040")


def test_words_for_numbers_are_one_finding(tmp_path: Path) -> None:
    """高 and 中 are never given a number but by the file's own list."""
    rows = [HEAD, [*ROWS[0][:6], "高", 1], [*ROWS[1][:6], "中", 1], ["D3", *ROWS[1][1:6], "高", 1]]
    path = book(tmp_path, rows)
    issue = one(read_demands(path).issues, "D027")
    assert issue.ids == ("D1", "D2", "D3")
    made = openpyxl.load_workbook(path)
    words = made.create_sheet("对照")
    for row in (["列", "文字", "数值"], ["优先级", "高", 90], ["优先级", "中", 60]):
        words.append(row)
    made.save(path)
    file = without_errors(read_demands(path))
    assert file.table.column("priority") == (90, 60, 90)
    assert "高 = 90" in next(i for i in file.issues if i.key == "D083.words").what


def test_a_date_serial_says_which_day_it_would_be(tmp_path: Path) -> None:
    """46082 is 1 March 2026, and is not taken for it."""
    rows = [[*HEAD, "最迟用地时间"], [*ROWS[0], 46082]]
    head = [*HEAD, "needed_by"]
    issue = one(read_demands(book(tmp_path, [head, rows[1]])).issues, "D038")
    assert "2026-03-01" in issue.what
    day = datetime.date(2026, 3, 1)
    assert read_demands(book(tmp_path, [head, [*ROWS[0], day]])).table.column("needed_by") == ("2026-03-01",)


@pytest.mark.parametrize("name", ["demands.xls", "demands.et", "demands.ods"])
def test_old_and_free_workbooks_are_read_like_new_ones(name: str) -> None:
    """Excel 97, WPS and LibreOffice; a hidden row, a hidden sheet and a total in each."""
    file = without_errors(read_demands(DATA / name))
    assert file.table.ids == ("D1", "D3")
    assert file.table.column("area_min_m2") == (10_000, 20_000)
    assert file.table.column("needed_by") == ("2026-03-01", "2026-12-31")
    assert {"D083.hidden-rows", "D083.hidden-sheets", "D083.left-out"} <= set(keys(file.issues))
    assert next(i for i in file.issues if i.key == "D083.hidden-rows").ids == ("D2",)


def test_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    """By its bytes, in our own words."""
    for name in ("a.xls", "a.et", "a.ods"):
        (tmp_path / name).write_bytes(b"nothing of the kind" * 100)
        with pytest.raises(Refused):
            read_demands(tmp_path / name)


@pytest.mark.parametrize(
    ("word", "use"),
    [("一类工业用地", "IND"), ("高等教育用地", "EDU"), ("医院用地", "HLT"), ("0802", "RES"), ("居住用地", None)],
)
def test_names_of_classes_at_every_level(tmp_path: Path, word: str, use: str | None) -> None:
    """Subclasses are their class; a group of classes is refused with its members."""
    path = csv_file(tmp_path, f"{','.join(HEAD)}\nD1,national,univ,{word},1,2,5,1\n")
    file = read_demands(path, use_codes="planning-2023")
    assert file.table.column("uses") == (((use,) if use else None),)
    if use is None:
        assert "0701" in one(file.issues, "D048").what


def test_parcels_of_a_typed_sheet(tmp_path: Path) -> None:
    """The same reader serves parcels."""
    head = [
        "宗地编号",
        "规划用途",
        "行政区",
        "土地来源",
        "净地",
        "农转用已批",
        "已征收",
        "权属性质",
        "列入供应计划",
        "wkt",
    ]
    row = ["A1", "工业用地", "南沙区", "存量", "是", "是", "是", "国有", "是"]
    outline = (
        "SRID=4526;POLYGON ((38455000 2510000, 38455100 2510000, 38455100 2510100, 38455000 2510100, 38455000 2510000))"
    )
    path = book(tmp_path, [["某某宗地表"], head, [*row, outline], ["合计"], ["备注：无"]])
    file = read_parcels(path)
    assert not [issue for issue in file.issues if issue.level == "error"], [i.what for i in file.issues]
    assert file.table.column("area_m2") == (10_000,)


MARKED = {
    "stars": [f"*{name}" for name in HEAD],
    "must": [f"{name}（必填）" for name in HEAD],
    "breaks": [*HEAD[:4], "面积下限\n(亩)", "面积上限\n(亩)", *HEAD[6:]],
    "remark": ["需求编号", "平台类型（大类）", *HEAD[2:]],
}


@pytest.mark.parametrize("form", MARKED)
def test_what_a_form_marks_in_its_headings(tmp_path: Path, form: str) -> None:
    """Stars, （必填）, a line break before the unit and a remark on a field without a unit change no name."""
    file = without_errors(read_demands(book(tmp_path, [MARKED[form], *ROWS])))
    assert file.table.ids == ("D1", "D2")
    assert file.table.column("priority") == (90, 50)
    assert file.table.column("area_min_m2") == ((10_000, 20_000) if form == "breaks" else (15, 30))


@pytest.mark.parametrize(
    ("group", "low", "high"),
    [("用地面积(亩)", "下限", "上限"), ("需求面积（亩）", "最小", "最大"), ("需求面积", "最小(亩)", "最大(亩)")],
)
def test_a_group_and_what_stands_under_it_name_a_field_together(
    tmp_path: Path, group: str, low: str, high: str
) -> None:
    """In either order, with the unit that one of them says."""
    over, under = [*HEAD[:4], group, None, *HEAD[6:]], [*[None] * 4, low, high]
    file = without_errors(read_demands(book(tmp_path, [over, under, *ROWS], merge=("E1:F1", "A1:A2"))))
    assert file.table.column("area_min_m2") == (10_000, 20_000)


def test_dashes_are_blank_and_ticks_are_yes(tmp_path: Path) -> None:
    """What is crossed out is unknown, told in one note; √ and × answer a question."""
    rows = [[*HEAD, "是否非营利"], [*ROWS[0][:7], "—", "√"], [*ROWS[1][:7], "/", "×"]]
    file = without_errors(read_demands(book(tmp_path, rows)))
    assert file.table.column("budget_yuan") == (None, None)
    assert file.table.column("nonprofit") == (True, False)
    assert next(i for i in file.issues if i.key == "D083.crossed").ids == ("D1", "D2")


def test_labels_at_the_foot_of_a_form_are_no_platforms(tmp_path: Path) -> None:
    """经办：..., 制表单位：... alone in their rows."""
    rows = [HEAD, *ROWS, ["制表单位：某局"], ["经办：张三"], ["制表日期：2026-01-01"]]
    assert without_errors(read_demands(book(tmp_path, rows))).table.ids == ("D1", "D2")
