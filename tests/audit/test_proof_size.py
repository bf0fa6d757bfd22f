"""What proofs take: 2 kB by prices alone for up to 250 limits; else what they prove, derived rows and branches too."""

from __future__ import annotations

import copy
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from constraints.audit.certificate.price_tree import read_tree
from constraints.audit.certificate.proof import bounds
from constraints.audit.files.offers_reader import OffersFile
from constraints.audit.files.plan_reader import PROOF_SCHEMA
from constraints.canonical import canonical
from constraints.case import Case
from constraints.types import Row
from landopt.job import Job
from landopt.screening.offers import Offers
from landopt.screening.offers_file import write_offers
from landopt.solving.programme.arrays import base_arrays, from_arrays
from landopt.solving.proof.prove import Guide, by_prices
from landopt.solving.solver import proof_bound, solve
from tests.landopt.solve_rounds import assemble
from tests.places import EXAMPLE

PROOF_BYTES = 2_048
ROUND = EXAMPLE / "round.toml"


def many_limits(seed: int, rows: int, parcels: int = 30, demands: int = 15, tiers: int = 1) -> tuple[Case, Offers]:
    """A random round with many limits over areas, counts and money, hard and soft, of all sizes."""
    draw = Random(seed)
    area = [draw.randint(1_000, 90_000) for _ in range(parcels)]
    alone: list[tuple[int, ...]] = [(p,) for p in range(parcels)]
    sites = sorted([*alone, *((p, p + 1) for p in range(parcels - 1))])
    keys = {(d, s, m) for d in range(demands) for s in draw.sample(range(len(sites)), 6) for m in range(2)}
    order = sorted(keys, key=lambda k: (k[0], sites[k[1]], k[2]))
    score = [[draw.randint(100_000, 9_000_000) for _ in order] for _ in range(tiers)]
    limits: list[tuple[Row, dict[int, int]]] = []
    for number in range(rows):
        unit = draw.choice([1, 100, 1_000_000])
        members = sorted(draw.sample(range(len(order)), draw.randint(2, 40)))
        coef = {k: (1 if unit == 1 else sum(area[p] for p in sites[order[k][1]]) * unit // 100) for k in members}
        soft = draw.random() < 0.3
        rhs = max(1, int(max(coef.values()) * draw.uniform(1.0, 3.0)))
        slack, penalty = (1 + 4 * (number % 2), draw.choice([1, 30, 900])) if soft else (0, 0)
        row = Row(f"t.{number}[]", f"t.{number}", (), "limit", "<=", rhs, slack, penalty, draw.randrange(tiers))
        limits.append((row, coef))
    return assemble(seed, area, sites, order, score, limits, demands, ())


def apart_from_parcels(proof: dict[str, Any]) -> int:
    """Bytes of proof.json without the texts of parcel prices."""
    bare = copy.deepcopy(proof) | {"schema": PROOF_SCHEMA, "case": "0" * 64, "offers": "0" * 64, "scope": "listed"}
    for tier in bare["tiers"]:
        if "parcels" in tier["tree"]:
            tier["tree"]["parcels"] = ""
    return len(canonical(bare))


def _guide(draw: Random, prog: Any, top: float) -> Guide:
    """Prices at random, with the signs of their rows."""
    rows = np.array([draw.uniform(0, top) for _ in prog.sense]) * np.where(prog.sense > 0, -1, 1)
    return Guide(np.array([draw.uniform(0, 5e6) for _ in range(prog.parcels)]), rows)


@pytest.mark.parametrize("rows", [5, 120, 250])
def test_prices_alone_are_written_within_two_kilobytes(rows: int, tmp_path: Path) -> None:
    """Random prices of up to 250 limits, all of them long: within the bytes, and the auditor reads the bound."""
    for seed in range(3):
        draw = Random(seed)
        case, offers = many_limits(seed, rows)
        prog = from_arrays(base_arrays(case, offers), 0)
        write_offers(tmp_path / "offers.jsonl.gz", case, offers)
        for objective in (0, 10**7):
            found = by_prices(prog, _guide(draw, prog, 10.0 ** draw.randint(1, 6)), objective, Fraction(1, 1000))
            tier = {"objective": 10**15, "bound": 10**15, "scale": found.scale, "tree": found.tree}
            assert apart_from_parcels({"tiers": [tier]}) <= PROOF_BYTES
            assert proof_bound(prog, found.tree, found.scale) == found.bound
            with OffersFile(tmp_path / "offers.jsonl.gz") as listed:
                entry = {"objective": 0, "scale": found.scale, "tree": found.tree}
                assert bounds({"tiers": [entry]}, listed.header.rows, prog.parcels, listed.blocks()) == [found.bound]


def test_coarser_prices_leave_a_closed_gap_closed() -> None:
    """Where prices prove as much as is asked for, the form that fits the bytes still does."""
    case, offers = many_limits(6, 250)
    prog = from_arrays(base_arrays(case, offers), 0)
    guide = _guide(Random(6), prog, 1e4)
    fine = by_prices(prog, guide, 0, Fraction(0)).bound
    assert by_prices(prog, guide, fine + fine // 1000, Fraction(0)).bound <= fine + fine // 1000


@pytest.mark.parametrize(("rows", "tiers", "gap"), [(250, 1, "0"), (60, 2, "0.0001"), (300, 1, "0.01")])
def test_proofs_of_whole_runs_are_read_by_the_auditor(rows: int, tiers: int, gap: str, tmp_path: Path) -> None:
    """Through the solver's own process, with several tiers: the stated bound is the one proved."""
    case, offers = many_limits(rows, rows, 12, 6, tiers)
    outcome = solve(case, offers, gap=gap, time_limit_s=20)
    assert outcome.proof is not None
    assert apart_from_parcels(outcome.proof) <= 200_000
    write_offers(tmp_path / "offers.jsonl.gz", case, offers)
    with OffersFile(tmp_path / "offers.jsonl.gz") as listed:
        found = bounds(outcome.proof, listed.header.rows, 12, listed.blocks())
    assert found == [tier.bound for tier in outcome.tiers]


def test_example_is_proven_best_in_a_few_kilobytes() -> None:
    """The example is closed to gap 0 though 0.001 is asked for; its proof is a tree of about a hundred leaves."""
    from landopt.pipeline import read_case

    _, case, offers = read_case(Job(ROUND))
    outcome = solve(case, offers, gap=case.settings.gap)
    assert outcome.proof is not None
    assert outcome.stopped == "optimal"
    assert [(tier.objective, tier.bound) for tier in outcome.tiers] == [(261_993_972, 261_993_972)]
    found = read_tree(outcome.proof["tiers"][0]["tree"], len(offers.rows), len(case.parcels))
    assert found.alone
    assert len(found.nodes) > 20
    assert len(canonical(outcome.proof)) <= 25_000
