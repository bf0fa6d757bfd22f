"""The bound is never below the best plan, whatever the prices are, and nothing that is no proof passes."""

from __future__ import annotations

import base64
import copy
import zlib
from random import Random
from typing import Any

import pytest

from constraints.plan import Part, Row
from constraints.proof import BadProof, Bound, bounds, gap_text, pack_prices, pack_rows, unpack_prices, unpack_rows
from tests.audit.folders import Small, proven, random_tree, row_prices
from tests.brute import brute_force

INSTANCES = 10_000


def _instance(draw: Random) -> tuple[list[Row], list[Part], list[dict[str, Any]], int]:
    """A random integer programme in the form of a round: rows of every sense, soft and hard, two tiers."""
    parcels, demands, tiers = draw.randint(1, 4), draw.randint(0, 3), draw.choice([1, 1, 2])
    rows = []
    for number in range(draw.randint(0, 3)):
        sense = draw.choice(["<=", "<=", ">=", "="])
        rhs = draw.randint(-2, 9)
        soft = draw.random() < 0.4 and rhs != 0
        slack, penalty = (abs(rhs), draw.randint(0, 6)) if soft else (0, 0)
        rows.append(Row(f"r{number}", f"r{number}", (), "limit", sense, rhs, slack, penalty, draw.randrange(tiers)))
    offers: list[dict[str, Any]] = []
    parts: list[Part] = []
    for place in range(demands + parcels):
        market = place >= demands
        groups = [[place - demands]] if market else []
        if not market:
            for _ in range(draw.randint(0, 3)):
                groups.append(sorted(draw.sample(range(parcels), draw.randint(1, min(2, parcels)))))
            groups = [list(g) for g in sorted({tuple(g) for g in groups})]
        lines = []
        for site, group in enumerate(groups):
            for method in range(draw.randint(0 if market else 1, 2)):
                score = [draw.randint(-5, 12) for _ in range(tiers)]
                coefs = [x for r in range(len(rows)) if draw.random() < 0.7 for x in (r, draw.randint(-3, 5))]
                lines.append([site, method, -1, 0, 0, None, 0, score, coefs])
                pairs = dict(zip(coefs[::2], coefs[1::2], strict=True))
                offers.append({"site": group, "demand": -1 if market else place, "score": score, "coef": pairs})
        if lines:
            parts.append(Part(None if market else place, groups, lines))
    return rows, parts, offers, parcels


def _tree(draw: Random, rows: list[Row], parts: list[Part], parcels: int, tier: int, depth: int = 2) -> dict[str, Any]:
    if depth and parts and draw.random() < 0.4:
        part = draw.choice(parts)
        offer = draw.choice(part.offers)
        group = part.sites[offer[0]]
        if part.demand is None:
            on = {"d": None, "parcels": group, "method": draw.choice([None, offer[1]])}
        else:
            on = {
                "d": part.demand,
                "parcels": draw.choice([None, group, group[:1]]),
                "method": draw.choice([None, offer[1]]),
            }
        return {
            "on": on,
            "zero": _tree(draw, rows, parts, parcels, tier, depth - 1),
            "one": _tree(draw, rows, parts, parcels, tier, depth - 1),
        }
    prices = []
    for number, row in enumerate(rows):
        sign = {"<=": 1, ">=": -1, "=": draw.choice([1, -1])}[row.sense]
        prices.append([number, sign * draw.choice([0, 0, draw.randint(0, 9), draw.randint(0, 30)])])
    prices += [[len(rows) + j, -draw.randint(0, 9)] for j in range(tier) if draw.random() < 0.5]
    per_parcel = pack_prices([draw.randint(0, 40) for _ in range(parcels)])
    return {"rows": row_prices(prices, len(rows) + tier), "parcels": per_parcel}


