"""Rows written by hand from docs/model.md (tests/golden_rows), held against both readings."""

from __future__ import annotations

import itertools
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from constraints.case import Case, Market, Period, Settings
from constraints.loading.load import in_force, load
from constraints.types import Row, Rule
from landopt.screening.uncapped_sites import build_offers
from tests.builders import AS_OF, case, demand, eligibility, parcel
from tests.test_two_readings import Identity, by_arrays, by_scalars

FOLDER = Path(__file__).parent / "golden_rows"
GOLDEN = [entry for path in sorted(FOLDER.glob("*.toml")) for entry in tomllib.loads(path.read_text("utf-8"))["golden"]]
HEAD = """
[[rule]]
id = "t.{}"
title = {{ en = "rule", zh = "规则" }}
cite = {{ doc = "policy", article = "1", rank = 0, grade = "V2" }}
from = 2020-01-01
"""
METHODS = ("listing", "lease")
Rows = dict[tuple[str, ...], tuple[str, int, int, int, int, bool]]
"""By key: sense, right-hand side, slack, penalty, tier, once."""


def rules_of(entry: Mapping[str, Any], folder: Path) -> list[Rule]:
    """The rules of an entry, read as a policy is read."""
    texts = entry["rule"].split("[[rule]]")
    path = folder / "policy.toml"
    heads = [HEAD.format(name) for name in ("one", "two")]
    path.write_text("".join(a + b for a, b in zip(heads, texts, strict=False)), "utf-8")
    return list(in_force(load(path, "policy").rules, AS_OF))


def round_of(entry: Mapping[str, Any], rules: list[Rule]) -> Case:
    """The round that the page beside the files describes."""
    base: dict[str, Any] = {"appraised_price": 10_000, "benchmark_price": None, "cost_floor": None}
    land = [
        parcel(parcel_id="A1", district="A", land_source="new", area_m2=1_000, **base),
        parcel(parcel_id="A2", district="A", land_source="stock", area_m2=2_000, **base),
        parcel(parcel_id="B1", district="B", area_m2=3_000, zone=("nansha", "nansha_ftz"), **base),
        parcel(parcel_id="B2", district="B", land_source="new", use="COM", area_m2=500, new_area_m2=400, **base),
    ]
    if entry.get("fixed"):
        land.append(parcel(parcel_id="C1", district="B", land_source="new", area_m2=700, status="contracted", **base))
    wants = [
        demand(
            demand_id="D1", operator="univ", area_min_m2=1_000, area_max_m2=3_000, max_parcels=2, priority=50,
            strategic_industry=None,
        ),
        demand(demand_id="D2", area_min_m2=2_500, area_max_m2=3_000, priority=80, strategic_industry=True),
    ]  # fmt: skip
    shut = ("allocation", "agreement", "bid", "auction", "lease_then_grant")
    periods = (Period("2026-H1", "2026-01-01", "2026-06-30"), Period("2026-H2", "2026-07-01", "2026-12-31"))
    tiers = (
        [["served"], ["preference", "revenue"]] if entry.get("tiers") == 2 else [["served", "preference", "revenue"]]
    )
    return case(
        land,
        wants,
        [*rules, eligibility("s.shut", "", **dict.fromkeys(shut, "forbid"))],
        [("A1", "A2")],
        periods=periods if entry.get("periods") else (),
        tiers=tiers,
        market=Market(("COM",), ("listing",)),
        settings=Settings(gap="0"),
    )


def named(made: Case, parcels: str, who: str, how: str) -> Iterator[Identity]:
    """The offers that a line speaks of."""
    rows, demands = made.parcels.index(), made.demands.index()
    site = tuple(sorted(rows[name] for name in parcels.split("+")))
    method, _, period = how.partition("@")
    number = [each.id for each in made.methods].index
    when = [each.id for each in made.round.periods].index(period) if period else -1
    for each in METHODS if method == "*" else (method,):
        yield site, None if who == "-" else demands[who], number(each), when


def written(made: Case, text: str) -> tuple[Rows, dict[tuple[str, ...], dict[Identity, int]]]:
    """The rows of an entry, and the coefficients of each."""
    rows: Rows = {}
    counts: dict[tuple[str, ...], dict[Identity, int]] = {}
    key: tuple[str, ...] = ()
    for line in text.strip().splitlines():
        if line.startswith("["):
            inside, _, rest = line[1:].partition("] ")
            key = (
                (inside,) if inside.startswith("nansha") else tuple("".join(shlex.split(k)) for k in inside.split(";"))
            )
            key = () if inside == "" else key
            sense, right, *more = rest.split()
            told = {name: int(value) for name, _, value in (each.partition("=") for each in more)}
            slack, penalty, tier = (told.get(name, 0) for name in ("slack", "penalty", "tier"))
            rows[key] = (sense, int(right), slack, penalty, tier, bool(told.get("once")))
            counts[key] = {}
        else:
            parcels, who, how, value = line.split()
            counts[key].update((offer, int(value)) for offer in named(made, parcels, who, how) if int(value))
    return rows, counts


def plain(row: Row) -> tuple[str, int, int, int, int, bool]:
    """A row as an entry writes it; the tier says nothing of a hard one."""
    return row.sense, row.rhs, row.slack, row.penalty, row.tier if row.slack else 0, row.once


