"""The facts: any GIS file becomes checked, frozen tables; neighbours; sites; platform demand; units."""
