"""What a run on a cluster costs, worked out while it runs: before its report, for the report, and at its end.

A run never fails for it: what is not known is recorded as not known.
"""

import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3

from launcher import aws
from launcher.emr import cost_records
from launcher.emr.cost import Activity, Span
from launcher.emr.estimates import estimate
from launcher.emr.spending import spending
from launcher.emr.step_descriptions import list_steps
from launcher.files import files_at
from launcher.plan import Plan, Step
from lib import artifacts
from lib.errors import ExperimentError

# What EMR writes on every node.
JOB_FLOW = Path("/mnt/var/lib/info/job-flow.json")


def cluster_of(plan: Plan) -> str:
    """The EMR cluster that a plan's Livy is on, or "" where that is not known.

    A Livy on this very machine is that of the node's cluster where this is one, or of the cluster in EMR_CLUSTER_ID.
    """
    cluster = plan.parameters.cluster
    if cluster.id or urlsplit(cluster.livy_url).hostname not in ("localhost", "127.0.0.1"):
        return cluster.id
    if os.environ.get("EMR_CLUSTER_ID"):
        return os.environ["EMR_CLUSTER_ID"]
    try:
        return str(json.loads(JOB_FLOW.read_text(encoding="utf-8"))["jobFlowId"])
    except (OSError, ValueError, KeyError):
        return ""


class CostWatch:
    """An observer of a run that keeps `cost` in its experiment.json."""

    def __init__(self, plan: Plan, session: boto3.Session, cluster_id: str):
        self._plan, self._session, self._cluster = plan, session, cluster_id
        self._started = datetime.now(UTC)
        self._estimate: dict[str, Any] = {}
        self.cost: dict[str, Any] = {}

    def estimate(self) -> str:
        """Work out the estimate and say it, or why there is none."""
        try:
            made = estimate(self._plan.parameters, self._session, self._cluster)
        except ExperimentError as error:
            self._estimate = {"unknown": str(error)}
            return f"not known: {error}"
        self._estimate = cost_records.of_estimate(made)
        return str(made)

    def step_started(self, step: Step, number: int) -> None:
        """The report is to say what it cost until then."""
        if step.name == "report":
            self._record()

    def cell_started(self, number: int) -> None:
        """Nothing to do."""

    def step_done(self, step: Step) -> None:
        """At the end, the record says what all of it cost."""
        if step == self._plan.steps[-1]:
            self._record()

    def __str__(self) -> str:
        """What it cost, in a line."""
        if "unknown" in self.cost:
            return f"not known: {self.cost['unknown']}"
        actual, whole = self.cost["actual"], self.cost["cluster_so_far"]
        word = "at most " if actual["is_bound"] else ""
        shared = f", the nodes shared with {', '.join(actual['beside'])}" if actual["beside"] else ""
        return (
            f"{word}{actual['usd']:.2f} USD{shared}; the cluster's start {whole['startup_usd']:.2f} and its idle time "
            f"{whole['idle_usd']:.2f} so far come on top; not the bill (run_experiment.py cluster cost says more)"
        )

    def _record(self) -> None:
        try:
            self.cost = self._costs()
        except ExperimentError as error:
            self.cost = {"cluster": self._cluster, "estimate": self._estimate, "unknown": str(error)}
        try:
            self._write()
        except (ExperimentError, OSError, ValueError) as error:
            self.cost = {"cluster": self._cluster, "unknown": f"it could not be kept: {error}"}

    def _costs(self) -> dict[str, Any]:
        steps = list_steps(aws.client("emr", self._session), self._cluster)
        # Where this run is a step itself, EMR knows when it started.
        own_steps = (each for each in steps if each.run_id == self._plan.run_id and each.started_at)
        step = next((each.id for each in own_steps if each.is_unfinished), None)
        until = datetime.now(UTC)
        own = [] if step else [Activity(self._plan.run_id, Span(self._started, until))]
        spent = spending(self._session, self._cluster, own)
        return cost_records.record(spent, step or self._plan.run_id, step, self._estimate)

    def _write(self) -> None:
        files, place = files_at(self._plan.parameters.out), f"{self._plan.model_dir}/{artifacts.EXPERIMENT}"
        record = json.loads(files.read_text(place) or "")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / artifacts.EXPERIMENT
            file.write_text(
                json.dumps({**record, "cost": self.cost}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
            )
            files.put(file, place)
