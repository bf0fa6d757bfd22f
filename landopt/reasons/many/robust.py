"""One plan for many draws: what is decided today before it is known what happens, and supplied again when it is.

The extensive form of a two-stage stochastic programme (Birge and Louveaux, *Introduction to Stochastic Programming*,
ch. 2), handed to the search like any round. A first-stage offer is lawful today; in a draw that makes it unlawful,
takes its platform away or lets its sale fail it is worth 0 and frees site and platform, else it stands, holds both
there and is worth what the draw makes of it. What is free in a draw is supplied again, for a part of its points: with
all of them nothing would ever be decided today. The objective is the floor of the mean over the draws; its bound is
that of the relaxation, or what HiGHS claims of the whole programme where the relaxation does not do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from constraints.case import Case
from landopt.reasons.many.among import among
from landopt.reasons.many.apart import Parts
from landopt.reasons.many.draws import AGAIN, Stress, happening, read_stress
from landopt.reasons.many.scenario import Effort, named
from landopt.reasons.many.settling import better_plan, settle
from landopt.screening.entries import spans
from landopt.screening.law.kept import Kept
from landopt.screening.offers import Offers
from landopt.solving.programme.arrays import SENSES, Ints, Program, from_arrays, missed_with, program, standing
from landopt.solving.programme.model import check_sizes
from landopt.solving.site_search import offers_of
from landopt.solving.solver import Outcome, proof_bound
from parcels.common.catalogue import Say, phrase, told
from parcels.common.issues import LandoptError, Refused, error

PATIENCE_S = 600
"""Without a limit of its own the search over the draws ends after so many seconds, with its best plan and bound."""
SETTLING = 0.5
"""Part of the time for :mod:`.settling`; where that is not enough, the whole programme has the rest."""


@dataclass(frozen=True, slots=True)
class Robust:
    """A first-stage plan over draws: floors of means in millipoints, ``chosen`` offers of today, values by draw."""

    draws: int
    objective: int
    bound: int
    gap: Fraction
    chosen: tuple[int, ...]
    values: tuple[int, ...]
    again: Fraction = AGAIN

    def stated(self, seed: int, today: int) -> dict[str, Any]:
        """As plain JSON, in millipoints: what stands in ``robust.json`` beside the plan; ``today``: as things are."""
        whole = {
            "draws": self.draws,
            "seed": seed,
            "again": str(self.again),
            "mean": self.objective,
            "bound": self.bound,
        }
        return {**whole, "gap": f"{float(self.gap):.6f}", "values": list(self.values), "today": today}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A draw: its lawful offers, which can come about, and the place among them of each of today (-1: it fails)."""

    offers: Offers
    able: Ints
    match: Ints


@dataclass(frozen=True, slots=True)
class Joint:
    """All draws together: ``first`` are today's columns, ``of`` and ``rows`` the draw of each column and row."""

    base: dict[str, Any]
    first: Ints
    of: Ints
    rows: Ints
    draws: int

    def parts(self) -> Parts:
        """Which draw everything is of; today's columns in order."""
        return Parts(np.sort(self.first), self.of, self.rows, self.draws)


def drawn(case: Case, offers: Offers, stress: Stress, number: int, kept: Kept | None = None) -> Drawn:
    """What one draw leaves of the offers of today; any sale of today may fail in it. ``kept``: of the draws before."""
    met = happening(case, stress, named(case, offers, range(len(offers))), number)
    there = offers_of(met.case, kept=kept)
    gone = [row for row, name in enumerate(case.demands.ids) if name in met.gone]
    able = ~np.isin(there.demand, gone)
    failed, index = set(), case.parcels.index()
    for ids, method in met.failed:
        how = next(row for row, each in enumerate(case.methods) if each.id == method)
        failed.add((tuple(sorted(index[name] for name in ids)), how))
    place: dict[tuple[Any, ...], int] = {}
    for offer in np.flatnonzero(able).tolist():
        site, how = there.parcels(offer), int(there.method[offer])
        if (site, how) in failed:
            able[offer] = False
        else:
            place[site, how, int(there.demand[offer]), int(there.period[offer])] = offer
    keys = (
        (offers.parcels(offer), int(offers.method[offer]), int(offers.demand[offer]), int(offers.period[offer]))
        for offer in range(len(offers))
    )
    return Drawn(there, able, np.array([place.get(key, -1) for key in keys], np.int64))


