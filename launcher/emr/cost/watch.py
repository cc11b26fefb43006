"""What a run on a cluster costs, worked out while it runs: before its report, for the report, and at its end.

A run never fails for it: what is not known is recorded as not known.
"""

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3

from launcher.emr.cost import records
from launcher.emr.cost.account import Activity, Span
from launcher.emr.cost.estimates import NOT_OF_SCORINGS, estimate
from launcher.emr.cost.spending import spending
from launcher.emr.steps import list_steps
from launcher.experiment.plan import Plan, Step
from launcher.support import aws
from launcher.support.files import files_at
from lib.errors import ExperimentError


class CostWatch:
    """An observer of a run that keeps `cost` in its record (`Plan.record`); the plan names the cluster."""

    def __init__(self, plan: Plan, session: boto3.Session):
        self._plan, self._session, self._cluster = plan, session, plan.parameters.cluster.id
        self._started = datetime.now(UTC)
        self._estimate: dict[str, Any] = {}
        self.cost: dict[str, Any] = {}

    def estimate(self) -> str:
        """Work out the estimate, for the record; say it, or why there is none."""
        if self._plan.is_scoring:
            self._estimate = {"unknown": NOT_OF_SCORINGS}
            return NOT_OF_SCORINGS
        try:
            made = estimate(self._plan.parameters, self._session, self._cluster)
        except ExperimentError as error:
            self._estimate = {"unknown": str(error)}
            return f"not known: {error}"
        self._estimate = records.of_estimate(made)
        return str(made)

    def step_started(self, step: Step, number: int) -> None:
        """The report says what the run has cost until then."""
        if step.name == "report":
            self._record()

    def cell_started(self, number: int) -> None:
        """Nothing to do."""

    def step_done(self, step: Step) -> None:
        """At the end, the record says what the whole run cost."""
        if step == self._plan.steps[-1]:
            self._record()

    def _record(self) -> None:
        try:
            self.cost = self._costs()
        except ExperimentError as error:
            self.cost = {"cluster": self._cluster, "estimate": self._estimate, "unknown": str(error)}
        try:
            self._write()
        except (ExperimentError, OSError, ValueError) as error:
            self.cost = {"cluster": self._cluster, "unknown": f"it could not be recorded: {error}"}

    def _costs(self) -> dict[str, Any]:
        steps = list_steps(aws.client("emr", self._session), self._cluster)
        # Where this run is a step itself, EMR knows when it started.
        own_steps = (each for each in steps if each.run_id == self._plan.run_id and each.started_at)
        step = next((each.id for each in own_steps if each.is_unfinished), None)
        until = datetime.now(UTC)
        own = [] if step else [Activity(self._plan.run_id, Span(self._started, until))]
        spent = spending(self._session, self._cluster, own)
        return records.record(spent, step or self._plan.run_id, step, self._estimate)

    def _write(self) -> None:
        files, place = files_at(self._plan.parameters.out), self._plan.record
        record = json.loads(files.read_text(place) or "")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "record.json"
            file.write_text(
                json.dumps({**record, "cost": self.cost}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
            )
            files.put(file, place)
