"""The Spark side of an experiment: data, split, search, training, evaluation and report.

Runs wherever a Spark driver runs: in the local kernel, in a Livy session, under spark-submit.
"""
