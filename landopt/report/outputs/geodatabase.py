"""``plan.gdb``: the parcels and sites as an Esri file geodatabase."""

from __future__ import annotations

from pathlib import Path

from landopt.report.output import Order, Output


def write(folder: Path, order: Order) -> None:
    """The layers."""
    from landopt.report.gis.other_formats import write_gdb

    write_gdb(folder / "plan.gdb", order.source)


OUTPUT = Output(
    kind="gdb",
    place=60,
    help=("The parcels and sites as an Esri file geodatabase.", "宗地和用地，Esri 文件地理数据库。"),
    files=("plan.gdb",),
    write=write,
    needs=("nanoarrow", "gdb"),
    on_request=True,
)
