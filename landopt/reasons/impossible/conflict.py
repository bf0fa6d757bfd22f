"""The records of a diagnosis: what is in conflict, what each could give way by, which platforms nothing can serve."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from constraints.case import Case
from constraints.types import Row, Rule
from landopt.reasons.explain.context import citation
from landopt.reasons.explain.plain_records import as_json
from landopt.reasons.explain.records import Citation, FactUsed

OVERRIDE = "override"
"""The origin of rules that an officer's fix made (``landopt.keeping.fixes``)."""
REQUIREMENT = "requirement"
ASKED = 9
"""The rank of what is not a rule of the round: what is asked here, what a platform requires."""


@dataclass(frozen=True, slots=True)
class Fix:
    """An assignment fixed by hand: where, how, for whom, by whom and why."""

    parcel_ids: tuple[str, ...]
    method: str
    demand_id: str | None
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Member:
    """A rule (and key) in a conflict: ``kind`` of the row, ``eligibility``, ``term``; ``proved``: it is needed.

    A platform's own requirement has ``kind`` ``requirement``, its field as ``rule`` and what it asks as ``value``; a
    parcel's state that keeps it out of the round likewise (``status``, ``available_from``). A fix has ``fix``, a share
    ``share`` (its ``limit`` is the row's own integer).
    """

    rule: str
    key: tuple[str, ...]
    kind: str
    sense: str
    limit: int | None
    rank: int
    cite: Citation | None
    proved: bool
    value: FactUsed | None = None
    fix: Fix | None = None
    share: str | None = None


@dataclass(frozen=True, slots=True)
class Relaxation:
    """How far a policy number must give way, from what to what, and the plan it would give (value per tier, counts).

    ``rules`` holds one rule, or several that must give way together. ``dropped`` where a lock or relation has to go.
    ``fixes`` are the fixes among them; ``scale`` the row's integers for one unit (more than 1 for a share). ``sets``
    are what ``--set`` takes to bring it about, with the numbers before (``before``); empty for what is dropped.
    ``ended``: the run with it came to its end, so that no plan under it is worth more.
    """

    rules: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]
    rank: int
    was: tuple[int, ...]
    now: tuple[int, ...]
    dropped: bool
    stopped: str
    objective: tuple[int, ...]
    bound: tuple[int, ...]
    served: int
    parcels: int
    fixes: tuple[Fix | None, ...] = ()
    scale: tuple[int, ...] = ()
    before: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that gives way: a requirement from ``was`` to ``now``, or a policy rule (``cite``) for this site."""

    rule: str
    cite: Citation | None
    was: FactUsed | None
    now: FactUsed | None


@dataclass(frozen=True, slots=True)
class Opening:
    """The least that would open a site to a platform: what gives way, and the site, method and verdict it gives."""

    changes: tuple[Change, ...]
    parcel_ids: tuple[str, ...]
    method: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Closed:
    """A platform without any lawful offer: a minimal set of rules and requirements, the cheapest ways to open one.

    ``minimal``: each member is proved to be needed and every site was looked at (``bounded`` says what was not).
    """

    demand_id: str
    platform: str
    members: tuple[Member, ...]
    openings: tuple[Opening, ...]
    minimal: bool
    bounded: str = ""


@dataclass(frozen=True, slots=True)
class Unreached:
    """What the limit of time or Ctrl-C left out: ``kind`` of trial, and which ones.

    ``platform`` (not explained), ``row`` (not proved to be needed for the conflict), ``rule`` (the rules that close
    offers, not tried or not all), ``relaxation`` (not looked for).
    """

    kind: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why there is no plan (or no site for a platform): ``state`` is ``possible``, ``conflict`` or ``unknown``.

    ``platforms`` are those without any lawful offer, each explained alike, whether or not a plan exists; ``bounded``
    says in words of the texts what of the search was cut short, ``left`` how many platforms without an
    offer are not explained. ``stopped`` is "", ``limit`` or ``user``; ``unreached`` the trials that it left out;
    ``looked``: relaxations were asked for and all of them looked for.
    """

    state: str
    demand: str | None
    members: tuple[Member, ...]
    lawful: int
    relaxations: tuple[Relaxation, ...]
    minimal: bool
    platforms: tuple[Closed, ...] = ()
    bounded: tuple[str, ...] = ()
    left: int = 0
    stopped: str = ""
    unreached: tuple[Unreached, ...] = ()
    looked: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The diagnosis as plain JSON."""
        found: dict[str, Any] = as_json(self)
        return found


def fix_of(rule: Rule | None) -> Fix | None:
    """What a lock fixes by hand; ``None`` for any other rule."""
    if rule is None or rule.kind != "lock" or rule.origin != OVERRIDE:
        return None
    spec = rule.spec
    document, head = str(spec["document"]), "Fixed by "
    cut = document.rfind(" (")
    while cut > 0 and rule.title.en != f"{head}{document[cut + 2 : -1]}: {document[:cut]}":
        cut = document.rfind(" (", 0, cut)
    reason, by = (document[:cut], document[cut + 2 : -1]) if cut > 0 else (document, "")
    return Fix(tuple(spec["parcels"]), str(spec["method"]), spec["demand"], by, reason)


def rule_of(case: Case, name: str) -> Rule | None:
    """A rule of the case by its id."""
    return next((rule for rule in case.rules if rule.id == name), None)


def row_member(case: Case, row: Row, proved: bool) -> Member:
    """A row of the model as a member of a conflict."""
    rule = rule_of(case, row.rule)
    rank = ASKED if rule is None else rule.cite.rank
    cite = None if rule is None else citation(rule)
    return Member(
        row.rule, row.key, row.kind, row.sense, row.rhs, rank, cite, proved, None, fix_of(rule), share_of(rule)
    )


def share_of(rule: Rule | None) -> str | None:
    """The share a limit asks for, as a percentage (``40 %``); ``None`` for any other rule."""
    share = None if rule is None else rule.spec.get("share")
    return None if share is None else f"{float(Fraction(*share) * 100):g} %"


def scale_of(rule: Rule | None) -> int:
    """The integers a row of a limit has for one unit of its measure."""
    if rule is None or rule.kind != "limit":
        return 1
    credit = rule.spec.get("credit")
    return int(rule.spec["share"][1]) if rule.spec.get("share") else int(credit["den"]) if credit else 1


def stated(rule: Rule, row: Row) -> int:
    """The amount a limit states for a row, in its own unit (the row's side without what was used before)."""
    amounts = {tuple(entry["key"]): int(entry["amount"]) for entry in rule.spec.get("values") or ()}
    return amounts.get(row.key, amounts.get((), row.rhs))


def number_of(rule: Rule, row: Row) -> str:
    """What ``--set`` calls the number of a limit's row: ``RULE:share``, ``RULE:amount`` or ``RULE[key]:amount``."""
    if rule.spec.get("share"):
        return f"{row.rule}:share"
    keyed = any(tuple(entry["key"]) == row.key for entry in rule.spec.get("values") or ())
    return f"{row.rule}[{', '.join(row.key)}]:amount" if row.key and keyed else f"{row.rule}:amount"


def decimal(share: Fraction) -> str:
    """A share as a decimal text that ``--set`` takes; exact where it has six places."""
    return f"{float(share):.6f}".rstrip("0").rstrip(".") or "0"


def rule_member(case: Case, name: str, proved: bool = True) -> Member:
    """A rule that closes offers as a member of a conflict."""
    rule = rule_of(case, name)
    assert rule is not None
    return Member(name, (), rule.kind, "", None, rule.cite.rank, citation(rule), proved)
