"""What makes a model's folder one that MLflow loads as it is: the file `MLmodel`, and what gives probabilities.

MLflow is not needed to write them. `MLmodel` is YAML, of which JSON is a part.
"""

import json
import platform
from importlib import resources

from lib import artifacts

_LOADER = "probability_of_class_1"


def files(spark_version: str, created_at: str) -> dict[str, str]:
    """The files by their names in the model's folder; `created_at` is when the model was complete, in UTC."""
    described = {
        "flavors": {
            "python_function": {
                "loader_module": _LOADER,
                "code": artifacts.MLFLOW_CODE,
                "data": artifacts.PIPELINE,
                "python_version": platform.python_version(),
            },
            "spark": {
                "model_class": "pyspark.ml.pipeline.PipelineModel",
                "model_data": artifacts.PIPELINE,
                "pyspark_version": spark_version,
            },
        },
        "utc_time_created": created_at,
    }
    code = (resources.files("lib.records") / f"{_LOADER}.py").read_text("utf-8")
    return {
        f"{artifacts.MLFLOW_CODE}/{_LOADER}.py": code,
        artifacts.MLMODEL: json.dumps(described, indent=2) + "\n",
    }
