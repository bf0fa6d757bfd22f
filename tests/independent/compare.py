"""A round solved by landopt, and the same round by the independent model: where they differ."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from cli import desk
from tests.independent.best import Solver
from tests.independent.law import World
from tests.independent.lines import Key, Name
from tests.independent.programme import Programme
from tests.independent.rounds import Drawn

Listed = dict[Name, tuple[int, int, int | None, int, list[int], dict[Key, int]]]
Upstream = Callable[[Mapping[str, Any]], int]


def listed(folder: Path) -> tuple[Listed, dict[Key, dict[str, Any]], dict[str, Any]]:
    """The offers and rows of ``offers.jsonl.gz`` (docs/plan.md)."""
    with gzip.open(folder / "offers.jsonl.gz", "rt", encoding="utf-8") as lines:
        head = json.loads(next(lines))
        keys = [(row["rule"], tuple(row["key"])) for row in head["rows"]]
        found: Listed = {}
        for block in map(json.loads, lines):
            parts = [(row, size) for row, size in block["demands"]] + [(None, size) for _, size in block["market"]]
            at = 0
            for demand, size in parts:
                for k in range(at, at + size):
                    method, period, term, verdict = block["ways"][block["way"][k]]
                    pairs = block["lists"][block["list"][k]]
                    rows = {keys[row]: value for row, value in zip(pairs[::2], pairs[1::2], strict=True)}
                    score = [column[k] for column in block["score"]]
                    name = (tuple(block["sites"][block["site"][k]]), demand, method, period)
                    found[name] = (verdict, term, block["floor"][k], block["price"][k], score, rows)
                at += size
    return found, {(row["rule"], tuple(row["key"])): row for row in head["rows"]}, head


def differences(seed: int, folder: Path, upstream: Upstream, programme: bool = False) -> tuple[str, list[str]]:
    """(how the round ended: ``plan``, ``none`` or ``refused``; what differs)."""
    place = Drawn(seed, programme).write(folder / f"r{seed}")
    words = ["solve", str(place), "-o", str(folder / "plan"), "--lang", "en"]
    done = CliRunner().invoke(desk, words, prog_name="landopt")
    if done.exit_code == 1:
        return "refused", []
    if done.exit_code == 3:
        raw = _case_of(place)
        found = Solver(Programme(World(raw, upstream))).solve()
        return "none", [] if found is None else [f"no plan is said, but one reaches {found[0]}"]
    if done.exit_code != 0:
        return "failed", [f"exit {done.exit_code}: {done.output[-600:]}"]
    plan = json.loads((folder / "plan" / "plan.json").read_text("utf-8"))
    raw = json.loads((folder / "plan" / "case.json").read_text("utf-8"))
    built = Programme(World(raw, upstream))
    told = _of_offers(built, folder / "plan")
    solver = Solver(built)
    found = solver.solve()
    if found is None:
        return "plan", [*told, "a plan is printed, but none is lawful"]
    said = [tier.get("reached", tier["objective"]) for tier in plan["result"]["tiers"]]
    if said != found[0]:
        told.append(f"objective {said}, here {found[0]}")
    elif plan["result"]["stopped"] == "optimal":
        told += _of_ties(built, solver, plan, found[0])
    return "plan", told


def _case_of(place: Path) -> dict[str, Any]:
    """The case of a round without a plan, as the product reads it."""
    from constraints.case import to_json
    from landopt.intake.assemble import read_round

    case = read_round(place).case
    assert case is not None
    found: dict[str, Any] = json.loads(json.dumps(to_json(case)))
    return found


def _of_offers(programme: Programme, folder: Path) -> list[str]:
    found, rows, _ = listed(folder)
    mine = {o.name: (o.verdict, o.term, o.floor, o.price, o.score, o.rows) for o in programme.offers}
    told = [
        f"offer {name}: listed {found.get(name)}, here {mine.get(name)}"
        for name in sorted(found.keys() | mine.keys(), key=str)
        if found.get(name) != mine.get(name)
    ][:3]
    own = {
        key: (r.sense, r.rhs, r.unit, r.penalty, r.tier if r.unit else None, r.once)
        for key, r in programme.rows.items()
    }
    given = {
        key: (r["sense"], r["rhs"], r["slack"], r["penalty"], r["tier"] if r["slack"] else None, r.get("once", False))
        for key, r in rows.items()
    }
    told += [
        f"row {key}: {given.get(key)}, here {own.get(key)}"
        for key in sorted(own.keys() | given.keys())
        if own.get(key) != given.get(key)
    ][:3]
    return told


def _of_ties(programme: Programme, solver: Solver, plan: dict[str, Any], reached: list[int]) -> list[str]:
    names = {offer.name: at for at, offer in enumerate(programme.offers)}
    methods = [each["id"] for each in programme.world.methods]
    periods = [each["id"] for each in programme.world.round["periods"]]
    chosen = []
    for entry in plan["assignments"]:
        site = tuple(sorted(programme.ids.index(each) for each in entry["parcel_ids"]))
        demand = None if entry["demand_id"] is None else programme.who.index(entry["demand_id"])
        period = periods.index(entry["period"]) if entry["period"] else -1
        chosen.append(names[site, demand, methods.index(entry["method"]), period])
    ties = plan["result"]["ties"]
    apart = solver.apart(reached, chosen)
    if ties["status"] == "not examined":
        return ["ties not examined"]
    if (ties["status"] == "unique") != (apart == 0) or ties["parcels"] != apart:
        return [f"ties {ties}, here {apart} parcels could go otherwise"]
    return []
