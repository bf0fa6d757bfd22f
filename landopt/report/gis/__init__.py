"""The plan as layers for GIS programs."""
