"""Rasters, without Spark: reading tiles by windows, writing maps of what a model says of them, and areas in a map."""
