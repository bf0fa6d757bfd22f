"""The bound is never below the best plan, whatever the prices are, and nothing that is no proof passes."""

from __future__ import annotations

import base64
import zlib
from collections import Counter
from random import Random
from typing import Any

import pytest

from constraints.audit.certificate.price_tree import priced, read_tree
from constraints.audit.certificate.price_writer import leaf_tree, write_tree
from constraints.audit.certificate.proof import BadProof, Bound, bounds
from constraints.audit.files.offers_reader import block_of
from constraints.types import Row
from tests.audit.folders import Small, packed, proven, random_tree, row_prices
from tests.audit.lists import Part, blocks
from tests.audit.trees import Witness, mates, random_proof
from tests.brute import brute_force

INSTANCES = 10_000


def _instance(draw: Random) -> tuple[list[Row], list[Part], list[dict[str, Any]], int]:
    """A random integer programme in the form of a round: rows of every sense, soft and hard, two tiers."""
    parcels, demands, tiers = draw.randint(1, 4), draw.randint(0, 3), draw.choice([1, 1, 2])
    rows = []
    for number in range(draw.randint(0, 3)):
        sense = draw.choice(["<=", "<=", ">=", "="])
        rhs = draw.randint(-2, 9)
        soft = draw.random() < 0.4
        slack, penalty = (draw.choice([1, 1, 2, 3]), draw.randint(0, 9)) if soft else (0, 0)
        rows.append(Row(f"r{number}", f"r{number}", (), "limit", sense, rhs, slack, penalty, draw.randrange(tiers)))
    if draw.random() < 0.3:  # some are missed together, at one cost
        shared = (draw.choice(["<=", ">="]), draw.choice([1, 1, 2]), draw.randint(0, 9), draw.randrange(tiers))
        for number in range(draw.randint(2, 3)):
            sense, slack, penalty, tier = shared
            key = (str(number),)
            rows.append(Row(f"g[{number}]", "g", key, "limit", sense, draw.randint(-2, 9), slack, penalty, tier, True))
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


def _tree(
    draw: Random, rows: list[Row], parts: list[Part], parcels: int, tier: int, scale: int, depth: int = 2
) -> dict[str, Any]:
    if depth and parts and draw.random() < 0.4:
        part = draw.choice(parts)
        offer = draw.choice(part.offers)
        group = part.sites[offer[0]]
        if part.demand is None:
            on: dict[str, Any] = {"d": None, "parcel": group[0], "method": draw.choice([None, offer[1]])}
        else:
            on = {"d": part.demand, "parcel": draw.choice([None, *group]), "method": draw.choice([None, offer[1]])}
        own = _tree(draw, rows, parts, parcels, tier, scale, 0) if draw.random() < 0.5 else {}
        left = depth - 1
        below = [_tree(draw, rows, parts, parcels, tier, scale, left) if draw.random() < 0.8 else {} for _ in range(2)]
        return {"on": on, "zero": below[0], "one": below[1], **own}
    prices = []
    for number, row in enumerate(rows):
        sign = {"<=": 1, ">=": -1, "=": draw.choice([1, -1])}[row.sense]
        prices.append([number, sign * draw.choice([0, 0, draw.randint(0, 9), draw.randint(0, 30)])])
    earlier = [-draw.randint(0, 9) if draw.random() < 0.5 else 0 for _ in range(tier)]
    for price, row in zip(prices, rows, strict=True):
        if row.slack:
            worth = scale if row.tier == tier else -earlier[row.tier] if row.tier < tier else 0
            most = worth * row.penalty // row.slack // len(mates(rows, price[0]))
            price[1] = max(-most, min(most, price[1]))
    prices += [[len(rows) + j, price] for j, price in enumerate(earlier)]
    per_parcel = [draw.randint(0, 40) for _ in range(parcels)]
    return {"rows": row_prices(prices, len(rows) + tier), "parcels": per_parcel}


