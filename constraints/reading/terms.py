"""How long a right may last and what fewer years are worth. Exact rationals, standard library only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from constraints.types import Method
from parcels.common.schema import Value

LEASE_PART_YEARS = 5
"""The lease part of lease-then-grant where the demand names none."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A term rule that holds (or, ``unknowns`` not empty, may hold): years, ``None`` where it leaves a side open."""

    rule: str
    least: int | None
    most: int | None
    unknowns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Range:
    """The term a method may have: the greatest minimum and the smallest maximum, with the rules that set them.

    ``hangs`` names rules and unknown facts without which the range would be wider.
    """

    least: int | None
    most: int | None
    least_rules: tuple[str, ...]
    most_rules: tuple[str, ...]
    hangs: tuple[tuple[str, str], ...] = ()

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of the rules that set the range."""
        return tuple(dict.fromkeys((*self.least_rules, *self.most_rules)))


def range_of(bounds: Sequence[Bound]) -> Range:
    """The range some bounds leave; one whose condition is unknown holds, and is named where it narrows the range."""
    least, most = _least(bounds), _most(bounds)
    known = [bound for bound in bounds if not bound.unknowns]
    hangs: list[tuple[str, str]] = []
    if (_least(known), _most(known)) != (least, most):
        for bound in bounds:
            narrows = (bound.least is not None and bound.least == least) or (
                bound.most is not None and bound.most == most
            )
            if bound.unknowns and narrows:
                hangs.extend((bound.rule, name) for name in bound.unknowns)
    return Range(
        least,
        most,
        tuple(bound.rule for bound in bounds if least is not None and bound.least == least),
        tuple(bound.rule for bound in bounds if most is not None and bound.most == most),
        tuple(dict.fromkeys(hangs)),
    )


def _least(bounds: Sequence[Bound]) -> int | None:
    return max([bound.least for bound in bounds if bound.least is not None], default=None)


def _most(bounds: Sequence[Bound]) -> int | None:
    return min([bound.most for bound in bounds if bound.most is not None], default=None)


def chosen(method: Method, facts: Mapping[str, Value], most: int | None) -> int | None:
    """The term in years: the one wanted (where the right is), else the longest; ``None`` for allocation or none."""
    if method.right == "alloc":
        return None
    wanted, rights = facts.get("want_term"), facts.get("want_right")
    if isinstance(wanted, int) and (not isinstance(rights, tuple) or not rights or method.right in rights):
        return wanted
    return most


def lease_part(method: Method, facts: Mapping[str, Value], term: int | None) -> int | None:
    """Years of the lease part of lease-then-grant: the ones wanted, else five (never more than the whole)."""
    if method.right != "lease_then_grant":
        return None
    wanted = facts.get("lease_years")
    years = wanted if isinstance(wanted, int) else LEASE_PART_YEARS
    return years if term is None else min(years, term)


@lru_cache(maxsize=4096)
def year_factor(years: int | None, full: int | None, rate: Fraction) -> Fraction:
    """(1-(1+r)^-n) / (1-(1+r)^-N), exactly; 1 where either term is open or the two agree."""
    if years is None or full is None or years == full:
        return Fraction(1)
    if rate == 0:
        return Fraction(years, full)
    return (1 - (1 + rate) ** -years) / (1 - (1 + rate) ** -full)
