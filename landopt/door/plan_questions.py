"""A plan asked: why, why not, what if, what stands in every plan, what serves one more, where a newcomer fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

from landopt.door import arguments
from landopt.door.answers import Explanation, Reply
from landopt.door.plan_tables import PlanTables
from parcels.common.catalogue import Say
from parcels.common.issues import Refused, error

if TYPE_CHECKING:
    from landopt.reasons.impossible.serving import Served
    from landopt.reasons.proven.core import Core
    from landopt.reasons.proven.moved_core import MovedCore
    from landopt.reasons.proven.whatif import WhatIf
    from landopt.reasons.resolved.placed import Placement


class PlanQuestions(PlanTables):
    """A plan folder, opened, that answers questions."""

    def explain(self, parcel: str | None = None, *, demand: str | None = None, every: bool = False) -> Explanation:
        """The justification of a parcel (or block ``P1+P2``), of a platform, or of the plan as a whole.

        ``every``: every record of the plan, one after the other.

        Raises
        ------
        Refused
            If the plan has no such parcel or platform, with the nearest one.

        Examples
        --------
        >>> plan.explain(served).records[0]["kind"]
        'assignment'
        """
        from landopt.keeping.plan_folder import records
        from landopt.reasons.texts import by_hand

        if parcel is not None and demand is not None:
            raise Refused(error("X002.both", at="explain"))
        found = self.data["justification"] if every else records(self.data, parcel=parcel, demand=demand)
        found = [self._opened.compared(record, test=len(found) == 1) for record in found]
        site = found[0].get("parcel_ids") if len(found) == 1 else None
        told = parcel is None or bool(site)
        fixed = {lang: by_hand(self.data, lang, site) if told else "" for lang in ("en", "zh")}
        return Explanation(tuple(found), fixed, self._opened.names, self.case.rules)

    def limits_by_worth(self, *, time_limit: str | int | None = None, say: Say | None = None) -> list[dict[str, Any]]:
        """What each limit and key is worth: lifted alone and by one step, solved again; the one worth most first.

        Parameters
        ----------
        time_limit
            Seconds, or a text such as ``"5m"``; default two minutes.
        say
            Hears a line of progress now and then.

        Examples
        --------
        >>> worth = [entry["lifted"]["low"][0] for entry in plan.limits_by_worth(time_limit=30)]
        >>> worth == sorted(worth, reverse=True)
        True
        """
        from landopt.reasons.clock import Clock
        from landopt.reasons.resolved.worth import limits_by_worth

        with Clock(arguments.seconds_of(time_limit), say) as clock:
            return [entry.as_dict() for entry in limits_by_worth(self._opened.context, self._opened.bounds, clock)]

    # The options of ``landopt whynot``, one for one.
    @overload
    def whynot(
        self,
        parcel: str,
        *,
        demand: str | None = ...,
        method: str,
        market: bool = ...,
        exact: bool = ...,
        gap: str | None = ...,
        time_limit_s: int | None = ...,
        full: bool = ...,
        say: Say | None = ...,
    ) -> Reply: ...

    # The options of ``landopt whynot``, one for one.
    @overload
    def whynot(
        self,
        parcel: str,
        *,
        demand: str | None = ...,
        method: None = ...,
        market: bool = ...,
        exact: bool = ...,
        gap: str | None = ...,
        time_limit_s: int | None = ...,
        full: bool = ...,
        say: Say | None = ...,
    ) -> dict[str, Reply]: ...

    # The options of ``landopt whynot``, one for one.
    def whynot(
        self,
        parcel: str,
        *,
        demand: str | None = None,
        method: str | None = None,
        market: bool = False,
        exact: bool = False,
        gap: str | None = None,
        time_limit_s: int | None = None,
        full: bool = False,
        say: Say | None = None,
    ) -> Reply | dict[str, Reply]:
        """Why a parcel does not go to a platform by a method; every method by its id where none is named.

        Parameters
        ----------
        parcel
            A parcel, or a block as ``P1+P2``.
        demand
            The platform; default: whom the plan gives the parcel, else the market (``market``: the market in any case).
        method
            The id of a method.
        exact
            Force a lawful choice and solve again, small rounds to the end: the loss as an interval, what moves, who
            loses.
        gap, time_limit_s, full
            Of the exact run (two minutes by default for all methods); ``full`` solves a large round again as a whole,
            not only near the plan.
        say
            Hears a line of progress now and then.

        Raises
        ------
        Refused
            If the parcel, the platform or the method is not known, with the nearest one.

        Examples
        --------
        >>> reply = plan.whynot(served, method="allocation")
        >>> reply.state in ("chosen", "lawful", "forbidden", "filtered", "verdict")
        True
        """
        from landopt.reasons import whynot as asked
        from landopt.reasons.clock import Clock
        from landopt.reasons.resolved.forced import best
        from landopt.reasons.resolved.forced import exact as force

        opened = self._opened
        case, context = opened.case, opened.context
        site = asked.rows_of(case, parcel.split("+"))
        if demand is not None:
            row: int | None = asked.demand_row(case, demand)
        else:
            row = None if market else asked.holder(context, site)
        wanted = asked.check_methods(case, [method] if method is not None else [each.id for each in case.methods])
        replies: dict[str, Reply] = {}
        known = None
        with Clock(time_limit_s, say) as clock:
            for name in wanted:
                answer = asked.whynot(context, opened.law, site, row, name, test=not exact)
                forced = None
                if exact and answer.state == "lawful":
                    members = asked.find(context, site, row, name).tolist()
                    known = known or best(context, opened.bounds, clock)
                    whole = full or gap is not None
                    forced = force(context, members, opened.bounds, gap=gap, full=whole, clock=clock, known=known)
                replies[name] = Reply(answer, forced)
        return replies if method is None else replies[wanted[0]]

    def whatif(
        self,
        *sets: str,
        without_parcels: Sequence[str] = (),
        without_demands: Sequence[str] = (),
        without_methods: Sequence[str] = (),
    ) -> WhatIf:
        """The exact bound of any plan under other numbers (``"RULE[key]:amount=N"``) or with offers gone; no solver.

        Raises
        ------
        Refused
            If a number, parcel, platform or method is not known, or the plan has no proof.

        Examples
        --------
        >>> plan.whatif().holds
        True
        """
        from landopt.reasons import whynot as asked
        from landopt.reasons.proven.whatif import Changes

        case = self._opened.case
        asked.rows_of(case, without_parcels)
        for name in without_demands:
            asked.demand_row(case, name)
        methods = asked.check_methods(case, without_methods)
        changes = Changes(sets, tuple(without_parcels), tuple(without_demands), methods)
        return self._opened.proven.whatif(changes)

    def core(
        self,
        within: str | None = None,
        *,
        exact: bool = False,
        time_limit: str | int | None = None,
        say: Say | None = None,
    ) -> Core:
        """Which choices stand in every plan within a loss (``"0.5%"`` or points), which in none, which are open.

        Parameters
        ----------
        exact
            Solve again for what the prices leave open, so that open means open for certain.
        time_limit
            Seconds of the exact search, or a text such as ``"5m"``; default two minutes.
        say
            Hears a line of progress now and then.

        Raises
        ------
        Refused
            If the loss is neither per cent nor points, or the plan has no proof.

        Examples
        --------
        >>> plan.core(within="0.5%").count("parcel", "core") >= 0
        True
        """
        from landopt.reasons.clock import Clock
        from landopt.reasons.proven.core import core
        from landopt.reasons.resolved.core_exact import settle

        found = core(self._opened.context, within, only=self._opened.only)
        if not exact:
            return found
        with Clock(arguments.seconds_of(time_limit), say) as clock:
            return settle(self._opened.context, found, clock)

    def moved_core(self, *sets: str, within: str | None = None) -> MovedCore:
        """The core under other numbers (``"RULE[key]:amount=N"``): what stands in every plan of the moved round.

        Held against the score this plan has under them, where it still holds, else against the score it has.

        Raises
        ------
        Refused
            If a number is not known, the loss is neither per cent nor points, or the plan has no proof.

        Examples
        --------
        >>> plan.moved_core(within="0.5%").holds
        True
        """
        from landopt.reasons.proven.moved_core import moved_core

        return moved_core(self._opened.proven, sets, within)

    def serve(self, demand: str, *, time_limit: str | int | None = None, say: Say | None = None) -> Served:
        """What it takes to serve a platform that this plan leaves out (``landopt diagnose --serve``).

        Parameters
        ----------
        demand
            The platform.
        time_limit
            Seconds, or a text such as ``"5m"``; default two minutes.
        say
            Hears a line of progress now and then.

        Raises
        ------
        Refused
            If there is no such platform, with the nearest one.

        Examples
        --------
        >>> taken = plan.assignments.demand_id.dropna().iloc[0]
        >>> plan.serve(taken).state
        'served'
        """
        from landopt.reasons.clock import Clock
        from landopt.reasons.impossible.serving import serving
        from landopt.reasons.whynot import demand_row

        opened = self._opened
        row = demand_row(opened.case, demand)
        context = opened.context
        tiers = (context.proof or {}).get("tiers") or [{"bound": None}]
        bound = None if tiers[0]["bound"] is None else int(tiers[0]["bound"])
        least = None if bound is None or context.losses is None else context.losses.tiers[0]
        with Clock(arguments.seconds_of(time_limit), say) as clock:
            return serving(opened.case, opened.offers, row, clock, context.chosen, bound, least)

    def place(
        self,
        demand: str,
        *,
        facts: Sequence[str] = (),
        exact: bool = False,
        time_limit: str | int | None = None,
        say: Say | None = None,
    ) -> Placement:
        """Where a late applicant could go, the rest held, one other moved, or freely (``landopt place``).

        Parameters
        ----------
        demand
            The id of a platform of the round, a file with one row, or the id of a new platform with ``facts``.
        facts
            ``"column=value"``, in the words a file takes.
        exact
            Solve the free placements again, small rounds to the end.
        time_limit
            Seconds, or a text such as ``"5m"``; default two minutes.
        say
            Hears a line of progress now and then.

        Raises
        ------
        Refused
            If the platform or a fact is not understood.

        Examples
        --------
        >>> left = plan.unserved.index[0]
        >>> {choice.mode for choice in plan.place(left).choices} <= {"held", "one_moved", "free"}
        True
        """
        from landopt.reasons.clock import Clock
        from landopt.reasons.resolved.newcomer import newcomer_of
        from landopt.reasons.resolved.placing import place

        opened = self._opened
        newcomer = newcomer_of(opened.case, demand, facts)
        with Clock(arguments.seconds_of(time_limit), say) as clock:
            return place(opened.context, newcomer, clock, exact=exact)

    @property
    def reached_now(self) -> list[int]:
        """What the plan scores in each tier, millipoints.

        Examples
        --------
        >>> len(plan.reached_now) >= 1
        True
        """
        return [int(tier["objective"]) for tier in self.data["result"]["tiers"]]
