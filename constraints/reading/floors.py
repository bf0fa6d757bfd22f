"""Price floors and unit prices in exact rationals, with their derivation. Standard library only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from constraints.language.evaluate import amount, missing
from constraints.language.nodes import Apply, PriceNode
from parcels.common.schema import Value


@dataclass(frozen=True, slots=True)
class Part:
    """One price rule's contribution: its id, its text, its amount in yuan per m² (``None`` where a fact is unknown).

    ``least`` is what the contribution comes to whatever the unknown facts are (``None``: nothing can be said).
    """

    rule: str
    text: str
    amount: Fraction | None
    unknowns: tuple[str, ...] = ()
    least: Fraction | None = None


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

    @property
    def least(self) -> tuple[Fraction, str] | None:
        """The largest part known so far with its rule: the floor is the largest of all, whatever the others are."""
        known = [(part.least, part.rule) for part in self.parts if part.least is not None]
        return max(known, key=lambda each: each[0], default=None)


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
        least = found if found is not None else least_of(node, facts, factor)
        unknowns = () if found is not None else missing(node, facts, factor)
        if unknowns and quiet.issuperset(unknowns):
            found, unknowns = least, ()
        parts.append(Part(rule, text, found, unknowns, least))
    floor = Floor(None, None, tuple(parts))
    return floor if floor.least is None or floor.hangs else Floor(*floor.least, floor.parts)


def least_of(node: PriceNode, facts: Mapping[str, Value], factor: Fraction) -> Fraction | None:
    """What a price comes to whatever its unknown facts are (docs/model.md §4); ``None`` where nothing can be said.

    Prices are not negative: what is unknown counts 0 in a maximum and in a sum, and a product is at least that of what
    is known of its factors. A minimum or a difference with an unknown part is unknown.
    """
    whole = amount(node, facts, factor)
    if whole is not None or not isinstance(node, Apply) or node.op in ("min", "-"):
        return whole
    each = [least_of(item, facts, factor) for item in node.items]
    known = [value for value in each if value is not None]
    if node.op == "max":
        return max(known, default=None)
    if node.op == "+":
        return sum(known, Fraction(0)) if known else None
    return known[0] * known[1] if len(known) == len(each) and min(known) >= 0 else None


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
