"""The numbers the search is tuned by: what each does, its unit, the range tried, and the measurement behind it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tuning:
    """Numbers that only change how soon a search ends, never whether what it says is true; at most forty.

    Not here, beside their code: what a format, a text's size, 64 bits, a table's memory or a solver's tolerance fixes,
    what a child process is held by, and so far the numbers of stages that few rounds reach: rough prices and fillings
    of large rounds (``descent``, ``neighbourhoods``, ``lagrangian_*``), the simple rule and its mending
    (``heuristics``), sites beyond the cap (``site_search``, ``site_models``, ``process/site_*``).

    Figures are CPU seconds against those of the shipped value in one run of ``python -m benchmarks.tuning``, one seed
    a shape, half, double or as named; a busy machine tells nothing closer than a quarter. Shapes: to gap 0 with its
    proof *contested* (419 offers), *small* (524), *few* (845), *plots* (local limits, 2,004), *periods* (2,502); to a
    gap, *local* (141,804), *streets* (361,676), *tight* (72,161), *wanted* (contested, 22,863), *one* district
    (329,403). "=": the same plans, bounds and proof.

    small
        Offers up to which a round goes on to gap 0 and is bounded by nodes, not by a clock; of best plans, up to which
        ties are looked at. A promise, not tuned: 200 x 60 (924 to 2,560 offers) takes 3 to 16 with its proof.
    prices_first
        Offers above which rough prices come first, before a first plan too. 20,000 x 1,000 (seeds 12, 11):
        prices 5.6 and 6.1 with them, 13.7 and 12.5 without. The number itself is not measured.
    few
        Where a few do: offers of platforms in the programme before the proof, and that cliques grow from. 100, 200 to
        400: plots 5.6, 2.9, contested, small, periods =; the example 1.0 with 200 (1.5 and 1.6 s, two runs).
    whole
        Offers left without those that no better plan needs, up to which and above which the whole model goes to HiGHS
        first. Between, the proof is there sooner. Seconds to gap 0 by the better bound with it, without: small 1 (1,581
        left) 1.7, 3.9; small 2 (266) 0.15, 2.0; contested 24 (1,151) 0.9, 4.7; contested 18 (269) 2.4, 4.8; contested
        33 (916) 2.6, 4.8; the example (831) 0.6, 1.5, but 2.0, 1.5 with its proof; local and mixed rounds the same.
    early
        Branches of that proof at most, before all offers go to the solver after all. 100, 400: contested, small,
        periods =, plots =, 1.16. A contested round of 3,556 offers whose best plan the tree does not meet: 200, 400,
        4,000 take 6.6, 8.0, 8.5 s.
    size
        Offers of a restricted programme (later ones three and ten times), and looked at when the relaxation is rounded.
        3,000, 12,000: local 0.89, 1.61, streets 0.55, 1.35, tight 1.02, 1.52, one =; wanted 0.12 %
        and 0.033 % where 0.03 % was asked for.
    first, per_part
        Offers a part brings: to the relaxation at first (the rounds that ``benchmarks.contested`` draws hang on it),
        then in a round of pricing. 3, 12:
        contested 1.10, 1.00, small 0.45, 0.47, plots 0.95, 1.54, local 1.06, 1.05, streets 0.77, 0.71, tight 1.57,
        1.36, one 1.09, 0.96; 20,000 x 1,000 4.8 s instead of 24.5 with twenty.
    seconds
        CPU seconds of a restricted programme at most. 5: local 1.17, streets, tight, one =.
    tighter
        Seconds that rows of odd sets and divided limits may take at least, else as long as the prices took. 0.2, 5:
        local 0.85, =, streets, tight, wanted and one =. Without an end local limits of 577,148 offers took 7 s. Where
        prices took longer than this, a restricted programme comes before these rows, for as long as they took: local
        limits of 585,190 offers 6.8, 8.0, 6.2 s to 0.1 % (seeds 1 to 3) instead of 9.5, 10.5, 9.3; all alike (900,000)
        and e201600 =, contested 510,855 offers 1.4 s more of 26.
    widest
        Offers beyond which no last programme is built where a plan is held, for its memory. 1,000: local 1.13, streets,
        tight, one =, wanted ends at 0.12 %.
    share
        What the last programme may use up of the time left, before the proof. 0.4, 1: local =, 0.94, streets, tight,
        one =, wanted 1.02, =; with 1 three years (6,828 offers) end at 0.38 %, where 6 s of proof bring 0.16 %.
    claimed
        A proof goes on until its bound is within one part in so many of the plan's worth of what is claimed: half of
        the 0.01 % asked for. Not measured otherwise.
    branches
        Branches of a proof and nodes of the whole model at most; the second where a proof began anew (``wide``) and
        more than 0.05 % is open. 200 x 60 closes in 6 to 16 s or ends at 0.0001 % with 4,000; contested 867 offers
        keeps 0.15 % with 4,800; the whole model of small 3 (932 to 1,969 left) misses gap 0 with 1,000. Contested,
        small, plots, few close with less than 200.
    core
        Offers of a proof's core at most, beyond which the prices alone are the proof, and of a programme looked at for
        parts that no rule connects. 10,000, 40,000: contested, small, plots, periods =; parts not looked for: local,
        streets, tight, wanted, one =.
    cut_rounds, idle
        Rounds of rows added to a relaxation at most, and those in a row of a proof that take less than a fiftieth off
        the gap, after which they end. 12, 48 rounds: contested 0.76, 1.06, small 0.90, =, plots, periods =; 5 rounds
        before the search: local 1.24, tight 1.28, streets, one =. Idle 1, 3: contested 0.73, =, small 0.85, =, plots
        =, 1.09, periods =, local 0.88, tight 1.10; but with 1 the example kept 1.5 %.
    stalled
        Rounds of odd sets and divided limits in a row that gain less than 1e-5, after which they end. Without an end
        contested 4 of the suite took 13 to 22 s instead of 5; ``wanted`` missed its gap with 2.
    multiples, wide
        Multiples of tableau rows looked at, and parts that limits are divided into (2 to so many); the former from the
        start again, where single ones leave more than one part in ``wide`` of the bound open. Multiples 1, 2, 8:
        contested 0.52, 0.76, 1.72, small 0.97, 0.78, 1.97, plots 0.67, 0.73, 1.45; but a contested round of 1,332
        offers keeps 0.43 % with 1. Wide 500, 2,000: contested, small, periods =, plots within what the machine varies.
    rows
        Rows taken in a round of a relaxation (tableau rows looked at: twice as many), elements of an odd set at most.
        12, 50: contested, small =, plots 1.20, 1.22; sets 15, 60: local 0.86, 1.14, tight 1.04, 0.99, wanted 0.95, =,
        streets, one =; tableau rows 30, 120: contested, small, periods =, plots 0.87, 1.28.
    unit
        What a coefficient of 1 becomes where the divisor of a row is fine. Half, double: contested 1.38, 1.55, small
        1.42, 1.21, plots 1.14, 1.28. With 2^20 a round of 1,523 offers closes that stays 0.2 % open, others miss 0.
    broken
        How much a row must be broken by, against its length, to be added. 5e-5, 2e-4, 1e-3: contested 1.18, 0.92, 0.84,
        small 1.04, 0.95, 0.81, plots 1.24, 1.17, =, few 0.92 (1e-3).
    alike
        Rows whose directions are nearer than this (cosine) to one taken are left. 0.9: contested 0.64, small =,
        plots 1.04, few 1.09, but the example 1.3 (2.0 s instead of 1.55). The second where a proof began
        anew: contested 2,861 offers closes with 3,687 leaves, where 0.7 keeps 0.0496 % with 5,729.
    overfull
        How much beyond one offer the relaxation must take of a clique. 0, 0.2: contested 1.43, =, small 1.12, =, plots
        1.77, 1.26, few 1.13, =.
    trials, steps, known
        Branches tried at a node whose losses are not known well, simplex steps of a trial, trials after which they are;
        the second numbers, with a guess by kind, for proofs begun anew (``wide``). The first of ``trials`` also:
        searches for odd sets, vectors of earlier leaves tried first. Trials 4, 16:
        contested 0.99, 1.02, small 0.91, 0.99, plots =, 1.09, few 1.25, 0.89; steps 20, 80: 1.01, =, 0.96, 1.03, 1.38,
        =, 1.25, =; known 2, 8: 0.98, 0.98, 0.98, 0.94, 1.27, =, 0.85, 0.93 (earlier vectors 4, 64: 1.02, =, 1.01, =,
        =, =, 0.91, =). But (4, 40, 2) leaves a contested round of 572 offers at 0.65 % where (8, 40, 4) closes it in
        4.3, (8, 20, 2) at 0.67 % and takes 31 and 8.5 instead of 5.2 and 1.4 on 744 and 1,667 offers. The second:
        contested 2,861 offers (126) closes with 1,584 branches, where 4,800 leave 0.78 % by (8, 40, 4) and 1,200 as
        much by (24, 80, 8) without the guess; 1,523 offers (156) takes 1,194 and 1,232.
    """

    small: int = 3_000
    prices_first: int = 60_000
    few: int = 400
    whole: tuple[int, int] = (400, 1_000)
    early: int = 200
    size: int = 6_000
    first: int = 5
    per_part: int = 6
    seconds: float = 20.0
    tighter: float = 1.0
    widest: int = 300_000
    share: float = 0.75
    claimed: int = 20_000
    branches: tuple[int, int] = (4_000, 12_000)
    core: int = 20_000
    cut_rounds: int = 24
    idle: int = 2
    stalled: int = 5
    multiples: int = 4
    wide: int = 1_000
    rows: int = 25
    unit: int = 1 << 12
    broken: float = 1e-4
    alike: tuple[float, float] = (0.7, 0.9)
    overfull: float = 0.05
    trials: tuple[int, int] = (8, 24)
    steps: tuple[int, int] = (40, 80)
    known: tuple[int, int] = (4, 8)


USUAL = Tuning()
