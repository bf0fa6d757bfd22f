"""``plan.qgz``: the plan as a project for QGIS, with the protected areas and a layout to print."""

from __future__ import annotations

from pathlib import Path

from landopt.report.output import Order, Output


def write(folder: Path, order: Order) -> None:
    """The project, the protected areas it shows, and in the public edition the layers of the plan."""
    from landopt.report.gis.plan_layers import write_plan_gpkg
    from landopt.report.gis.project import PROTECTED_FILE, project, write_protected
    from landopt.report.protected import protected_areas
    from landopt.report.public import PublicSource

    source, case = order.source, order.source.plan["case"]
    areas = protected_areas(source)
    if areas:
        write_protected(folder / PROTECTED_FILE, areas, source.polygons.crs, case["as_of"])
    gpkg, target = source.folder / "plan.gpkg", order.target or folder
    if isinstance(source, PublicSource):
        gpkg, target = folder / "plan-public.gpkg", folder
        users = {name: str(entry["name"] or name) for name, entry in source.platforms.items()}
        write_plan_gpkg(gpkg, source.plan, source.case.parcels, source.polygons, users=users)
    (folder / "plan.qgz").write_bytes(project(source, gpkg, target, areas, order.lang))


OUTPUT = Output(
    kind="qgz",
    place=65,
    help=("A project for QGIS with a layout to print.", "QGIS 工程，含打印布局。"),
    files=("plan.qgz", "protected", "plan-public"),
    write=write,
    public=True,
)
