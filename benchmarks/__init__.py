"""Benchmarks of the engines; each module is a command: `python -m benchmarks.grid` and so on."""
