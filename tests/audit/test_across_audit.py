"""Limits across keys in plan folders: both readings, both verifiers and the audit; whatever is forged is refused."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from constraints.audit.certificate.price_writer import leaf_tree
from constraints.audit.certificate.proof import BadProof, bounds
from constraints.audit.files.offers_reader import block_of
from constraints.audit.run import audit_plan
from constraints.case import Case
from constraints.types import Row
from landopt.screening.uncapped_sites import build_offers
from parcels.common.issues import Refused
from tests.audit.folders import Small, proven, random_tree, small, write
from tests.audit.mutants import Content, load, reseal, save
from tests.audit.test_verify_js import javascript, python
from tests.brute import brute_force_offers
from tests.builders import random_case
from tests.facts import limit
from tests.test_two_readings import by_arrays, by_scalars

NODE = shutil.which("node")


def across_case(seed: int) -> Case:
    """A random round with a least and a spread of districts, of kinds of platforms or of named keys."""
    made, draw = random_case(seed), Random(seed)
    per, keys = draw.choice([(("district",), None), (("operator",), None), (("district", "land_source"), None),
                             (("method",), [["listing"], ["lease"], ["auction"]])])  # fmt: skip
    more: dict[str, Any] = {"per": per} | ({"keys": keys} if keys else {})
    measure, amount = draw.choice([("count", 1), ("count", 3), ("area_m2", 2_500), ("area_m2", 60_000)])
    more["measure"] = measure
    tier = draw.choice([None, 0])
    dear: list[int | str] = ["0.01", 3, 70]
    cheap: list[int | str] = ["0.01", 5]
    where = draw.choice(["", "use == 'IND'", "strategic_industry"])
    rules = [
        limit("u.least", where, ">=", amount, across="least", penalty=draw.choice(dear), tier=tier, **more),
        limit("u.wide", "", "<=", amount // 2, across="spread", penalty=draw.choice(cheap), **more),
        limit("u.hard", where, "<=", 2 * amount, across="spread", **more),
    ]
    return replace(made, rules=tuple(sorted((*made.rules, *rules), key=lambda rule: rule.id)))


@pytest.fixture(scope="module")
def across_rounds() -> list[Small]:
    """Twelve such rounds that have a plan."""
    found: list[Small] = []
    seed = 0
    while len(found) < 12:
        one = small(across_case(seed))
        seed += 1
        if one.best is not None and one.chosen and any(row.once and row.penalty for row in one.rows):
            found.append(one)
    return found


def test_both_readings_give_the_same_rows() -> None:
    """Rows, their flag, coefficients and the best plan, by arrays and by scalars."""
    kinds = Counter[bool]()
    for seed in range(60):
        made = across_case(seed)
        offers = build_offers(made)
        reader, scalars = by_scalars(made)
        arrays = by_arrays(offers)
        assert arrays == scalars
        assert all(reader.rows.row(row.rule, row.key) == row for row in offers.rows)
        standing = {key for key in reader.rows.keys() if key[0].startswith("u.")}  # noqa: SIM118
        assert {(row.rule, row.key) for row in offers.rows if row.rule.startswith("u.")} == standing
        kinds.update(row.once for row in offers.rows)
        if seed < 20:
            assert brute_force_offers(offers) == small(made).best
    assert kinds[True] > 100


def test_true_plans_stand(across_rounds: list[Small], tmp_path: Path) -> None:
    """Penalties charged once, screened again in full."""
    for number, one in enumerate(across_rounds):
        write(tmp_path / str(number), one)
        report = audit_plan(tmp_path / str(number), complete=True)
        assert report.breaches == ()
        assert report.stands


def _alone(content: Content) -> None:
    for row in content["offers.jsonl.gz"][0]["rows"]:
        row.pop("once", None)


def _one_alone(content: Content) -> None:
    next(row for row in content["offers.jsonl.gz"][0]["rows"] if row.get("once")).pop("once")


def _with_others(content: Content) -> None:
    plain = [row for row in content["offers.jsonl.gz"][0]["rows"] if not row.get("once")]
    plain[0]["once"] = True


def _cheaper(content: Content) -> None:
    next(row for row in content["offers.jsonl.gz"][0]["rows"] if row.get("once"))["penalty"] += 1


def _number(content: Content) -> None:
    next(row for row in content["offers.jsonl.gz"][0]["rows"] if row.get("once"))["once"] = 1


def _fewer(content: Content) -> None:
    rows = content["offers.jsonl.gz"][0]["rows"]
    content["offers.jsonl.gz"][0]["rows"] = rows[:-1]


@pytest.mark.parametrize("change", [_alone, _one_alone, _with_others, _cheaper, _number, _fewer])
def test_what_is_listed_otherwise_is_refused(
    change: Callable[[Content], None], across_rounds: list[Small], tmp_path: Path
) -> None:
    """A row that stands alone, goes with strange ones or costs otherwise: refused, with digests made anew."""
    for number, one in enumerate(across_rounds[:4]):
        write(tmp_path / str(number), one)
        content = load(tmp_path / str(number))
        change(content)
        save(tmp_path / f"{number}-changed", reseal(content))
        try:
            assert not audit_plan(tmp_path / f"{number}-changed", complete=True).stands
        except Refused:
            assert change is _number


def test_an_objective_charged_otherwise_is_refused(across_rounds: list[Small], tmp_path: Path) -> None:
    """A plan that claims a penalty less, or one row's more, is a breach."""
    for by in (1, -1):
        write(tmp_path / str(by), across_rounds[0])
        content = load(tmp_path / str(by))
        for of in (content["plan.json"]["result"]["tiers"][-1], content["proof.json"]["tiers"][-1]):
            of["objective"] += by
        save(tmp_path / f"{by}-changed", reseal(content))
        assert not audit_plan(tmp_path / f"{by}-changed").stands


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_both_verifiers_say_the_same_of_random_proofs(across_rounds: list[Small], tmp_path: Path) -> None:
    """Prices beyond one penalty and branches on a later row too: the same bound, or refused by both."""
    draw, made, refused = Random(7), [], 0
    for number in range(120):
        one = across_rounds[number % len(across_rounds)]
        assert one.best is not None
        proof: dict[str, Any] = {"schema": "landopt.proof/3", "scope": "all", "tiers": []}
        for tier, reached in enumerate(one.best):
            scale = draw.choice([1, 10, 1000])
            entry = {"objective": reached, "scale": scale, "tree": random_tree(draw, one, tier, scale, 4)}
            try:
                bound = proven(entry, one, tier, one.best[:tier])
                assert bound is None or bound >= reached
            except BadProof:
                bound, refused = None, refused + 1
            proof["tiers"].append({**entry, "bound": reached if bound is None else bound})
        made.append(tmp_path / str(number))
        write(made[-1], one, proof)
    said = [answer["holds"] for answer in javascript(made, tmp_path)]
    assert said == [python(folder) for folder in made]
    assert sum(map(bool, said)) > 60
    assert refused > 3


