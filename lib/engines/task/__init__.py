"""The engine that grows Spark ML's trees inside Spark tasks, with compiled code."""
