"""``map.html``: the map, one file that works without a network."""

from __future__ import annotations

from pathlib import Path

from landopt.report.output import Order, Output


def write(folder: Path, order: Order) -> None:
    """The map page."""
    from landopt.report.map.page import map_page

    page = map_page(order.source, order.lang, before=order.before, with_proof=order.with_proof)
    (folder / "map.html").write_bytes(page)


OUTPUT = Output(
    kind="html",
    place=10,
    help=("The map, one file that works without a network.", "图册，单个文件，无需网络。"),
    files=("map",),
    write=write,
    public=True,
)
