"""How far a share must give way so that a plan exists: a value that ``--set RULE:share=`` takes, found exactly.

A share is part / whole over the plan, so the share a plan keeps is a quotient: starting from any plan, the plan that
does best at a little more than what the last one keeps is looked for, until there is none (Dinkelbach 1967,
doi:10.1287/mnsc.13.7.492, on a grid of 1/10,000).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from constraints.case import Case
from constraints.types import Row
from landopt.reasons.clock import Clock
from landopt.reasons.explain.changed.variants import only_rows, with_row
from landopt.reasons.resolved.resolve import resolve
from landopt.screening.changed_amounts import alike
from landopt.screening.offers import Offers
from landopt.screening.uncapped_sites import build_offers
from landopt.solving.programme.arrays import Ints

GRID = 10_000
"""A share is told to four places."""


@dataclass(frozen=True, slots=True)
class Given:
    """The share nearest to what is asked with which a plan exists, ``None`` where none was found; ``ended``: proved.

    ``ended`` without a share: no share at all gives a plan.
    """

    share: Fraction | None
    ended: bool
    chosen: tuple[int, ...] = ()


def with_share(case: Case, name: str, share: Fraction) -> Case:
    """The case with another share of one limit."""
    changed = {"share": [share.numerator, share.denominator]}
    return replace(
        case,
        rules=tuple(replace(rule, spec={**rule.spec, **changed}) if rule.id == name else rule for rule in case.rules),
    )


@dataclass(frozen=True, slots=True)
class Quotient:
    """Part and whole of a share: what each offer adds to them, and what was there before, with signs as in the row."""

    part: Ints
    whole: Ints
    part_rhs: int
    whole_rhs: int

    def row(self, old: Row, share: Fraction) -> tuple[Row, Ints]:
        """The row at another share, with its coefficients."""
        coefs = share.denominator * self.part - share.numerator * self.whole
        rhs = share.denominator * self.part_rhs - share.numerator * self.whole_rhs
        return replace(old, rhs=rhs), coefs

    def kept(self, chosen: Sequence[int]) -> Fraction | None:
        """The share a plan keeps; ``None`` of nothing."""
        which = np.asarray(chosen, np.int64)
        part = int(self.part[which].sum()) - self.part_rhs
        whole = int(self.whole[which].sum()) - self.whole_rhs
        return Fraction(part, whole) if whole > 0 else None


def quotient(case: Case, offers: Offers, row: Row) -> Quotient | None:
    """Part and whole of a share row; ``None`` where the offers cannot be listed alike."""
    none, all_ = (build_offers(with_share(case, row.rule, Fraction(share))) for share in (0, 1))
    if not (alike(offers, none) and alike(offers, all_)):
        return None
    (part, part_rhs), (rest, rest_rhs) = (_column(each, row) for each in (none, all_))
    return Quotient(part, part - rest, part_rhs, part_rhs - rest_rhs)


def _column(offers: Offers, row: Row) -> tuple[Ints, int]:
    number = next(at for at, each in enumerate(offers.rows) if (each.rule, each.key) == (row.rule, row.key))
    values: Ints = np.zeros(len(offers), np.int64)
    owner, coefs = offers.entries.row(number)
    values[owner] = coefs
    return values, offers.rows[number].rhs


def at_share(offers: Offers, number: int, found: Quotient, share: Fraction) -> Offers:
    """The offers with one share row at another share."""
    row, coefs = found.row(offers.rows[number], share)
    kept = [each for each in range(len(offers.rows)) if each != number]
    members = np.flatnonzero(coefs)
    moved = with_row(only_rows(offers, kept), row, members.tolist(), coefs[members].tolist())
    order = list(range(len(kept)))
    order.insert(number, len(kept))
    return only_rows(moved, order)


def giving(case: Case, offers: Offers, number: int, clock: Clock) -> Given:
    """The share nearest to what row ``number`` asks with which a plan exists, to four places; other rows stay."""
    row = offers.rows[number]
    parts = quotient(case, offers, row)
    if parts is None:
        return Given(None, False)
    sign = 1 if row.sense == ">=" else -1
    kept = [each for each in range(len(offers.rows)) if each != number]
    first = _most(case, only_rows(offers, kept), parts, sign, Fraction(0 if sign > 0 else 1), clock)
    if first[0] is None:
        return Given(None, first[1])
    best, plan = _grid(parts, first[0], sign), first[0]
    while True:
        share = best + Fraction(sign, GRID)
        if not 0 <= share <= 1:
            return Given(best, True, plan)
        chosen, ended = _most(case, at_share(offers, number, parts, share), parts, sign, share, clock)
        if chosen is None:
            return Given(best, ended, plan)
        best, plan = (
            max(_grid(parts, chosen, sign), share) if sign > 0 else min(_grid(parts, chosen, sign), share),
            chosen,
        )


def _grid(parts: Quotient, chosen: Sequence[int], sign: int) -> Fraction:
    """The share a plan keeps, rounded to the grid so that the plan still keeps it."""
    kept = parts.kept(chosen)
    if kept is None:
        return Fraction(1 if sign > 0 else 0)
    steps = kept * GRID
    down = steps.numerator // steps.denominator
    up = -(-steps.numerator // steps.denominator)
    return Fraction(min(GRID, max(0, down if sign > 0 else up)), GRID)


def _most(
    case: Case, offers: Offers, parts: Quotient, sign: int, share: Fraction, clock: Clock
) -> tuple[tuple[int, ...] | None, bool]:
    """A plan that does as well as can be at a share, and whether the search ended."""
    worth = sign * (share.denominator * parts.part - share.numerator * parts.whole)
    rows = tuple(replace(row, penalty=0, tier=0) for row in offers.rows)
    found = resolve(case, replace(offers, score=worth[None, :], rows=rows), clock)
    return found.chosen, found.ended
