"""The rules that close the offers a conflict would need, tried away on the parcels and platforms concerned only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from constraints.case import Case
from constraints.language.evaluate import truth
from constraints.language.expr import parse
from constraints.reading.case_facts import FIXED, integer, key_text, texts
from constraints.types import Row, Rule
from landopt.intake.overlay import BINDING_RANK
from landopt.reasons.clock import Clock
from landopt.reasons.explain.changed.feasible import search
from landopt.screening.offers import Offers
from parcels.common.frozen import FactTable, Neighbours
from parcels.common.schema import Value, fields_of

Build = Callable[[Case], Offers]
TRIALS = 60
"""Rounds without some rules that are built and searched for one diagnosis; beyond, the rules left are not tried."""
PLAN_KINDS = ("limit", "relation", "lock")
ROOM_FOR = ("eligibility", "term", "price_floor")


@dataclass(frozen=True, slots=True)
class Closers:
    """Rules that close offers, a minimal set where ``complete``; the parcels and platforms the trials looked at."""

    rules: tuple[str, ...]
    complete: bool
    parcels: int = 0
    demands: int = 0


def closing_rules(
    case: Case,
    offers: Offers,
    kept: Sequence[int],
    build: Build,
    asked: Callable[[Case, Offers], Offers] | None = None,
    clock: Clock | None = None,
) -> Closers:
    """The rules that close the offers some rows (indices) would need; none where the rows conflict anyway.

    Policy is tried alone first, then with law.

    Parameters
    ----------
    build
        Builds the offers of a changed case.
    asked
        Adds what is asked beside the rows of the round (serve a platform).
    clock
        No further trial begins once it has ended, and what is left is not proved to be needed.
    """
    clock = clock or Clock()
    wanted = {(offers.rows[row].rule, offers.rows[row].key): offers.rows[row] for row in kept}
    candidates = [rule for rule in case.rules if _closes(rule, case.settings.verdicts)]
    round_ = case if asked is not None else around(case, list(wanted.values()))
    left = [TRIALS]
    unsure: list[str] = []

    def conflicts(dropped: Collection[str]) -> bool:
        if not clock.left():
            left[0] = 0
            unsure.append("limit")
            return False
        clock.tell("closing-rules", rules=len(candidates) - len(dropped))
        left[0] -= 1
        trial = replace(round_, rules=tuple(rule for rule in round_.rules if rule.id not in dropped))
        made = build(trial)
        made = made if asked is None else asked(trial, made)
        rows = [number for number, row in enumerate(made.rows) if (row.rule, row.key) in wanted]
        present = {(made.rows[row].rule, made.rows[row].key) for row in rows}
        if any(not row.holds_empty for key, row in wanted.items() if key not in present):
            return True
        answer = search(trial, made, rows, clock=clock).answer
        unsure.extend([answer] if answer == "unknown" else ())
        return answer == "no"

    size = len(round_.parcels), len(round_.demands)
    everything = frozenset(rule.id for rule in candidates)
    if conflicts(everything):
        return Closers((), True, *size)
    if unsure:  # whether any rule closes what is needed is not known
        return Closers((), False, *size)
    policy = frozenset(rule.id for rule in candidates if rule.cite.rank < BINDING_RANK)
    pool = everything if not policy or conflicts(policy) else policy
    ranks = {rule.id: rule.cite.rank for rule in candidates}
    names = sorted(pool, key=lambda name: (ranks[name], name))
    found, complete = _minimal(names, conflicts, left)
    return Closers(tuple(sorted(found)), complete and not unsure, *size)


def _closes(rule: Rule, verdicts: Collection[str]) -> bool:
    if rule.kind == "term":
        return True
    return rule.kind == "eligibility" and any(verdict not in verdicts for verdict in rule.spec["verdict"].values())


def _minimal(
    names: Sequence[str], conflicts: Callable[[frozenset[str]], bool], left: list[int]
) -> tuple[list[str], bool]:
    """A minimal subset whose presence keeps the conflict, all others dropped: dropping any one more opens a plan."""
    kept = list(names)
    size = max(1, len(kept) // 2)
    while True:
        start = 0
        while start < len(kept):
            if left[0] <= 0:
                return kept, False
            block = kept[start : start + size]
            rest = [name for name in kept if name not in block]
            if conflicts(frozenset(names) - set(rest)):
                kept = rest
            else:
                start += size
        if size == 1:
            return kept, True
        size = max(1, size // 2)


# -- the part of the round that is concerned -----------------------------------------------------------------------


def around(case: Case, rows: Sequence[Row]) -> Case:
    """The case with those parcels only that can help some rows, their neighbours, and the platforms that may use them.

    Whether a plan satisfies these rows is the same: what is left out has no offer that helps one of them.
    """
    rules = {rule.id: rule for rule in case.rules}
    helping: set[int] = set()
    for row in rows:
        rule = rules.get(row.rule)
        helping |= set(range(len(case.parcels))) if rule is None else _helping(case, rule, row)
    fixed = {row for row, state in enumerate(case.parcels.column("status")) if state in FIXED}
    most = max((integer(value) for value in case.demands.column("max_parcels")), default=1)
    inside = sorted(_grown(case, helping, most - 1) | fixed)
    named = {row.rule for row in rows}
    kept = tuple(rule for rule in case.rules if rule.kind in ROOM_FOR or (rule.kind in PLAN_KINDS and rule.id in named))
    smaller = replace(_with_parcels(case, inside), rules=kept)
    return smaller if any(rules[name].spec.get("demands") for name in named if name in rules) else _asking(smaller)


def _helping(case: Case, rule: Rule, row: Row) -> set[int]:
    """The parcels whose supply can help a row."""
    index = case.parcels.index()
    if rule.kind in ("lock", "relation"):
        names = rule.spec.get("parcels")
        return set(range(len(case.parcels))) if not names else {index[name] for name in names if name in index}
    if row.sense == "<=" and rule.spec.get("share") is None and rule.spec.get("credit") is None:
        return set()
    credit = rule.spec.get("credit") or {}
    texts_ = [rule.when, *(text for text in (rule.spec.get("of"), credit.get("where")) if text is not None)]
    plain = rule.spec.get("share") is None and not credit
    if not plain and rule.spec.get("of") is None and not credit:
        return set(range(len(case.parcels)))  # a share of everything chosen
    nodes = [parse(text, rule.id) if text.strip() else None for text in texts_]
    own = [name for name in rule.spec.get("per") or () if name in set(fields_of("parcel"))]
    places = [list(rule.spec.get("per") or ()).index(name) for name in own]
    found = set()
    for number, facts in enumerate(case.parcels.rows()):
        if plain and any(key_text(facts.get(n)) != row.key[at] for n, at in zip(own, places, strict=True) if row.key):
            continue
        if any(node is None or truth(node, _known(facts)) is not False for node in nodes):
            found.add(number)
    return found


def _known(facts: dict[str, Value]) -> dict[str, Value]:
    """A parcel's facts without those a case may derive otherwise."""
    return {name: value for name, value in facts.items() if value is not None and name != "intending_users"}


