"""The shipped templates, in the layout of GB/T 9704-2012; fonts are named, none is embedded.

A4; margins 37, 35, 28 and 26 mm; title 22 pt, text 16 pt on lines of 28 pt, two characters indent, tables 10.5 pt.
"""

from __future__ import annotations

import io
import zipfile
from functools import cache
from typing import Any

from landopt.report.papers.templates.fields import Field, own, place, whole, wording

FONTS = {
    "zh": {
        "title": "方正小标宋简体",
        "body": "仿宋_GB2312",
        "heading": "黑体",
        "sub": "楷体_GB2312",
        "latin": "Times New Roman",
    },
    "en": dict.fromkeys(("title", "body", "heading", "sub", "latin"), "Times New Roman"),
}
STYLES: dict[str, tuple[str, float, dict[str, Any]]] = {
    "title": ("title", 22, {"align": 1, "keep": True, "after": 6, "line": 32}),
    "subtitle": ("sub", 12, {"align": 1, "keep": True, "line": 20}),
    "heading": ("heading", 16, {"keep": True, "indent": True, "line": 28, "before": 6}),
    "body": ("body", 16, {"indent": True, "line": 28}),
    "item": ("body", 14, {"indent": True, "line": 25}),
    "sign": ("body", 14, {"align": 2, "line": 25, "before": 10}),
    "draft": ("heading", 14, {"align": 1, "keep": True, "line": 24, "red": True}),
    "cell": ("body", 10.5, {"line": 13.5}),
    "label": ("heading", 10.5, {"align": 1, "line": 13.5}),
    "foot": ("sub", 8, {"align": 1, "line": 11}),
}
_EPOCH = (1980, 1, 1, 0, 0, 0)
WIDTH = 8845
"""The type area between the margins, in twentieths of a point."""


@cache
def shipped(template: str, lang: str) -> bytes:
    """A template as it is shipped, as a Word file."""
    document = blank(lang)
    if template == "review-sheet":
        _review_sheet(document, lang)
    elif template.startswith("notices-"):
        _notice(document, template, lang)
    elif template == "proposal":
        _proposal(document, lang)
    else:
        _lines(document, ((place(own(template)[0], lang), "body"),))
    _foot(document, lang, mark=not template.startswith("notices-"))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def indented(lang: str) -> bool:
    """Whether a language sets its first lines in by two signs, and leaves headings to their fonts."""
    return lang == "zh"


def blank(lang: str) -> Any:
    """An empty document with the page and the styles of the templates."""
    import docx
    from docx.shared import Mm

    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(20)
    document.core_properties.author, document.core_properties.comments = "landopt", ""
    for name in STYLES:
        style(document, name, lang)
    return document


def _lines(document: Any, lines: tuple[tuple[str, str], ...]) -> None:
    for text, kind in lines:
        document.add_paragraph(text, style=f"landopt {kind}")


def _proposal(document: Any, lang: str) -> None:
    one, two = wording("proposal", "tables", lang)
    draft, text, methods, sites = (place(field, lang) for field in own("proposal"))
    _lines(
        document,
        (
            (wording("proposal", "title", lang)[0], "title"),
            (draft, "draft"),
            (text, "body"),
            (one, "heading"),
            (methods, "body"),
            (two, "heading"),
            (sites, "body"),
            (wording("proposal", "sign", lang)[0], "sign"),
        ),
    )


def _review_sheet(document: Any, lang: str) -> None:
    _lines(document, ((wording("review-sheet", "title", lang)[0], "title"),))
    _form(document, own("review-sheet"), lang, (19, 81))
    signing = document.add_table(rows=2, cols=4)
    signing.style = "Table Grid"
    one, two, three, four = wording("review-sheet", "signing", lang)
    for row, labels in zip(signing.rows, ((one, "", two, ""), (three, "", four, "")), strict=True):
        for cell, text in zip(row.cells, labels, strict=True):
            cell.paragraphs[0].text = text
            cell.paragraphs[0].style = "landopt label"
    measure(signing._tbl, (15, 35, 15, 35), height=720)
    _lines(document, (("", "foot"),))


