"""The tables for Excel: summary, parcels, changes, held and unserved, rules; texts are never formulas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from landopt.reasons import words
from landopt.reasons.pack_words import late_lines, packs_line
from landopt.report.papers.plain import one_line, several_lines
from landopt.report.source import Source
from landopt.report.tables.cells import Cell, change_cells, ha, new_area, parcel_cells, rule_cells, unmet_cells
from landopt.report.tables.headings import Headings, headings

_HEAD = 3  # the row of the headings, after title, provenance and a blank row
_QUIET = '#,##0.0000;-#,##0.0000;"-"'  # a nought is a dash
_WIDTHS = {
    "number": 6, "platform": 30, "name": 30, "parcel_name": 22, "site": 22, "basis": 44, "excluded": 34,
    "conditions": 44, "reasons": 64, "offers": 50, "title": 64, "doc": 44, "number_of_doc": 24, "article": 22,
    "rule": 34, "role": 16, "right": 20, "use": 22, "land_source": 20,
}  # fmt: skip
_FORMATS = {
    "area_ha": "ha", "new_ha": "ha", "area_max_ha": "ha", "start_price": "money", "deposit": "money",
    "far_min": "far", "far_max": "far", "floor": "whole", "number": "whole",
}  # fmt: skip


def write_tables(
    path: Path,
    source: Source,
    lang: str,
    *,
    before: Mapping[str, Any] | None = None,
    headings: Path | None = None,
) -> None:
    """Write the workbook.

    Parameters
    ----------
    before
        The ``plan.json`` of an earlier plan for the sheet of changes.
    headings
        The bureau's own headings (:mod:`landopt.report.tables.headings`).
    """
    import xlsxwriter

    titles = _headings(headings, lang)
    content = BytesIO()
    book = xlsxwriter.Workbook(
        content,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "nan_inf_to_errors": False,
        },
    )
    book.set_properties({"title": source.plan["plan_id"], "created": _moment(source)})
    book.set_calc_mode("auto")
    writer = _Writer(book, titles, source, lang)
    rows = list(parcel_cells(source, lang))
    place = writer.add("summary")
    listed = writer.add("parcels")
    writer.rows(listed, "parcels", rows, totals=("area_ha", "new_ha", "start_price", "deposit"))
    writer.summary(place, rows)
    changed = writer.add("changes")
    if before is None:
        writer.banner(changed, "changes", "")
        changed.write_string(_HEAD, 0, titles.text("changes", "none"))
    else:
        writer.rows(changed, "changes", change_cells(source, before, lang), plan=before["plan_id"])
    writer.rows(writer.add("unmet"), "unmet", unmet_cells(source, lang))
    writer.rows(writer.add("rules"), "rules", rule_cells(source, lang))
    book.close()
    path.write_bytes(content.getvalue())


def _headings(path: Path | None, lang: str) -> Headings:
    return headings(path, lang)


def _moment(source: Source) -> datetime:
    """The date inside the file is the round's, so that the same plan gives the same bytes."""
    return datetime.fromisoformat(source.plan["case"]["as_of"])


