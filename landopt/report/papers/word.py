"""Word documents: a template filled by name, and blocks as paragraphs and tables in its styles."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from landopt.report.papers.blocks import Block
from landopt.report.papers.plain import CELL, several_lines
from landopt.report.papers.templates.fields import Values
from landopt.report.papers.templates.fill import fill
from landopt.report.papers.templates.shipped import STYLES, measure, same_bytes, shipped, style


def write_word(
    path: Path,
    template: str,
    whole: Values,
    lang: str,
    *,
    title: str,
    as_of: str,
    parts: Sequence[Values] = (),
    given: bytes | None = None,
) -> None:
    """Write a document.

    Parameters
    ----------
    template
        The name of the template.
    whole, parts
        What its places hold: once, and for each site where it is repeated.
    title
        The title in the properties of the file.
    as_of
        The ISO date in the properties, so that the same plan gives the same bytes.
    given
        The bureau's own template (let in by :mod:`landopt.report.papers.templates.given`) instead of the shipped one.
    """
    import docx

    document = docx.Document(io.BytesIO(given if given is not None else shipped(template, lang)))
    _lacking_styles(document, lang)
    makes = _Maker(document)
    fill(document, template, whole, parts, makes.elements)
    _describe(document, title, as_of)
    out = io.BytesIO()
    document.save(out)
    path.write_bytes(same_bytes(out.getvalue()))


def _lacking_styles(document: Any, lang: str) -> None:
    """Styles that a bureau's copy no longer has, as the shipped template has them."""
    here = {each.name for each in document.styles}
    for name in STYLES:
        if f"landopt {name}" not in here:
            style(document, name, lang)


class _Maker:
    """Makes elements of one document; the ids of its styles are looked up once."""

    def __init__(self, document: Any) -> None:
        names = {each.name: each.style_id for each in document.styles}
        self.ids = {kind: names[f"landopt {kind}"] for kind in STYLES}
        self.grid = names.get("Table Grid")

    def elements(self, blocks: Sequence[Block]) -> list[Any]:
        """The elements of blocks, in their order; a page break goes to the paragraph that follows it."""
        found: list[Any] = []
        page = False
        for block in blocks:
            if block.kind == "page":
                page = True
                continue
            if block.kind == "table":
                found += [self._table(block), self._paragraph("", "foot", page=False)]
            else:
                found.append(self._paragraph(block.text, block.kind if block.kind in self.ids else "body", page=page))
            page = False
        return found

    def _paragraph(self, text: str, kind: str, *, page: bool) -> Any:
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        paragraph = OxmlElement("w:p")
        properties = OxmlElement("w:pPr")
        named = OxmlElement("w:pStyle")
        named.set(qn("w:val"), self.ids[kind])
        properties.append(named)
        if page:
            properties.append(OxmlElement("w:pageBreakBefore"))
        paragraph.append(properties)
        for number, line in enumerate(several_lines(text, CELL).split("\n")):
            run = OxmlElement("w:r")
            if number:
                run.append(OxmlElement("w:br"))
            written = OxmlElement("w:t")
            written.text = line
            written.set(qn("xml:space"), "preserve")
            run.append(written)
            paragraph.append(run)
        return paragraph

    def _table(self, block: Block) -> Any:
        """A table whose first row is repeated on every page; rows are not broken."""
        from docx.oxml import OxmlElement, parse_xml
        from docx.oxml.ns import nsdecls, qn

        columns = "<w:gridCol/>" * len(block.widths)
        named = f'<w:tblStyle w:val="{self.grid}"/>' if self.grid else ""
        table = parse_xml(
            f"<w:tbl {nsdecls('w')}><w:tblPr>{named}<w:tblW w:w='0' w:type='auto'/></w:tblPr>"
            f"<w:tblGrid>{columns}</w:tblGrid></w:tbl>"
        )
        for number, cells in enumerate(block.rows):
            row = OxmlElement("w:tr")
            if number == 0:
                row.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
            for text in cells:
                cell = OxmlElement("w:tc")
                for old in cell.findall(qn("w:p")):
                    cell.remove(old)
                cell.append(self._paragraph(text, "label" if number == 0 else "cell", page=False))
                row.append(cell)
            table.append(row)
        measure(table, block.widths)
        return table


def _describe(document: Any, title: str, as_of: str) -> None:
    from datetime import datetime

    properties = document.core_properties
    properties.title, properties.author = several_lines(title, 200), "landopt"
    properties.last_modified_by, properties.comments = "", ""
    properties.created = properties.modified = datetime.fromisoformat(as_of)