def test_bound_is_never_below_the_optimum_on_ten_thousand_random_instances() -> None:
    """Random prices and trees bound random small programmes; complete enumeration is the witness."""
    draw = Random(20261122)
    done = below = tight = 0
    kinds = Counter[str]()
    while done < INSTANCES:
        rows, parts, offers, parcels = _instance(draw)
        as_rows = [
            {"sense": r.sense, "rhs": r.rhs, "slack": r.slack, "penalty": r.penalty, "tier": r.tier}
            | ({"once": r.rule} if r.once else {})
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
            scale = draw.choice([1, 1, 3, 7])
            tree = packed(_tree(draw, rows, parts, parcels, tier, scale), len(rows) + tier, parcels)
            if done % 2:
                everything = random_proof(draw, rows, parts, parcels, tier, 30, scale)
                tree = write_tree(everything, len(rows) + tier)
                kinds.update(type(one).__name__ for one in everything.derived)
            tiers.append({"objective": value, "bound": 0, "scale": scale, "tree": tree})
        try:
            found = bounds({"tiers": tiers}, rows, parcels, blocks(parts))
        except BadProof:
            kinds["refused"] += 1
            continue
        for value, bound in zip(best, found, strict=True):
            below += bound is None or bound < value
            tight += bound == value
    assert below == 0
    assert tight > 100
    assert kinds["Rounding"] > 2_000
    assert kinds["Clique"] > 400
    assert kinds["refused"] < INSTANCES // 5


def test_bound_holds_on_rounds_screened_from_facts(rounds: list[Small]) -> None:
    """The same on real small rounds, whose best plan was found by trying every plan."""
    draw = Random(5)
    for one in rounds:
        assert one.best is not None
        for _ in range(20):
            for tier, value in enumerate(one.best):
                scale = draw.choice([1, 10])
                entry = {"scale": scale, "tree": random_tree(draw, one, tier, scale)}
                try:
                    bound = proven(entry, one, tier, one.best[:tier])
                except BadProof:
                    continue
                assert bound is not None
                assert bound >= value


def test_bound_summed_in_one_pass_is_that_of_every_case_alone() -> None:
    """The bound shares what cases have in common; case by case and offer by offer it is the same."""
    draw, kinds = Random(8), Counter[str]()
    for _ in range(4_000):
        rows, parts, _, parcels = _instance(draw)
        tiers = len(parts[0].offers[0][7]) if parts else 1
        reached = [draw.randint(-9, 9) for _ in range(tiers)]
        for tier in range(tiers):
            scale = draw.choice([1, 7])
            tree = random_proof(draw, rows, parts, parcels, tier, 40, scale, 4)
            entry = {"scale": scale, "tree": write_tree(tree, len(rows) + tier)}
            try:
                bound = Bound(entry, tier, rows, parcels, reached[:tier])
                for block in blocks(parts):
                    bound.feed(block)
                value = bound.value
            except BadProof as bad:
                kinds[str(bad)] += 1
                continue
            kinds["drops"] += bool(tree.drops)
            kinds["derived"] += bool(tree.derived)
            kinds["alone"] += bool(tree.alone)
            kinds.update(type(node.on).__name__ for node in tree.nodes)
            assert value == Witness(entry, tier, rows, parcels, parts, reached[:tier]).bound()
    named = ("drops", "derived", "alone", "Branch", "Sum", "Supplied", "two offers of a clique can go together")
    assert min(kinds[name] for name in named) > 100


def _leaf(**more: Any) -> dict[str, Any]:
    return {"scale": 1, "tree": more}


def _nodes(raw: bytes, after: bytes = b"") -> dict[str, Any]:
    return _leaf(nodes=base64.b64encode(zlib.compress(raw) + after).decode("ascii"))


def _land(raw: bytes) -> dict[str, Any]:
    return _leaf(parcels=base64.b64encode(zlib.compress(raw)).decode("ascii"))


ROWS = [Row("a", "a", (), "limit", "<=", 5, 0, 0, 0), Row("b", "b", (), "limit", ">=", 2, 0, 0, 0)]
LONG = b"\xff" * 7
HEAD, ONE = b"\0\0\0\0", b"\1\0\0\0"
"""No rows held against offers alone, none derived, two steps; one vector that prices nothing, no drop."""


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (_leaf(**leaf_tree([-1, 0])), "wrong sign"),
        (_leaf(**leaf_tree([0, 1])), "wrong sign"),
        (_leaf(**leaf_tree([0, 0], [0, -1])), "wrong sign"),
        (_leaf(**leaf_tree([1])), "go on after|end too early|not exist"),
        (_leaf(**leaf_tree([1, -1, 0])), "end too early|go on after|not exist"),
        (_nodes(b""), "end too early"),
        (_nodes(b"\0\0\0\0"), "end too early"),
        (_nodes(HEAD + b"\0\0\0\0"), "vector is named"),
        (_nodes(HEAD + b"\1\1"), "vector is named"),
        (_nodes(HEAD + b"\1\0\1\2\2\0\0\0"), "row is named"),
        (_nodes(HEAD + b"\1\0\0\1\1\0"), "vector is named"),
        (_nodes(HEAD + b"\1\0\0\1\1\0\0\0"), "vector is named"),
        (_nodes(HEAD + ONE + b"\0\1"), "vector is named"),
        (_nodes(HEAD + ONE + b"\1\0\0"), "end too early"),
        (_nodes(HEAD + ONE + b"\1\0\3\0\0\0\0\0"), "parcel is named"),
        (_nodes(HEAD + ONE + b"\1\5\0\0\0\0\0"), "parcel is named"),
        (_nodes(HEAD + ONE + b"\3\2\0\0\0\0"), "parcel is named"),
        (_nodes(HEAD + ONE + b"\4\2\0\0\0\0\0"), "row is named"),
        (_nodes(HEAD + ONE + b"\5\2\0\0\0\0\0"), "no branch of kind"),
        (_nodes(HEAD + ONE + b"\0\0\0"), "go on after"),
        (_nodes(b"\0\0\x35\0" + ONE + b"\0\0"), "too coarse"),
        (_nodes(b"\0\0\0\0\x80"), "within a number|end too early"),
        (_nodes(HEAD + b"\1\0\1\0" + LONG + b"\xff\x80\0\0"), "more than 9 bytes"),
        (_nodes(HEAD + b"\1\0\1\0" + LONG + b"\x7f\0\0\0"), "out of range"),
        (_nodes(b"\1\2\0\0\0\0" + ONE + b"\0\0"), "row is named"),
        (_nodes(b"\0\1\2\0\1\6\2\0\0\0" + ONE + b"\0\0"), "row or parcel is named"),
        (_nodes(b"\0\1\2\0\1\0\4\0\0\0" + ONE + b"\0\0"), "rounds nothing"),
        (_nodes(b"\0\1\1\0\1\0\2\0\0\0" + ONE + b"\0\0"), "rounds nothing"),
        (_nodes(b"\0\1\0\2\0\0\0\0\0\0\0" + ONE + b"\0\0"), "twice"),
        (_nodes(b"\0\1\0\xe9\x07" + bytes(3_000)), "too many offers"),
        (_nodes(HEAD + ONE + b"\0\0", b"more"), "cut or go on too long"),
        (_nodes(b"\0\0\0\0" * (1 << 23)), "cut or go on too long"),
        (_nodes(HEAD + ONE + b"\3\0\0\0" * 1_002), "too many nodes"),
        (_leaf(nodes=leaf_tree([1, 0])["nodes"][:-8]), "nodes"),
        (_leaf(nodes=[[0, 1]]), "nodes cannot be unpacked"),
        (_leaf(nodes=[]), "nodes cannot be unpacked"),
        (_leaf(nodes="!!"), "nodes cannot be unpacked"),
        (_leaf(nodes="é"), "nodes cannot be unpacked"),
        (_leaf(nodes=""), "nodes are cut"),
        (_leaf(**leaf_tree([0, 0], [5, 0, 1])), "parcel is named that does not exist"),
        (_land(b"\0\1\0\1"), "wrong sign"),
        (_land(b"\x34\1\0\4"), "out of range"),
        (_land(b"\0"), "end too early"),
        (_land(b""), "end too early"),
        (_land(b"\0\0\0"), "go on after"),
        (_leaf(parcels="!!"), "cannot be unpacked"),
        ({"scale": 0, "tree": {}}, "scale"),
        ({"scale": 1, "tree": None}, "made of nodes"),
        ({"scale": 1, "tree": {"rows": "", "parcels": ""}}, "made of nodes"),
        ({"scale": 1, "tree": {"on": {}, "zero": {}, "one": {}}}, "made of nodes"),
    ],
)
def test_what_is_no_proof_is_refused(entry: dict[str, Any], why: str) -> None:
    """Wrong signs, unknown rows, uncovered cases and torn prices end as BadProof."""
    with pytest.raises(BadProof, match=why):
        Bound(entry, 0, ROWS, 2, [])


