"""Worked cases beside each pack (``cases.toml``): facts, a date, the verdicts expected. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from constraints.language.evaluate import truth
from constraints.language.expr import closest, parse
from constraints.loading.load import in_force, load_pack, methods, pack_names
from constraints.loading.ranks import PACKS
from constraints.loading.rule_file import Block, iso_date, read_text
from constraints.reading.ask import ask
from constraints.reading.assumed import complete
from constraints.reading.told_facts import read_facts
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

    Raises
    ------
    Refused
        R020 with every fault of the file.
    """
    path = PACKS / name / "cases.toml"
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
    return tuple(found)


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
    off = case.expect.get("contribution") == "n/a"
    enabled = [] if off else ["contribution"]
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
    deciding |= _preferred(case, packs)
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


def _preferred(case: WorkedCase, packs: Sequence[str] | None) -> set[str]:
    """The preferences that match a case; they weigh in the objective and never in an answer."""
    names = case.packs or packs or pack_names()
    facts, _ = complete(read_facts(case.facts), case.as_of)
    rules = in_force([rule for name in names for rule in load_pack(name)], case.as_of)
    return {rule.id for rule in rules if rule.kind == "preference" and truth(parse(rule.when), facts)}
