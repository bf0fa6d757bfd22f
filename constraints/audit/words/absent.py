"""Held parcels and platforms without a site, read a second time: their facts, how many lawful offers, which filters.

Standard library only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from constraints.audit.reread import Reader
from constraints.audit.tally import Tally
from constraints.audit.words.shown import text
from constraints.language.evaluate import Facts
from parcels.common.schema import Value

Json = Mapping[str, Any]
Same = Callable[[str, str, Any, Any], None]
FILTERS = ("uses", "districts", "zones", "area_large", "available_from", "near", "area_small")
"""What a platform asks for, in the order in which the first failing is named."""


class Absences:
    """Reads the records of what a plan leaves out."""

    def __init__(self, reader: Reader, plan: Json, tally: Tally) -> None:
        self.reader = reader
        self.facts = reader.facts
        self.tally = tally
        self.taken = {self.facts.parcel_row[name] for entry in plan["assignments"] for name in entry["parcel_ids"]}
        round_ = reader.case.round
        self.end = max((period.end for period in round_.periods), default=round_.end or "9999-12-31")
        self.first: dict[int, Counter[str]] = {}

    def read(self, same: Same, where: str, record: Json) -> None:
        """One record of a held parcel or a platform without a site."""
        if record["kind"] == "held" and record["id"] in self.facts.parcel_row:
            self._held(same, where, record, self.facts.parcel_row[record["id"]])
        elif record["kind"] == "unserved" and record["id"] in self.facts.demand_row:
            self._unserved(same, where, record, self.facts.demand_row[record["id"]])

    def _held(self, same: Same, where: str, record: Json, row: int) -> None:
        facts = self.facts.parcels[row]
        due = {
            "name": str(facts.get("parcel_name") or ""),
            "district": str(facts.get("district") or ""),
            "use": str(facts.get("use") or ""),
            "area_m2": self.facts.area[row],
            "status": str(facts.get("status") or "candidate"),
            "lawful": self.tally.on_parcel[row],
        }
        for name, found in due.items():
            same(where, name, record[name], found)
        stated = {each["code"]: each["count"] for each in record["reasons"] if each.get("of") == "demand"}
        if stated:
            same(where, "platforms it does not suit", stated, dict(self._platforms(row)))
        codes = {each["code"] for each in record["reasons"]}
        same(where, "outweighed", "outweighed" in codes, bool(due["lawful"]) and self.facts.candidate[row])

    def _platforms(self, row: int) -> Counter[str]:
        """By the first filter that a parcel fails: how many platforms."""
        found = Counter(self._fails(row, wish) for wish in self.facts.demands)
        del found[""]
        return found

    def _unserved(self, same: Same, where: str, record: Json, row: int) -> None:
        wish = self.facts.demands[row]
        due = {
            "platform": str(wish.get("name") or ""),
            "platform_kind": text(wish.get("platform_kind")),
            "operator": text(wish.get("operator")),
            "uses": list(_texts(wish.get("uses"))),
            "area_min_m2": int(str(wish.get("area_min_m2") or 0)),
            "area_max_m2": int(str(wish.get("area_max_m2") or 0)),
            "candidates": len(self.facts.parcels),
            "lawful": self.tally.of_demand[row],
            "premises": wish.get("building_suffices") is True,
        }
        for name, found in due.items():
            same(where, name, record[name], found)
        counted = self._parcels(row, wish)
        plain = {each["code"]: each["count"] for each in record["reasons"] if not each.get("ruling")}
        known = {code: count for code, count in plain.items() if code in counted or code in (*FILTERS, "status")}
        same(where, "parcels that do not suit it", known, {code: n for code, n in counted.items() if n})

    def _parcels(self, row: int, wish: Facts) -> dict[str, int]:
        """By the first filter that fails, and of those on lawful sites whether they are taken: how many parcels."""
        reached, found = self.tally.reached.get(row, set()), Counter[str]()
        for parcel in range(len(self.facts.parcels)):
            code = self._fails(parcel, wish)
            if parcel in reached:
                code = "taken" if parcel in self.taken else "outweighed"
            found[code] += 1
        del found[""]
        return dict(found)

    def _fails(self, parcel: int, wish: Facts) -> str:
        """The first requirement of a platform that a parcel fails; "" where it suits."""
        return next((code for code, fails in self._requirements(parcel, wish) if fails), "")

    def _requirements(self, parcel: int, wish: Facts) -> Iterator[tuple[str, bool]]:
        facts, area = self.facts.parcels[parcel], self.facts.area[parcel]
        yield "status", not self.facts.candidate[parcel]
        yield "uses", facts.get("use") not in _texts(wish.get("uses"))
        districts, zones = _texts(wish.get("districts")), _texts(wish.get("zones"))
        yield "districts", bool(districts) and facts.get("district") not in districts
        yield "zones", bool(zones) and set(zones).isdisjoint(_texts(facts.get("zone")))
        yield "area_large", area > int(str(wish.get("area_max_m2") or 0))
        yield "available_from", str(facts.get("available_from") or "") > self.end
        yield "near", self._far(parcel, wish.get("near"))
        yield "area_small", area < int(str(wish.get("area_min_m2") or 0))

    def _far(self, parcel: int, near: Value) -> bool:
        distances = self.reader.case.distances
        for place in near.split(";") if isinstance(near, str) else _texts(near):
            point, _, metres = str(place).rpartition(":")
            if point in distances and distances[point][parcel] > Fraction(metres):
                return True
        return False


def _texts(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
