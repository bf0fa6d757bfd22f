"""Workbooks to fill in: headings with units, lists to choose from, findings in their cells, limits as a sheet."""
