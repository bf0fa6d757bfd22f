"""The numbers the search is tuned by: what each does, its unit, the range tried, and the measurement behind it."""

from __future__ import annotations

from dataclasses import dataclass

Step = tuple[bool, int, float]
"""(what the prices take whole is held, offers a platform, seconds at most) of a restricted programme."""


@dataclass(frozen=True)
class Tuning:
    """Stages of the search. "Measured" refers to docs/performance.md; the rest says that it is not.

    small
        Offers up to which a round goes on to gap 0 and is bounded by nodes, not by a clock. 1,000 to 5,000: the proof
        of 200 x 60 (2,100 to 2,600 offers) takes 3 to 20 CPU s, of 300 x 60 more (measured).
    prices_first
        Offers above which prices are there as soon as a first plan by a simple rule. Not measured since.
    rounded
        Offers looked at when the relaxation is rounded. Not measured.
    medium, large
        Restricted programmes before the last one, up to and above ``prices_first`` offers. 4 to 80 offers a platform:
        contested rounds (measured).
    stuck
        Offers above which a plan is filled anew where the first restricted programme brought nothing. Not measured.
    last, look
        Offers a platform up to which the last programme is tried as soon as a restricted one brings nothing more, and
        the seconds it may take at first. 40 to 160: contested 1,000 x 100 (measured).
    widest
        Offers beyond which no last programme is built where a plan is held. Memory (measured).
    claimed
        A proof goes on until its bound is within one part in so many of the plan's worth of what is claimed.
    branches
        Branches of a proof at most. 1,000 to 8,000: 200 x 60 (measured).
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
