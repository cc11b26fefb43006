"""The scripts under spark-submit in cluster mode, as the README says it, on a YARN of one node on this machine."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from launcher.local_spark import SHORT_SESSION, find_java
from launcher.support.zips import lib_zip
from tests.conftest import ROOT
from tests.jars import SPARK_JARS, JarsNotFetched, fetched
from tests.lib.tables import make_table, write

JARS = Path(__file__).with_name("yarn-jars.xml")
# The README's options, with the figures of a small machine.
OPTIONS = ["--deploy-mode", "cluster", "--master", "yarn", "--driver-memory", "600m"]
OPTIONS += ["--executor-memory", "600m", "--executor-cores", "1", "--num-executors", "1"]
OPTIONS += ["--conf", "spark.executor.memoryOverhead=1g"]


@dataclass(frozen=True)
class Yarn:
    """A folder with the configuration of a YARN that runs, and what its containers leave."""

    folder: Path

    def submit(self, script: str, *arguments: str) -> subprocess.CompletedProcess:
        """Submit a script and wait for its end."""
        (self.folder / "lib.zip").write_bytes(lib_zip())
        own = {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
        properties = {
            "spark.yarn.jars": f"local:{SPARK_JARS}/*",
            "spark.yarn.stagingDir": f"file:{self.folder}",
            "spark.scheduler.minRegisteredResourcesRatio": "0",  # a job that fails at once needs no executor
            "spark.ui.enabled": "false",
            **SHORT_SESSION,
            **{f"spark.{place}.{name}": own[name] for place in ("yarn.appMasterEnv", "executorEnv") for name in own},
        }
        command = [Path(sys.executable).with_name("spark-submit"), *OPTIONS, "--py-files", self.folder / "lib.zip"]
        for name, value in properties.items():
            command += ["--conf", f"{name}={value}"]
        environment = {**os.environ, **own, "JAVA_HOME": str(find_java()), "HADOOP_CONF_DIR": str(self.folder)}
        command += [ROOT / "scripts" / script, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)

    def printed(self) -> str:
        """What the driver of the last job printed, as its container's log has it."""
        logs = self.folder.glob("target/**/container_*_000001/stdout")
        return max(logs, key=lambda log: log.parent.name).read_text()


@pytest.fixture(scope="module")
def yarn(tmp_path_factory):
    try:
        jars = fetched(JARS)
    except JarsNotFetched as error:
        pytest.skip(f"there is no YARN to be had: {error}")
    folder = tmp_path_factory.mktemp("yarn")
    options = ["-Djava.net.preferIPv4Stack=true", "-XX:TieredStopAtLevel=1"]
    for package in ("lang", "util"):
        options += ["--add-opens", f"java.base/java.{package}=ALL-UNNAMED"]
    command = [find_java() / "bin" / "java", *options, "-cp", f"{jars}/*", Path(__file__).with_name("MiniYarn.java")]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen([*command, folder], cwd=folder, stdin=subprocess.PIPE, stdout=log, stderr=log) as cluster,
    ):
        deadline = time.monotonic() + 200
        while not (folder / "yarn-site.xml").exists():
            assert cluster.poll() is None, (folder / "log").read_text()[-3000:]
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield Yarn(folder)
        cluster.stdin.close()


def test_a_model_is_trained_evaluated_and_applied_on_yarn_and_a_failure_is_told(yarn, tmp_path):
    table = write(make_table(300, seed=3), tmp_path / "table.parquet")
    model, evaluation = tmp_path / "models" / "model_v1", tmp_path / "results" / "eval_v1"
    trained = yarn.submit("06_entrenar_modelos_spark.py", "--inputs", table, "--out_model_dir", str(model))
    assert trained.returncode == 0, trained.stderr[-3000:] + yarn.printed()
    assert yarn.printed().splitlines()[-1] == str(model)
    summary = json.loads((model / "metrics" / "summary.json").read_text())

    evaluated = yarn.submit("07_evaluar_modelos.py", "--model", str(model), "--output", str(evaluation))
    assert evaluated.returncode == 0, evaluated.stderr[-3000:] + yarn.printed()
    metrics = json.loads((evaluation / "metrics.json").read_text())
    assert metrics["measured_on"]["verified"]
    assert metrics["confusion_matrix"] == summary["confusion_matrix"]
    assert (evaluation / "EVALUATION_REPORT.md").exists()

    arguments = ["--model", str(model), "--inputs", table, "--output", str(tmp_path)]
    applied = yarn.submit("08_aplicar_modelo_spark.py", *arguments)
    assert applied.returncode == 0, applied.stderr[-3000:] + yarn.printed()
    (scores,) = (tmp_path / "scores").iterdir()
    assert yarn.printed().splitlines()[-1] == str(scores)
    assert json.loads((scores / "scores.json").read_text())["rows"] == 300
    assert len(pd.read_parquet(scores / "scores")) == 300
    assert (scores / "SCORING_REPORT.md").exists()

    other = str(tmp_path / "models" / "model_v2")
    failed = yarn.submit("06_entrenar_modelos_spark.py", "--inputs", "/no/such/table", "--out_model_dir", other)
    assert failed.returncode == 1
    assert "User application exited with status 2" in failed.stderr
    assert yarn.printed().splitlines()[-1] == "error: input /no/such/table does not exist: check --input-data"
