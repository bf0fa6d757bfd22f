"""The main job, step by step: read, check, screen, solve, justify, write, audit; nothing is shown before the audit."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constraints.audit.files.plan_reader import read_plan, uncollected
from constraints.case import Case, as_written
from landopt.job import Breach, Job, NoPlan, Result, Stopped, gap_of
from landopt.progress import beyond, first_held, heard
from parcels.common.catalogue import Say, Told, told
from parcels.common.issues import Environment, Refused, error

if TYPE_CHECKING:
    import geopandas

    from constraints.audit.finding import AuditReport
    from landopt.intake.assemble import Loaded
    from landopt.screening.offers import Offers
    from landopt.solving.solver import Outcome


PATIENCE_S = 600
"""Without a limit of its own a round stops after this many seconds, with the best plan found and its bound."""

RE_DERIVED = 100_000
"""Listed offers up to which the audit of a run re-derives every one; beyond, those of the platforms it draws."""


class _Clock:
    """CPU seconds of this process, phase by phase."""

    def __init__(self) -> None:
        self.last = time.process_time()
        self.phases: dict[str, float] = {}

    def mark(self, phase: str) -> None:
        """A phase has ended."""
        before, self.last = self.last, time.process_time()
        self.phases[phase] = self.last - before


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is decided: the case under settings, overlays, ledger and fixes; the fixes and the ledger's head beside."""

    case: Case
    overrides: tuple[Mapping[str, Any], ...]
    head: str | None
    notes: tuple[Told, ...] = ()
    """What is to be told of a plan that is carried on."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A choice with its reasons: what the files of a plan folder are made from; ``written`` is ``case.json``."""

    scenario: Scenario
    offers: Offers
    outcome: Outcome
    plan: dict[str, Any]
    written: bytes


def read(job: Job) -> Loaded:
    """First step: the round's files as checked facts, with every finding.

    Raises
    ------
    Refused
        If ``round.toml`` itself cannot be read; what is wrong elsewhere stands in ``issues``.
    """
    from landopt.intake.assemble import read_round

    return read_round(job.round_path, drop=job.drop, reason=job.reason, as_of=job.as_of)


def scenario(loaded: Loaded, job: Job) -> Scenario:
    """Second step: the case under the settings asked for, overlays, numbers, the ledger and assignments fixed by hand.

    Raises
    ------
    Refused
        With every problem of the round, the overlays, the ledger or the fixes.
    """
    from landopt.intake.overlay import apply_overlays
    from landopt.keeping.fixes import apply_fixes
    from landopt.keeping.ledger.rounds import prepare

    case = apply_overlays(_asked(loaded.ready(), job), job.overlays, job.sets)
    head: str | None = None
    notes: tuple[Told, ...] = ()
    if job.booked or job.ledger is not None:
        case, head = prepare(case, loaded.file.path.parent, job.ledger, job.keep, job.change_cost, job.as_of)
    if job.continues is not None:
        from landopt.keeping.continued import carried_on

        case, said = carried_on(case, read_plan(job.continues))
        notes += said
    case, overrides = apply_fixes(as_written(case), job.fixes, reason=job.reason, by=job.by)
    return Scenario(case, tuple(overrides), head, notes)


def screen(case: Case, say: Say | None = None) -> Offers:
    """Third step: every lawful offer of a case.

    Raises
    ------
    Refused
        If the case is too large for exact integers.
    """
    from landopt.solving.site_search import offers_of

    if say is None:
        return offers_of(case, limit_s=_search_limit(case))
    return offers_of(case, limit_s=_search_limit(case), told=beyond(case, say), first=first_held(say))


def choose(case: Case, offers: Offers, job: Job, say: Say) -> Outcome:
    """Fourth step: the best choice found among the offers, with its bound.

    Raises
    ------
    NoPlan, Stopped, Environment
        If there is none: because the rules allow none, because time ran out, because the solver failed.
    """
    from landopt.solving.process.child import caps_memory
    from landopt.solving.solver import solve

    if job.memory is not None and not caps_memory():
        say(told("progress.no-cap"))
    outcome = solve(
        case,
        offers,
        gap=case.settings.gap,
        time_limit_s=_limit(case),
        nodes=case.settings.nodes,
        seed=case.settings.seed,
        threads=case.settings.threads,
        solver=job.solver,
        warm=offers.start,
        progress=heard(say),
        memory=job.memory,
    )
    _require_plan(outcome, job, offers.scope)
    for issue in outcome.issues:
        say(told("progress.kept", code=issue.code, said=issue.told))
    return outcome