@pytest.mark.parametrize("other", [{"penalty": 4}, {"tier": 1}])
def test_rows_that_are_missed_together_cost_the_same(other: dict[str, int]) -> None:
    """One slack stands for all of them: with two penalties, or in two tiers, its worth would be nobody's."""
    given: dict[str, Any] = {"sense": "<=", "rhs": 5, "slack": 1, "penalty": 3, "tier": 0, "once": True}
    rows = [Row(f"g[{key}]", "g", (key,), "limit", **(given | extra)) for key, extra in (("a", {}), ("b", other))]
    with pytest.raises(BadProof, match="cost differently"):
        Bound(_leaf(), 0, rows, 2, [])


def test_reading_a_tree_is_total() -> None:
    """Random bytes, and written trees with bytes changed: nodes or BadProof, never another exception."""
    draw, read = Random(4), 0
    row = [Row("a", "a", (), "limit", "=", 5, 0, 0, 0)] * 4
    on = {"d": 1, "parcel": 2, "method": None}
    leaf = {"rows": [1, 0, -900, 16], "parcels": [3, 0, 0, 2**40, 0, 0]}
    text = packed({"on": on, "zero": leaf, "one": {"on": on, "zero": {}, "one": leaf}, **leaf}, 4, 6)["nodes"]
    true = zlib.decompress(base64.b64decode(text))
    for number in range(6_000):
        raw = bytearray(true) if number % 4 else bytearray(4) + bytes(draw.choices(range(4), k=draw.randint(0, 30)))
        for _ in range(draw.randint(0, 3)):
            raw[draw.randrange(len(raw))] = draw.choice([0, 1, 2, 3, draw.randrange(256)])
        text = base64.b64encode(zlib.compress(raw)).decode("ascii")
        tree = {"nodes": text} if number % 2 else {"nodes": text, "parcels": text}
        try:
            Bound({"scale": 1, "tree": tree}, 0, row, 6, [])
            read += 1
        except BadProof:
            continue
    assert read > 100


