"""What the service answers, as types: the description is made from them, and the tests hold the answers against it."""

from __future__ import annotations

from typing import Any, TypedDict

Texts = TypedDict("Texts", {"en": str, "zh": str})  # noqa: UP013 - beside the next one, which cannot be a class
Cite = TypedDict(
    "Cite",
    {
        "doc": str, "number": str, "article": str, "rank": int, "from": str, "until": str | None, "vague_start": str,
        "since": str, "since_known": bool,
    },
)  # fmt: skip
"""A citation; the days from which rule and instrument are in force, and until which (exclusive)."""


class Deciding(TypedDict):
    """A rule that has a say: its verdict, citation and grade, and the facts it lacks."""

    id: str
    domain: list[str]
    verdict: str
    cite: Cite
    grade: str
    title: Texts
    unknown: list[str]


class Condition(TypedDict):
    """What must be on file before contract; ``document`` where it is."""

    rule: str
    fact: str
    en: str
    zh: str
    document: str | None


class Part(TypedDict):
    """The part of a mixed parcel that has one use."""

    use: str
    percent: int | None
    term_max_years: int | None
    term_years: int | None
    yuan_per_m2: str | None


class MethodAnswer(TypedDict):
    """May a case use one method: as ``landopt rules ask --json`` says it."""

    verdict: str
    grade: str
    rules: list[Deciding]
    conditions: list[Condition]
    notes: list[dict[str, Any]]
    term_min_years: int | None
    term_max_years: int | None
    term_years: int | None
    term_rules: list[str]
    lease_years: int | None
    parts: list[Part]
    preferences: list[dict[str, Any]]
    price_floor: dict[str, Any] | None


class Said(TypedDict):
    """A finding in one language: what, where, and what may be done."""

    what: str
    where: str
    maybe: str


class Finding(TypedDict):
    """A finding about an input or a request; codes are explained in docs/errors.md."""

    level: str
    code: str
    ids: list[str]
    en: Said
    zh: Said


class Refused(TypedDict):
    """Why a request was turned away or an input refused."""

    issues: list[Finding]


class Checked(TypedDict):
    """Everything the files of a round say wrong; ``refused`` where it cannot be solved as it is."""

    refused: bool
    parcels: int | None
    demands: int | None
    issues: list[Finding]
    notes: list[Texts]


class PackState(TypedDict):
    """A rule pack: SHA-256 of its rules, and whether it is as shipped, changed, or the bureau's own."""

    name: str
    state: str
    sha256: str


class Tier(TypedDict):
    """Points of a tier as re-derived, in thousandths."""

    objective: int
    bound: int | None
    proven_gap: str


class Group(Texts):
    """One group of checks: how many single comparisons, and how many of them failed."""

    name: str
    count: int
    broken: int


class Breach(Texts):
    """What the plan says or does that its facts do not bear out: rule (or check), key, used, allowed."""

    rule: str
    key: list[str]
    used: str
    limit: str


class Unchecked(Texts):
    """Something a reader may rely on that the audit did not check; ``harmless``: told, and no hindrance."""

    what: str
    harmless: bool


class Audited(TypedDict):
    """The audit of a plan, as ``landopt audit --json`` says it."""

    plan_id: str
    stands: bool
    verdict: str
    unchecked: list[Unchecked]
    exceptions: list[Texts]
    corrections: list[Texts]
    late: list[Texts]
    packs: list[PackState]
    checked: int
    checks: list[Group]
    breaches: list[Breach]
    tiers: list[Tier]
    completeness: dict[str, Any] | None
    modules: dict[str, list[str]]


class Versions(TypedDict):
    """What gave an answer: the language of the answers, the program, and the law it read."""

    schema: str
    landopt: str
    packs: list[PackState]


class PlanName(TypedDict):
    """A plan by the key it is named with."""

    key: str
    id: str


class RoundName(TypedDict):
    """A round, or a folder that holds a plan alone, by the name it is named with."""

    name: str
    plan_only: bool
    plans: list[PlanName]
