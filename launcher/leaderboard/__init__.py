"""Finished runs side by side, from the files that they left."""
