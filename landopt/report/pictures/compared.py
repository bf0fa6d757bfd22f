"""The page of more than two plans: a line each and a small map each; its numbers as CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from landopt.reasons import words
from landopt.report.pictures.page import Shown, Table, pictures_page
from landopt.report.pictures.small_maps import Outlines, choices_of, maps_csv
from parcels.common.catalogue import told


def compared_page(
    plans: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]], outlines: Outlines | None, lang: str
) -> bytes:
    """The page; ``rows`` are those of :func:`landopt.reasons.compared.several.several` for the same plans."""
    names = ("plan", "as-of", "score", "bound", "served", "parcels", "area", "differ")
    table = Table(
        [told(f"pictures.{name}").text(lang) for name in names],
        [
            [
                row["plan_id"],
                row["as_of"],
                words.points(row["objective"][0]),
                words.points(row["bound"][0]),
                words.grouped(row["served"]),
                words.grouped(row["parcels"]),
                words.hectares(row["area_m2"]),
                words.grouped(len(row["differ"])),
            ]
            for row in rows
        ],
        frozenset(range(2, 8)),
    )
    shown = [
        Shown(f"{number}. {plan['plan_id']}", words.points(row["objective"][0]), choices_of(plan))
        for number, (plan, row) in enumerate(zip(plans, rows, strict=True), 1)
    ]
    notes = [] if outlines is not None else [told("pictures.outlines").text(lang)]
    return pictures_page(told("pictures.plans").text(lang), notes, (), table, shown, outlines, lang)


def compared_csv(plans: Sequence[Mapping[str, Any]]) -> str:
    """What the small maps show: for each parcel method and platform in every plan."""
    chosen = {f"{number} {plan['plan_id']}": choices_of(plan) for number, plan in enumerate(plans, 1)}
    return maps_csv(sorted({name for plan in chosen.values() for name in plan}), chosen)
