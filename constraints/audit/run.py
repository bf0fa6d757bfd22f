"""The audit of a plan folder: everything a plan says is re-derived from the facts beside it, in exact integers.

Standard library only, and only modules below the optimiser: no solver, numpy, pulp or geopandas is within reach.
``python -S -m constraints.audit PLAN`` runs it alone.  docs/audit.md says what is checked and what must be trusted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from constraints.audit.bound.binding import Binding
from constraints.audit.bound.form import FAULTS, Form, bound, own_fault, unread
from constraints.audit.cells import Reading
from constraints.audit.certificate.proof import gap_text
from constraints.audit.citations import check_citations
from constraints.audit.files.plan_reader import PROOF_SCHEMA, load_json, plan_hash, read_plan, uncollected
from constraints.audit.finding import BEYOND, DATED, AuditReport, Breach, Check, Unchecked, lines, points, short
from constraints.audit.listing import Listing
from constraints.audit.reread import Reader
from constraints.audit.rescreen import Completeness, draw, rescreen
from constraints.audit.restate import identify, incomplete, restated
from constraints.audit.whole import adds_up, opened_listing, read_words
from constraints.canonical import digest
from constraints.case import SCHEMA, from_json, held_at
from constraints.loading.load import rules_at
from constraints.loading.period_law import days_of
from constraints.loading.releases import late_packs, pack_states
from constraints.reading.rows import Key, charged
from parcels.common.catalogue import Text, told

__all__ = ["AuditReport", "Breach", "Check", "audit_plan", "lines"]
STOPPED = ("optimal", "gap", "limit", "user", "failed")
"""How a run that holds a plan may have ended."""
LASTING = ("area_m2", "use", "district", "land_source", "right", "role")
"""What an assignment states that no date of law changes."""


class _Auditor:
    """One run: collects checks and breaches."""

    def __init__(self, folder: Path, as_of: str | None) -> None:
        self.folder = folder if folder.is_dir() else folder.parent
        self.checks: list[Check] = []
        self.breaches: list[Breach] = []
        self.plan = read_plan(folder)
        self.raw = load_json(self.folder / "case.json", SCHEMA)
        form = Form(self.plan, self.raw, load_json(self.folder / "proof.json", PROOF_SCHEMA))
        self.case = from_json(self.raw)
        self.digest = digest(self.raw)
        self.as_of = as_of
        self.unchecked: list[Unchecked] = form.unknown
        self.exceptions: tuple[Text, ...] = ()
        self.corrections: tuple[Text, ...] = ()
        if as_of:
            dated = replace(self.case.round, as_of=as_of)
            self.case = replace(self.case, round=dated, rules=rules_at(self.case, as_of, days_of(dated)))
        self.reader = Reader(self.case)
        self.reader.planned_from = self.raw["round"]["as_of"]
        self.tiers: list[tuple[int, int | None, str]] = []
        self.chosen: list[Reading] = []
        self.shown: dict[Key, dict[str, Any]] = {}

    def breach(self, rule: str, said: Text, key: Sequence[str] = (), used: Any = "", limit: Any = "") -> None:
        """Note a breach."""
        self.breaches.append(Breach(rule, said, tuple(key), str(used), str(limit)))

    def check(self, name: str, count: int, before: int, said: Text) -> None:
        """Close a group of checks that began when there were ``before`` breaches."""
        self.checks.append(Check(name, count, len(self.breaches) - before, said))

    def same(self, name: str, stated: Any, found: Any, key: Sequence[str] = ()) -> None:
        """A stated value must be the one re-derived."""
        if stated != found:
            says, gives = short(stated), short(found)
            what = told("breach.plan-facts", name=name, at=";".join(key), says=says, gives=gives)
            self.breach(name, what, key, says, gives)

    def digests(self) -> None:
        """Digests of case and assignments, the rules' dates, the packs installed here."""
        before, case, stated, date = len(self.breaches), self.digest, self.plan["case"], self.case.round.as_of
        self.same("case.digest", stated["digest"], case)
        self.same("case.round", stated["round"], self.case.round.id)
        self.same("case.inputs", stated["inputs"], self.raw["inputs"])
        self.same("case.packs", stated["packs"], self.raw["packs"])
        self.same("case.overlays", stated["overlays"], self.raw["overlays"])
        self.same("case.dropped", stated["dropped"], self.raw["dropped"])
        self.same("plan_hash", self.plan["plan_hash"], plan_hash(self.plan["assignments"]))
        if self.as_of is None:
            self.same("case.as_of", stated["as_of"], date)
        short_digest = f"{case[:4]}..{case[-4:]}"
        said = told("breach.case-rules", digest=short_digest, rules=len(self.case.rules), date=date)
        for name in incomplete(self.case):
            said = told("breach.pack-complete-date", said=said, name=name)
        self.check("inputs", 8, before, said)
        if self.as_of is None:
            self.binding()

    def binding(self) -> None:
        """Rules, methods, objective, market and settings against the law installed here and the round's own texts."""
        before, bound = len(self.breaches), Binding(self.case, self.raw)
        cited, wrong = check_citations(self.plan, self.case)
        for rule, what in (*bound.problems, *wrong):
            self.breach(rule, what)
        self.unchecked += bound.unchecked
        self.exceptions = tuple(bound.exceptions())
        self.corrections = tuple(one.told for one in bound.corrections)
        many = sum(entry["role"] == "round" for entry in self.case.sources)
        key = "breach.rules-methods-text" if many else "breach.rules-methods"
        said = told(key, rules=len(self.case.rules), methods=len(self.case.methods))
        named = {entry["name"]: entry["sha256"][:8] for entry in self.case.inputs}
        own = [entry["name"] for entry in self.case.sources if entry["role"] == "pack"]
        if own:
            listed = ", ".join(f"{name} ({named.get(name, '?')}..)" for name in own)
            said = told("breach.packs-shipped", said=said, listed=listed)
        self.check("bound", bound.compared + cited, before, said)

    def assignments(self) -> None:
        """Every assignment by the scalar reading: legality, areas, terms, floors, prices, conditions, score."""
        before, single, area = len(self.breaches), 0, 0
        for entry in self.plan["assignments"]:
            name = "+".join(entry["parcel_ids"])
            reading, problems = identify(self.reader, entry)
            for rule, what in problems:
                self.breach(rule, told("breach.of", name=name, what=what), (name,))
            if reading is None:
                continue
            self.chosen.append(reading)
            stated = restated(self.reader, reading)
            single += len(self.case.rules) + len(stated)
            area += stated["area_m2"]
            for field, value in stated.items():
                if self.as_of is None or field in LASTING:
                    self.same(field, entry.get(field), value, (name,))
        count = len(self.plan["assignments"])
        self.check("law", single, before, told("breach.assignments", count=count, single=single, area=area))

    def limits(self, listing: Listing | None) -> list[int]:
        """Every row over the plan; returns the penalties of soft limits by tier."""
        before, rows = len(self.breaches), self.reader.rows
        uses = rows.uses((reading.rows for reading in self.chosen), listing.keys if listing else ())
        shown = self.shown = rows.shown(uses)
        for use in uses:
            row = use.row
            if use.broken:
                used, limit = shown[(row.rule, row.key)]["used"], shown[(row.rule, row.key)]["limit"]
                what = told("breach.row-used", id=row.id, used=used, sense=row.sense, limit=limit)
                self.breach(row.rule, what, row.key, used, limit)
        if listing is not None:
            stated = {(entry["rule"], tuple(entry["key"])): entry for entry in self.plan["limits"]}
            self.same("limits", len(stated), len(self.plan["limits"]))
            for key in sorted(stated.keys() | set(listing.keys)):
                entry, found = stated.get(key, {}), shown.get(key, {})
                for field in ("sense", "used", "limit", "binding"):
                    self.same(f"limits.{field}", entry.get(field), found.get(field), (key[0], *key[1]))
        self.check("limits", len(uses), before, told("breach.limits-relations-locks", count=len(uses)))
        return charged(uses, len(self.case.objective.tiers))

    def bound(self, listing: Listing, penalty: Sequence[int]) -> None:
        """Objective, bound and gap of each tier, and the words that go with them."""
        before, result = len(self.breaches), self.plan["result"]
        found = [sum(r.score[t] for r in self.chosen) - penalty[t] for t in range(len(penalty))]
        self.same("tiers", len(result["tiers"]), len(found))
        for tier, (stated, objective) in enumerate(zip(result["tiers"], found, strict=False)):
            bound = listing.bounds[tier] if tier < len(listing.bounds) else None
            gap = "" if bound is None else gap_text(bound, objective)
            self.tiers.append((objective, bound, gap))
            key = (f"tier {tier + 1}",)
            self.same("objective", stated["objective"], objective, key)
            self.same("proof.objective", listing.proof["tiers"][tier]["objective"], objective, key)
            self.same("bound", stated["bound"], bound, key)
            self.same("proven_gap", stated["proven_gap"], gap, key)
            self.given(tier, stated, listing.proof["tiers"][tier], objective, bound)
            if bound is not None and bound < objective:
                what = told("breach.bound-below", bound=bound, objective=objective)
                self.breach("bound", what, key, objective, bound)
        came_to = [stated.get("reached", stated["objective"]) for stated in result["tiers"]]
        closed = all(bound == reached for reached, (_, bound, _) in zip(came_to, self.tiers, strict=False))
        if result["stopped"] == "optimal" and not closed:
            what = told("breach.plan-called-optimal")
            self.breach("optimal", what, (), self.tiers[0][2] if self.tiers else "", "0")
        if result["stopped"] not in STOPPED:
            self.breach("stopped", told("breach.stopped-no-end", stopped=result["stopped"]))
        self.same("bound_scope", result["bound_scope"], listing.scope)
        objective, bound, gap = self.tiers[0] if self.tiers else (0, None, "")
        said = told(
            "breach.score",
            objective=points(objective),
            bound=points(bound),
            word=told("breach.proven-best") if closed else told("breach.gap", gap=gap),
            count=listing.count,
        )
        self.check("score", 5 * len(found), before, said)

    def given(self, tier: int, stated: Any, proved: Any, objective: int, bound: int | None) -> None:
        """What a tier gives to later ones: held at reached - floor(give x abs(reached)), and the plan keeps to it."""
        key, give = (f"tier {tier + 1}",), self.case.objective.give(tier)
        for name in ("reached", "held_at"):
            self.same(name, stated.get(name), proved.get(name), key)
            self.same(f"{name} stated", name in stated, give[0] > 0, key)
        if not give[0] or not all(isinstance(stated.get(name), int) for name in ("reached", "held_at")):
            return
        reached, held = stated["reached"], stated["held_at"]
        self.same("held_at", held, held_at(reached, give), key)
        if not held <= objective <= reached or (bound is not None and bound < reached):
            amounts = {"objective": objective, "held": held, "reached": reached, "bound": bound}
            self.breach("held_at", told("breach.tier-held", tier=tier + 1, **amounts), key, objective, held)

    def run(self, complete: bool, sample: int, seed: int | None, every: bool) -> Completeness | None:
        """All checks in their order; what is missing or not as specified is a breach too."""
        listing = opened_listing(self, self.folder)
        self.digests()
        self.assignments()
        adds_up(self)
        if self.as_of is not None:
            self.limits(None)
            return None
        before, drawn = len(self.breaches), draw(self.reader, complete=complete, sample=sample, seed=seed)
        for rule, what in listing.read(self.digest, self.chosen, drawn, every):
            self.breach(rule, what)
        key = "breach.offers-all" if listing.derived == listing.count else "breach.offers-of"
        self.check("offers", listing.derived, before, told(key, derived=listing.derived, count=listing.count))
        self.bound(listing, self.limits(listing))
        read_words(self, listing)
        before = len(self.breaches)
        found = rescreen(self.reader, listing, drawn)
        for rule, what in found.problems:
            self.breach(rule, what)
        self.check("complete", found.checked, before, found.said)
        if drawn.seed is not None or found.checked < found.total:
            self.unchecked.append(Unchecked("complete", found.unsaid))
        if not listing.every:
            self.unchecked.append(Unchecked("offers", told("breach.offers-platforms-drawn")))
        return found


