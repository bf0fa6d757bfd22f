"""``plan.json`` as it lies on disk: each citation and each timetable once, records refer to them by key.

In memory the records of a plan are whole; :func:`packed` is what is written, :func:`unpacked` puts it back where a plan
is read. A plan without the tables (an older one) is whole already. Neither changes what it is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from landopt.reasons.explain.records import LEFT_OUT, Counted, OtherMethod, Ruling
from parcels.common.issues import Refused, error

Json = dict[str, Any]
TABLES = ("citations", "timetables")
ROBUST = "robust.json"
"""Beside the plan of ``solve --robust``: what the search claims of it over the draws."""
_RULING, _COUNTED, _OTHER = (LEFT_OUT[kind] for kind in (Ruling, Counted, OtherMethod))


def packed(plan: Mapping[str, Any]) -> Json:
    """The plan as it is written to disk; records that share a part by identity are the quickest to pack."""
    packing = _Packing()
    records = [packing.record(record) for record in plan["justification"]]
    return {**plan, "justification": records, "citations": packing.citations, "timetables": packing.timetables}


class _Packing:
    """The tables as they fill; parts met before are known by identity, alive as long as the plan is."""

    def __init__(self) -> None:
        self.citations: dict[str, Json] = {}
        self.timetables: dict[str, list[Json]] = {}
        self._keys: dict[tuple[int, str], str] = {}
        self._rulings: dict[int, Json] = {}
        self._reasons: dict[int, Json] = {}
        self._others: dict[int, Json] = {}
        self._notes: dict[int, list[Any]] = {}
        self._tables: dict[int, str] = {}
        self._known: dict[tuple[Any, ...], str] = {}

    def cite(self, cite: Json | None, mark: str = "") -> str | None:
        """The key of a citation: its rule, or its rule and a mark where the words are not the rule's title."""
        if cite is None:
            return None
        found = self._keys.get((id(cite), mark))
        if found is None:
            found, number = cite["rule"] + mark, 1
            while self.citations.setdefault(found, cite) != cite:
                number += 1
                found = f"{cite['rule']}{mark}#{number}"
            self._keys[id(cite), mark] = found
        return found

    def cites(self, cites: Sequence[Json]) -> list[str | None]:
        return [self.cite(cite) for cite in cites]

    def ruling(self, ruling: Json) -> Json:
        found = self._rulings.get(id(ruling))
        if found is None:
            found = {"cite": self.cite(ruling["cite"]), "verdict": ruling["verdict"]}
            if ruling["facts"]:
                found["facts"] = ruling["facts"]
            if ruling["unknowns"]:
                found["unknowns"] = ruling["unknowns"]
            self._rulings[id(ruling)] = found
        return found

    def note(self, ruling: Json) -> Any:
        """A note is its key alone."""
        if ruling["verdict"] == "note" and not ruling["facts"] and not ruling["unknowns"]:
            return self.cite(ruling["cite"], "#note")
        return self.ruling(ruling)

    def notes(self, rulings: list[Json]) -> list[Any]:
        found = self._notes.get(id(rulings))
        if found is None:
            found = self._notes[id(rulings)] = [self.note(ruling) for ruling in rulings]
        return found

    def counted(self, reason: Json) -> Json:
        known = self._reasons.get(id(reason))
        if known is not None:
            return known
        found = self._reasons[id(reason)] = {name: reason[name] for name in ("code", "count")}
        if reason["ruling"] is not None:
            found["ruling"] = self.ruling(reason["ruling"])
        for name in ("parcels", "detail"):
            if reason[name]:
                found[name] = reason[name]
        if reason["of"] != "parcel":
            found["of"] = reason["of"]
        return found

    def other(self, other: Json) -> Json:
        known = self._others.get(id(other))
        if known is not None:
            return known
        found = self._others[id(other)] = {name: other[name] for name in ("method", "verdict", "why")}
        if other["rulings"]:
            found["rulings"] = [self.ruling(ruling) for ruling in other["rulings"]]
        for name in ("loss", "tier", "filter"):
            if other[name] != _OTHER[name]:
                found[name] = other[name]
        return found

    def cited(self, entries: Sequence[Json]) -> list[Json]:
        """Entries with a ``cite`` (limits, conditions, steps)."""
        return [{**entry, "cite": self.cite(entry["cite"])} for entry in entries]

    def timetable(self, steps: list[Json]) -> str:
        found = self._tables.get(id(steps))
        if found is None:
            entries = self.cited(steps)
            content = tuple(tuple(entry.items()) for entry in entries)
            found = self._known.setdefault(content, f"t{len(self._known) + 1}")
            self.timetables[found] = entries
            self._tables[id(steps)] = found
        return found

    def record(self, record: Mapping[str, Any]) -> Json:
        """A record as it is written."""
        found = dict(record)
        kind = found["kind"]
        if kind == "assignment":
            found["permits"] = [self.ruling(ruling) for ruling in found["permits"]]
            found["others"] = [self.other(other) for other in found["others"]]
            found["price"] = {**found["price"], "floor_rule": self.cite(found["price"]["floor_rule"])}
            found["conditions"] = self.cited(found["conditions"])
            found["notes"] = self.notes(found["notes"])
            if found["fallback"] is not None:
                found["fallback"] = {**found["fallback"], "cites": self.cites(found["fallback"]["cites"])}
            found["changes"] = self.cited(found["changes"])
            found["timetable"] = self.timetable(found["timetable"])
            found["limits"] = self.cited(found["limits"])
        elif kind in ("held", "unserved"):
            found["reasons"] = [self.counted(reason) for reason in found["reasons"]]
            if kind == "unserved":
                found["premises_cites"] = self.cites(found["premises_cites"])
        elif kind == "plan":
            found["limits"], found["relaxed"] = self.cited(found["limits"]), self.cited(found["relaxed"])
            found["tensions"], found["notes"] = self.notes(found["tensions"]), self.notes(found["notes"])
            found["sources"] = self.cites(found["sources"])
        return found


