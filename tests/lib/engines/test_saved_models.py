import shutil
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyspark.ml import PipelineModel
from pyspark.ml.classification import (
    DecisionTreeClassifier,
    GBTClassifier,
    RandomForestClassifier,
)
from pyspark.ml.feature import VectorAssembler, VectorIndexer
from pyspark.ml.functions import vector_to_array
from pyspark.sql import functions as F

from lib.engines.saved_models import (
    SCORE_COL,
    check_scores,
    load_ensemble,
    load_pipeline,
    vector_assembler,
    with_ensemble_score,
    with_score,
)
from lib.errors import InputError, SavedModelError

SETTINGS = ("spark.sql.files.maxPartitionBytes", "spark.sql.files.openCostInBytes")


def test_it_loads_what_spark_loads_and_leaves_its_settings_alone(spark, tmp_path):
    rows = spark.range(200).selectExpr("cast(id as double) x", "cast(id % 7 as double) y", "id % 2 as label")
    assembler = VectorAssembler(inputCols=["x", "y"], outputCol="features")
    forest = RandomForestClassifier(numTrees=5, seed=1).fit(assembler.transform(rows))
    path = str(tmp_path / "model")
    PipelineModel([assembler, forest]).save(path)
    before = [spark.conf.get(name) for name in SETTINGS]
    loaded = load_pipeline(spark, path)
    assert loaded.stages[-1].toDebugString == forest.toDebugString
    assert [spark.conf.get(name) for name in SETTINGS] == before


def test_the_settings_are_restored_when_there_is_no_model(spark, tmp_path):
    (tmp_path / "empty").mkdir()
    before = [spark.conf.get(name) for name in SETTINGS]
    with pytest.raises(Exception, match=r"metadata|empty"):
        load_pipeline(spark, str(tmp_path / "empty"))
    assert [spark.conf.get(name) for name in SETTINGS] == before


FEATURES = ["a", "b", "c"]
MODELS = {
    "a forest": (RandomForestClassifier, {"numTrees": 7, "maxDepth": 5}, 3),
    "a deep forest": (RandomForestClassifier, {"numTrees": 5, "maxDepth": 16, "maxBins": 300}, 3),
    "a forest without splits": (RandomForestClassifier, {"numTrees": 3, "maxDepth": 0}, 2),
    "a forest of one feature": (RandomForestClassifier, {"numTrees": 5, "maxDepth": 4}, 1),
    "a GBT": (GBTClassifier, {"maxIter": 6, "maxDepth": 3, "stepSize": 0.3}, 3),
    "a GBT without splits": (GBTClassifier, {"maxIter": 1, "maxDepth": 0}, 2),
}


def training_rows(rows=400):
    """Rows with values that repeat, a label, and weights."""
    rng = np.random.default_rng(0)
    values = np.round(rng.normal(size=(rows, 3)), 1)
    label = (values[:, 0] + values[:, 1] * values[:, 2] + rng.normal(size=rows) > 0.4).astype(float)
    return np.column_stack([values, label, 0.3 + label]).tolist()


def save(assembler, estimator, frame, path):
    model = estimator.fit(assembler.transform(frame))
    PipelineModel([assembler, model]).save(path)
    return path


@pytest.fixture(scope="module")
def frame(spark):
    return spark.createDataFrame(training_rows(), [*FEATURES, "label", "weight"]).coalesce(1).persist()


@pytest.fixture(scope="module")
def forest(frame, tmp_path_factory):
    path = str(tmp_path_factory.mktemp("forest") / "model")
    return save(vector_assembler(FEATURES), RandomForestClassifier(numTrees=5, seed=1), frame, path)


@pytest.mark.parametrize("name", MODELS)
def test_an_ensemble_scores_as_its_pipeline_does(spark, frame, tmp_path, name):
    kind, params, n_features = MODELS[name]
    features = FEATURES[:n_features]
    assembler = vector_assembler(features).setHandleInvalid("keep")
    path = save(assembler, kind(**params, weightCol="weight", seed=5), frame, str(tmp_path / "model"))
    scorer = load_ensemble(spark, path)
    assert scorer.features == tuple(features)

    values = values_to_score(scorer.ensemble)
    rows = spark.createDataFrame(values.tolist(), features)
    scored = with_score(PipelineModel.load(path).transform(rows)).select(SCORE_COL).toPandas()[SCORE_COL]
    np.testing.assert_allclose(scorer.ensemble.score(values), scored, rtol=0, atol=1e-12)


