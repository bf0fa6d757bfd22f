"""The nearest lawful plan to one made by hand: fewest changes first, then the round's own objective.

Keeping an assignment counts most, changing its method next, then its platform, and an assignment nobody asked for
counts against; the optimiser maximises this as a first tier above the round's own. Every change comes with the rule
that made it necessary, as the auditor found it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from landopt.keeping.handmade import Finding, Handmade, HandmadeReport, audit_handmade
from landopt.reasons.words import word
from parcels.common.catalogue import phrase, titled
from parcels.common.issues import Environment, LandoptError, error

if TYPE_CHECKING:
    from constraints.case import Case
    from landopt.screening.offers import Offers

SAME, SAME_SITE_AND_PLATFORM, SAME_SITE, SAME_PLATFORM, ADDED = 1_000, 700, 400, 100, -50
"""What an offer keeps of a handmade row: all, all but method or term, the site alone, the platform alone; nothing."""


class NoPlan(LandoptError):
    """No plan satisfies the rules (exit 3)."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one handmade row: ``what`` is kept, changed, moved or dropped; ``why`` the breaches behind it."""

    row: str
    what: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    why: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Repaired:
    """The nearest lawful plan and what became of each row; ``proven`` if no lawful plan keeps more."""

    assignments: tuple[dict[str, Any], ...]
    changes: tuple[Change, ...]
    proven: bool
    before: HandmadeReport

    @property
    def kept(self) -> int:
        """Rows that stay as they are."""
        return sum(change.what == "kept" for change in self.changes)

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "kept": self.kept,
            "proven_fewest": self.proven,
            "assignments": list(self.assignments),
            "changes": [
                {
                    "row": change.row,
                    "what": change.what,
                    "before": None if change.before is None else dict(change.before),
                    "after": None if change.after is None else dict(change.after),
                    "why": [{"rule": each.rule, **each.said.pair} for each in change.why if each.where],
                }
                for change in self.changes
            ],
            "before": self.before.as_dict(),
        }


def repair(
    case: Case, offers: Offers, made: Handmade, *, time_limit_s: float | None = 60, reach: Any = None
) -> Repaired:
    """Find the nearest lawful plan.

    Raises
    ------
    NoPlan
        If no plan satisfies the rules at all (exit 3): ``landopt diagnose`` says why.
    Environment
        If the solver ended without a plan (exit 6).
    """
    from landopt.solving.solver import solve

    before = audit_handmade(case, made, None, reach)
    keep = _keeps(case, offers, made)
    rows = tuple(replace(row, tier=row.tier + 1) for row in offers.rows)
    nearest = replace(offers, score=np.vstack([keep, offers.score]), rows=rows)
    tiers = (("kept",), *case.objective.tiers)
    gives = ((0, 1), *case.objective.gives) if case.objective.gives else ()
    asked = replace(case, objective=replace(case.objective, tiers=tiers, ties=(), gives=gives))
    outcome = solve(asked, nearest, gap="0", time_limit_s=time_limit_s)
    if outcome.chosen is None:
        if outcome.stopped == "infeasible":
            raise NoPlan(error("S003.no-plan-satisfies"))
        raise Environment(error("S006.solver-ended-without"))
    chosen = [int(offer) for offer in outcome.chosen]
    first = outcome.tiers[0]
    after = [_entry(case, offers, offer) for offer in chosen]
    return Repaired(tuple(after), tuple(_changes(made, after, before)), first.bound <= first.objective, before)


