"""The sizes that the documents give fit the cluster that Terraform makes, by the check that looks before each run."""

import re
from dataclasses import replace

import boto3
import pytest
import yaml

from launcher.emr.checks.memory import memory
from launcher.emr.checks.subject import Level, Subject
from launcher.emr.clusters import UNKNOWN, Group
from launcher.emr.lifecycle.request import NewCluster
from launcher.parameters.schema import check
from launcher.support.project import PROJECT


def documented(file: str) -> dict[str, object]:
    """The Spark settings of the spark-submit command in a document."""
    text = (PROJECT / file).read_text().replace("\\\n", " ")
    (command,) = re.findall(r"^spark-submit --deploy-mode.*$", text, re.MULTILINE)
    options = dict(re.findall(r"--([a-z-]+) +(\S+)", command))
    conf = dict(each.split("=", 1) for each in re.findall(r"--conf (\S+)", command))
    numbers = {name: int(options[name.replace("_", "-")]) for name in ("executor_cores", "num_executors")}
    return {
        "driver_memory": options["driver-memory"],
        "executor_memory": options["executor-memory"],
        **numbers,
        "conf": conf,
    }


def of_emr_yaml() -> dict[str, object]:
    return yaml.safe_load((PROJECT / "params" / "emr.yaml").read_text())["spark"]


@pytest.mark.parametrize("spark", [documented("README.md"), of_emr_yaml()], ids=["README", "params/emr.yaml"])
def test_documented_sizes_fit_the_cluster_of_terraform(spark):
    made = NewCluster()  # its defaults are Terraform's (tests/launcher/commands/test_lifecycle.py)
    core = Group("ig-1", "CORE", made.core_type, "ON_DEMAND", made.core_count, made.core_count, "RUNNING")
    cluster = replace(UNKNOWN, id="j-A", life=replace(UNKNOWN.life, state="WAITING"), groups=(core,))
    parameters = check({"input_data": ["s3://b/x"], "out": "s3://b/o", "cluster": {"id": "j-A"}, "spark": spark})
    found = memory(Subject(cluster, parameters, boto3.Session()))
    assert found.level == Level.OK, found
    assert "3 executors fit at once" in found.found
