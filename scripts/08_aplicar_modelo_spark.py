"""Score a table or raster tiles with a saved model and spark-submit, as `run_experiment.py score` does elsewhere.

spark-submit --py-files lib.zip scripts/08_aplicar_modelo_spark.py \\
    --model s3://bucket/experiments/models/model_20260101_120000 --inputs s3://bucket/tile.parquet \\
    --output s3://bucket/experiments
"""

import argparse
import sys

from pyspark.sql import SparkSession

from lib import filling
from lib.errors import InputError
from lib.rasters.tiles import RESAMPLINGS
from lib.reporting import scoring_report
from lib.scoring import scoring
from lib.spark_submit import run_submitted


def main() -> int:
    """Score a table; returns 0 (done), 1 (failed) or 2 (wrong usage or bad input)."""
    parser = argparse.ArgumentParser(description="Score a table or raster tiles with a saved model")
    parser.add_argument("--model", required=True, help="the model's folder, or its pipeline_best")
    parser.add_argument(
        "--inputs", nargs="+", required=True, help="tables or rasters: files, folders or patterns, any Hadoop URI"
    )
    parser.add_argument("--output", required=True, help="folder or prefix; the scores are written to scores/ below it")
    parser.add_argument("--id_cols", nargs="+", default=[], help="columns that are kept beside the scores")
    parser.add_argument(
        "--missing",
        choices=filling.MISSING,
        help="rows with missing or infinite features; default: filled if the model does that, else an error",
    )
    parser.add_argument("--bands", nargs="+", default=[], metavar="FEATURE=NUMBER", help="a raster's bands by number")
    parser.add_argument("--resample", choices=RESAMPLINGS, help="bring a raster's files to one grid")
    args = parser.parse_args()

    def work(spark: SparkSession) -> str:
        scored = scoring.score(
            spark,
            args.model,
            args.inputs,
            args.output,
            id_cols=args.id_cols,
            missing=args.missing,
            bands=_numbers(args.bands),
            resample=args.resample,
        )
        scoring_report.write(spark, scored)
        scoring.finish(spark, scored)
        return scored.folder

    return run_submitted("08_aplicar_modelo_spark", work)


def _numbers(bands: list[str]) -> dict[str, int]:
    """What was given for --bands, as in B02_med=1."""
    pairs = [each.rpartition("=") for each in bands]
    wrong = [each for each, (name, _, number) in zip(bands, pairs, strict=True) if not (name and number.isdecimal())]
    if wrong:
        raise InputError(f"--bands {' '.join(wrong)}: give FEATURE=NUMBER, as in B02_med=1")
    return {name: int(number) for name, _, number in pairs}


if __name__ == "__main__":
    sys.exit(main())
