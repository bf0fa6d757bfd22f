"""What questions of many runs start from: the plan as it stands, by its assignments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from constraints.case import Case
from landopt.keeping.plan_folder import open_plan
from landopt.reasons.many.scenario import stands
from landopt.screening.uncapped_sites import build_offers
from parcels.common.issues import LandoptError, Refused, error


def present_of(case: Case, home: Path, plan: str | Path | None) -> list[list[Any]] | None:
    """The assignments of a plan; of none named, those of the plan in the round's folder if it holds, else None.

    Raises
    ------
    Refused
        W012: the plan that was named does not hold in the round.
    """
    if plan is None and not (home / "plan" / "plan.json").is_file():
        return None
    try:
        found = open_plan(home / "plan" if plan is None else Path(plan)).plan["assignments"]
    except LandoptError:
        if plan is None:
            return None
        raise
    named = [[each["parcel_ids"], each["demand_id"], each["method"], each["period"]] for each in found]
    state = stands(case, build_offers(case), named)
    if state["objective"] is not None:
        return named
    if plan is None:
        return None
    raise Refused(error("W012.does-not-hold", at=str(plan), rows=tuple(state["rows"]), missing=state["missing"]))
