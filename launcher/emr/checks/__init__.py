"""Checks of a cluster and an experiment's places before anything costs money."""