TREES = 6
EXAMPLES = 300 if settings().max_examples > 1000 else 4  # each is a job of Spark: more of them at night


@pytest.fixture(scope="module")
def templates(frame, tmp_path_factory):
    """A saved forest and a saved GBT, whose trees other tests replace."""
    place = tmp_path_factory.mktemp("templates")
    kinds = {
        False: RandomForestClassifier(numTrees=TREES, maxDepth=1, seed=1),
        True: GBTClassifier(maxIter=TREES, maxDepth=1, stepSize=0.3),
    }
    assembler = vector_assembler(FEATURES).setHandleInvalid("keep")
    return {is_gbt: save(assembler, kind, frame, str(place / str(is_gbt))) for is_gbt, kind in kinds.items()}


@settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32),
    n_features=st.integers(1, 3),
    depths=st.lists(st.integers(0, 30), min_size=1, max_size=TREES),
    fullness=st.floats(0, 1),
    is_gbt=st.booleans(),
    thresholds=st.lists(st.sampled_from([-np.inf, -1.5, -0.0, 0.0, 0.1 + 0.2, 1.5, np.inf]), min_size=1),
)
@example(seed=1, n_features=1, depths=[30, 0, 12], fullness=0.3, is_gbt=False, thresholds=[0.1 + 0.2, -np.inf, np.inf])
@example(seed=2, n_features=2, depths=[30, 8, 7], fullness=1, is_gbt=True, thresholds=[-0.0, 0.1 + 0.2])
def test_any_trees_that_spark_ml_loads_score_as_its_transform_does(
    spark, templates, tmp_path, seed, n_features, depths, fullness, is_gbt, thresholds
):
    """Trees that no training would give: chains as deep as Spark allows, full ones, thresholds at the rows' values,
    infinite ones."""
    rng = np.random.default_rng(seed)
    trees = [
        random_tree(rng, depths[number % len(depths)], n_features, thresholds, fullness) for number in range(TREES)
    ]
    scored_alike(spark, rng, with_trees(templates[is_gbt], trees, is_gbt, rng, Path(mkdtemp(dir=tmp_path))), thresholds)


@pytest.mark.parametrize("is_gbt", [False, True])
def test_bins_of_two_bytes_score_as_its_transform_does(spark, templates, tmp_path, is_gbt):
    rng = np.random.default_rng(5)
    thresholds = rng.normal(size=3000)
    trees = [random_tree(rng, 12, 3, thresholds, 0.95) for _ in range(TREES)]
    path = with_trees(templates[is_gbt], trees, is_gbt, rng, tmp_path / "model")
    ensemble = scored_alike(spark, rng, path, thresholds)
    assert (ensemble.counts > 255).all()
    assert ensemble.upper.dtype == np.uint32


def scored_alike(spark, rng, path, thresholds):
    """Compare a saved model's compiled trees with Spark ML on rows at and beside thresholds; returns the trees."""
    at = np.array([*thresholds, *np.nextafter(thresholds, 9), *np.nextafter(thresholds, -9), np.nan, np.inf, 0.3, 0.0])
    values = rng.choice(at, (300, 3))
    rows = spark.createDataFrame(values.tolist(), FEATURES).coalesce(1)
    theirs = with_score(PipelineModel.load(path).transform(rows)).select(SCORE_COL).toPandas()[SCORE_COL]
    ensemble = load_ensemble(spark, path).ensemble
    np.testing.assert_allclose(ensemble.score(values), theirs, rtol=0, atol=1e-12)
    return ensemble


def random_tree(rng, depth, n_features, thresholds, fullness):
    """The nodes of a tree, a chain to `depth`; beside it and above level 8, a node splits as often as `fullness`."""
    nodes = []

    def grow(level, is_chain):
        this = {"id": len(nodes), "leftChild": -1, "rightChild": -1, "feature": -1, "threshold": None}
        nodes.append(this)
        if level < depth and (is_chain or (level < 8 and rng.random() < fullness)):
            this |= {"feature": int(rng.integers(n_features)), "threshold": float(rng.choice(thresholds))}
            goes_on = rng.random() < 0.5
            this["leftChild"] = grow(level + 1, is_chain and goes_on)
            this["rightChild"] = grow(level + 1, is_chain and not goes_on)
        return this["id"]

    grow(0, True)
    return nodes