def test_bound_is_never_below_the_optimum_on_ten_thousand_random_instances():
    """Random prices and trees bound random small programmes; complete enumeration is the witness."""
    draw = Random(20261122)
    done = below = tight = 0
    while done < INSTANCES:
        rows, parts, offers, parcels = _instance(draw)
        as_rows = [
            {"sense": r.sense, "rhs": r.rhs, "slack": r.slack, "penalty": r.penalty, "tier": r.tier}
            | {"coef": {k: o["coef"][i] for k, o in enumerate(offers) if i in o["coef"]}}
            for i, r in enumerate(rows)
        ]
        if not offers:
            continue
        best = brute_force(
            [o["site"] for o in offers], [o["demand"] for o in offers], [o["score"] for o in offers], as_rows
        )
        if best is None:
            continue
        done += 1
        tiers = []
        for tier, value in enumerate(best):
            tree = _tree(draw, rows, parts, parcels, tier)
            tiers.append({"objective": value, "bound": 0, "scale": draw.choice([1, 1, 3, 7]), "tree": tree})
        found = bounds({"tiers": tiers}, rows, parcels, parts)
        for value, bound in zip(best, found, strict=True):
            below += bound is None or bound < value
            tight += bound == value
    assert below == 0
    assert tight > 100


def test_bound_holds_on_rounds_screened_from_facts(rounds: list[Small]):
    """The same on real small rounds, whose best plan was found by trying every plan."""
    draw = Random(5)
    for one in rounds:
        assert one.best is not None
        for _ in range(20):
            for tier, value in enumerate(one.best):
                entry = {"scale": draw.choice([1, 10]), "tree": random_tree(draw, one, tier, 10)}
                try:
                    bound = proven(entry, one, tier, one.best[:tier])
                except BadProof:
                    continue
                assert bound is not None
                assert bound >= value


def _leaf(**more: Any) -> dict[str, Any]:
    return {"scale": 1, "tree": more}


def _packed(raw: bytes, after: bytes = b"") -> str:
    return base64.b64encode(zlib.compress(raw) + after).decode("ascii")


ROWS = [Row("a", "a", (), "limit", "<=", 5, 0, 0, 0), Row("b", "b", (), "limit", ">=", 2, 0, 0, 0)]


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (_leaf(rows=pack_rows([-1, 0])), "wrong sign"),
        (_leaf(rows=pack_rows([0, 1])), "wrong sign"),
        (_leaf(rows=pack_rows([1])), "row prices are not 2 numbers"),
        (_leaf(rows=pack_rows([1, 0, 0])), "row prices are not 2 numbers"),
        (_leaf(rows=pack_rows([1] * 40)), "cut or go on too long"),
        (_leaf(rows=_packed(b"")), "row prices are not 2 numbers"),
        (_leaf(rows=_packed(b"\0")), "row prices are not 2 numbers"),
        (_leaf(rows=_packed(b"\x09" + bytes(18))), "cut or go on too long"),
        (_leaf(rows=_packed(b"\1\1\0", b"more")), "cut or go on too long"),
        (_leaf(rows=_packed(b"\1\1\0")[:-8]), "row prices"),
        (_leaf(rows=[[0, 1]]), "row prices cannot be read"),
        (_leaf(rows=[]), "row prices cannot be read"),
        (_leaf(rows="!!"), "row prices cannot be read"),
        (_leaf(rows="é"), "row prices cannot be read"),
        (_leaf(rows=pack_rows([2**53, 0])), "not an integer"),
        (_leaf(rows=pack_rows([0, -(2**53)])), "not an integer"),
        (_leaf(parcels=pack_prices([-1, 0])), "negative price"),
        (_leaf(parcels=pack_prices([1])), "not 2 numbers"),
        (_leaf(parcels=pack_prices([1, 2, 3])), "cut or go on too long"),
        (_leaf(parcels="!!"), "cannot be read"),
        ({"scale": 0, "tree": {}}, "scale"),
        ({"scale": 1, "tree": None}, "missing"),
        ({"scale": 1, "tree": {"on": {"d": None, "parcels": None, "method": 0}, "zero": {}, "one": {}}}, "one part"),
        ({"scale": 1, "tree": {"on": {"d": 0, "parcels": None, "method": None}, "zero": {}}}, "missing"),
        ({"scale": 1, "tree": {"on": {"d": 0, "parcels": [2], "method": None}, "zero": {}, "one": {}}}, "not exist"),
    ],
)
def test_what_is_no_proof_is_refused(entry: dict[str, Any], why: str):
    """Wrong signs, unknown rows, uncovered cases and torn prices end as BadProof."""
    with pytest.raises(BadProof, match=why):
        Bound(entry, 0, ROWS, 2, [])


def test_two_parts_of_one_demand_are_refused():
    """A part listed in two halves could hide an offer under a forced branch."""
    bound = Bound(_leaf(), 0, [], 2, [])
    part = Part(0, [[0]], [[0, 0, -1, 0, 0, None, 0, [5], []]])
    bound.feed(part)
    with pytest.raises(BadProof, match="two parts"):
        bound.feed(copy.copy(part))