@pytest.mark.parametrize("entry", [e for e in GOLDEN if "rows" in e], ids=lambda e: e["name"])
def test_both_readings_give_the_rows_written_by_hand(entry: dict[str, Any], tmp_path: Path) -> None:
    """Keys, sense, right-hand side, slack, penalty, tier and every coefficient, zeros too."""
    made = round_of(entry, rules_of(entry, tmp_path))
    rows, counts = written(made, entry["rows"])
    offers = build_offers(made)
    reader, scalars = by_scalars(made)
    arrays = by_arrays(offers)
    assert len(arrays) == (22 if entry.get("periods") else 11)
    standing = reader.rows.keys()
    keys = standing.union(*(every[5] for every in scalars.values()))
    own = {key[1]: reader.rows.row(*key) for key in keys if key[0] == "t.one"}
    assert {key: plain(row) for key, row in own.items() if row is not None} == rows
    assert {row.key: plain(row) for row in offers.rows if row.rule == "t.one"} == rows
    for found in (arrays, scalars):
        for key, expected in counts.items():
            assert {o: every[5][("t.one", key)] for o, every in found.items() if ("t.one", key) in every[5]} == expected


@pytest.mark.parametrize("entry", [e for e in GOLDEN if "offers" in e], ids=lambda e: e["name"])
def test_both_readings_give_the_offers_written_by_hand(entry: dict[str, Any], tmp_path: Path) -> None:
    """Verdict, term, floor, price and points of every offer."""
    made = round_of(entry, rules_of(entry, tmp_path))
    expected: dict[Identity, tuple[Any, ...]] = {}
    for line in entry["offers"].strip().splitlines():
        parcels, who, how, *facts = line.split()
        told = {name: int(value) for name, _, value in (fact.partition("=") for fact in facts)}
        said = (told["verdict"], told["term"], told.get("floor"), told["price"], (told["score"],))
        expected.update((offer, said) for offer in named(made, parcels, who, how))
    _, scalars = by_scalars(made)
    for found in (by_arrays(build_offers(made)), scalars):
        assert {offer: every[:5] for offer, every in found.items()} == expected


def test_every_kind_of_limit_and_link_is_written_down() -> None:
    """Each key of a limit, both senses, each relation and a lock stand in some entry."""
    text = "".join(entry["rule"] for entry in GOLDEN)
    keys = ("where", "measure", "per", "values", "share", "of", "used", "credit", "hard", "penalty", "tier", "sense")
    for name in (
        *keys,
        "across",
        "keys",
        "points",
        "points_per_ha",
        "per_m2",
        "max_years",
        "verdict",
        "document",
        "demands",
        "parcels",
    ):
        assert f"\n{name} =" in text, name
    for word in itertools.chain(('"<="', '">="'), ('"conflict"', '"together"', '"requires"', '"lock"', '"limit"')):
        assert word in text, word


DECIDED = """
kind = "limit"
where = "{}"
measure = "area_m2"
sense = "<="
values = [{{ amount = 10000, unit = "m2" }}]
[[rule]]
kind = "lock"
parcels = ["C1"]
demand = "D1"
method = "{}"
document = "Minutes 5"
"""


@pytest.mark.parametrize(
    ("where", "listed", "leased"),
    [
        ("method == 'listing'", 1, 0),
        ("method == 'lease'", 0, 1),
        ("right == 'grant'", 1, 0),
        ("right == 'lease'", 0, 1),
        ("competitive", 1, 1),
        ("not competitive", 0, 0),
        ("site_parcels == 1", 1, 1),
        ("site_parcels > 1", 0, 0),
        ("site_area_m2 == 700", 1, 1),
        ("site_area_m2 != 700", 0, 0),
        ("operator == 'univ'", 1, 1),
        ("operator != 'univ'", 0, 0),
        ("intending_users == 1", 1, 1),
        ("intending_users != 1", 0, 0),
        ("other_applicants == 0", 1, 1),
        ("other_applicants > 0", 0, 0),
        ("district == 'B' and land_source == 'new'", 1, 1),
        ("use == 'COM'", 0, 0),
    ],
)
def test_a_decision_uses_up_what_a_limit_counts_of_it(where: str, listed: int, leased: int, tmp_path: Path) -> None:
    """C1 is decided for D1, by listing or by lease: its 700 m2 are off the limit where the condition holds of that."""
    for method, counted in (("listing", listed), ("lease", leased)):
        made = round_of({"fixed": True}, rules_of({"rule": DECIDED.format(where, method)}, tmp_path))
        reader, scalars = by_scalars(made)
        offers = build_offers(made)
        right = 10_000 - 700 * counted
        own = reader.rows.row("t.one", ())
        assert own is not None
        assert (method, own.rhs) == (method, right)
        assert [row.rhs for row in offers.rows if row.rule == "t.one"] in ([right], [])
        assert by_arrays(offers) == scalars


@pytest.mark.parametrize(("where", "counted"), [("site_compact >= 100", 1), ("site_compact > 100", 0)])
def test_a_decided_parcel_is_as_compact_as_it_was_measured(where: str, counted: int, tmp_path: Path) -> None:
    """C1 has 700 m2 within 1,058 dm: floor(160,000 x 700 / 1,058^2) = 100; unmeasured, at most counts it."""
    made = round_of({"fixed": True}, rules_of({"rule": DECIDED.format(where, "listing")}, tmp_path))
    measured = replace(made, perimeters=(1_300, 1_800, 2_200, 900, 1_058))
    for each, due in ((measured, 10_000 - 700 * counted), (made, 10_000 - 700)):
        own = by_scalars(each)[0].rows.row("t.one", ())
        assert own is not None
        assert own.rhs == due
        assert [row.rhs for row in build_offers(each).rows if row.rule == "t.one"] in ([due], [])
