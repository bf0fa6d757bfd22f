"""The records of a justification: frozen, typed, equal when they say the same, plain JSON for ``plan.json``.

Points are millipoints, areas m², money yuan, dates ISO; a ``value`` is the fact as it stands in the canonical tables,
scaled back to the unit a person writes (a decimal text where the table keeps hundredths).
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from typing import Any

SCHEMA = "landopt.justification/1"
Shown = int | bool | str | list[str] | None
"""A fact as it is shown: integer, truth value, text (codes, dates, decimals), list of codes, or unknown."""


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a sentence about law comes from. Every one shows document, number, article and grade."""

    rule: str
    en: str
    zh: str
    doc: str
    number: str
    article: str
    rank: int
    grade: str
    start: str
    until: str | None = None
    origin: str = "pack"


@dataclass(frozen=True, slots=True)
class FactUsed:
    """One fact and whose it is: a parcel id, a demand id, or ``site``."""

    field: str
    owner: str
    value: Shown
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Ruling:
    """A rule that decided: its verdict, the values it read, the facts it missed."""

    cite: Citation
    verdict: str
    facts: tuple[FactUsed, ...] = ()
    unknowns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OtherMethod:
    """A method not chosen for this site and platform.

    ``why`` is ``rule`` (a rule forbids it), ``default`` (closed unless a rule opens it), ``filter`` (the platform's own
    requirement), ``verdict`` (lawful, but not among the verdicts this round considers), ``term``, or ``cost`` (lawful;
    the plan is at least ``loss`` millipoints better). ``loss`` 0 means: not distinguishable at this gap; ``None``: no
    proof to measure it by. ``losses`` has one value a tier.
    """

    method: str
    verdict: str
    why: str
    rulings: tuple[Ruling, ...] = ()
    loss: int | None = None
    tier: int = 0
    filter: str = ""


@dataclass(frozen=True, slots=True)
class PriceInput:
    """One number that went into a price."""

    field: str
    value: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Price:
    """How the price came about: floor (yuan/m²) by the largest formula that holds, unit price, expected price.

    ``basis`` names what decided the unit price: ``floor``, ``appraised``, ``benchmark``, ``free`` (allocation) or
    ``unknown``. ``year_factor`` is the exact rational rounded, ``full_term`` the years it is measured by.
    """

    floor: int | None
    floor_rule: Citation | None
    formula: str
    inputs: tuple[PriceInput, ...]
    unit_price: int | None
    expected_yuan: int
    basis: str
    year_factor: str = ""
    full_term: int | None = None
    reduction_rate: str = ""


@dataclass(frozen=True, slots=True)
class ConditionDue:
    """What must be on file before contract; ``document`` where it is."""

    cite: Citation | None
    rule: str
    fact: str
    en: str
    zh: str
    document: str | None


@dataclass(frozen=True, slots=True)
class Fallback:
    """Agreement is a result, not a choice: what happens if a second applicant appears, and by which rules."""

    method: str
    days: int | None
    cites: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class StepDue:
    """A step of the timetable with its first day (``earliest``) and its last (``latest``), in one lawful run.

    ``expected``: the last day is a planning length, not the end of a term set by law. ``weekends_only``: the holidays
    of a year it reaches are not announced yet, weekends and the days that law names are counted.
    """

    step: str
    en: str
    zh: str
    earliest: str
    latest: str | None
    cite: Citation | None
    expected: bool = False
    weekends_only: bool = False


@dataclass(frozen=True, slots=True)
class LawChange:
    """A rule that begins inside a period of supply, or else ends in it."""

    cite: Citation
    begins: bool


@dataclass(frozen=True, slots=True)
class LimitUse:
    """A limit of the plan: what is used, what is allowed, what this offer takes (``own``).

    Of a share, ``used`` and ``limit`` are in the row's own units; ``part`` of ``whole`` (the measure's unit) is what
    people read, against ``share``. ``across`` is least or spread where the limit compares its keys, else blank.
    """

    cite: Citation
    key: tuple[str, ...]
    sense: str
    used: int
    limit: int
    unit: str
    own: int = 0
    binding: bool = False
    share: str = ""
    part: int | None = None
    whole: int | None = None
    across: str = ""


@dataclass(frozen=True, slots=True)
class NextBest:
    """Another lawful offer and its proven least loss (millipoints; 0 not distinguishable; ``None`` no proof)."""

    parcel_ids: tuple[str, ...]
    demand_id: str | None
    method: str
    loss: int | None
    tier: int = 0


