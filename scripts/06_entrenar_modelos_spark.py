"""Train, select and save a model with spark-submit: the manual alternative to `run_experiment.py`.

spark-submit --py-files lib.zip scripts/06_entrenar_modelos_spark.py \
    --inputs s3://bucket/a.parquet s3://bucket/b.parquet --out_model_dir s3://bucket/models/model_v1/

The model is in --out_model_dir itself: pipeline_best/, metrics/summary.json and the other files of a model.
"""

import argparse
import sys

from pyspark.sql import SparkSession

from lib.support import filling
from lib.support.spark_submit import place, run_submitted
from lib.support.tables import FORMATS
from lib.support.weights import BALANCED, CLASS_WEIGHTS
from lib.training import Settings, train


def main() -> int:
    """Train a model; returns 0 (done), 1 (failed) or 2 (wrong usage or bad input)."""
    parser = argparse.ArgumentParser(description="Train, select and save a model")
    parser.add_argument(
        "--inputs",
        nargs="+",
        required=True,
        help=f"files or folders ({', '.join(each.name for each in FORMATS)}), any Hadoop URI, or table://db.name",
    )
    parser.add_argument(
        "--out_model_dir",
        required=True,
        type=place,
        help="folder or prefix of this model alone: pipeline_best and metrics/ are written there. The same command "
        "again goes on with a training that did not finish; a complete model is never overwritten",
    )
    parser.add_argument("--label_col", default="label", help="column with the two classes, 0 and 1")
    parser.add_argument("--positive", nargs="+", help="values of the label that are class 1, if it is not 0 and 1")
    parser.add_argument(
        "--missing",
        choices=filling.MISSING,
        help="rows with missing or infinite features: stop with an error (the default), drop them, or fill them with "
        "medians of the training rows",
    )
    parser.add_argument(
        "--nodata",
        nargs="+",
        action="extend",
        default=[],
        type=float,
        help="values of features that stand for none, such as -9999; with an exponent: --nodata=-3.4e38",
    )
    parser.add_argument("--weight_col", help="column with the weight of each row, a positive number; no feature")
    parser.add_argument(
        "--class_weights",
        choices=CLASS_WEIGHTS,
        default=BALANCED,
        help="balanced: both classes weigh the same in training (the default); none: as much as their rows",
    )
    parser.add_argument(
        "--metrics_weighted", action="store_true", help="metrics count rows by their weight in --weight_col"
    )
    parser.add_argument("--test_frac", type=float, default=0.15, help="fraction of rows held out until the final test")
    parser.add_argument("--seed", type=int, default=42, help="seed of the split, the bagging and the feature sampling")
    parser.add_argument(
        "--metric", default="areaUnderPR", help="selects the best candidate: areaUnderPR or areaUnderROC"
    )
    args = parser.parse_args()
    if args.metrics_weighted and not args.weight_col:
        parser.error("--metrics_weighted needs --weight_col: the column with the weights")

    def work(spark: SparkSession) -> str:
        settings = Settings(
            args.inputs,
            label_col=args.label_col,
            positive=args.positive,
            missing=args.missing,
            nodata=args.nodata,
            weight_col=args.weight_col,
            class_weights=args.class_weights,
            metrics_weighted=args.metrics_weighted,
            test_frac=args.test_frac,
            seed=args.seed,
            metric=args.metric,
        )
        return train(spark, settings, folder=args.out_model_dir).folder

    return run_submitted("06_entrenar_modelos_spark", work)


if __name__ == "__main__":
    sys.exit(main())
