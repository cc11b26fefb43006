"""What a run (an experiment, or a scoring) will do: its steps, notebooks and parameters, and where everything will be.

Making a plan touches nothing, so `--dry-run` shows it and a run follows it.
"""

import ast
import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from launcher.experiment import results
from launcher.parameters.schema import Parameters
from launcher.support.files import Files, files_at, shown
from launcher.support.masking import masked_words
from launcher.support.project import PROJECT
from lib import artifacts
from lib.errors import ExperimentError, InputError
from lib.records.model import EXPERIMENT

# Where a file that git does not know can change what a run does; elsewhere it is data or a result.
_CODE = ("lib", "launcher", "notebooks", "scripts", "params", "run_experiment.py", "pyproject.toml")

# Decides which steps run, so no notebook needs it.
_LAUNCHER_ONLY = {"evaluate", "cluster", "spark"}
# What the notebooks after the training are told; recorded with the model, for runs that are taken up.
_AFTER_TRAINING = ("test_data", "seen", "fail_below", "fail_on_drift", "language")


@dataclass(frozen=True)
class Step:
    """One notebook of an experiment.

    `check`, where the step leaves a result, reads it from the run's `folder` (a key of `Plan.folders`) and raises
    unless it is complete; the executed notebook is kept in that folder.
    """

    name: str
    notebook: Path
    folder: str
    check: Callable[[Files, str, str], Any] | None = None


@dataclass(frozen=True)
class Plan:
    """An experiment about to run."""

    parameters: Parameters
    run_id: str
    steps: tuple[Step, ...]
    all_notebooks: tuple[Path, ...]
    command: str
    provenance: Mapping[str, Any] | None = None  # of the submitting machine, if that is another one

    @property
    def model_dir(self) -> str:
        """Where the model will be."""
        return artifacts.model_dir(self.parameters.out, self.run_id)

    @property
    def eval_dir(self) -> str:
        """Where metrics, plots and report will be."""
        return artifacts.eval_dir(self.parameters.out, self.run_id)

    @property
    def is_scoring(self) -> bool:
        """Whether it uses a model instead of training one."""
        return bool(self.parameters.model)

    @property
    def trains(self) -> bool:
        """Whether it makes a model; one that is taken up may have made it already."""
        return any(step.name == "train" for step in self.steps)

    @property
    def title(self) -> str:
        """What it is, on its first line."""
        return f"{'Scoring' if self.is_scoring else 'Experiment'} {self.run_id}"

    @property
    def score_dir(self) -> str:
        """Where the scores will be."""
        return artifacts.score_dir(self.parameters.out, self.run_id)

    @property
    def folders(self) -> dict[str, str]:
        """Where results will be: the name of each folder as users call it, and its place."""
        if self.is_scoring:
            return {"scores": self.score_dir}
        results = {"results": self.eval_dir} if self.parameters.evaluate else {}
        return {"model": self.model_dir, **results}

    @property
    def record(self) -> str:
        """The file that holds the facts of the run, its cost among them."""
        if self.is_scoring:
            return f"{self.score_dir}/{artifacts.SCORES_RECORD}"
        return f"{self.model_dir}/{artifacts.EXPERIMENT}"

    @property
    def failed_dir(self) -> str:
        """Where the notebooks of a failed run are kept."""
        return artifacts.failed_dir(self.parameters.out, self.run_id)

    @property
    def cluster_id(self) -> str:
        """The EMR cluster that it runs on; "" if there is none, or only its Livy is known."""
        cluster = self.parameters.cluster
        return cluster.id if cluster.runs_on.on_emr_cluster else ""

    def folder(self, step: Step) -> str:
        """Where a step's result will be."""
        return self.folders[step.folder]

    def values(self) -> dict[str, Any]:
        """Every value that a notebook may declare in its parameters cell."""
        return {
            **self.parameters.model_dump(),
            "run_id": self.run_id,
            "model_dir": self.model_dir,
            "eval_dir": self.eval_dir,
            "provenance": self.provenance or self.own_provenance(),
        }

    def own_provenance(self) -> dict[str, Any]:
        """What started the run, as this machine knows it."""
        after = {name: getattr(self.parameters, name) for name in _AFTER_TRAINING}
        return {"command": self.command, "commit": commit(PROJECT), "after_training": after}