class _Writer:
    """Writes sheets of one book."""

    def __init__(self, book: Any, titles: Headings, source: Source, lang: str) -> None:
        self.book, self.titles, self.source, self.lang = book, titles, source, lang
        font = {"font_name": "宋体" if lang == "zh" else "Calibri", "font_size": 10.5}
        cell = font | {"border": 1, "border_color": "#B9C1CB", "valign": "vcenter"}
        self.formats = {
            "title": book.add_format(font | {"bold": True, "font_size": 16}),
            "small": book.add_format(font | {"font_size": 9, "font_color": "#5B6675"}),
            "head": book.add_format(cell | {"bold": True, "bg_color": "#E9EEF5", "text_wrap": True, "align": "center"}),
            "text": book.add_format(cell | {"text_wrap": True}),
            "ha": book.add_format(cell | {"num_format": "#,##0.0000"}),
            "money": book.add_format(cell | {"num_format": "#,##0.0000"}),
            "far": book.add_format(cell | {"num_format": "0.00"}),
            "whole": book.add_format(cell | {"num_format": "#,##0"}),
            "date": book.add_format(cell | {"num_format": "yyyy-mm-dd", "align": "center"}),
            "class": book.add_format(cell | {"bold": True}),
            "inner": book.add_format(cell | {"indent": 1}),
            "sum": book.add_format(cell | {"num_format": _QUIET}),
            "bold_sum": book.add_format(cell | {"bold": True, "num_format": _QUIET, "bg_color": "#F4F6F8"}),
            "bold_ha": book.add_format(cell | {"bold": True, "num_format": "#,##0.0000", "bg_color": "#F4F6F8"}),
            "bold_whole": book.add_format(cell | {"bold": True, "num_format": "#,##0", "bg_color": "#F4F6F8"}),
            "bold": book.add_format(cell | {"bold": True, "bg_color": "#F4F6F8"}),
        }

    def add(self, sheet: str) -> Any:
        """A new sheet under its heading."""
        made = self.book.add_worksheet(self.titles.text(sheet, "sheet"))
        made.set_landscape()
        made.set_paper(8 if sheet in ("parcels", "rules") else 9)
        made.fit_to_pages(2 if sheet == "parcels" else 1, 0)
        made.set_margins(0.5, 0.5, 0.6, 0.6)
        made.set_footer(f"&L&9{_footer(self.source)}&R&9&P / &N")
        made.hide_gridlines(2)
        return made

    def banner(self, sheet: Any, name: str, plan: str) -> None:
        """Title and provenance above the headings."""
        title = self.source.plan["case"]["title"][self.lang]
        pattern = self.titles.text(name, "title")
        if not plan:  # nothing to compare with: no brackets around nothing
            pattern = pattern.replace("（{plan}）", "").replace(" against {plan}", "")
        text = pattern.replace("{round}", title).replace("{plan}", plan)
        sheet.write_string(0, 0, one_line(text, 250), self.formats["title"])
        plan_, case = self.source.plan, self.source.plan["case"]
        zh = self.lang == "zh"
        said = f"方案 {plan_['plan_id']}　截至 {case['as_of']}　案卷校验码 {case['digest'][:16]}"
        said = said if zh else f"Plan {plan_['plan_id']}, as of {case['as_of']}, case {case['digest'][:16]}"
        if case["overlays"]:
            said += ("　未入档情景：" if zh else ", scenario, not on the record: ") + ", ".join(case["overlays"])
        if plan_.get("overrides"):
            fixes = ", ".join(f"{entry['fix']} ({entry['by']})" for entry in plan_["overrides"])
            said += ("　手工指定：" if zh else ", fixed by hand: ") + fixes
        late = " ".join((*late_lines(self.source.case, self.lang), ""))
        packs = ("　" if zh else "; ") + packs_line(self.source.case, self.lang)
        sheet.write_string(1, 0, one_line(late + said + packs, 800), self.formats["small"])
        sheet.set_row(0, 26)

    def rows(
        self,
        sheet: Any,
        name: str,
        rows: Iterable[Mapping[str, Cell]],
        *,
        totals: Sequence[str] = (),
        plan: str = "",
    ) -> None:
        """A list with headings, filter, frozen panes, print titles, and a row of totals where asked."""
        self.banner(sheet, name, plan)
        columns = self.titles.columns(name)
        for at, column in enumerate(columns):
            sheet.write_string(_HEAD, at, self.titles.heading(name, column), self.formats["head"])
            sheet.set_column(at, at, _WIDTHS.get(column, 13))
        sums = dict.fromkeys(totals, 0.0)
        last = _HEAD
        for row in rows:
            last += 1
            sheet.set_row(last, _height(row, columns))
            for at, column in enumerate(columns):
                value = row.get(column)
                if column in sums and isinstance(value, int | float):
                    sums[column] += value
                self.cell(sheet, last, at, value, _FORMATS.get(column, "text"))
        width = max(0, len(columns) - 1)
        sheet.autofilter(_HEAD, 0, max(last, _HEAD), width)
        sheet.freeze_panes(_HEAD + 1, min(4, width) if name == "parcels" else 0)
        sheet.repeat_rows(_HEAD)
        if name == "parcels":
            sheet.repeat_columns(0, min(2, width))
        if totals and last > _HEAD:
            self._totals(sheet, columns, sums, last)
            last += 1
        sheet.print_area(0, 0, last, width)

    def _totals(self, sheet: Any, columns: Sequence[str], sums: Mapping[str, float], last: int) -> None:
        from xlsxwriter.utility import xl_col_to_name

        for at, column in enumerate(columns):
            if column in sums:
                letter = xl_col_to_name(at)
                formula = f"=SUM({letter}{_HEAD + 2}:{letter}{last + 1})"
                sheet.write_formula(last + 1, at, formula, self.formats["bold_ha"], round(sums[column], 6))
            else:
                text = self.titles.text("summary", "total") if at == 0 else ""
                sheet.write_string(last + 1, at, text, self.formats["bold"])

    def cell(self, sheet: Any, row: int, at: int, value: Cell, style: str) -> None:
        """One value as what it is: a number as a number, a date as a date, a text as a text."""
        if value is None or value == "":
            sheet.write_blank(row, at, None, self.formats["text"])
        elif isinstance(value, date):
            sheet.write_datetime(row, at, datetime(value.year, value.month, value.day), self.formats["date"])
        elif isinstance(value, int | float):
            sheet.write_number(row, at, value, self.formats[style])
        else:
            sheet.write_string(row, at, several_lines(value), self.formats["text"])

    def summary(self, sheet: Any, rows: Sequence[Mapping[str, Cell]]) -> None:
        """Class and use by method, new and stock: sums over the sheet of parcels, written as formulas."""
        titles, lang = self.titles, self.lang
        self.banner(sheet, "summary", "")
        methods = [m for m in self.source.methods if any(row.method == m for row in self.source.rows)]
        heads = [titles.text("summary", "class"), titles.text("summary", "parcels")]
        heads += [words.word("method", method, lang) for method in methods]
        heads += [titles.text("summary", name) for name in ("total", "new", "stock")]
        for at, text in enumerate(heads):
            sheet.write_string(_HEAD, at, text, self.formats["head"])
        sheet.write_string(2, len(heads) - 1, titles.text("summary", "unit"), self.formats["small"])
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 1, 8)
        sheet.set_column(2, len(heads) - 1, 14)
        totals = _Totals(self.source)
        ranges = _Ranges(titles, len(rows))
        at, groups = _HEAD, []
        for title, uses in self._classes():
            at += 1
            head, first = at, at + 1
            for use in uses:
                at += 1
                self._line(sheet, at, words.word("use", use, lang), use, methods, totals, ranges)
            self._subtotal(sheet, head, title, range(first, at + 1), uses, methods, totals)
            groups.append(head)
        used = [use for _, uses in self._classes() for use in uses]
        self._subtotal(sheet, at + 1, titles.text("summary", "total"), groups, used, methods, totals)
        sheet.freeze_panes(_HEAD + 1, 1)
        sheet.print_area(0, 0, at + 1, len(heads) - 1)

    def _classes(self) -> list[tuple[str, list[str]]]:
        """The classes with the uses this plan supplies; a use in no class comes last on its own."""
        supplied = {row.use for row in self.source.rows if row.entry is not None}
        listed = [(title, [use for use in uses if use in supplied]) for title, uses in self.titles.classes]
        left = sorted(supplied - {use for _, uses in listed for use in uses})
        listed += [(words.word("use", use, self.lang), [use]) for use in left]
        return [(title, uses) for title, uses in listed if uses]

    def _line(
        self, sheet: Any, at: int, label: str, use: str, methods: Sequence[str], totals: _Totals, ranges: _Ranges
    ) -> None:
        sheet.write_string(at, 0, label, self.formats["inner"])
        count = totals.count(use)
        if ranges.whole:
            sheet.write_formula(at, 1, f"=COUNTIF({ranges.of('use')},$A{at + 1})", self.formats["whole"], count)
        else:
            sheet.write_number(at, 1, count, self.formats["whole"])
        from xlsxwriter.utility import xl_col_to_name

        for k, method in enumerate(methods):
            value = ha(totals.area(use, method)) or 0.0
            name = xl_col_to_name(k + 2)
            formula = (
                f"=SUMIFS({ranges.of('area_ha')},{ranges.of('use')},$A{at + 1},"
                f"{ranges.of('method')},{name}${_HEAD + 1})"
            )
            if ranges.whole:
                sheet.write_formula(at, k + 2, formula, self.formats["sum"], value)
            else:
                sheet.write_number(at, k + 2, value, self.formats["sum"])
        end = len(methods) + 2
        first, last, whole, new = (xl_col_to_name(c) for c in (2, end - 1, end, end + 1))
        row = at + 1
        sheet.write_formula(at, end, f"=SUM({first}{row}:{last}{row})", self.formats["sum"], ha(totals.area(use)))
        fresh = ha(totals.new(use)) or 0.0
        if ranges.whole:
            formula = f"=SUMIFS({ranges.of('new_ha')},{ranges.of('use')},$A{row})"
            sheet.write_formula(at, end + 1, formula, self.formats["sum"], fresh)
        else:
            sheet.write_number(at, end + 1, fresh, self.formats["sum"])
        rest = ha(totals.area(use) - totals.new(use))
        sheet.write_formula(at, end + 2, f"={whole}{row}-{new}{row}", self.formats["sum"], rest)

    def _subtotal(
        self,
        sheet: Any,
        at: int,
        label: str,
        lines: Sequence[int],
        uses: Sequence[str],
        methods: Sequence[str],
        totals: _Totals,
    ) -> None:
        from xlsxwriter.utility import xl_col_to_name

        sheet.write_string(at, 0, one_line(label, 200), self.formats["bold"])
        sums: list[float] = [sum(totals.count(use) for use in uses)]
        sums += [sum(totals.area(use, method) for use in uses) / 10_000 for method in methods]
        area, fresh = sum(map(totals.area, uses)), sum(map(totals.new, uses))
        sums += [area / 10_000, fresh / 10_000, (area - fresh) / 10_000]
        for k, value in enumerate(sums, 1):
            name = xl_col_to_name(k)
            parts = ",".join(f"{name}{line + 1}" for line in lines)
            if isinstance(lines, range):
                parts = f"{name}{lines[0] + 1}:{name}{lines[-1] + 1}"
            style = self.formats["bold_whole" if k == 1 else "bold_sum"]
            sheet.write_formula(at, k, f"=SUM({parts})" if lines else "=0", style, value)


