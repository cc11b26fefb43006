"""Follows a detached run from here: where it is, and in the end its results or why there are none.

What happens here does not touch the run: it goes on when this is stopped, and can be followed again.
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from rich.console import Console

from launcher.detached.outcome import results_of
from launcher.emr.cost import records
from launcher.emr.steps import Step, describe_step, unfinished_if_told
from launcher.experiment.plan import Plan
from launcher.experiment.search_log import SearchLog
from launcher.experiment.submitted import Status, StepFiles
from launcher.leaderboard import mlflow
from launcher.running.gate import check_gate
from launcher.running.progress import Progress
from launcher.running.screens import show_results
from launcher.support import aws
from launcher.support.command_lines import command_line
from launcher.support.console import duration, say
from launcher.support.interrupts import Interrupted
from launcher.support.watching import patiently
from lib import artifacts
from lib.errors import InputError

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient

    from launcher.running.runner import Observer

# Seconds between two looks, at first and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 10.0


def follow(session: boto3.Session, cluster_id: str, step_id: str, console: Console, cluster_stays: bool = True) -> None:
    """Show a run's progress until its step has ended, then its results.

    If this is stopped, the run goes on where the cluster stays.

    However long that takes: there is no time limit, and AWS may be out of reach for ten minutes.

    Raises:
        GateFailed: it is complete, and not good enough.
        StepFailed: it failed, was cancelled, or its cluster ended; carries the run's own exit code.
        InputError: there is no such step, or it is no experiment.
        NotLoggedIn: the credentials expired meanwhile; the run goes on.
        AwsUnavailable: AWS was out of reach for ten minutes; the run goes on.
    """
    emr = aws.client("emr", session)
    step = describe_step(emr, cluster_id, step_id)
    if step.run_id is None or step.out is None:
        raise InputError(
            f"step {step_id} of cluster {cluster_id} is not an experiment of this project: there is nothing to follow"
        )
    try:
        step_files = StepFiles.of(step.out, step.run_id)
        plan = step_files.plan()
        step, status = _watch(_Look(emr, cluster_id, step, console), step_files, plan, console)
        results = results_of(step, status, plan, emr, cluster_id)
    except (Interrupted, aws.NotLoggedIn, aws.AwsRefused, aws.AwsUnavailable) as stop:
        if cluster_stays:
            stop.add_note(f"Step {step_id} continues; follow it again with: {follow_command(cluster_id, step_id)}")
        raise
    show_results(console, plan, results, step.seconds or 0.0)
    cost = records.kept(step_files.files, plan.record)
    if cost:
        say(f"Cost: {records.sentence(cost)}", console)
    if not plan.is_scoring:
        # Here, for the server is one of this side's environment, and not of the primary node's.
        mlflow.log_finished(plan.parameters.out, plan.run_id, (plan.model_dir, plan.eval_dir))
    check_gate(results)


def follow_command(cluster_id: str, step_id: str) -> str:
    """The command that follows a step."""
    return command_line("cluster", "step", step_id, cluster=cluster_id, options="--wait")


@dataclass
class _Look:
    """Polls a step."""

    emr: "EMRClient"
    cluster_id: str
    step: Step
    console: Console
    _looks: int = 0

    def again(self) -> Step:
        """Wait a little, then look."""
        time.sleep(min(_FIRST_PAUSE * 1.2**self._looks, _LONGEST_PAUSE))
        self._looks += 1
        self.step = patiently(
            lambda: describe_step(self.emr, self.cluster_id, self.step.id), pause=_LONGEST_PAUSE, console=self.console
        )
        return self.step

    def position(self) -> str:
        """The position of the step in the queue."""
        try:
            unfinished = unfinished_if_told(self.emr, self.cluster_id)
        except aws.AwsUnavailable:  # the next look will succeed
            unfinished = None
        if unfinished is None:
            return f"waiting on cluster {self.cluster_id}"
        ids = [each.id for each in reversed(unfinished)]
        before = ids.index(self.step.id) if self.step.id in ids else 0
        behind = f"{before} step{'s' if before > 1 else ''} before it" if before else "it is next"
        return f"waiting on cluster {self.cluster_id}: {behind}"


def _watch(look: _Look, step_files: StepFiles, plan: Plan, console: Console) -> tuple[Step, Status]:
    """Show the progress until the step has ended; return how it ended."""
    step = _wait_for_start(look, console)
    replay = Replay(plan, step.started_at.timestamp() if step.started_at else time.time())
    log = SearchLog(step_files.files, f"{plan.model_dir}/{artifacts.SEARCH_LOG}")
    status = Status()
    with Progress(plan, log, console, replay.clock) as progress:
        replay.live()
        while True:
            ended = not step.is_unfinished  # before the status is read, so that the last one is not missed
            status = _status(step_files, status)
            replay.tell(status, progress)
            if ended:
                return step, status
            step = look.again()


def _wait_for_start(look: _Look, console: Console) -> Step:
    said = ""
    started = time.monotonic()
    with console.status("") as spinner:
        while look.step.state == "PENDING":
            position = look.position()
            spinner.update(f"{position} ({duration(time.monotonic() - started)})")
            if position != said and not console.is_terminal:
                console.print(position, soft_wrap=True)
            said = position
            look.again()
    return look.step


def _status(step_files: StepFiles, last: Status) -> Status:
    try:
        return step_files.status()
    except aws.AwsUnavailable:  # the next look will succeed
        return last


class Replay:
    """Shows a run elsewhere as one that runs here: tells an observer what is new in its status.

    `clock` is the observer's, with the times of over there.
    """

    def __init__(self, plan: Plan, started: float):
        self._steps = {step.name: (step, number) for number, step in enumerate(plan.steps, start=1)}
        self._begun: set[str] = set()
        self._done: set[str] = set()
        self._cell = 0
        self._now: float | None = started

    def clock(self) -> float:
        """The time, in seconds since 1970, or while something is told the time at which it happened."""
        return time.time() if self._now is None else self._now

    def live(self) -> None:
        """From now on the time is now, but for what is told."""
        self._now = None

    def tell(self, status: Status, observer: "Observer") -> None:
        """Report what has happened since the last time."""
        for seen in status.steps:
            if seen.name not in self._steps:  # a version with other notebooks submitted it
                continue
            step, number = self._steps[seen.name]
            if seen.name not in self._begun:
                self._begun.add(seen.name)
                self._now = seen.started
                observer.step_started(step, number)
            if seen.ended is not None and seen.name not in self._done:
                self._done.add(seen.name)
                self._now = seen.ended
                observer.step_done(step)
        self._now = None
        if status.cell:
            observer.cell_started(status.cell)
