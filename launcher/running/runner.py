"""Runs an experiment's notebooks, one after the other, and keeps what they leave.

Notebooks execute in a temporary folder and are published beside a result once that result is known to be complete;
those of a failed run are kept apart, under `<out>/failed/<run_id>/`.
"""

import logging
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import papermill

from launcher.experiment.plan import Plan, Step, declared
from launcher.experiment.resuming import earlier_results
from launcher.running import room
from launcher.running.kernel_process import running_kernel
from launcher.running.publish import publish
from launcher.support.disks import DiskFull, disk_full
from launcher.support.files import Files, files_at, shown
from launcher.targets.cell_failure import CellFailure
from launcher.targets.target import Target
from lib import artifacts
from lib.errors import ExperimentError, InputError

KERNEL_LOG = "kernel.log"
# What papermill has to say, we say.
logging.getLogger("papermill").setLevel(logging.CRITICAL)
# Seconds. A kernel is slow to start on a busy machine; the last outputs of a cell may be large figures.
_START_TIMEOUT, _OUTPUT_TIMEOUT = 120, 60


class Observer(Protocol):
    """Gets notified of a run's progress."""

    def step_started(self, step: Step, number: int) -> None:
        """A notebook, the `number`-th from 1, is about to run."""

    def cell_started(self, number: int) -> None:
        """The `number`-th cell of code in the notebook, from 1, is about to run."""

    def step_done(self, step: Step) -> None:
        """A notebook has run and its result, where it leaves one, is complete."""


@dataclass
class Run:
    """One experiment being run on one target."""

    plan: Plan
    observers: Sequence[Observer]
    target: Target
    results: dict[str, Any] = field(default_factory=dict)

    def __call__(self) -> dict[str, Any]:
        """Run all steps; return what they left, by step name: the summary, the metrics, the report.

        What an earlier run left complete of an experiment that is taken up is among them.

        A model or maps that are not complete stay as far as they came (without summary.json or scores.json), so that
        they can be resumed; an evaluation or scores of a table that are not complete are removed.

        Raises:
            InputError: a notebook found that what the user gave cannot be used.
            ExperimentError: a cell raised, or a result is not there or incomplete; the notebooks are kept.
        """
        files = files_at(self.plan.parameters.out)
        self.results.update(earlier_results(self.plan))
        if "train" in self.results and "evaluate" not in self.results:
            files.remove(self.plan.eval_dir)  # as far as an evaluation came that was stopped
        with tempfile.TemporaryDirectory(prefix="experiment-") as folder:
            scratch = Path(folder)
            try:
                self._run_steps(files, scratch)
            except InputError:
                raise
            except Exception as error:
                reason = self._full_disk(error) or error
                self._keep_evidence(reason, files, scratch)
                if reason is error:
                    raise
                raise reason from error
            finally:
                if "train" in self.results and "evaluate" not in self.results:
                    files.remove(self.plan.eval_dir)
                if self.plan.is_scoring and "score" not in self.results:
                    self._remove_scores(files)
        return self.results

    def _full_disk(self, error: Exception) -> DiskFull | None:
        """What helps if a disk of this machine is full; Spark's own temporary files are beside ours."""
        elsewhere = "free some space, or name a folder on another disk with"
        out, temporary = self.plan.parameters.out, tempfile.gettempdir()
        needs = {out: room.of_results(self.plan), temporary: room.of_temporary_files(self.plan)}
        return disk_full(error, {out: f"{elsewhere} --out", temporary: f"{elsewhere} TMPDIR"}, needs)

    def _remove_scores(self, files: Files) -> None:
        if not files.exists(f"{self.plan.score_dir}/{artifacts.WINDOWS}"):
            files.remove(self.plan.score_dir)

    def _run_steps(self, files: Files, scratch: Path) -> None:
        executed: list[Path] = []
        values = self.plan.values()
        for number, step in enumerate(self.plan.steps, start=1):
            for each in self.observers:
                each.step_started(step, number)
            executed.append(self._execute(step, values, scratch))
            if step.check:
                folder = self.plan.folder(step)
                self.results[step.name] = step.check(files, folder, self.plan.run_id)
                for notebook in executed:
                    for file in publish(notebook):
                        files.put(file, f"{folder}/{artifacts.NOTEBOOKS}/{file.name}")
                        file.unlink()
                executed.clear()
            for each in self.observers:
                each.step_done(step)

    def _execute(self, step: Step, values: dict[str, Any], scratch: Path) -> Path:
        """Execute a notebook into the scratch folder; a failure names the cell."""
        output = scratch / step.notebook.name
        known = declared(step.notebook)
        running = _RunningCell(self.observers)
        with (
            self.target.notebook(step, scratch) as environment,
            running_kernel(self.target.kernel, scratch / KERNEL_LOG, environment) as manager,
        ):
            try:
                papermill.execute_notebook(
                    _literal(step.notebook),
                    _literal(output),
                    {name: value for name, value in values.items() if name in known},
                    kernel_name=self.target.kernel,
                    language="python",
                    progress_bar=False,
                    start_timeout=_START_TIMEOUT,
                    iopub_timeout=_OUTPUT_TIMEOUT,
                    timeout_func=lambda cell: running.limit(self.target.cell_timeout),
                    km=manager,
                    on_cell_execute=running.started,
                    on_cell_error=running.failed,
                )
            except Exception as error:
                # While the kernel still exists: it may be asked what happened.
                failure = running.failure(error, scratch / KERNEL_LOG)
                raise self.target.explain(step, failure, output) from error
        self.target.check_executed(output)
        return output

    def _keep_evidence(self, error: Exception, files: Files, scratch: Path) -> None:
        """Copy the notebooks that are not published, and the logs, to the failed runs; the error says where."""
        try:
            for file in sorted(scratch.iterdir()):
                if file.stat().st_size:
                    files.put(file, f"{self.plan.failed_dir}/{file.name}")
        except (OSError, ExperimentError) as problem:
            error.add_note(f"Notebooks and logs could not be kept in {shown(self.plan.failed_dir)}: {problem}")
            return
        error.add_note(f"Notebooks and logs are kept in {shown(self.plan.failed_dir)}")
        if isinstance(error, ExperimentError):
            error.kept_at = self.plan.failed_dir


class _RunningCell:
    """Remembers the cell that runs, for errors that do not name it, and passes its number on."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = observers
        self.source = ""
        self.count: int | None = None
        self._reply: Mapping[str, Any] | None = None

    def started(self, cell: Any, cell_index: int) -> None:
        self.source, self.count = cell.source, (self.count or 0) + 1
        for each in self._observers:
            each.cell_started(self.count)

    def failed(self, cell: Any, cell_index: int, execute_reply: Mapping[str, Any]) -> None:
        self._reply = execute_reply["content"]

    def failure(self, error: Exception, log: Path) -> CellFailure:
        """What there is to know of the error that ended the notebook; `log` is the kernel's."""
        if self.count is None and isinstance(error, RuntimeError):  # Jupyter's, where a kernel does not come up
            return CellFailure.before_any(log.read_text(errors="replace"))
        return CellFailure.of(error, self.source, self.count, self._reply)

    def limit(self, seconds: int | None) -> int | None:
        """Seconds that the cell may take. The first one waits for Spark, which has a limit of its own."""
        return None if self.count == 1 else seconds


def _literal(path: Path) -> str:
    """A path that papermill, which fills in {names}, leaves as it is."""
    return str(path).replace("{", "{{").replace("}", "}}")
