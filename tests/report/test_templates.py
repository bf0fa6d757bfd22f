"""Word templates given back by a bureau: filled by name alone; what could run, fetch or hide something is refused."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landopt.report.papers.blocks import Block
from landopt.report.papers.templates.fields import explained, known, names, own, repeated
from landopt.report.papers.templates.fill import fill, wrong_places
from landopt.report.papers.templates.given import templates_of
from landopt.report.papers.templates.refuse import refused
from landopt.report.papers.templates.shipped import shipped
from landopt.report.papers.word import _lacking_styles, _Maker
from parcels.common.issues import Refused
from tests.places import ROOT
from tests.report.making import call

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def changed(content: bytes, edit: Callable[[dict[str, bytes]], None]) -> bytes:
    """A Word file with its parts edited."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    edit(parts)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return out.getvalue()


def body(extra: str) -> Callable[[dict[str, bytes]], None]:
    """More XML at the beginning of the text."""

    def edit(parts: dict[str, bytes]) -> None:
        parts["word/document.xml"] = re.sub(
            rb"<w:body>", b"<w:body>" + extra.encode(), parts["word/document.xml"], count=1
        )

    return edit


def relation(kind: str, target: str, mode: str = ' TargetMode="External"') -> Callable[[dict[str, bytes]], None]:
    """Another relationship of the text."""
    line = f'<Relationship Id="rId99" Type="{TYPES}/{kind}" Target="{target}"{mode}/>'

    def edit(parts: dict[str, bytes]) -> None:
        name = "word/_rels/document.xml.rels"
        parts[name] = parts[name].replace(b"</Relationships>", line.encode() + b"</Relationships>")

    return edit


def part(name: str, content: bytes = b"x", kind: str = "") -> Callable[[dict[str, bytes]], None]:
    """Another part, with its content type."""

    def edit(parts: dict[str, bytes]) -> None:
        parts[name] = content
        if kind:
            line = f'<Override PartName="/{name}" ContentType="{kind}"/></Types>'.encode()
            parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b"</Types>", line)

    return edit


def complex_field(*instructions: str) -> Callable[[dict[str, bytes]], None]:
    """A field whose instruction is split over runs."""
    runs = "".join(f'<w:r><w:instrText xml:space="preserve">{text}</w:instrText></w:r>' for text in instructions)
    return body(
        f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r>{runs}<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        '<w:r><w:t>1</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
    )


def replaced(name: str, old: bytes, new: bytes) -> Callable[[dict[str, bytes]], None]:
    """A part with a text replaced."""

    def edit(parts: dict[str, bytes]) -> None:
        assert old in parts[name]
        parts[name] = parts[name].replace(old, new)

    return edit


NESTED = (
    '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>QUOTE </w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>PAGE</w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="end"/></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
)
VML = '<w:p><w:r><w:pict xmlns:v="urn:schemas-microsoft-com:vml">%s</w:pict></w:r></w:p>'
DOCTYPE = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>\n'


def doctype(parts: dict[str, bytes]) -> None:
    head, _, rest = parts["word/document.xml"].partition(b"?>")
    parts["word/document.xml"] = head + b"?>" + DOCTYPE + rest


def laughs(parts: dict[str, bytes]) -> None:
    lines = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha"}">' for n in range(9))
    parts["word/settings.xml"] = f'<?xml version="1.0"?><!DOCTYPE s [{lines}]><s>&a8;</s>'.encode()


def utf16(parts: dict[str, bytes]) -> None:
    text = parts["word/document.xml"].decode().partition("?>")[2]
    hidden = '<?xml version="1.0" encoding="UTF-16"?>' + DOCTYPE.decode() + text
    parts["word/document.xml"] = hidden.encode("utf-16")


