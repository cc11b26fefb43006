"""What a detached run and its watchers tell each other: files below `<out>/steps/<run_id>/`.

params.yaml       the parameters, complete, as they were submitted
provenance.json   command and commit that submitted it
step.json         the step that runs it
status.json       how far it has come, and in the end why it failed
"""

import json
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from launcher.experiment.plan import Plan, Step, make_plan
from launcher.parameters.schema import check
from launcher.support.files import Files, files_at, put_content
from launcher.support.masking import masked_text
from lib import artifacts
from lib.errors import ExperimentError, InputError

PARAMS, PROVENANCE, STEP, STATUS = "params.yaml", "provenance.json", "step.json", "status.json"


class StepTime(BaseModel):
    """A notebook that has started: its step's name, and its start and end in seconds since 1970."""

    name: str
    started: float
    ended: float | None = None


class Status(BaseModel):
    """How far a run has come. `cell` is of the last step.

    `exit_code` is there once the run is over; with a failure, so is what `lib.errors.ExperimentError` carries: `error`
    (its message), `cause`, `settings` and `kept_at`.
    """

    steps: list[StepTime] = []
    cell: int = 0
    error: str = ""
    cause: str = ""
    settings: dict[str, str] = {}
    kept_at: str = ""
    exit_code: int | None = None


@dataclass(frozen=True)
class StepFiles:
    """The files of one run, in `folder`."""

    files: Files
    folder: str

    @classmethod
    def of(cls, out: str, run_id: str) -> "StepFiles":
        """The files of a run below an output folder."""
        return cls(files_at(out), artifacts.step_dir(out, run_id))

    def submit(self, plan: Plan) -> None:
        """Write what the run is to do, and forget how an earlier one of this id went."""
        parameters = {**plan.parameters.model_dump(), "run_id": plan.run_id}
        content = yaml.safe_dump(parameters, sort_keys=False, allow_unicode=True)
        self._put(PROVENANCE, json.dumps(plan.own_provenance(), indent=1))
        for earlier in (STATUS, STEP):
            self.files.remove(f"{self.folder}/{earlier}")
        self._put(PARAMS, content)

    def was_prepared(self) -> bool:
        """Whether a submission came as far as to write what the run is to do; the step may be there, or not."""
        return self.files.exists(f"{self.folder}/{PARAMS}")

    def step_id(self) -> str:
        """The step that runs it; "" where the submission did not come as far as to note it."""
        try:
            return str(json.loads(self.files.read_text(f"{self.folder}/{STEP}") or "{}").get("step", ""))
        except (ValueError, AttributeError):  # cut short, or not ours
            return ""

    def note_step(self, cluster_id: str, step_id: str) -> None:
        """Note the step that runs it; without that note it can still be found among the cluster's steps."""
        with suppress(ExperimentError, OSError):
            self._put(STEP, json.dumps({"cluster": cluster_id, "step": step_id}))

    def plan(self) -> Plan:
        """The run as it was submitted.

        Raises:
            InputError: it was not, or by a version of the project that knows other parameters.
        """
        parameters = check(self._yaml(PARAMS), {})
        return replace(make_plan(parameters), provenance=self._yaml(PROVENANCE))

    def status(self) -> Status:
        """How far the run has come; empty before it runs."""
        try:
            return Status.model_validate_json(self.files.read_text(f"{self.folder}/{STATUS}") or "{}")
        except ValidationError:
            return Status()

    def write_status(self, status: Status) -> None:
        """Record how far the run has come; the run continues if that fails."""
        with suppress(ExperimentError, OSError):
            self._put(STATUS, status.model_dump_json())

    def _put(self, name: str, content: str) -> None:
        put_content(self.files, content.encode(), f"{self.folder}/{name}")

    def _yaml(self, name: str) -> dict[str, Any]:
        place = f"{self.folder}/{name}"
        try:
            content = yaml.safe_load(self.files.read_text(place) or "")
        except (yaml.YAMLError, ValueError, RecursionError):  # ValueError: a date that is none
            content = None
        if not isinstance(content, dict):
            raise InputError(f"{place} is missing or incomplete: submit the experiment again")
        return content


class StatusWriter:
    """An observer of a run that keeps its `status.json`."""

    def __init__(self, step_files: StepFiles):
        self._files = step_files
        self._status = Status()

    def step_started(self, step: Step, number: int) -> None:
        """Note that a notebook has begun."""
        self._status.steps.append(StepTime(name=step.name, started=time.time()))
        self.cell_started(0)

    def cell_started(self, number: int) -> None:
        """Note the cell."""
        self._status.cell = number
        self._files.write_status(self._status)

    def step_done(self, step: Step) -> None:
        """Note that a notebook is done."""
        self._status.steps[-1].ended = time.time()
        self._files.write_status(self._status)

    def over(self, exit_code: int, error: str = "", failure: ExperimentError | None = None) -> None:
        """Note how the run ended; `failure` is this project's error that ended it, if one did."""
        self._status.exit_code, self._status.error = exit_code, masked_text(error)
        if failure:
            self._status.cause, self._status.kept_at = failure.cause, failure.kept_at
            self._status.settings = dict(failure.settings)
        self._files.write_status(self._status)
