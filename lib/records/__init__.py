"""The files that a run leaves for later ones: what is in each, and the one door through which they are read.

Whoever writes such a file and whoever reads it know it by the same `Kind`. Spark is not needed, so that the launcher
reads by the same rules.
"""
