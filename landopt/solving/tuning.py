"""The numbers the search is tuned by: what each does, its unit, the range tried, and the measurement behind it."""

from __future__ import annotations

from dataclasses import dataclass

Step = tuple[bool, int, float]
"""(what the prices take whole is held, offers of platforms and again on parcels, seconds at most)."""


@dataclass(frozen=True)
class Tuning:
    """Stages of the search. Only what names a measurement (docs/performance.md) has one.

    small
        Offers up to which a round goes on to gap 0 and is bounded by nodes, not by a clock. 3,000 alone was tried:
        200 x 60 (924 to 2,560 offers) takes 3 to 16 CPU s with its proof.
    few
        Offers of platforms in the programme that comes before the proof up to ``small`` offers; the tree finds what it
        misses. 200, 300, 400, 600 and all: with the proof the example takes 1.2, 1.3, 1.4, 1.4 and 2.2 CPU s,
        a contested round of 1,667 offers 1.4 (200) and 3.2 (all), eleven others up to a third less or the same.
    prices_first
        Offers above which prices are there as soon as a first plan by a simple rule. Not measured since.
    rounded
        Offers looked at when the relaxation is rounded. Not measured.
    medium, large
        Restricted programmes before the last one, up to and above ``prices_first`` offers. Sizes of 4,000, 12,000 and
        20,000 were tried; one CPU s each: local limits 0.003 %, streets 0.0006 %, tight 0.0007 %; contested 5,000 x 500
        (seed 12) 0.05 % after 12 s, where twelve and thirty offers a platform by margin alone ended at 0.13 % after 22.
    of_part
        Offers that a part brings to one of them at least. 10 instead of 4 took d201600 and c10400 all offers.
    tighter
        Seconds that rows of odd sets and divided limits may take at least, else as long as the prices took. Without an
        end local limits took 7 s of them for the same plan.
    last, look
        Offers a platform up to which the last programme is tried as soon as a restricted one brings nothing more, and
        the seconds it may take at first. Not measured since proofs derive rows.
    widest
        Offers beyond which no last programme is built where a plan is held, for its memory. Not measured.
    searched
        Share of the time left that the last programme may take; the rest is the proof's. With all of it the three
        years (6,828 offers) ended at 0.38 %, as HiGHS alone does, where 6 CPU s of proof bring 0.16 %.
    claimed
        A proof goes on until its bound is within one part in so many of the plan's worth of what is claimed: half of
        the 0.01 % asked for. Not measured otherwise.
    branches
        Branches of a proof at most. 4,000 alone was tried: 200 x 60 closes in 6 to 16 CPU s or ends at 0.0001 %.
    """

    small: int = 3_000
    few: int = 200
    prices_first: int = 60_000
    rounded: int = 8_000
    medium: tuple[Step, ...] = ((True, 6_000, 4.0), (False, 6_000, 20.0))
    large: tuple[Step, ...] = ((True, 6_000, 8.0), (False, 6_000, 20.0), (False, 20_000, 30.0), (False, 60_000, 60.0))
    of_part: int = 4
    tighter: float = 1.0
    last: int = 80
    look: float = 2.0
    widest: int = 300_000
    searched: float = 0.75
    claimed: int = 20_000
    branches: int = 4_000


USUAL = Tuning()
