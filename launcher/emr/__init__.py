"""EMR from the user's side: clusters, steps, their logs, their cost."""
