"""Papers to be signed: one page a site, no words of the solver."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from landopt.report.papers import review_sheet
from landopt.report.papers.pdf import write_pdf
from landopt.report.source import open_source


def paragraphs(path: Path) -> list[Any]:
    """The paragraphs of a Word file."""
    import docx

    return list(docx.Document(str(path)).paragraphs)


def test_the_documents_say_what_the_texts_say(plain: Path) -> None:
    """Every line of a justification is in the technical annex, a shared note once; headings stay with their text."""
    source = open_source(plain)
    found = paragraphs(plain / "report" / "technical-annex.docx")
    said = "\n".join(paragraph.text for paragraph in found)
    place = next(k for k, record in enumerate(source.plan["justification"]) if record["kind"] == "assignment")
    for line in source.texts["zh"][place].split("\n")[1:]:
        for part in re.split(r"^[一二三四五六七八九十]+、[^。]{1,12}。", line.strip(" 　")):
            assert part.removeprefix("提示：") in said, part
    headings = [paragraph for paragraph in found if paragraph.style.name == "landopt heading"]
    assert headings
    assert all(paragraph.style.paragraph_format.keep_with_next for paragraph in headings)
    titles = [paragraph.text for paragraph in found if paragraph.style.name == "landopt title"]
    sheets = ["供地方式审查意见表"] * len(source.plan["assignments"])
    assert titles == ["方案总体说明", *sheets, "附注：通用提示"]


SOLVER = re.compile(
    r"\b(?:cn|gd|gz|nansha|round)\.[a-z]|landopt|JSON|points|score|gap\b|bound|solver|评分|减少 .*分|差距|求解|上界"
)
"""Words of the solver, ids of rules and commands: they have no place on a paper to be signed."""


@pytest.mark.parametrize("name", ["proposal.docx", "review-sheets.docx"])
def test_papers_to_be_signed_hold_no_words_of_the_solver(plain: Path, name: str) -> None:
    """Scores, gaps and ids stand in the technical annex; plan number and check code in one line."""
    import docx

    document = docx.Document(str(plain / "report" / name))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    marks = [each.text for each in document.paragraphs if each.style.name == "landopt mark"]
    said = [*cells, *(each.text for each in document.paragraphs if each.text not in marks)]
    assert [text for text in said if SOLVER.search(text)] == []
    assert all("校验码" in mark for mark in marks)
    assert marks


def test_a_review_sheet_is_one_page_with_every_field_an_officer_signs(plain: Path, tmp_path: Path) -> None:
    """A form a page: parcel, opinion, basis, prices, deposit, decision, conditions, dates, signing."""
    source = open_source(plain)
    forms = review_sheet.sheets(source, "zh")
    assert len(forms) == len(source.plan["assignments"])
    wanted = {"宗地概况", "供应方式意见", "其他方式比较", "法律依据", "集体决策", "签约前须备条件", "公示与时间"}
    for form, entry in zip(forms, source.plan["assignments"], strict=True):
        labels = [row[0] for row in form[1].rows]
        assert wanted <= set(labels)
        competitive = source.case.method(entry["method"]).competitive
        assert ("竞买（投标）保证金" in labels) == competitive
        assert all("另行密封" in price for label, price in form[1].rows if label == "底价")
        assert [cell for row in form[2].rows for cell in row if cell] == ["经　办", "审　核", "签　发", "盖　章"]
    write_pdf(tmp_path / "sheets.pdf", review_sheet.joined_sheets(forms), "zh", title="t")
    assert len(re.findall(rb"/Type\s*/Page\b", (tmp_path / "sheets.pdf").read_bytes())) == len(forms)
