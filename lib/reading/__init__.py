"""Reading tables as people have them: which files, what they say of themselves, and one schema for all of them.

`outline` needs no Spark, so that a table can be judged by the same rules before a run; `frames` reads with Spark.
"""
