"""What everything else rests on, without Spark: what a table is, files, URIs of S3, the machine."""
