"""Run by the Python of QGIS: every algorithm of the toolbox, headless; what came of it as one line of JSON."""

import json
import sys
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsLayoutExporter,
    QgsPrintLayout,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProject,
)
from qgis.PyQt.QtGui import QImage

plugins, where, picture = sys.argv[1:]
app = QgsApplication([], False)
app.initQgis()
sys.path[:0] = ["/usr/share/qgis/python/plugins", plugins]
import processing  # noqa: E402
from landopt_toolbox import base  # noqa: E402
from landopt_toolbox.plugin import Plugin  # noqa: E402
from processing.core.Processing import Processing  # noqa: E402


class Heard(QgsProcessingFeedback):
    """Keeps what is said; cancels after so many lines."""

    def __init__(self, most=10**9):
        super().__init__()
        self.lines, self.most = [], most

    def pushInfo(self, info):
        self.lines.append(info)

    def isCanceled(self):
        return len(self.lines) > self.most


def run(name, heard=None, **given):
    """An algorithm by its name."""
    return processing.run(f"landopt:{name}", given, feedback=heard or Heard())


def trouble(name, heard=None, **given):
    """What an algorithm refuses with."""
    try:
        run(name, heard, **given)
    except QgsProcessingException as refused:
        return str(refused)
    return ""


Processing.initialize()
base.lang = lambda: "zh"  # as on a Chinese desktop
plugin = Plugin(None)
plugin.initProcessing()
registry, project = QgsApplication.processingRegistry(), QgsProject.instance()
mine = QgsPrintLayout(project)
mine.setName("我的布局")
project.layoutManager().addLayout(mine)
found = {"algorithms": sorted(each.id() for each in registry.providerById("landopt").algorithms())}
found["title"] = registry.algorithmById("landopt:solve").displayName()
found["check"] = {"REFUSED": run("check", ROUND=where)["REFUSED"]}
solved = run("solve", ROUND=where, GAP="0.01")
plan, found["plan_id"] = solved["FOLDER"], solved["PLAN_ID"]
layers = project.mapLayers().values()
found["layers"] = [[each.name(), each.isValid(), type(each.renderer()).__name__] for each in layers]
found["layouts"] = [each.name() for each in project.layoutManager().layouts()]
found["kept"] = project.layoutManager().layoutByName("我的布局") is not None
layout = next(each for each in project.layoutManager().layouts() if each.name() != "我的布局")
setting = QgsLayoutExporter.ImageExportSettings()
setting.dpi = 40
QgsLayoutExporter(layout).exportToImage(picture, setting)
drawn = QImage(picture)
dots = [drawn.pixelColor(x, y) for x in range(0, drawn.width(), 3) for y in range(0, drawn.height(), 3)]
found["drawn"] = sum(dot.saturation() > 60 for dot in dots) / max(len(dots), 1)
parcels = next(each for each in layers if each.source().endswith("layername=parcels"))
feature = next(parcels.getFeatures())
world = QgsCoordinateReferenceSystem("EPSG:4326")
point = QgsCoordinateTransform(parcels.crs(), world, project).transform(feature.geometry().pointOnSurface().asPoint())
clicked = run("whynot", PLAN=plan, POINT=f"{point.x()},{point.y()} [EPSG:4326]")
found["clicked"] = [clicked["PARCEL_ID"], feature["parcel_id"]]
found["outside"] = trouble("whynot", PLAN=plan, POINT="0,0 [EPSG:4326]")
audited = run("audit", PLAN=plan)
found["verdict"] = [audited["VERDICT"], audited["STANDS"]]
found["same"] = found["plan_id"] in run("compare", PLAN_A=plan, PLAN_B=plan)["TEXT"]
found["reported"] = run("report", PLAN=plan, KINDS=[0])["TEXT"]
found["layers_after"] = len(project.mapLayers())
found["refused"] = trouble("whynot", PLAN=plan, PARCEL="nope")
quick = Heard(0)
ended = trouble("solve", quick, ROUND=where, PLAN=str(Path(plan).parent / "second"), LOAD=False)
found["stopped"] = bool(ended) or (Path(plan).parent / "second" / "plan.json").is_file()
plugin.unload()
found["provider_after"] = registry.providerById("landopt")
sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
sys.stdout.flush()
app.exitQgis()
