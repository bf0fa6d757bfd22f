"""What a city's screening leaves for every later step: its offers as arrays in a folder, mapped into memory when read.

The main process reads them for prices and repair, a worker for the city's programmes and its plan. All cities of a
province together are more than one process should hold: :class:`Shelf` reads one when it is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, overload

import numpy as np

from constraints.canonical import canonical
from constraints.case import Case, Objective, Round
from constraints.types import Row
from landopt.joint.city import City
from landopt.screening.offers import ARRAYS, Offers
from parcels.common.atomic import write_folder
from parcels.common.catalogue import Bilingual
from parcels.common.frozen import FactTable, Neighbours
from parcels.common.gate import load_json, read_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEAD, OFFERS, USES = "city.json", "offers.bin", "uses"


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
    arrays: dict[str, Any] = {name: getattr(offers, name) for name in ARRAYS}
    arrays |= {f"reach_{k}": each for k, each in enumerate(() if offers.reach is None else offers.reach)}
    arrays[USES] = one.uses

    def fill(fresh: Path) -> None:
        with (fresh / OFFERS).open("wb") as out:
            placed = {name: _written(out, np.ascontiguousarray(each)) for name, each in arrays.items()}
        (fresh / HEAD).write_bytes(canonical({**head, "arrays": placed}))

    write_folder(place, fill)


def _written(out: BinaryIO, array: NDArray[Any]) -> list[Any]:
    """Add an array to a file; where it begins, its type and its shape."""
    at = out.tell()
    out.write(array.tobytes())
    out.write(bytes(-out.tell() % 8))
    return [at, array.dtype.str, list(array.shape)]


def stands(place: Path) -> bool:
    """Whether a city was kept here."""
    return (place / HEAD).is_file() and (place / OFFERS).is_file()


def kept(place: Path) -> City:
    """A city as it was kept: of its case the ids and the objective, which is what its programmes need."""
    head: dict[str, Any] = load_json(read_bytes(place / HEAD))
    whole = np.memmap(place / OFFERS, np.uint8, "r")
    found: dict[str, Any] = {
        name: np.ndarray(tuple(shape), kind, whole, at) if 0 not in shape else np.zeros(shape, kind)
        for name, (at, kind, shape) in head["arrays"].items()
    }
    uses = found.pop(USES)
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
    number = {row.rule: at for at, row in enumerate(rows)}
    limits = tuple(number[rule] for rule in head["limits"])
    return City(head["id"], Path(head["path"]), case, offers, limits, uses)


def past_cap(place: Path) -> bool:
    """Whether lists of sites were cut short: what lies beyond is not kept, the city is screened again for its plan."""
    return bool(json.loads(read_bytes(place / HEAD))["beyond"])


class Shelf(Sequence[City]):
    """Cities where they were kept: each is read when asked for and held by the one who asked alone."""

    def __init__(self, places: Iterable[Path]) -> None:
        self.places = tuple(places)

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, at: int) -> City: ...

    @overload
    def __getitem__(self, at: slice) -> Shelf: ...

    def __getitem__(self, at: int | slice) -> City | Shelf:
        return Shelf(self.places[at]) if isinstance(at, slice) else kept(self.places[at])