def test_two_parts_of_one_demand_are_refused() -> None:
    """A part listed in two halves could hide an offer under a forced branch."""
    bound = Bound(_leaf(), 0, [], 2, [])
    part = Part(0, [[0]], [[0, 0, -1, 0, 0, None, 0, [5], []]])
    bound.feed(blocks([part])[0])
    with pytest.raises(BadProof, match="two parts"):
        bound.feed(blocks([part])[0])


def test_market_part_of_two_parcels_is_refused() -> None:
    """Two market offers on different parcels could both be taken."""
    for sites in ([[0], [1]], [[0, 1]], [[1]], []):
        block = blocks([Part(None, [[0]], [[0, 0, -1, 0, 0, None, 0, [5], []] for _ in sites])])[0]
        for number, site in enumerate(sites):
            block.sites[number : number + 1] = [site]
            block.site[number] = number
        with pytest.raises(BadProof, match="one parcel"):
            bounds({"tiers": [{"objective": 0, **_leaf()}]}, [], 2, [block])


BLOCK = {
    "demands": [[0, 1]],
    "market": [[1, 2]],
    "sites": [[0], [1]],
    "ways": [[0, -1, 0, 0], [1, -1, 40, 0]],
    "lists": [[], [0, 3]],
    "site": [0, 1, 1],
    "way": [0, 0, 1],
    "list": [1, 0, 1],
    "floor": [None, 9, 9],
    "price": [1, 2, 3],
    "score": [[5, 6, 7]],
}


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("site", [0, 1], "differ in length"),
        ("site", [0, 1, 1, 1], "differ in length"),
        ("list", [1, 0], "differ in length"),
        ("floor", [None, 9], "differ in length"),
        ("score", [[5, 6]], "differ in length"),
        ("score", [[5, 6, 7], [5, 6]], "differ in length"),
        ("demands", [[0, 4], [1, -3]], "differ in length"),
        ("market", [[1, 1]], "differ in length"),
        ("market", [[1, 2], [2, 0]], "one parcel"),
        ("market", [[0, 2]], "one parcel"),
        ("sites", [[0], [2]], "parcel that does not exist"),
        ("sites", [[0], [-1]], "parcel that does not exist"),
        ("sites", [[], [1]], "parcel that does not exist"),
        ("lists", [[], [1, 3]], "row that does not exist"),
        ("lists", [[], [-1, 3]], "row that does not exist"),
        ("lists", [[], [0]], "row that does not exist"),
        ("site", [0, 1, 2], "site, way or list"),
        ("site", [0, 1, -1], "site, way or list"),
        ("way", [0, 0, 2], "site, way or list"),
        ("list", [-1, 0, 1], "site, way or list"),
        ("ways", [[0, -1, 0], [1, -1, 40, 0]], "no method"),
    ],
)
def test_what_is_no_block_is_refused(name: str, value: Any, why: str) -> None:
    """A column cut short or too long, a number below 0 or past its table: no offer can be left out of the bound."""
    rows = [Row("a", "a", (), "limit", "<=", 5, 0, 0, 0)]
    proof = {"tiers": [{"objective": 0, **_leaf(**leaf_tree([1]))}]}
    assert bounds(proof, rows, 2, [block_of(BLOCK)]) == [5 + (5 - 3) + 6]
    with pytest.raises(BadProof, match=why):
        bounds(proof, rows, 2, [block_of({**BLOCK, name: value})])


