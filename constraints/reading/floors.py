"""Price floors and unit prices in exact rationals, with their derivation. Standard library only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from constraints.language.evaluate import amount, missing
from constraints.language.nodes import Apply, Number, PriceNode
from parcels.common.schema import Value


@dataclass(frozen=True, slots=True)
class Part:
    """One price rule's contribution: its id, its text, its amount in yuan per m² (``None`` where a fact is unknown)."""

    rule: str
    text: str
    amount: Fraction | None
    unknowns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Floor:
    """The floor in yuan per m² (``None``: none holds, or a fact is unknown), the rule that sets it, and every part."""

    amount: Fraction | None
    rule: str | None
    parts: tuple[Part, ...]

    @property
    def hangs(self) -> tuple[tuple[str, str], ...]:
        """The rules and unknown facts the floor hangs on."""
        return tuple((part.rule, name) for part in self.parts for name in part.unknowns)


NO_FLOOR = Floor(None, None, ())


def floor_of(
    holding: Iterable[tuple[str, str, PriceNode]],
    hanging: Iterable[tuple[str, str, tuple[str, ...]]],
    facts: Mapping[str, Value],
    factor: Fraction,
    quiet: frozenset[str] = frozenset(),
) -> Floor:
    """The largest of the floors that hold.

    Parameters
    ----------
    holding
        Rules that hold: id, text of ``per_m2``, its node.
    hanging
        Rules that may hold: id, text, the unknown facts.
    facts
        Price fields (hundredths of a yuan).
    factor
        The year factor of the term.
    quiet
        Facts taken as lawful where unknown: what hangs on one is left out.
    """
    parts = [Part(rule, text, None, unknowns) for rule, text, unknowns in hanging]
    for rule, text, node in holding:
        found = amount(node, facts, factor)
        unknowns = () if found is not None else missing(node, facts, factor)
        if unknowns and quiet.issuperset(unknowns):
            found, unknowns = _known(node, facts, factor), ()
        parts.append(Part(rule, text, found, unknowns))
    counted = [(part.amount, part.rule) for part in parts if part.amount is not None]
    if not counted or any(part.unknowns for part in parts):
        return Floor(None, None, tuple(parts))
    best = max(counted, key=lambda each: each[0])
    return Floor(best[0], best[1], tuple(parts))


def _known(node: PriceNode, facts: Mapping[str, Value], factor: Fraction) -> Fraction | None:
    """What is left of a price where its unknown alternatives of a maximum are taken not to bind."""
    match node:
        case Apply("max", items):
            kept = [found for item in items if (found := _known(item, facts, factor)) is not None]
            return max(kept, default=None)
        case Apply(op, items):
            each = tuple(_known(item, facts, factor) for item in items)
            known = tuple(Number(value) for value in each if value is not None)
            return amount(Apply(op, known), facts, factor) if len(known) == len(each) else None
    return amount(node, facts, factor)


def unit_price(floor: Fraction | None, facts: Mapping[str, Value], factor: Fraction) -> int | None:
    """max(floor, appraised price, else benchmark price x year factor), rounded up to a whole yuan per m².

    ``None`` where there is neither an appraised nor a benchmark price nor a floor.
    """
    appraised, benchmark = facts.get("appraised_price"), facts.get("benchmark_price")
    prices = [floor] if floor is not None else []
    if isinstance(appraised, int):
        prices.append(Fraction(appraised, 100))
    elif isinstance(benchmark, int):
        prices.append(Fraction(benchmark, 100) * factor)
    return rounded_up(max(prices)) if prices else None


def rounded_up(amount: Fraction) -> int:
    """The least whole number that is not below an amount."""
    return -(-amount.numerator // amount.denominator)
