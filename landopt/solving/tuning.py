"""The numbers the search is tuned by: what each does, its unit, the range tried, and the measurement behind it."""

from __future__ import annotations

from dataclasses import dataclass

Step = tuple[bool, int, float]
"""(what the prices take whole is held, offers of platforms and again on parcels, seconds at most)."""


@dataclass(frozen=True)
class Tuning:
    """Stages of the search. Only what names a measurement (docs/performance.md) has one.

    At most forty. Not here are what a format, 64 bits or a solver's tolerance fixes (they stand where they are used),
    and the numbers of stages that few rounds reach, beside their code: rough prices and fillings of large rounds
    (``descent``, ``neighbourhoods``, ``lagrangian_*``), the simple rule and its mending (``heuristics``), sites
    beyond the cap (``site_search``), elements of odd sets. "Contested", "local" and "mixed" are the generators of
    tests/landopt/test_gap_closed.py.

    small
        Offers up to which a round goes on to gap 0 and is bounded by nodes, not by a clock. 3,000 alone was tried:
        200 x 60 (924 to 2,560 offers) takes 3 to 16 CPU s with its proof.
    few
        Offers of platforms in the programme that comes before the proof up to ``small`` offers; the tree finds what it
        misses. 200, 300, 400, 600 and all: with the proof the example takes 1.2, 1.3, 1.4, 1.4 and 2.2 CPU s,
        a contested round of 1,667 offers 1.4 (200) and 3.2 (all), eleven others up to a third less or the same.
    whole
        Offers left without those that no better plan needs, up to which and above which the whole model goes to HiGHS
        first, and its nodes at most. Between, the proof is there sooner. CPU seconds to gap 0 by the better bound with
        it, without: small 1 (1,581 left) 1.7, 3.9; small 2 (266) 0.15, 2.0; contested 24 (1,151) 0.9, 4.7; contested 18
        (269) 2.4, 4.8; contested 33 (916) 2.6, 4.8; the example (831) 0.6, 1.5, but 2.0, 1.5 with its proof; local and
        mixed rounds, which the proof closes in 0.3, the same. With 1,000 nodes small 3 (932 to 1,969) missed it.
    early
        Branches of that proof at most, before all offers go to the solver after all. 200, 400 and 4,000: a contested
        round of 3,556 offers (2,000 or so that matter) whose best plan the tree does not meet takes 6.6, 8.0 and 8.5
        CPU s; the example closes within 106.
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
        Branches of a proof at most; the second where it began anew (``wide``) and more than 0.05 % is open.
        200 x 60 closes in 6 to 16 CPU s or ends at 0.0001 % with 4,000; contested 867 offers (108) keeps 0.15 % after
        4,800 and 0.05 % after 12,000.
    grouped
        Offers up to which a programme is looked at for parts that no rule connects. Not measured.
    tied
        Offers of best plans up to which ties are looked at. Not measured.
    first, per_part
        Offers a part adds to the relaxation: at the start, and in a round of pricing. Six instead of twenty: 5,000 x
        500 1.1 instead of 1.5 CPU s, 20,000 x 1,000 4.8 instead of 24.5. The start not measured.
    tight_rounds, sets, stalled
        Rounds of odd sets at most, sets in a round, rounds without gain after which they end. Not measured.
    core
        Offers of a proof's core at most: beyond, the prices alone are the proof. Not measured.
    cut_rounds, idle
        Rounds of rows added to a proof's relaxation at most, and those in a row that take less than a fiftieth off the
        gap, after which they end. With 1 instead of 2 the example kept 1.5 %; the rounds not measured.
    multiples, wide
        Multiples of tableau rows looked at, from the start again, where single ones leave more than one part in so many
        of the bound open over ``small`` offers at most. A contested round of 1,332 offers that kept 0.43 % after 4,000
        branches closes in a tenth of the time; one of 1,523 came from 0.24 to 0.2 %.
    tableau, rows
        Tableau rows looked at in a round; rows by rounding taken in it, and cliques. Not measured.
    unit
        What a coefficient of 1 becomes where the divisor of a row is fine. With 2^20 a contested round of 1,523 offers
        that begins from plain prices closes with 726 branches, where it stays 0.2 % open with 2^12; but prices of rows
        as fine round by several millipoints, so that other rounds missed 0 by as much.
    broken
        How much a row must be broken by, against its length, to be added. Not measured.
    alike
        Rows whose directions are nearer than this (cosine) to one taken are left; where multiples are looked at, the
        second. Not measured.
    starts, overfull
        Offers that cliques grow from in a round, and how much beyond one offer the relaxation must take of one. At
        0.001 instead of 0.05 one row in place of none doubled a tree (contested); the first not measured.
    recalled
        Vectors of earlier leaves that a new leaf tries first. Not measured.
    trials, steps, known
        Branches tried at a node whose losses are not known well, simplex steps of a trial, trials after which they are.
        (4, 40, 2) instead of (8, 40, 4): the example 1.49 and 1.49 CPU s, contested 744 and 445 offers 4.4 and 5.2, 4.0
        and 4.0, local 2,490 offers 0.24 and 0.26, mixed 786 open either way; but contested 572 offers stays at 0.65 %
        where it closes in 4.3. (8, 20, 2): that one 0.67 %, contested 744 and 1,667 offers 31 and 8.5 instead of 5.2
        and 1.4, the others alike. The second numbers, with a guess by kind, are for proofs begun anew (``wide``):
        contested 2,861 offers (126) closes with 1,584 branches, where 4,800 leave 0.78 % by (8, 40, 4) and 1,200 as
        much by (24, 80, 8) without the guess; 1,523 offers (156) takes 1,194 and 1,232; by the guess and (8, 40, 4) it
        keeps 0.45 % after 2,200.
    bases
        Vectors written before that one is compared with. Not measured.
    """

    small: int = 3_000
    few: int = 200
    whole: tuple[int, int, int] = (400, 1_000, 3_000)
    early: int = 200
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
    branches: tuple[int, int] = (4_000, 12_000)
    grouped: int = 20_000
    tied: int = 4_000
    first: int = 5
    per_part: int = 6
    tight_rounds: int = 30
    sets: int = 30
    stalled: int = 5
    core: int = 20_000
    cut_rounds: int = 24
    idle: int = 2
    multiples: int = 4
    wide: int = 1_000
    tableau: int = 60
    rows: int = 25
    unit: int = 1 << 12
    broken: float = 1e-4
    alike: tuple[float, float] = (0.7, 0.9)
    starts: int = 400
    overfull: float = 0.05
    recalled: int = 20
    trials: tuple[int, int] = (8, 24)
    steps: tuple[int, int] = (40, 80)
    known: tuple[int, int] = (4, 8)
    bases: int = 12


USUAL = Tuning()
