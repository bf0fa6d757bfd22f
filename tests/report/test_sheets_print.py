"""The sheets of ``tables.xlsx`` as they are printed."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from landopt.report.tables.sheets import _Writer
from tests.report.making import call


@pytest.mark.parametrize("mu", [(), ("--mu",)])
def test_every_sheet_prints_all_its_columns_on_one_page(plain: Path, tmp_path: Path, mu: tuple[str, ...]) -> None:
    """Landscape, one page wide, at half size at least; one unit a column; 亩 where asked."""
    assert call(plain, "--xlsx", "--lang", "zh", *mu, "-o", tmp_path / "r").exit_code == 0
    book = openpyxl.load_workbook(tmp_path / "r" / "tables.xlsx")
    for sheet in book:
        setup = sheet.page_setup
        assert (setup.orientation, setup.fitToWidth or 1, setup.fitToHeight) == ("landscape", 1, 0)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        wide = sum(
            sheet.column_dimensions[openpyxl.utils.get_column_letter(k + 1)].width for k in range(sheet.max_column)
        )
        assert wide < (420 if str(sheet.page_setup.paperSize) == "8" else 290), (sheet.title, wide)
    summary = book["供应计划汇总表"]
    units = [cell.value for cell in summary[5]][1:]
    assert set(units) == {"宗", "公顷", *(("亩",) if mu else ())}
    heads = [cell.value for cell in book["供应计划宗地表"][4]]
    assert ("面积(亩)" in heads) == bool(mu)
    for name in heads:
        assert len(re.findall(r"\((公顷|亩|万元|元/平方米)\)", name or "")) <= 1


@pytest.mark.parametrize(("text", "merged", "height"), [("供地" * 40, True, 26 * 7), ("title", False, 26)])
def test_what_stands_above_a_table_is_not_cut_where_it_ends(
    tmp_path: Path, text: str, merged: bool, height: int
) -> None:
    """Print ends with the last column: a title wider than the table goes on in lines of its own."""
    with xlsxwriter.Workbook(tmp_path / "t.xlsx") as book:
        writer = _Writer.__new__(_Writer)
        writer.formats = {name: book.add_format({"text_wrap": "wide" in name}) for name in ("title", "title_wide")}
        writer._above(book.add_worksheet(), 0, text, "title", [10, 10, 20])
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx").active
    assert sheet is not None
    assert [str(each) for each in sheet.merged_cells] == (["A1:C1"] if merged else [])
    assert (sheet["A1"].value, bool(sheet["A1"].alignment.wrap_text)) == (text, merged)
    assert abs(sheet.row_dimensions[1].height - height) < 1