HOSTILE: dict[str, tuple[str, Callable[[dict[str, bytes]], None]]] = {
    "macros": ("macro", part("word/vbaProject.bin", b"\xd0\xcf", "application/vnd.ms-office.vbaProject")),
    "macro document": (
        "macro",
        replaced(
            "[Content_Types].xml",
            b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
            b"application/vnd.ms-word.document.macroEnabled.main+xml",
        ),
    ),
    "ribbon": ("macro", part("customUI/customUI.xml", b"<customUI/>", "application/xml")),
    "ole object": ("ole", part("word/embeddings/oleObject1.bin", b"\xd0\xcf\x11\xe0")),
    "packaged workbook": ("ole", part("word/embeddings/book.xlsx", b"PK")),
    "object in the text": ("ole", body('<w:p><w:r><w:object><w:binData/></w:object></w:r></w:p>')),
    "activex": ("activex", part("word/activeX/activeX1.xml", b"<x/>", "application/vnd.ms-office.activeX+xml")),
    "remote template": ("outside", relation("attachedTemplate", "https://example.invalid/x.dotm")),
    "remote picture": ("outside", relation("image", "http://example.invalid/x.png")),
    "share": ("outside", relation("image", "file://server/share/x.png")),
    "script link": ("outside", relation("oleObject", "mhtml:http://example.invalid/x!x-usc:x")),
    "hyperlink": ("outside", relation("hyperlink", "https://example.invalid/")),
    "remote picture of a shape": ("outside", body(VML % '<v:imagedata src="http://example.invalid/x.png"/>')),
    "share as a fill": ("outside", body(VML % '<v:fill src="//server/share/x.png"/>')),
    "script of a shape": ("outside", body(VML % '<v:shape href="javascript:1"/>')),
    "address in any attribute": ("outside", body('<w:p><w:pPr><w:rPr w:x="file:a"/></w:pPr></w:p>')),
    "dde": ("field", complex_field('DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe "/k calc"')),
    "dde split over runs": ("field", complex_field("DD", "E", ' cmd "/k calc"')),
    "dde, simple": ("field", body('<w:p><w:fldSimple w:instr="DDE cmd x"/></w:p>')),
    "include text": ("field", complex_field('INCLUDETEXT "c:\\\\secret.txt"')),
    "include picture": ("field", complex_field('INCLUDEPICTURE "http://example.invalid/x.png"')),
    "macro button": ("field", complex_field("MACROBUTTON Run click")),
    "link": ("field", complex_field("LINK Excel.Sheet.8 c:\\\\x.xlsx")),
    "field in a field": ("nested", body(NESTED)),
    "other document": ("chunk", relation("aFChunk", "afchunk.htm", "")),
    "chunk in the text": ("chunk", body('<w:altChunk xmlns:r="r" r:id="rId99"/>')),
    "mail merge": ("merge", replaced("word/settings.xml", b"</w:settings>", b"<w:mailMerge/></w:settings>")),
    "bound control": ("binding", body('<w:sdt><w:sdtPr><w:dataBinding w:xpath="/x"/></w:sdtPr></w:sdt>')),
    "outside entity": ("doctype", doctype),
    "entities without end": ("doctype", laughs),
    "entity in utf-16": ("doctype", utf16),
    "path upwards": ("name", part("../../evil.xml", b"<x/>")),
    "two parts of one name": ("twice", part("WORD/document.XML", b"<x/>")),
    "bomb": ("packed", part("word/media/image1.png", b"\x89PNG" + b"\0" * 60_000_000)),
    "program": ("part", part("word/media/x.exe", b"MZ")),
    "no picture": ("part", part("word/media/x.png", b"<svg onload=x>")),
    "comments": (
        "part",
        part(
            "word/comments.xml",
            b"<x/>",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.comments+xml",
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_template_is_refused_by_name(tmp_path: Path, name: str) -> None:
    """The finding names what it is; nothing of the file is used."""
    why, edit = HOSTILE[name]
    content = changed(shipped("proposal", "zh"), edit)
    assert f"X020.{why}" in {issue.key for issue in refused(content, "proposal.docx")}
    (tmp_path / "proposal.docx").write_bytes(content)
    with pytest.raises(Refused) as caught:
        templates_of(tmp_path)
    assert {issue.code for issue in caught.value.issues} == {"X020"}


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0" + b"\0" * 600, b"<html>"])
def test_what_is_no_word_file_is_refused(content: bytes) -> None:
    """An empty, broken, old or other file is told, not raised."""
    assert [issue.code for issue in refused(content, "x.docx")] == ["X020"]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", names())
def test_a_shipped_template_is_let_in_with_every_place_it_needs(tmp_path: Path, name: str, lang: str) -> None:
    """What landopt writes out it takes back; names of both languages are understood."""
    import docx

    content = shipped(name, lang)
    assert refused(content, name) == []
    assert wrong_places(docx.Document(io.BytesIO(content)), name, name) == []
    (tmp_path / f"{name}.docx").write_bytes(content)
    assert templates_of(tmp_path) == {name: content}


def text_of(element: Any) -> str:
    return "".join(node.text or "" for node in element.iter(f"{{{W}}}t"))


def word_with(*paragraphs: list[str]) -> Any:
    """A document with a paragraph of runs each."""
    import docx

    document = docx.Document()
    for runs in paragraphs:
        paragraph = document.add_paragraph()
        for run in runs:
            paragraph.add_run(run)
    return document


@given(
    cuts=st.lists(st.integers(0, 40), max_size=8),
    value=st.text(st.characters(exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp")), max_size=30),
)
@settings(max_examples=60, deadline=None)
def test_a_place_is_filled_wherever_word_splits_it(cuts: list[int], value: str) -> None:
    """Any cut of the text into runs gives the same; a value that looks like a place is only text."""
    whole = "甲{{标题}}乙{{ 编制机关 }}丙{{Day}}"
    at = sorted({cut for cut in cuts if cut < len(whole)} | {0, len(whole)})
    document = word_with([whole[a:b] for a, b in pairwise(at)])
    fill(document, "proposal", {"title": value, "authority": "{{标题}}{% for x in y %}", "day": "3"}, (), lambda _: [])
    assert text_of(document.paragraphs[0]._p) == f"甲{value}乙{{{{标题}}}}{{% for x in y %}}丙3"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{{ 7 * 7 }}", "X021.unknown"),
        ("{{ ''.__class__.__mro__ }}", "X021.unknown"),
        ("{{标题.upper()}}", "X021.unknown"),
        ("{{标题|safe}}", "X021.unknown"),
        ("{% import os %}", "X021.statement"),
        ("{# x #}", "X021.statement"),
        ("{{标题", "X021.statement"),
        ("见 {{正文}}", "X021.alone"),
        ("{{宗地概况}}", "X021.unknown"),
    ],
)
def test_what_is_no_name_is_an_error_with_its_text(text: str, code: str) -> None:
    """Expressions, filters, statements and names of other templates are never evaluated nor passed over."""
    document = word_with([text], ["{{正文}}"], ["{{供应方式汇总表}}"], ["{{供应宗地一览表}}"])
    found = wrong_places(document, "proposal", "proposal.docx")
    assert [issue.key for issue in found] == [code]


def test_a_missing_place_is_an_error_with_its_name() -> None:
    """Every needed place is named in both languages, all at once; a place of a site has no place in a header."""
    document = word_with(["{{Parcel}}"])
    found = wrong_places(document, "review-sheet", "review-sheet.docx")
    needed = [field for field in own("review-sheet") if field.needed and field.key != "parcel"]
    assert [dict(issue.values)["chinese"] for issue in found] == [field.zh for field in needed]
    document.sections[0].header.paragraphs[0].text = "{{Method}}"
    assert "X021.header" in {issue.key for issue in wrong_places(document, "review-sheet", "x")}


def test_empty_rows_and_paragraphs_are_left_out_and_sites_repeated() -> None:
    """A row whose places are all empty goes; the text is repeated for each site on a page of its own."""
    import docx

    document = docx.Document(io.BytesIO(shipped("review-sheet", "zh")))
    sites = [{"parcel": "甲\n乙", "price": "9"}, {"parcel": "丙", "deposit": "8"}]
    fill(document, "review-sheet", {"mark": "方案 1"}, sites, lambda _: [])
    forms = [table for table in document.tables if len(table.columns) == 2]
    assert [[row.cells[0].text for row in form.rows] for form in forms] == [
        ["宗地概况", "价款"],
        ["宗地概况", "竞买（投标）保证金"],
    ]
    assert forms[0].rows[0].cells[1].text == "甲\n乙"
    breaks = [p for p in document.paragraphs if p.paragraph_format.page_break_before]
    assert len(breaks) == 1
    assert document.sections[0].footer.paragraphs[0].text == "方案 1"


def test_a_template_of_the_round_is_used_and_its_places_are_told_from_the_command_line(
    plain: Path, tmp_path: Path
) -> None:
    """``--templates`` writes them; edited and given back they are used; an unknown folder or name is refused."""
    import docx

    assert call("--templates", tmp_path / "t", "--lang", "zh").exit_code == 0
    assert {path.name for path in (tmp_path / "t").iterdir()} == {f"{name}.docx" for name in names()}
    document = docx.Document(str(tmp_path / "t" / "proposal.docx"))
    document.paragraphs[0].text = "某某局文件 {{方案编号}}"
    document.save(str(tmp_path / "t" / "proposal.docx"))
    place = shutil.copytree(plain, tmp_path / "round" / "plan", ignore=shutil.ignore_patterns("report"))
    done = call(place, "--docx", "--template-dir", tmp_path / "t", "--lang", "zh")
    assert done.exit_code == 0, done.output
    made = docx.Document(str(place / "report" / "proposal.docx"))
    assert made.paragraphs[0].text.startswith("某某局文件 ")
    assert "{{" not in text_of(made.element)
    assert len(made.tables) == 2
    (place.parent / "round.toml").write_text("")
    shutil.move(tmp_path / "t", place.parent / "templates")
    assert call(place, "--docx", "--lang", "zh", "-o", tmp_path / "r").exit_code == 0
    assert docx.Document(str(tmp_path / "r" / "proposal.docx")).paragraphs[0].text.startswith("某某局文件 ")
    document.paragraphs[0].text = "{{nothing}}"
    document.save(str(place.parent / "templates" / "proposal.docx"))
    done = call(place, "--docx", "--lang", "en", "-o", tmp_path / "other")
    assert (done.exit_code, "nothing" in done.output, (tmp_path / "other").exists()) == (1, True, False)
    assert "X022" in call(place, "--docx", "--template-dir", tmp_path / "none").output


def test_every_place_is_documented() -> None:
    """docs/templates.md lists every name of every template in both languages."""
    said = (ROOT / "docs" / "templates.md").read_text("utf-8")
    for template, name, other, _ in explained("en"):
        assert f"{{{{{name}}}}}" in said, (template, name)
        assert f"{{{{{other}}}}}" in said, (template, other)
    assert all(known(name) for name in names())
    assert {name for name in names() if repeated(name)} >= {"review-sheet"}


def test_blocks_are_text_in_word_too() -> None:
    """Markup in a block is text; no field or relationship can come out of a value."""
    document = word_with(["x"])
    _lacking_styles(document, "zh")
    blocks = [Block("body", "<w:fldSimple/>{{标题}}"), Block("table", "", (("a<b", "c"),), (1, 1))]
    made = _Maker(document).elements(blocks)
    assert text_of(made[0]) == "<w:fldSimple/>{{标题}}"
    assert all(not list(element.iter(f"{{{W}}}fldSimple")) for element in made)
