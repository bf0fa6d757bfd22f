"""Worked cases beside each pack (``cases.toml``): facts, a date, the verdicts expected. Standard library only."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from constraints.language.evaluate import truth
from constraints.language.expr import closest, parse
from constraints.loading.load import in_force, load_pack, methods, pack_names
from constraints.loading.method_facts import off, tables
from constraints.loading.pack_files import pack_folder
from constraints.loading.ranks import known_packs
from constraints.loading.rule_file import Block, iso_date, read_text
from constraints.reading.asking.ask import ask
from constraints.reading.asking.assumed import complete
from constraints.reading.asking.told_facts import read_facts
from parcels.common.catalogue import Told
from parcels.common.issues import Issue, Refused, error
from parcels.common.place import at_line, within

KEYS = ("id", "as_of", "facts", "expect", "rules", "absent", "note", "term", "floor", "packs", "conflict", "conf")
VERDICTS = ("permit", "condition", "warn", "forbid", "n/a", "undetermined", "-")


@dataclass(frozen=True, slots=True)
class WorkedCase:
    """A case as data: what is told, and what must come of it. ``floor`` in yuan per m² as decimal texts.

    ``rules`` must have a say in the answer, those of ``absent`` must have none.
    """

    id: str
    as_of: str
    facts: Mapping[str, str]
    expect: Mapping[str, str]
    rules: tuple[str, ...]
    absent: tuple[str, ...]
    term: Mapping[str, Sequence[int | None]]
    floor: Mapping[str, str]
    note: str
    packs: tuple[str, ...] | None
    place: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a case came out: ``wrong`` lists what differs, in words; empty if it agrees."""

    case: WorkedCase
    wrong: tuple[str, ...]


def load_cases(name: str) -> tuple[WorkedCase, ...]:
    """The cases of a pack, in file order; none if it has no ``cases.toml``.

    Those of a bureau's own pack are asked with all shipped packs and it, unless they name their packs; it may be
    named there by its folder's name.

    Raises
    ------
    Refused
        R020 with every fault of the file.
    """
    path = pack_folder(name) / "cases.toml"
    if not path.exists():
        return ()
    issues: list[Issue] = []
    found = [case for block in read_text(path).blocks.get("case", ()) if (case := _case(block, issues))]
    seen: dict[str, str] = {}
    for case in found:
        if case.id in seen:
            issues.append(
                error("R020.case-stands-twice", at=within(at_line(seen[case.id]), also=at_line(case.place)), id=case.id)
            )
        seen[case.id] = case.place
    if issues:
        raise Refused(issues)
    return tuple(found) if name in known_packs() else tuple(_beside_law(case, name) for case in found)


def _beside_law(case: WorkedCase, own: str) -> WorkedCase:
    named = (*pack_names(), own) if case.packs is None else case.packs
    return replace(case, packs=tuple(own if each == Path(own).resolve().name else each for each in named))


def _case(block: Block, issues: list[Issue]) -> WorkedCase | None:
    table, before = block.table, len(issues)
    name = str(table.get("id", "?"))

    def bad(fault: str, at: str = "id", maybe: Told | None = None, /, **values: Any) -> None:
        issues.append(error(fault, at=block.spot(at), maybe=maybe, case=name, **values))

    for key in table:
        if key not in KEYS:
            bad("R020.unknown-key", key, closest(key, KEYS), name=key)
    for key in ("id", "as_of", "facts"):
        if key not in table:
            bad("R020.key-missing", name=key)
    known = [method.id for method in methods()]
    for key in ("expect", "term", "floor"):
        for method in table.get(key, {}):
            if method not in known:
                bad("R020.unknown-method", key, closest(method, known), method=method, key=key)
    for verdict in table.get("expect", {}).values():
        if verdict not in VERDICTS:
            bad("R020.unknown-verdict", "expect", closest(str(verdict), VERDICTS), verdict=verdict)
    date = iso_date(table.get("as_of", ""))
    if date is None:
        bad("R020.as-of-not-date", "as_of", value=table.get("as_of"))
    if len(issues) > before or date is None:
        return None
    return WorkedCase(
        id=name,
        as_of=date[0],
        facts={key: fact_text(value) for key, value in table["facts"].items()},
        expect=table.get("expect", {}),
        rules=tuple(table.get("rules", ())),
        absent=tuple(table.get("absent", ())),
        term=table.get("term", {}),
        floor={method: str(value) for method, value in table.get("floor", {}).items()},
        note=str(table.get("note", "")),
        packs=tuple(table["packs"]) if "packs" in table else None,
        place=block.place(),
    )


