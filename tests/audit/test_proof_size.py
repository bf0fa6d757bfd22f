"""Every proof that landopt writes takes at most 2 kB for up to 250 limits, apart from parcel prices; trees included."""

from __future__ import annotations

import copy
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from constraints.audit.offers_reader import OffersFile
from constraints.audit.plan_reader import PROOF_SCHEMA
from constraints.audit.price_tree import read_tree
from constraints.audit.price_writer import leaf_tree
from constraints.audit.proof import bounds
from constraints.canonical import canonical
from constraints.case import Case
from constraints.types import Row
from landopt.screening.offers import Offers
from landopt.screening.offers_file import write_offers
from landopt.solving.model_arrays import Program, base_arrays, from_arrays
from landopt.solving.prices_bound import Branch, Prices, bound_scaled, clamped
from landopt.solving.solver import proof_bound, solve
from landopt.solving.tree_branch import match_offers
from landopt.solving.tree_pack import PROOF_BYTES, Node, pack, room
from tests.landopt.solve_rounds import assemble
from tests.places import EXAMPLE

ROUND = EXAMPLE / "round.toml"


def many_limits(seed: int, rows: int, parcels: int = 30, demands: int = 15, tiers: int = 1) -> tuple[Case, Offers]:
    """A random round with many limits over areas, counts and money, hard and soft, of all sizes."""
    draw = Random(seed)
    area = [draw.randint(1_000, 90_000) for _ in range(parcels)]
    sites = sorted({(p,) for p in range(parcels)} | {(p, p + 1) for p in range(parcels - 1)})
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


def _grown(draw: Random, prog: Program, leaves: int, spread: float) -> Node:
    """A tree with prices at random in every node, each with its exact bound."""

    def prices(near: Prices | None) -> Prices:
        top = 10.0 ** draw.randint(1, 13)
        rows = np.array([draw.uniform(0, top) for _ in prog.sense], dtype=np.int64)
        land = np.array([draw.uniform(0, 5e12) for _ in range(prog.parcels)], dtype=np.int64)
        if near is not None:
            keep = np.array([draw.random() > spread for _ in prog.sense], dtype=bool)
            rows, land = np.where(keep, near.rows, rows), np.where(land % 3 > 0, near.parcels, land)
        rows = np.where(prog.sense > 0, -rows, rows)
        return clamped(prog, Prices(land, rows, 1_000_000))

    first = prices(None)
    root = Node((), first, bound_scaled(prog, first))
    ends = [root]
    while len(ends) < leaves:
        node = ends.pop(draw.randrange(len(ends)))
        offer = draw.randrange(prog.count)
        part, land = int(prog.part()[offer]), prog.site_parcels[int(prog.site_start[int(prog.site[offer])])]
        parcel, method = draw.choice([-1, int(land)]), draw.choice([-1, int(prog.method[offer])])
        on = {"d": int(prog.demand[offer]), "parcels": [parcel] if parcel >= 0 else None}
        match = match_offers(prog, part, parcel, method)
        sides = []
        for taken in (False, True):
            branches = (*node.branches, Branch(on | {"method": method if method >= 0 else None}, part, match, taken))
            own = node.prices if draw.random() < 0.3 else prices(node.prices)
            sides.append(Node(branches, own, bound_scaled(prog, own, branches)))
        node.zero, node.one = sides
        ends += sides
    return root


@pytest.mark.parametrize(("rows", "leaves", "spread"), [(250, 1, 1), (250, 40, 1), (120, 60, 0.1), (250, 200, 0.02)])
def test_any_tree_is_written_within_its_share(rows: int, leaves: int, spread: float, tmp_path: Path):
    """Random trees over up to 250 priced limits: within the bytes given, and the auditor reads the bound stated."""
    for seed in range(3):
        draw = Random(seed)
        case, offers = many_limits(seed, rows)
        prog = from_arrays(base_arrays(case, offers), 0)
        root = _grown(draw, prog, leaves, spread)
        write_offers(tmp_path / "offers.jsonl.gz", case, offers)
        for tiers in (1, 2, 4):
            most = room(rows, tiers) // tiers
            found = pack(prog, root, 0, Fraction(1, 1000), most)
            tier = {"objective": 10**15, "bound": 10**15, "scale": 10**6, "tree": found.tree}
            assert apart_from_parcels({"tiers": [tier] * tiers}) <= PROOF_BYTES
            assert proof_bound(prog, found.tree, 10**6) == found.bound
            with OffersFile(tmp_path / "offers.jsonl.gz") as listed:
                entry = {"objective": 0, "scale": 10**6, "tree": found.tree}
                assert bounds({"tiers": [entry]}, listed.header.rows, prog.parcels, listed.blocks()) == [found.bound]


