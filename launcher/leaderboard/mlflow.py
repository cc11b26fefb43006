"""Runs on an MLflow server, for those who have one: logged when they end, or later by `runs export --mlflow`.

The server is that of MLflow's own variables (MLFLOW_TRACKING_URI and the others). MLflow is imported only where that is
set: it takes a second, and is an extra.
"""

import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from launcher.leaderboard.details import details
from launcher.leaderboard.index import found_below
from launcher.leaderboard.mlflow_record import PLACE, RUN_ID, ToLog, to_log
from launcher.leaderboard.runs import WITH_RESULTS, Run, runs_of
from launcher.support.console import err, say
from launcher.support.files import files_at
from launcher.support.project import PROJECT_NAME
from lib.errors import ExperimentError, InputError, cut

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as Logged

VARIABLE = "MLFLOW_TRACKING_URI"
EXPERIMENT = PROJECT_NAME
"""The experiment in MLflow, if its variables name no other."""

Done = Literal["logged", "completed", "there already"]

# A run has ended, and its results are there, before the server is asked: it is not waited for. MLflow's own defaults
# are 120 seconds and 7 retries, minutes in all, for each of a dozen requests.
_IMPATIENT = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT": "30",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",
    # What it prints is not about the run; and it sends usage to its makers otherwise.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
_MOST_AT_ONCE = 100  # parameters and tags of one request
_LONGEST = {"params": 6000, "tags": 5000}


class MlflowFailed(ExperimentError):
    """The server, or MLflow on this side, did not do as asked."""


def tracking_uri() -> str:
    """The server that the environment names, "" if none."""
    return os.environ.get(VARIABLE, "").strip()


def log_finished(out: str, run_id: str, folders: tuple[str, ...]) -> None:
    """Log a run that has just ended, where a server is named; one that fails is a warning, and the run is as it is.

    `folders` are those of its model and its evaluation.
    """
    if not tracking_uri():
        return
    try:
        ended = [run for run in runs_of(found_below(out)) if run.run_id == run_id and _is_in(run, folders)]
        server = Server()
        for run in ended:
            server.log(run)
    except Exception as error:
        said = str(error).strip() or type(error).__name__
        say(f"The run is not in MLflow: {said}", err(), "yellow")


def _is_in(run: Run, folders: tuple[str, ...]) -> bool:
    return run.state in WITH_RESULTS and (run.eval_dir or run.model_dir) in folders


class Server:
    """The server that MLflow's variables name.

    Raises:
        InputError: none is named, or MLflow is not installed.
    """

    def __init__(self) -> None:
        self.uri = tracking_uri()
        if not self.uri:
            raise InputError(f"no MLflow server is named: set {VARIABLE}, as in {VARIABLE}=http://localhost:5000")
        for name, value in _IMPATIENT.items():
            os.environ.setdefault(name, value)
        self._client = self._connected()

    def _connected(self) -> "MlflowClient":
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of MLflow's own makers to themselves
                from mlflow import MlflowClient
        except ImportError as error:
            missing = error.name or str(error)
            raise InputError(
                f"{VARIABLE} is set, and MLflow is not installed ({missing} is missing): pip install mlflow-skinny, "
                f"or unset {VARIABLE}"
            ) from None
        for name in ("mlflow", "urllib3.connectionpool"):  # of each retry; what fails in the end is raised
            logging.getLogger(name).setLevel(logging.ERROR)
        with self._told():
            return MlflowClient(self.uri)

    def log(self, run: Run) -> Done:
        """Log a run, unless it is there; one whose logging was cut short is completed.

        Raises:
            MlflowFailed: the server did not take it.
            ExperimentError: its files cannot be read.
        """
        wanted = to_log(details(run))
        with self._told():
            there = self._of(wanted)
            if there and there.info.status == "FINISHED" and there.data.tags[PLACE] == wanted.places[0]:
                self._write(there.info.run_id, tags=wanted.tags)  # which may have moved
                return "there already"
            logged = there or self._begun(wanted)
            self._fill(logged.info.run_id, wanted)
            return "completed" if there else "logged"

    @cached_property
    def _experiment(self) -> str:
        """The id of the experiment in MLflow, which is made if it is not there."""
        if named := os.environ.get("MLFLOW_EXPERIMENT_ID"):
            return named
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT
        found = self._client.get_experiment_by_name(name)
        return found.experiment_id if found else self._made(name)

    def _made(self, name: str) -> str:
        try:
            return self._client.create_experiment(name)
        except Exception:
            # Another run may have made it just now.
            found = self._client.get_experiment_by_name(name)
            if found is None:
                raise
            return found.experiment_id

    def _of(self, wanted: ToLog) -> "Logged | None":
        """The run in MLflow that stands for one of ours: of its id, and of its place or, before it was evaluated, its
        model's."""
        run_id = wanted.run_id.replace("'", "")
        found = list(self._client.search_runs([self._experiment], f"tags.{RUN_ID} = '{run_id}'", max_results=1000))
        by_place = {each.data.tags.get(PLACE): each for each in reversed(found)}
        return next((by_place[place] for place in wanted.places if place in by_place), None)

    def _begun(self, wanted: ToLog) -> "Logged":
        own = {name: wanted.tags[name] for name in (RUN_ID, PLACE)}
        return self._client.create_run(self._experiment, wanted.started, tags=own, run_name=wanted.name)

    def _fill(self, logged: str, wanted: ToLog) -> None:
        """Write all that is known of a run, and, last of all, that it is finished."""
        self._write(logged, metrics=wanted.metrics, params=wanted.params, at=wanted.finished or 0)
        with tempfile.TemporaryDirectory() as folder:
            for place, below in wanted.files:
                content = files_at(place).read_bytes(place)
                if content is not None:  # removed meanwhile
                    copy = Path(folder, below, place.rpartition("/")[2])
                    copy.parent.mkdir(exist_ok=True)
                    copy.write_bytes(content)
            self._client.log_artifacts(logged, folder)
        self._write(logged, tags=wanted.tags)
        self._client.set_terminated(logged, "FINISHED", wanted.finished)

    def _write(
        self,
        logged: str,
        metrics: Mapping[str, float] | None = None,
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        at: int = 0,
    ) -> None:
        """Write figures, parameters and tags, as many at once as the server takes."""
        from mlflow.entities import Metric, Param, RunTag

        for some in _portions(metrics or {}):
            self._client.log_batch(logged, metrics=[Metric(name, value, at, 0) for name, value in some])
        for some in _portions(params or {}):
            self._client.log_batch(logged, params=[Param(name, cut(value, _LONGEST["params"])) for name, value in some])
        for some in _portions(tags or {}):
            self._client.log_batch(logged, tags=[RunTag(name, cut(value, _LONGEST["tags"])) for name, value in some])

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn whatever MLflow raises into one sentence, without the password that a URI may have."""
        try:
            yield
        except ExperimentError:
            raise
        except Exception as error:
            lines = str(error).strip().splitlines() or [type(error).__name__]
            why = cut(lines[0].replace(self.uri, self.shown_uri), 300)
            raise MlflowFailed(
                f"the MLflow server {self.shown_uri} failed ({why}): check {VARIABLE} and the server; "
                "runs export --mlflow logs the run later"
            ) from error

    @property
    def shown_uri(self) -> str:
        """The server's URI, without a password."""
        parts = urlsplit(self.uri)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _portions(values: Mapping[str, Any]) -> Iterator[list[tuple[str, Any]]]:
    items = list(values.items())
    for start in range(0, len(items), _MOST_AT_ONCE):
        yield items[start : start + _MOST_AT_ONCE]