def _grown(case: Case, rows: set[int], steps: int) -> set[int]:
    """Some parcels with all that one site with them could hold."""
    adjacent: dict[int, set[int]] = {}
    for one, other in case.neighbours.pairs:
        adjacent.setdefault(one, set()).add(other)
        adjacent.setdefault(other, set()).add(one)
    found, front = set(rows), set(rows)
    for _ in range(steps):
        front = set().union(*(adjacent.get(row, set()) for row in front)) - found
        found |= front
    return found


def _with_parcels(case: Case, rows: Sequence[int]) -> Case:
    place = {row: number for number, row in enumerate(rows)}
    table = case.parcels
    columns = {name: tuple(values[row] for row in rows) for name, values in table.columns.items()}
    near = case.neighbours
    inside = [at for at, (one, other) in enumerate(near.pairs) if one in place and other in place]
    pairs = tuple((place[near.pairs[at][0]], place[near.pairs[at][1]]) for at in inside)
    distances = {name: tuple(metres[row] for row in rows) for name, metres in case.distances.items()}
    return replace(
        case,
        parcels=FactTable(tuple(table.ids[row] for row in rows), columns),
        neighbours=Neighbours(pairs, tuple(near.shared_dm[at] for at in inside)),
        distances=distances,
    )


def _asking(case: Case) -> Case:
    """The case with those platforms only that could use one of its parcels, hold one or have applied for one."""
    uses, names = set(case.parcels.column("use")), set(case.parcels.ids)
    rows = [
        row
        for row, facts in enumerate(case.demands.rows())
        if uses.intersection(texts(facts.get("uses")))
        or names.intersection((*texts(facts.get("applied_for")), *texts(facts.get("holds"))))
    ]
    table = case.demands
    columns = {name: tuple(values[row] for row in rows) for name, values in table.columns.items()}
    return replace(case, demands=FactTable(tuple(table.ids[row] for row in rows), columns))
