"""Saving the task engine's trees as a standard Spark ML PipelineModel.

Spark ML's own writers do everything except the nodes: first a pipeline is saved whose trees are single leaves, but with
the real uids, parameters, weights and metadata. Then the executors rewrite its table of nodes, so that the driver never
holds a large forest. Format: Spark 3.5, `DecisionTreeModelReadWrite.NodeData`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.ml.base import Estimator
from pyspark.sql import DataFrame, SparkSession

from lib.storage import Storage, join
from lib.trees.binning import Floats
from lib.trees.compiled import growing
from lib.trees.growing import Nodes

NODES_SCHEMA = (
    "treeID int, nodeData struct<id:int, prediction:double, impurity:double, impurityStats:array<double>, "
    "rawCount:bigint, gain:double, leftChild:int, rightChild:int, "
    "split:struct<featureIndex:int, leftCategoriesOrThreshold:array<double>, numCategories:int>>"
)
_BATCH = 50_000


def save_pipeline(
    path: str,
    preparation: Sequence[Any],
    estimator: "Estimator[Any]",
    trees: DataFrame,
    tree_weights: Sequence[float] | None,
    n_trees: int,
    thresholds: Sequence[Floats],
) -> None:
    """Save the stages of the `preparation` and the model at `path`, replacing an existing one.

    `trees` has columns `tree` (int, from 0) and `nodes` (the bytes of a pruned tree); `tree_weights` are the
    weights of a GBT, None for a forest. `estimator` is the RandomForestClassifier or GBTClassifier whose parameters the
    model gets; `thresholds` are the limits of the bins, by feature.
    """
    spark = trees.sparkSession
    _save_with_stumps(spark, path, preparation, estimator, tree_weights, n_trees, len(thresholds))
    stages = join(path, "stages")
    model = Storage(spark).list(stages)[-1]
    run = of_batches(thresholds, 2 if tree_weights is None else 3)
    trees.mapInArrow(run, NODES_SCHEMA).write.mode("overwrite").parquet(join(stages, model, "data"))


def of_batches(
    thresholds: Sequence[Floats], n_stats: int
) -> Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]:
    """The function that makes rows of Spark ML's table from batches of trees (see `save_pipeline`)."""
    # Not the compiled module itself, whose name only `lib.trees.compiled` can import: Spark ends a worker that had
    # nothing to do for a minute, and a new one has not imported it yet.
    node = growing.NODE

    def run(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for batch in batches:
            for tree, content in zip(batch.column("tree"), batch.column("nodes"), strict=True):
                nodes = np.frombuffer(content.as_buffer(), node)
                for start in range(0, len(nodes), _BATCH):
                    yield node_batch(tree.as_py(), nodes, start, start + _BATCH, thresholds, n_stats)

    return run


def node_batch(
    tree: int, nodes: Nodes, start: int, end: int, thresholds: Sequence[Floats], n_stats: int
) -> pa.RecordBatch:
    """The nodes from `start` up to `end` of a pruned tree as rows of Spark ML's table; ids follow pre-order."""
    some = nodes[start:end]
    ids = np.arange(start, start + len(some), dtype=np.int32)
    leaf = some["right"] < 0
    # One threshold for each inner node, none for a leaf.
    limits = np.array(
        [thresholds[f][b] for f, b in zip(some["feature"][~leaf], some["bin"][~leaf], strict=True)], np.float64
    )
    split = pa.StructArray.from_arrays(
        [
            pa.array(np.where(leaf, -1, some["feature"]).astype(np.int32)),
            pa.ListArray.from_arrays(pa.array(np.cumsum(np.append(0, ~leaf)).astype(np.int32)), pa.array(limits)),
            pa.array(np.full(len(some), -1, np.int32)),
        ],
        ["featureIndex", "leftCategoriesOrThreshold", "numCategories"],
    )
    stats = np.column_stack([some["s0"], some["s1"], some["s2"]][:n_stats])
    offsets = np.arange(0, stats.size + 1, n_stats, dtype=np.int32)
    data = {
        "id": ids,
        "prediction": some["prediction"],
        "impurity": np.where(some["valid"], some["impurity"], -1.0),
        "impurityStats": pa.ListArray.from_arrays(pa.array(offsets), pa.array(stats.ravel())),
        "rawCount": some["count"],
        "gain": some["gain"],
        "leftChild": np.where(leaf, -1, ids + 1).astype(np.int32),
        "rightChild": some["right"],
        "split": split,
    }
    columns = [pa.array(v) if isinstance(v, np.ndarray) else v for v in data.values()]
    return pa.RecordBatch.from_arrays(
        [
            pa.array(np.full(len(some), tree, np.int32)),
            pa.StructArray.from_arrays(columns, list(data)),
        ],
        names=["treeID", "nodeData"],
    )


def _save_with_stumps(
    spark: SparkSession,
    path: str,
    preparation: Sequence[Any],
    estimator: Any,
    tree_weights: Sequence[float] | None,
    n_trees: int,
    n_features: int,
) -> None:
    context = spark.sparkContext
    jvm: Any = context._jvm
    ml, impurity = jvm.org.apache.spark.ml, jvm.org.apache.spark.mllib.tree.impurity
    uid = estimator.uid

    def array(of: Any, values: Sequence[Any]) -> Any:
        made = context._gateway.new_array(of, len(values))  # type: ignore[union-attr]
        for place, value in enumerate(values):
            made[place] = value
        return made

    if tree_weights is None:
        statistics = impurity.GiniCalculator(array(jvm.double, [1.0, 0.0]), 1)
        kind = ml.classification.DecisionTreeClassificationModel
        stump = kind(ml.tree.LeafNode(0.0, 0.0, statistics), n_features, 2)
        stumps = array(kind, [stump] * n_trees)
        model = ml.classification.RandomForestClassificationModel(uid, stumps, n_features, 2)
    else:
        statistics = impurity.VarianceCalculator(array(jvm.double, [1.0, 0.0, 0.0]), 1)
        kind = ml.regression.DecisionTreeRegressionModel
        stump = kind(ml.tree.LeafNode(0.0, 0.0, statistics), n_features)
        stumps = array(kind, [stump] * n_trees)
        model = ml.classification.GBTClassificationModel(uid, stumps, array(jvm.double, tree_weights), n_features)
    estimator._transfer_params_to_java()
    estimator._java_obj.copyValues(model, ml.param.ParamMap.empty())
    stages = array(ml.Transformer, [*(stage._to_java() for stage in preparation), model])
    pipeline = ml.PipelineModel(f"PipelineModel_{uid.rsplit('_', 1)[-1]}", stages)
    pipeline.write().overwrite().save(path)