def decide(made: Scenario, offers: Offers, outcome: Outcome, say: Say) -> Decision:
    """Fifth step: the choice with its reasons and the price of every fix, as ``plan.json``."""
    from landopt.keeping.plan import case_file, plan_json
    from landopt.reasons.explain.context import Context
    from landopt.reasons.justify import justify

    assert outcome.chosen is not None
    assert outcome.proof is not None
    case, chosen, overrides = made.case, outcome.chosen.tolist(), made.overrides
    if overrides:
        from landopt.reasons.fix_costs import fix_costs

        say(told("progress.pricing-fixes"))
        bounds = [tier.bound for tier in outcome.tiers]
        overrides = tuple(fix_costs(Context(case, offers, chosen, outcome.proof), overrides, bounds))
    say(told("progress.justifying"))
    records = justify(case, offers, chosen, outcome)
    written = case_file(case)
    plan = plan_json(
        case,
        stopped=outcome.stopped,
        scope=offers.scope,
        ties=outcome.ties,
        tiers=[(tier.objective, tier.bound, tier.solver_bound) for tier in outcome.tiers],
        records=records,
        proof=outcome.proof,
        overrides=overrides,
        ledger_head=made.head,
        written=written,
    )
    return Decision(made, offers, outcome, plan, written)


def write(place: Path, decision: Decision, geometry: geopandas.GeoDataFrame | None) -> None:
    """Sixth step: the files of a plan folder into an empty folder (``geometry``: outlines by parcel id)."""
    from constraints.canonical import canonical
    from landopt.keeping.plan_file import packed
    from landopt.report.gis.plan_layers import write_plan_gpkg
    from landopt.screening.offers_file import write_offers

    plan, case = decision.plan, decision.scenario.case
    (place / "case.json").write_bytes(decision.written)
    listed = write_offers(place / "offers.jsonl.gz", case, decision.offers, plan["case"]["digest"])
    proof = {
        **(decision.outcome.proof or {}),
        "schema": "landopt.proof/3",
        "case": plan["case"]["digest"],
        "offers": listed,
        "scope": decision.offers.scope,
    }
    (place / "proof.json").write_bytes(canonical(proof))
    (place / "plan.json").write_bytes(canonical(packed(plan)))
    if geometry is not None:
        write_plan_gpkg(place / "plan.gpkg", plan, case.parcels, geometry)


def audit(place: Path, listed: int, folder: Path, say: Say) -> AuditReport:
    """Last step: the audit of what was written, of every listed offer up to :data:`RE_DERIVED`, the bound over all.

    Raises
    ------
    Breach
        If anything the plan says is not so.
    """
    from constraints.audit.run import audit_plan

    report = audit_plan(place, every=listed <= RE_DERIVED)
    if listed > RE_DERIVED:
        done = sum(check.count for check in report.checks if check.name == "offers")
        say(told("progress.re-derived", done=done, listed=listed, folder=folder))
    if report.breaches:
        raise Breach(error("A005.withheld", at="audit", breach=breach.said) for breach in report.breaches)
    return report


STEPS = {
    "read": read,
    "scenario": scenario,
    "screen": screen,
    "choose": choose,
    "decide": decide,
    "write": write,
    "audit": audit,
}
"""The main job in its order; each step takes what the one before it gives, and can be used alone."""


def read_case(job: Job) -> tuple[Loaded, Case, Offers]:
    """The first three steps: a round under a scenario, and every lawful offer of it.

    Raises
    ------
    Refused
        With every problem of the input.
    """
    loaded = read(job)
    case = scenario(loaded, job).case
    return loaded, case, screen(case)


def _asked(case: Case, job: Job) -> Case:
    """The case with the settings asked for on the command line."""
    settings = case.settings
    if job.gap is not None:
        try:
            settings = replace(settings, gap=gap_of(job.gap))
        except ValueError:
            raise Refused(error("C004.gap-not-between", at="--gap", gap=job.gap)) from None
    for name in ("time_limit_s", "nodes", "seed", "threads"):
        value = getattr(job, name)
        if value is not None:
            settings = replace(settings, **{name: value})
    return replace(case, settings=settings)


