"""The entry sheet for the land market monitoring system: a row a parcel with the portal's columns and codes.

The columns are those of published results (供地结果信息), the codes those of ``portal.toml``. What neither the plan nor
the ledger holds is blank; a correspondence that is landopt's own is marked, for the officer to check.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from landopt.report.mixed import said_of
from landopt.report.papers.plain import several_lines
from landopt.report.recorded import recorded
from landopt.report.source import Source
from landopt.report.tables.cells import new_area

_SOURCES = ("现有建设用地", "新增建设用地", "新增建设用地(来自存量库)")


@cache
def portal() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    """The codes by subject (``method``, ``use``) and our own code."""
    return tomllib.loads((Path(__file__).parent / "portal.toml").read_text("utf-8"))


def columns() -> list[str]:
    """The columns, in the order of published results; parcel number and what to check are landopt's own."""
    return list(tomllib.loads((Path(__file__).parent / "portal.toml").read_text("utf-8"))["columns"])


def rows(source: Source) -> Iterator[dict[str, Any]]:
    """A row for each parcel supplied, contracted ones with what the ledger keeps of them."""
    kept = recorded(source)
    low, high = (source.case.parcels.column(name) for name in ("far_min", "far_max"))
    for at, row in enumerate(source.rows):
        entry = row.entry
        if entry is None:
            continue
        result = (kept.results or {}).get(row.parcel_id, {})
        sold = result.get("outcome") == "contracted"
        method = portal()["method"].get(entry["method"], {})
        use = portal()["use"].get(row.use, {})
        taker = source.platforms.get(entry["demand_id"] or "", {}).get("name") if entry["role"] == "assignee" else None
        price = result.get("price_yuan") if sold else None
        approvals = [each.by for each in kept.of("approval", [row.parcel_id]) if each.by]
        check = [
            name for name, code in (("供地方式代码", method), ("土地用途代码", use)) if code.get("own") or not code
        ]
        own = "、".join(check) + "：本系统自拟对应，请核对" if check else ""
        mix = said_of(source.mixed, [row.parcel_id], None, "zh")
        fresh = new_area(source, at, row)
        yield {
            "行政区": row.district,
            "电子监管号": result.get("supervision_no") or None,
            "项目名称": taker,
            "项目位置": row.name,
            "面积(公顷)": row.area_m2 / 10_000,
            "土地来源": _SOURCES[0 if fresh == 0 else 1 if fresh == row.area_m2 else 2],
            "土地用途代码": use.get("code"),
            "土地用途": use.get("name"),
            "供地方式代码": method.get("code"),
            "供地方式": method.get("name"),
            "土地使用年限": entry["term_years"],
            "成交价格(万元)": None if price is None else price / 10_000,
            "土地使用权人": (result.get("taken_by") or taker) if sold else None,
            "约定容积率下限": _far(low[at]),
            "约定容积率上限": _far(high[at]),
            "约定交地时间": result.get("deliver_by") if sold else None,
            "约定开工时间": result.get("start_by") if sold else None,
            "约定竣工时间": result.get("complete_by") if sold else None,
            "实际开工时间": result.get("started") if sold else None,
            "实际竣工时间": result.get("completed") if sold else None,
            "批准单位": "、".join(dict.fromkeys(approvals)) or None,
            "合同签订日期": result.get("date") if sold else None,
            "宗地编号": row.parcel_id,
            "核对": "；".join(filter(None, (own, mix["uses"] if mix else ""))) or None,
        }


def _far(value: Any) -> float | None:
    return None if value is None else int(value) / 100


def write_entry_sheet(path: Path, source: Source) -> None:
    """Write the sheet; codes and numbers of contracts are texts, so that no nought is lost."""
    from datetime import datetime

    import xlsxwriter

    content = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(content, options)
    moment = datetime.fromisoformat(source.plan["case"]["as_of"])
    book.set_properties({"title": source.plan["plan_id"], "created": moment})
    sheet = book.add_worksheet("供地结果填报表")
    font = {"font_name": "宋体", "font_size": 10.5, "border": 1, "valign": "vcenter", "text_wrap": True}
    head = book.add_format(font | {"bold": True, "bg_color": "#E9EEF5", "align": "center"})
    cell, text = book.add_format(font), book.add_format(font | {"num_format": "@"})
    sheet.set_landscape()
    sheet.set_paper(8)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.freeze_panes(1, 0)
    sheet.set_row(0, 32)
    for at, name in enumerate(columns()):
        sheet.write_string(0, at, name, head)
        sheet.set_column(at, at, 22 if name in ("电子监管号", "项目名称", "土地使用权人", "核对") else 11)
    for number, row in enumerate(rows(source), 1):
        sheet.set_row(number, 42)
        for at, name in enumerate(columns()):
            value = row.get(name)
            if value is None or value == "":
                sheet.write_blank(number, at, None, cell)
            elif isinstance(value, int | float):
                sheet.write_number(number, at, value, cell)
            else:
                sheet.write_string(number, at, several_lines(str(value)), text)
    book.close()
    path.write_bytes(content.getvalue())
