"""How fast saved models score rows, beside the trees of other libraries and beside Spark ML.

    python -m benchmarks.scoring [--rows 1000000 3000000 10000000] [--side 5490]

`--rows` are the sizes of the tables by which time and memory are seen to grow, `--side` the pixels on a side of the
raster; table to table has three million rows. The compiled scorer is measured in processor time of one thread, the
whole job by the clock and in processor time of all its processes.
"""

import argparse
import importlib
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import rasterio
from affine import Affine
from pyspark.sql import DataFrame, SparkSession
from rasterio.windows import Window
from sklearn.ensemble import RandomForestClassifier

from benchmarks.arithmetic import exponent
from benchmarks.growth import PeakMemory
from benchmarks.million import TABLE_NOTE
from benchmarks.records import Figure, store
from benchmarks.runs import CORES, SAMPLE, grown_sample, seconds, session
from lib import evaluation
from lib.engines.saved_models import SCORE_COL, load_pipeline, with_score
from lib.rasters.tile_set import named_tiles
from lib.scoring import maps
from lib.scoring.model import Model, load_model
from lib.scoring.rows import judged
from lib.search.families import GBT, RANDOM_FOREST
from lib.training import Settings, train
from lib.trees.binning import Bins, Floats, bin_columns, find_thresholds, sample_rows
from lib.trees.growing import Nodes, TrainingRows, add_margins, add_votes, grow_boosted, grow_forest, prune
from lib.trees.scoring import Ensemble, Tree, make_ensemble

LEAST_ROWS, LEAST_RATIO = 200_000, 2.0  # of the scorer: rows a second and core; against the kernel that walks trees
LEAST_JOB_ROWS, LEAST_JOB_RATIO = 150_000, 50.0
MOST_EXPONENT, MOST_GROWTH, MOST_EVALUATION = 1.1, 1.2, 60.0
ROWS = (1_000_000, 3_000_000, 10_000_000)
TILE = 10_980  # pixels on a side of a Sentinel-2 tile at 10 m
MANY_CORES = 16
RUNS = 3
TREES, DEPTH, MAX_BINS, SEED = 500, 10, 64, 42
SCORED, WALKED, SPARK_ML_ROWS, EVALUATED = 100_000, 50_000, 20_000, 1_000_000
JOB_ROWS = 3_000_000  # a job of ten seconds: of a shorter one, its start and end are a tenth
LIKE, UNLIKE, FAR = "like those of training", "with each feature shuffled", "with a feature at ten times its maximum"
INSTALL = (
    "This benchmark needs XGBoost and LightGBM: install them with "
    "`.venv/bin/uv pip install --python .venv/bin/python -c requirements.lock --group bench`."
)


