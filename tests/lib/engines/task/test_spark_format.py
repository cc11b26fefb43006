"""What the executors run to write a model."""

import os
import subprocess
import sys

import numpy as np
from pyspark import cloudpickle

from lib.engines.task.spark_format import of_batches
from tests.conftest import ROOT


def test_a_worker_that_has_imported_nothing_of_ours_can_run_it():
    content = cloudpickle.dumps(of_batches([np.array([0.5])], 2))
    program = "import sys; from pyspark import cloudpickle; cloudpickle.loads(sys.stdin.buffer.read())"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", program], input=content, env=environment, capture_output=True, check=False
    )
    assert run.returncode == 0, run.stderr.decode()