TWO = [Row(f"g[{key}]", "g", (key,), "limit", ">=", 4, 1, 10, 0, True) for key in "ab"]
BLOCK = {"demands": [[0, 1]], "market": [], "sites": [[0]], "ways": [[0, -1, 40, 0]], "lists": [[0, 4, 1, 1]],
         "site": [0], "way": [0], "list": [0], "floor": [-1], "price": [0], "score": [[3]]}  # fmt: skip


def _bound(rows: list[Row], prices: list[int]) -> int | None:
    entry = {"objective": 0, "scale": 1, "tree": leaf_tree(prices, [0])}
    return bounds({"tiers": [entry]}, rows, 1, [block_of(BLOCK)])[0]


def test_prices_of_rows_missed_together_add_up_to_one_penalty() -> None:
    """One offer gives 4 of 4 to a and 1 of 4 to b: three units short, at 10 each; prices prove just that."""
    assert _bound(TWO, [0, 0]) == 3
    assert _bound(TWO, [0, -10]) == -40 + max(0, 3 + 10) == 3 - 30
    assert _bound(TWO, [-5, -5]) == -40 + 3 + 25
    with pytest.raises(BadProof, match="above its penalty"):
        _bound(TWO, [-5, -6])
    with pytest.raises(BadProof, match="above its penalty"):
        _bound(TWO, [-10, -10])
    alone = [replace(row, once=False) for row in TWO]
    assert _bound(alone, [-10, -10]) == -80 + max(0, 3 + 50)
    with pytest.raises(BadProof, match="cost differently"):
        _bound([TWO[0], replace(TWO[1], penalty=11)], [0, 0])
