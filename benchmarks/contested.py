"""Contested rounds: an invented round whose land is held back and whose limits are set until they truly bind.

Platforms ask for 1.3 times the suitable land, and at least eight limits bind in the relaxation, two of them from below.
Both are reached by measuring: the draft is screened, its relaxation solved, and each limit set a few per cent inside
what is used without it. (Large rounds keep most of what they are drawn with, see ``LARGE``.) What the market takes
besides (housing, industry, business parcels) is part of the round.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from benchmarks.rounds import case_of, contest
from constraints.case import Case
from landopt.invent.draft import Draft
from landopt.invent.platforms import reach_of
from landopt.invent.policy import Numbers, policy_text
from landopt.invent.round import draft, hold_back
from landopt.screening.offers import Offers
from landopt.screening.uncapped_sites import build_offers
from landopt.solving.programme.arrays import Program, program
from landopt.solving.relaxation.prices import relax

RATIO = 1.32
"""Least area asked for, over the suitable area: a little above the 1.3 that a contested round has at least."""
QUOTA, CAP, FLOOR, SHARE = 0.96, 0.93, 1.002, 0.001
"""Quotas and caps, floors, and shares beyond: over what the relaxation uses under the limits set before."""


ENOUGH = 2e-5
"""How close to its optimum the relaxation of a large round is taken."""
LARGE = 2_000
"""Platforms above which a round keeps the numbers it was drawn with, but for the quotas, set in one step and kept."""
NUMBERS = Path(__file__).parent / "contested_numbers.json"
"""What was measured once, by "parcels demands seed": parcels held back, and the numbers set (of large rounds the quotas
and the largest share). Rounds that tests draw again and again are here too, written anew by ``python -m
benchmarks.contested``; tests/test_synthetic.py holds that they are what is measured."""
KEPT = (
    *((5_000, 500, seed) for seed in (11, 12, 13, 14, 15)),
    *((200, 30, seed) for seed in (1, 2, 3, 4, 5, 6)),
)
"""Rounds below ``LARGE`` whose numbers are kept."""


Made = Callable[[Draft, int], Case]
DRAWN_ABOVE = 8.0
"""How far area windows reach above their middle where the round is drawn (``landopt.invent.platforms.Reach``)."""


def contested(parcels: int, demands: int, seed: int, *, made: Made | None = None) -> Draft:
    """A contested draft: land held back until platforms ask for 1.3 times of it, limits that bind.

    ``made`` draws it with geometry and turns it into the case it is measured by, layers and all (default: in memory,
    without layers). Layers break up what lies together: windows are wider then, for about as many offers.

    The same for the same seed. The relaxation is solved a few times to find the numbers; of rounds with more than
    :data:`LARGE` platforms once, and not at all where :data:`NUMBERS` has them.
    """
    found = drawn(parcels, demands, seed, geometry=made is not None)
    key = f"{parcels} {demands} {seed}"
    kept = _read() if demands > LARGE or made is None else {}
    if key in kept:
        for row in found.parcels:
            if row["parcel_id"] in kept[key]["held_back"]:
                hold_back(row)
        return _with(found, replace(found.numbers, **kept[key]["numbers"]))
    found, held = measured(found, seed, made or case_of)
    if demands > LARGE:
        named = {"quota": found.numbers.quota, "district_share": found.numbers.district_share}
        _write({**kept, key: {"held_back": sorted(held), "numbers": named}})
    return found


def drawn(parcels: int, demands: int, seed: int, *, geometry: bool = False) -> Draft:
    """The draft whose land and limits are set afterwards."""
    reach = replace(reach_of(demands, True), above=DRAWN_ABOVE) if geometry else reach_of(demands, True)
    found = replace(draft(parcels, demands, seed, contested=True, geometry=geometry, reach=reach), lock=None)
    return _with(found, found.numbers)  # without a lock: it could be what no limit leaves room for


def measured(found: Draft, seed: int, made: Made) -> tuple[Draft, list[str]]:
    """A draft contested by measuring, and the parcels held back in it."""
    draw = Random(f"contested {seed}")
    held: list[str] = []
    for _ in range(8):
        case = made(found, seed)
        offers = build_offers(case)
        if contest(case, offers)["ratio"] >= RATIO:
            break
        held += _hold_back(found, case, offers, draw)
    numbers = found.numbers
    if len(found.demands) > LARGE:
        return _with(found, _quotas(case, offers, numbers)), held
    for step in (_caps, _floors, _quotas, _floors):  # each from what is used under the limits before it
        if step is not _caps:
            case = made(found, seed)
            offers = build_offers(case)
        numbers = step(case, offers, numbers)
        found = _with(found, numbers)
    return found, held


def numbers_of(parcels: int, demands: int, seed: int) -> dict[str, Any]:
    """What is kept of a round below ``LARGE``: measured now."""
    found, held = measured(drawn(parcels, demands, seed), seed, case_of)
    return {"held_back": sorted(held), "numbers": asdict(found.numbers)}


def _read() -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(NUMBERS.read_text("utf-8")) if NUMBERS.exists() else {}
    return kept


def _write(kept: dict[str, Any]) -> None:
    NUMBERS.write_text(json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")


def contested_case(parcels: int, demands: int, seed: int) -> Case:
    """A contested round as a case, made in memory."""
    return case_of(contested(parcels, demands, seed), seed)


def _with(found: Draft, numbers: Numbers) -> Draft:
    return replace(found, numbers=numbers, policy=policy_text(numbers, found.lock, found.conflict))


def _hold_back(found: Draft, case: Case, offers: Offers, draw: Random) -> list[str]:
    """Leave suitable parcels uncleared, as many as are too many for the ratio; their ids."""
    held: list[str] = []
    start, of_offer = offers.parcel_rows()
    parcels = np.unique(of_offer[np.repeat(offers.demand >= 0, np.diff(start))]).tolist()
    area = np.array(case.parcels.column("area_m2"), dtype=np.int64)
    figures = contest(case, offers)
    spare = int(figures["suitable_m2"] - figures["asked_m2"] / (RATIO + 0.02))
    named = found.conflict or ()
    rows = {str(row["parcel_id"]): row for row in found.parcels}
    draw.shuffle(parcels)
    for parcel in parcels:
        if spare <= 0:
            break
        identifier = case.parcels.ids[parcel]
        if identifier not in named:
            hold_back(rows[identifier])
            held.append(identifier)
            spare -= int(area[parcel])
    return held


def _caps(case: Case, offers: Offers, numbers: Numbers) -> Numbers:
    use = _Use(case, offers, free=("<=", ">="))
    return replace(
        numbers,
        quota=dict.fromkeys(numbers.quota, 10**9),
        listings=max(4, int(CAP * use.count("listing", "auction", "bid"))),
        leases=max(3, int(CAP * use.count("lease", "lease_then_grant"))),
        district_share="1",
        competitive="0",
        stock_share="",
        strategic_share="",
        strategic_m2=0,
    )


def _quotas(case: Case, offers: Offers, numbers: Numbers) -> Numbers:
    use = _Use(case, offers, free=())
    if not use.total:  # a small round in which nothing can be supplied has no share to measure
        return numbers
    largest = max(use.district.values()) / use.total
    even = 1.15 / sum(area > 0 for area in use.district.values())  # shares that cannot add up to 1 leave no plan
    return replace(
        numbers,
        quota={name: _thousand(QUOTA * use.new.get(name, 0.0)) for name in numbers.quota},
        district_share=f"{min(0.9, max(largest * QUOTA, even)):.3f}",
    )


def _floors(case: Case, offers: Offers, numbers: Numbers) -> Numbers:
    use = _Use(case, offers, free=())
    return replace(
        numbers,
        competitive=f"{min(0.995, use.competitive / max(1.0, use.total) + SHARE):.3f}",
        stock_share=f"{min(0.98, use.stock / max(1.0, use.total) + SHARE):.3f}",
        strategic_m2=_thousand(FLOOR * use.strategic),
    )


def _thousand(area: float) -> int:
    return int(area) // 1_000 * 1_000


class _Use:
    """What the relaxation uses (m², counts) where limits of the senses ``free`` do not hold."""

    def __init__(self, case: Case, offers: Offers, free: tuple[str, ...]) -> None:
        large = len(case.demands) > LARGE
        relaxed, _ = relax(_loosened(program(case, offers, 0), offers, free), enough=ENOUGH if large else 0.0)
        x = np.zeros(len(offers))
        x[relaxed.columns] = relaxed.x
        start, parcel = offers.parcel_rows()
        taken = np.repeat(x, np.diff(start))
        area = np.array(case.parcels.column("area_m2"), dtype=np.int64) * 1.0
        source = np.array(case.parcels.column("land_source"))
        fresh = np.array([n if n is not None else 0 for n in _new_area(case)], dtype=float)
        where = np.array(case.parcels.column("district"))
        self.total = float((taken * area[parcel]).sum())
        self.district = {str(n): float((taken * area[parcel])[where[parcel] == n].sum()) for n in np.unique(where)}
        new = source[parcel] == "new"
        self.new = {str(n): float((taken * fresh[parcel])[new & (where[parcel] == n)].sum()) for n in np.unique(where)}
        self.stock = float((taken * area[parcel])[source[parcel] == "stock"].sum())
        each = np.repeat(np.arange(len(offers)), np.diff(start))
        competitive = np.array([method.competitive for method in case.methods])[offers.method]
        self.competitive = float((taken * area[parcel] * competitive[each]).sum())
        strategic = np.array([*(bool(v) for v in case.demands.column("strategic_industry")), False])[offers.demand]
        self.strategic = float((taken * area[parcel] * strategic[each]).sum())
        self._by_method = {
            method.id: float(x[offers.method == number].sum()) for number, method in enumerate(case.methods)
        }

    def count(self, *methods: str) -> float:
        return sum(self._by_method.get(name, 0.0) for name in methods)


def _new_area(case: Case) -> list[Any]:
    area = case.parcels.column("area_m2")
    if "new_area_m2" not in case.parcels.columns:
        return list(area)
    return [
        own if own is not None else whole for own, whole in zip(case.parcels.column("new_area_m2"), area, strict=True)
    ]


def _loosened(prog: Program, offers: Offers, free: tuple[str, ...]) -> Program:
    far = 10**15
    rhs = prog.rhs.copy()
    for number, row in enumerate(offers.rows):
        if row.kind == "limit" and row.sense in free:
            rhs[number] = far if row.sense == "<=" else -far
    return replace(prog, rhs=rhs)


if __name__ == "__main__":
    _write({**_read(), **{" ".join(map(str, each)): numbers_of(*each) for each in KEPT}})
