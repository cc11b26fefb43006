"""Basics that need no Spark: rules for tables, atomic file writes, S3 URIs, the machine's memory."""
