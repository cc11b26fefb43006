"""Runs that are sent away: submitted, run on the cluster, and followed from here."""
