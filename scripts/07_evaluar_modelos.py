"""Evaluate a saved model and write its report with spark-submit.

spark-submit --py-files lib.zip scripts/07_evaluar_modelos.py \
    --model s3://bucket/experiments/models/model_20260101_120000 --output s3://bucket/experiments
"""

import argparse
import sys

from pyspark.sql import SparkSession

from lib.evaluation import evaluate
from lib.reporting import report
from lib.spark_submit import run_submitted


def main() -> int:
    """Evaluate a model; returns 0 (done), 1 (failed) or 2 (wrong usage or bad input)."""
    parser = argparse.ArgumentParser(description="Evaluate a saved model and write its report")
    parser.add_argument("--model", required=True, help="the model's folder, models/model_YYYYMMDD_HHMMSS")
    parser.add_argument(
        "--test_data", nargs="+", help="evaluate on all rows of another table; default: the held-out rows"
    )
    parser.add_argument("--output", required=True, help="folder or prefix; the report is written to results/ below it")
    parser.add_argument(
        "--test_fraction", type=float, default=1.0, help="fraction of the rows of --test_data to evaluate"
    )
    args = parser.parse_args()
    if args.test_fraction != 1 and not args.test_data:
        parser.error("--test_fraction needs --test_data: the held-out rows are always evaluated completely")

    def work(spark: SparkSession) -> str:
        evaluation = evaluate(
            spark, args.model, args.output, test_data=args.test_data, test_fraction=args.test_fraction
        )
        report.write(spark, evaluation.folder)
        return evaluation.folder

    return run_submitted("07_evaluar_modelos", work)


if __name__ == "__main__":
    sys.exit(main())
