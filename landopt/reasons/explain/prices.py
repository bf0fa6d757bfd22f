"""How the price of a supply came about: floor, formula and inputs, what decided the unit price, the year factor."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from constraints.language.expr import names, parse_price
from constraints.loading.method_facts import yardstick
from constraints.types import Method
from landopt.reasons.explain.context import shown
from landopt.reasons.explain.law import Answer, Law
from landopt.reasons.explain.records import Price, PriceInput
from parcels.common.schema import Value, fields


def price_of(
    law: Law, answer: Answer, site: Sequence[int], demand: int | None, expected: int, floor: int | None
) -> Price:
    """How the price came about; of a site of several parcels the derivation is that of its first parcel."""
    method, first = law.case.method(answer.method), answer.judged.parcels[0]
    facts = law.facts.parcels[site[0]]
    formula, inputs = "", []
    part = next((part for part in first.derivation.parts if part.rule == first.floor_rule), None)
    if part is not None:
        formula = part.text
        read = names(parse_price(part.text)) - {"year_factor"}
        inputs = [
            PriceInput(name, str(shown(name, facts.get(name))), _unit(name))
            for name in fields()
            if name in read and facts.get(name) is not None
        ]
    area = sum(law.facts.area[row] for row in site)
    unit = first.unit_price if len(site) == 1 else -(-answer.judged.price // max(1, area))
    basis = _basis(method, first.unit_price, first.floor, facts.get("appraised_price"))
    flexible = first.factor != 1 and method.paid
    full = law.ask(site, demand, yardstick()).judged.parcels[0].term_max if flexible else None
    return Price(
        floor=floor,
        floor_rule=None if first.floor_rule is None else law.context.cite(first.floor_rule),
        formula=formula,
        inputs=tuple(inputs),
        unit_price=unit,
        expected_yuan=expected,
        basis=basis,
        year_factor=_rounded(first.factor) if flexible else "",
        full_term=full,
        reduction_rate=law.case.round.land_reduction_rate if flexible else "",
    )


def _unit(name: str) -> str:
    field = fields().get(name)
    return "" if field is None else field.unit


def _basis(method: Method, unit: int | None, floor: Fraction | None, appraised: Value) -> str:
    if not method.paid:
        return "free"
    if unit is None or unit == 0:
        return "unknown"
    if floor is not None and unit == -(-floor.numerator // floor.denominator):
        return "floor"
    return "appraised" if appraised is not None else "benchmark"


def _rounded(factor: Fraction) -> str:
    """A factor to six places, rounded half up."""
    millionths = (factor.numerator * 2_000_000 + factor.denominator) // (2 * factor.denominator)
    return f"{millionths // 1_000_000}.{millionths % 1_000_000:06d}"
