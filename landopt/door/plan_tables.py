"""A plan's tables: what plan.json says, as numbers and (Geo)DataFrames."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import geopandas
    import pandas as pd

    from constraints.case import Case
    from landopt.keeping.plan_folder import PlanFolder


class PlanTables:
    """A plan folder, opened, as numbers and tables."""

    def __init__(self, opened: PlanFolder) -> None:
        self._opened = opened

    @property
    def folder(self) -> Path:
        """The plan folder; a temporary one, gone with this value, unless the plan was written or saved elsewhere.

        Examples
        --------
        >>> (plan.folder / "plan.json").is_file()
        True
        """
        return self._opened.folder

    @property
    def data(self) -> Mapping[str, Any]:
        """``plan.json`` (docs/plan.md).

        Examples
        --------
        >>> plan.data["schema"]
        'landopt.plan/1'
        """
        return self._opened.plan

    @property
    def id(self) -> str:
        """The plan's id: the round's and eight places of the plan hash.

        Examples
        --------
        >>> plan.id.startswith(rnd.case.round.id)
        True
        """
        return str(self.data["plan_id"])

    @property
    def case(self) -> Case:
        """The case it was made from.

        Examples
        --------
        >>> plan.case.parcels == rnd.case.parcels
        True
        """
        return self._opened.case

    @property
    def stopped(self) -> str:
        """Why the search stopped: ``optimal``, ``gap``, ``limit``, ``user`` or ``failed``.

        Examples
        --------
        >>> plan.stopped in ("optimal", "gap")
        True
        """
        return str(self.data["result"]["stopped"])

    @property
    def objective(self) -> Decimal:
        """Points of the first tier, exact (:attr:`tiers` has all).

        Examples
        --------
        >>> plan.objective > 0
        True
        """
        return _points(self.data["result"]["tiers"][0]["objective"])

    @property
    def bound(self) -> Decimal:
        """What no lawful plan can pass in the first tier, points: the audited bound.

        Examples
        --------
        >>> plan.bound >= plan.objective
        True
        """
        return _points(self.data["result"]["tiers"][0]["bound"])

    @property
    def gap(self) -> Decimal:
        """The proven gap, (bound - objective) / objective: the largest of any tier.

        Examples
        --------
        >>> from decimal import Decimal
        >>> plan.gap <= Decimal("0.01")
        True
        """
        return max(Decimal(tier["proven_gap"]) for tier in self.data["result"]["tiers"])

    @property
    def tiers(self) -> pd.DataFrame:
        """Objective, audited bound, the solver's own bound (millipoints) and proven gap of each tier.

        Examples
        --------
        >>> int(plan.tiers.objective[0]) == int(plan.objective * 1000)
        True
        """
        import pandas as pd

        return pd.DataFrame(self.data["result"]["tiers"])

    @cached_property
    def outlines(self) -> geopandas.GeoDataFrame | None:
        """The outlines of the parcels by id, in the projected CRS; None for a plan without a map.

        Examples
        --------
        >>> len(plan.outlines) == len(rnd.parcels)
        True
        """
        from landopt.report.source import Source

        return Source(self._opened).polygons if (self.folder / "plan.gpkg").is_file() else None

    @property
    def assignments(self) -> geopandas.GeoDataFrame:
        """What is supplied, one row a site, with its outline (a plain DataFrame for a plan without a map).

        Examples
        --------
        >>> int(plan.assignments.area_m2.sum()) == round(plan.assignments.area_m2.sum())
        True
        """
        from landopt.door import frames

        return frames.assignments(self.data, self.outlines)

    @property
    def held(self) -> geopandas.GeoDataFrame:
        """The parcels held back, with the reasons in both languages.

        Examples
        --------
        >>> bool((plan.held.reasons > 0).all())
        True
        """
        from landopt.door import frames

        return frames.held(self.data, self.outlines)

    @property
    def unserved(self) -> pd.DataFrame:
        """The platforms without a site, with the reasons in both languages.

        Examples
        --------
        >>> len(plan.unserved) + plan.assignments.demand_id.notna().sum() == len(rnd.demands)
        np.True_
        """
        from landopt.door import frames

        return frames.unserved(self.data)

    @property
    def limits(self) -> pd.DataFrame:
        """The limits over the plan: rule, key, sense, used, limit, unit, binding.

        Examples
        --------
        >>> "round.cap.listings" in set(plan.limits.rule)
        True
        """
        from landopt.door import frames

        return frames.limits(self.data)


def _points(millipoints: int) -> Decimal:
    return Decimal(millipoints).scaleb(-3)
