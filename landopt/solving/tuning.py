"""The numbers the search is tuned by: what each does, its unit, the range tried, and the measurement behind it."""

from __future__ import annotations

from dataclasses import dataclass

Step = tuple[bool, int, float]
"""(what the prices take whole is held, offers a platform, seconds at most) of a restricted programme."""


@dataclass(frozen=True)
class Tuning:
    """Stages of the search. Only what names a measurement (docs/performance.md) has one.

    small
        Offers up to which a round goes on to gap 0 and is bounded by nodes, not by a clock. 3,000 alone was tried:
        200 x 60 (924 to 2,560 offers) takes 3 to 16 CPU s with its proof.
    prices_first
        Offers above which prices are there as soon as a first plan by a simple rule. Not measured since.
    rounded
        Offers looked at when the relaxation is rounded. Not measured.
    medium, large
        Restricted programmes before the last one, up to and above ``prices_first`` offers. Not measured since proofs
        derive rows.
    stuck
        Offers above which a plan is filled anew where the first restricted programme brought nothing. Not measured.
    last, look
        Offers a platform up to which the last programme is tried as soon as a restricted one brings nothing more, and
        the seconds it may take at first. Not measured since proofs derive rows.
    widest
        Offers beyond which no last programme is built where a plan is held, for its memory. Not measured.
    claimed
        A proof goes on until its bound is within one part in so many of the plan's worth of what is claimed: half of
        the 0.01 % asked for. Not measured otherwise.
    branches
        Branches of a proof at most. 4,000 alone was tried: 200 x 60 closes in 6 to 16 CPU s or ends at 0.0001 %.
    """

    small: int = 3_000
    prices_first: int = 60_000
    rounded: int = 8_000
    medium: tuple[Step, ...] = ((True, 5, 2.0),)
    large: tuple[Step, ...] = ((True, 5, 4.0), (True, 12, 4.0), (False, 12, 30.0), (False, 30, 60.0))
    stuck: int = 200_000
    last: int = 80
    look: float = 2.0
    widest: int = 300_000
    claimed: int = 20_000
    branches: int = 4_000


USUAL = Tuning()
