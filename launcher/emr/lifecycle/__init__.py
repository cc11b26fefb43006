"""Create, resize and terminate clusters."""
