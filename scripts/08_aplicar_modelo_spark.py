"""Score a table or raster tiles with a saved model and spark-submit, as `run_experiment.py score` does elsewhere.

spark-submit --py-files lib.zip scripts/08_aplicar_modelo_spark.py \\
    --model s3://bucket/experiments/models/model_20260101_120000 --inputs s3://bucket/tile.parquet \\
    --output s3://bucket/experiments
"""

import argparse
import sys

from pyspark.sql import SparkSession

from lib.errors import InputError
from lib.rasters.tiles import RESAMPLINGS
from lib.reporting import scoring_report
from lib.reporting.language.words import LANGUAGES
from lib.scoring import scoring
from lib.scoring.to_score import run_to_resume
from lib.support import filling
from lib.support.spark_submit import run_submitted


def main() -> int:
    """Score a table or raster tiles; returns 0 (done), 1 (failed) or 2 (wrong usage or bad input)."""
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
    parser.add_argument("--best_areas", type=int, default=20, help="how many of a map's best areas are listed")
    parser.add_argument(
        "--resume", metavar="SCORE", help="go on with maps of a run that died (score_YYYYMMDD_HHMMSS below --output)"
    )
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="language of the report")
    args = parser.parse_args()
    if args.best_areas < 0:
        parser.error("--best_areas: must be a number from 0")

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
            best_areas=args.best_areas,
            run_id=run_to_resume(args.resume) if args.resume else "",
            resume=bool(args.resume),
        )
        scoring_report.write(spark, scored, args.language)
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
