"""What the audit is made of, each piece by itself: quick, and by numbers that were reckoned by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from constraints.audit.bound.form import Form
from constraints.audit.certificate.price_tree import Node, Tree, Vector
from constraints.audit.certificate.price_writer import write_tree
from constraints.audit.certificate.proof import Bound
from constraints.audit.reread import Reader
from constraints.types import Row
from tests.audit.folders import Small, write
from tests.audit.lists import Part, blocks
from tests.builders import case, demand, parcel

ROW = Row("a", "a", (), "limit", "<=", 5, 0, 0, 0)
ONE = [Part(0, [[0]], [[0, 0, -1, 0, 0, None, 0, [9], [0, 1]]])]
"""One offer worth 9 that takes parcel 0 and one of the limit's five."""


def bound(*vectors: Vector, leaf: int) -> int:
    """What prices bound it by, where one vector closes the only leaf."""
    tree = Tree(vectors=list(vectors), nodes=[Node(leaf)])
    found = Bound({"scale": 1, "tree": write_tree(tree, 1)}, 0, [ROW], 1, [])
    for block in blocks(ONE):
        found.feed(block)
    assert found.value is not None
    return found.value


def test_prices_made_from_the_first_vector_need_what_it_adds() -> None:
    """Five at 3 and what the offer has over (9 - 3); with the parcel at 2, that and 9 - 3 - 2; at 2 + 7, nothing."""
    first = Vector(rows=((0, 3),))
    assert bound(first, leaf=0) == 5 * 3 + 6
    assert bound(first, Vector(0, parcels=((0, 2),)), leaf=1) == 5 * 3 + 2 + 4
    assert bound(first, Vector(0, parcels=((0, 2),)), Vector(1, parcels=((0, 7),)), leaf=2) == 5 * 3 + 9 + 0
    assert bound(first, Vector(-1, parcels=((0, 2),)), leaf=1) == 2 + 7


@pytest.fixture(scope="module")
def files(rounds: list[Small], tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], ...]:
    """Plan, case and proof of a small round."""
    place = tmp_path_factory.mktemp("pieces") / "plan"
    write(place, rounds[0])
    plan, raw, proof = (
        json.loads(Path(place / f"{name}.json").read_text("utf-8")) for name in ("plan", "case", "proof")
    )
    return plan, raw, proof


def test_the_form_of_the_files_is_looked_at_before_anything_is_reckoned(files: tuple[dict[str, Any], ...]) -> None:
    """Each of the three in turn, and a column of the facts; what nobody knows is told and hinders nothing."""
    plan, raw, proof = files
    assert Form(plan, raw, proof).unknown == []
    columns = raw["parcels"]["columns"]
    other = {**raw, "parcels": {**raw["parcels"], "columns": {**columns, "area_m2": [None, *columns["area_m2"]]}}}
    for changed in (
        ({**plan, "plan_hash": 5}, raw, proof),
        (plan, {**raw, "packs": 5}, proof),
        (plan, raw, {**proof, "tiers": 5}),
    ):
        with pytest.raises(ValueError, match=r"is int"):
            Form(*changed)
    with pytest.raises(ValueError, match="area_m2"):
        Form(plan, other, proof)
    (told,) = Form({**plan, "remark": "urgent"}, {**raw, "hurry": 1}, proof).unknown
    assert (told.what, "remark" in told.said.text("en"), "hurry" in told.said.text("en")) == ("field", True, True)


def test_who_asks_for_no_day_is_never_late() -> None:
    """The market and a platform without ``needed_by``; another is, where the steps end after its day."""
    made = case([parcel()], [demand(), demand(needed_by="2026-04-30"), demand(needed_by="2027-12-31")])
    reader = Reader(made)
    method = reader.case.methods[reader.method_row["listing"]]
    late = [reader.late(reader.ready_from((0,)), who, method, -1) for who in (None, 0, 1, 2)]
    assert late == [False, False, True, False]
