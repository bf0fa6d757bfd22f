"""``joint.toml``: which rounds stand together, and the limits over all of them.

::

    [joint]
    id = "gd-2026"
    rounds = ["*/round.toml"]

    [[limit]]
    id = "new-land"
    where = "land_source == 'new'"
    measure = "new_area_m2"
    sense = "<="
    values = [{ amount = 300, unit = "ha" }]
    used = [{ round = "city-c", amount = 40, unit = "ha" }]

A limit is one of docs/rule-format.md, of one row (no ``per``): ``where``, ``measure``, ``sense`` and ``values`` or
``share`` (with ``of``). It becomes a rule ``joint.ID`` of every city, read by the reader of rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from constraints.loading.keys import base_amount
from constraints.loading.load import load
from constraints.types import Rule
from parcels.common.catalogue import both
from parcels.common.gate import MB, check_name, load_toml, read_text
from parcels.common.issues import Issue, Refused, error, stop_on_errors
from parcels.common.place import Place

MOST = 900_000_000_000
"""Far beyond what a city can use of a limit: an amount that holds nothing back."""
_LIMIT = ("id", "title", "document", "where", "measure", "sense", "values", "share", "of", "used")


@dataclass(frozen=True, slots=True)
class Common:
    """A limit over all rounds: its rule as read, sense and right-hand side in the row's integers.

    ``times`` multiplies an amount into the row; ``used`` is what rounds are said to have used already, in the row.
    """

    id: str
    table: Mapping[str, Any]
    rule: Rule
    sense: str
    amount: int
    times: int
    used: Mapping[str, int]

    @property
    def rhs(self) -> int:
        """What the rounds may use together, or must: in the row's integers, less what is used already."""
        return self.amount - sum(self.used.values())

    @property
    def base(self) -> str:
        """The unit of the measure."""
        measure = str(self.rule.spec["measure"])
        return "yuan" if measure.endswith("_yuan") else "m2" if measure.endswith("_m2") else "count"


@dataclass(frozen=True, slots=True)
class JointFile:
    """What ``joint.toml`` says: paths of ``round.toml`` files, sorted, and the limits by id."""

    path: Path
    text: str
    id: str
    rounds: tuple[Path, ...]
    limits: tuple[Common, ...]


def read_joint(path: Path) -> JointFile:
    """Read a joint file strictly.

    Raises
    ------
    Refused
        With every fault (C080: the file, its keys, its rounds; those of its limits as of any rule).
    """
    try:
        text = read_text(path, MB)
        tables = load_toml(text)
    except FileNotFoundError as missing:
        raise Refused(error("C080.there-no-file", at=str(path), name=path.name)) from missing
    except (ValueError, UnicodeDecodeError) as torn:
        raise Refused(error("C080.unreadable", at=str(path), why=str(torn))) from torn
    issues: list[Issue] = []
    limits = _limits(path, tables, issues)
    head = tables.get("joint")
    head = head if isinstance(head, dict) else {}
    for name in sorted(set(tables) - {"joint", "limit"}):
        issues.append(error("C080.unknown", at=Place(path.name), name=name))
    for name in sorted(set(head) - {"id", "rounds"}):
        issues.append(error("C080.unknown", at=Place(path.name, table="joint"), name=name))
    identifier, patterns = head.get("id"), head.get("rounds")
    if not isinstance(identifier, str) or not identifier:
        issues.append(error("C080.lacks", at=Place(path.name, table="joint"), name="id"))
    if not isinstance(patterns, list) or not patterns or not all(isinstance(each, str) for each in patterns):
        issues.append(error("C080.lacks", at=Place(path.name, table="joint"), name="rounds"))
        patterns = []
    rounds = _rounds(path, patterns, issues)
    stop_on_errors(issues)
    return JointFile(path, text, str(identifier), rounds, limits)


def limits_of(path: Path, text: str) -> tuple[Common, ...]:
    """The limits of the text of a joint file that was read already, by id."""
    return _limits(path, load_toml(text), [])


def _limits(path: Path, tables: Mapping[str, Any], issues: list[Issue]) -> tuple[Common, ...]:
    """The limits by id, with every fault of them."""
    given = tables.get("limit")
    given = given if isinstance(given, list) else []
    if not given:
        issues.append(error("C080.lacks", at=Place(path.name), name="[[limit]]"))
    limits = [found for number, each in enumerate(given, 1) if (found := _limit(path, number, each, issues))]
    if len({one.id for one in limits}) < len(limits):
        issues.append(error("C080.twice", at=Place(path.name, table="limit")))
    return tuple(sorted(limits, key=lambda one: one.id))