def with_trees(template, trees, is_gbt, rng, path):
    """A copy of a saved pipeline with other trees, as Spark ML writes them."""
    shutil.copytree(template, path, dirs_exist_ok=True)
    [folder] = path.glob("stages/1_*/data")
    first, *others = sorted(folder.glob("part-*.parquet"))
    schema = pq.read_schema(first)
    for file in (*others, *folder.glob(".*.crc")):
        file.unlink()
    rows = [
        {"treeID": number, "nodeData": as_spark_writes(node, rng, is_gbt)}
        for number, tree in enumerate(trees)
        for node in tree
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), first)
    return str(path)


def as_spark_writes(node, rng, is_gbt):
    is_leaf = node["leftChild"] < 0
    split = {
        "featureIndex": node["feature"],
        "leftCategoriesOrThreshold": [] if is_leaf else [node["threshold"]],
        "numCategories": -1,
    }
    statistics = [1.0, 0.0, 0.0] if is_gbt else rng.integers(1, 9, 2).astype(float).tolist()
    made = {"prediction": float(rng.normal()), "impurity": 0.0, "impurityStats": statistics, "rawCount": 1}
    places = {name: node[name] for name in ("id", "leftChild", "rightChild")}
    return {**made, **places, "gain": -1.0 if is_leaf else 1.0, "split": split}


def values_to_score(ensemble):
    """Values at, just below and just above thresholds, and those that are no ordinary numbers."""
    rng = np.random.default_rng(1)
    at = ensemble.limits[np.isfinite(ensemble.limits)]
    some = np.concatenate([at, np.nextafter(at, 9), np.nextafter(at, -9), rng.normal(size=50)])
    odd = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e300]
    return np.where(
        rng.random((500, ensemble.n_features)) < 0.8,
        rng.choice(some, (500, ensemble.n_features)),
        rng.choice(odd, (500, ensemble.n_features)),
    )


def test_probabilities_that_differ_by_more_than_rounding_are_refused():
    ours = np.array([0.25, 0.5])
    check_scores("model", ours, ours + 9e-13)
    for difference in (2e-12, np.nan):
        with pytest.raises(SavedModelError):
            check_scores("model", ours, np.array([0.25, 0.5 + difference]))


def test_the_spread_is_that_of_the_trees_votes(spark, frame, forest):
    scorer = load_ensemble(spark, forest)
    assembler, model = PipelineModel.load(forest).stages
    rows = assembler.transform(frame)
    votes = [
        tree.transform(rows).select(vector_to_array("probability")[1].alias("p")).toPandas()["p"]
        for tree in model.trees
    ]
    values = frame.select(FEATURES).toPandas().to_numpy()
    np.testing.assert_allclose(scorer.ensemble.spread(values), np.std(votes, axis=0), rtol=0, atol=1e-9)


def test_tasks_score_as_the_pipeline_does_and_keep_the_other_columns(spark, frame, forest):
    rows = frame.withColumn("id", F.monotonically_increasing_id()).withColumn("vector", F.array("a", "label"))
    rows = rows.select("c", "id", "a", "vector", F.col("b").cast("float").alias("b"), "label").repartition(3)
    scored = with_ensemble_score(rows, load_ensemble(spark, forest))
    assert scored.columns == [*rows.columns, SCORE_COL]
    expected = with_score(PipelineModel.load(forest).transform(rows)).select("id", "vector", SCORE_COL)
    found = scored.select("id", "vector", SCORE_COL).orderBy("id").collect()
    for ours, theirs in zip(found, expected.orderBy("id").collect(), strict=True):
        assert ours[:2] == theirs[:2]
        assert ours[SCORE_COL] == pytest.approx(theirs[SCORE_COL], abs=1e-12)


def test_the_same_rows_get_the_same_scores_however_they_are_distributed(spark, frame, forest):
    scorer = load_ensemble(spark, forest)

    def scores(rows):
        return sorted(map(tuple, with_ensemble_score(rows, scorer).collect()))

    assert scores(frame.repartition(7)) == scores(frame)


