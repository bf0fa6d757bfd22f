"""The provider of the toolbox: its name and its algorithms."""

from __future__ import annotations

from landopt_toolbox.about import Audit, Compare, WhyNot
from landopt_toolbox.process import HERE, place
from landopt_toolbox.work import Check, Report, Solve
from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon


class Provider(QgsProcessingProvider):
    """What the toolbox of Processing lists."""

    def id(self) -> str:
        """As models and qgis_process name it."""
        return "landopt"

    def name(self) -> str:
        """As the toolbox shows it."""
        return "landopt"

    def longName(self) -> str:
        """With its version."""
        return f"landopt {place()['version']}"

    def icon(self) -> QIcon:
        """Four parcels."""
        return QIcon(str(HERE / "icon.svg"))

    def loadAlgorithms(self) -> None:
        """All of them."""
        for each in (Check, Solve, WhyNot, Compare, Audit, Report):
            self.addAlgorithm(each())
