"""The plugin: it brings the provider into the toolbox of Processing and takes it away again, and nothing else."""

from __future__ import annotations

from typing import Any

from landopt_toolbox.provider import Provider
from qgis.core import QgsApplication


class Plugin:
    """What QGIS loads."""

    def __init__(self, iface: Any) -> None:
        self.iface = iface
        self.provider: Any = None

    def initProcessing(self) -> None:
        """Bring the provider."""
        self.provider = Provider()
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self) -> None:
        """The same with windows."""
        self.initProcessing()

    def unload(self) -> None:
        """Take it away."""
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None
