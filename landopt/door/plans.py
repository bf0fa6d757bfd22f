"""A plan as a value: its tables, its reasons, questions to it, and where it is kept."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landopt.door import arguments
from landopt.door.answers import Diff
from landopt.door.plan_runs import PlanRuns
from parcels.common.catalogue import Say
from parcels.common.issues import Refused, error
from parcels.common.language import language

if TYPE_CHECKING:
    from constraints.audit.finding import AuditReport
    from landopt.job import Result
    from landopt.keeping.plan_folder import PlanFolder


class Plan(PlanRuns):
    """A plan that passed the audit, or a plan folder opened again (:func:`open_plan`).

    Examples
    --------
    >>> plan = lo.open_plan("plan")
    >>> plan.assignments.area_m2.gt(0).all()
    np.True_
    """

    def __init__(self, opened: PlanFolder, result: Result | None = None, *kept: object) -> None:
        super().__init__(opened)
        self._result = result
        self._kept = kept  # what lives as long as the plan: its temporary folder, the round it was made from

    @classmethod
    def decided(cls, result: Result, *kept: object) -> Plan:
        """The plan a run made; ``kept`` lives as long as it."""
        from landopt.keeping.plan_folder import PlanFolder

        return cls(PlanFolder(result.folder, result.plan), result, *kept)

    def diff(
        self,
        other: Plan,
        *,
        causes: bool = False,
        most: int = 40,
        time_limit: str | int | None = None,
        say: Say | None = None,
    ) -> Diff:
        """What moves from this plan to another, and what differs between their cases.

        Parameters
        ----------
        causes
            Also solve this round with one change at a time: which change moved what (``landopt compare --causes``).
        most
            The most changes that are tried.
        time_limit
            Seconds of all runs, or a text such as ``"5m"``; default two minutes.
        say
            Hears a line of progress now and then.

        Examples
        --------
        >>> tighter = rnd.solve(gap="0.01", limits={"round.cap.listings": 24})
        >>> plan.diff(tighter).changes.id.tolist()
        ['round.cap.listings']
        """
        from landopt.reasons.clock import Clock
        from landopt.reasons.compared import causes as single
        from landopt.reasons.compared.differences import changes
        from landopt.reasons.compared.moves import moves

        found: dict[str, Any] = moves(self.data, other.data, other.case.parcels)
        found["changes"] = [change.as_dict() for change in changes(self.case, other.case)]
        if causes:
            with Clock(arguments.seconds_of(time_limit), say) as clock:
                found |= single.causes(self.case, other.case, self.data, other.data, clock, most).as_dict()
        return Diff(found, (*other.case.rules, *self.case.rules))

    def audit(self) -> AuditReport:
        """The audit of this plan: the one it passed before it was shown, or one made now for a folder opened again.

        Examples
        --------
        >>> plan.audit().checked > 1_000
        True
        """
        from constraints.audit.run import audit_plan

        return self._result.audit if self._result is not None else audit_plan(self.folder)

    @property
    def robust(self) -> dict[str, Any] | None:
        """Of a plan of many draws its mean, bound, gap and values in millipoints (``solve --robust``), else None.

        Claims of the search, which no audit checks.

        Raises
        ------
        Refused
            X005: the file is no JSON.

        Examples
        --------
        >>> plan.robust is None
        True
        """
        from landopt.keeping.plan_file import ROBUST
        from landopt.keeping.plan_folder import read_json

        path = self.folder / ROBUST
        found: dict[str, Any] | None = read_json(path) if path.is_file() else None
        return found

    @property
    def reached(self) -> bool:
        """Whether the better bound of every tier is within the gap asked for.

        Examples
        --------
        >>> plan.reached
        True
        """
        from landopt.pipeline import exit_code

        return exit_code(self.case, self.data) == 0

    def save(self, folder: str | Path) -> Path:
        """Write the plan folder to a new place: what ``landopt explain``, ``report`` and ``audit`` read.

        Raises
        ------
        Refused
            If the folder holds anything.

        Examples
        --------
        >>> lo.open_plan(plan.save("kept-plan")).id == plan.id
        True
        """
        return copy_folder(self.folder, Path(folder))

    def report(self, *kinds: str, lang: str | None = None, output: str | Path | None = None) -> list[Path]:
        """Write reports (``html``, ``xlsx``, ``docx``, ...; without a kind all that can be written) and name them.

        Parameters
        ----------
        output
            The folder; default ``report`` inside the plan folder.

        Raises
        ------
        Refused
            If a kind needs a library that is not installed.

        Examples
        --------
        >>> [path.name for path in plan.report("xlsx", lang="en", output="tables")]
        ['tables.xlsx']
        """
        from landopt.report.write import Wish, write_reports

        wish = Wish(self.folder, kinds, language(lang), None if output is None else Path(output))
        done = write_reports(wish, lambda _line: None)
        return [done.folder / name.rstrip("/") for name, _ in done.files]

    def summary(self, lang: str | None = None) -> str:
        """The plan as ``landopt solve`` prints it.

        Examples
        --------
        >>> "供应" in plan.summary("zh")
        True
        """
        from landopt.reasons.texts import render_plan

        return render_plan(self.data, language(lang), self.case, lambda: self._opened.compared)

    def _repr_html_(self) -> str:
        from landopt.door.notebook import page

        return page(self.data, self.outlines, language(None))

    def __repr__(self) -> str:
        counts = f"{len(self.data['assignments'])} sites, {len(self.data['unserved'])} platforms without one"
        return f"<plan {self.id}: {counts}, {self.objective:,} points, proven gap {self.gap}>"


def open_plan(path: str | Path) -> Plan:
    """Open a plan folder (or its ``plan.json``) for questions.

    Raises
    ------
    Refused
        If there is no plan there, or it is of another version.

    Examples
    --------
    >>> lo.open_plan("plan").stopped in ("optimal", "gap", "limit")
    True
    """
    from landopt.keeping.plan_folder import open_plan as opened

    return Plan(opened(Path(path)))


def copy_folder(source: Path, target: Path, leave_out: Sequence[str] = ()) -> Path:
    """Copy a folder to a new place, whole or not at all.

    Raises
    ------
    Refused
        If the place holds anything.
    """
    from parcels.common.atomic import write_folder

    if target.is_file() or (target.is_dir() and any(target.iterdir())):
        raise Refused(error("E003.not-empty", at=str(target), folder=str(target)))

    def fill(fresh: Path) -> None:
        shutil.copytree(source, fresh, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*leave_out))

    return write_folder(target, fill)
