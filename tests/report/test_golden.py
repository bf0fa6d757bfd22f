"""Documents to the letter: the files under golden/ are edited when the wording or the layout changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from landopt.report.gis.styles import _qml, parcels_style
from landopt.report.papers.blocks import Block, of_text
from landopt.report.tables.headings import LISTS, headings

HERE = Path(__file__).parent
TEXTS = HERE.parent / "landopt" / "golden"


def _plainly(blocks: list[Block]) -> str:
    return "".join(f"{block.kind:<9}{block.text}\n" for block in blocks)


def _agrees(name: str, text: str) -> None:
    assert text == (HERE / "golden" / name).read_text("utf-8")


@pytest.mark.parametrize("name", ["listing.zh", "listing.en", "agreement.zh", "held.zh"])
def test_a_review_sheet_is_laid_out_to_the_letter(name: str) -> None:
    """Titles, headings, text and signatures of a sheet made from a text that is itself held to the letter."""
    text = (TEXTS / f"explain_{name}.txt").read_text("utf-8")
    _agrees(f"blocks_{name}.txt", _plainly(of_text(text)))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_headings_of_the_tables(lang: str) -> None:
    """Sheets and columns, in order."""
    own = headings(None, lang)
    lines = []
    for sheet in LISTS:
        lines.append(own.text(sheet, "sheet"))
        lines += [f"  {column}: {own.heading(sheet, column)}" for column in own.columns(sheet)]
    lines += [f"{title}: {' '.join(uses)}" for title, uses in own.classes]
    _agrees(f"headings_{lang}.txt", "\n".join(lines) + "\n")


def test_the_style_of_the_gpkg() -> None:
    """The style QGIS opens parcels with, an element a line."""
    _agrees("parcels_style.qml", _qml(parcels_style(), labels=True).replace("><", ">\n<") + "\n")
