"""The tables for Excel: summary, parcels, changes, held and unserved, rules; texts are never formulas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from landopt.reasons import words
from landopt.reasons.law_words.pack_words import late_lines
from landopt.report.papers.plain import one_line, several_lines
from landopt.report.papers.review_sheet import plan_mark
from landopt.report.source import Source
from landopt.report.tables.cells import Cell, change_cells, parcel_cells, rule_cells, unmet_cells
from landopt.report.tables.headings import Headings, headings
from landopt.report.tables.matrix import HEAD, MU, Column, Line, Ranges, width_of, write
from parcels.common.catalogue import phrase

FIRST_WIDE = 30
"""Width of the first column of a summary."""
_ABOVE = {"title": (1.65, 26), "small": (0.9, 15)}
"""Of the lines above a table: width of a sign against one of a cell, and height in points."""
_QUIET = '#,##0.0000;-#,##0.0000;"-"'  # a nought is a dash
_WIDTHS = {
    "number": 6, "law": 44, "user": 34, "quarter": 14, "term": 8, "far_min": 8, "far_max": 8,
    "platform": 30, "name": 30, "parcel_name": 22, "site": 22, "basis": 44, "excluded": 34,
    "conditions": 44, "reasons": 64, "offers": 50, "title": 64, "doc": 44, "number_of_doc": 24, "article": 22,
    "rule": 34, "role": 16, "right": 20, "use": 16, "land_source": 14, "mix": 30,
}  # fmt: skip
FONTS = {"zh": "宋体", "en": "Calibri"}
"""The font of each language, by name; none is embedded."""
INTERNAL = ("demand_id", "platform", "role", "contract_by")
"""Columns of the list of parcels that the public edition leaves out; the user that is displayed stands in ``user``."""
_FORMATS = {
    "area_mu": "ha", "area_ha": "ha", "new_ha": "ha", "area_max_ha": "ha", "start_price": "money", "deposit": "money",
    "far_min": "far", "far_max": "far", "floor": "whole", "number": "whole",
}  # fmt: skip


def write_tables(
    path: Path,
    source: Source,
    lang: str,
    *,
    before: Mapping[str, Any] | None = None,
    headings: Path | None = None,
    mu: bool = False,
    public: bool = False,
) -> None:
    """Write the workbook.

    Parameters
    ----------
    before
        The ``plan.json`` of an earlier plan for the sheet of changes.
    headings
        The bureau's own headings (:mod:`landopt.report.tables.headings`).
    mu
        亩 beside hectares.
    public
        Only the tables of the supply plan, without the columns that are internal.
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
    by_period: dict[str, list[Mapping[str, Cell]]] = {}
    for supplied, cells in zip((row for row in source.rows if row.entry and row.record is not None), rows, strict=True):
        by_period.setdefault(str((supplied.entry or {})["period"]), []).append(cells)
    writer.summary(writer.add("summary"), rows, mu=mu)
    writer.districts(writer.add("districts"), rows, mu=mu)
    hidden = (*(INTERNAL if public else ("user",)), *(() if source.mixed else ("mix",)))
    writer.rows(writer.add("parcels"), "parcels", rows, totals=("area_ha", "area_mu", "new_ha"), mu=mu, hidden=hidden)
    for period in source.case.round.periods:  # a table for each period of a programme
        sheet = writer.add("parcels", named=period.id)
        own = [{**row, "number": at} for at, row in enumerate(by_period.get(period.id, ()), 1)]
        sums = ("area_ha", "area_mu", "new_ha")
        writer.rows(sheet, "parcels", own, totals=sums, mu=mu, hidden=hidden, of=words.period(period.id, lang))
    if public:
        book.close()
        path.write_bytes(content.getvalue())
        return
    writer.rows(writer.add("review"), "review", rows, totals=("start_price", "deposit"))
    changed = writer.add("changes")
    if before is None:
        writer.banner(changed, "changes", [13] * 8)
        changed.write_string(HEAD, 0, titles.text("changes", "none"))
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
        font = {"font_name": FONTS.get(lang, FONTS["en"]), "font_size": 10.5}
        cell = font | {"border": 1, "border_color": "#B9C1CB", "valign": "vcenter"}
        self.formats = {
            "title": book.add_format(font | {"bold": True, "font_size": 16}),
            "title_wide": book.add_format(font | {"bold": True, "font_size": 16, "text_wrap": True, "valign": "top"}),
            "small_wide": book.add_format(
                font | {"font_size": 9, "font_color": "#5B6675", "text_wrap": True, "valign": "top"}
            ),
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

    def add(self, sheet: str, named: str = "") -> Any:
        """A new sheet under its heading; ``named``: of this period."""
        made = self.book.add_worksheet(f"{self.titles.text(sheet, 'sheet')[:20]} {named}".strip())
        made.set_landscape()
        made.set_paper(9 if sheet in ("summary", "districts", "changes") else 8)
        made.fit_to_pages(1, 0)  # every column on the page, on A3 and on A4
        made.center_horizontally()
        made.set_margins(0.5, 0.5, 0.6, 0.6)
        made.set_footer(f"&L&9{_footer(self.source, self.lang)}&R&9&P / &N")
        made.hide_gridlines(2)
        return made

    def banner(self, sheet: Any, name: str, widths: Sequence[int], plan: str = "", of: str = "") -> None:
        """Title and provenance above the headings; ``widths`` of the columns, ``of``: the period of a list."""
        title = self.source.plan["case"]["title"][self.lang]
        pattern = self.titles.text(name, "title")
        if not plan:  # nothing to compare with: no brackets around nothing
            pattern = pattern.replace("（{plan}）", "").replace(" against {plan}", "")
        text = pattern.replace("{round}", title).replace("{plan}", plan)
        text = phrase("tables.of-period", self.lang, said=text, period=of) if of else text
        self._above(sheet, 0, one_line(text, 250), "title", widths)
        plan_, case = self.source.plan, self.source.plan["case"]
        said = phrase("tables.as-of", self.lang, day=case["as_of"], mark=plan_mark(self.source, self.lang))
        if case["overlays"]:
            said = phrase("tables.scenario", self.lang, said=said, names=", ".join(case["overlays"]))
        if plan_.get("overrides"):
            fixes = ", ".join(f"{entry['fix']} ({entry['by']})" for entry in plan_["overrides"])
            said = phrase("tables.by-hand", self.lang, said=said, fixes=fixes)
        late = " ".join((*late_lines(self.source.case, self.lang), ""))
        self._above(sheet, 1, one_line(late + said, 800), "small", widths)

    def _above(self, sheet: Any, row: int, text: str, style: str, widths: Sequence[int]) -> None:
        """A line above the headings; where the table is narrower it goes on below, since print ends with the table."""
        size, height = _ABOVE[style]
        lines = -int(-words.width(text) * size // sum(widths))
        if lines > 1 and len(widths) > 1:
            sheet.merge_range(row, 0, row, len(widths) - 1, text, self.formats[f"{style}_wide"])
        else:
            sheet.write_string(row, 0, text, self.formats[style])
        sheet.set_row(row, height * max(1, lines))

    def rows(
        self,
        sheet: Any,
        name: str,
        rows: Iterable[Mapping[str, Cell]],
        *,
        totals: Sequence[str] = (),
        plan: str = "",
        mu: bool = False,
        hidden: Sequence[str] = (),
        of: str = "",
    ) -> None:
        """A list with headings, filter, frozen panes, print titles, and a row of totals where asked.

        ``of``: the period it is of, which its title names and which says so where nothing is supplied in it.
        """
        rows = list(rows)
        columns = [column for column in self.titles.columns(name) if column not in hidden]
        if mu and "area_ha" in columns and "area_mu" not in columns:
            columns.insert(columns.index("area_ha") + 1, "area_mu")
        blank = {column for column in columns if rows and all(row.get(column) in (None, "") for row in rows)}
        widths = [7 if column in blank else _WIDTHS.get(column, 13) for column in columns]
        self.banner(sheet, name, widths, plan, of)
        for at, column in enumerate(columns):
            sheet.write_string(HEAD, at, self.titles.heading(name, column), self.formats["head"])
            sheet.set_column(at, at, widths[at])
        sheet.set_row(HEAD, 48)
        sums = dict.fromkeys(totals, 0.0)
        last = HEAD
        for row in rows:
            last += 1
            sheet.set_row(last, _height(row, columns))
            for at, column in enumerate(columns):
                value = row.get(column)
                if column in sums and isinstance(value, int | float):
                    sums[column] += value
                self.cell(sheet, last, at, value, _FORMATS.get(column, "text"))
        width = max(0, len(columns) - 1)
        sheet.autofilter(HEAD, 0, max(last, HEAD), width)
        sheet.freeze_panes(HEAD + 1, min(4, width) if name == "parcels" else 0)
        sheet.repeat_rows(HEAD)
        if of and not rows:
            last += 1
            said = phrase("tables.none-in-period", self.lang)
            sheet.merge_range(last, 0, last, width, said, self.formats["text"])
        elif totals and last > HEAD:
            self._totals(sheet, columns, sums, last)
            last += 1
        sheet.print_area(0, 0, last, width)

    def _totals(self, sheet: Any, columns: Sequence[str], sums: Mapping[str, float], last: int) -> None:
        from xlsxwriter.utility import xl_col_to_name

        for at, column in enumerate(columns):
            if column in sums:
                letter = xl_col_to_name(at)
                formula = f"=SUM({letter}{HEAD + 2}:{letter}{last + 1})"
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

    def summary(self, sheet: Any, rows: Sequence[Mapping[str, Cell]], *, mu: bool) -> None:
        """Use groups and uses: number, area, new and stock, and the area of each method."""
        methods = [m for m in self.source.methods if any(row.method == m for row in self.source.rows)]
        by_method = [self._column(words.word("method", method, self.lang), "method") for method in methods]
        lines: list[Line] = []
        groups: list[int] = []
        for title, uses in self._classes():
            first = len(lines) + 1
            groups.append(len(lines))
            lines.append(Line(title, of=tuple(range(first, first + len(uses)))))
            lines += [Line(word, frozenset((word,))) for word in (words.word("use", use, self.lang) for use in uses)]
        lines.append(Line(self.titles.text("summary", "total"), of=tuple(groups)))
        self._matrix(sheet, "summary", "use", lines, [*self._areas(mu), *by_method], rows)

    def districts(self, sheet: Any, rows: Sequence[Mapping[str, Cell]], *, mu: bool) -> None:
        """Districts: number, area, new and stock, and the area of each quarter that notices begin in."""
        quarters = sorted({str(row["quarter"]) for row in rows if row["quarter"]})
        names = list(dict.fromkeys(several_lines(str(row["district"] or "")) for row in rows))
        lines = [Line(name, frozenset((name,))) for name in sorted(filter(None, names))]
        lines.append(Line(self.titles.text("summary", "total"), of=tuple(range(len(lines)))))
        by_quarter = [self._column(quarter, "quarter") for quarter in quarters]
        self._matrix(sheet, "districts", "district", lines, [*self._areas(mu), *by_quarter], rows)

    def _areas(self, mu: bool) -> list[Column]:
        text, ha_ = self.titles.text, self.titles.text("summary", "ha")
        found = [Column(text("summary", "parcels"), text("summary", "count"), "")]
        found.append(Column(text("summary", "area"), ha_, "area_ha"))
        if mu:
            found.append(Column(text("summary", "area"), text("summary", "mu"), "area_ha", times=MU))
        return [*found, Column(text("summary", "new"), ha_, "new_ha"), Column(text("summary", "stock"), ha_, "stock")]

    def _column(self, heading: str, where: str) -> Column:
        return Column(heading, self.titles.text("summary", "ha"), "area_ha", where)

    def _matrix(
        self,
        sheet: Any,
        name: str,
        by: str,
        lines: list[Line],
        columns: list[Column],
        rows: Sequence[Mapping[str, Cell]],
    ) -> None:
        self.banner(sheet, name, [FIRST_WIDE, *(width_of(column) for column in columns)])
        ranges = Ranges(self.titles, len(rows), ("area_ha", "new_ha", "method", "quarter", by))
        last = write(sheet, self.formats, lines, columns, rows, by, ranges)
        sheet.write_string(HEAD, 0, self.titles.text(name, "class"), self.formats["head"])
        sheet.write_string(HEAD + 1, 0, "", self.formats["head"])
        sheet.set_column(0, 0, FIRST_WIDE)
        sheet.freeze_panes(HEAD + 2, 1)
        sheet.repeat_rows(HEAD, HEAD + 1)
        sheet.print_area(0, 0, last, len(columns))

    def _classes(self) -> list[tuple[str, list[str]]]:
        """The classes with the uses this plan supplies; a use in no class comes last on its own."""
        supplied = {row.use for row in self.source.rows if row.entry is not None}
        listed = [(title, [use for use in uses if use in supplied]) for title, uses in self.titles.classes]
        left = sorted(supplied - {use for _, uses in listed for use in uses})
        listed += [(words.word("use", use, self.lang), [use]) for use in left]
        return [(title, uses) for title, uses in listed if uses]


def _height(row: Mapping[str, Cell], columns: Sequence[str]) -> float:
    """A height that shows the texts of a row, in points; Excel has no row above 409."""
    lines = 1
    for column in columns:
        value = row.get(column)
        if isinstance(value, str):
            room = max(4, _WIDTHS.get(column, 13) - 1)
            lines = max(lines, sum(1 + (words.width(part[:2000]) - 1) // room for part in value[:4000].split("\n")))
    return min(15.5 * lines + 1, 409)


def _footer(source: Source, lang: str) -> str:
    """The footer's text: an ampersand starts a code there."""
    return one_line(plan_mark(source, lang), 200).replace("&", "&&")
