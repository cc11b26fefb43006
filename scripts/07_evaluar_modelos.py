"""Evaluate a saved model and write its report with spark-submit.

spark-submit --py-files lib.zip scripts/07_evaluar_modelos.py \
    --model s3://bucket/models/model_v1/pipeline_best --output s3://bucket/results/eval_20260101/

metrics.json, EVALUATION_REPORT.md and the other files of an evaluation are in --output itself.
"""

import argparse
import sys

from pyspark.sql import SparkSession

from lib.artifacts import HELD_OUT
from lib.evaluation import Evaluation, evaluate
from lib.reporting import report
from lib.reporting.language.words import LANGUAGES
from lib.support.spark_submit import place, run_submitted


def main() -> int:
    """Evaluate a model; returns 0 (done), 1 (failed) or 2 (wrong usage or bad input)."""
    parser = argparse.ArgumentParser(description="Evaluate a saved model and write its report")
    parser.add_argument("--model", required=True, help="the model's folder, or its pipeline_best")
    parser.add_argument(
        "--test_data",
        nargs="+",
        help="evaluate on another table; the table that the model was trained from, as without this option: on exactly "
        "the rows that training held out",
    )
    parser.add_argument(
        "--output",
        required=True,
        type=place,
        help="folder or prefix of this evaluation alone: metrics.json and the report are written there; a complete one "
        "is never overwritten",
    )
    parser.add_argument(
        "--test_fraction",
        type=float,
        help="fraction of the rows of another table (1). Of the model's own table the held-out rows are evaluated, all "
        "of them, whatever this says",
    )
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="language of the report")
    args = parser.parse_args()
    if args.test_fraction is not None and not 0 < args.test_fraction <= 1:
        parser.error("--test_fraction: give a fraction above 0 and up to 1")

    def work(spark: SparkSession) -> str:
        evaluation = evaluate(
            spark,
            args.model,
            folder=args.output,
            test_data=args.test_data,
            test_fraction=1.0 if args.test_fraction is None else args.test_fraction,
        )
        if args.test_fraction is not None:
            print(_which_rows(evaluation, args.test_fraction), file=sys.stderr)
        report.write(spark, evaluation.folder, args.language)
        return evaluation.folder

    return run_submitted("07_evaluar_modelos", work)


def _which_rows(evaluation: Evaluation, test_fraction: float) -> str:
    """Which rows were evaluated, where a fraction was asked for."""
    measured = evaluation.metrics["measured_on"]
    if measured["rows"] != HELD_OUT:
        return f"evaluated: {measured['count']:,} rows, {measured['rows']}"
    held_out = f"evaluated: the {measured['count']:,} rows that training held out"
    if test_fraction == evaluation.test_frac:
        return held_out
    return (
        f"{held_out}: the model was trained with --test_frac {evaluation.test_frac:g}, so that --test_fraction "
        f"{test_fraction:g} of its own table would have rows that it has seen"
    )


if __name__ == "__main__":
    sys.exit(main())
