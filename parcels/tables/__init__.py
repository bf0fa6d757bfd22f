"""Columns of cells become facts: which column holds which field, values, units, code systems of land use."""
