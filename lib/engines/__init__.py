"""What fits the candidates of a search: Spark ML itself, or the task engine."""
