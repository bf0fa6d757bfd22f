"""A round as a value: read from files or made from frames, with its tables, its offers and its decision."""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landopt.door import arguments
from landopt.door.frames import Policy
from landopt.door.plans import Plan
from landopt.door.round_tables import RoundTables, read_round
from landopt.job import Job
from landopt.keeping.ledger.stores.places import ledger_place
from parcels.common.catalogue import Say

if TYPE_CHECKING:
    import geopandas
    import pandas as pd

    from landopt.door.replanning import Replanned
    from landopt.reasons.many.sweep import Swept
    from landopt.reasons.many.tradeoff import Front
    from landopt.runs.work import Where

PathLike = str | Path


class Round(RoundTables):
    """A round that was read and checked: parcels, demands, law and settings.

    Made by :func:`read` from files, or from frames: these are written as files of a round and read back, so that they
    pass every check a file passes. Columns are those of docs/fields.md; a missing value is an unknown fact.

    Parameters
    ----------
    parcels
        Polygons with their facts; the CRS must be projected or geographic and known.
    demands
        One row a platform.
    policy
        The round's own rules (docs/rule-format.md): files, texts or parsed tables, one or several.
    packs
        Names of rule packs.
    as_of
        Date whose law holds; default: today.
    layers
        Polygon and point layers by role, as frames or files.
    records
        Documents on file.
    settings
        Any table of ``round.toml``: ``{"objective": {...}, "market": {...}, "solve": {...}, "round": {...}}``.

    Raises
    ------
    Refused
        With every problem at once.

    Examples
    --------
    >>> rnd = lo.Round(parcels=gdf, demands=df, packs=["cn"], as_of="2026-03-31")
    >>> rnd.parcels.loc["P-1", "use"]
    'RES'
    """

    # As many parameters as a round has parts; all but the two tables are optional and named.
    def __init__(
        self,
        parcels: geopandas.GeoDataFrame,
        demands: pd.DataFrame,
        *,
        policy: Policy | Sequence[Policy] = (),
        packs: Sequence[str] = ("cn",),
        as_of: str | datetime.date | None = None,
        layers: Mapping[str, geopandas.GeoDataFrame | PathLike] | None = None,
        records: pd.DataFrame | None = None,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        from landopt.door.frames import write_round

        tables = {name: dict(table) for name, table in (settings or {}).items()}
        head = tables.setdefault("round", {})
        head.setdefault("id", "round")
        head.setdefault("as_of", arguments.date(as_of))
        tables.setdefault("rules", {}).setdefault("packs", list(packs))
        home = _folder()
        place = Path(home.name)
        several = [policy] if isinstance(policy, str | Path | Mapping) else list(policy)
        write_round(place, parcels, demands, records=records, layers=layers, policy=several, tables=tables)
        self._held = read_round(Job(place), home)

    @classmethod
    def opened(cls, path: Path, drop: tuple[str, ...] = (), reason: str = "") -> Round:
        """The round whose files are at a path (:func:`landopt.api.read`)."""
        found = cls.__new__(cls)  # its files are there already: nothing is written
        found._held = read_round(Job(path, drop=drop, reason=reason), None)
        return found

    # The options of ``landopt solve``, one for one; all optional and named.
    def solve(
        self,
        *,
        gap: str | float | None = None,
        time_limit: str | int | None = None,
        nodes: int | None = None,
        seed: int | None = None,
        threads: int | None = None,
        memory: int | None = None,
        solver: str = "highs",
        limits: Mapping[str | tuple[str, ...], int | str] | None = None,
        overlays: Sequence[PathLike] = (),
        fixes: Mapping[str, str | tuple[str, str]] | None = None,
        reason: str = "",
        by: str = "",
        keep: Plan | PathLike | None = None,
        change_cost: int = 0,
        continues: Plan | PathLike | None = None,
        robust: int = 0,
        stress: PathLike | None = None,
        as_of: str | datetime.date | None = None,
        ledger: PathLike | None = None,
        output: PathLike | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> Plan:
        """Decide the round; the plan is audited before it is returned.

        Parameters
        ----------
        gap
            Stop at this proven gap, such as ``"0.001"``.
        time_limit
            Seconds, or a text such as ``"5m"``.
        nodes, seed, threads, memory, solver
            As of ``landopt solve``; ``memory`` in bytes.
        limits
            Numbers of policy limits for this run: ``{"round.cap.listings": 25}``; a keyed amount as
            ``("round.quota", "Nansha")``, another number of the rule as ``"round.share:share"``.
        overlays
            Scenarios of rules and facts, as files.
        fixes
            Assignments fixed by hand: ``{"P1+P2": "listing", "P3": ("agreement", "D07")}``, with ``reason`` and ``by``.
        keep, change_cost
            Replan with least change from this plan.
        continues
            The plan of a programme that this round carries on (``landopt solve --continue``).
        robust, stress
            The plan with the best mean over so many draws of a stress file (``landopt solve --robust``).
        as_of
            The law of another day on the same round, a scenario: later facts are set aside, policy is carried over.
        output
            The plan folder; default: a temporary one that lives as long as the plan (:meth:`Plan.save` keeps it).
        progress
            Hears a line now and then.

        Raises
        ------
        Refused
            A limit, fix, overlay or option is not understood.
        NoPlan
            No plan satisfies the rules.
        Stopped
            Stopped before any plan was found.
        Breach
            The audit found a breach.
        Environment
            Solver, disk or lock trouble.

        Examples
        --------
        >>> tighter = rnd.solve(gap="0.01", limits={"round.cap.listings": 24})
        >>> tighter.audit().breaches, tighter.limits.set_index("rule").limit["round.cap.listings"]
        ((), np.int64(24))
        """
        from landopt import pipeline

        home = None if output is not None else _folder()
        job = Job(
            self._held.job.round_path,
            output=Path(output) if home is None else Path(home.name) / "plan",  # type: ignore[arg-type]
            gap=None if gap is None else str(gap),
            time_limit_s=arguments.seconds_of(time_limit),
            nodes=nodes,
            seed=seed,
            threads=threads,
            memory=memory,
            solver=solver,
            overlays=tuple(Path(each) for each in overlays),
            sets=tuple(arguments.setting(name, value) for name, value in (limits or {}).items()),
            fixes=tuple(arguments.fix(site, choice) for site, choice in (fixes or {}).items()),
            drop=self._held.job.drop,
            reason=reason or self._held.job.reason,
            by=by,
            keep=_folder_of(keep),
            change_cost=change_cost,
            continues=_folder_of(continues),
            robust=robust,
            stress=None if stress is None else Path(stress),
            as_of=None if as_of is None else arguments.date(as_of).isoformat(),
            ledger=None if ledger is None else ledger_place(ledger if isinstance(ledger, str) else Path(ledger)),
        )
        result = pipeline.run(job, _lines(progress), self._held.loaded if as_of is None else None)
        return Plan.decided(result, self, home)

    def sweep(
        self, path: PathLike, folder: PathLike, *, where: Where | None = None, say: Say = lambda line: None
    ) -> Swept:
        """Solve every combination of a sweep file, each from the plan of the round as it stands (``landopt sweep``).

        Parameters
        ----------
        path
            The sweep file (docs/explain.md).
        folder
            Where finished runs are kept.
        where
            Where the runs are made (default: in this process).

        Raises
        ------
        Refused
            With every fault of the file.

        Examples
        --------
        >>> swept = rnd.sweep("my-round/sweep.toml", "swept")
        >>> len(swept.rows), swept.interrupted
        (6, False)
        """
        from landopt.reasons.many.sweep import read_sweep, sweep_case

        return sweep_case(self.case, read_sweep(Path(path)), Path(folder), where=where, say=say)

    # The options of ``landopt tradeoff``, one for one.
    def tradeoff(
        self,
        between: Sequence[str],
        count: int = 9,
        *,
        plan: Plan | PathLike | None = None,
        gap: str | None = None,
        time_limit: str | int | None = None,
        where: Where | None = None,
        folder: PathLike | None = None,
        say: Say = lambda line: None,
    ) -> Front:
        """The front of best compromises between two or three parts, each point a lawful plan with its proven gap.

        Parameters
        ----------
        between
            ``served``, ``revenue``, ids of preferences, ``area`` or ``area:CODE``, ``fairness:platform_kind``,
            ``fairness:district``, ``kept``.
        count
            About how many points.
        plan
            The plan as it stands (default: the one in the round's folder, else the round is solved first).
        where
            Where the runs are made (default: in this process).
        folder
            Where finished runs are kept.

        Raises
        ------
        Refused
            A name is no part, or the plan does not hold in the round.

        Examples
        --------
        >>> front = rnd.tradeoff(["served", "revenue"], 2, plan=plan, time_limit=5)
        >>> len(front.points) >= 1
        True
        """
        from landopt.door.many import present_of
        from landopt.reasons.many.scenario import Effort
        from landopt.reasons.many.tradeoff import tradeoff

        folder_of = plan.folder if isinstance(plan, Plan) else plan
        return tradeoff(
            self.case,
            between,
            count,
            present=present_of(self.case, self.path.parent, folder_of),
            effort=Effort(gap, arguments.seconds_of(time_limit)),
            where=where,
            folder=None if folder is None else Path(folder),
            say=say,
        )

    def left_over(self, ledger: PathLike | None = None) -> list[dict[str, Any]]:
        """What closed rounds of a ledger leave to this round, a record each (``landopt round next``).

        Raises
        ------
        Refused
            Where there is no ledger, or it was altered.

        Examples
        --------
        >>> try:
        ...     rnd.left_over()
        ... except lo.Refused as none:
        ...     [issue.code for issue in none.issues]
        ['B001']
        """
        from landopt.keeping.ledger.left_over import left_to

        book = None if ledger is None else ledger_place(ledger)
        found: list[dict[str, Any]] = left_to(self._held.job.round_path, book)["carried"]
        return found

    def replan(
        self,
        plan: Plan | PathLike | None = None,
        *,
        output: PathLike | None = None,
        change_cost: int = 0,
        time_limit: str | int | None = 120,
        ledger: PathLike | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> Replanned:
        """The next plan after sales that the ledger records as failed, with least change (``landopt replan``).

        Parameters
        ----------
        plan
            The plan that was carried out; default: the round's own.
        output
            Where the next plan goes; default ``next`` in the round's folder.
        change_cost
            Points a changed assignment costs; default: more than any platform is worth.

        Raises
        ------
        Refused
            If the round has no ledger, or it records no failed sale of the plan.

        Examples
        --------
        >>> try:
        ...     rnd.replan(plan)
        ... except lo.Refused as none:
        ...     [issue.code for issue in none.issues]
        ['O017']
        """
        from landopt.door.replanning import replan

        job = Job(
            self._held.job.round_path,
            output=None if output is None else Path(output),
            keep=_folder_of(plan),
            change_cost=change_cost,
            time_limit_s=arguments.seconds_of(time_limit),
            drop=self._held.job.drop,
            reason=self._held.job.reason,
            ledger=None if ledger is None else Path(ledger),
        )
        return replan(job, _lines(progress))

    def save(self, folder: PathLike) -> Path:
        """Write the files of the round into a new folder: what ``landopt solve`` reads.

        Raises
        ------
        Refused
            If the folder holds anything.

        Examples
        --------
        >>> lo.read(rnd.save("kept-round")).case == rnd.case
        True
        """
        from landopt.door.plans import copy_folder

        return copy_folder(self.path.parent, Path(folder), leave_out=("plan", "plans", ".landopt*"))

    def __repr__(self) -> str:
        case = self.case
        return (
            f"<round {case.round.id}: {len(case.parcels)} parcels, {len(case.demands)} platforms, {case.round.as_of}>"
        )


def _lines(progress: Callable[[str], None] | None) -> Say:
    """Hears what is told and hands it on as lines of text."""
    return lambda line: None if progress is None else progress(line.text())


def _folder_of(plan: Plan | PathLike | None) -> Path | None:
    """Where a plan lies that is given as a value or by its place."""
    return plan.folder if isinstance(plan, Plan) else None if plan is None else Path(plan)


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="landopt-", ignore_cleanup_errors=True)
