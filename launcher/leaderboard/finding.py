"""The run that a user means: by its id, its name, its folder, or a tag."""

from collections.abc import Sequence
from functools import cached_property

from launcher.leaderboard.index import found_below
from launcher.leaderboard.runs import Run, runs_of
from launcher.support.files import resolved, shown
from lib import artifacts
from lib.errors import InputError, not_among, some

HELP = "a run's id, the folder of a model or of an evaluation, a tag, or latest"


class RunsBelow:
    """The runs below an output folder, which are looked for when one is asked for, once."""

    def __init__(self, out: str):
        self.out = out

    @cached_property
    def runs(self) -> Sequence[Run]:
        """All of them, the newest first."""
        return runs_of(found_below(self.out))

    def named(self, text: str) -> Run:
        """The run that a text names: see `the_run`."""
        return the_run(self.runs, text, self.out)


def run_below(out: str, text: str) -> Run:
    """The run below `out` that a text names: see `the_run`."""
    return RunsBelow(out).named(text)


def the_run(runs: Sequence[Run], text: str, out: str) -> Run:
    """The run that a text names; of several of one model, that of the model's own id.

    `latest` is the newest whose model is complete, as it is for a scoring.

    Raises:
        InputError: none is named so, or several are.
    """
    asked = text.rstrip("/").removesuffix(f"/{artifacts.PIPELINE}")
    if not asked:
        raise InputError(f"a run without a name: give {HELP}")
    if asked == artifacts.LATEST and runs:
        return _latest(runs, out)
    forms = {asked, resolved(asked)}
    found = [run for run in runs if run.name == asked] or [run for run in runs if forms & _names(run)]
    if len(found) > 1 and len({run.model_dir for run in found}) == 1:
        own = [run for run in found if run.eval_dir.endswith(f"/eval_{artifacts.run_id_of(run.model_dir)}")]
        found = own or found
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"{text} could be {some([run.name for run in found])}: give one of these names")
    if not runs:
        raise InputError(f"there is no run {text}: {shown(out)} has none; give the --out of the experiments")
    names = [run.name for run in runs]
    raise InputError(not_among(f"there is no run {text} in {shown(out)}", text, names, "the newest are", most=5))


def _latest(runs: Sequence[Run], out: str) -> Run:
    for run in runs:  # the newest come first
        if run.has_model:
            return run
    raise InputError(
        f"no run in {shown(out)} has a complete model; the state of the newest, {runs[0].name}, is "
        f"{runs[0].standing}: wait for it, or give the --out of another"
    )


def _names(run: Run) -> set[str]:
    places = {each for each in (run.model_dir, run.eval_dir) if each}
    folders = {place.rpartition("/")[2] for place in places}
    forms = [form for place in places for form in (place, shown(place), resolved(place))]
    return {run.run_id, *run.tags, *folders, *forms} - {""}


def complete_model(run: Run) -> str:
    """The folder of a run's model, for what must last.

    Raises:
        InputError: it is not complete, or not below the output folder.
    """
    if run.has_model:
        return run.model_dir
    raise InputError(f"run {run.name} has no complete model here: its state is {run.standing}")
