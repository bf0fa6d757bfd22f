"""The main job, step by step: read, check, screen, solve, justify, write, audit; nothing is shown before the audit."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constraints.case import Case
from constraints.plan import uncollected
from parcels.issues import Environment, Issue, LandoptError, Refused, error

if TYPE_CHECKING:
    from landopt.intake.assemble import Loaded
    from landopt.screening.offers import Offers
    from landopt.solving.solver import Outcome

Say = Callable[[str], None]

PATIENCE_S = 600
"""Without a limit of its own a round stops after this many seconds, with the best plan found and its bound."""


RE_DERIVED = 100_000
"""Listed offers up to which the audit of a run re-derives every one; beyond, those of the platforms it draws."""


class NoPlan(LandoptError):
    """No plan satisfies the rules (exit 3)."""

    exit_code = 3


class Breach(LandoptError):
    """The audit found a breach; the plan is withheld (exit 5)."""

    exit_code = 5


class Stopped(LandoptError):
    """Stopped before any plan was found (exit 7)."""

    exit_code = 7


@dataclass(frozen=True, slots=True)
class Options:
    """What the desk asks of one run; ``None`` means the round's own setting."""

    round_path: Path
    output: Path | None = None
    gap: str | None = None
    time_limit_s: int | None = None
    nodes: int | None = None
    seed: int | None = None
    threads: int | None = None
    memory: int | None = None
    solver: str = "highs"
    overlays: tuple[Path, ...] = ()
    sets: tuple[str, ...] = ()
    fixes: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    reason: str = ""
    by: str = ""
    keep: Path | None = None
    change_cost: int = 0
    ledger: Path | None = None

    def case_words(self) -> str:
        """The round and the options that make its case, as they are typed after a command of the desk."""
        words = [str(self.round_path)]
        for name, values in (("--overlay", self.overlays), ("--set", self.sets), ("--fix", self.fixes)):
            for value in values:
                words += [name, str(value)]
        words += ["--drop", ",".join(self.drop)] if self.drop else []
        words += ["--reason", self.reason] if self.reason else []
        words += ["--by", self.by] if self.by else []
        words += ["--ledger", str(self.ledger)] if self.ledger is not None else []
        return shlex.join(words)


@dataclass(frozen=True, slots=True)
class Result:
    """A plan that was written and passed the audit."""

    folder: Path
    plan: dict[str, Any]
    case: Case
    audit: Any
    exit_code: int
    seconds: float
    phases: dict[str, float] = field(default_factory=dict)
    """CPU seconds of this process in each phase; those of the solver's child are not in it."""

    def footer(self, lang: str) -> str:
        """Where the plan stands, the head of the ledger it was made under, and what to do next."""
        head = self.plan.get("ledger_head")
        if lang == "zh":
            lines = [f"方案已写入 {self.folder}，审查通过（{self.audit.checked} 项核对，0 项不符）。"]
            if head:
                lines.append(f"台账首哈希 {head}（核对：landopt audit {self.folder} --ledger 台账文件）")
            lines += [f"下一步：landopt explain {self.folder} --parcel 宗地编号；landopt report {self.folder} --html"]
            return "\n".join(lines)
        lines = [f"Plan written to {self.folder}; the audit re-checked {self.audit.checked} statements, 0 breaches."]
        if head:
            lines.append(f"Ledger head {head} (check: landopt audit {self.folder} --ledger LEDGER)")
        lines += [f"Next: landopt explain {self.folder} --parcel ID; landopt report {self.folder} --html"]
        return "\n".join(lines)


class _Clock:
    """CPU seconds of this process, phase by phase."""

    def __init__(self) -> None:
        self.last = time.process_time()
        self.phases: dict[str, float] = {}

    def mark(self, phase: str) -> None:
        """A phase has ended."""
        before, self.last = self.last, time.process_time()
        self.phases[phase] = self.last - before


def read_case(
    round_path: Path,
    *,
    overlays: Sequence[Path] = (),
    sets: Sequence[str] = (),
    drop: Sequence[str] = (),
    reason: str = "",
    fixes: Sequence[str] = (),
    by: str = "",
    ledger: Path | None = None,
    booked: bool = False,
) -> tuple[Loaded, Case, Offers]:
    """Read a round, apply a scenario and fixes, build every lawful offer; ``booked``: under the round's ledger.

    Raises
    ------
    Refused
        With every problem of the input.
    """
    from landopt.intake.assemble import read_round
    from landopt.intake.overlay import apply_overlays
    from landopt.keeping.fixes import apply_fixes
    from landopt.keeping.rounds import prepare
    from landopt.solving.site_search import offers_of

    loaded = read_round(round_path, drop=drop, reason=reason)
    case = apply_overlays(loaded.ready(), overlays, sets)
    if booked or ledger is not None:
        case, _ = prepare(case, loaded.file.path.parent, ledger)
    case, _ = apply_fixes(case, fixes, reason=reason, by=by)
    return loaded, case, offers_of(case, limit_s=_search_limit(case))


