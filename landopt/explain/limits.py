"""What a plan uses of each limit: the plan's rows with their law, and what one case takes of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from constraints.types import Rule
from landopt.explain.context import Context
from landopt.explain.records import LimitUse
from landopt.offers import Row

_UNITS = {"count": "count", "expected_price_yuan": "yuan"}


class Limits:
    """The rows of a plan with what the chosen offers use of them."""

    def __init__(self, context: Context) -> None:
        self.context = context
        offers = context.offers
        self.rows: tuple[Row, ...] = tuple(row for row in offers.rows if row.kind != "tier")
        used = np.zeros(len(self.rows), np.int64)
        for offer in context.chosen:
            for row, value in offers.coefficients(offer):
                if row < len(used):
                    used[row] += value
        self.activity: list[int] = used.tolist()

    def slack(self, number: int) -> int:
        """How far a row is past its right-hand side (soft limits only; a hard row is never past)."""
        row, used = self.rows[number], self.activity[number]
        over = used - row.rhs if row.sense == "<=" else row.rhs - used
        return abs(used - row.rhs) if row.sense == "=" else max(0, over)

    def binding(self, number: int) -> bool:
        """True where not a single unit more (or less) would do without breaking or slack."""
        return self.activity[number] == self.rows[number].rhs or self.slack(number) > 0

    def use(self, number: int, own: int = 0) -> LimitUse:
        """A row as a record: in the law's own amount where the row is a plain amount, else in the row's units."""
        row = self.rows[number]
        rule = self.context.rules.get(row.rule)
        spec = {} if rule is None else rule.spec
        share = spec.get("share")
        base = self._stated(rule, row) if not share and not spec.get("credit") and row.kind == "limit" else row.rhs
        return LimitUse(
            cite=self.context.cite(row.rule),
            key=row.key,
            sense=row.sense,
            used=self.activity[number] + base - row.rhs,
            limit=base,
            unit=self._unit(rule, row),
            own=own,
            binding=self.binding(number),
            share="" if not share else _percent(share),
        )

    def _stated(self, rule: Rule | None, row: Row) -> int:
        amounts = {tuple(v["key"]): int(v["amount"]) for v in (rule.spec.get("values") or () if rule else ())}
        return amounts.get(row.key, amounts.get((), row.rhs))

    @staticmethod
    def _unit(rule: Rule | None, row: Row) -> str:
        if rule is None or row.kind != "limit":
            return "count"
        measure = str(rule.spec.get("measure"))
        return _UNITS.get(measure, "m2" if measure.endswith("_m2") else "")

    def of_offer(self, offer: int) -> tuple[LimitUse, ...]:
        """The limits a chosen offer counts against, with what it takes of each (row units)."""
        return tuple(
            self.use(row, own)
            for row, own in self.context.offers.coefficients(offer)
            if row < len(self.rows) and self.rows[row].kind == "limit"
        )

    @cached_property
    def all(self) -> tuple[LimitUse, ...]:
        """Every row of the plan, in the order of (rule, key)."""
        return tuple(self.use(number) for number in range(len(self.rows)))

    @cached_property
    def relaxed(self) -> tuple[LimitUse, ...]:
        """Soft limits the plan does not keep."""
        return tuple(self.use(number) for number in range(len(self.rows)) if self.slack(number))


def _percent(share: Sequence[int]) -> str:
    """A share (num, den) as a per cent text, exact where two places suffice, else as a fraction."""
    num, den = int(share[0]), int(share[1])
    if (num * 10_000) % den:
        return f"{num}/{den}"
    hundredths = num * 10_000 // den
    return f"{hundredths // 100}.{hundredths % 100:02d} %" if hundredths % 100 else f"{hundredths // 100} %"
