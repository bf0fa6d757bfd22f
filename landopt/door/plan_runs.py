"""A plan asked what takes many solves: other plans, how it bears what may happen, the front it stands before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landopt.door import arguments
from landopt.door.plan_questions import PlanQuestions
from parcels.common.catalogue import Say

if TYPE_CHECKING:
    from landopt.reasons.many.stress import Borne
    from landopt.reasons.many.tradeoff import Front
    from landopt.runs.work import Where


class PlanRuns(PlanQuestions):
    """A plan folder, opened, that is solved again and again."""

    # The options of ``landopt alternatives``, one for one.
    def alternatives(
        self,
        count: int = 5,
        *,
        min_different: str | Fraction = "0",
        gap: str | None = None,
        time_limit: str | int | None = None,
        say: Say = lambda line: None,
    ) -> dict[str, Any]:
        """Other lawful plans, best first, each with its loss, and how often each choice recurs, as plain JSON.

        Parameters
        ----------
        count
            How many other plans.
        min_different
            The part of the assignments each must leave behind.
        gap
            The gap each search may stop at; 0 (the default) makes the order proven.
        time_limit
            Seconds of all searches, or a text such as ``"5m"``; default two minutes.
        say
            Hears a line for each plan.

        Examples
        --------
        >>> others = plan.alternatives(1, gap="0.01")
        >>> len(others["plans"]), others["ended"]
        (2, '')
        """
        from landopt.reasons.alternatives import alternatives

        case, context = self._opened.case, self._opened.context
        listed = alternatives(
            case,
            context.offers,
            context.chosen,
            count,
            min_different=Fraction(min_different),
            gap=gap or "0",
            time_limit_s=arguments.seconds_of(time_limit),
            seed=case.settings.seed,
            say=say,
        )
        return listed.as_dict(case, context.offers)

    # The options of ``landopt stress``, one for one.
    def stress(
        self,
        path: str | Path,
        *,
        draws: int | None = None,
        seed: int | None = None,
        gap: str | None = None,
        time_limit: str | int | None = None,
        where: Where | None = None,
        folder: str | Path | None = None,
        say: Say = lambda line: None,
    ) -> Borne:
        """How the plan bears what may happen: every draw of a stress file planned anew from it.

        Parameters
        ----------
        path
            The stress file (docs/planner.md).
        draws, seed
            Other than the file says.
        where
            Where the draws are made (default: in this process).
        folder
            Where finished draws are kept.

        Raises
        ------
        Refused
            With every fault of the file.

        Examples
        --------
        >>> borne = plan.stress("my-round/stress.toml", draws=1, gap="0.01")
        >>> borne.as_dict()["draws"]
        1
        """
        from landopt.reasons.many.draws import read_stress
        from landopt.reasons.many.scenario import Effort
        from landopt.reasons.many.stress import stress_plan

        asked = read_stress(Path(path), self._opened.case)
        asked = replace(asked, draws=asked.draws if draws is None else draws, seed=asked.seed if seed is None else seed)
        return stress_plan(
            self._opened.case,
            asked,
            self._assigned(),
            effort=Effort(gap, arguments.seconds_of(time_limit)),
            where=where,
            folder=None if folder is None else Path(folder),
            say=say,
        )

    # The options of ``landopt tradeoff`` of a plan, one for one.
    def tradeoff(
        self,
        between: Sequence[str],
        count: int = 9,
        *,
        gap: str | None = None,
        time_limit: str | int | None = None,
        where: Where | None = None,
        folder: str | Path | None = None,
        say: Say = lambda line: None,
    ) -> Front:
        """The front of best compromises in the case of this plan, with all that its scenario changed.

        Parameters
        ----------
        between
            As :meth:`landopt.api.Round.tradeoff` has them.
        count
            About how many points.
        where
            Where the runs are made (default: in this process).
        folder
            Where finished runs are kept.

        Raises
        ------
        Refused
            A name is no part.

        Examples
        --------
        >>> front = plan.tradeoff(["served", "revenue"], 2, time_limit=5)
        >>> len(front.points) >= 1
        True
        """
        from landopt.reasons.many.scenario import Effort
        from landopt.reasons.many.tradeoff import tradeoff

        return tradeoff(
            self._opened.case,
            between,
            count,
            present=self._assigned(),
            effort=Effort(gap, arguments.seconds_of(time_limit)),
            where=where,
            folder=None if folder is None else Path(folder),
            say=say,
        )

    def _assigned(self) -> list[list[Any]]:
        entries = self.data["assignments"]
        return [[each["parcel_ids"], each["demand_id"], each["method"], each["period"]] for each in entries]