@uncollected()
def run(job: Job, say: Say, loaded: Loaded | None = None) -> Result:
    """Decide a round and write its plan folder: every step of :data:`STEPS`, the folder being whole or not there.

    Parameters
    ----------
    job
        What is asked for.
    say
        Hears a line of progress now and then.
    loaded
        The round as :func:`read` gives it, where it was read already.

    Raises
    ------
    Refused
        The input is refused (exit 1).
    NoPlan
        No plan satisfies the rules (exit 3).
    Breach
        The audit found a breach (exit 5); nothing is written.
    Environment
        Solver, disk or lock trouble (exit 6).
    Stopped
        Stopped before any plan was found (exit 7).
    """
    from landopt.keeping import shelf
    from landopt.keeping.hold import hold
    from landopt.keeping.plan_file import ROBUST
    from landopt.report.odd_blocks import odd_blocks
    from parcels.common.kept import write_kept

    begun, clock = time.perf_counter(), _Clock()
    if loaded is None:
        say(told("progress.reading"))
        loaded = read(job)
    made = scenario(loaded, job)
    for issue in loaded.issues:
        say(told(f"progress.{issue.level}", code=issue.code, said=issue.note))
    for line in made.notes:
        say(line)
    home = loaded.file.path.parent
    wanted = job.output if job.output is not None else home / "plan"
    shelf.require_place(wanted, job.ledger if job.ledger is not None else home / shelf.LEDGER)
    with hold(home, say):
        shelf.tidy(home, wanted)
        draws = None
        if job.robust:
            from landopt.reasons.many.robust import asked_draws, robustly

            draws = asked_draws(made.case, job.stress if job.stress is not None else home / "stress.toml", job.robust)
        clock.mark("read")
        say(told("progress.screening"))
        offers = screen(made.case, say)
        clock.mark("screen")
        say(told("progress.built", offers=len(offers.site), rules=len(made.case.rules)))
        outcome, met = choose(made.case, offers, job, say), True
        over: dict[str, Any] | None = None
        if draws is not None:
            found = robustly(made.case, offers, outcome, draws, job.gap, say)
            if found is None:
                raise Stopped(error("S007.stopped-before-any", at="--robust"))
            outcome, met, over = found
        clock.mark("solve")
        decision = decide(made, offers, outcome, say)
        for issue in odd_blocks(decision.plan, made.case, loaded.geometry):
            say(told(f"progress.{issue.level}", code=issue.code, said=issue.note))
        clock.mark("justify")
        reports: list[AuditReport] = []

        def fill(place: Path) -> None:
            write(place, decision, loaded.geometry)
            if over is not None:
                write_kept(place / ROBUST, json.dumps(over, sort_keys=True).encode("ascii"))
            clock.mark("write")
            say(told("progress.auditing"))
            reports.append(audit(place, len(offers.site), wanted, say))
            clock.mark("audit")

        folder = shelf.put(home, wanted, decision.plan, decision.written, fill, say)
    code = (0 if met else 4) if job.robust else exit_code(made.case, decision.plan)
    seconds = time.perf_counter() - begun
    return Result(folder, decision.plan, made.case, reports[0], code, seconds, clock.phases, over)


def _limit(case: Case) -> int | None:
    """Seconds for the solver: as asked; with a node limit no clock; else :data:`PATIENCE_S`."""
    if case.settings.time_limit_s is not None or case.settings.nodes is not None:
        return case.settings.time_limit_s
    return PATIENCE_S


def _search_limit(case: Case) -> float | None:
    """Seconds for the search beyond the cap on sites: a quarter of the solver's; no clock with a node limit."""
    limit = _limit(case)
    return None if limit is None or case.settings.nodes is not None else limit / 4


def _require_plan(outcome: Outcome, job: Job, scope: str) -> None:
    where = str(job.round_path)
    if outcome.chosen is not None:
        return
    if outcome.stopped == "infeasible" and scope == "listed":
        raise Stopped(error("S016.no-plan-made", at=where))
    if outcome.stopped == "infeasible":
        issue = error("S003.no-plan-satisfies-landopt", at=where, case_words=job.case_words())
        raise NoPlan(issue)
    if outcome.stopped in ("limit", "user"):
        raise Stopped(error("S007.stopped-before-any", at=where))
    raise Environment(outcome.issues or error("S006.solver-failed", at=where))


def exit_code(case: Case, plan: Mapping[str, Any]) -> int:
    """0, or 4 where a tier's proven gap (by the better bound) is above the one asked for."""
    for tier in plan["result"]["tiers"]:
        better = min(value for value in (tier["bound"], tier["solver_bound"]) if value is not None)
        reached = tier.get("reached", tier["objective"])
        if Decimal(better - reached) > Decimal(case.settings.gap) * max(1, abs(reached)):
            return 4
    return 0
