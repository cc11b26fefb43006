"""Small runs through Livy, and what they leave."""

from pathlib import Path
from typing import Any

from launcher.experiment.plan import Plan, make_plan
from launcher.parameters.schema import check
from launcher.running.runner import Run
from launcher.targets.livy.client import LivyClient
from launcher.targets.target import target_of
from tests.launcher.experiments import write_notebooks
from tests.livy.conftest import DRIVER_MEMORY

RUN_ID = "20260131_235959"
TINY_GRID = {"RandomForest": {"numTrees": [3], "maxDepth": [3]}, "GBT": {"maxIter": [2], "maxDepth": [2]}}


class Steps:
    """An observer that does nothing, but what it is told to at each cell."""

    def __init__(self, at_cell: Any = None):
        self._at_cell = at_cell

    def step_started(self, step: Any, number: int) -> None:
        pass

    def cell_started(self, number: int) -> None:
        if self._at_cell:
            self._at_cell(number)

    def step_done(self, step: Any) -> None:
        pass


def small_plan(folder: Path, url: str, out: str, settings: dict[str, Any], cell: str, **sections: Any) -> Plan:
    """A plan whose first notebook has one cell of one's own; further settings go in `cluster` and `spark`."""
    parameters = check(
        {
            "input_data": ["s3://nowhere/x"],
            "out": out,
            "run_id": RUN_ID,
            "grid": TINY_GRID,
            "evaluate": False,
            "cluster": {"livy_url": url, **sections.get("cluster", {})},
            "spark": {"driver_memory": DRIVER_MEMORY, "conf": settings, **sections.get("spark", {})},
        }
    )
    return make_plan(parameters, write_notebooks(folder / "notebooks", explore=cell))


def run(plan: Plan, steps: Steps | None = None) -> dict[str, Any]:
    """Run a plan on the target it names."""
    with target_of(plan) as target:
        return Run(plan, [steps or Steps()], target)()


def sessions(url: str) -> list[int]:
    """Ids of the sessions that a server has."""
    return [each["id"] for each in LivyClient(url).sessions()]
