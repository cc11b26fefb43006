"""Where the notebooks' Spark code runs."""
