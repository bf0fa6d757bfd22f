"""What a city's screening leaves for every later step: its offers as arrays in a folder, whole or not there.

The main process reads them for prices and repair, a worker for the city's programmes and its plan.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from constraints.canonical import canonical
from constraints.case import Case, Objective, Round
from constraints.types import Row
from landopt.joint.city import City, city
from landopt.screening.offers import ARRAYS, Offers
from parcels.common.atomic import write_folder
from parcels.common.catalogue import Bilingual
from parcels.common.frozen import FactTable, Neighbours
from parcels.common.gate import load_json, read_bytes

HEAD, OFFERS = "city.json", "offers.npz"


def keep(place: Path, one: City) -> None:
    """Write a city; one that stands is replaced."""
    offers = one.offers
    head = {
        "id": one.id,
        "path": str(one.path),
        "parcels": list(one.case.parcels.ids),
        "demands": list(one.case.demands.ids),
        "rows": [asdict(row) for row in offers.rows],
        "limits": [offers.rows[k].rule for k in one.rows],
        "scope": offers.scope,
        "beyond": offers.beyond is not None,
        "weights": dict(one.case.objective.weights),
        "tiers": [list(tier) for tier in one.case.objective.tiers],
    }
    reach = () if offers.reach is None else offers.reach

    def fill(fresh: Path) -> None:
        (fresh / HEAD).write_bytes(canonical(head))
        arrays: dict[str, Any] = {name: getattr(offers, name) for name in ARRAYS}
        arrays |= {f"reach_{k}": each for k, each in enumerate(reach)}
        np.savez_compressed(fresh / OFFERS, **arrays)

    write_folder(place, fill)


def stands(place: Path) -> bool:
    """Whether a city was kept here."""
    return (place / HEAD).is_file() and (place / OFFERS).is_file()


def kept(place: Path) -> City:
    """A city as it was kept: of its case the ids and the objective, which is what its programmes need."""
    head: dict[str, Any] = load_json(read_bytes(place / HEAD))
    with np.load(place / OFFERS, allow_pickle=False) as arrays:
        found = {name: arrays[name] for name in arrays.files}
    reach = (found.pop("reach_0"), found.pop("reach_1")) if "reach_0" in found else None
    rows = tuple(Row(**{**row, "key": tuple(row["key"])}) for row in head["rows"])
    offers = Offers(**found, rows=rows, scope=head["scope"], reach=reach)
    case = Case(
        Round(head["id"], Bilingual("", ""), "", "0", "supply", ""),
        FactTable(tuple(head["parcels"]), {}),
        FactTable(tuple(head["demands"]), {}),
        Neighbours((), ()),
        (),
        (),
        Objective(head["weights"], tuple(map(tuple, head["tiers"]))),
    )
    return city(head["id"], Path(head["path"]), case, offers, tuple(head["limits"]))


def past_cap(place: Path) -> bool:
    """Whether lists of sites were cut short: what lies beyond is not kept, the city is screened again for its plan."""
    return bool(json.loads(read_bytes(place / HEAD))["beyond"])
