"""Two plans side by side: score, parcels, methods, platforms, limits, who gained and lost, and what moved each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction
from typing import Any

from constraints.canonical import canonical
from constraints.case import Case, rule_to_json
from constraints.types import Rule

Choice = tuple[str | None, str, str | None, int | None]
"""Demand (or market), method, period, term."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs between two cases: ``kind`` rule, fact, record or setting; what it was and is."""

    kind: str
    id: str
    field: str
    was: str
    now: str

    def as_dict(self) -> dict[str, str]:
        """The change as plain JSON."""
        return {"kind": self.kind, "id": self.id, "field": self.field, "was": self.was, "now": self.now}


def moves(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What moved between two plans (``plan.json``), as plain JSON."""
    was, now = _choices(before), _choices(after)
    area = {**_areas(before), **_areas(after)}
    moved = sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))
    flows: dict[tuple[str, str], list[int]] = {}
    for name in moved:
        key = (was[name][1] if name in was else "held", now[name][1] if name in now else "held")
        line = flows.setdefault(key, [0, 0])
        line[0] += 1
        line[1] += area.get(name, 0)
    return {
        "before": before["plan_id"],
        "after": after["plan_id"],
        "tiers": [
            {
                "before": a["objective"],
                "after": b["objective"],
                "change": b["objective"] - a["objective"],
                "bound_before": a["bound"],
                "bound_after": b["bound"],
            }
            for a, b in zip(before["result"]["tiers"], after["result"]["tiers"], strict=False)
        ],
        "parcels": [
            {
                "parcel_id": name,
                "area_m2": area.get(name, 0),
                "was": _shown(was.get(name)),
                "now": _shown(now.get(name)),
            }
            for name in moved
        ],
        "methods": [
            {"from": key[0], "to": key[1], "parcels": line[0], "area_m2": line[1]}
            for key, line in sorted(flows.items(), key=lambda entry: (-entry[1][0], entry[0]))
        ],
        **_platforms(before, after),
        "limits": _limits(before, after),
    }


def _choices(plan: Mapping[str, Any]) -> dict[str, Choice]:
    return {
        name: (entry["demand_id"], entry["method"], entry["period"], entry["term_years"])
        for entry in plan["assignments"]
        for name in entry["parcel_ids"]
    }


def _areas(plan: Mapping[str, Any]) -> dict[str, int]:
    held = {r["id"]: r["area_m2"] for r in plan.get("justification", ()) if r.get("kind") == "held"}
    whole = {e["parcel_ids"][0]: e["area_m2"] for e in plan["assignments"] if len(e["parcel_ids"]) == 1}
    return {**held, **whole}


def _shown(choice: Choice | None) -> dict[str, Any] | None:
    return None if choice is None else dict(zip(("demand_id", "method", "period", "term_years"), choice, strict=True))


def _platforms(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    was = {e["demand_id"]: sorted(e["parcel_ids"]) for e in before["assignments"] if e["demand_id"]}
    now = {e["demand_id"]: sorted(e["parcel_ids"]) for e in after["assignments"] if e["demand_id"]}
    gained, lost = sorted(now.keys() - was.keys()), sorted(was.keys() - now.keys())
    return {
        "gained": gained,
        "lost": lost,
        "sites_after": {name: now[name] for name in gained},
        "sites_before": {name: was[name] for name in lost},
        "resited": [
            {"demand_id": name, "was": was[name], "now": now[name]}
            for name in sorted(was.keys() & now.keys())
            if was[name] != now[name]
        ],
    }


def _limits(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    was = {(entry["rule"], tuple(entry["key"])): entry for entry in before["limits"]}
    now = {(entry["rule"], tuple(entry["key"])): entry for entry in after["limits"]}
    shares = [_shares(before), _shares(after)]
    found = []
    for key in sorted(was.keys() | now.keys()):
        a, b = was.get(key), now.get(key)
        if a is None or b is None or (a["used"], a["limit"]) != (b["used"], b["limit"]):
            found.append(
                {
                    "rule": key[0],
                    "key": list(key[1]),
                    "used_before": a and a["used"],
                    "used_after": b and b["used"],
                    "limit_before": a and a["limit"],
                    "limit_after": b and b["limit"],
                    "unit": str((a or b or {}).get("unit") or ""),
                    "share_before": shares[0].get(key),
                    "share_after": shares[1].get(key),
                }
            )
    return found


def _shares(plan: Mapping[str, Any]) -> dict[tuple[str, tuple[str, ...]], dict[str, Any]]:
    """The limits of a plan that are shares: part and whole in the unit of the limit, and the share asked for."""
    record = next((r for r in plan.get("justification", ()) if r.get("kind") == "plan"), None)
    return {
        (entry["cite"]["rule"], tuple(entry["key"])): {
            name: entry[name] for name in ("part", "whole", "share", "sense")
        }
        for entry in (record["limits"] if record else ())
        if entry.get("part") is not None
    }


def changes(before: Case, after: Case) -> tuple[Change, ...]:
    """What differs between two cases: rules added, dropped or changed, facts, records, objective and settings."""
    return (*_rules(before, after), *_facts(before, after), *_settings(before, after))


def _rules(before: Case, after: Case) -> Iterable[Change]:
    was, now = {r.id: r for r in before.rules}, {r.id: r for r in after.rules}
    for name in sorted(was.keys() | now.keys()):
        a, b = was.get(name), now.get(name)
        if a is None or b is None:
            yield Change(
                "rule",
                name,
                "",
                "not in force" if a is None else "in force",
                "not in force" if b is None else "in force",
            )
        elif a != b:
            yield from _rule(a, b)


def _rule(a: Rule, b: Rule) -> Iterable[Change]:
    was, now = rule_to_json(a), rule_to_json(b)
    flat = tuple({**side.pop("spec"), **side} for side in (was, now))
    for field in sorted(flat[0].keys() | flat[1].keys()):
        x, y = flat[0].get(field), flat[1].get(field)
        if x != y:
            yield Change("rule", a.id, field, *(_share(z) if field == "share" else _text(z) for z in (x, y)))


def _share(value: Any) -> str:
    """A share as a percentage."""
    return f"{float(Fraction(*value) * 100):g} %" if isinstance(value, list) and len(value) == 2 else _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical(value).decode("utf-8")


def _facts(before: Case, after: Case) -> Iterable[Change]:
    for kind, old, new in (("parcel", before.parcels, after.parcels), ("demand", before.demands, after.demands)):
        was, now = old.index(), new.index()
        for name in sorted(was.keys() ^ now.keys()):
            yield Change(
                kind, name, "", "in the round" if name in was else "absent", "in the round" if name in now else "absent"
            )
        both = [(name, was[name], now[name]) for name in sorted(was.keys() & now.keys())]
        for field in sorted(old.columns.keys() | new.columns.keys()):
            a, b = old.column(field), new.column(field)
            if a is b:
                continue
            for name, row, other in both:
                if a[row] != b[other]:
                    yield Change(kind, name, field, _fact(a[row]), _fact(b[other]))


def _fact(value: Any) -> str:
    return (
        "unknown"
        if value is None
        else ";".join(value)
        if isinstance(value, tuple)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )


_PARTS = ("round", "objective", "market", "records", "settings")


def _settings(before: Case, after: Case) -> Iterable[Change]:
    for part in _PARTS:
        a, b = getattr(before, part), getattr(after, part)
        if a != b and is_dataclass(a) and is_dataclass(b):
            for field in fields(a):
                x, y = getattr(a, field.name), getattr(b, field.name)
                if x != y:
                    yield Change("setting", part, field.name, _plainly(x), _plainly(y))
        elif a != b:
            yield Change("setting", part, "", _plainly(a), _plainly(b))


def _plainly(value: Any) -> str:
    """A part of a case as people read it: parts of a whole one after the other."""
    if is_dataclass(value):
        return " / ".join(_plainly(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, tuple | list):
        return "; ".join(map(_plainly, value)) or "none"
    if isinstance(value, Mapping):
        return "; ".join(f"{name} {_plainly(entry)}" for name, entry in value.items())
    return "none" if value is None else str(value)


def with_change(case: Case, other: Case, change: Change) -> Case:
    """The case with one change of the other applied (for "which rule or number moved it")."""
    if change.kind == "rule":
        rules = {rule.id: rule for rule in case.rules}
        rule = {rule.id: rule for rule in other.rules}.get(change.id)
        if rule is None:
            rules.pop(change.id, None)
        else:
            rules[change.id] = rule
        return replace(case, rules=tuple(rules[name] for name in sorted(rules)))
    if change.kind == "setting":
        part, wanted = getattr(case, change.id), getattr(other, change.id)
        if change.field:
            wanted = replace(part, **{change.field: getattr(wanted, change.field)})
        found: Case = replace(case, **{change.id: wanted})
        return found
    side = "parcels" if change.kind == "parcel" else "demands"
    table, source = getattr(case, side), getattr(other, side)
    if not change.field:
        raise ValueError("a parcel or platform that comes or goes changes the whole table")
    from landopt.intake.overlay import changed

    row = table.index()[change.id]
    value = source.column(change.field)[source.index()[change.id]]
    edited = changed(table, {(row, change.field): value})
    return replace(case, parcels=edited) if side == "parcels" else replace(case, demands=edited)


@dataclass(frozen=True, slots=True)
class Cause:
    """What one change does on its own: value and bound of the plan, parcels that move, those it explains."""

    change: Change | None
    objective: tuple[int, ...] | None
    bound: tuple[int, ...] | None
    moved: tuple[str, ...]
    explains: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The cause as plain JSON."""
        return {
            "change": None if self.change is None else self.change.as_dict(),
            "objective": None if self.objective is None else list(self.objective),
            "bound": None if self.bound is None else list(self.bound),
            "moved": list(self.moved),
            "explains": list(self.explains),
        }


Solve = Callable[[Case], tuple[dict[str, tuple[str | None, str]], tuple[int, ...], tuple[int, ...]] | None]
"""A case solved: choices by parcel, objective and bound per tier; ``None`` if no plan satisfies the rules."""


def causes(
    before: Case, after: Case, base: Mapping[str, Any], target: Mapping[str, Any], solve: Solve, limit: int = 20
) -> tuple[tuple[Cause, ...], tuple[str, ...]]:
    """Which change moved which parcel: the first case re-solved with one change at a time.

    A parcel is *explained* by a change that alone takes it to its choice in the second plan; what no single change
    explains is a joint effect.

    Returns
    -------
    causes, joint
        At most ``limit`` changes are tried; ``joint`` are moved parcels that none of them explains.
    """
    was, now = _pairs(base), _pairs(target)
    moved = {name for name in was.keys() | now.keys() if was.get(name) != now.get(name)}
    found: list[Cause] = []
    explained: set[str] = set()
    for change in changes(before, after)[:limit]:
        if change.kind in ("parcel", "demand") and not change.field:
            continue
        solved = solve(with_change(before, after, change))
        if solved is None:
            found.append(Cause(change, None, None, (), ()))
            continue
        here, objective, bound = solved
        shifted = sorted(name for name in was.keys() | here.keys() if was.get(name) != here.get(name))
        mine = sorted(name for name in moved if here.get(name) == now.get(name))
        explained.update(mine)
        found.append(Cause(change, objective, bound, tuple(shifted), tuple(mine)))
    return tuple(found), tuple(sorted(moved - explained))


def _pairs(plan: Mapping[str, Any]) -> dict[str, tuple[str | None, str]]:
    return {name: (choice[0], choice[1]) for name, choice in _choices(plan).items()}


def solver(time_limit_s: int | None = None) -> Solve:
    """A solver of whole cases for :func:`causes`: builds the offers and solves by the case's own settings."""

    def run(case: Case) -> tuple[dict[str, tuple[str | None, str]], tuple[int, ...], tuple[int, ...]] | None:
        from landopt.reasons.alternatives import choices
        from landopt.solving.site_search import offers_of
        from landopt.solving.solver import solve

        offers = offers_of(case)
        settings = case.settings
        outcome = solve(
            case,
            offers,
            gap=settings.gap,
            time_limit_s=time_limit_s or settings.time_limit_s,
            nodes=settings.nodes,
            seed=settings.seed,
            threads=settings.threads,
        )
        if outcome.chosen is None:
            return None
        plan = tuple(int(offer) for offer in outcome.chosen)
        tiers = outcome.tiers
        return choices(case, offers, plan), tuple(t.objective for t in tiers), tuple(t.bound for t in tiers)

    return run