def _rounds(path: Path, patterns: list[str], issues: list[Issue]) -> tuple[Path, ...]:
    found: set[Path] = set()
    for pattern in patterns:
        check_name(pattern, str(path.parent))
        plain = pattern.replace("\\", "/").removeprefix("./")
        if plain.startswith(("/", "../")) or ".." in plain.split("/"):
            issues.append(error("C080.outside", at=Place(path.name, table="joint", key="rounds"), pattern=pattern))
            continue
        new = {each for each in path.parent.glob(plain) if each.is_file()}
        if not new:
            issues.append(error("C080.no-rounds", at=Place(path.name, table="joint", key="rounds"), pattern=pattern))
        found |= new
    return tuple(sorted(found))


def _limit(path: Path, number: int, table: Any, issues: list[Issue]) -> Common | None:
    where = Place(path.name, table=f"limit {number}")
    if not isinstance(table, dict) or not isinstance(table.get("id"), str):
        issues.append(error("C080.lacks", at=where, name="id"))
        return None
    unknown = sorted(set(table) - set(_LIMIT))
    issues += [error("C080.unknown", at=where, name=name) for name in unknown]
    if unknown or ("values" in table) == ("share" in table):
        issues += [] if unknown else [error("C080.values-or-share", at=where)]
        return None
    try:
        rule = load(path, "joint", None, rule_text(table, None).encode("utf-8")).rules[0]
        times = int((rule.spec.get("share") or (0, 1))[1])
        amount = 0 if "share" in table else int(rule.spec["values"][0]["amount"])
        if len(rule.spec.get("values") or [0]) != 1 or (rule.spec.get("values") or [{"key": []}])[0]["key"]:
            issues.append(error("C080.one-amount", at=where))
            return None
        common = Common(table["id"], table, rule, str(rule.spec["sense"]), amount, times, {})
        return replace(common, used=_used(common, where, issues))
    except Refused as refused:
        issues += [issue.at(where) for issue in refused.issues]
        return None


def _used(common: Common, where: Place, issues: list[Issue]) -> dict[str, int]:
    """What the rounds have used already, in the row; of a share it is what they are short (-) or over (+)."""
    found: dict[str, int] = {}
    for each in common.table.get("used") or ():
        amount = base_amount(each.get("amount"), each.get("unit", "")) if isinstance(each, dict) else None
        if amount is None or not isinstance(each.get("round"), str) or set(each) - {"round", "amount", "unit"}:
            issues.append(error("C080.used", at=where))
            continue
        found[each["round"]] = found.get(each["round"], 0) + amount
    return found


def rule_text(table: Mapping[str, Any], allotted: int | None, unit: str = "") -> str:
    """A limit as the text of a rule file.

    Parameters
    ----------
    allotted
        The right-hand side for one city as a multiple of the row's unit (an amount; of a share its surplus); ``None``:
        as ``joint.toml`` says.
    """
    import tomli_w

    title = table.get("title") or both("joint-file.common", id=table["id"]).pair
    document = table.get("document") or "joint.toml"
    cite = {"doc": document, "article": "", "number": "", "rank": 0, "grade": "V1", "source": "joint.toml"}
    rule: dict[str, Any] = {"id": f"joint.{table['id']}", "kind": "limit", "title": title, "cite": cite}
    rule |= {"from": _first_day(), "where": table.get("where", ""), "measure": table.get("measure", "")}
    rule["sense"] = table.get("sense", "")
    if allotted is None:
        rule |= {name: table[name] for name in ("values", "share", "of") if name in table}
        return tomli_w.dumps({"rule": [rule]})
    rule["values"] = [{"amount": max(0, allotted), "unit": unit}]
    if allotted < 0:
        rule["used"] = [{"amount": -allotted, "unit": unit}]
    if "share" in table:
        # "den x where - num x of" is a limit on where whose credit is taken off: the same row, with an amount
        from fractions import Fraction

        share = Fraction(str(table["share"]))
        rule["credit"] = {"where": table.get("of", ""), "num": share.numerator, "den": share.denominator}
    return tomli_w.dumps({"rule": [rule]})


def _first_day() -> Any:
    import datetime

    return datetime.date(1990, 1, 1)
