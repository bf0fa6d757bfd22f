"""The set pieces of an example round: what every round should show at least once. Changes rows in place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random

from landopt.invent.parcel_facts import Cell
from landopt.invent.policy import Lock

Row = dict[str, Cell]


@dataclass(frozen=True, slots=True)
class SetPieces:
    """What the policy has to name."""

    lock: Lock | None
    conflict: tuple[str, str] | None
    records: tuple[dict[str, Cell], ...]


def set_pieces(
    rows: Sequence[Row], wants: Sequence[Row], block_of: Sequence[int], draw: Random, contested: bool
) -> SetPieces:
    """Place an existing user, applications, states of parcels, impossible wishes, a lock, a conflict and a record."""
    used: set[str] = set()

    def take(fits: Callable[[Row], bool]) -> Row | None:
        pool = [row for row in rows if row["parcel_id"] not in used and is_clean(row) and fits(row)]
        if not pool:
            return None
        row = draw.choice(pool)
        used.add(str(row["parcel_id"]))
        return row

    lock = _lock(take, wants)
    conflict = _conflict(rows, block_of, used, draw)
    _existing_user(take, wants)
    _applications(rows, wants, draw, 5 if not contested else len(wants) // 25)
    # settled parcels use up shares: not in contested and small rounds
    settled = () if contested or len(rows) < 100 else ("announced", "contracted")
    for state in ("failed", "failed", *settled, "reserve", "reserve", "withdrawn"):
        row = take(lambda row: row["use"] in ("IND", "RES", "BIZ") and row["land_source"] == "stock")
        if row is not None:
            row["status"] = state
            row["failed_times"] = 1 if state == "failed" else None
    row = take(lambda row: row["use"] == "IND" and row["land_source"] == "stock")
    if row is not None:
        row["ownership"] = "collective"
    if len(wants) >= 40:
        _impossible(wants)
    for want in [w for w in wants if w["platform_kind"] in ("headquarters", "incubator") and not w.get("near")][:3]:
        want["near"] = draw.choice(["M-1:2500", "M-2:2500"])
    return SetPieces(lock, conflict, _records(wants))


def is_clean(row: Row) -> bool:
    """True for a parcel that every parcel rule lets pass: ready, on the plan, of the state, a plain candidate."""
    ready = all(row[name] for name in ("net_land", "converted", "expropriated", "in_annual_plan"))
    return ready and row["status"] == "candidate" and row["ownership"] == "state" and row["existing_right"] == "none"


def ready_one_of_each(rows: Iterable[Row]) -> None:
    """See that every use has two parcels ready for supply (of those given), where it has two at all."""
    by_use: dict[str, list[Row]] = {}
    for row in rows:
        by_use.setdefault(str(row["use"]), []).append(row)
    for found in by_use.values():
        found.sort(key=lambda row: (not is_clean(row), str(row["parcel_id"])))
        for row in found[:2]:
            row.update(net_land=True, converted=True, expropriated=True, in_annual_plan=True)


def _lock(take: Callable[[Callable[[Row], bool]], Row | None], wants: Sequence[Row]) -> Lock | None:
    want = next((w for w in wants if w["platform_kind"] == "transformation" and w["operator"] == "private"), None)
    row = take(lambda row: row["use"] == "IND" and row["land_source"] == "stock" and int(str(row["area_m2"])) > 12_000)
    if want is None or row is None:
        return None
    area = int(str(row["area_m2"]))
    row["available_from"] = None
    row["intending_users"], row["publication_closed"] = 1, "2026-02-10"
    want.update(
        uses="IND", max_parcels=1, area_min_m2=area * 9 // 10, area_max_m2=area * 11 // 10, districts=None, zones=None,
        want_right="grant", want_term=20, lease_years=None, budget_yuan=None, needed_by=None,
    )  # fmt: skip
    return Lock(str(row["parcel_id"]), str(want["demand_id"]), "listing")


def _conflict(rows: Sequence[Row], block_of: Sequence[int], used: set[str], draw: Random) -> tuple[str, str] | None:
    pairs = [
        (str(a["parcel_id"]), str(b["parcel_id"]))
        for a, b, block, after in zip(rows, rows[1:], block_of, block_of[1:], strict=False)
        if block == after and a["use"] == b["use"] == "IND" and is_clean(a) and is_clean(b)
        and not {a["parcel_id"], b["parcel_id"]} & used
    ]  # fmt: skip
    if not pairs:
        return None
    pair = draw.choice(pairs)
    used.update(pair)
    return pair


def _existing_user(take: Callable[[Callable[[Row], bool]], Row | None], wants: Sequence[Row]) -> None:
    want = next((w for w in wants if w["operator"] == "existing_user"), None)
    row = take(lambda row: row["use"] == "IND" and row["land_source"] == "stock")
    if want is None or row is None:
        return
    area = int(str(row["area_m2"]))
    row["existing_right"] = "alloc"
    row["intending_users"], row["publication_closed"] = 1, "2026-02-20"
    want.update(
        holds=row["parcel_id"], applied_for=row["parcel_id"], uses="IND", max_parcels=1, area_min_m2=area * 8 // 10,
        area_max_m2=area + 200, districts=None, zones=None, want_right=None, want_term=None, budget_yuan=None,
    )  # fmt: skip


def _applications(rows: Sequence[Row], wants: Sequence[Row], draw: Random, count: int) -> None:
    for want in draw.sample(list(wants), min(count, len(wants))):
        uses = str(want["uses"]).split(";")
        pool = [
            str(row["parcel_id"])
            for row in rows
            if row["use"] in uses
            and is_clean(row)
            and int(str(want["area_min_m2"])) <= int(str(row["area_m2"])) <= int(str(want["area_max_m2"]))
        ]
        if pool and not want.get("applied_for"):
            want["applied_for"] = draw.choice(pool)


def _impossible(wants: Sequence[Row]) -> None:
    """Four wishes that no lawful offer meets: too large, a right withheld by law, another zone, a right not offered."""
    plain = [w for w in wants[29:] if not w.get("holds") and not w.get("applied_for") and not w.get("want_term")]
    changes: tuple[dict[str, Cell], ...] = (
        {"platform_kind": "other", "level": "provincial", "operator": "univ", "uses": "EDU", "area_min_m2": 320_000,
         "area_max_m2": 380_000, "max_parcels": 1, "nonprofit": True, "public_welfare": True, "want_right": None,
         "name": "南三角大学校区｜South Delta University Campus", "strategic_industry": False},
        {"platform_kind": "transformation", "operator": "private", "uses": "IND", "want_right": "alloc",
         "nonprofit": False, "public_welfare": False,
         "name": "蕉门河精密制造（申请划拨）｜Jiaomen River Precision Works by Allocation"},
        {"platform_kind": "technology", "zones": "knowledge_city", "want_right": None,
         "name": "知识城生物检测平台｜Knowledge City Biotech Testing Platform"},
        {"platform_kind": "transformation", "operator": "foreign", "uses": "IND", "want_right": "contrib",
         "nonprofit": False, "public_welfare": False,
         "name": "狮子洋合资项目（土地作价出资）｜Lion Sea Joint Venture by Land Contribution"},
    )  # fmt: skip
    for want, change in zip(plain[-len(changes) :], changes, strict=False):
        want.update(change)


def _records(wants: Sequence[Row]) -> tuple[dict[str, Cell], ...]:
    want = next((w for w in wants if w["operator"] == "npo_rd" and w["platform_kind"] == "multi_district"), None)
    if want is None:
        return ()
    return (
        {
            "rule": "cn.order9.item6.determination",
            "parcel_id": None,
            "demand_id": want["demand_id"],
            "document": "公益性科研机构认定函2026-17（示例）｜"
            "Determination of a public-welfare research institute, letter 2026-17 (example)",
            "date": "2026-03-12",
            "by": "科技局（示例）｜Science and technology bureau (example)",
        },
    )