def make_plan(parameters: Parameters, notebooks: Path = PROJECT / "notebooks", argv: Sequence[str] = ()) -> Plan:
    """Plan an experiment; the run gets its id here.

    Raises:
        ExperimentError: a notebook is missing, or a parameter was set that no notebook takes.
    """
    steps = (
        Step("explore", notebooks / "01_explore.ipynb", "model"),
        Step("train", notebooks / "02_train.ipynb", "model", results.summary),
        Step("evaluate", notebooks / "03_evaluate.ipynb", "results", results.metrics),
        Step("report", notebooks / "04_report.ipynb", "results", results.report),
    )
    scoring = (Step("score", notebooks / "05_score.ipynb", "scores", results.scores),)
    wanted = scoring if parameters.model else steps if parameters.evaluate else steps[:2]
    # The parameters file of an experiment serves the scoring with its model, too.
    taking = (*steps, *scoring) if parameters.model else steps
    run_id = parameters.run_id or artifacts.new_run_id()
    plan = Plan(parameters, run_id, wanted, tuple(s.notebook for s in taking), shlex.join(argv))
    _check_every_parameter_is_taken(plan)
    return plan


def with_distinct_ids(plans: Sequence[Plan]) -> list[Plan]:
    """Plans of several runs, whose ids must differ: one that another has becomes that of the next second.

    Raises:
        InputError: an id that was asked for is another's, too.
    """
    distinct: list[Plan] = []
    for plan in plans:
        ids = {each.run_id for each in distinct}
        if plan.parameters.run_id and plan.run_id in ids:
            raise InputError(f"run_id={plan.run_id}: several experiments cannot have one id; leave it empty")
        while not plan.parameters.run_id and plan.run_id in ids:
            plan = replace(plan, run_id=artifacts.next_run_id(plan.run_id))
        distinct.append(plan)
    return distinct


def declared(notebook: Path) -> set[str]:
    """The names that a notebook's parameters cell sets."""
    for cell in _code_cells(notebook):
        if "parameters" in cell["metadata"].get("tags", []):
            statements = ast.parse("".join(cell["source"])).body
            targets = [target for statement in statements for target in _targets(statement)]
            return {target.id for target in targets if isinstance(target, ast.Name)}
    return set()


def count_cells(notebook: Path) -> int:
    """The number of code cells in a notebook."""
    return len(_code_cells(notebook))


def _code_cells(notebook: Path) -> list[dict[str, Any]]:
    try:
        # Read as the JSON it is: nbformat would take longer to import than everything else here together.
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    except FileNotFoundError:
        raise ExperimentError(f"the notebook {notebook} is missing; is the project complete?") from None
    return [cell for cell in cells if cell["cell_type"] == "code"]


def _targets(statement: ast.stmt) -> list[ast.expr]:
    if isinstance(statement, ast.Assign):
        return statement.targets
    return [statement.target] if isinstance(statement, ast.AnnAssign) else []


def _check_every_parameter_is_taken(plan: Plan) -> None:
    """Refuse what would be silently ignored: papermill only warns of parameters that a notebook does not know."""
    taken = set().union(*(declared(notebook) for notebook in plan.all_notebooks)) | _LAUNCHER_ONLY
    defaults = Parameters()
    for name, value in plan.parameters:
        if name not in taken and value != getattr(defaults, name):
            raise ExperimentError(f"no notebook takes the parameter {name}: its parameters cell lacks it")


def this_command() -> list[str]:
    """The command line as it was typed, for the record."""
    return ["python", *masked_words(sys.argv)]


def recorded_parameters(out: str, model: str) -> dict[str, Any]:
    """The parameters that an experiment which died was begun with, and those that take it up.

    Whether what was begun may be taken up (same data, same code) only the training itself can tell.

    Raises:
        InputError: `model` is not the name of a model, none of it was begun below `out`, or its record is damaged.
    """
    run_id = artifacts.run_id_of(model)
    if not run_id:
        raise InputError(f"--resume {model}: must be the name of a model, model_YYYYMMDD_HHMMSS")
    folder = artifacts.model_dir(out, run_id)
    place = f"{folder}/{artifacts.EXPERIMENT}"
    text = files_at(out).read_text(place)
    if text is None:
        raise InputError(
            f"--resume {model}: no search has started in {shown(folder)} ({artifacts.EXPERIMENT} is missing); check "
            "the name and --out, or start a new experiment"
        )
    record = EXPERIMENT.parse(text, place)
    return {**record["parameters"], **record.get("after_training", {}), "run_id": run_id, "resume": True}


def commit(project: Path) -> dict[str, Any] | None:
    """The commit that `project` stands at, and whether it is `dirty`; None outside git.

    Dirty is a project with a change, staged or not, to any file that git tracks, or with a new file where its code is
    (`_CODE`). A new file elsewhere, such as a table or a folder of results, cannot change what a run does.
    """
    sha = _git(project, "rev-parse", "HEAD")
    if not sha:
        return None
    changed = _git(project, "status", "--porcelain", "--untracked-files=no", "--", ".")
    new = _git(project, "ls-files", "--others", "--exclude-standard", "--", *_CODE)
    return {"sha": sha, "dirty": bool(changed or new)}


def _git(project: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(project), *arguments], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
