"""Variants of a round's offers: one more row, an offer forced, rows taken out. Arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from constraints.types import Row
from landopt.screening.offers import Offers


def with_row(offers: Offers, row: Row, members: Sequence[int], coefficients: Sequence[int]) -> Offers:
    """The offers with one row more over some of them (ascending offer indices)."""
    values = np.zeros(len(offers), np.int64)
    values[np.asarray(members, np.int64)] = np.asarray(coefficients, np.int64)
    extra = (values != 0).astype(np.int64)
    start = offers.row_start + np.concatenate(([0], np.cumsum(extra)))
    index = np.empty(int(start[-1]), offers.row_index.dtype)
    coef = np.empty(int(start[-1]), np.int64)
    spread = np.append(offers.spread, -1) if len(offers.spread) else offers.spread
    moved = np.arange(len(offers.row_index)) + np.repeat(start[:-1] - offers.row_start[:-1], np.diff(offers.row_start))
    index[moved], coef[moved] = offers.row_index, offers.row_coef
    last = start[1:][extra > 0] - 1
    index[last], coef[last] = len(offers.rows), values[extra > 0]
    return replace(offers, rows=(*offers.rows, row), row_start=start, row_index=index, row_coef=coef, spread=spread)


def forced(offers: Offers, members: Sequence[int]) -> Offers:
    """The offers with a row that asks for at least one of ``members``."""
    row = Row("whynot.forced", "whynot.forced", (), "lock", ">=", 1, 0, 0, 0)
    return with_row(offers, row, members, [1] * len(members))


def another_plan(offers: Offers, chosen: Sequence[int], number: int) -> Offers:
    """The offers with a row that leaves out exactly one plan: every other lawful plan still fits."""
    values = np.full(len(offers), -1, np.int64)
    values[np.asarray(chosen, np.int64)] = 1
    row = Row(f"alternatives.{number}", "alternatives", (str(number),), "limit", "<=", len(chosen) - 1, 0, 0, 0)
    return with_row(offers, row, np.arange(len(offers)).tolist(), values.tolist())


def different_plan(offers: Offers, chosen: Sequence[int], keep: int, number: int) -> Offers:
    """The offers with a row that keeps at most ``keep`` of the chosen offers."""
    row = Row(f"alternatives.{number}", "alternatives", (str(number),), "limit", "<=", keep, 0, 0, 0)
    return with_row(offers, row, sorted(chosen), [1] * len(chosen))


def with_rhs(offers: Offers, number: int, rhs: int) -> Offers:
    """The offers with another right-hand side of one row; the slack of a soft row is kept."""
    rows = list(offers.rows)
    rows[number] = replace(rows[number], rhs=rhs)
    return replace(offers, rows=tuple(rows))


def only_rows(offers: Offers, keep: Sequence[int]) -> Offers:
    """The offers with some rows only, in their order."""
    place: Mapping[int, int] = {row: number for number, row in enumerate(keep)}
    mask = np.isin(offers.row_index, np.asarray(list(keep), np.int64))
    owner = np.repeat(np.arange(len(offers)), np.diff(offers.row_start))[mask]
    sizes = np.bincount(owner, minlength=len(offers)) if len(offers) else np.zeros(0, np.int64)
    table = np.zeros(len(offers.rows) + 1, offers.row_index.dtype)
    for row, number in place.items():
        table[row] = number
    return replace(
        offers,
        rows=tuple(offers.rows[row] for row in keep),
        row_start=np.concatenate(([0], np.cumsum(sizes, dtype=np.int64))),
        row_index=table[offers.row_index[mask]],
        row_coef=offers.row_coef[mask],
        spread=offers.spread[np.asarray(list(keep), np.int64)] if len(offers.spread) else offers.spread,
    )
