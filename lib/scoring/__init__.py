"""Use of a saved model on new ground: scores of the rows of a table, and maps of raster tiles."""