@dataclass(frozen=True, slots=True)
class Assignment:
    """Why this site is supplied to this platform (or the market) by this method.

    ``changes`` are the rules on the method that begin or end inside the period of supply (docs/programmes.md).
    """

    id: str
    parcel_ids: tuple[str, ...]
    parcel_names: tuple[str, ...]
    districts: tuple[str, ...]
    uses: tuple[str, ...]
    land_sources: tuple[str, ...]
    area_m2: int
    demand_id: str | None
    platform: str
    platform_kind: str | None
    operator: str | None
    role: str
    method: str
    right: str
    term_years: int | None
    lease_years: int | None
    period: str | None
    verdict: str
    grade: str
    facts: tuple[FactUsed, ...]
    permits: tuple[Ruling, ...]
    others: tuple[OtherMethod, ...]
    price: Price
    conditions: tuple[ConditionDue, ...]
    notes: tuple[Ruling, ...]
    fallback: Fallback | None
    timetable: tuple[StepDue, ...]
    limits: tuple[LimitUse, ...]
    next_sites: tuple[NextBest, ...]
    next_platforms: tuple[NextBest, ...]
    score: tuple[int, ...]
    round_id: str
    as_of: str
    overlays: tuple[str, ...] = ()
    changes: tuple[LawChange, ...] = ()
    kind: str = "assignment"


@dataclass(frozen=True, slots=True)
class Counted:
    """A reason and how many parcels or platforms (``of``) it holds for; codes are those of the texts."""

    code: str
    count: int
    ruling: Ruling | None = None
    parcels: tuple[str, ...] = ()
    detail: str = ""
    of: str = "parcel"


@dataclass(frozen=True, slots=True)
class Unserved:
    """Why a platform gets no site: every reason by count, the best lawful offers, and a building where one would do."""

    id: str
    platform: str
    platform_kind: str | None
    operator: str | None
    uses: tuple[str, ...]
    area_min_m2: int
    area_max_m2: int
    candidates: int
    lawful: int
    reasons: tuple[Counted, ...]
    best: tuple[NextBest, ...]
    premises: bool
    premises_cites: tuple[Citation, ...]
    divided: tuple[str, ...]
    round_id: str
    as_of: str
    overlays: tuple[str, ...] = ()
    kind: str = "unserved"


@dataclass(frozen=True, slots=True)
class Held:
    """Why a parcel is held back; ``divided`` names platforms a part of it would serve."""

    id: str
    name: str
    district: str
    use: str
    area_m2: int
    status: str
    lawful: int
    reasons: tuple[Counted, ...]
    best: tuple[NextBest, ...]
    divided: tuple[str, ...]
    round_id: str
    as_of: str
    overlays: tuple[str, ...] = ()
    kind: str = "held"


@dataclass(frozen=True, slots=True)
class MethodTotal:
    """One line of the method table."""

    method: str
    assignments: int
    parcels: int
    area_m2: int
    start_price_yuan: int


@dataclass(frozen=True, slots=True)
class TierBound:
    """Objective and bounds of one tier, millipoints; ``gap`` a decimal text rounded up (audited bound).

    Where a tier gives something to later ones: what it ``reached`` before, and what it is ``held_at``.
    """

    objective: int
    bound: int | None
    solver_bound: int | None
    gap: str | None
    reached: int | None = None
    held_at: int | None = None


@dataclass(frozen=True, slots=True)
class CutOff:
    """What it took to win a contested parcel or a platform: the winner and the proven least loss of the runner-up."""

    id: str
    of: str
    winner: NextBest
    runner_up: NextBest
    rivals: int


@dataclass(frozen=True, slots=True)
class PlanReasons:
    """The plan as a whole: totals, bounds, limits, what is unmet, tensions, ties.

    ``worth`` has for every one of ``limits`` what lifting it alone could bring at most in the first tier, millipoints,
    by the prices of the proof (``None``: no limit, but a relation or a lock); empty where it was not asked.
    """

    id: str
    stopped: str
    scope: str
    tiers: tuple[TierBound, ...]
    optimal: bool
    unique: bool
    methods: tuple[MethodTotal, ...]
    parcels_total: int
    parcels_supplied: int
    parcels_held: int
    demands_total: int
    demands_served: int
    unmet: tuple[str, ...]
    limits: tuple[LimitUse, ...]
    relaxed: tuple[LimitUse, ...]
    tensions: tuple[Ruling, ...]
    notes: tuple[Ruling, ...]
    ties: dict[str, Any]
    cutoffs: tuple[CutOff, ...]
    sources: tuple[Citation, ...]
    packs: tuple[str, ...]
    rules_in_force: int
    round_id: str
    as_of: str
    overlays: tuple[str, ...] = ()
    worth: tuple[int | None, ...] = ()
    kind: str = "plan"


Record = Assignment | Unserved | Held | PlanReasons
LEFT_OUT: dict[type[Any], dict[str, Any]] = {
    kind: {
        field.name: [] if field.default == () else field.default
        for field in fields(kind)
        if field.default is not MISSING
    }
    for kind in (Ruling, Counted, OtherMethod)
}
"""Parts of records whose fields are left out of ``plan.json`` where they have their default, with these defaults."""
