"""Experiments in miniature: four notebooks that leave what real ones leave, on a plain Python kernel."""

import json
from pathlib import Path

import nbformat
import typer

from launcher.experiment.plan import Plan, make_plan
from launcher.parameters.schema import Parameters
from launcher.running.run import run
from launcher.support.outcomes import command_body
from launcher.targets.target import LocalTarget
from tests.lib import records

RUN_ID = "20260131_235959"
KERNEL = "python3"
GRID = {"RandomForest": {"numTrees": [5, 10]}, "GBT": {"maxIter": [3]}}

EXPLORE = "print('rows', input_data)"
# Both take the id of the run from their parameters.
_SUMMARY, _METRICS = json.dumps(records.summary("")), json.dumps(records.metrics(""))
TRAIN = f"""
import json, pathlib
folder = pathlib.Path(model_dir)
(folder / "metrics").mkdir(parents=True)
(folder / "pipeline_best" / "metadata").mkdir(parents=True)
summary = json.loads({_SUMMARY!r}) | {{"run_id": run_id}}
(folder / "metrics" / "summary.json").write_text(json.dumps(summary))
"""
EVALUATE = f"""
import json, pathlib
folder = pathlib.Path(eval_dir)
folder.mkdir(parents=True)
(folder / "curves.json").write_text("{{}}")
metrics = json.loads({_METRICS!r}) | {{"run_id": run_id}}
(folder / "metrics.json").write_text(json.dumps(metrics))
"""
REPORT = """
import pathlib
(pathlib.Path(eval_dir) / "EVALUATION_REPORT.md").write_text("# Report")
"""
WAIT = """
import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
pathlib.Path(out, "waiting").write_text(str(child.pid))
time.sleep(300)
"""

_DECLARED = (
    'input_data = ""\nresume = False\ntest_data = None\ngrid = {}\nout = ""\nrun_id = ""\nmodel_dir = ""\neval_dir = ""'
)


def write_notebooks(
    folder: Path, *, explore: str = EXPLORE, train: str = TRAIN, evaluate: str = EVALUATE, report: str = REPORT
) -> Path:
    """Four notebooks, each a parameters cell and one cell of code."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in zip(
        ("01_explore", "02_train", "03_evaluate", "04_report"), (explore, train, evaluate, report), strict=True
    ):
        parameters = nbformat.v4.new_code_cell(_DECLARED, metadata={"tags": ["parameters"]})
        cells = [nbformat.v4.new_markdown_cell(f"# {name}"), parameters, nbformat.v4.new_code_cell(source.strip())]
        notebook = nbformat.v4.new_notebook(cells=cells)
        notebook.metadata.kernelspec = {"name": "pysparkkernel", "language": "python", "display_name": "PySpark"}
        nbformat.write(notebook, folder / f"{name}.ipynb")
    return folder


def plan(folder: Path, notebooks: Path, **values: object) -> Plan:
    """A plan to run these notebooks into `folder / "out"`."""
    given = {"run_id": RUN_ID, "out": str(folder / "out"), "grid": GRID, **values}
    return make_plan(Parameters.model_validate(given), notebooks)


def main(folder: Path, notebooks: Path, max_hours: float | None = None) -> None:
    """Run these notebooks as the command line does."""
    with command_body(debug=False):
        run(plan(folder, notebooks, cluster={"max_hours": max_hours}), LocalTarget(KERNEL))


if __name__ == "__main__":  # python -m tests.launcher.experiments FOLDER NOTEBOOKS [--max-hours N]
    typer.run(main)
