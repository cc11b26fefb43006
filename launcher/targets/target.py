"""The seam between a run and where its Spark is."""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from pkgutil import resolve_name
from typing import Protocol

from launcher.experiment.plan import Plan, Step
from launcher.parameters.schema import Parameters
from launcher.targets.cell_failure import CellFailure, NotebookFailed, NotebookRefused
from lib.errors import ExperimentError, InputError

SPARK_LOG = "spark.log"


class Target(Protocol):
    """Where the notebooks' Spark code runs.

    `kernel` is the Jupyter kernel that takes it there, `cell_timeout` the seconds a cell may take (None: no limit).
    """

    kernel: str
    cell_timeout: int | None

    def notebook(self, step: Step, scratch: Path) -> AbstractContextManager[Mapping[str, str]]:
        """What a notebook needs while it runs; gives the environment variables of its kernel."""

    def explain(self, step: Step, failure: CellFailure, executed: Path) -> ExperimentError:
        """The error to raise for a cell that failed; called while its kernel is still there.

        `executed` is the notebook as far as it came; noise of the target's own may be taken out of it.
        """

    def check_executed(self, executed: Path) -> None:
        """Raise if an executed notebook claims success wrongly."""


class LocalTarget:
    """Spark in the kernel's own process."""

    cell_timeout: int | None = None

    def __init__(self, kernel: str, properties: Mapping[str, str] | None = None):
        self.kernel, self._properties = kernel, properties or {}

    @contextmanager
    def notebook(self, step: Step, scratch: Path) -> Iterator[Mapping[str, str]]:
        """The file for Spark's output, and its settings."""
        # Brings PySpark, which a cluster's primary node does not have where papermill is.
        from launcher.local_spark import LOG_VARIABLE, SETTINGS_VARIABLE

        given = {SETTINGS_VARIABLE: json.dumps(self._properties)} if self._properties else {}
        yield {LOG_VARIABLE: str(scratch / SPARK_LOG), **given}

    def explain(self, step: Step, failure: CellFailure, executed: Path) -> ExperimentError:
        """An error of `lib` about what the user gave is a refusal; every other is a failure."""
        if failure.kind and issubclass(failure.kind, InputError):
            return NotebookRefused(step.notebook.name, failure)
        return NotebookFailed(step.notebook.name, failure)

    def check_executed(self, executed: Path) -> None:
        """Nothing fails silently here."""


@contextmanager
def local_target(plan: Plan) -> Iterator[LocalTarget]:
    """The target of a plan that runs on this machine."""
    from launcher.kernels import LOCAL
    from launcher.local_spark import SHORT_SESSION

    # Spark ML's own training runs in the JVM, and long; everything else there is short.
    brief = {} if plan.parameters.engine == "spark" else SHORT_SESSION
    yield LocalTarget(LOCAL, {**brief, **plan.parameters.spark.properties()})


@contextmanager
def local_kernels(parameters: Parameters) -> Iterator[Mapping[str, str]]:
    """The environment of a Jupyter server for people who explore on this machine.

    The notebooks name the cluster's kernel. There, that name means the local one, so that nobody has to choose, and a
    notebook that was saved still opens on a cluster.
    """
    from launcher.kernels import CLUSTER, own_local_kernel, write_spec
    from launcher.local_spark import SETTINGS_VARIABLE

    with tempfile.TemporaryDirectory(prefix="kernels-") as folder:
        write_spec(Path(folder, "kernels", CLUSTER), own_local_kernel())
        path = os.pathsep.join(filter(None, [folder, os.environ.get("JUPYTER_PATH")]))
        properties = parameters.spark.properties()
        yield {"JUPYTER_PATH": path, **({SETTINGS_VARIABLE: json.dumps(properties)} if properties else {})}


def target_of(plan: Plan) -> AbstractContextManager[Target]:
    """The target that a plan names, connected and ready.

    Raises:
        InputError: what it needs is not given or may not be used, or runs are sent there and not followed from here.
    """
    spec = plan.parameters.cluster.runs_on
    if spec.is_detached:
        raise InputError(f"an experiment with --target {spec.name} does not run here: it is submitted to the cluster")
    # Imported now: a target may bring boto3, requests and sparkmagic's needs.
    opened: AbstractContextManager[Target] = resolve_name(spec.opens)(plan)
    return opened
