"""What an experiment is, without running it: its plan, checks, records and results."""