class _Absent(Exception):
    """A key that a table does not have."""


def unpacked(plan: Mapping[str, Any], where: str = "plan.json") -> Json:
    """A plan as read from disk, its records whole again; they share citations, notes and timetables.

    Raises
    ------
    Refused
        If a record names a citation or timetable that its table does not have (X017), or is no record (X005).
    """
    if "justification" not in plan or not any(table in plan for table in TABLES):
        return dict(plan)
    records: list[Json] = []
    place = "timetables"
    try:
        unpacking = _Unpacking(plan)
        for number, record in enumerate(plan["justification"]):
            place = f"justification[{number}]"
            records.append(unpacking.record(record))
    except _Absent as absent:
        key, table = absent.args
        raise Refused(error("X017.plan-json-names", at=where, place=place, key=key, table=table)) from absent
    except (KeyError, TypeError, AttributeError, ValueError) as torn:
        raise Refused(
            error("X005.plan-json-cannot", at=where, place=place, name=type(torn).__name__, torn=torn)
        ) from torn
    found = {name: value for name, value in plan.items() if name not in TABLES}
    return {**found, "justification": records}


class _Unpacking:
    """Records made whole from the tables of a plan."""

    def __init__(self, plan: Mapping[str, Any]) -> None:
        self.citations: Mapping[str, Json] = dict(plan["citations"])
        self.timetables: dict[str, list[Json]] = {}
        self._notes: dict[str, Json] = {}
        for key, steps in plan["timetables"].items():
            self.timetables[key] = self.cited(steps)

    def cite(self, key: str | None) -> Json | None:
        """The citation of a key."""
        if key is None:
            return None
        try:
            return self.citations[key]
        except (KeyError, TypeError):
            raise _Absent(key, "citations") from None

    def cites(self, keys: Sequence[str]) -> list[Json | None]:
        return [self.cite(key) for key in keys]

    def cited(self, entries: Sequence[Json]) -> list[Json]:
        return [{**entry, "cite": self.cite(entry["cite"])} for entry in entries]

    def ruling(self, ruling: Json) -> Json:
        return {**_RULING, **ruling, "cite": self.cite(ruling["cite"])}

    def note(self, note: Any) -> Json:
        if not isinstance(note, str):
            return self.ruling(note)
        found = self._notes.get(note)
        if found is None:
            found = self._notes[note] = {**_RULING, "cite": self.cite(note), "verdict": "note"}
        return found

    def counted(self, reason: Json) -> Json:
        found = {**_COUNTED, **reason}
        if found["ruling"] is not None:
            found["ruling"] = self.ruling(found["ruling"])
        return found

    def other(self, other: Json) -> Json:
        found = {**_OTHER, **other}
        found["rulings"] = [self.ruling(ruling) for ruling in found["rulings"]]
        return found

    def timetable(self, key: str) -> list[Json]:
        try:
            return self.timetables[key]
        except (KeyError, TypeError):
            raise _Absent(key, "timetables") from None

    def record(self, record: Mapping[str, Any]) -> Json:
        """A record as it was before :meth:`_Packing.record`."""
        found = dict(record)
        kind = found["kind"]
        if kind == "assignment":
            found["permits"] = [self.ruling(ruling) for ruling in found["permits"]]
            found["others"] = [self.other(other) for other in found["others"]]
            found["price"] = {**found["price"], "floor_rule": self.cite(found["price"]["floor_rule"])}
            found["conditions"] = self.cited(found["conditions"])
            found["notes"] = [self.note(note) for note in found["notes"]]
            if found["fallback"] is not None:
                found["fallback"] = {**found["fallback"], "cites": self.cites(found["fallback"]["cites"])}
            found["changes"] = self.cited(found["changes"])
            found["timetable"] = self.timetable(found["timetable"])
            found["limits"] = self.cited(found["limits"])
        elif kind in ("held", "unserved"):
            found["reasons"] = [self.counted(reason) for reason in found["reasons"]]
            if kind == "unserved":
                found["premises_cites"] = self.cites(found["premises_cites"])
        elif kind == "plan":
            found["limits"], found["relaxed"] = self.cited(found["limits"]), self.cited(found["relaxed"])
            found["tensions"] = [self.note(note) for note in found["tensions"]]
            found["notes"] = [self.note(note) for note in found["notes"]]
            found["sources"] = self.cites(found["sources"])
        return found