def _notice(document: Any, template: str, lang: str) -> None:
    from docx.shared import Mm

    section = document.sections[0]  # 22 items on a page: less room above and below than an official letter has
    section.top_margin, section.bottom_margin, section.footer_distance = Mm(18), Mm(18), Mm(10)
    lines = (("draft", "draft"), ("title", "title"), ("body", "item"))
    _lines(document, tuple((wording(template, what, lang)[0], kind) for what, kind in lines))
    in_words = wording(template, "body", lang)[0]
    rows = [field for field in own(template) if field.key != "method" and place(field, lang) not in in_words]
    _form(document, rows, lang, (32, 68))
    _lines(document, ((wording(template, "sign", lang)[0], "sign"),))


def _form(document: Any, fields: tuple[Field, ...] | list[Field], lang: str, widths: tuple[int, ...]) -> None:
    grid = document.add_table(rows=len(fields), cols=2)
    grid.style = "Table Grid"
    for row, field in zip(grid.rows, fields, strict=True):
        for cell, text, kind in zip(row.cells, (field.name(lang), place(field, lang)), ("label", "cell"), strict=True):
            cell.paragraphs[0].text = text
            cell.paragraphs[0].style = f"landopt {kind}"
    measure(grid._tbl, widths)


def measure(table: Any, widths: tuple[int, ...], *, height: int = 0) -> None:
    """Fixed column widths over the type area; rows are not broken over pages and have at least a height (1/20 pt)."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    each = [str(round(WIDTH * part / sum(widths))) for part in widths]
    properties = table.tblPr
    layout = OxmlElement("w:tblLayout")
    layout.set(qn("w:type"), "fixed")
    for old in properties.findall(qn("w:tblLayout")):
        properties.remove(old)
    properties.append(layout)
    for column, width in zip(table.tblGrid, each, strict=True):
        column.set(qn("w:w"), width)
    for row in table.tr_lst:
        for cell, width in zip(row.tc_lst, each, strict=True):
            size = cell.get_or_add_tcPr().get_or_add_tcW()
            size.set(qn("w:w"), width)
            size.set(qn("w:type"), "dxa")
            align = OxmlElement("w:vAlign")
            align.set(qn("w:val"), "center")
            cell.tcPr.append(align)
        row.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        if height:
            least = OxmlElement("w:trHeight")
            least.set(qn("w:val"), str(height))
            row.get_or_add_trPr().append(least)


def style(document: Any, name: str, lang: str) -> Any:
    """Add one of the styles to a document."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    font, size, how = STYLES[name]
    made = document.styles.add_style(f"landopt {name}", WD_STYLE_TYPE.PARAGRAPH)
    made.font.name, made.font.size = FONTS[lang]["latin"], Pt(size)
    made.element.rPr.rFonts.set(qn("w:eastAsia"), FONTS[lang][font])
    if how.get("red"):
        made.font.color.rgb = RGBColor(0xC0, 0x10, 0x20)
    made.font.bold = (name in ("heading", "title") and not indented(lang)) or name == "label"
    layout = made.paragraph_format
    layout.line_spacing, layout.space_after, layout.space_before = (
        Pt(how["line"]),
        Pt(how.get("after", 0)),
        Pt(how.get("before", 0)),
    )
    layout.keep_with_next = bool(how.get("keep"))
    layout.widow_control = True
    if "align" in how:
        layout.alignment = how["align"]
    if how.get("indent"):
        layout.first_line_indent = Pt(2 * size) if indented(lang) else Pt(0)
    return made


def _foot(document: Any, lang: str, *, mark: bool) -> None:
    """The foot of a page: which plan this is, where it is not for the public, and the page."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    footer = document.sections[0].footer
    first = footer.paragraphs[0]
    if mark:
        first.text = next(place(field, lang) for field in whole() if field.key == "mark")
        first.style = "landopt foot"
        first = footer.add_paragraph()
    first.style = "landopt foot"
    run = first.add_run()
    for kind in ("begin", None, "end"):
        if kind is None:
            part = OxmlElement("w:instrText")
            part.text = "PAGE"
        else:
            part = OxmlElement("w:fldChar")
            part.set(qn("w:fldCharType"), kind)
        run._r.append(part)


def same_bytes(content: bytes) -> bytes:
    """The archive again with one date for every member, so that the same document has the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            member = zipfile.ZipInfo(name, _EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(member, old.read(name))
    return out.getvalue()