class _Totals:
    """Areas of the supplied parcels by use and method, m²."""

    def __init__(self, source: Source) -> None:
        self.areas: dict[tuple[str, str | None], int] = {}
        self.fresh: dict[str, int] = {}
        self.counts: dict[str, int] = {}
        for number, row in enumerate(source.rows):
            if row.entry is None:
                continue
            for key in ((row.use, row.method), (row.use, None)):
                self.areas[key] = self.areas.get(key, 0) + row.area_m2
            self.fresh[row.use] = self.fresh.get(row.use, 0) + new_area(source, number, row)
            self.counts[row.use] = self.counts.get(row.use, 0) + 1

    def area(self, use: str, method: str | None = None) -> int:
        """Area of a use, by one method or by all."""
        return self.areas.get((use, method), 0)

    def new(self, use: str) -> int:
        """New construction land of a use."""
        return self.fresh.get(use, 0)

    def count(self, use: str) -> int:
        """Parcels of a use."""
        return self.counts.get(use, 0)


class _Ranges:
    """Where the columns of the sheet of parcels stand; ``whole`` is False if the bureau left out one that is summed."""

    def __init__(self, titles: Headings, count: int) -> None:
        self.sheet, self.columns, self.count = titles.text("parcels", "sheet"), titles.columns("parcels"), count
        self.whole = count > 0 and all(name in self.columns for name in ("area_ha", "new_ha", "use", "method"))

    def of(self, column: str) -> str:
        """The range of a column."""
        from xlsxwriter.utility import xl_col_to_name

        letter = xl_col_to_name(self.columns.index(column)) if column in self.columns else "A"
        return f"'{self.sheet}'!${letter}${_HEAD + 2}:${letter}${_HEAD + 1 + self.count}"


def _height(row: Mapping[str, Cell], columns: Sequence[str]) -> float:
    """A height that shows the texts of a row, in points; at most ten lines."""
    lines = 1
    for column in columns:
        value = row.get(column)
        if isinstance(value, str):
            room = max(4, _WIDTHS.get(column, 13) - 1)
            lines = max(lines, sum(1 + (words.width(part[:2000]) - 1) // room for part in value[:4000].split("\n")))
    return 15.5 * min(lines, 10) + 1


def _footer(source: Source) -> str:
    """The footer's text: an ampersand starts a code there."""
    return one_line(f"{source.plan['plan_id']}  {source.plan['case']['digest'][:16]}", 120).replace("&", "&&")
