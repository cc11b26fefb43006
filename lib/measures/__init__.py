"""Statistics of an evaluation beyond the metrics themselves."""
