"""Score the rows of a table with a saved model and spark-submit: the manual alternative to `run_experiment.py score`.

spark-submit --py-files lib.zip scripts/08_aplicar_modelo_spark.py \\
    --model s3://bucket/experiments/models/model_20260101_120000 --inputs s3://bucket/tile.parquet \\
    --output s3://bucket/experiments
"""

import argparse
import sys

from pyspark.sql import SparkSession

from lib.reporting import scoring_report
from lib.scoring import scoring
from lib.spark_submit import run_submitted


def main() -> int:
    """Score a table; returns 0 (done), 1 (failed) or 2 (wrong usage or bad input)."""
    parser = argparse.ArgumentParser(description="Score the rows of a table with a saved model")
    parser.add_argument("--model", required=True, help="the model's folder, or its pipeline_best")
    parser.add_argument(
        "--inputs", nargs="+", required=True, help="parquet, CSV or ORC files or folders, any Hadoop URI"
    )
    parser.add_argument("--output", required=True, help="folder or prefix; the scores are written to scores/ below it")
    parser.add_argument("--id_cols", nargs="+", default=[], help="columns that are kept beside the scores")
    parser.add_argument("--missing", default="error", help="rows with missing or infinite features: error or drop")
    args = parser.parse_args()

    def work(spark: SparkSession) -> str:
        scored = scoring.score(spark, args.model, args.inputs, args.output, id_cols=args.id_cols, missing=args.missing)
        scoring_report.write(spark, scored)
        scoring.finish(spark, scored)
        return scored.folder

    return run_submitted("08_aplicar_modelo_spark", work)


if __name__ == "__main__":
    sys.exit(main())
