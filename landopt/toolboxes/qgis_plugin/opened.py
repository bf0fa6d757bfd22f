"""A plan in the project of QGIS: its layers as plan.qgz styles them, its layout, and a parcel that was clicked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsFeatureRequest,
    QgsGeometry,
    QgsLayoutItemMap,
    QgsPrintLayout,
    QgsProject,
    QgsReadWriteContext,
    QgsVectorLayer,
)
from qgis.PyQt.QtXml import QDomDocument


def parcel_at(gpkg: Path, point: Callable[[Any], Any]) -> str:
    """The id of the parcel of a plan that holds a point; "" where none does. ``point`` gives it in a CRS."""
    layer = QgsVectorLayer(f"{gpkg}|layername=parcels", "parcels", "ogr")
    if not layer.isValid():
        return ""
    where = QgsGeometry.fromPointXY(point(layer.crs()))
    request = QgsFeatureRequest().setFilterRect(where.boundingBox().buffered(1e-6))
    found = [str(each["parcel_id"]) for each in layer.getFeatures(request) if each.geometry().intersects(where)]
    return min(found, default="")


def show(file: Path, project: Any, said: dict[str, str]) -> Iterator[str]:
    """Take the layers and the layout of a plan's project into the one that is open; what is there stays as it is.

    A plan that is shown already is read again instead; a layout whose name is taken gets a number.
    """
    source = QgsProject()
    if project is None or not source.read(str(file)):
        yield said["toolbox.not-shown"].format(file=file)
        return
    shown = {_source(each): each for each in project.mapLayers().values()}
    fresh = []
    for node in source.layerTreeRoot().findLayers():
        layer = node.layer()
        known = shown.get(_source(layer)) if layer is not None else None
        if known is not None:
            known.reload()
            known.triggerRepaint()
        elif layer is not None and layer.isValid():
            fresh.append(layer)
    if fresh:
        group = project.layerTreeRoot().insertGroup(0, source.title() or file.parent.parent.name)
        for layer in fresh:
            copy = layer.clone()
            project.addMapLayer(copy, False)
            group.addLayer(copy)
            yield said["toolbox.shown"].format(name=copy.name())
        yield from _layouts(source, project, said)


def _source(layer: Any) -> str:
    """Where the data of a layer are, whatever way the path is written."""
    path, bar, rest = layer.source().partition("|")
    return f"{Path(path).resolve()}{bar}{rest}" if layer.providerType() == "ogr" else layer.source()


def _layouts(source: Any, project: Any, said: dict[str, str]) -> Iterator[str]:
    manager = project.layoutManager()
    for layout in source.layoutManager().printLayouts():
        document, reading = QDomDocument(), QgsReadWriteContext()
        document.appendChild(layout.writeXml(document, reading))
        made = QgsPrintLayout(project)
        if not made.readXml(document.documentElement(), document, reading):
            continue
        name, number = layout.name(), 1
        while manager.layoutByName(name) is not None:
            number += 1
            name = f"{layout.name()} {number}"
        made.setName(name)
        for item in made.items():
            if isinstance(item, QgsLayoutItemMap):
                item.setKeepLayerSet(False)  # its layers were those of the other project
                item.setFollowVisibilityPreset(False)
        manager.addLayout(made)
        yield said["toolbox.layout"].format(name=name)
