"""``market-entry.xlsx``: the entry sheet for the land market monitoring system."""

from __future__ import annotations

from pathlib import Path

from landopt.report.output import Order, Output


def write(folder: Path, order: Order) -> None:
    """The sheet."""
    from landopt.report.tables.entry_sheet import write_entry_sheet

    write_entry_sheet(folder / "market-entry.xlsx", order.source)


OUTPUT = Output(
    kind="entry",
    place=25,
    help=("Entry sheet for the land market monitoring system.", "土地市场动态监测监管系统填报表。"),
    files=("market-entry",),
    write=write,
)