def _keeps(case: Case, offers: Offers, made: Handmade) -> Any:
    """For each offer how much of the nearest handmade row it keeps."""
    rows, demands = case.parcels.index(), case.demands.index()
    methods = {method.id: number for number, method in enumerate(case.methods)}
    by_site: dict[tuple[int, ...], list[Mapping[str, Any]]] = {}
    asking: set[int] = set()
    for entry in made.entries:
        site = tuple(sorted(rows[name] for name in entry["parcel_ids"] if name in rows))
        by_site.setdefault(site, []).append(entry)
        if entry["demand_id"] in demands:
            asking.add(demands[entry["demand_id"]])
    found = np.zeros(len(offers), np.int64)
    for offer in range(len(offers)):
        demand = int(offers.demand[offer])
        best = SAME_PLATFORM if demand in asking else ADDED
        for wanted in by_site.get(offers.parcels(offer), ()):
            who = demands.get(wanted["demand_id"], -2) if wanted["demand_id"] is not None else -1
            if who != demand:
                best = max(best, SAME_SITE)
                continue
            term = wanted["term_years"] in (None, int(offers.term[offer]) or None)
            same = methods.get(wanted["method"]) == int(offers.method[offer]) and term
            best = max(best, SAME if same else SAME_SITE_AND_PLATFORM)
        found[offer] = best
    return found


def _entry(case: Case, offers: Offers, offer: int) -> dict[str, Any]:
    demand, period = int(offers.demand[offer]), int(offers.period[offer])
    return {
        "parcel_ids": [case.parcels.ids[row] for row in offers.parcels(offer)],
        "demand_id": None if demand < 0 else case.demands.ids[demand],
        "method": case.methods[int(offers.method[offer])].id,
        "period": case.round.periods[period].id if period >= 0 else None,
        "term_years": int(offers.term[offer]) or None,
        "expected_price_yuan": int(offers.price[offer]),
    }


def _changes(made: Handmade, after: Sequence[Mapping[str, Any]], before: HandmadeReport) -> list[Change]:
    """What became of each row: first those whose site and platform stand, then same site, then same platform."""
    left = list(after)
    now: dict[int, Mapping[str, Any]] = {}
    for fields in (("parcel_ids", "demand_id"), ("parcel_ids",), ("demand_id",)):
        for number, entry in enumerate(made.entries):
            if number in now or (fields == ("demand_id",) and entry["demand_id"] is None):
                continue
            fits = [each for each in left if all(each[field] == entry[field] for field in fields)]
            if fits:
                now[number] = fits[0]
                left.remove(fits[0])
    whole = tuple(each for each in before.findings if not each.where)
    found: list[Change] = []
    for number, (entry, where) in enumerate(zip(made.entries, made.where, strict=True)):
        why = tuple(each for each in before.findings if each.where == where) or whole
        became = now.get(number)
        if became is None:
            found.append(Change(str(where), "dropped", entry, None, why))
            continue
        stands = became["parcel_ids"] == entry["parcel_ids"] and became["demand_id"] == entry["demand_id"]
        term = entry["term_years"] in (None, became["term_years"])
        what = ("kept" if became["method"] == entry["method"] and term else "changed") if stands else "moved"
        found.append(Change(str(where), what, entry, became, () if what == "kept" else why))
    return found + [Change("", "added", None, each, whole) for each in left]


def text(done: Repaired, lang: str) -> list[str]:
    """What became of each row, as lines of text."""
    whole = [each for each in done.before.findings if not each.where]
    lines = [f" ! {each.said.text(lang)}" for each in whole]
    for change in done.changes:
        said = " -> ".join(_said(each, lang) for each in (change.before, change.after) if each is not None)
        if change.what == "kept" and change.before is not None:
            said = _said(change.before, lang)
        lines.append(f" {titled(change.what, lang, 'row-became'):<8} {said}")
        lines += [f"          {each.said.text(lang)}" for each in change.why if each.where]
    total = len(done.before.findings)
    rows = done.before.assignments
    proof = phrase("repair.proven" if done.proven else "repair.unproven", lang)
    return [*lines, phrase("repair.end", lang, kept=done.kept, rows=rows, breaches=total, proof=proof)]


def _said(entry: Mapping[str, Any], lang: str) -> str:
    who = entry["demand_id"] or phrase("repair.market", lang)
    term = phrase("repair.term", lang, years=entry["term_years"]) if entry["term_years"] else ""
    return f"{'+'.join(entry['parcel_ids'])} {word('method', entry['method'], lang)} {who}{term}"
