"""What a run costs: prices, node hours, shares, estimates and records."""