def audit_plan(
    folder: str | Path,
    *,
    complete: bool = False,
    as_of: str | None = None,
    sample: int = 8,
    seed: int | None = None,
    every: bool = True,
) -> AuditReport:
    """Audit a plan folder.

    Parameters
    ----------
    folder
        The plan folder (or its ``plan.json``).
    complete
        Re-screen every platform; otherwise ``sample`` of them, drawn at random (``seed`` makes the draw repeatable).
    as_of
        Re-check the assignments under the law of that date; offers and bound, which belong to the plan's own date, are
        then left out.
    every
        Re-derive every listed offer; otherwise those of the platforms drawn and the chosen ones (the bound is summed
        over all listed offers either way).

    Raises
    ------
    Refused
        If a file is missing, torn or of an unknown schema.
    Environment
        If the audit itself fails (A007, exit 6): that is no breach of the plan's.
    """
    with uncollected():
        return _audited(Path(folder), complete, as_of, sample, seed, every)


def _audited(
    folder: Path, complete: bool, as_of: str | None, sample: int, seed: int | None, every: bool
) -> AuditReport:
    found: Completeness | None = None
    try:
        auditor = _Auditor(folder, as_of)
    except FAULTS as wrong:
        return AuditReport("", (), (Breach("format", unread(wrong)),), (), None)
    try:
        found = auditor.run(complete, sample, seed, every)
    except FAULTS as wrong:
        if not auditor.breaches and bound(auditor.case, auditor.raw):
            raise own_fault(wrong) from wrong
        auditor.breach("format", unread(wrong))
    name, done, breaches = str(auditor.plan.get("plan_id")), tuple(auditor.checks), tuple(auditor.breaches)
    unchecked = tuple(auditor.unchecked + list(DATED if as_of else ()) + list(BEYOND))
    acting = auditor.exceptions, auditor.corrections, late_packs(auditor.case), pack_states(auditor.case)
    return AuditReport(name, done, breaches, tuple(auditor.tiers), found, unchecked, *acting)