def test_solver_that_claims_fifteen_where_nine_is_best_is_refused() -> None:
    """FAULTS 69: highspy 1.14.0 claims "Optimal 15, bound 15" for min 2x + 3z, x + z >= 4.5, z integer; true is 9.

    As a round: lots of nine half units of x at -1 each (2 a unit), of five whole units of z at -3 each, a row that
    wants 9 half units. The claimed plan is 5 z, the claimed bound -15; the prices of any proof give at least -9.
    """
    row = Row("need", "need", (), "limit", ">=", 9, 0, 0, 0)
    parts = [Part(None, [[p]], [[0, 0, -1, 0, 0, None, 0, [-1], [0, 1]]]) for p in range(9)]
    parts += [Part(None, [[p]], [[0, 0, -1, 0, 0, None, 0, [-3], [0, 2]]]) for p in range(9, 14)]
    claim = {"objective": -15, "bound": -15}
    for price in range(0, -40, -1):
        proof = {"tiers": [{**claim, "scale": 10, "tree": leaf_tree([price])}]}
        found = bounds(proof, [row], 14, blocks(parts))[0]
        assert found is not None
        assert found >= -9 > claim["bound"]
    assert bounds({"tiers": [{**claim, "scale": 1, "tree": leaf_tree([-1])}]}, [row], 14, blocks(parts)) == [-9]


def test_trees_travel_unchanged() -> None:
    """Writing is loss-free: prices of every size, shared steps, branches of every kind, deep chains."""
    draw = Random(3)
    for bits in (0, 1, 6, 7, 8, 15, 31, 32, 52, 53):
        top = 2**bits - 1
        step = 2 ** draw.choice([0, 0, 3, 4, 20, 50])
        rows = [0, top, -top, *(draw.randint(-top, top) // step * step for _ in range(draw.randint(0, 30)))]
        land = [0, top, *(draw.randint(0, top) // step * step for _ in range(draw.randint(0, 30)))]
        nodes = read_tree(leaf_tree(rows, land), len(rows), len(land))
        assert priced(nodes, len(rows), len(land)) == [(rows, land)]
    assert leaf_tree([]) == leaf_tree([0, 0], [0]) == {}
    for _ in range(300):
        rows, parts, _, parcels = _instance(draw)
        tree = random_proof(draw, rows, parts, parcels, 0, 2**40, 1, 6)
        found = read_tree(write_tree(tree, len(rows)), len(rows), parcels)
        assert [node.on for node in found.nodes] == [node.on for node in tree.nodes]
        assert (found.alone, found.derived, found.drops) == (tree.alone, tree.derived, tree.drops)
        assert found.vectors == tree.vectors
