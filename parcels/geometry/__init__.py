"""Outlines: coordinate systems, sound shapes, areas, overlaps, neighbours, sites."""