def fact_text(value: Any) -> str:
    """A fact of a case file as ``rules ask`` would be told it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ";".join(map(str, value)) if value else "none"
    return str(value)


def run(case: WorkedCase, packs: Sequence[str] | None = None) -> Outcome:
    """Ask the case (all packs unless it or the caller names some) and compare."""
    names = case.packs if packs is None else packs
    enabled = [method for method in tables() if off(method) and case.expect.get(method) != "n/a"]
    answer = ask(case.facts, case.as_of, names, enabled=enabled)
    wrong = []
    for method, verdict in case.expect.items():
        got = answer[method]["verdict"]
        if verdict not in ("-", got):
            by = ", ".join(rule["id"] for rule in answer[method]["rules"] if rule["verdict"] == got)
            wrong.append(f"{method} is {got}, expected {verdict} (by {by or 'no rule'})")
    deciding = {
        rule["id"]
        for method in methods()
        if case.expect.get(method.id, "permit") != "-"
        for rule in answer[method.id]["rules"]
    }
    deciding |= {note["rule"] for method in methods() for note in answer[method.id]["notes"]}
    deciding |= {name for method in methods() for name in (answer[method.id]["price_floor"] or {}).get("rules", ())}
    deciding |= {name for method in methods() for name in answer[method.id]["term_rules"]}
    deciding |= {each["rule"] for method in methods() for each in answer[method.id]["preferences"]}
    deciding |= _of_the_plan(case, names)
    wrong.extend(f"{rule} does not decide" for rule in case.rules if rule not in deciding)
    carried = {
        rule["id"] for method in methods() for rule in answer[method.id]["rules"] if rule["cite"]["from"] > case.as_of
    }
    wrong.extend(f"{rule} speaks, and should not" for rule in case.absent if rule in deciding - carried)
    for method, span in case.term.items():
        got_span = [answer[method]["term_min_years"], answer[method]["term_max_years"]]
        if got_span != [None if bound == 0 else bound for bound in span]:
            wrong.append(f"{method}: term {got_span}, expected {list(span)}")
    for method, amount in case.floor.items():
        floor = answer[method]["price_floor"]
        got_floor = "null" if floor is None or floor["yuan_per_m2"] is None else str(floor["yuan_per_m2"])
        if got_floor != amount:
            wrong.append(f"{method}: floor {got_floor}, expected {amount}")
    return Outcome(case, tuple(wrong))


def _of_the_plan(case: WorkedCase, packs: Sequence[str] | None) -> set[str]:
    """The preferences and limits that count a case; they weigh over the whole plan and never in an answer."""
    names = packs or pack_names()
    facts, _ = complete(read_facts(case.facts), case.as_of)
    counts = {"preference": (True,), "limit": (True, None)}
    rules = in_force([rule for name in names for rule in load_pack(name)], case.as_of)
    return {rule.id for rule in rules if truth(parse(rule.when), facts) in counts.get(rule.kind, ())}


def without_cases(name: str) -> tuple[str, ...]:
    """What a pack's cases do not witness: a line for each rule and day that has none.

    A rule speaks on its first day and is silent the day before; one that ends speaks on its last day and is silent
    the day after; each value of a limit has a case on both sides of its dates.
    """
    speaks, silent, days = (
        defaultdict[str, set[str]](set),
        defaultdict[str, set[str]](set),
        defaultdict[str, set[str]](set),
    )
    for case in load_cases(name):
        for rule_id in case.rules:
            speaks[rule_id].add(case.as_of)
        for rule_id in case.absent:
            silent[rule_id].add(case.as_of)
        days[case.id.rpartition(".")[0]].add(case.as_of)
    lacking = []
    for rule in load_pack(name):
        before = _near(rule.start, -1)
        if rule.start not in speaks[rule.id]:
            lacking.append(f"{rule.id}: no case in which it speaks on {rule.start}")
        if before not in silent[rule.id] | days[rule.id]:
            lacking.append(f"{rule.id}: no case on {before}, the day before it")
        if rule.until and _near(rule.until, -1) not in speaks[rule.id]:
            lacking.append(f"{rule.id}: no case in which it speaks on its last day, {_near(rule.until, -1)}")
        if rule.until and rule.until not in silent[rule.id]:
            lacking.append(f"{rule.id}: no case on {rule.until}, the day after its last")
        for value in rule.spec.get("values", ()):
            for date in (value["from"], value["until"]):
                if date and not {date, _near(date, -1)} <= days[rule.id] | speaks[rule.id] | silent[rule.id]:
                    lacking.append(f"{rule.id}: the value of {date} has no case on both sides")
    return tuple(lacking)


def _near(date: str, days: int) -> str:
    return (datetime.date.fromisoformat(date) + datetime.timedelta(days=days)).isoformat()
