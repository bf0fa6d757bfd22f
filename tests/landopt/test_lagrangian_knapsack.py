"""Limits filled by whole parcels: the bound is no smaller than the best plan, and smaller than that of the prices."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest

from benchmarks.contested import contested_case
from constraints.types import Row
from landopt.screening.offers import Offers
from landopt.screening.uncapped_sites import build_offers
from landopt.solving.programme.arrays import Program, base_arrays, from_arrays
from landopt.solving.programme.model import write_mps
from landopt.solving.programme.price_bound import Prices, bound, rounded
from landopt.solving.relaxation import lagrangian_knapsack
from landopt.solving.relaxation.lagrangian_knapsack import _picked, filled, kept_rows, left_out
from landopt.solving.relaxation.prices import relax
from tests.brute import brute_force_offers
from tests.landopt.solve_rounds import assemble, bare_round


def _towns(seed: int, *, joint: bool = True) -> tuple[Program, Offers]:
    """Two towns with a limit on area each, sites of up to three parcels (some across both), a cap on the number."""
    draw = Random(seed)
    parcels, demands = 8, 6
    area = [draw.randint(30, 120) * 100 for _ in range(parcels)]
    town = [draw.randrange(2) for _ in range(parcels)]
    counted = [draw.random() < 0.8 for _ in range(parcels)]  # some land is of another source
    sites = sorted({(p,) for p in range(parcels) if draw.random() < 0.9} | {
        tuple(sorted(draw.sample(range(parcels), draw.randint(2, 3)))) for _ in range(5 if joint else 0)
    })  # fmt: skip
    keys = {(d, s, m) for d in range(demands) for s in range(len(sites)) for m in range(2) if draw.random() < 0.5}
    keys |= {(demands, s, 0) for s, site in enumerate(sites) if len(site) == 1 and draw.random() < 0.3}
    order = sorted(keys, key=lambda k: (k[0], sites[k[1]], k[2]))
    score = [[draw.randint(500, 4000) for _ in order]]
    rows = []
    for t in range(2):
        coef = {
            k: sum(area[p] for p in sites[s] if town[p] == t and counted[p])
            for k, (_, s, m) in enumerate(order)
            if m == 0 or seed % 3  # every third round one method does not count
        }
        room = int(sum(area[p] for p in range(parcels) if town[p] == t) * draw.uniform(0.3, 0.7))
        rows.append((Row(f"t.q{t}[]", f"t.q{t}", (), "limit", "<=", room, 0, 0, 0), coef))
    rows.append((Row("t.n[]", "t.n", (), "limit", "<=", 4, 0, 0, 0), dict.fromkeys(range(len(order)), 1)))
    case, offers = assemble(seed, area, sites, order, score, rows, demands, ())
    return from_arrays(base_arrays(case, offers), 0), offers


@pytest.mark.parametrize("seed", range(60))
def test_no_plan_beats_the_filled_limits(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the solved prices and for any others, in fine steps and in coarse ones."""
    prog, offers = _towns(seed)
    best = brute_force_offers(offers)
    assert best is not None
    draw = np.random.default_rng(seed)
    relaxed, _ = relax(prog)
    tried = [relaxed.prices]
    for _ in range(3):
        rows = np.where(prog.sense < 0, draw.integers(0, 3, len(prog.sense)) / 10, 0.0)
        tried.append(rounded(prog, draw.integers(0, 1500, prog.parcels).astype(float), rows))
    for prices in tried:
        for steps in (200_000, 7):
            monkeypatch.setattr(lagrangian_knapsack, "STEPS", steps)
            found = filled(prog, prices)
            assert found is None or found >= best[0]