def _asked(case: Case, options: Options) -> Case:
    """The case with the settings asked for on the command line."""
    settings = case.settings
    if options.gap is not None:
        try:
            gap = Decimal(options.gap)
        except InvalidOperation:
            gap = Decimal(-1)
        if not gap.is_finite() or not 0 <= gap <= 1:
            raise Refused(error("C004", f"gap '{options.gap}' is not between 0 and 1", "--gap", "Maybe 0.001."))
        settings = replace(settings, gap=format(gap, "f"))
    for name in ("time_limit_s", "nodes", "seed", "threads"):
        value = getattr(options, name)
        if value is not None:
            settings = replace(settings, **{name: value})
    return replace(case, settings=settings)


@uncollected()
def run(options: Options, say: Say) -> Result:
    """Decide a round and write its plan folder.

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
    from landopt.intake.assemble import read_round
    from landopt.intake.overlay import apply_overlays
    from landopt.keeping.atomic import write_folder
    from landopt.keeping.fixes import apply_fixes
    from landopt.keeping.hold import hold
    from landopt.keeping.plan import case_file, plan_json
    from landopt.keeping.rounds import prepare
    from landopt.reasons.cutoffs import fix_costs
    from landopt.reasons.explain.context import Context
    from landopt.reasons.justify import justify
    from landopt.solving.child import caps_memory
    from landopt.solving.site_search import offers_of
    from landopt.solving.solver import solve

    begun, clock = time.perf_counter(), _Clock()
    say("reading")
    loaded = read_round(options.round_path, drop=options.drop, reason=options.reason)
    case = _asked(loaded.ready(), options)
    case = apply_overlays(case, options.overlays, options.sets)
    case, head = prepare(case, loaded.file.path.parent, options.ledger, options.keep, options.change_cost)
    case, overrides = apply_fixes(case, options.fixes, reason=options.reason, by=options.by)
    for issue in loaded.issues:
        say(f"{issue.level} {issue.code}  {issue.what}")
    folder = options.output if options.output is not None else loaded.file.path.parent / "plan"
    _require_place(folder)
    with hold(loaded.file.path.parent, say):
        clock.mark("read")
        say("screening")
        offers = offers_of(case, limit_s=_search_limit(case), told=_beyond(case, say))
        clock.mark("screen")
        say(f"built {len(offers.site)} lawful offers under {len(case.rules)} rules")
        if options.memory is not None and not caps_memory():
            say("this system cannot cap a process: --memory is only held against the estimate beforehand")
        outcome = solve(
            case,
            offers,
            gap=case.settings.gap,
            time_limit_s=_limit(case),
            nodes=case.settings.nodes,
            seed=case.settings.seed,
            threads=case.settings.threads,
            solver=options.solver,
            progress=_heard(say),
            memory=options.memory,
        )
        clock.mark("solve")
        _require_plan(outcome, options, offers.scope)
        for issue in outcome.issues:
            say(f"warning {issue.code}  {issue.what}; the best plan it had found is kept")
        assert outcome.chosen is not None
        assert outcome.proof is not None
        chosen = outcome.chosen.tolist()
        if overrides:
            say("pricing the fixes")
            bounds = [tier.bound for tier in outcome.tiers]
            overrides = tuple(fix_costs(Context(case, offers, chosen, outcome.proof), overrides, bounds))
        say("justifying")
        records = justify(case, offers, chosen, outcome)
        clock.mark("justify")
        written = case_file(case)
        plan = plan_json(
            case,
            stopped=outcome.stopped,
            scope=offers.scope,
            ties=outcome.ties,
            tiers=[(tier.objective, tier.bound, tier.solver_bound) for tier in outcome.tiers],
            records=records,
            overrides=overrides,
            ledger_head=head,
            written=written,
        )
        report: list[Any] = []

        def fill(place: Path) -> None:
            (place / "case.json").write_bytes(written)
            _write(place, case, plan, outcome, offers, loaded)
            clock.mark("write")
            say("auditing")
            report.append(_audited(place, len(offers.site), folder, say))
            clock.mark("audit")

        write_folder(folder, fill)
    return Result(
        folder=folder,
        plan=plan,
        case=case,
        audit=report[0],
        exit_code=_exit_code(case, plan),
        seconds=time.perf_counter() - begun,
        phases=clock.phases,
    )


def _limit(case: Case) -> int | None:
    """Seconds for the solver: as asked; with a node limit no clock; else :data:`PATIENCE_S`."""
    if case.settings.time_limit_s is not None or case.settings.nodes is not None:
        return case.settings.time_limit_s
    return PATIENCE_S


def _search_limit(case: Case) -> float | None:
    """Seconds for the search beyond the cap on sites: a quarter of the solver's; no clock with a node limit."""
    limit = _limit(case)
    return None if limit is None or case.settings.nodes is not None else limit / 4


