"""``boundary.txt``: boundary points of the supplied parcels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from landopt.report.output import Order, Output

if TYPE_CHECKING:
    from landopt.report.source import Source


def write(folder: Path, order: Order) -> None:
    """The points, in the encoding the bureaus exchange them in."""
    from landopt.report.gis.other_formats import boundary_text

    (folder / "boundary.txt").write_bytes(boundary_text(order.source).encode("gb18030"))


def fits(source: Source) -> bool:
    """Boundary points can be written in a three-degree zone of CGCS2000 only."""
    from parcels.geometry.systems import zone_of

    epsg = source.case.crs.removeprefix("EPSG:")
    return epsg.isdigit() and zone_of(int(epsg)) is not None


OUTPUT = Output(
    kind="txt",
    place=70,
    help=("Boundary points of the supplied parcels.", "拟供宗地的界址点。"),
    files=("boundary",),
    write=write,
    fits=fits,
)
