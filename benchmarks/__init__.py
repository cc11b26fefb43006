"""What is measured, against what: each module is a command, `python -m benchmarks.grid` and so on."""
