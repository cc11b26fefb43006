"""The code of a run, kept beside its model where no commit has it."""

from contextlib import suppress

from launcher.experiment.plan import Plan, Step
from launcher.support import packaging
from launcher.support.files import files_at, put_content
from lib import artifacts
from lib.errors import ExperimentError


class SourceKeeper:
    """An observer of a run that takes the code when the run starts, and keeps it as soon as there is a model's folder.

    The training makes that folder: it refuses one that is there.
    """

    def __init__(self, plan: Plan):
        self._plan = plan
        self._content = _changed_code(plan)

    def step_started(self, step: Step, number: int) -> None:
        """Keep it, if there is a folder."""
        self.keep()

    def cell_started(self, number: int) -> None:
        """Keep it, if there is a folder."""
        self.keep()

    def step_done(self, step: Step) -> None:
        """Keep it, if there is a folder."""
        self.keep()

    def keep(self) -> None:
        """Write it, if there is a folder and it is not there; the run goes on if that fails."""
        if self._content is None:
            return
        folder = self._plan.model_dir
        with suppress(ExperimentError, OSError):
            files = files_at(self._plan.parameters.out)
            if not files.exists(f"{folder}/{artifacts.EXPERIMENT}"):
                return
            if not files.exists(f"{folder}/{artifacts.SOURCE_ZIP}"):  # of the beginning, where a run is taken up
                put_content(files, self._content, f"{folder}/{artifacts.SOURCE_ZIP}")
            self._content = None


def _changed_code(plan: Plan) -> bytes | None:
    """The code as it stands here, if the run trains and it is not that of a commit."""
    if plan.is_scoring or not plan.trains:
        return None
    commit = (plan.provenance or plan.own_provenance())["commit"]
    return packaging.project(plan.parameters.out)[1] if commit is None or commit["dirty"] else None
