"""The offers of a restricted programme: every platform and every parcel brings its own; shapes repeat."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from benchmarks import shapes
from landopt.screening import entries
from landopt.solving.programme.arrays import Program, program, ranges
from landopt.solving.proof.columns import Columns
from landopt.solving.relaxation.prices import relax
from landopt.solving.search.restricted import near
from landopt.solving.search.tier_search import search
from landopt.solving.search_state import Options, Search
from tests.landopt.solve_rounds import bare_round

OPTIONS = Options(Fraction(1, 1_000), None, 50, 0, 1, "highs")


def _local() -> Program:
    return program(*shapes.local(1, 500, 50, 75), 0)


def test_each_part_and_each_parcel_brings_its_nearest() -> None:
    """Of equal offers no corner of the round fills the programme."""
    prog = _local()
    relaxed, _ = relax(prog)
    state = Search(prog, OPTIONS, lambda *_: None)
    pool = near(state, relaxed, 500)
    assert set(prog.demand[pool]) == set(prog.demand)
    land = prog.site_parcels[ranges(prog.site_start[prog.site[pool]], np.diff(prog.site_start)[prog.site[pool]])]
    assert set(land) == set(prog.site_parcels[ranges(prog.site_start[prog.site], np.diff(prog.site_start)[prog.site])])
    assert np.isin(relaxed.columns[relaxed.x > 1e-6], pool).all()
    assert len(pool) < prog.count
    assert (near(state, relaxed, 500) == pool).all()


def test_local_limits_smaller_than_sites_are_decided() -> None:
    """Limits of districts smaller than many sites: within the gap asked for, by the audited bound too."""
    prog = _local()
    assert prog.count > OPTIONS.tuning.small
    answer = search(prog, OPTIONS, lambda *_: None)
    assert answer.chosen is not None
    assert answer.bound - answer.objective <= answer.objective // 1_000


@pytest.mark.parametrize("seed", range(20))
def test_rows_by_one_order_are_those_found_one_by_one(seed: int) -> None:
    """Whether a row is looked for or taken from the order of rows, its offers and coefficients are the same."""
    _, offers = bare_round(seed)
    rows = range(len(offers.rows))
    plain = [offers.entries.row(number) for number in rows]
    for _ in range(entries.OFTEN + 1):
        again = [offers.entries.row(number) for number in rows]
    assert "order" in offers.entries.memo
    for one, two in zip(plain, again, strict=True):
        assert (one[0] == two[0]).all()
        assert (one[1] == two[1]).all()


def test_columns_held_small_say_what_they_were_given() -> None:
    """Rows come back whole; their use at prices is that of the whole matrix."""
    draw = np.random.default_rng(1)
    whole = draw.integers(-3, 4, (7, 50)) * (draw.random((7, 50)) < 0.3)
    held = Columns(50)
    for line in whole:
        held.append(line)
    assert [held[number].tolist() for number in range(7)] == whole.tolist()
    prices = draw.integers(-9, 9, 7)
    assert held.use(prices).tolist() == (prices @ whole).tolist()
    assert held.largest().tolist() == np.abs(whole).max(axis=1).tolist()
    row, offer, value = held.triples()
    assert (whole[row, offer] == value).all()
    assert len(value) == (whole != 0).sum()


@pytest.mark.parametrize("name", ["years", "c10400"])
def test_shapes_repeat(name: str) -> None:
    """The same seed gives the same round."""
    one, two = (shapes.SHAPES[name].made(3) for _ in range(2))
    assert one[0].parcels == two[0].parcels
    assert (one[1].score == two[1].score).all()
    assert (one[1].row_coef == two[1].row_coef).all()
