"""Clusters to make: what run_job_flow is asked."""

from typing import Any

STEP = {
    "Name": "experiment 20261125_120000",
    "ActionOnFailure": "CONTINUE",
    "HadoopJarStep": {
        "Jar": "command-runner.jar",
        "Args": ["python", "run_step.py", "s3://bucket/experiments/steps/20261125_120000/params.yaml"],
    },
}


def request(name: str = "mineria-ml-cluster", **changes: Any) -> dict[str, Any]:
    """A cluster as the project makes it, small; `changes` go over it."""
    volume = {"VolumeSpecification": {"VolumeType": "gp3", "SizeInGB": 128}, "VolumesPerInstance": 2}
    master = {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1, "Market": "ON_DEMAND"}
    core = {"InstanceRole": "CORE", "InstanceType": "m5.2xlarge", "InstanceCount": 2, "Market": "ON_DEMAND"}
    core["EbsConfiguration"] = {"EbsBlockDeviceConfigs": [volume]}
    return {
        "Name": name,
        "ReleaseLabel": "emr-7.13.0",
        "Applications": [{"Name": each} for each in ("Hadoop", "Livy", "Spark")],
        "Instances": {"InstanceGroups": [master, core], "KeepJobFlowAliveWhenNoSteps": True},
        "LogUri": "s3n://bucket/logs/emr/",
        "JobFlowRole": "nodes",
        "ServiceRole": "service",
        "AutoTerminationPolicy": {"IdleTimeout": 3600},
        "Configurations": [
            {"Classification": "spark", "Properties": {"maximizeResourceAllocation": "true"}},
            {"Classification": "spark-defaults", "Properties": {"spark.dynamicAllocation.enabled": "true"}},
        ],
        "Tags": [{"Key": "Project", "Value": "mineria-ml"}],
        **changes,
    }
