"""The data of the map page: parcels, polygons in centimetres, platforms, texts, and the plan it is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from landopt.reasons import words
from landopt.reasons.compared.moves import moves
from landopt.report.map.codec import Codes, Container, add_texts
from landopt.report.papers.plain import plain
from landopt.report.protected import protected_areas
from landopt.report.public import PublicSource
from landopt.report.source import Source, rules_of
from landopt.report.system_words import system_words

if TYPE_CHECKING:
    import geopandas

_VERDICTS = ("permit", "warn", "condition", "forbid")
_COLUMNS = (
    *("area", "district", "use", "source", "method", "record", "demand", "verdict", "role", "term", "price"),
    *("rules", "site"),
)
_ROLES = ("assignee", "intended_user", "market")


def map_payload(source: Source, before: Mapping[str, Any] | None = None, *, texts: bool = True) -> str:
    """The container of the page as text (:mod:`landopt.report.map.codec`).

    Parameters
    ----------
    before
        A plan to compare with.
    texts
        Carry the justification of every record; without, the map alone.
    """
    container = Container(_head(source))
    _parcels(container, source)
    add_polygons(container, source.polygons)
    container.head["protected"] = _protected(container, source)
    container.head["platforms"] = _platforms(source)
    container.head["words"] = _words(source)
    if texts and not isinstance(source, PublicSource):
        _standing(container, source)
    if before is not None:
        _compared(container, source, before)
    if texts:
        said = {lang: [plain(text) for text in several] for lang, several in source.texts.items()}
        add_texts(container, said, [{name: plain(text) for name, text in own.items()} for own in _own(source)])
    return container.pack()


def _head(source: Source) -> dict[str, Any]:
    plan, case = source.plan, source.case
    crs = source.polygons.crs
    return {
        "id": plan["plan_id"],
        "hash": plan["plan_hash"],
        "case": plan["case"]["digest"],
        "title": {lang: plain(text) for lang, text in plan["case"]["title"].items()},
        "authority": case.round.authority,
        "as_of": plan["case"]["as_of"],
        "tiers": plan["result"]["tiers"],
        "stopped": plan["result"]["stopped"],
        "scope": plan["result"]["bound_scope"],
        "optimal": source.whole["optimal"],
        "crs": {lang: "" if crs is None else system_words(case.crs, lang) for lang in ("zh", "en")},
        "whole": source.plan["justification"].index(source.whole),
        "overlays": plan["case"]["overlays"],
    }


def _parcels(container: Container, source: Source) -> None:
    demands = {name: place for place, name in enumerate(source.platforms)}
    methods = {name: place for place, name in enumerate(source.methods)}
    records = source.plan["justification"]
    districts, uses, sources, rules, sites = Codes(), Codes(), Codes(), Codes(), Codes()
    columns: dict[str, list[int]] = {name: [] for name in _COLUMNS}
    for row in source.rows:
        entry = row.entry
        columns["area"].append(row.area_m2)
        columns["district"].append(districts.code(row.district))
        columns["use"].append(uses.code(row.use))
        columns["source"].append(sources.code(row.land_source))
        columns["record"].append(-1 if row.record is None else row.record)
        columns["rules"].append(rules.code(() if row.record is None else rules_of(records[row.record])))
        columns["method"].append(-1 if entry is None else methods[entry["method"]])
        columns["demand"].append(-1 if entry is None or entry["demand_id"] is None else demands[entry["demand_id"]])
        verdict = None if entry is None else entry["verdict"]
        columns["verdict"].append(-1 if verdict is None else _VERDICTS.index(verdict))
        columns["role"].append(-1 if entry is None else _ROLES.index(entry["role"]))
        columns["term"].append(0 if entry is None else entry["term_years"] or 0)
        columns["price"].append(0 if entry is None else entry["start_price_yuan"])
        columns["site"].append(-1 if entry is None else sites.code("+".join(entry["parcel_ids"])))
    for name, column in columns.items():
        shift = name == "record"
        container.add(name, np.diff(np.asarray(column), prepend=0) if shift else column)
    periods = [period.id for period in source.case.round.periods]
    if periods:  # the slider of a programme
        when = [-1 if row.entry is None else periods.index(row.entry["period"]) for row in source.rows]
        container.add("period", when)
        container.head["periods"] = periods
    container.head.update(
        ids=[plain(row.parcel_id) for row in source.rows],
        names=[plain(row.name) for row in source.rows] if any(row.name for row in source.rows) else [],
        districts=[plain(name) for name in districts.values],
        uses=uses.values,
        sources=sources.values,
        methods=list(source.methods),
        rules=_rule_sets(rules),
    )


def _standing(container: Container, source: Source) -> None:
    """Of each parcel whether every plan within the gap supplies it (1), some may (2), none does (3); 0: not said."""
    found = source.found.standing
    if found is None:
        return
    states = {
        choice.parcel_ids[0]: 1 + ("core", "open", "out").index(choice.state)
        for choice in found.choices
        if choice.kind == "parcel"
    }
    container.add("stands", [states.get(row.parcel_id, 0) for row in source.rows])
    container.head["stands"] = {"within": words.points(found.within)}


def _rule_sets(rules: Codes) -> dict[str, Any]:
    names = sorted({name for one in rules.values for name in one})
    place = {name: number for number, name in enumerate(names)}
    return {"names": names, "sets": [[place[name] for name in one] for one in rules.values]}


def add_polygons(container: Container, outlines: geopandas.GeoDataFrame) -> None:
    """Rings as deltas in centimetres from the lower left corner of the plan; the closing point is left out."""
    import shapely

    shapes = np.asarray(outlines.geometry.values)
    west, south, _, _ = shapely.total_bounds(shapes) if len(shapes) else (0.0, 0.0, 0.0, 0.0)
    west, south = float(np.floor(west)), float(np.floor(south))
    polygons, of_parcel = shapely.get_parts(shapes, return_index=True)
    rings, of_polygon = shapely.get_rings(polygons, return_index=True)
    points, of_ring = shapely.get_coordinates(rings, return_index=True)
    cm = np.round((points - [west, south]) * 100).astype(np.int64)
    last = np.append(np.flatnonzero(np.diff(of_ring)), len(of_ring) - 1) if len(of_ring) else np.empty(0, dtype=int)
    cm, of_ring = np.delete(cm, last, axis=0), np.delete(of_ring, last)
    container.head["origin"] = [west, south]
    container.add("parts", np.bincount(of_parcel, minlength=len(shapes)))
    container.add("rings", np.bincount(of_polygon, minlength=len(polygons)))
    container.add("points", np.bincount(of_ring, minlength=len(rings)))
    container.add("x", np.diff(cm[:, 0], prepend=0))
    container.add("y", np.diff(cm[:, 1], prepend=0))


def _protected(container: Container, source: Source) -> list[dict[str, Any]]:
    """The areas whose layers forbid supply: outer rings and holes as rings, in metres from the corner of the plan."""
    import shapely

    areas = protected_areas(source)
    west, south = container.head["origin"]
    x: list[int] = []
    y: list[int] = []
    found = []
    for area in areas:
        rings, _ = shapely.get_rings(np.array(area.shapes, object), return_index=True)
        points = []
        for ring in rings:
            dm = np.round((shapely.get_coordinates(shapely.simplify(ring, 0.5))[:-1] - [west, south]) * 10).astype(int)
            x += np.diff(dm[:, 0], prepend=0).tolist()
            y += np.diff(dm[:, 1], prepend=0).tolist()
            points.append(len(dm))
        title = {lang: area.title(lang) for lang in ("zh", "en")}
        found.append({"title": title, "colour": area.colour, "points": points})
    container.add("protected_x", x)
    container.add("protected_y", y)
    return found


def _platforms(source: Source) -> list[dict[str, Any]]:
    record_of = {
        record["id"]: place for place, record in enumerate(source.plan["justification"]) if record["kind"] == "unserved"
    }
    return [{"id": name, **entry, "record": record_of.get(name, -1)} for name, entry in source.platforms.items()]


def _words(source: Source) -> dict[str, Any]:
    """The names of the codes the page shows, in both languages."""
    uses = sorted({row.use for row in source.rows})
    subjects = {
        "method": source.methods,
        "use": uses,
        "land_source": ("new", "stock"),
        "verdict": _VERDICTS,
        "platform_kind": sorted({str(entry["kind"]) for entry in source.platforms.values() if entry["kind"]}),
        "operator": sorted({str(entry["operator"]) for entry in source.platforms.values() if entry["operator"]}),
        "stopped": (source.plan["result"]["stopped"],),
    }
    found: dict[str, Any] = {
        subject: {code: {lang: words.word(subject, code, lang) for lang in ("zh", "en")} for code in codes}
        for subject, codes in subjects.items()
    }
    found["rules"] = {rule.id: {"zh": rule.title.zh, "en": rule.title.en} for rule in source.case.rules}
    used = {name for record in source.plan["justification"] if record["kind"] != "plan" for name in _named(record)}
    found["rules"] = {name: text for name, text in found["rules"].items() if name in used}
    return found


def _named(record: Mapping[str, Any]) -> tuple[str, ...]:
    return rules_of(record) if record["kind"] in ("assignment", "held") else ()


def _compared(container: Container, source: Source, before: Mapping[str, Any]) -> None:
    """What moved, a parcel: -2 unchanged, -1 held before, else the method before; and the platform before."""
    found = moves(before, source.plan)
    methods = {name: place for place, name in enumerate(source.methods)}
    demands = {name: place for place, name in enumerate(source.platforms)}
    moved = {entry["parcel_id"]: entry["was"] for entry in found["parcels"]}
    known = {row.parcel_id for row in source.rows}
    was_method, was_demand = [], []
    for row in source.rows:
        was = moved.get(row.parcel_id)
        was_method.append(-2 if row.parcel_id not in moved else -1 if was is None else methods.get(was["method"], -1))
        was_demand.append(-1 if not was or was["demand_id"] is None else demands.get(was["demand_id"], -1))
    container.add("was_method", was_method)
    container.add("was_demand", was_demand)
    container.head["compare"] = {
        "plan": before["plan_id"],
        "moved": len(moved),
        "outside": sorted(name for name in moved if name not in known),
        "flows": found["methods"],
        "gained": found["gained"],
        "lost": found["lost"],
        "tiers": found["tiers"],
    }


def _own(source: Source) -> list[dict[str, str]]:
    """The texts each record calls its own, as the page can make them from its columns.

    ``i`` the parcel ids joined by +, ``t`` the district of the first, ``a`` the area in ha, ``d`` the platform's id,
    ``p`` its name as ``plan.json`` has it.
    """
    own: list[dict[str, str]] = [{} for _ in source.plan["justification"]]
    areas: dict[int, int] = {}
    for row in source.rows:
        if row.record is not None:
            mine = own[row.record]
            mine["i"] = f"{mine['i']}+{row.parcel_id}" if "i" in mine else row.parcel_id
            mine.setdefault("t", row.district)
            areas[row.record] = areas.get(row.record, 0) + row.area_m2
            if row.entry is not None and row.entry["demand_id"] is not None:
                mine["d"] = row.entry["demand_id"]
    for place, area in areas.items():
        own[place]["a"] = words.hectares(area)
    for place, record in enumerate(source.plan["justification"]):
        if record["kind"] == "unserved":
            own[place]["d"] = record["id"]
        if "d" in own[place]:
            own[place]["p"] = source.platforms[own[place]["d"]]["name"]
    return own