def joint(case: Case, offers: Offers, draws: Sequence[Drawn], again: Fraction = AGAIN) -> Joint:
    """Today and all draws as one programme of one tier.

    Land of draw s is the land of today moved by s times (parcels + platforms); its platforms stand among it, so that an
    offer of today that stands in a draw takes site and platform there.
    """
    parcels, demands = len(case.parcels), len(case.demands)
    block, today = parcels + demands, len(offers)
    worth, rows = np.zeros(today, np.int64), list(offers.rows)
    costs, owned = [0] * len(rows), [0] * len(rows)  # today nothing is counted yet
    missed = [missed_with(rows)]
    land, entries = [_land(offers, np.arange(today), 0)], [_entries(offers, np.arange(today), 0)]
    who, how, of = [offers.demand.astype(np.int64)], [offers.method.astype(np.int64)], [np.zeros(today, np.int64)]
    score, count = [], today
    for number, draw in enumerate(draws, 1):
        stands = np.flatnonzero(draw.match >= 0)
        there = draw.match[stands]
        worth[stands] += draw.offers.score[0][there]
        free = np.flatnonzero(draw.able)
        for columns, own in ((stands, there), (count + np.arange(len(free)), free)):
            rented = np.flatnonzero(draw.offers.demand[own] >= 0)
            land.append(_moved(_land(draw.offers, own, number * block), columns))
            land.append((columns[rented], number * block + parcels + draw.offers.demand[own][rented].astype(np.int64)))
            told = _entries(draw.offers, own, len(rows))
            entries.append((columns[told[0]], told[1], told[2]))
        asks = draw.offers.demand[free].astype(np.int64)
        who.append(np.where(asks >= 0, asks + number * demands, -1))
        how.append(draw.offers.method[free].astype(np.int64))
        of.append(np.full(len(free), number))
        points = draw.offers.score[0][free]
        score.append(np.where(points > 0, points * again.numerator // again.denominator, points))
        last = draw.offers.tiers - 1
        costs += [row.penalty if (last if row.tier is None else row.tier) == 0 else 0 for row in draw.offers.rows]
        owned += [number] * len(draw.offers.rows)
        missed.append(missed_with(draw.offers.rows) + len(rows))
        rows += draw.offers.rows
        count += len(free)
    score.insert(0, worth)
    base, order = _ordered(land, entries, np.concatenate(who), count, (len(draws) + 1) * block)
    base |= {
        "demands": (len(draws) + 1) * demands,
        "method": np.concatenate(how)[order].astype(np.int8),
        "score": np.concatenate(score)[order][None, :],
        "spread": np.full(len(rows), -1, np.int64),
        "total": np.zeros((0, count), np.int32),
        "sense": np.array([SENSES[row.sense] for row in rows], np.int8),
        "rhs": np.array([row.rhs for row in rows], np.int64),
        "slack": np.array([row.slack for row in rows], np.int64),
        "soft_cost": np.array(costs, np.int64),
        "missed_with": np.concatenate(missed),
        "soft_tier": np.zeros(len(rows), np.int64),
    }
    back = np.empty(count, np.int64)
    back[order] = np.arange(count)
    return Joint(
        _parted(base, demands * (len(draws) + 1)), back[:today], np.concatenate(of)[order], np.array(owned), len(draws)
    )


def _land(offers: Offers, which: Ints, moved: int) -> tuple[Ints, Ints]:
    """(place among ``which``, parcel) of every parcel of some offers."""
    sites = offers.site[which]
    size = (offers.site_start[sites + 1] - offers.site_start[sites]).astype(np.int64)
    found = offers.site_parcels[spans(offers.site_start[sites], size)].astype(np.int64)
    return np.repeat(np.arange(len(which)), size), found + moved


def _moved(pairs: tuple[Ints, Ints], columns: Ints) -> tuple[Ints, Ints]:
    return columns[pairs[0]], pairs[1]


def _entries(offers: Offers, which: Ints, moved: int) -> tuple[Ints, Ints, Ints]:
    """(place among ``which``, row, coefficient) of every entry of some offers."""
    start, rows, coefs = offers.entries.of(which)
    owner = np.repeat(np.arange(len(which)), np.diff(start))
    return owner, rows.astype(np.int64) + moved, coefs.astype(np.int64)


def _ordered(
    land: Sequence[tuple[Ints, Ints]], entries: Sequence[tuple[Ints, ...]], who: Ints, count: int, parcels: int
) -> tuple[dict[str, Any], Ints]:
    """The columns by part: land and entries as CSR, and which column stands where."""
    column, parcel = (np.concatenate([each[at] for each in land]) for at in range(2))
    first = np.full(count, parcels, np.int64)
    np.minimum.at(first, column, parcel)
    order = np.lexsort((np.arange(count), np.where(who >= 0, who, first), who < 0))
    back = np.empty(count, np.int64)
    back[order] = np.arange(count)
    column = back[column]
    by = np.lexsort((parcel, column))
    owner, row, coef = (np.concatenate([each[at] for each in entries]) for at in range(3))
    owner = back[owner]
    sort = np.lexsort((row, owner))
    return {
        "parcels": parcels,
        "site_start": np.concatenate(([0], np.cumsum(np.bincount(column, minlength=count)))),
        "site_parcels": parcel[by].astype(np.int32),
        "site": np.arange(count, dtype=np.int32),
        "demand": who[order].astype(np.int32),
        "row_start": np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=count)))),
        "row_index": row[sort].astype(np.int32),
        "row_coef": coef[sort],
    }, order


