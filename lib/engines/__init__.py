"""The engines that fit the candidates of a search: Spark ML itself, or the task engine."""
