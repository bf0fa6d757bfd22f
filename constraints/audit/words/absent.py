"""Held parcels and platforms without a site, read a second time: their facts, how many lawful offers, which filters.

Standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any

from constraints.audit.reread import Reader
from constraints.audit.tally import Tally
from constraints.audit.words.closing import Closing
from constraints.audit.words.shown import text
from constraints.language.evaluate import Facts
from parcels.common.schema import Value

Json = Mapping[str, Any]
Same = Callable[[str, str, Any, Any], None]
FILTERS = ("uses", "districts", "zones", "area_large", "available_from", "near", "area_small")
"""What a platform asks for, in the order in which the first failing is named."""
SHOWN = 5
"""Parcels or platforms named one by one in a reason."""
PAIRS = 20_000_000
"""Pairs of parcel and platform up to which the counts in reasons are counted again."""


class Absences:
    """Reads the records of what a plan leaves out."""

    def __init__(self, reader: Reader, plan: Json, tally: Tally) -> None:
        self.reader = reader
        self.facts = reader.facts
        self.tally = tally
        self.taken = {self.facts.parcel_row[name] for entry in plan["assignments"] for name in entry["parcel_ids"]}
        round_ = reader.case.round
        self.end = max((period.end for period in round_.periods), default=round_.end or "9999-12-31")
        self.served = {entry["demand_id"] for entry in plan["assignments"]}
        self.counted = len(reader.case.parcels) * len(reader.case.demands) <= PAIRS
        """Whether pairs of parcel and platform are few enough to be counted one by one."""
        self._codes: list[list[str]] | None = None

    def read(self, same: Same, where: str, record: Json, cite: Callable[[Any], Any]) -> None:
        """One record of a held parcel or a platform without a site."""
        if record["kind"] == "held" and record["id"] in self.facts.parcel_row:
            self._held(same, where, record, self.facts.parcel_row[record["id"]], cite)
        elif record["kind"] == "unserved" and record["id"] in self.facts.demand_row:
            self._unserved(same, where, record, self.facts.demand_row[record["id"]], cite)

    def _held(self, same: Same, where: str, record: Json, row: int, cite: Callable[[Any], Any]) -> None:
        facts, reasons = self.facts.parcels[row], record["reasons"]
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
        closed = not self.facts.candidate[row]
        open_ = not closed and not due["lawful"]
        market = self.reader.case.market
        offered = market is not None and facts.get("use") in market.uses
        codes = {each["code"] for each in reasons}
        for code, holds in (
            ("status", closed),
            ("outweighed", not closed and not open_),
            ("market_use", open_ and market is not None and not offered),
        ):
            same(where, code, code in codes, holds)
        for each in reasons:
            detail = str(facts.get("status")) if each["code"] == "status" else ""
            same(where, f"{each['code']}: detail", each.get("detail", ""), detail)
            if each.get("of", "parcel") != "demand":
                same(where, f"{each['code']}: count", each["count"], 1)
                named = list(each.get("parcels", ()))
                same(where, f"{each['code']}: parcels", named, [record["id"]] if named or each.get("ruling") else [])
        if not self.counted:
            return
        divided = self._divided(row) if not closed else []
        same(where, "divided", list(record["divided"]), divided)
        same(where, "divided", "divided" in codes, open_ and bool(divided))
        stated = {each["code"]: each for each in reasons if each.get("of") == "demand"}
        if open_ or stated:
            told = {code: (each["count"], list(each.get("parcels", ()))) for code, each in stated.items()}
            same(where, "platforms it does not suit", told, self._platforms(row))
        # too small alone, it may be part of a site: such a platform asks too
        suits = next((number for number, column in enumerate(self.codes) if column[row] in ("", "area_small")), None)
        asked = [None] * offered + ([] if suits is None else [suits])
        for each in reasons:
            if each.get("ruling"):
                self.closing.of_parcels(same, where, each, cite, [row], asked)

    @cached_property
    def closing(self) -> Closing:
        """Which rules close which parcels."""
        return Closing(self.reader)

    def _divided(self, row: int) -> list[str]:
        """The unserved platforms that a part of a parcel would serve: all suits but that it is too large."""
        names = self.reader.case.demands.ids
        waiting = [number for number, name in enumerate(names) if name not in self.served]
        return [names[number] for number in waiting if self._too_large(number, row)]

    def _too_large(self, demand: int, row: int) -> bool:
        if self.codes[demand][row] != "area_large":
            return False
        wish, facts = self.facts.demands[demand], self.facts.parcels[row]
        late, near = str(facts.get("available_from") or "") > self.end, wish.get("near")
        return not late and not (near and self._far(row, near))

    @property
    def codes(self) -> list[list[str]]:
        """For each platform and parcel the first requirement that the parcel fails; "" where it suits."""
        if self._codes is None:
            self._codes = [self._of(wish) for wish in self.facts.demands]
        return self._codes

    def _platforms(self, row: int) -> dict[str, tuple[int, list[str]]]:
        """By the first filter that a parcel fails: how many platforms, and which where they are few."""
        found: dict[str, list[str]] = {}
        for name, column in zip(self.reader.case.demands.ids, self.codes, strict=True):
            if column[row]:
                found.setdefault(column[row], []).append(name)
        return {code: (len(names), _few(names)) for code, names in found.items()}

    def _unserved(self, same: Same, where: str, record: Json, row: int, cite: Callable[[Any], Any]) -> None:
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
        if not self.counted:
            return
        names, parted = self.reader.case.parcels.ids, self._parcels(row)
        counted = {code: (len(rows), _few([names[each] for each in rows])) for code, rows in parted.items()}
        plain = {
            each["code"]: (each["count"], list(each.get("parcels", ())))
            for each in record["reasons"]
            if not each.get("ruling")
        }
        known = {code: told for code, told in plain.items() if code in counted or code in (*FILTERS, "status")}
        same(where, "parcels that do not suit it", known, counted)
        for each in record["reasons"]:
            same(where, f"{each['code']}: detail", (each.get("detail", ""), each.get("of", "parcel")), ("", "parcel"))
        large = [each for each in range(len(names)) if each not in self.taken and self._too_large(row, each)]
        same(where, "divided", list(record["divided"]), [names[each] for each in large[:SHOWN]])
        left = [each for each in range(len(names)) if not self.codes[row][each]]
        closed = [each for each in left if each not in self.tally.reached.get(row, set())]
        for each in record["reasons"]:
            rows = [self.facts.parcel_row.get(name, -1) for name in each.get("parcels", ())]
            if each["code"] not in known:
                same(
                    where,
                    f"{each['code']}: how many are named",
                    len(rows),
                    each["count"] if each["count"] <= SHOWN else 0,
                )
            if not each.get("ruling") and each["code"] not in known:
                self.closing.of_wishes(same, where, each, closed, rows, row)
            elif each.get("ruling"):
                same(where, "parcels that a rule closes", [one for one in rows if one not in left], [])
                self.closing.of_parcels(same, where, each, cite, rows or left, [row])

    def _parcels(self, row: int) -> dict[str, list[int]]:
        """By the first filter that fails, and of those on lawful sites whether they are taken: which parcels."""
        reached, found = self.tally.reached.get(row, set()), dict[str, list[int]]()
        for parcel, code in enumerate(self.codes[row]):
            if parcel in reached:
                code = "taken" if parcel in self.taken else "outweighed"
            if code:
                found.setdefault(code, []).append(parcel)
        return found

    def _of(self, wish: Facts) -> list[str]:
        """The first requirement of one platform that each parcel fails, in the order of :data:`FILTERS`."""
        uses, districts, zones = (frozenset(_texts(wish.get(name))) for name in ("uses", "districts", "zones"))
        least, most = (int(str(wish.get(name) or 0)) for name in ("area_min_m2", "area_max_m2"))
        near, found = wish.get("near"), []
        for parcel, facts in enumerate(self.facts.parcels):
            if not self.facts.candidate[parcel]:
                code = "status"
            elif facts.get("use") not in uses:
                code = "uses"
            elif districts and facts.get("district") not in districts:
                code = "districts"
            elif zones and zones.isdisjoint(_texts(facts.get("zone"))):
                code = "zones"
            elif self.facts.area[parcel] > most:
                code = "area_large"
            elif str(facts.get("available_from") or "") > self.end:
                code = "available_from"
            elif near and self._far(parcel, near):
                code = "near"
            else:
                code = "area_small" if self.facts.area[parcel] < least else ""
            found.append(code)
        return found

    def _far(self, parcel: int, near: Value) -> bool:
        distances = self.reader.case.distances
        for place in near.split(";") if isinstance(near, str) else _texts(near):
            point, _, metres = str(place).rpartition(":")
            if point in distances and distances[point][parcel] > Fraction(metres):
                return True
        return False


def _few(names: list[str]) -> list[str]:
    """Names where they are few enough to be told."""
    return names if len(names) <= SHOWN else []


def _texts(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
