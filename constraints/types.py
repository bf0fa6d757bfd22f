"""The words of the law room: methods, verdicts, citations, rules. Frozen values, standard library only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from parcels.common.catalogue import Bilingual

STRICTNESS = {"permit": 0, "warn": 1, "condition": 2, "forbid": 3}
"""Verdicts combine to the strictest: forbid > condition > warn > permit."""

KINDS = ("eligibility", "term", "price_floor", "limit", "relation", "preference", "lock", "note")
GRADES = ("V1", "V2", "V2L", "T", "U")
"""Verification grades, strongest first; a verdict shows the best-read rule that alone suffices for it."""


@dataclass(frozen=True, slots=True)
class Method:
    """A supply method: a (right, mode) pair; lead times in working days; ``default`` verdict before any rule speaks."""

    id: str
    title: Bilingual
    right: str
    mode: str
    competitive: bool
    min_bidders: int
    default: str
    default_rule: str
    paid: bool
    statutory_days: int
    planning_days: int


@dataclass(frozen=True, slots=True)
class Cite:
    """Where a rule stands: document, number, article, rank (5 law .. 0 practice), grade and source."""

    doc: str
    article: str
    number: str
    rank: int
    grade: str
    source: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as loaded. ``when``, ``where`` and ``per_m2`` are texts of the rule language (see ``expr``).

    ``start`` and ``until`` (exclusive) are ISO dates. ``spec`` holds the keys of the rule's kind as plain JSON values
    (for ``eligibility``: ``verdict``, ``condition``; for ``limit``: ``measure``, ``per``, ``sense`` and so on).
    ``place`` is "file:line" and is never part of a digest.
    """

    id: str
    kind: str
    title: Bilingual
    cite: Cite
    start: str
    until: str | None
    when: str
    spec: Mapping[str, Any]
    domain: tuple[str, ...] = ()
    exception_to: tuple[str, ...] = ()
    date_grade: str = ""
    origin: str = "pack"
    place: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Condition:
    """What must be on file: the rule that asks for it, the fact it hangs on (or ""), the text, the document if any."""

    rule: str
    fact: str
    text: Bilingual
    document: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the model apart from the parcel and demand rows, which are implied (docs/model.md §7).

    ``rhs`` is in the row's own integers. A row with ``slack`` > 0 is soft: it may be missed by any number of units of
    the limit's measure, each worth ``slack`` in the row and ``penalty`` millipoints, charged to tier ``tier``. The rows
    of a rule that are ``once`` are missed together: by as many units as the one of them that is missed most.
    """

    id: str
    rule: str
    key: tuple[str, ...]
    kind: str
    sense: str
    rhs: int
    slack: int = 0
    penalty: int = 0
    tier: int = 0
    once: bool = False

    @property
    def holds_empty(self) -> bool:
        """True where the row holds, or may be missed, while nothing counts in it."""
        return self.slack > 0 or fulfilled(self.sense, 0, self.rhs)

    def missed(self, used: int) -> int:
        """The units of slack that an activity takes (0 where it holds); of a hard row what it is broken by."""
        past = abs(used - self.rhs) if self.sense == "=" else used - self.rhs if self.sense == "<=" else self.rhs - used
        return -(-max(0, past) // max(1, self.slack))

    def as_dict(self) -> dict[str, object]:
        """The row as plain data, as in line 1 of ``offers.jsonl.gz``; ``once`` stands only where it is so."""
        found: dict[str, object] = {
            "id": self.id,
            "rule": self.rule,
            "key": list(self.key),
            "kind": self.kind,
            "sense": self.sense,
            "rhs": self.rhs,
            "slack": self.slack,
            "penalty": self.penalty,
            "tier": self.tier,
        }
        return {**found, "once": True} if self.once else found


def shared(rows: Sequence[Row]) -> dict[int, tuple[int, ...]]:
    """The soft rows by the first of those they are missed together with, in order: most stand alone."""
    found: dict[object, list[int]] = {}
    for number, row in enumerate(rows):
        if row.slack:
            found.setdefault(row.rule if row.once else number, []).append(number)
    return {members[0]: tuple(members) for members in found.values()}


def missed_units(rows: Sequence[Row], missed: Callable[[int], int]) -> dict[int, int]:
    """The units each of :func:`shared` is missed by, where ``missed`` gives those of a row: the most of its rows."""
    return {first: max(map(missed, members)) for first, members in shared(rows).items()}


def in_units(sense: str, total: int, size: int) -> int:
    """Row units as whole units of ``size`` row units each (a credit scales its row), rounded against the plan.

    ``total sense amount x size`` holds exactly where ``in_units(sense, total, size) sense amount`` does.
    """
    return total // size if sense == ">=" else -(-total // size)


def fulfilled(sense: str, used: int, rhs: int) -> bool:
    """Whether ``used sense rhs`` holds."""
    return used <= rhs if sense == "<=" else used >= rhs if sense == ">=" else used == rhs
