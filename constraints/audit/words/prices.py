"""How a price came about, read a second time: floor, formula with its inputs, basis, year factor.

Standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from constraints.audit.cells import Reading
from constraints.audit.reread import Reader
from constraints.audit.words.shown import shown
from constraints.language.expr import names, parse_price
from constraints.loading.method_facts import yardstick
from constraints.reading.case_facts import Facts
from constraints.reading.judge import Judgement, SiteJudgement
from constraints.types import Method
from parcels.common.schema import fields

Json = Mapping[str, Any]
Same = Callable[[str, str, Any, Any], None]


class Prices:
    """Reads the prices of a plan's reasons; of a site of several parcels the derivation is that of its first."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def read(
        self, same: Same, where: str, price: Json, entry: Json, judged: SiteJudgement, reading: Reading, rule: Any
    ) -> None:
        """One price beside its assignment; ``rule`` is the floor rule that the record cites."""
        reader, first = self.reader, judged.parcels[0]
        method, facts = reader.case.methods[reading.method], reader.facts.parcels[reading.site[0]]
        unit, area = price["unit_price"], entry["area_m2"]
        same(where, "expected price", price["expected_yuan"], entry["expected_price_yuan"])
        same(where, "floor price", price["floor"], entry["floor_price"])
        if len(reading.site) == 1:
            same(where, "unit price", unit, first.unit_price)
        else:
            same(where, "unit price", unit, -(-judged.price // max(1, area)))
        same(where, "basis", price["basis"], _basis(method, first, facts))
        same(where, "floor rule", rule, first.floor_rule)
        self._formula(same, where, price, first, facts)
        flexible = method.paid and first.factor != 1
        millionths = (first.factor.numerator * 2_000_000 + first.factor.denominator) // (2 * first.factor.denominator)
        factor = f"{millionths // 1_000_000}.{millionths % 1_000_000:06d}" if flexible else ""
        same(where, "year factor", price["year_factor"], factor)
        same(where, "reduction rate", price["reduction_rate"], reader.case.round.land_reduction_rate * flexible)
        same(where, "full term", price["full_term"], self._full(reading) if flexible else None)

    def _full(self, reading: Reading) -> int | None:
        """The longest term of a sale of the same land, by which a year factor is measured."""
        row = self.reader.method_row.get(yardstick())
        if row is None:
            return None
        return self.reader.judge_site(reading.site, reading.demand, row, -1, noted=False).parcels[0].term_max

    @staticmethod
    def _formula(same: Same, where: str, price: Json, first: Judgement, facts: Facts) -> None:
        part = next((part for part in first.derivation.parts if part.rule == first.floor_rule), None)
        same(where, "formula", price["formula"], "" if part is None else part.text)
        read = set() if part is None else names(parse_price(part.text)) - {"year_factor"}
        due = [
            {"field": name, "value": str(shown(name, facts.get(name))), "unit": declared.unit}
            for name, declared in fields().items()
            if name in read and facts.get(name) is not None
        ]
        same(where, "inputs of the formula", list(price["inputs"]), due)


def _basis(method: Method, first: Judgement, facts: Facts) -> str:
    """What decided the unit price."""
    floor = first.floor
    if not method.paid:
        return "free"
    if not first.unit_price:
        return "unknown"
    if floor is not None and first.unit_price == -(-floor.numerator // floor.denominator):
        return "floor"
    return "benchmark" if facts.get("appraised_price") is None else "appraised"
