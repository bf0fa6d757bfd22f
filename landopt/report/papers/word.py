"""Word documents by docxtpl from a template in the layout of GB/T 9704-2012; fonts are named, none is embedded.

A4; margins 37, 35, 28 and 26 mm; title 22 pt, text 16 pt on lines of 28 pt, two characters indent, tables 10.5 pt.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from landopt.report.papers.blocks import Block
from landopt.report.papers.plain import CELL, several_lines

_FONTS = {
    "zh": {
        "title": "方正小标宋简体",
        "body": "仿宋_GB2312",
        "heading": "黑体",
        "sub": "楷体_GB2312",
        "latin": "Times New Roman",
    },
    "en": dict.fromkeys(("title", "body", "heading", "sub", "latin"), "Times New Roman"),
}
_STYLES: dict[str, tuple[str, float, dict[str, Any]]] = {
    "title": ("title", 22, {"align": 1, "keep": True, "after": 10, "line": 34}),
    "subtitle": ("sub", 12, {"align": 1, "keep": True, "line": 20}),
    "heading": ("heading", 16, {"keep": True, "indent": True, "line": 28, "before": 6}),
    "body": ("body", 16, {"indent": True, "line": 28}),
    "item": ("body", 14, {"indent": True, "line": 25}),
    "sign": ("body", 16, {"align": 2, "line": 28, "before": 24}),
    "draft": ("heading", 14, {"align": 1, "keep": True, "line": 24, "red": True}),
    "cell": ("body", 10.5, {"line": 15}),
    "mark": ("sub", 9, {"align": 1, "line": 14, "before": 6}),
}
_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_word(path: Path, blocks: Sequence[Block], lang: str, *, title: str, as_of: str) -> None:
    """Write a document.

    Parameters
    ----------
    title
        The title in the properties of the file.
    as_of
        The ISO date in the properties, so that the same plan gives the same bytes.
    """
    from docxtpl import DocxTemplate

    template = DocxTemplate(io.BytesIO(_template(lang)))
    template.render({"blocks": [_shown(block) for block in blocks]}, autoescape=True)
    _measure(template.docx, [block for block in blocks if block.kind in ("table", "form")])
    _describe(template.docx, title, as_of)
    out = io.BytesIO()
    template.save(out)
    path.write_bytes(_same_bytes(out.getvalue()))


def _measure(document: Any, blocks: Sequence[Block]) -> None:
    """Column widths of every table, in twentieths of a point over the type area; rows to sign get room for a seal."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for table, block in zip(document.tables, blocks, strict=True):
        widths = [str(round(8845 * part / sum(block.widths))) for part in block.widths]
        grid = table._tbl.tblGrid
        for column in list(grid):
            grid.remove(column)
        for width in widths:
            column = OxmlElement("w:gridCol")
            column.set(qn("w:w"), width)
            grid.append(column)
        for row in table._tbl.tr_lst:
            for cell, width in zip(row.tc_lst, widths, strict=False):
                size = cell.get_or_add_tcPr().get_or_add_tcW()
                size.set(qn("w:w"), width)
                size.set(qn("w:type"), "dxa")
            if block.kind == "form" and len(widths) > 2:
                height = OxmlElement("w:trHeight")
                height.set(qn("w:val"), "800")
                row.get_or_add_trPr().append(height)


def _describe(document: Any, title: str, as_of: str) -> None:
    from datetime import datetime

    properties = document.core_properties
    properties.title, properties.author = several_lines(title, 200), "landopt"
    properties.created = properties.modified = datetime.fromisoformat(as_of)


def _shown(block: Block) -> dict[str, Any]:
    return {
        "kind": block.kind,
        "text": several_lines(block.text, CELL),
        "rows": [list(row) for row in block.rows],
    }


@cache
def _template(lang: str) -> bytes:
    """The template: every kind of block once, in a loop over ``blocks``."""
    import docx
    from docx.enum.text import WD_BREAK
    from docx.shared import Mm

    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(28)
    for name in _STYLES:
        _style(document, name, lang)
    _page_number(section)

    def tag(text: str) -> None:
        document.add_paragraph(text)

    tag("{%p for b in blocks %}")
    tag('{%p if b.kind == "page" %}')
    document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    for kind in ("title", "subtitle", "heading", "item", "sign", "draft", "mark"):
        tag(f'{{%p elif b.kind == "{kind}" %}}')
        document.add_paragraph("{{ b.text }}", style=f"landopt {kind}")
    tag('{%p elif b.kind in ("table", "form") %}')
    _table(document)
    tag("{%p else %}")
    document.add_paragraph("{{ b.text }}", style="landopt body")
    tag("{%p endif %}")
    tag("{%p endfor %}")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _table(document: Any) -> None:
    """A table whose rows and cells are loops; the first row is repeated on every page, rows are not broken."""
    grid = document.add_table(rows=4, cols=3)
    grid.style = "Table Grid"
    for row, tag in ((0, "{%tr for row in b.rows %}"), (2, "{%tr endfor %}")):
        grid.rows[row].cells[0].paragraphs[0].text = tag
    cells = grid.rows[1].cells
    cells[0].paragraphs[0].text = "{%tc for cell in row %}"
    cells[1].paragraphs[0].text = "{{ cell }}"
    cells[1].paragraphs[0].style = "landopt cell"
    cells[2].paragraphs[0].text = "{%tc endfor %}"
    grid._tbl.remove(grid.rows[3]._tr)
    _flow(grid.rows[1]._tr)


def _flow(row: Any) -> None:
    from docx.oxml import OxmlElement

    properties = row.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))


def _style(document: Any, name: str, lang: str) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    font, size, how = _STYLES[name]
    style = document.styles.add_style(f"landopt {name}", WD_STYLE_TYPE.PARAGRAPH)
    style.font.name, style.font.size = _FONTS[lang]["latin"], Pt(size)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), _FONTS[lang][font])
    if how.get("red"):
        style.font.color.rgb = RGBColor(0xC0, 0x10, 0x20)
    style.font.bold = name in ("heading", "title") and lang == "en"
    layout = style.paragraph_format
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
        layout.first_line_indent = Pt(2 * size) if lang == "zh" else Pt(0)


def _page_number(section: Any) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    paragraph = section.footer.paragraphs[0]
    paragraph.alignment = 1
    run = paragraph.add_run()
    for kind in ("begin", None, "end"):
        if kind is None:
            part = OxmlElement("w:instrText")
            part.text = "PAGE"
        else:
            part = OxmlElement("w:fldChar")
            part.set(qn("w:fldCharType"), kind)
        run._r.append(part)


def _same_bytes(content: bytes) -> bytes:
    """The archive again with one date for every member, so that the same document has the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            member = zipfile.ZipInfo(name, _EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(member, old.read(name))
    return out.getvalue()
