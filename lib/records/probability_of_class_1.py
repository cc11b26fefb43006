"""What `mlflow.pyfunc.load_model` loads a model of this project with: its probabilities of class 1.

MLflow's own loader of Spark models gives classes. A copy of this file stands in each model's folder
(`lib.records.mlmodel`), so it imports nothing of this project.
"""

from importlib import import_module
from typing import Any

import pandas as pd


class ProbabilityOfClass1:
    """A PipelineModel that gives one probability for each row of a pandas DataFrame."""

    def __init__(self, spark: Any, model: Any):
        self.spark = spark
        self.model = model

    def get_raw_model(self) -> Any:
        """The PipelineModel."""
        return self.model

    def predict(self, rows: pd.DataFrame, params: Any = None) -> pd.Series:
        """The probability of class 1 of each row, in their order; `params` are none."""
        from pyspark.ml.functions import vector_to_array

        scored = self.model.transform(self.spark.createDataFrame(rows))
        found = scored.select(vector_to_array(scored["probability"]).getItem(1)).collect()
        return pd.Series([row[0] for row in found], index=rows.index, name="probability", dtype="float64")


def _load_pyfunc(path: str) -> ProbabilityOfClass1:
    """Load the pipeline at `path`, in the Spark session that there is, or in a new one."""
    # By name, for it is MLflow that loads this: where models are trained there is none.
    loaded = import_module("mlflow.spark")._load_pyfunc(path)
    return ProbabilityOfClass1(loaded.spark, loaded.spark_model)
