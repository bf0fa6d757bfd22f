"""Filling the places of a template by name, over the runs that Word splits; nothing is evaluated, ever.

A place is ``{{name}}``. What it is filled with is never read for places again. A table row whose places are all empty
is left out, and so is a paragraph that held an empty place and nothing else.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from landopt.report.papers.blocks import Block
from landopt.report.papers.plain import CELL, several_lines
from landopt.report.papers.templates.fields import Field, Values, known, own, repeated
from parcels.common.catalogue import told
from parcels.common.issues import Issue, error

_PLACE = re.compile(r"[{｛]{2}\s*([^{}｛｝]{1,80}?)\s*[}｝]{2}")
_STATEMENT = re.compile(r"\{[%#]|[%#]\}|[{｛]{2}|[}｝]{2}")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
Maker = Callable[[Sequence[Block]], Sequence[Any]]
"""Makes the elements of blocks, in the styles of the template."""


def roots(document: Any) -> Iterator[tuple[Any, bool]]:
    """The text, and every header and footer, of a document: (element, whether it is the text)."""
    yield document.element.body, True
    for part in document.part.package.iter_parts():
        if hasattr(part, "element") and part.partname.startswith(("/word/header", "/word/footer")):
            yield part.element, False


def wrong_places(document: Any, template: str, file: str) -> list[Issue]:
    """Names that are not known, needed ones that are missing, and places where they may not stand; all at once."""
    fields = known(template)
    issues: dict[str, Issue] = {}
    seen: set[str] = set()
    for root, is_text in roots(document):
        for paragraph in root.iter(f"{_W}p"):
            text = "".join(node.text or "" for node in _texts(paragraph))
            for name in _PLACE.findall(text):
                field = fields.get(name)
                if field is None:
                    maybe = told("near.one-of", names=sorted(fields))
                    issues[name] = error("X021.unknown", at=file, maybe=maybe, name=name)
                    continue
                seen.add(field.key)
                if not is_text and not field.whole:
                    issues[name] = error("X021.header", at=file, name=name)
                if field.blocks and _PLACE.fullmatch(text.strip()) is None:
                    issues[name] = error("X021.alone", at=file, name=name)
            if _STATEMENT.search(_PLACE.sub("", text)):
                issues[text] = error("X021.statement", at=file, text=text[:80])
    lacking = [field for field in own(template) if field.needed and field.key not in seen]
    missing = [error("X021.missing", at=file, chinese=field.zh, english=field.en) for field in lacking]
    return [*issues.values(), *missing]


def fill(document: Any, template: str, whole: Values, parts: Sequence[Values], make: Maker) -> None:
    """Fill a template that has no wrong places; one that is repeated gets a copy of its text for each of ``parts``.

    Parameters
    ----------
    whole
        What is said once, by key; what has no value is empty.
    parts
        What is said of each site; used by templates that are repeated.
    """
    fields = known(template)
    body = document.element.body
    if repeated(template):
        content = [child for child in body if child.tag != f"{_W}sectPr"]
        copies = [[copy.deepcopy(child) for child in content] for _ in parts[1:]]
        end = body.find(f"{_W}sectPr")
        for part in copies:
            _on_new_page(part)
            for child in part:
                end.addprevious(child) if end is not None else body.append(child)
        for values, part in zip(parts, [content, *copies], strict=bool(parts)):
            for child in part:
                _fill(child, fields, {**whole, **values}, make)
    for root, _ in roots(document):
        _fill(root, fields, whole, make)


def _on_new_page(part: list[Any]) -> None:
    """The first paragraph of a copy begins a page; marks of places in the text are not doubled."""
    from docx.oxml import OxmlElement

    for child in part:
        for mark in [*child.iter(f"{_W}bookmarkStart", f"{_W}bookmarkEnd")]:
            mark.getparent().remove(mark)
    if part[0].tag != f"{_W}p":
        part.insert(0, OxmlElement("w:p"))
    properties = part[0].get_or_add_pPr()
    properties.page_break_before = None
    before = properties._insert_pageBreakBefore(OxmlElement("w:pageBreakBefore"))
    assert before is not None


def _texts(paragraph: Any) -> list[Any]:
    """The pieces of text of a paragraph itself, not of a text box in it."""
    found = []
    for node in paragraph.iter(f"{_W}t"):
        owner = node.getparent()
        while owner.tag != f"{_W}p":
            owner = owner.getparent()
        if owner is paragraph:
            found.append(node)
    return found


def _fill(root: Any, fields: Mapping[str, Field], values: Values, make: Maker) -> None:
    rows: dict[Any, list[bool]] = {}
    paragraphs = [root] if root.tag == f"{_W}p" else []
    paragraphs += [each for each in root.iter(f"{_W}p") if each is not root]
    for paragraph in paragraphs:
        nodes = _texts(paragraph)
        text = "".join(node.text or "" for node in nodes)
        found = [(match, fields[match[1]]) for match in _PLACE.finditer(text)]
        if not found:
            continue
        row = next((each for each in paragraph.iterancestors(f"{_W}tr")), None)
        if row is not None:
            rows.setdefault(row, []).extend(bool(values.get(field.key)) for _, field in found)
        if found[0][1].blocks:
            _stand_in(paragraph, make(list(values.get(found[0][1].key) or ())))  # type: ignore[arg-type]
            continue
        for match, field in reversed(found):
            _put(nodes, match.start(), match.end(), several_lines(str(values.get(field.key) or ""), CELL))
        if not "".join(node.text or "" for node in nodes).strip() and row is None:
            _drop(paragraph)
    for row, told_of in rows.items():
        if not any(told_of):
            table = row.getparent()
            table.remove(row)
            if table.find(f"{_W}tr") is None and table.getparent() is not None:
                table.getparent().remove(table)
    for paragraph in paragraphs:
        _break_lines(paragraph)


def _put(nodes: Sequence[Any], start: int, end: int, value: str) -> None:
    """The value in the place of the characters from ``start`` to ``end`` of the joined texts."""
    at, told_already = 0, False
    for node in nodes:
        text = node.text or ""
        first, last = max(start - at, 0), min(end - at, len(text))
        if first < len(text) and last > 0 and first < last:
            node.text = text[:first] + ("" if told_already else value) + text[last:]
            node.set(_SPACE, "preserve")
            told_already = True
        at += len(text)


def _break_lines(paragraph: Any) -> None:
    """Lines of a value as lines of the paragraph."""
    from docx.oxml import OxmlElement

    for node in _texts(paragraph):
        lines = (node.text or "").split("\n")
        node.text = lines[0]
        for line in reversed(lines[1:]):
            more = OxmlElement("w:t")
            more.text = line
            more.set(_SPACE, "preserve")
            node.addnext(more)
            node.addnext(OxmlElement("w:br"))


def _stand_in(paragraph: Any, elements: Sequence[Any]) -> None:
    for element in elements:
        paragraph.addprevious(element)
    if not elements or paragraph.getparent().tag != f"{_W}tc":
        _drop(paragraph)


def _drop(paragraph: Any) -> None:
    """Take a paragraph out, unless it ends a cell or a section, which need one."""
    parent = paragraph.getparent()
    last_of_cell = parent is not None and parent.tag == f"{_W}tc" and len(parent.findall(f"{_W}p")) == 1
    if parent is not None and not last_of_cell and paragraph.find(f"{_W}pPr/{_W}sectPr") is None:
        parent.remove(paragraph)
