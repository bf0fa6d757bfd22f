"""Entries held small say what a table of all coefficients would: products, columns, rows, and what is known of rows."""

from __future__ import annotations

import numpy as np
import pytest

from landopt.screening import entries as module
from landopt.screening.entries import Entries, narrow


def _some(seed: int, spread: bool) -> tuple[Entries, np.ndarray]:
    """Random entries and the table (rows, offers) they stand for."""
    draw = np.random.default_rng(seed)
    offers, rows = 90, 7
    table = draw.integers(-4, 5, (rows, offers)) * (draw.random((rows, offers)) < 0.4)
    start = np.concatenate(([0], np.cumsum((table != 0).sum(axis=0))))
    row = np.nonzero(table.T)[1]
    takes, total = np.full(rows, -1), np.zeros((0, 0), np.int32)
    coef = table.T[table.T != 0]
    if spread:
        takes[[1, 2, 5]], takes[4] = 0, 1
        total = (draw.integers(0, 4, (2, offers)) * (draw.random((2, offers)) < 0.9)).astype(np.int32)
        table = table - np.where((takes >= 0)[:, None], total[takes], 0)
    made = Entries(start, row.astype(np.int32), coef.astype(np.int32), rows, takes if spread else takes[:0], total)
    more = draw.integers(-2, 3, (2, offers))
    made = made.plus([(np.flatnonzero(line), line[line != 0]) for line in more])
    return made, np.concatenate((table, more))


@pytest.mark.parametrize("spread", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_entries_are_their_table(seed: int, spread: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is asked, also in pieces smaller than all offers, is what the table has."""
    monkeypatch.setattr(module, "PIECE", 16)
    made, table = _some(seed, spread)
    draw = np.random.default_rng(seed)
    prices = draw.integers(-(2**40), 2**40, len(table))
    assert made.use(prices).tolist() == (prices @ table).tolist()
    assert made.use(prices, 20, 71).tolist() == (prices @ table)[20:71].tolist()
    assert made.use(prices / 8).tolist() == pytest.approx((prices / 8 @ table).tolist())
    assert (made.most(np.abs(prices).astype(float)) >= np.abs(prices) @ np.abs(table)).all()
    chosen = draw.permutation(len(made))[:40]
    start, row, coef = made.of(chosen)
    wide = np.zeros((len(table), len(chosen)), np.int64)
    wide[row, np.repeat(np.arange(len(chosen)), np.diff(start))] = coef
    assert (wide == table[:, chosen]).all()
    assert (coef != 0).all()
    for number, line in enumerate(table):
        offers, coefs = made.row(number)
        assert offers.tolist() == np.flatnonzero(line).tolist()
        assert coefs.tolist() == line[line != 0].tolist()


@pytest.mark.parametrize("spread", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_what_is_known_of_rows(seed: int, spread: bool) -> None:
    """Numbers, sizes and signs of the entries of each row; the largest size may be said larger under totals."""
    made, table = _some(seed, spread)
    known = made.profile
    assert known.count.tolist() == (table != 0).sum(axis=1).tolist()
    assert known.total.tolist() == np.abs(table).sum(axis=1).tolist()
    assert (known.largest >= np.abs(table).max(axis=1)).all()
    assert known.raised.tolist() == (table > 0).any(axis=1).tolist()
    assert known.lowered.tolist() == (table < 0).any(axis=1).tolist()
    assert known.ones.tolist() == [bool((line[line != 0] == 1).all()) for line in table]


def test_offers_with_the_same_entries() -> None:
    """Offers are the same where every row counts them alike; some offers alone keep their entries."""
    made, table = _some(3, True)
    some, others = np.repeat(np.arange(90), 90), np.tile(np.arange(90), 90)
    assert made.same(some, others).tolist() == (table[:, some] == table[:, others]).all(axis=0).tolist()
    kept = np.flatnonzero(np.arange(90) % 3 > 0)
    start, row, coef = made.take(kept).of(np.arange(len(kept)))
    wide = np.zeros((len(table), len(kept)), np.int64)
    wide[row, np.repeat(np.arange(len(kept)), np.diff(start))] = coef
    assert (wide == table[:, kept]).all()


def test_coefficients_take_32_bits_where_they_fit() -> None:
    """2^31 - 1 fits, its neighbour does not, on either side."""
    assert narrow(np.array([2**31 - 1, 1 - 2**31])).dtype == np.int32
    assert narrow(np.array([2**31])).dtype == np.int64
    assert narrow(np.array([-(2**31)])).dtype == np.int64
