"""The choices of a late applicant as values: what is told of each, and what an offer is by names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from constraints.case import Case
from landopt.screening.offers import Offers

Key = tuple[tuple[str, ...], str | None, str, str | None]
"""Parcels, platform, method and period of an offer."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One site and method for the newcomer.

    ``mode``: ``held`` (the rest of the plan as it is), ``one_moved`` (``moved`` says who goes where; a market supply is
    withdrawn or supplied otherwise) or ``free`` (all may move). ``score_change`` against the plan as it is, first tier,
    millipoints; of ``free`` an interval (``None``: no such bound); ``ended``: it is one number.
    """

    parcel_ids: tuple[str, ...]
    method: str
    period: str | None
    mode: str
    score_change: int | tuple[int | None, int | None]
    verdict: str
    moved: dict[str, Any] | None = None
    ended: bool = True

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON (DESIGN: ``{parcel_ids, method, mode, score_change, verdict}``)."""
        change = self.score_change
        return {
            "parcel_ids": list(self.parcel_ids),
            "method": self.method,
            "period": self.period,
            "mode": self.mode,
            "score_change": list(change) if isinstance(change, tuple) else change,
            "verdict": self.verdict,
            "moved": self.moved,
            "ended": self.ended,
        }


@dataclass(frozen=True, slots=True)
class Placement:
    """All choices of a newcomer, best first within each mode; what it turns unlawful; how the search ended.

    ``offers`` counts its lawful offers; ``left`` the sites and methods not looked at with one other moved.
    """

    demand_id: str
    offers: int
    choices: tuple[Placed, ...]
    turned_unlawful: tuple[dict[str, Any], ...]
    left: int
    stopped: str

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "demand_id": self.demand_id,
            "offers": self.offers,
            "choices": [choice.as_dict() for choice in self.choices],
            "turned_unlawful": list(self.turned_unlawful),
            "left": self.left,
            "stopped": self.stopped,
        }


def key_of(case: Case, offers: Offers, offer: int) -> Key:
    """What an offer is by names, so that it is known among other offers."""
    demand, period = int(offers.demand[offer]), int(offers.period[offer])
    return (
        tuple(case.parcels.ids[row] for row in offers.parcels(offer)),
        None if demand < 0 else case.demands.ids[demand],
        case.methods[int(offers.method[offer])].id,
        None if period < 0 else case.round.periods[period].id,
    )