def _parted(base: dict[str, Any], demands: int) -> dict[str, Any]:
    """With where each part starts: every platform, then each first parcel of what the market is offered."""
    wanted = int((base["demand"] >= 0).sum())
    edges = np.searchsorted(base["demand"][:wanted], np.arange(demands))
    first = base["site_parcels"][base["site_start"][:-1]][wanted:]
    market = np.flatnonzero(np.diff(first, prepend=-1)) + wanted
    return base | {"part_start": np.concatenate((edges, market, [len(base["site"])])).astype(np.int64)}


# One parameter a setting of a run, as of a solve.
def robust(
    case: Case,
    offers: Offers,
    stress: Stress,
    effort: Mapping[str, Any],
    *,
    start: Sequence[int] = (),
) -> Robust | None:
    """The plan of today with the best mean over the draws, and what no plan of today can exceed; None: none was found.

    Raises
    ------
    Refused
        S001: a coefficient of 10^12 or more.
    LandoptError
        S005: what was found is no plan of all draws.
    """
    kept = Kept()
    draws = [drawn(case, offers, stress, number, kept) for number in range(1, stress.draws + 1)]
    whole = joint(case, offers, draws, stress.again)
    prog = from_arrays(whole.base, 0)
    check_sizes(prog)
    goal, limit = Fraction(effort["gap"]), effort["time_limit_s"]
    begun = monotonic()
    known = [whole.first[np.asarray(start, np.int64)]]
    seconds = None if limit is None else SETTLING * limit
    first = settle(prog, whole.parts(), goal, seconds, effort["nodes"], known)
    chosen, top = first.chosen, first.bound
    broken, end = first.interrupted, None if limit is None else begun + limit
    every = np.arange(prog.count)
    for rows_alone in (True, False):
        if broken or _met(prog, chosen, top, goal) or (rows_alone and chosen is None):
            continue
        found = among(prog, every, float(goal), end, effort["nodes"], start=chosen, rows_alone=rows_alone)
        chosen = chosen if found.plan is None else better_plan(prog, chosen, found.plan)
        top = min((bound for bound in (top, found.bound) if bound is not None), default=None)
        broken = found.broken
    if chosen is None:
        return None
    state = standing(prog, chosen)
    if not state.lawful:
        raise LandoptError(error("S005.solver-handed-back"))
    top = proof_bound(prog, {}, 1) if top is None else max(top, state.objective)
    mine = np.flatnonzero(np.isin(whole.first, chosen))
    number, missed = len(draws), prog.penalty * state.slack
    values = [
        _value(whole, prog, draw, chosen, mine, at) - int(missed[whole.rows == at].sum())
        for at, draw in enumerate(draws, 1)
    ]
    gap = Fraction(max(0, top - state.objective), max(1, abs(state.objective)))
    return Robust(
        number, state.objective // number, top // number, gap, tuple(mine.tolist()), tuple(values), stress.again
    )


