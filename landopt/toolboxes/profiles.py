"""Where QGIS keeps the profiles of its users."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

GENERATIONS = ("QGIS3", "QGIS4")


def homes(environment: Mapping[str, str] = os.environ, system: str = sys.platform) -> tuple[Path, ...]:
    """The folders in which QGIS may keep profiles, whether there or not."""
    home = Path(environment.get("HOME") or environment.get("USERPROFILE") or Path.home())
    if system == "win32":
        roots = [Path(environment.get("APPDATA") or home / "AppData" / "Roaming")]
    elif system == "darwin":
        roots = [home / "Library" / "Application Support"]
    else:
        roots = [Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share")]
    named = environment.get("QGIS_CUSTOM_CONFIG_PATH")
    ours = [Path(named) / "profiles"] if named else []
    return (*ours, *(root / "QGIS" / each / "profiles" for root in roots for each in GENERATIONS))


def profiles(environment: Mapping[str, str] = os.environ, system: str = sys.platform) -> list[Path]:
    """The profiles there are; QGIS makes the first one when it is first started."""
    found = []
    for home in homes(environment, system):
        if home.is_dir():
            found += [path for path in sorted(home.iterdir()) if path.is_dir() and not path.name.startswith(".")]
    return found