def test_market_part_of_two_parcels_is_refused():
    """Two market offers on different parcels could both be taken."""
    bound = Bound(_leaf(), 0, [], 2, [])
    with pytest.raises(BadProof, match="one parcel"):
        bound.feed(Part(None, [[0], [1]], [[0, 0, -1, 0, 0, None, 0, [5], []]]))


def test_solver_that_claims_fifteen_where_nine_is_best_is_refused():
    """FAULTS 69: highspy 1.14.0 claims "Optimal 15, bound 15" for min 2x + 3z, x + z >= 4.5, z integer; true is 9.

    As a round: lots of nine half units of x at -1 each (2 a unit), of five whole units of z at -3 each, a row that
    wants 9 half units. The claimed plan is 5 z, the claimed bound -15; the prices of any proof give at least -9.
    """
    row = Row("need", "need", (), "limit", ">=", 9, 0, 0, 0)
    parts = [Part(None, [[p]], [[0, 0, -1, 0, 0, None, 0, [-1], [0, 1]]]) for p in range(9)]
    parts += [Part(None, [[p]], [[0, 0, -1, 0, 0, None, 0, [-3], [0, 2]]]) for p in range(9, 14)]
    claim = {"objective": -15, "bound": -15}
    for price in range(0, -40, -1):
        proof = {"tiers": [{**claim, "scale": 10, "tree": {"rows": pack_rows([price])}}]}
        found = bounds(proof, [row], 14, parts)[0]
        assert found is not None
        assert found >= -9 > claim["bound"]
    assert bounds({"tiers": [{**claim, "scale": 1, "tree": {"rows": pack_rows([-1])}}]}, [row], 14, parts) == [-9]


def test_prices_travel_unchanged():
    """Packing is loss-free at the edges of 64 bits."""
    prices = [0, 1, 2**62, 2**63 - 1]
    assert list(unpack_prices(pack_prices(prices), 4)) == prices
    draw = Random(3)
    for bits in (0, 1, 7, 8, 15, 16, 31, 32, 52, 53):
        top = 2**bits - 1
        rows = [0, top, -top, *(draw.randint(-top, top) for _ in range(draw.randint(0, 30)))]
        assert unpack_rows(pack_rows(rows), len(rows)) == rows
    assert unpack_rows(pack_rows([]), 0) == []


def test_leaf_of_the_solver_is_read_by_the_auditor():
    """The leaf that the solver writes carries its prices to the auditor unchanged, zeros and signs included."""
    import numpy as np

    from landopt.solving.prices_bound import Prices, leaf_json, leaf_prices

    prices = Prices(np.array([0, 7, 2**50]), np.array([0, -(2**53) + 1, 2**53 - 1, 12]), 10)
    leaf = leaf_json(prices)
    assert unpack_rows(leaf["rows"], 4) == prices.rows.tolist()
    assert list(unpack_prices(leaf["parcels"], 3)) == prices.parcels.tolist()
    back = leaf_prices(leaf, 4, 10)
    assert back.rows.tolist() == prices.rows.tolist()
    assert back.parcels.tolist() == prices.parcels.tolist()


@pytest.mark.parametrize(
    ("bound", "objective", "text"),
    [
        (100, 100, "0.000000"),
        (101, 100, "0.010000"),
        (3_000_001, 3_000_000, "0.000001"),
        (-99, -100, "0.010000"),
        (0, 0, "0.000000"),
        (1, 0, "1.000000"),
        (99, 100, "-0.010000"),
    ],
)
def test_gap_rounds_up(bound: int, objective: int, text: str):
    """The gap is never understated."""
    assert gap_text(bound, objective) == text


def test_proof_of_a_round_with_250_limits_is_small():
    """At most 2 kB apart from parcel prices: 250 limits that all bind, each priced with nine digits at random."""
    from constraints.canonical import canonical

    draw = Random(9)
    rows = [draw.choice([1, -1]) * draw.randint(100_000_000, 999_999_999) for _ in range(250)]
    tier = {"objective": 10**9, "bound": 10**9, "scale": 10**6, "tree": {"rows": pack_rows(rows)}}
    proof = {"schema": "landopt.proof/1", "case": "0" * 64, "offers": "0" * 64, "scope": "all", "tiers": [tier]}
    assert len(canonical(proof)) <= 2048
