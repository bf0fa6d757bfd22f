"""The toolbox as a plugin of QGIS: what QGIS asks for first."""

from __future__ import annotations

from typing import Any


def classFactory(iface: Any) -> Any:
    """The plugin."""
    from landopt_toolbox.plugin import Plugin

    return Plugin(iface)
