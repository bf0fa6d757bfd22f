"""The audit of a plan folder. Standard library only: no solver, numpy or geopandas is within reach."""
