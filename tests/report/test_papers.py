"""Papers to be signed: one page a site, no words of the solver."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from landopt.reasons.texts import render_notice
from landopt.report.papers import review_sheet
from landopt.report.papers.blocks import table
from landopt.report.papers.notices import drafts, provenance, word_notices
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
    said = [*cells, *(each.text for each in document.paragraphs)]
    assert [text for text in said if SOLVER.search(text)] == []
    plan = open_source(plain).plan
    foot = [each.text for each in document.sections[0].footer.paragraphs]
    assert foot[0].startswith(f"方案编号 {plan['plan_id']}　校验码 {plan['case']['digest'][:16]}")


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


ARTICLE_9 = (
    "出让人及地址",
    "界址与空间范围",
    "现状",
    "面积",
    "土地用途",
    "使用年期",
    "规划指标要求：容积率",
    "规划指标要求：建筑密度、绿地率、其他",
    "投标人、竞买人资格要求及取得资格的办法",
    "索取出让文件的时间、地点和方式",
    "公告时间",
    "投标、竞价方式",
    "确定中标人、竞得人的标准和方法",
    "投标、竞买保证金",
    "其他需要公告的事项",
    "增价规则及幅度",
    "报名及资格审查",
)


@pytest.mark.parametrize("item", ARTICLE_9)
def test_a_supply_notice_has_every_item_the_order_asks_for(plain: Path, item: str) -> None:
    """Order 39 art. 9 (and art. 17 for the step of bids), one test an item."""
    found = [notice for notice in drafts(open_source(plain), "zh") if notice.kind == "competition"]
    assert found
    assert all(item in [label for label, _, _ in notice.rows] for notice in found)


def test_dates_are_left_to_the_bureau_and_every_figure_is_traceable(plain: Path) -> None:
    """No date of the plan stands in a draft; each figure names a field of the plan, in a file of its own."""
    source = open_source(plain)
    for notice in drafts(source, "zh"):
        assert not [content for _, content, _ in notice.rows if re.search(r"20\d\d[年-]", content)]
        for _, _, where in notice.rows:
            path = re.match(r"plan\.json (\w+)\[(\d+)\]\.(\w+)", where)
            assert path is not None or where in ("", "case.json far_min, far_max")
            if path:
                assert path[3] in source.plan[path[1]][int(path[2])]
    public = [str(value) for paper in word_notices(source, "zh") for part in paper.parts for value in part.values()]
    assert public
    assert not [text for text in public if "plan.json" in text]
    assert [cell for block in provenance(source, "zh") for row in block.rows for cell in row if "plan.json" in cell]


SHOWN = {"parcel_ids", "districts", "uses", "method", "term_years", "lease_years", "area_m2", "kind"}
"""What a supply notice may say of a record of the justification."""
PRICED = {"start_price_yuan", "deposit_yuan"}
TOKEN = "TOKENTOKEN"


def _planted(value: Any, keep: frozenset[str] | set[str] = frozenset()) -> Any:
    """A value with a token in the place of every text and number, but for the keys kept."""
    if isinstance(value, dict):
        return {key: item if key in keep else _planted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_planted(item) for item in value]
    return value if isinstance(value, bool) or value is None else TOKEN


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_supply_notice_says_nothing_internal(plain: Path, lang: str) -> None:
    """A token in every field that is not for the public, platform and scores among them, is in no notice."""
    source = open_source(plain)
    places = {tuple(entry["parcel_ids"]): entry for entry in source.plan["assignments"]}
    seen = 0
    for record in source.plan["justification"]:
        if record["kind"] != "assignment" or not source.case.method(record["method"]).competitive:
            continue
        seen += 1
        given = {"kind": "competition", "listed": True, "authority": "A", "at": "", "told": "", "far": "", "basis": ""}
        entry = _planted(places[tuple(record["parcel_ids"])], PRICED)
        rows = render_notice(_planted(record, SHOWN), entry, lang, given)
        assert TOKEN not in "".join(content for _, content, _ in rows)
    assert seen


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_paper_says_first_that_the_law_was_not_checked_so_far(
    plain: Path, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proposal, annex, review sheets, table of figures; the printed summary."""
    from landopt.reasons import texts
    from landopt.report.map import page
    from landopt.report.papers import documents, notices

    for module in (documents, notices, review_sheet, texts):
        monkeypatch.setattr(module, "late_lines", lambda case, lang: [f"LATE-{lang}"])
    source = open_source(plain)
    said = f"LATE-{lang}"
    for name, blocks in documents.papers(source, lang):
        told = [
            text for block in blocks for text in (block.text, *(cell for row in block.rows for cell in row)) if text
        ]
        assert any(said in text for text in told[: 8 if name == "review-sheets" else 2]), (name, told[:8])
    sheets = review_sheet.review_values(source, lang)
    assert all(str(sheet["opinion"]).startswith(said) for sheet in sheets)
    assert provenance(source, lang)[1].text == said
    assert texts.render_summary(source.plan, source.case, lang).startswith(said)
    monkeypatch.setattr(page, "late_lines", lambda case, lang: [f"LATE-{lang}"])
    shown = page.map_page(source, lang).decode()
    assert shown.index("LATE-zh") < shown.index("LATE-en") < shown.index(source.plan["plan_id"], shown.index("</h1>"))
    assert "cn " in shown.split("</header>")[0] or not source.case.packs


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_only_texts_read_in_the_original_stand_without_a_mark(plain: Path, lang: str) -> None:
    """A citation below V1 begins 待核原文 on every paper, one of V1 never."""
    from landopt.report.papers.documents import papers

    source = open_source(plain)
    unread = "待核原文：" if lang == "zh" else "text to be verified: "
    grades: dict[str, set[str]] = {}
    for record in source.plan["justification"]:
        for ruling in record.get("permits", ()):
            cite = ruling["cite"]
            doc = f"{cite['doc']}{'' if lang == 'zh' else ' '}{cite['article']}"
            grades.setdefault(doc, set()).add(cite["grade"])
    assert any(found != {"V1"} for found in grades.values())
    cells = [cell for _, blocks in papers(source, lang) for block in blocks for row in block.rows for cell in row]
    for doc, found in grades.items():
        if len(found) > 1:
            continue
        bare = doc.split("（")[0] if lang == "zh" else doc
        for cell in cells:
            for at in (hit.start() for hit in re.finditer(re.escape(bare), cell)):
                before = cell[:at].rstrip("《")
                assert before.endswith(unread) == (found != {"V1"}), (doc, cell)


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler is not installed")
def test_no_word_runs_over_the_line_of_its_cell(tmp_path: Path) -> None:
    """The longest words of English in narrow cells are parted: every word of the page ends before its column does."""
    pytest.importorskip("typst")
    widths = (6, 17, 20, 14, 12, 8, 15, 12)
    long = ("allocation", "agreement grant", "contribution", "administration", "industrial land", "telecommunications")
    rows = [tuple("x" for _ in widths), *(tuple(word if wide > 10 else "1" for wide in widths) for word in long)]
    write_pdf(tmp_path / "t.pdf", [table(rows, widths)], "en", title="T")
    said = subprocess.run(["pdftotext", "-bbox", tmp_path / "t.pdf", "-"], capture_output=True, text=True, check=True)
    found = re.findall(r'xMin="([\d.]+)" .* xMax="([\d.]+)" .*>(.*)</word>', said.stdout)
    left, room = 28 / 25.4 * 72, 156 / 25.4 * 72
    edges = [left + room * sum(widths[:at]) / sum(widths) for at in range(len(widths) + 1)]
    assert len(found) > len(widths) * len(long)
    for start, end, word in found[1:]:
        if word.isdigit():
            continue
        column = max(at for at, edge in enumerate(edges[:-1]) if float(start) >= edge)
        assert float(end) <= edges[column + 1], (word, start, end)
