"""Toolboxes for QGIS and ArcGIS: they call landopt as a process with its own Python and show what it says."""
