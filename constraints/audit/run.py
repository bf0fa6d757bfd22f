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
        self.exceptions: tuple[tuple[str, str], ...] = ()
        self.corrections: tuple[tuple[str, str], ...] = ()
        if as_of:
            dated = replace(self.case.round, as_of=as_of)
            self.case = replace(self.case, round=dated, rules=rules_at(self.case, as_of, days_of(dated)))
        self.reader = Reader(self.case)
        self.reader.planned_from = self.raw["round"]["as_of"]
        self.tiers: list[tuple[int, int | None, str]] = []
        self.chosen: list[Reading] = []
        self.shown: dict[Key, dict[str, Any]] = {}

    def breach(self, rule: str, en: str, zh: str, key: Sequence[str] = (), used: Any = "", limit: Any = "") -> None:
        """Note a breach."""
        self.breaches.append(Breach(rule, tuple(key), str(used), str(limit), en, zh))

    def check(self, name: str, count: int, before: int, en: str, zh: str) -> None:
        """Close a group of checks that began when there were ``before`` breaches."""
        self.checks.append(Check(name, count, len(self.breaches) - before, en, zh))

    def same(self, name: str, stated: Any, found: Any, key: Sequence[str] = ()) -> None:
        """A stated value must be the one re-derived."""
        if stated != found:
            at, said, is_ = ";".join(key), short(stated), short(found)
            en = f"{name} {at}: the plan says {said}, the facts give {is_}"
            self.breach(name, en, f"{name} {at}：方案记为 {said}，按事实应为 {is_}", key, said, is_)

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
        en = f"case {case[:4]}..{case[-4:]}, {len(self.case.rules)} rules in force on {date}"
        zh = f"案卷 {case[:4]}..{case[-4:]}，{date} 有效规则 {len(self.case.rules)} 条"
        for name in incomplete(self.case):
            en, zh = f"{en}; pack {name} is not complete for that date", f"{zh}；规则库 {name} 对该日期不完整"
        self.check("inputs", 8, before, en, zh)
        if self.as_of is None:
            self.binding()

    def binding(self) -> None:
        """Rules, methods, objective, market and settings against the law installed here and the round's own texts."""
        before, bound = len(self.breaches), Binding(self.case, self.raw)
        for rule, en, zh in bound.problems:
            self.breach(rule, en, zh)
        cited, wrong = check_citations(self.plan, self.case)
        for rule, en, zh in wrong:
            self.breach(rule, en, zh)
        self.unchecked += bound.unchecked
        self.exceptions = tuple(bound.exceptions())
        self.corrections = tuple((one.said("en"), one.said("zh")) for one in bound.corrections)
        many = sum(entry["role"] == "round" for entry in self.case.sources)
        en = f"{len(self.case.rules)} rules, {len(self.case.methods)} methods" + (" and the round's own text" * many)
        zh = f"规则 {len(self.case.rules)} 条、方式 {len(self.case.methods)} 种" + ("及 round.toml" * many)
        named = {entry["name"]: entry["sha256"][:8] for entry in self.case.inputs}
        own = [entry["name"] for entry in self.case.sources if entry["role"] == "pack"]
        if own:
            listed = ", ".join(f"{name} ({named.get(name, '?')}..)" for name in own)
            en, zh = f"{en}; packs not shipped: {listed}", f"{zh}；非随附规则集：{listed}"
        self.check("bound", bound.compared + cited, before, en, zh)

    def assignments(self) -> None:
        """Every assignment by the scalar reading: legality, areas, terms, floors, prices, conditions, score."""
        before, single, area = len(self.breaches), 0, 0
        for entry in self.plan["assignments"]:
            name = "+".join(entry["parcel_ids"])
            reading, problems = identify(self.reader, entry)
            for rule, en, zh in problems:
                self.breach(rule, f"{name}: {en}", f"{name}：{zh}", (name,))
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
        en = f"{count} assignments, {single:,} single checks, {area:,} m2"
        self.check("law", single, before, en, f"供应 {count} 件，逐项核对 {single:,} 次，共 {area:,} 平方米")

    def limits(self, listing: Listing | None) -> list[int]:
        """Every row over the plan; returns the penalties of soft limits by tier."""
        before, rows = len(self.breaches), self.reader.rows
        uses = rows.uses((reading.rows for reading in self.chosen), listing.keys if listing else ())
        shown = self.shown = rows.shown(uses)
        for use in uses:
            row = use.row
            if use.broken:
                used, limit = shown[(row.rule, row.key)]["used"], shown[(row.rule, row.key)]["limit"]
                en = f"{row.id}: {used:,} used, {row.sense} {limit:,} allowed"
                self.breach(row.rule, en, f"{row.id}：已用 {used:,}，限值 {row.sense} {limit:,}", row.key, used, limit)
        if listing is not None:
            stated = {(entry["rule"], tuple(entry["key"])): entry for entry in self.plan["limits"]}
            self.same("limits", len(stated), len(self.plan["limits"]))
            for key in sorted(stated.keys() | set(listing.keys)):
                entry, found = stated.get(key, {}), shown.get(key, {})
                for field in ("sense", "used", "limit", "binding"):
                    self.same(f"limits.{field}", entry.get(field), found.get(field), (key[0], *key[1]))
        en, zh = f"{len(uses)} limits, relations and locks", f"限额、关联与锁定 {len(uses)} 项"
        self.check("limits", len(uses), before, en, zh)
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
                en = f"the bound {bound:,} is below the plan's {objective:,}: one of them is wrong"
                self.breach("bound", en, f"上界 {bound:,} 低于方案得分 {objective:,}", key, objective, bound)
        came_to = [stated.get("reached", stated["objective"]) for stated in result["tiers"]]
        closed = all(bound == reached for reached, (_, bound, _) in zip(came_to, self.tiers, strict=False))
        if result["stopped"] == "optimal" and not closed:
            en, zh = "the plan is called optimal, but the audited gap is not 0", "方案自称最优，但核定差距不为零"
            self.breach("optimal", en, zh, (), self.tiers[0][2] if self.tiers else "", "0")
        if result["stopped"] not in STOPPED:
            self.breach(
                "stopped", f"stopped '{result['stopped']}' is no plan's end", f"停止原因 {result['stopped']} 不成立"
            )
        self.same("bound_scope", result["bound_scope"], listing.scope)
        objective, bound, gap = self.tiers[0] if self.tiers else (0, None, "")
        word, wort = ("proven best", "已证最优") if closed else (f"gap {gap}", f"差距 {gap}")
        en = f"{points(objective)} re-computed; bound {points(bound)}; {word} over {listing.count:,} listed offers"
        zh = f"复算得分 {points(objective)}，上界 {points(bound)}，所列 {listing.count:,} 个方案中{wort}"
        self.check("score", 5 * len(found), before, en, zh)

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
            en = f"tier {tier + 1}: the plan has {objective:,}, held at {held:,}, reached {reached:,}, bound {bound}"
            zh = f"第 {tier + 1} 层：方案 {objective:,}，保底 {held:,}，本层达到 {reached:,}，上界 {bound}，互不相容"
            self.breach("held_at", en, zh, key, objective, held)

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
        for rule, en, zh in listing.read(self.digest, self.chosen, drawn, every):
            self.breach(rule, en, zh)
        part = "" if listing.derived == listing.count else f"{listing.derived:,} of "
        en, zh = (
            f"{part}{listing.count:,} listed offers re-derived",
            f"复核所列方案 {listing.derived:,}/{listing.count:,} 个",
        )
        self.check("offers", listing.derived, before, en, zh)
        self.bound(listing, self.limits(listing))
        read_words(self, listing)
        before = len(self.breaches)
        found = rescreen(self.reader, listing, drawn)
        for rule, en, zh in found.problems:
            self.breach(rule, en, zh)
        self.check("complete", found.checked, before, found.en, found.zh)
        if drawn.seed is not None or found.checked < found.total:
            self.unchecked.append(Unchecked("complete", *found.unsaid))
        if not listing.every:
            self.unchecked.append(Unchecked("offers", "offers of platforms not drawn", "未抽中平台的方案"))
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
        return AuditReport("", (), (Breach("format", (), "", "", *unread(wrong)),), (), None)
    try:
        found = auditor.run(complete, sample, seed, every)
    except FAULTS as wrong:
        if not auditor.breaches and bound(auditor.case, auditor.raw):
            raise own_fault(wrong) from wrong
        auditor.breach("format", *unread(wrong))
    name, done, breaches = str(auditor.plan.get("plan_id")), tuple(auditor.checks), tuple(auditor.breaches)
    unchecked = tuple(auditor.unchecked + list(DATED if as_of else ()) + list(BEYOND))
    told = auditor.exceptions, auditor.corrections, late_packs(auditor.case), pack_states(auditor.case)
    return AuditReport(name, done, breaches, tuple(auditor.tiers), found, unchecked, *told)
