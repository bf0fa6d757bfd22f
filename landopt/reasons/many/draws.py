"""What may happen to a round: a stress file, and its draws. The same seed gives the same draws, whoever makes them.

Every number is drawn by itself, from a generator named by seed, draw, line and subject: neither the order of the draws
nor what else varies changes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

from constraints.case import Case
from constraints.language.evaluate import truth
from constraints.language.expr import parse
from constraints.loading.ranks import LAW_RANK
from landopt.reasons.many.run_file import run_file
from landopt.reasons.many.scenario import Assignment
from parcels.common.frozen import FactTable
from parcels.common.issues import Issue, Refused, error
from parcels.common.schema import Value

SPREAD = ("area", "budget", "price", "quota")
CHANCE = ("drop_out", "failed_sale")
FIELDS = {
    "area": ("parcel", ("area_m2", "new_area_m2")),
    "price": ("parcel", ("benchmark_price", "appraised_price")),
    "budget": ("demand", ("budget_yuan",)),
}
MOST_DRAWS = 10_000
AGAIN = Fraction(9, 10)
"""What a supply made again in a draw counts of its points above 0, unless the file says otherwise."""


@dataclass(frozen=True, slots=True)
class Vary:
    """One thing that may vary: ``by`` (a spread, thousandths) or ``chance`` (of one), where a condition holds.

    Of a quota ``where`` is the id of a limit.
    """

    what: str
    where: str
    by: int
    chance: Fraction


@dataclass(frozen=True, slots=True)
class Stress:
    """A stress file: how many draws, from which seed, what varies, and the reserve parcels to try one by one."""

    draws: int
    seed: int
    vary: tuple[Vary, ...]
    reserve: tuple[str, ...]
    again: Fraction = AGAIN
    """Of ``solve --robust``: what a supply made again in a draw counts of its points above 0."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One draw: the case with its facts and amounts, the platforms that are gone, (site, method) of failed sales."""

    case: Case
    gone: frozenset[str]
    failed: tuple[tuple[tuple[str, ...], str], ...]


def read_stress(path: Path, case: Case) -> Stress:
    """A stress file.

    ::

        [stress]
        draws = 100
        seed = 1
        reserve = ["NS-0101"]       # optional: parcels held in reserve, to try one by one
        again = "0.9"               # optional: what a supply made again in a draw counts (solve --robust)
        [[vary]]
        what = "area"               # or budget, price: each value by itself, up to so much more or less
        by = "10%"
        where = "use == 'IND'"      # optional, in the rule language
        [[vary]]
        what = "quota"              # the amounts of a limit, cut by up to so much
        where = "round.quota.new-land"
        by = "20%"
        [[vary]]
        what = "drop_out"           # a platform withdraws; failed_sale: a competitive sale of the plan finds nobody
        chance = "0.05"

    Raises
    ------
    Refused
        With every fault of the file.
    """
    where, tables = str(path), run_file(path)
    issues: list[Issue] = []
    head = tables.get("stress", {})
    known = {"stress": ("draws", "seed", "reserve", "again"), "vary": ("what", "where", "by", "chance")}
    entries = tables.get("vary", [])
    shaped = isinstance(head, dict) and isinstance(entries, list) and all(isinstance(each, dict) for each in entries)
    if not shaped:
        raise Refused(error("W013.not-tables", at=where))
    strange = [key for key in tables if key not in known] + [key for key in head if key not in known["stress"]]
    strange += [key for entry in entries for key in entry if key not in known["vary"]]
    issues += [error("W013.unknown-key", at=where, key=key) for key in strange]
    draws, seed, reserve = head.get("draws", 100), head.get("seed", 0), head.get("reserve", [])
    if type(draws) is not int or not 1 <= draws <= MOST_DRAWS or type(seed) is not int:
        issues.append(error("W013.draws-seed", at=where, most=MOST_DRAWS))
    again = _part(head.get("again", "0.9"))
    if again is None:
        issues.append(error("W013.part", at=where, what="stress", key="again"))
    status = dict(zip(case.parcels.ids, case.parcels.column("status"), strict=True))
    listed = reserve if isinstance(reserve, list) else [reserve]
    wrong = [str(name) for name in listed if status.get(str(name)) != "reserve"]
    if wrong:
        issues.append(error("W013.no-reserve", at=where, names=tuple(wrong)))
    vary = [found for entry in entries if (found := _vary(entry, case, where, issues))]
    if not vary and not issues:
        issues.append(error("W004.nothing-varies", at=where))
    if issues:
        raise Refused(issues)
    return Stress(draws, seed, tuple(vary), tuple(map(str, listed)), AGAIN if again is None else again)


