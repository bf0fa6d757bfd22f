"""``tables.xlsx``: the tables."""

from __future__ import annotations

from pathlib import Path

from landopt.report.output import Order, Output


def write(folder: Path, order: Order) -> None:
    """The workbook."""
    from landopt.report.public import PublicSource
    from landopt.report.tables.sheets import write_tables

    public = isinstance(order.source, PublicSource)
    path = folder / "tables.xlsx"
    write_tables(
        path, order.source, order.lang, before=order.before, headings=order.headings, mu=order.mu, public=public
    )


OUTPUT = Output(
    kind="xlsx",
    place=20,
    help=("The tables.", "表格。"),
    files=("tables",),
    write=write,
    public=True,
)