def main() -> None:
    """The command line above."""
    parser = argparse.ArgumentParser(description="Times scoring with saved models.")
    parser.add_argument("--rows", type=int, nargs="+", default=list(ROWS))
    parser.add_argument("--side", type=int, default=TILE // 2)
    given = parser.parse_args()
    try:
        libraries = {name: importlib.import_module(name) for name in ("xgboost", "lightgbm")}
    except ImportError:
        sys.exit(INSTALL)
    measure(sorted(given.rows), given.side, libraries)


def measure(sizes: Sequence[int], side: int, libraries: Mapping[str, Any]) -> dict[str, Any]:
    """Time everything and store the record."""
    for rows in {*sizes, JOB_ROWS, EVALUATED}:
        grown_sample(rows)  # making the tables is not measured
    found: dict[str, Any] = {"scorers": _time_scorers(libraries), "walks": _time_walks()}
    with tempfile.TemporaryDirectory() as folder:
        with session() as spark:
            for trees in (TREES, 200):
                train(spark, Settings(str(SAMPLE), candidates=[_forest(trees)]), folder, f"20260101_000{trees}")
            found["area"] = _time_area(_model(spark, folder))
            job = _time_job(spark, folder)
            found |= {"job": job, "growth": _time_growth(spark, folder, sizes)}
            found["evaluation"] = _time_evaluation(spark, folder)
            found["tile"] = _time_tile(spark, folder, side)
        with session(cores=1) as spark:
            model = _model(spark, folder)
            found["one core"] = _job_runs(spark, {"whole": model, "no area": _without_area(model)}, folder)
    return store("scoring", figures(found), notes(), found)


def _forest(trees: int) -> dict[str, Any]:
    grid = {"numTrees": trees, "maxDepth": DEPTH, "maxBins": MAX_BINS, "featureSubsetStrategy": "sqrt"}
    return {"model": RANDOM_FOREST, **grid}


# The scorer alone


def _time_scorers(libraries: Mapping[str, Any]) -> dict[str, Any]:
    """Rows a second of processor time, of each library's forest of the same shape; and what size its trees have."""
    values, labels = _table(SAMPLE)
    rows, _ = _table(grown_sample(EVALUATED), SCORED)
    ours, _, _ = grown(RANDOM_FOREST, TREES, DEPTH, values, labels)
    xgb, lgb = libraries["xgboost"], libraries["lightgbm"]
    random = {"max_depth": DEPTH, "max_bin": MAX_BINS, "seed": SEED}
    xgboost = xgb.train(
        {
            **random,
            "objective": "binary:logistic",
            "num_parallel_tree": TREES,
            "eta": 1,
            "subsample": 0.63,
            "colsample_bynode": 4 / 15,
            "min_child_weight": 0,
            "nthread": 1,
        },
        xgb.DMatrix(values, labels, nthread=1),
        num_boost_round=1,
    )
    lightgbm = lgb.train(
        {
            **random,
            "objective": "binary",
            "boosting": "rf",
            "num_leaves": 2**DEPTH,
            "bagging_freq": 1,
            "bagging_fraction": 0.63,
            "feature_fraction_bynode": 4 / 15,
            "min_data_in_leaf": 1,
            "num_threads": 1,
            "verbose": -1,
        },
        lgb.Dataset(values, labels),
        num_boost_round=TREES,
    )
    scikit = RandomForestClassifier(TREES, max_depth=DEPTH, max_features=4, random_state=SEED, n_jobs=1)
    scikit.fit(values, labels)
    times = interleaved(
        {
            "ours": lambda: ours.score(rows),
            "ours with the spread": lambda: ours.score_and_spread(rows),
            "XGBoost": lambda: xgboost.inplace_predict(rows),
            "LightGBM": lambda: lightgbm.predict(rows, num_threads=1),
            "scikit-learn": lambda: scikit.predict_proba(rows),
        }
    )
    leaves = {
        "ours": float((ours.children < 0).sum()) / TREES,
        "XGBoost": float((xgboost.trees_to_dataframe()["Feature"] == "Leaf").sum()) / TREES,
        "LightGBM": statistics.mean(tree["num_leaves"] for tree in lightgbm.dump_model()["tree_info"]),
        "scikit-learn": statistics.mean(int(tree.get_n_leaves()) for tree in scikit.estimators_),
    }
    return {"rows a second": {name: SCORED / found for name, found in times.items()}, "leaves a tree": leaves}


def _time_walks() -> dict[str, dict[str, float]]:
    """Seconds of processor time of the scorer with its binning, and of the search's kernel on rows binned before."""
    values, labels = _table(SAMPLE)
    rows, _ = _table(grown_sample(EVALUATED), WALKED)
    found = {}
    for family, trees, depth in ((RANDOM_FOREST, 600, 18), (GBT, 200, 6)):
        ensemble, nodes, thresholds = grown(family, trees, depth, values, labels)
        bins = bin_columns(list(rows.T), thresholds, MAX_BINS)
        score, walk = ensemble.score, partial(_walk, family, nodes, depth, bins)
        found[f"{family}, {trees} trees, depth {depth}"] = interleaved({"scorer": partial(score, rows), "kernel": walk})
    return found


def _walk(family: str, nodes: Sequence[Nodes], depth: int, bins: Bins) -> None:
    """Apply trees as the search does."""
    votes, margins = np.zeros((1, len(bins)), np.int64), np.zeros(len(bins))
    for tree in nodes:
        if family == GBT:
            add_margins(tree, bins, 0.1, margins)
        else:
            add_votes(tree, [depth], bins, votes)


def grown(
    family: str, trees: int, depth: int, values: Floats, labels: np.ndarray
) -> tuple[Ensemble, list[Nodes], list[Floats]]:
    """A forest or GBT grown here by the task engine's kernels: for the scorer, for the search's, and its thresholds."""
    rows, n_features = values.shape
    chosen = sample_rows(MAX_BINS, rows, SEED)
    thresholds = find_thresholds(values[chosen], np.ones(len(chosen)), MAX_BINS, rows, float(rows))
    data = TrainingRows(
        bin_columns(list(values.T), thresholds, MAX_BINS),
        np.array([len(each) + 1 for each in thresholds], np.int64),
        labels.astype(np.uint8),
        np.ones(2),
    )
    if family == GBT:
        boosted = list(grow_boosted(data, trees, depth, 0.1))
        nodes, weights = [prune(tree, depth) for tree, _ in boosted], [weight for _, weight in boosted]
        return make_ensemble("gbt", _trees(nodes, thresholds, True), n_features, weights), nodes, thresholds
    per_node = round(n_features**0.5)
    nodes = [prune(tree, depth) for tree in grow_forest(data, range(trees), depth, per_node, SEED)]
    return make_ensemble("forest", _trees(nodes, thresholds, False), n_features), nodes, thresholds


def _trees(nodes: Sequence[Nodes], thresholds: Sequence[Floats], boosted: bool) -> list[Tree]:
    width = max(map(len, thresholds))
    limits = np.array([np.pad(each, (0, width - len(each))) for each in thresholds])
    trees = []
    for tree in nodes:
        inner = tree["right"] >= 0
        feature = np.where(inner, tree["feature"], 0)
        threshold = limits[feature, np.where(inner, tree["bin"], 0)]
        left = np.where(inner, np.arange(1, len(tree) + 1), -1)
        share = tree["prediction"] if boosted else tree["s1"] / (tree["s0"] + tree["s1"])
        trees.append(Tree(feature, threshold, left, tree["right"], share))
    return trees


def _table(path: Path, rows: int | None = None) -> tuple[Floats, np.ndarray]:
    """Features and labels of a table, or of some rows from all over it."""
    table = pd.read_parquet(path)
    table = table if rows is None else table.sample(rows, random_state=SEED)
    features = table.drop(columns=["label", "zone"])
    return np.ascontiguousarray(features.to_numpy(np.float64)), table["label"].to_numpy()


def interleaved(functions: Mapping[str, Callable[[], Any]], runs: int = RUNS) -> dict[str, float]:
    """Median seconds of processor time of each, one after the other in every run, after one that is not timed."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(1 + runs):
        for name, function in functions.items():
            started = time.process_time()
            function()
            times[name].append(time.process_time() - started)
    return {name: statistics.median(found[1:]) for name, found in times.items()}


# The whole job in Spark


def _model(spark: SparkSession, folder: str, trees: int = TREES) -> Model:
    return load_model(spark, f"{folder}/models/model_20260101_000{trees}")


def _without_area(model: Model) -> Model:
    return replace(model, judge=replace(model.judge, area=None))


def _time_area(model: Model) -> dict[str, float]:
    """Seconds of processor time of the dissimilarity of rows: of some like the training rows, and of some unlike."""
    area = model.judge.area
    assert area is not None  # a model of today has one
    rows, _ = _table(grown_sample(EVALUATED), SCORED)
    random = np.random.default_rng(SEED)
    shuffled = np.column_stack([random.permutation(column) for column in rows.T])
    far = rows.copy()
    far[:, 0] = 10 * rows[:, 0].max()
    return interleaved({what: partial(area.index, of) for what, of in {LIKE: rows, UNLIKE: shuffled, FAR: far}.items()})


def _time_job(spark: SparkSession, folder: str) -> dict[str, Any]:
    """The job with and without the area of applicability, and Spark ML's transform of fewer rows."""
    model = _model(spark, folder)
    found = _job_runs(spark, {"whole": model, "no area": _without_area(model)}, folder)
    some = f"{folder}/some.parquet"
    spark.read.parquet(str(grown_sample(EVALUATED))).limit(SPARK_ML_ROWS).repartition(CORES).write.parquet(some)
    pipeline = load_pipeline(spark, model.pipeline)

    def transformed() -> DataFrame:
        scored = with_score(pipeline.transform(spark.read.parquet(some)))
        return scored.select("zone", "label", SCORE_COL, "prediction")

    found["Spark ML"] = _timed([transformed], folder, SPARK_ML_ROWS)[0]
    return found


def _job_runs(spark: SparkSession, models: Mapping[str, Model], folder: str) -> dict[str, Any]:
    jobs = [partial(_judged, spark, model, JOB_ROWS) for model in models.values()]
    return dict(zip(models, _timed(jobs, folder, JOB_ROWS), strict=True))


def _judged(spark: SparkSession, model: Model, rows: int) -> DataFrame:
    table = spark.read.parquet(str(grown_sample(rows)))
    return judged(table, model, ["zone", "label"])


def _timed(jobs: Sequence[Callable[[], DataFrame]], folder: str, rows: int) -> list[dict[str, float]]:
    """Rows a second by the clock and of processor time, medians; one after the other, first a run that is not timed."""
    runs: list[list[tuple[float, float]]] = [[] for _ in jobs]
    for _ in range(1 + RUNS):
        for job, of_job in zip(jobs, runs, strict=True):
            with _place(folder) as place:
                before = _processor_seconds()
                clock = seconds(partial(_write, job, place))
                of_job.append((clock, _processor_seconds() - before))
    medians = [np.median(of_job[1:], axis=0).tolist() for of_job in runs]
    return [{"clock": rows / clock, "processor": rows / processor} for clock, processor in medians]


def _write(job: Callable[[], DataFrame], place: str) -> None:
    job().write.parquet(place)


@contextmanager
def _place(folder: str) -> Iterator[str]:
    yield f"{folder}/written"
    shutil.rmtree(f"{folder}/written")


def _processor_seconds() -> float:
    """Of the JVM and the Python workers, so far."""
    total = 0.0
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            times = child.cpu_times()
            total += times.user + times.system
    return total


def _time_growth(spark: SparkSession, folder: str, sizes: Sequence[int]) -> dict[str, dict[str, float]]:
    """Seconds of the job, by the clock and of processor time, and the largest Python worker, by rows; all is warm."""
    model = _model(spark, folder)
    found = {}
    with _place(folder) as place:  # Spark has ended the workers, if they had nothing to do for a minute
        _write(partial(_judged, spark, model, sizes[0]), place)
    for rows in sizes:
        watch = PeakMemory()
        watch.start()
        before = _processor_seconds()
        with _place(folder) as place:
            clock = seconds(partial(_write, partial(_judged, spark, model, rows), place))
        processor = _processor_seconds() - before
        found[str(rows)] = {"seconds": clock, "processor": processor, "worker": watch.stop()["largest worker"]}
        print(f"  {rows:,} rows: {found[str(rows)]}", file=sys.stderr, flush=True)
    return found


def _time_evaluation(spark: SparkSession, folder: str) -> float:
    model = f"{folder}/models/model_20260101_000200"
    table = str(grown_sample(EVALUATED))
    return seconds(lambda: evaluation.evaluate(spark, model, folder, run_id="20260101_000001", test_data=table))


def _time_tile(spark: SparkSession, folder: str, side: int) -> dict[str, float]:
    """Seconds of the map of a square raster: its windows in Spark tasks, and the GeoTIFFs on the driver."""
    model = _model(spark, folder)
    place = _raster(Path(folder) / "tile.tif", side, model.features)
    tiles = named_tiles([place], model.features, None, None)
    record, _ = maps.score_tiles(spark, model, tiles, f"{folder}/map", 20, resume=False)
    print(f"  {side} × {side} pixels: {record['timings']}", file=sys.stderr, flush=True)
    return {"side": side, **record["timings"]}


def _raster(file: Path, side: int, features: Sequence[str]) -> str:
    """A raster whose pixels are rows of the sample, in any order: 16-bit integers with a scale, deflated."""
    table = pd.read_parquet(SAMPLE)[list(features)].to_numpy()
    scale = 0.001
    stored = (table / scale).round().astype(np.int16)
    shape = {"width": side, "height": side, "count": len(features), "dtype": "int16"}
    blocks = {"tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "deflate", "zlevel": 1}
    grid = {"crs": "EPSG:32719", "transform": Affine(10, 0, 300_000, 0, -10, 7_400_000)}
    random = np.random.default_rng(SEED)
    with rasterio.open(file, "w", driver="GTiff", bigtiff="if_safer", **shape, **blocks, **grid) as dataset:
        dataset.descriptions = features
        dataset.scales = [scale] * len(features)
        for row in range(0, side, 512):
            height = min(512, side - row)
            pixels = stored[random.integers(len(stored), size=height * side)]
            dataset.write(pixels.T.reshape(-1, height, side), window=Window(0, row, side, height))
    return str(file)


# The report


def figures(found: Mapping[str, Any]) -> list[Figure]:
    """The table of the report."""
    return [
        *_of_scorers(found["scorers"]),
        *_of_walks(found["walks"]),
        *_of_area(found["area"]),
        *_of_job(found),
        *_of_growth(found),
        *_of_tile(found["tile"]),
    ]


def _of_scorers(found: Mapping[str, Any]) -> list[Figure]:
    speeds = found["rows a second"]
    ours = speeds["ours"]
    what = f"{TREES} trees, depth {DEPTH}, 15 features, one thread"
    figures = [
        Figure(f"compiled scorer with binning, {what}", _speed(ours), f"≥ {LEAST_ROWS:,}", ours >= LEAST_ROWS),
        Figure("the same with the spread of the votes", _speed(speeds["ours with the spread"])),
    ]
    for name in ("XGBoost", "LightGBM", "scikit-learn"):
        value = f"{ours / speeds[name]:.1f}x ({_speed(speeds[name])})"
        figures.append(Figure(f"against {name}", value, "> 1x", ours > speeds[name]))
    return figures


def _of_walks(found: Mapping[str, Mapping[str, float]]) -> list[Figure]:
    figures = []
    for what, times in found.items():
        ratio = times["kernel"] / times["scorer"]
        figures.append(
            Figure(
                f"{what}, against the search's kernel on rows binned before",
                f"{ratio:.1f}x ({_speed(WALKED / times['scorer'])})",
                f"≥ {LEAST_RATIO:.0f}x",
                ratio >= LEAST_RATIO,
            )
        )
    return figures


def _of_area(times: Mapping[str, float]) -> list[Figure]:
    return [
        Figure(f"area of applicability alone, rows {what}, one thread", _speed(SCORED / seconds))
        for what, seconds in times.items()
    ]


def _of_job(found: Mapping[str, Any]) -> list[Figure]:
    figures = []
    for cores, runs in ((CORES, found["job"]), (1, found["one core"])):
        for name, without in (("whole", ""), ("no area", ", without the area of applicability")):
            each = runs[name]["clock"] / cores
            value = f"{_speed(each)} and core; {_speed(runs[name]['processor'])} of processor time"
            what = f"table to table in Spark, local[{cores}]{without}"
            figures.append(Figure(what, value, f"≥ {LEAST_JOB_ROWS:,}", each >= LEAST_JOB_ROWS))
    job, theirs = found["job"]["whole"], found["job"]["Spark ML"]
    ratio = job["clock"] / theirs["clock"]
    value = f"{ratio:.0f}x ({_speed(theirs['clock'] / CORES)} and core)"
    figures.append(Figure("against Spark ML's transform", value, f"≥ {LEAST_JOB_RATIO:.0f}x", ratio >= LEAST_JOB_RATIO))
    return figures


def _of_growth(found: Mapping[str, Any]) -> list[Figure]:
    growth = found["growth"]
    sizes = [int(rows) for rows in growth]
    figures = []
    if len(sizes) > 1:
        power, clock = (exponent(sizes, [run[name] for run in growth.values()]) for name in ("processor", "seconds"))
        what = f"exponent of the processor time, {sizes[0]:,} to {sizes[-1]:,} rows"
        value = f"{power:.2f} ({clock:.2f} by the clock)"
        figures.append(Figure(what, value, f"≤ {MOST_EXPONENT}", power <= MOST_EXPONENT))
    first = growth[str(sizes[0])]["worker"]
    for rows, run in growth.items():
        speed = _speed(int(rows) / run["seconds"] / CORES)
        value = f"{run['seconds']:.0f} s ({speed} and core), {run['worker']:,.0f} MB"
        target = f"≤ {MOST_GROWTH}x the memory of the first" if int(rows) > sizes[0] else ""
        reached = run["worker"] <= MOST_GROWTH * first if target else None
        figures.append(Figure(f"{int(rows):,} rows, time and largest Python worker", value, target, reached))
    took = found["evaluation"]
    what = f"evaluation on {EVALUATED:,} rows of another table, 200 trees of depth {DEPTH}"
    figures.append(Figure(what, f"{took:.0f} s", f"≤ {MOST_EVALUATION:.0f} s", took <= MOST_EVALUATION))
    return figures


def _of_tile(run: Mapping[str, float]) -> list[Figure]:
    pixels = run["side"] ** 2
    times = TILE**2 / pixels
    score, write = run["score"] * times * CORES / MANY_CORES, run["write"] * times
    speed = _speed(pixels / run["score"] / CORES)
    value = f"{run['score']:.0f} s to score ({speed} and core), {run['write']:.0f} s to write"
    return [
        Figure(f"map of {run['side']:,.0f} × {run['side']:,.0f} pixels × 15 bands, local[{CORES}]", value),
        Figure(
            f"reckoned from it: a tile of {TILE:,} × {TILE:,} pixels on {MANY_CORES} cores",
            f"{(score + write) / 60:.1f} min ({score:.0f} s to score, {write:.0f} s to write)",
        ),
    ]


def _speed(rows: float) -> str:
    return f"{rows:,.0f} rows/s"


def notes() -> list[str]:
    """What is in the figures."""
    return [
        f"{TABLE_NOTE.split(',')[0]}. All trees were grown on the sample table. Medians of {RUNS} runs, one after the "
        "other in each, after one that is not timed.",
        f"Scorers: {SCORED:,} rows (those against the search's kernel {WALKED:,}), each library's own forest of the "
        "same number of trees and depth, in processor time of one thread. The leaves a tree has are in the results.",
        f"Table to table: {JOB_ROWS:,} rows of parquet read, scored with all columns of a scoring (score, calibrated, "
        "class, spread, dissimilarity, applicable), and written as parquet with two others. Processor time is that of "
        "the JVM and the Python workers, and hardly changes when the machine has other work.",
        f"Spark ML: PipelineModel.transform of {SPARK_ML_ROWS:,} rows, its score and prediction written with the same "
        "two columns, reckoned by row.",
        "Area of applicability: rows unlike those of training are compared with more of these, or all, so a "
        "scoring of ground that the model does not know takes longer.",
        "Map: every pixel is a row of the sample (the hardest case: neighbours are unlike, no file compresses); five "
        "maps. Reckoned: windows are independent, so scoring takes the cores' share; the driver alone writes the "
        "GeoTIFFs, in a time that grows with the pixels.",
        "Evaluation: from reading the table to its last file, without starting Spark and without the report.",
    ]


if __name__ == "__main__":
    main()