def _vary(entry: Mapping[str, Any], case: Case, where: str, issues: list[Issue]) -> Vary | None:
    what, on = str(entry.get("what", "")), str(entry.get("where", ""))
    if what not in (*SPREAD, *CHANCE):
        issues.append(error("W013.no-such-what", at=where, what=what, names=(*SPREAD, *CHANCE)))
        return None
    key = "by" if what in SPREAD else "chance"
    part = _part(entry.get(key))
    if part is None or ("by" in entry and "chance" in entry):
        issues.append(error("W013.part", at=where, what=what, key=key))
        return None
    if what == "quota":
        rule = next((rule for rule in case.rules if rule.id == on), None)
        if rule is None or rule.kind != "limit" or rule.cite.rank >= LAW_RANK or not rule.spec.get("values"):
            issues.append(error("W013.no-quota", at=where, name=on))
            return None
    else:
        try:
            parse(on, where)
        except Refused as refused:
            issues.extend(refused.issues)
            return None
    return Vary(what, on, int(part * 1000), part)


def _part(given: object) -> Fraction | None:
    """A part from 0 to 1, as ``10%`` or ``0.1``."""
    text = str(given).strip()
    try:
        found = Fraction(text[:-1]) / 100 if text.endswith("%") else Fraction(text)
    except (ValueError, ZeroDivisionError):
        return None
    return found if 0 <= found <= 1 else None


def happening(case: Case, stress: Stress, plan: Sequence[Assignment], draw: int) -> Happening:
    """What happens in one draw. What an earlier decision locks neither withdraws nor fails."""
    locks = [rule.spec for rule in case.rules if rule.kind == "lock"]
    held = {spec.get("demand") for spec in locks} | {name for spec in locks for name in spec["parcels"]}
    tables = {"parcel": case.parcels, "demand": case.demands}
    competitive = {method.id for method in case.methods if method.competitive}
    gone: set[str] = set()
    failed: list[tuple[tuple[str, ...], str]] = []
    rules = {rule.id: rule for rule in case.rules}
    for number, vary in enumerate(stress.vary):
        name = f"{stress.seed}|{draw}|{number}"
        if vary.what == "quota":
            spec = dict(rules[vary.where].spec)
            cut = 1000 - Random(f"{name}|{vary.where}").randint(0, vary.by)
            spec["values"] = [{**each, "amount": each["amount"] * cut // 1000} for each in spec["values"]]
            rules[vary.where] = replace(rules[vary.where], spec=spec)
            continue
        node = parse(vary.where)
        if vary.what in FIELDS:
            of, fields = FIELDS[vary.what]
            tables[of] = _spread(tables[of], fields, vary.by, name, node)
        elif vary.what == "drop_out":
            rows = zip(case.demands.ids, case.demands.rows(), strict=True)
            gone |= {who for who, facts in rows if truth(node, facts) and _happens(f"{name}|{who}", vary.chance)}
        else:
            for ids, demand, method, _ in plan:
                if method not in competitive or not held.isdisjoint(ids):
                    continue
                facts = _sale_facts(case, ids, demand, method)
                if truth(node, facts) and _happens(f"{name}|{'+'.join(ids)}", vary.chance):
                    failed.append((tuple(ids), method))
    changed = replace(
        case, parcels=tables["parcel"], demands=tables["demand"], rules=tuple(rules[key] for key in sorted(rules))
    )
    return Happening(changed, frozenset(gone - held), tuple(failed))


def _happens(name: str, chance: Fraction) -> bool:
    return Random(name).randrange(chance.denominator) < chance.numerator


def _spread(table: FactTable, fields: Iterable[str], by: int, name: str, node: Any) -> FactTable:
    """The table with fields of each row that meets a condition up to so many thousandths more or less, together."""
    factors = [
        1000 + Random(f"{name}|{row}").randint(-by, by) if truth(node, facts) else 1000
        for row, facts in zip(table.ids, table.rows(), strict=True)
    ]
    columns: dict[str, tuple[Value, ...]] = dict(table.columns)
    for field in fields:
        if field in columns:
            pairs = zip(columns[field], factors, strict=True)
            columns[field] = tuple(v if type(v) is not int else (2 * v * f + 1000) // 2000 for v, f in pairs)
    return FactTable(table.ids, columns)


def _sale_facts(case: Case, ids: Sequence[str], demand: str | None, method: str) -> dict[str, Value]:
    """The facts of a sale of the plan: of its first parcel, its platform and its method."""
    facts = dict(case.parcels.row(case.parcels.index()[ids[0]]))
    if demand is not None:
        facts |= case.demands.row(case.demands.index()[demand])
    right = case.method(method)
    return {**facts, "method": method, "right": right.right, "competitive": right.competitive}
