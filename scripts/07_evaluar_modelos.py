"""Evaluate a saved model and write its report under spark-submit.

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
    """Run an evaluation; 0 done, 1 failed, 2 wrong usage or bad input."""
    parser = argparse.ArgumentParser(description="Evaluate a saved model and write its report")
    parser.add_argument("--model", required=True, help="the model's folder, models/model_YYYYMMDD_HHMMSS")
    parser.add_argument("--test_data", nargs="+", help="another table, evaluated whole; default: the rows held out")
    parser.add_argument("--output", required=True, help="folder or prefix; the report goes to results/ below it")
    parser.add_argument("--test_fraction", type=float, default=1.0, help="share of --test_data to evaluate")
    args = parser.parse_args()
    if args.test_fraction != 1 and not args.test_data:
        parser.error("--test_fraction is of --test_data, and there is none: the held-out rows are evaluated whole")

    def work(spark: SparkSession) -> str:
        evaluation = evaluate(
            spark, args.model, args.output, test_data=args.test_data, test_fraction=args.test_fraction
        )
        report.write(spark, evaluation.folder)
        return evaluation.folder

    return run_submitted("07_evaluar_modelos", work)


if __name__ == "__main__":
    sys.exit(main())
