"""Notes that sheets share stand once, at the end of the document, and no word of them is lost."""

from __future__ import annotations

import pytest

from landopt.reasons.words import TEMPLATES
from landopt.report.papers.annex import joined, spans_of
from landopt.report.papers.blocks import PAGE, Block, of_text
from parcels.common.catalogue import phrase

ONE = {"zh": "提示：甲（《乙》，第一条；cn.a.b；核实等级 U）。", "en": "Note: a (B, art. 1; cn.a.b; grade U)."}

PREFIX = {lang: phrase("paper.note-begins", lang) for lang in ONE}


def _sheet(name: str, *notes: str) -> list[Block]:
    return [Block("title", name), Block("item", "kept"), *[Block("item", note) for note in notes], Block("sign", "x")]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_shared_notes_stand_once_and_whole(lang: str) -> None:
    """A note of two sheets goes to the annex with citation and grade; a note of one stays; order and rest are kept."""
    shared, own = ONE[lang], PREFIX[lang] + "only here"
    made = joined([_sheet("one", shared, own), _sheet("two", shared)], lang)
    texts = [block.text for block in made]
    assert sum(shared[len(PREFIX[lang]) :] in text for text in texts) == 1
    assert texts[-1].endswith(shared[len(PREFIX[lang]) :])
    assert texts.count(own) == 1
    assert texts.count("kept") == 2
    assert [block.kind for block in made].count("page") == 2
    refers = [text for text in texts if " 1" in text and text.startswith(PREFIX[lang])]
    assert len(refers) == 2
    assert made[: made.index(PAGE)][-1].kind == "sign"


def test_a_single_sheet_keeps_its_notes() -> None:
    """Where nothing is shared there is no annex and nothing changes."""
    sheet = _sheet("one", ONE["zh"])
    assert joined([sheet], "zh") == sheet


def test_numbers_in_a_row_are_a_span() -> None:
    """Three or more in a row are drawn together."""
    assert spans_of([3, 1, 2, 5, 6, 9], "en") == "1-3, 5, 6, 9"
    assert spans_of([1, 2, 3, 4], "zh") == "1—4"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_wording_of_the_template_is_the_one_looked_for(lang: str) -> None:
    """Notes are found by how the template begins them, and are items of the sheet."""
    template = (TEMPLATES / lang / "assignment.j2").read_text("utf-8")
    assert f"{PREFIX[lang]}{{{{ law.ruling(n) }}}}" in template
    blocks = of_text(f"A - B\n\n1. Opinion. x\n {ONE[lang]}\n")
    assert blocks[-1] == Block("item", ONE[lang])