@pytest.mark.parametrize("seed", range(40))
def test_no_plan_beats_it_whatever_the_rows(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Soft limits, minimums, shares, relations and locks beside, limits that count only some offers of a parcel."""
    monkeypatch.setattr(lagrangian_knapsack, "AMOUNT", 1)
    case, offers = bare_round(seed, parcels=7, demands=5)
    prog, best = from_arrays(base_arrays(case, offers), 0), brute_force_offers(offers)
    relaxed, _ = relax(prog)
    if relaxed.feasible and best is not None:
        found = filled(prog, relaxed.prices)
        assert found is None or found >= best[0]


def test_it_is_closer_than_the_prices_and_keeps_only_limits_on_amounts() -> None:
    """Over the rounds above it is smaller than the bound of the same prices more often than not, never the cap."""
    closer = 0
    for seed in range(60):
        prog, _ = _towns(seed)
        relaxed, _ = relax(prog)
        found = filled(prog, relaxed.prices)
        assert set(kept_rows(prog, relaxed.prices.rows).tolist()) <= {0, 1}
        closer += found is not None and found < relaxed.bound
    assert closer >= 30


@pytest.mark.parametrize("seed", [12, 13, 14])
def test_a_contested_round_stays_below_it(seed: int, tmp_path: Path) -> None:
    """Land quotas of a small contested round, filled: below the prices, not below a second solver's best plan."""
    scip = pytest.importorskip("pyscipopt")
    case = contested_case(120, 15, seed)
    offers = build_offers(case)
    relaxed, sifter = relax(from_arrays(base_arrays(case, offers), 0))
    found = filled(sifter.prog, relaxed.prices)
    write_mps(tmp_path / "m.mps", case, offers)
    second = scip.Model()
    second.hideOutput()
    second.readProblem(str(tmp_path / "m.mps"))
    second.optimize()
    assert second.getStatus() == "optimal"
    assert found is not None
    assert round(second.getPrimalbound()) <= found < relaxed.bound


def test_three_parcels_and_room_for_one_and_a_half() -> None:
    """Parcels of 60 m2 (in hundreds) under a limit of 100: prices let one and two thirds count, whole parcels one."""
    row = Row("t.q[]", "t.q", (), "limit", "<=", 10_000, 0, 0, 0)
    order = [(d, d, 0) for d in range(3)]
    case, offers = assemble(
        0, [6_000] * 3, [(0,), (1,), (2,)], order, [[900] * 3], [(row, dict.fromkeys(range(3), 6_000))], 3, ()
    )
    prog = from_arrays(base_arrays(case, offers), 0)
    prices = Prices(np.zeros(3, np.int64), np.array([150_000]), 10**6)
    assert bound(prog, prices) == 1_500
    assert filled(prog, prices) == 900
    assert filled(prog, Prices(np.zeros(3, np.int64), np.array([0]), 10**6)) is None


@pytest.mark.parametrize("seed", range(30))
def test_a_limit_is_filled_as_well_as_can_be(seed: int) -> None:
    """Against every choice of parcels; with a small core it still fits and is no worse than one after the other."""
    draw = np.random.default_rng(seed)
    weight = draw.integers(0, 400, 10)
    gain = np.where(draw.random(10) < 0.2, -5.0, draw.integers(1, 300, 10).astype(float))
    room = int(weight.sum() * draw.uniform(0.2, 0.9))
    picked = _picked(weight, gain, room)
    every = (np.arange(1 << 10)[:, None] >> np.arange(10)) & 1 == 1
    best = max(gain[one].sum() for one in every if weight[one].sum() <= room)
    assert weight[picked].sum() <= room
    assert gain[picked].sum() == best


@pytest.mark.parametrize(("core", "steps", "share"), [(4, 200_000, 0.95), (120, 100, 0.75), (4, 9, 0.75)])
def test_a_coarser_filling_still_fits(core: int, steps: int, share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a small core or coarse steps the parcels picked keep the limit, and bring most of what is to be had."""
    monkeypatch.setattr(lagrangian_knapsack, "CORE", core)
    monkeypatch.setattr(lagrangian_knapsack, "STEPS", steps)
    draw = np.random.default_rng(0)
    for _ in range(50):
        weight, gain = draw.integers(1, 400, 40), draw.integers(1, 300, 40).astype(float)
        room = int(weight.sum() * 0.6)
        picked = _picked(weight, gain, room)
        dense = np.argsort(-gain / weight)
        assert weight[picked].sum() <= room
        assert gain[picked].sum() >= share * gain[dense[np.cumsum(weight[dense]) <= room]].sum()


def test_offers_on_parcels_a_filling_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not left out and counts, one offer a parcel, keeps the limits; what does not count is never left out."""
    monkeypatch.setattr(lagrangian_knapsack, "LOOSE", 0.0)
    some = 0
    for seed in range(60):
        prog, _ = _towns(seed, joint=False)
        relaxed, _ = relax(prog)
        out = left_out(prog, relaxed.prices, 0)
        kept = kept_rows(prog, relaxed.prices.rows)
        assert (out is None) == (not len(kept))
        if out is None:
            continue
        start, rows, coefs = prog.entries.of(np.arange(prog.count))
        owner = np.repeat(np.arange(prog.count), np.diff(start))
        assert set(np.flatnonzero(out)) <= set(owner[np.isin(rows, kept) & (coefs > 0)])
        some += bool(out.any())
        for row in kept.tolist():
            least: dict[int, int] = {}
            for offer, amount in zip(owner[rows == row].tolist(), coefs[rows == row].tolist(), strict=True):
                if not out[offer]:
                    parcel = int(prog.site_parcels[prog.site_start[prog.site[offer]]])
                    least[parcel] = min(amount, least.get(parcel, amount))
            assert sum(least.values()) <= prog.rhs[row]
    assert some >= 30
