"""The area of a parcel around its own numbers: 1 % and half a square metre, a fifth, the four units, no outline."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
import shapely

from parcels.common.place import Place
from parcels.common.schema import fields
from parcels.common.units import unit_factor
from parcels.geometry.areas import settle_areas
from parcels.tables.columns import Column
from parcels.tables.fact_table import Facts
from parcels.tables.findings import Findings


def settled(
    stated: Sequence[int | None], measured: Sequence[float | None], source: str | None = None, unit: str = "m2"
) -> tuple[list[object], list[tuple[str, tuple[str, ...]]], list[str]]:
    """The areas that count, the findings with their parcels, and the keys of the notes."""
    ids = tuple(f"P{at}" for at in range(len(stated)))
    facts = Facts(ids, tuple(range(len(ids))), {"area_m2": list(stated)})
    shapes = np.array([None if m is None else shapely.box(0, 0, m, 1) for m in measured], dtype=object)
    found = Findings(Place("land.gpkg"), "P")
    column = Column("area", fields()["area_m2"], Fraction(unit_factor("m2", unit) or 1), unit)
    notes = settle_areas(facts, shapes, range(2, len(ids) + 2), found, column, source, projected=True)
    keys = [(f"{issue.code}.{issue.level}", issue.ids) for issue in found.issues]
    return list(facts.columns["area_m2"]), keys, [str(note) for note in notes]


@pytest.mark.parametrize(
    ("stated", "measured", "refused"),
    [
        (10_100, 10_000, False),  # one per cent of the larger, and half a square metre for the rounding
        (10_101, 10_000, False),
        (10_102, 10_000, True),
        (9_900, 10_000, False),
        (9_899, 10_000, True),
        (1, 1.5, False),
        (1, 1.6, True),
        (8_000, 0.3, True),  # an outline that rounds to nothing is measured as well
        (8_000, None, False),  # one that is not there is not
    ],
)
def test_one_per_cent_and_half_a_square_metre(stated: int, measured: float | None, refused: bool) -> None:
    """What is farther apart is refused under the parcel's name; what is nearer has the area stated."""
    areas, found, _ = settled([10_000, stated, 10_000], [10_000, measured, 10_000])
    assert areas == [10_000, stated, 10_000]
    assert [(code[:4], ids) for code, ids in found] == ([("P018", ("P1",))] if refused else [])
    areas, found, notes = settled([stated], [measured], source="geometry")
    assert areas == [None if measured is None else int(measured + 0.5)]
    assert [code for code, _ in found] == (["P018.warning"] if refused else [])
    assert len(notes) == 1


def test_a_blank_cell_takes_what_was_measured_and_says_so() -> None:
    """Also where the outline rounds to 0 m²; with ``geometry`` nothing is left to say but that it was measured."""
    assert settled([None, 10_000, None, None], [50, 10_000, 0.3, None])[:2] == (
        [50, 10_000, 0, None],
        [("P058.note", ("P0", "P2"))],
    )
    assert settled([None, 10_000], [50, 10_000], "geometry")[:2] == ([50, 10_000], [])
    areas, found, notes = settled([None, None], [50, 70])
    assert (areas, found, len(notes)) == ([50, 70], [], 1)


@pytest.mark.parametrize(("unit", "size"), [("mu", 2000 / 3), ("ha", 10_000), ("km2", 1_000_000)])
@pytest.mark.parametrize("source", [None, "attribute"])
def test_a_column_in_another_unit_is_told_by_most_of_its_values(unit: str, size: float, source: str | None) -> None:
    """More than half of the values: one parcel measured at 3,000 m² among them changes nothing; half is not enough."""
    wide = [3 * size, 5 * size, 7 * size]
    _, found, _ = settled([3, 5, 7, 40_000], [*wide, 3_000], source)
    assert found == [("P019.error", ("P0", "P1", "P2", "P3"))]
    _, found, _ = settled([3, 5, 40_000, 50_000], [*wide[:2], 3_000, 4_000])
    assert {code for code, _ in found} == {"P019.error", "P018.error"}
    assert [ids for code, ids in found if code == "P019.error"] == [("P0",), ("P1",)]  # each by itself, then


def test_without_an_outlines_system_nothing_is_compared() -> None:
    """Degrees are no square metres: what the file says counts, and blank cells stay blank."""
    facts = Facts(("P0", "P1"), (0, 1), {"area_m2": [8_000, None]})
    found = Findings(Place("land.gpkg"), "P")
    column = Column("area", fields()["area_m2"])
    shapes = np.array([shapely.box(113, 22, 113.1, 22.1)] * 2, dtype=object)
    notes = settle_areas(facts, shapes, (2, 3), found, column, None, projected=False)
    assert (facts.columns["area_m2"], found.issues, notes) == ([8_000, None], [], ())
    blank = Facts(("P0",), (0,), {})
    assert settle_areas(blank, shapes[:1], (2,), found, None, None, projected=False) == ()
    assert blank.columns["area_m2"] == [None]