def test_bound_of_a_leaf_with_250_priced_limits_hardly_changes():
    """Nine digits and more a limit, all of them priced: rounded to fit, the bound grows by a millionth at most."""
    case, offers = many_limits(5, 250)
    prog = from_arrays(base_arrays(case, offers), 0)
    root = _grown(Random(5), prog, 1, 1)
    assert root.scaled is not None
    exact = root.scaled // 10**6
    found = pack(prog, root, exact // 2, Fraction(0), room(250, 1))
    assert found.size <= room(250, 1)
    assert found.bound <= exact + exact // 1_000_000


def test_rounding_leaves_a_closed_gap_closed():
    """Where the prices prove the plan best, coarser prices still do, in fewer bytes."""
    case, offers = many_limits(6, 100)
    prog = from_arrays(base_arrays(case, offers), 0)
    root = _grown(Random(6), prog, 1, 1)
    assert root.scaled is not None
    best = root.scaled // 10**6
    found = pack(prog, root, best, Fraction(0), room(100, 1))
    assert found.bound == best
    assert found.size < len(leaf_tree(root.prices.rows.tolist())["nodes"])


def test_branches_that_prove_nothing_are_not_written():
    """A tree whose leaves are no better than its root is written as one leaf."""
    case, offers = many_limits(7, 5)
    prog = from_arrays(base_arrays(case, offers), 0)
    root = _grown(Random(7), prog, 12, 0)
    found = pack(prog, root, 0, Fraction(0), room(5, 1))
    worst = max(node.scaled // 10**6 for node in (root,) if node.scaled is not None)
    assert found.bound <= worst + worst // 1_000_000
    tall = Node((), root.prices, root.scaled, root.zero, root.one)
    for side in (tall.zero, tall.one):
        assert side is not None
        side.zero = side.one = None
        side.prices, side.scaled = root.prices, root.scaled
    assert len(read_tree(pack(prog, tall, 0, Fraction(0), 1_000).tree, 5, prog.parcels).nodes) == 1


@pytest.mark.parametrize(("rows", "tiers", "gap"), [(250, 1, "0"), (60, 2, "0.0001"), (300, 1, "0.01")])
def test_proofs_of_whole_runs_stay_within_two_kilobytes(rows: int, tiers: int, gap: str, tmp_path: Path):
    """Through the solver's own process, with several tiers; beyond 250 limits in proportion."""
    case, offers = many_limits(rows, rows, 12, 6, tiers)
    outcome = solve(case, offers, gap=gap, time_limit_s=4)
    assert outcome.proof is not None
    assert apart_from_parcels(outcome.proof) <= PROOF_BYTES * max(250, rows) // 250
    write_offers(tmp_path / "offers.jsonl.gz", case, offers)
    with OffersFile(tmp_path / "offers.jsonl.gz") as listed:
        found = bounds(outcome.proof, listed.header.rows, 12, listed.blocks())
    assert found == [tier.bound for tier in outcome.tiers]


def test_proof_of_the_example_is_small():
    """The example's proof is a tree; a quarter of its gap must not be lost to the bytes."""
    from landopt.job import Job
    from landopt.pipeline import read_case

    _, case, offers = read_case(Job(ROUND))
    outcome = solve(case, offers, gap=case.settings.gap)
    assert outcome.proof is not None
    tree = outcome.proof["tiers"][0]["tree"]
    rows = len(outcome.proof["tiers"]) - 1 + len(offers.rows)
    assert len(read_tree(tree, rows, len(case.parcels)).nodes) > 20
    assert apart_from_parcels(outcome.proof) <= 1_000
    assert len(tree["parcels"]) <= 4_000
    assert float(outcome.gap()) <= float(Fraction(case.settings.gap))
