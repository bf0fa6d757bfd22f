"""Invented rounds of any size, the same for the same seed: ``write_round`` makes the folder ``landopt new`` hands over.

Nothing in them is real: parcels, platforms and numbers are drawn around public aggregate figures
(``calibration.toml``).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from landopt.invent.draft import Draft
from landopt.invent.parcel_facts import BlockPlan, Cell, districts_of, parcel_facts, plan_blocks, zones_of
from landopt.invent.platforms import Reach, demand_facts, reach_of
from landopt.invent.policy import numbers, policy_text, readme_text, round_text
from landopt.invent.questions import stress_text, sweep_text
from landopt.invent.set_pieces import is_clean, ready_one_of_each, set_pieces

if TYPE_CHECKING:
    from landopt.invent.town import Block


def draft(
    parcels: int,
    demands: int,
    seed: int,
    *,
    contested: bool = False,
    geometry: bool = True,
    reach: Reach | None = None,
) -> Draft:
    """Invent a round.

    Parameters
    ----------
    parcels, demands
        How many; at least 12 parcels and 1 demand.
    seed
        The same seed gives the same round.
    contested
        Platforms ask for 1.3 times the suitable land or more, half of them for several parcels; the rest of the land is
        housing or not ready.
    geometry
        Without it nothing is drawn: areas are those planned, the town is empty.
    reach
        How much land would do for the platforms (default: :func:`reach_of`).

    Raises
    ------
    ValueError
        For fewer than 12 parcels or no demand.
    """
    if parcels < 12 or demands < 1:
        raise ValueError(f"{parcels} parcels and {demands} demands: at least 12 parcels and 1 demand are needed")
    draw = Random(f"landopt {seed} {parcels} {demands} {contested}")
    suitable = min(parcels, max(40, round(demands * (1.35 if demands <= 700 else 1.7)))) if contested else None
    wide = parcels if suitable is None else suitable
    districts = districts_of(max(3, min(9, wide // (32 if suitable is None else 18)), wide // 400))
    plans = plan_blocks(parcels, draw, districts, suitable)
    lanes = _lanes(plans, draw) if geometry else frozenset()
    blocks: Sequence[Block] = ()
    if geometry:
        from landopt.invent.town import town

        blocks = town([plan.areas for plan in plans], draw, lanes)
    width = max(4, len(str(parcels)))
    rows: list[dict[str, Cell]] = []
    block_of: list[int] = []
    for number, plan in enumerate(plans):
        for index, use in enumerate(plan.uses):
            area = blocks[number].plots[index].area if geometry else plan.areas[index]
            cells: dict[str, Cell] = {"parcel_id": f"NS-{len(rows) + 1:0{width}d}"}
            cells.update(parcel_facts(use, int(area + 0.5), plan, draw))
            cells["zone"] = zones_of(plan.district, plan.kind)
            rows.append(cells)
            block_of.append(number)
    ready_one_of_each(row for row, block in zip(rows, block_of, strict=True) if plans[block].ready)
    reach = reach or reach_of(demands, contested)
    wants = _demands(demands, draw, rows, districts, plans, block_of, contested, reach)
    if contested:
        _hold_back(rows, wants, draw)
    pieces = set_pieces(rows, wants, block_of, draw, contested)
    found = numbers(rows, wants, contested)
    return Draft(
        tuple(rows),
        tuple(wants),
        pieces.records,
        found,
        policy_text(found, pieces.lock, pieces.conflict),
        pieces.lock,
        pieces.conflict,
        tuple(plans),
        tuple(block_of),
        tuple(blocks),
    )


def _lanes(plans: Sequence[BlockPlan], draw: Random) -> frozenset[tuple[int, int]]:
    big = [(n, i) for n, plan in enumerate(plans) for i, area in enumerate(plan.areas) if 15_000 < area < 60_000]
    return frozenset(draw.sample(big, min(len(big), max(3, len(big) // 60))))


def _demands(
    count: int,
    draw: Random,
    rows: Sequence[dict[str, Cell]],
    districts: Sequence[str],
    plans: Sequence[BlockPlan],
    block_of: Sequence[int],
    contested: bool,
    reach: Reach,
) -> list[dict[str, Cell]]:
    sites: dict[str, list[float]] = {}
    for row, block in zip(rows, block_of, strict=True):
        if plans[block].ready and is_clean(row):
            sites.setdefault(str(row["use"]), []).append(float(str(row["area_m2"])))
    width = max(3, len(str(count)))
    open_districts = [name for name in districts if any(p.ready and p.district == name for p in plans)]
    return [
        {
            "demand_id": f"D-{number + 1:0{width}d}",
            **demand_facts(number, draw, sites, open_districts, contested, reach),
        }
        for number in range(count)
    ]


def hold_back(row: dict[str, Cell]) -> None:
    """Make a parcel one that no method supplies: not cleared (国土资源部令第53号 art. 21), and not in the annual plan.

    To be outside the annual plan is not enough: grants are forbidden then, but allocation and lease are open on
    condition that the plan is amended and published (土地管理法实施条例 art. 16).
    """
    row.update(in_annual_plan=False, net_land=False)


def _hold_back(rows: Sequence[dict[str, Cell]], wants: Sequence[dict[str, Cell]], draw: Random) -> None:
    """Leave parcels uncleared until the platforms ask for 1.3 times the land that is left (see :func:`hold_back`)."""
    uses = {use for want in wants for use in str(want["uses"]).split(";")}
    ready = [row for row in rows if is_clean(row) and row["use"] in uses]
    left = sum(int(str(row["area_m2"])) for row in ready)
    asked = sum(int(str(want["area_min_m2"])) for want in wants)
    draw.shuffle(ready)
    for row in ready:
        if 13 * left <= 10 * asked:
            break
        hold_back(row)
        left -= int(str(row["area_m2"]))


def write_round(
    folder: str | Path, *, parcels: int = 160, demands: int = 56, seed: int = 2026, contested: bool = False
) -> dict[str, int]:
    """Write an example round: ``round.toml``, ``parcels.gpkg``, ``layers.gpkg``, ``demands.csv``, ``policy.toml`` ...

    Parameters
    ----------
    folder
        Made if it does not stand; files of the same names are replaced.
    parcels, demands, seed, contested
        As in :func:`draft`.

    Returns
    -------
    dict
        Counts: ``parcels``, ``demands``, ``blocks``.
    """
    identifier = "nansha-2026-example" if (parcels, demands, seed) == (160, 56, 2026) else f"nansha-2026-{seed}"
    return write_draft(folder, draft(parcels, demands, seed, contested=contested), identifier, seed, housing=contested)


def write_draft(folder: str | Path, found: Draft, identifier: str, seed: int, *, housing: bool) -> dict[str, int]:
    """Write a draft (with geometry) as the folder of a round; ``housing``: the market takes housing land too.

    Returns
    -------
    dict
        Counts: ``parcels``, ``demands``, ``blocks``.
    """
    from landopt.invent.files import write_layers, write_parcels, write_table

    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    write_parcels(target / "parcels.gpkg", found.parcels, [plot for block in found.town for plot in block.plots])
    write_layers(target / "layers.gpkg", found, Random(f"layers {seed}"))
    write_table(target / "demands.csv", found.demands)
    write_table(target / "records.csv", found.records)
    texts = {
        "README.md": readme_text(len(found.parcels), len(found.demands), seed),
        "policy.toml": found.policy,
        "sweep.toml": sweep_text(found.numbers),
        "stress.toml": stress_text(),
        "round.toml": round_text(
            identifier,
            layers=True,
            records=bool(found.records),
            housing=housing,
            districts=sorted({str(row["district"]) for row in found.parcels}),
        ),
    }
    for name, text in texts.items():
        (target / name).write_text(text, encoding="utf-8", newline="\n")
    return {"parcels": len(found.parcels), "demands": len(found.demands), "blocks": len(found.plans)}