def test_rows_that_lack_a_feature_have_no_score(spark, forest):
    rows = spark.sql("select * from values (1, 2D, 0.5), (null, 2D, 0.5), (1, double('NaN'), 0.5) as t(a, b, c)")
    scores = [row[SCORE_COL] for row in with_ensemble_score(rows, load_ensemble(spark, forest)).collect()]
    assert scores[0] is not None
    assert scores[1:] == [None, None]


def test_a_table_without_the_features_is_refused(spark, frame, forest):
    scorer = load_ensemble(spark, forest)
    with pytest.raises(InputError, match="lacks columns that the model needs: b, c"):
        with_ensemble_score(frame.drop("b", "c"), scorer)
    with pytest.raises(InputError, match="not numbers: a;"):
        with_ensemble_score(frame.withColumn("a", F.lit("1")), scorer)


def test_a_column_may_have_any_name(spark, tmp_path):
    rows = spark.createDataFrame([(float(i), float(i % 3), i % 2) for i in range(60)], ["x y", "ñ;-`", "label"])
    path = save(vector_assembler(["x y"]), RandomForestClassifier(numTrees=2), rows, str(tmp_path / "model"))
    assert with_ensemble_score(rows, load_ensemble(spark, path)).where(F.col(SCORE_COL).isNotNull()).count() == 60


def test_only_the_trees_of_this_projects_models_are_read(spark, frame, tmp_path):
    assembler = vector_assembler(FEATURES)
    single = save(assembler, DecisionTreeClassifier(maxDepth=1), frame, str(tmp_path / "single"))
    three = frame.withColumn("label", F.col("label") + (F.col("a") > 1).cast("double"))
    classes = save(assembler, RandomForestClassifier(numTrees=2), three, str(tmp_path / "three"))
    alone = str(tmp_path / "alone")
    PipelineModel.load(classes).stages[1].save(alone)
    for path, why in [
        (single, "not a VectorAssembler followed by a random forest or a GBT"),
        (alone, "not a VectorAssembler followed by a random forest or a GBT"),
        (classes, "3 classes, not 2"),
    ]:
        with pytest.raises(InputError, match=f"cannot be scored with compiled trees: .*{why}; score"):
            load_ensemble(spark, path)
    with pytest.raises(InputError, match="there is no saved model at"):
        load_ensemble(spark, str(tmp_path / "nothing"))


def test_splits_by_categories_are_refused(spark, frame, tmp_path):
    assembler = vector_assembler(["a", "b"])
    rows = assembler.transform(frame.withColumn("b", (F.col("b") > 0).cast("double")))
    indexed = VectorIndexer(inputCol="features", outputCol="indexed", maxCategories=3).fit(rows).transform(rows)
    model = RandomForestClassifier(numTrees=3, featuresCol="indexed", seed=1).fit(indexed)
    path = str(tmp_path / "model")
    PipelineModel([assembler.setOutputCol("indexed"), model]).save(path)
    with pytest.raises(InputError, match="categories"):
        load_ensemble(spark, path)


def test_vectors_as_features_are_refused(spark, frame, tmp_path):
    rows = VectorAssembler(inputCols=["a", "b"], outputCol="ab").transform(frame)
    path = save(vector_assembler(["ab", "c"]), RandomForestClassifier(numTrees=2), rows, str(tmp_path / "model"))
    with pytest.raises(InputError, match="one column of numbers each"):
        load_ensemble(spark, path)


def test_a_model_that_lost_nodes_is_refused(spark, forest, tmp_path):
    damaged = str(tmp_path / "model")
    PipelineModel.load(forest).save(damaged)
    (stage,) = (tmp_path / "model" / "stages").glob("1_*")
    for condition in ("treeID != 4", "treeID != 0", "nodeData.id != 0", "nodeData.id < 2", "false"):
        spark.read.parquet(f"{forest}/stages/{stage.name}/data").where(condition).write.mode("overwrite").parquet(
            f"{stage}/data"
        )
        with pytest.raises(InputError, match=r"is damaged: .*copy it again"):
            load_ensemble(spark, damaged)
