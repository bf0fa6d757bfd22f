"""Plan folders for the reports: a decided round on a grid of polygons, with plain or hostile names, small or large."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import geopandas
import numpy as np
import shapely
from click.testing import CliRunner, Result
from shapely.geometry import Polygon

from cli import desk
from constraints.canonical import canonical
from constraints.case import case_digest, to_json
from landopt.keeping.plan import plan_json
from landopt.reasons.justify import justify
from landopt.report.gis.plan_layers import write_plan_gpkg
from landopt.screening.offers_file import write_offers
from landopt.solving.solver import solve
from parcels.common.frozen import FactTable
from tests.builders import random_medium_case
from tests.landopt.decided import offers_of

SCRIPT = '<img src=x onerror="document.title=1"></script><script>document.title="broken"</script>'
FORMULA = '=HYPERLINK("http://127.0.0.1/x","y")'
TURNED = "gpj.\u202etxt\u0007\u200f"
LONG = "长" * 10_000
HOSTILE = (SCRIPT, FORMULA, "+1+1", "-2", "@SUM(A1)", TURNED, LONG, "{{ 7 * 7 }}", "#sys.inputs", "a&b<c>\"d'e")


def call(*words: str | Path) -> Result:
    """Run ``landopt report`` in this process."""
    return CliRunner().invoke(desk, ["report", *map(str, words)], prog_name="landopt")


@cache
def _decided(seed: int) -> tuple[Any, Any, Any, Any]:
    case = random_medium_case(seed, 36)
    offers = offers_of(case)
    outcome = solve(case, offers, gap="0.02", time_limit_s=5)
    assert outcome.chosen is not None
    chosen = [int(number) for number in outcome.chosen]
    records = justify(case, offers, chosen, outcome)
    plan = plan_json(
        case,
        stopped=outcome.stopped,
        scope="all",
        ties={"status": "not examined"},
        tiers=[(tier.objective, tier.bound, tier.solver_bound) for tier in outcome.tiers],
        records=records,
    )
    return case, offers, outcome, plan


def plan_folder(place: Path, *, seed: int = 3, hostile: bool = False, copies: int = 1) -> Path:
    """Write a plan folder; ``hostile`` gives parcels, districts and platforms names that attack every format."""
    case, offers, outcome, plan = _decided(seed)
    place.mkdir(parents=True, exist_ok=True)
    given = json.loads(canonical(to_json(case)))
    plan = json.loads(json.dumps(plan))
    write_offers(place / "offers.jsonl.gz", case, offers)
    proof = outcome.proof or {"schema": "landopt.proof/3", "case": case_digest(case), "offers": "", "tiers": []}
    (place / "proof.json").write_bytes(canonical(proof))
    if hostile:
        given, plan = _hostile(given, plan)
    given["crs"] = "EPSG:4526"
    (place / "case.json").write_text(json.dumps(given, ensure_ascii=False), encoding="utf-8")
    (place / "plan.json").write_text(json.dumps(plan, ensure_ascii=False), encoding="utf-8")
    facts = FactTable(tuple(given["parcels"]["ids"]), given["parcels"]["columns"])
    write_plan_gpkg(place / "plan.gpkg", plan, facts, grid(list(facts.ids)))
    return place


def grid(ids: list[str], *, wide: int = 8) -> geopandas.GeoDataFrame:
    """Squares of 60 m in a grid; the second is in two parts, the third has a hole."""
    shapes: list[Any] = []
    for row in range(len(ids)):
        x, y = 38_450_000 + 70 * (row % wide), 2_516_000 + 70 * (row // wide)
        square = shapely.box(x, y, x + 60, y + 60)
        if row == 1:
            square = shapely.MultiPolygon([shapely.box(x, y, x + 25, y + 60), shapely.box(x + 30, y, x + 60, y + 60)])
        if row == 2:
            square = square.difference(
                Polygon([(x + 20, y + 20), (x + 40, y + 20), (x + 40, y + 40), (x + 20, y + 40)])
            )
        shapes.append(square)
    return geopandas.GeoDataFrame(geometry=np.asarray(shapes), index=ids, crs="EPSG:4526")


def _hostile(case: dict[str, Any], plan: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    ids = case["parcels"]["ids"]
    swap = {ids[0]: FORMULA, ids[3]: ids[3] + SCRIPT, "A": TURNED + SCRIPT}
    for number, name in enumerate(case["demands"]["ids"]):
        swap[name] = f"{name}{HOSTILE[number % 6]}" if number % 3 == 0 else name

    def changed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: changed(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [changed(inner) for inner in value]
        return swap.get(value, value) if isinstance(value, str) else value

    case, plan = changed(case), changed(plan)
    names = [HOSTILE[number % len(HOSTILE)] for number in range(len(case["demands"]["ids"]))]
    case["demands"]["columns"]["name"] = names
    place = dict(zip(case["demands"]["ids"], names, strict=True))
    case["parcels"]["columns"]["parcel_name"] = [HOSTILE[number % len(HOSTILE)] for number in range(len(ids))]
    for record in plan["justification"]:
        demand = record.get("demand_id") if record["kind"] == "assignment" else record["id"]
        if "platform" in record and demand in place:
            record["platform"] = place[demand]
    case["round"]["title"] = plan["case"]["title"] = {"zh": SCRIPT, "en": SCRIPT}
    case["round"]["authority"] = FORMULA
    return case, plan


def enlarged(source: Path, place: Path, copies: int) -> Path:
    """A plan folder ``copies`` times as large: ids renamed, polygons moved aside, areas and prices jittered.

    The texts are those of a real plan; the plan is no longer proved, which no report reads.
    """
    plan = json.loads((source / "plan.json").read_text("utf-8"))
    case = json.loads((source / "case.json").read_text("utf-8"))
    import pyogrio

    frame = pyogrio.read_dataframe(source / "plan.gpkg", layer="parcels")
    draw = Random(7)
    known = set(case["parcels"]["ids"]) | set(case["demands"]["ids"])
    whole = next(record for record in plan["justification"] if record["kind"] == "plan")
    out: dict[str, list[Any]] = {"assignments": [], "held": [], "unserved": [], "justification": []}
    tables: dict[str, Any] = {name: {"ids": [], "columns": {}} for name in ("parcels", "demands")}
    for name, table in tables.items():
        table["columns"] = {key: [] for key in case[name]["columns"]}
    shapes, ids = [], []
    for copy in range(copies):

        def renamed(value: Any, copy: int = copy) -> Any:
            if isinstance(value, dict):
                return {key: renamed(inner) for key, inner in value.items()}
            if isinstance(value, list):
                return [renamed(inner) for inner in value]
            if isinstance(value, str) and value in known:
                return f"{value}-{copy:03d}"
            if isinstance(value, int) and not isinstance(value, bool) and value > 2_000:
                return value + draw.randrange(0, 1_000)
            return value

        for part in ("assignments", "held", "unserved"):
            out[part] += renamed(plan[part])
        out["justification"] += renamed([r for r in plan["justification"] if r["kind"] != "plan"])
        for name, table in tables.items():
            table["ids"] += [f"{value}-{copy:03d}" for value in case[name]["ids"]]
            for key, column in table["columns"].items():
                column += [renamed(value) for value in case[name]["columns"][key]]
        moved = shapely.transform(
            np.asarray(frame.geometry.values), lambda xy, copy=copy: np.add(xy, (copy % 8 * 5000, copy // 8 * 5000))
        )
        jitter = np.asarray([[draw.random() * 3, draw.random() * 3] for _ in range(len(moved))])
        shapes += [shapely.transform(shape, lambda xy, j=j: xy + j) for shape, j in zip(moved, jitter, strict=True)]
        ids += [f"{value}-{copy:03d}" for value in frame["parcel_id"]]
    for name, table in tables.items():
        order = sorted(range(len(table["ids"])), key=table["ids"].__getitem__)
        table["ids"] = [table["ids"][row] for row in order]
        table["columns"] = {key: [column[row] for row in order] for key, column in table["columns"].items()}
        case[name] = table
    case["neighbours"] = {"pairs": [], "shared_dm": []}
    place.mkdir(parents=True, exist_ok=True)
    (place / "plan.json").write_text(json.dumps({**plan, **out, "justification": [*out["justification"], whole]}))
    (place / "case.json").write_text(json.dumps(case))
    big = geopandas.GeoDataFrame({"parcel_id": ids}, geometry=shapes, crs=frame.crs)
    pyogrio.write_dataframe(big, place / "plan.gpkg", layer="parcels")
    return place
