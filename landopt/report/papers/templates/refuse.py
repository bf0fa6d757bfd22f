"""Word files that are not let in: what could run, fetch, hide or embed something is refused by its name.

A template comes back from other desks and machines. Only parts of the kinds a plain document has are let through, and
in them only fields that count pages and dates. Nothing is repaired: the finding says what to take out in Word.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from parcels.common.gate import MB
from parcels.common.issues import Issue, error
from parcels.formats.decoding.archives import TORN

MOST, UNPACKED, RATIO, PARTS = 20 * MB, 100 * MB, 200, 500
"""Bytes of a template, of all its parts, times a part may be larger than packed, and parts."""
_KINDS = (
    "application/vnd.openxmlformats-package.relationships+xml",
    "application/vnd.openxmlformats-package.core-properties+xml",
    "application/vnd.openxmlformats-officedocument.extended-properties+xml",
    "application/vnd.openxmlformats-officedocument.custom-properties+xml",
    "application/vnd.openxmlformats-officedocument.theme+xml",
    "application/vnd.openxmlformats-officedocument.themeOverride+xml",
    "application/vnd.openxmlformats-officedocument.customXmlProperties+xml",
    *(
        f"application/vnd.openxmlformats-officedocument.wordprocessingml.{name}+xml"
        for name in ("document.main", "styles", "settings", "webSettings", "fontTable", "numbering", "footnotes",
                     "endnotes", "header", "footer", "document.glossary", "template.main")
    ),
    "application/vnd.ms-word.stylesWithEffects+xml",
    "application/xml",
    "image/png", "image/jpeg", "image/jpg", "image/gif",
)  # fmt: skip
_MACRO = ("macroenabled", "vbaproject", "vbadata", "attachedtoolbars", "keymapcustomizations", "ribbon", "customui")
_OLE = ("oleobject", "package", "embeddings/", ".xlsx", ".docx", "spreadsheetml", "presentationml")
_ELEMENTS = {
    "object": "ole", "OLEObject": "ole", "control": "activex", "altChunk": "chunk", "subDoc": "outside",
    "mailMerge": "merge", "dataBinding": "binding", "frameset": "outside", "attachedTemplate": "outside",
    "movie": "outside", "scriptAnchor": "macro", "macroName": "macro",
}  # fmt: skip
_LEADS = frozenset(("src", "href", "althref"))
_ADDRESS = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*://|file:|mhtml:|javascript:|\\\\|//)", re.IGNORECASE)
_NAMESPACE = re.compile(r"https?://(?:schemas|purl|www\.w3)\.")
_COUNTING = ("PAGE", "NUMPAGES", "SECTION", "SECTIONPAGES", "DATE", "TIME", "CREATEDATE", "SAVEDATE", "TOC", "PAGEREF")
FIELDS = frozenset((*_COUNTING, "TITLE", "STYLEREF", "SEQ", "REF", "EQ", "SYMBOL"))
"""The fields a template may have."""


def refused(content: bytes, file: str) -> list[Issue]:
    """What speaks against a template; each kind of thing once, by its name."""
    found: dict[tuple[str, str], None] = {}
    try:
        for why, what in _findings(content):
            found[why, what[:80]] = None
    except (*TORN, ValueError, KeyError, OSError, RuntimeError):
        found["no-word", ""] = None
    return [error(f"X020.{why}", at=file, what=what) for why, what in found]


def _findings(content: bytes) -> Iterator[tuple[str, str]]:
    if content[:4] == b"\xd0\xcf\x11\xe0":
        yield "old", ""
        return
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        packing = list(_packing(members))
        yield from packing
        if packing:
            return
        names = {member.filename for member in members}
        if not {"[Content_Types].xml", "_rels/.rels"} <= names:
            yield "no-word", ""
            return
        for member in members:
            yield from _part(member.filename, archive.read(member))


def _packing(members: list[zipfile.ZipInfo]) -> Iterator[tuple[str, str]]:
    """What is wrong with the archive as such."""
    seen: set[str] = set()
    for member in members:
        name = member.filename
        if member.flag_bits & 1:
            yield "locked", name
        if name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/"):
            yield "name", name
        if name.lower() in seen:
            yield "twice", name
        seen.add(name.lower())
        if member.file_size > MB and member.file_size > RATIO * max(1, member.compress_size):
            yield "packed", name
    if len(members) > PARTS or sum(member.file_size for member in members) > UNPACKED:
        yield "packed", ""


def _part(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    low = name.lower()
    if any(word in low for word in _MACRO) or low.endswith((".vba", ".bas")):
        yield "macro", name
    elif "activex" in low or "ctrlprops" in low:
        yield "activex", name
    elif "embeddings/" in low or "oleobject" in low:
        yield "ole", name
    elif low.endswith((".xml", ".rels")):
        yield from _xml(name, content)
    elif low.endswith((".png", ".jpg", ".jpeg", ".gif")):
        if not content.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8")):
            yield "part", name
    elif not low.endswith("/"):
        yield "part", name


def _xml(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError:
        yield ("doctype" if b"<!" in content.replace(b"\0", b"").replace(b"<!--", b"") else "no-word"), name
        return
    if root.getroottree().docinfo.doctype or any(each.tag is etree.Entity for each in root.iter()):
        yield "doctype", name
        return
    if name.endswith(".rels"):
        yield from _relations(root)
    elif name == "[Content_Types].xml":
        yield from _content_types(root)
    else:
        yield from _elements(root)


def _local(element: Any) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _relations(root: Any) -> Iterator[tuple[str, str]]:
    for relation in root.iter():
        kind = str(relation.get("Type", "")).rpartition("/")[2]
        target = str(relation.get("Target", ""))
        if (
            str(relation.get("TargetMode", "")).lower() == "external"
            or ":" in target
            or target.startswith(("//", "\\"))
        ):
            yield "outside", f"{kind} {target}"
        elif kind.lower() in ("afchunk", "subdocument", "frame", "attachedtemplate"):
            yield ("chunk" if kind.lower() == "afchunk" else "outside"), kind
        elif posixpath.normpath(target).startswith("../.."):
            yield "name", target


def _content_types(root: Any) -> Iterator[tuple[str, str]]:
    for entry in root:
        kind = str(entry.get("ContentType", ""))
        low = kind.lower()
        if any(word in low for word in _MACRO):
            yield "macro", kind
        elif "activex" in low or "controlproperties" in low:
            yield "activex", kind
        elif any(word in low for word in _OLE) and kind not in _KINDS:
            yield "ole", kind
        elif kind.partition(";")[0].strip() not in _KINDS:
            yield "part", kind


def _elements(root: Any) -> Iterator[tuple[str, str]]:
    """Elements that embed or fetch, and the instructions of fields, which Word may split over runs or nest."""
    open_fields: list[list[str] | None] = []  # the instruction of each field begun; None once it shows its result
    for element in root.iter():
        name = _local(element)
        yield from _leads_out(element)
        if name in _ELEMENTS:
            yield _ELEMENTS[name], name
        elif name == "fldSimple":
            yield from _field(next((text for key, text in element.items() if key.endswith("}instr")), ""))
        elif name == "fldChar":
            kind = next((text for key, text in element.items() if key.endswith("}fldCharType")), "")
            if kind == "begin":
                if open_fields and open_fields[-1] is not None:
                    yield "nested", "".join(open_fields[-1]).strip() or "?"
                open_fields.append([])
            elif open_fields:
                told = open_fields[-1]
                if told is not None:
                    yield from _field("".join(told))
                    open_fields[-1] = None
                if kind == "end":
                    open_fields.pop()
        elif name in ("instrText", "delInstrText"):
            if open_fields and open_fields[-1] is not None:
                open_fields[-1].append(element.text or "")
            else:
                yield from _field(element.text or "")
    for told in open_fields:
        if told is not None:
            yield from _field("".join(told))


def _leads_out(element: Any) -> Iterator[tuple[str, str]]:
    """Attributes that hold an address themselves, without a relationship: pictures and shapes of VML."""
    for key, value in element.items():
        local = key.rpartition("}")[2].lower()
        named = local == "uri" and _NAMESPACE.match(value)
        if (local in _LEADS and value.strip() and not value.startswith("#")) or (_ADDRESS.match(value) and not named):
            yield "outside", value


def _field(instruction: str) -> Iterator[tuple[str, str]]:
    word = instruction.strip().partition(" ")[0].partition("\\")[0].upper()
    if word and word not in FIELDS:
        yield "field", word