def _beyond(case: Case, say: Say) -> Callable[[int, int], None]:
    """Says how many platforms were cut short at the cap and what the search beyond it added."""
    cap = case.settings.site_cap

    def tell(platforms: int, sites: int) -> None:
        say(
            f"platforms past the cap of {cap} sites: {platforms}; sites that the search beyond it added: {sites}; "
            "the bound holds for the listed offers"
        )

    return tell


def _heard(say: Say) -> Callable[[Mapping[str, Any]], None]:
    """Progress of the solver as lines: phase, best value and gap as they come, never an invented percentage."""
    last: list[str] = [""]

    def hear(news: Mapping[str, Any]) -> None:
        value, bound = news.get("value"), news.get("bound")
        line = f"  {news.get('phase', 'searching')}"
        if value is not None:
            line += f"   best {value / 1000:,.1f}"
            if bound is not None:
                line += f"   gap {100 * max(0, bound - value) / max(1, abs(value)):.3f} %"
        if line != last[0]:
            last[0] = line
            say(f"{line}   {news.get('seconds', 0):.1f} s")

    return hear


def _require_place(folder: Path) -> None:
    """A folder is replaced whole: never one that holds anything but a plan."""
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir()) and not (folder / "plan.json").exists()):
        issue = error("E002", f"'{folder}' exists and is not a plan folder", str(folder), "Choose another with -o DIR.")
        raise Environment(issue)


def _require_plan(outcome: Outcome, options: Options, scope: str) -> None:
    where = str(options.round_path)
    if outcome.chosen is not None:
        return
    if outcome.stopped == "infeasible" and scope == "listed":
        what = "no plan made of the listed offers satisfies the rules; sites beyond the cap were not all looked at"
        raise Stopped(error("S016", what, where, "Maybe raise site_cap in [solve] of round.toml."))
    if outcome.stopped == "infeasible":
        issue = error("S003", "no plan satisfies the rules", where, f"landopt diagnose {options.case_words()}")
        raise NoPlan(issue)
    if outcome.stopped in ("limit", "user"):
        what = "stopped before any plan was found; this says nothing about whether one exists"
        raise Stopped(error("S007", what, where, "a longer --time-limit"))
    raise Environment(outcome.issues or error("S006", "the solver failed", where, "Try --solver highs."))


def _write(place: Path, case: Case, plan: dict[str, Any], outcome: Outcome, offers: Offers, loaded: Loaded) -> None:
    from constraints.canonical import canonical
    from landopt.keeping.planfile import packed
    from landopt.report.gis import write_plan_gpkg
    from landopt.screening.offers import write_offers

    listed = write_offers(place / "offers.jsonl.gz", case, offers, plan["case"]["digest"])
    proof = {
        **(outcome.proof or {}),
        "schema": "landopt.proof/3",
        "case": plan["case"]["digest"],
        "offers": listed,
        "scope": offers.scope,
    }
    (place / "proof.json").write_bytes(canonical(proof))
    (place / "plan.json").write_bytes(canonical(packed(plan)))
    if loaded.geometry is not None:
        write_plan_gpkg(place / "plan.gpkg", plan, case.parcels, loaded.geometry)


def _audited(place: Path, listed: int, folder: Path, say: Say) -> Any:
    """The audit of what was written: of every listed offer up to :data:`RE_DERIVED`, the bound over all in any case."""
    from constraints.audit import audit_plan

    report = audit_plan(place, every=listed <= RE_DERIVED)
    if listed > RE_DERIVED:
        done = sum(check.count for check in report.checks if check.name == "offers")
        say(f"re-derived {done:,} of {listed:,} offers; all with: landopt audit {folder}")
    if report.breaches:
        raise Breach(
            Issue("error", "A005", breach.en, "audit", "The plan is withheld.", zh=breach.zh)
            for breach in report.breaches
        )
    return report


def _exit_code(case: Case, plan: dict[str, Any]) -> int:
    """0, or 4 where a tier's proven gap (by the better bound) is above the one asked for."""
    for tier in plan["result"]["tiers"]:
        better = min(value for value in (tier["bound"], tier["solver_bound"]) if value is not None)
        if Decimal(better - tier["objective"]) > Decimal(case.settings.gap) * max(1, abs(tier["objective"])):
            return 4
    return 0
