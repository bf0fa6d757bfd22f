"""The facts: any GIS file becomes checked, frozen tables; neighbours; sites; platform demand; units."""

from pathlib import Path

from parcels.common.catalogue import register

register(Path(__file__).parent / "texts")