def _met(prog: Program, chosen: Ints | None, top: int | None, gap: Fraction) -> bool:
    """Whether a plan is proved within a gap."""
    if chosen is None or top is None:
        return False
    value = standing(prog, chosen).objective
    return top - value <= gap * max(1, abs(value))


def _value(whole: Joint, prog: Any, draw: Drawn, chosen: Ints, mine: Ints, number: int) -> int:
    """The points of a plan in one draw: of what stands, and of what is supplied again."""
    stands = draw.match[mine]
    own = int(draw.offers.score[0][stands[stands >= 0]].sum())
    return own + int(prog.score[chosen[whole.of[chosen] == number]].sum())


GAP = "0.01"
"""How far the mean over the draws is proved, unless another gap is asked for."""


def asked_draws(case: Case, path: Path, count: int) -> Stress:
    """The draws a robust plan is asked for, read before anything is searched.

    Raises
    ------
    Refused
        W014: the round has several tiers; every fault of the stress file.
    """
    if len(case.objective.tiers) > 1:
        raise Refused(error("W014.one-tier", at="--robust", tiers=len(case.objective.tiers)))
    return replace(read_stress(path, case), draws=count)


def robustly(
    case: Case, offers: Offers, outcome: Outcome, stress: Stress, gap: str | None, say: Say
) -> tuple[Outcome, bool, dict[str, Any]] | None:
    """A solved round with the plan of the best mean over draws instead of its own, whether its gap is met, the figures.

    The bound stays that of the round as it stands: it holds for every plan of it. ``None``: no plan was found that
    every draw allows.
    """
    assert outcome.chosen is not None
    assert outcome.proof is not None
    effort = Effort(gap or GAP, case.settings.time_limit_s or PATIENCE_S).of(case)
    say(told("progress.robust-begins", draws=stress.draws, again=f"{float(stress.again):.0%}"))
    found = robust(case, offers, stress, effort, start=outcome.chosen.tolist())
    if found is None:
        return None
    chosen = np.asarray(found.chosen, np.int64)
    worth = standing(program(case, offers, 0), chosen).objective
    tier = replace(outcome.tiers[0], objective=worth, reached=worth, held_at=worth)
    proof = {**outcome.proof, "tiers": [{**outcome.proof["tiers"][0], "objective": worth}]}
    ties = {"status": "not examined"}
    stopped = "optimal" if tier.bound <= worth else "gap"
    swapped = replace(outcome, chosen=chosen, tiers=(tier,), proof=proof, ties=ties, stopped=stopped)
    return swapped, found.gap <= Fraction(effort["gap"]), found.stated(stress.seed, worth)


def robust_line(stated: Mapping[str, Any], lang: str) -> str:
    """What is known of a plan over the draws, in one line."""
    points = {name: stated[name] / 1000 for name in ("mean", "bound", "today")}
    worst = min(stated["values"]) / 1000
    return phrase("progress.robust", lang, draws=stated["draws"], gap=float(stated["gap"]) * 100, worst=worst, **points)
