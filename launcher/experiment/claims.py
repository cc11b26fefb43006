"""Run ids that belong to one run: claimed before anything is written, so that two runs never share a folder.

A run's id is the second it started in, and two may start in one. The first to make the file of an id has it; whoever
comes second takes the next second. An id that was asked for, as that of a model that is resumed, is refused as long as
the run that has it lives: the file says which process that is. The file goes with the run, whose folders then show
that the id is taken.

A run that is sent away has its id only while it is submitted, which another machine may have to wait for: such a claim
says until when, at the latest, so that nobody waits for a machine that is gone.
"""

import json
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

from launcher.experiment.plan import Plan
from launcher.support.files import Files, files_at
from launcher.support.processes import Process
from lib import artifacts
from lib.errors import ExperimentError, InputError
from lib.records.door import Kind, Number, Record
from lib.records.parts import Moment

# Whoever makes a file on a disk has not written it yet for a moment.
_LOOKS, _PAUSE = 10, 0.1
# The longest that a submission may take: EMR alone may be asked for ten minutes. Clocks may differ by the rest.
_SUBMISSION = timedelta(minutes=15)


class IdTaken(InputError):
    """An id that was asked for is another run's."""


class BeingSubmitted(IdTaken):
    """Another process is just submitting the run."""


class Claim(Record):
    """Who has an id: a process, and since when; `until`, where it only submits the run.

    `token` is another in each claim: whoever has lost the answer to its request knows its own claim by it.
    """

    host: str
    pid: int
    process_started: Number
    since: Moment
    until: Moment | None = None
    token: str = ""

    @property
    def owner(self) -> Process:
        """The process."""
        return Process(self.host, self.pid, self.process_started)

    @property
    def is_over(self) -> bool:
        """Whether what it was for has ended without removing it, as far as can be seen from here."""
        if self.owner.is_here and not self.owner.is_running:
            return True
        return self.until is not None and datetime.fromisoformat(self.until) < datetime.now(UTC)


CLAIM = Kind(Claim, "remove it if no run of that id is under way")


def is_over(out: str, run_id: str) -> bool:
    """Whether the run that has an id has ended without giving it up, as far as can be seen from here."""
    place = artifacts.claim(out, run_id)
    with suppress(InputError):
        text = files_at(out).read_text(place)
        return bool(text) and _read(str(text), place).is_over
    return False


@contextmanager
def claimed(plans: Sequence[Plan]) -> Iterator[list[Plan]]:
    """The plans with run ids that no other run has, or gets while the block lasts.

    Raises:
        IdTaken: an id that was asked for is another run's.
        BeingSubmitted: another process is just submitting it.
    """
    with ExitStack() as stack:
        yield [_asked_for(plan, stack) if plan.parameters.run_id else _free(plan, stack) for plan in plans]


@contextmanager
def held(out: str, run_id: str) -> Iterator[None]:
    """This process alone has an id while the block lasts: it runs it, so that submitting it, if it was, is over.

    The claim of a run that died is taken over.

    Raises:
        IdTaken: the run that has it lives, or may live on another machine.
    """
    with _kept(out, run_id, is_submission=False):
        yield


@contextmanager
def _kept(out: str, run_id: str, is_submission: bool) -> Iterator[None]:
    files, place = files_at(out), artifacts.claim(out, run_id)
    _take(files, place, run_id, is_submission)
    try:
        yield
    finally:
        _give_up(files, place)


def release(plan: Plan) -> None:
    """Give up the id of a plan that has been sent to another machine."""
    _give_up(files_at(plan.parameters.out), artifacts.claim(plan.parameters.out, plan.run_id))


def _asked_for(plan: Plan, stack: ExitStack) -> Plan:
    out = plan.parameters.out
    stack.enter_context(_kept(out, plan.run_id, plan.parameters.cluster.runs_on.is_detached))
    if not plan.parameters.resume and _has_left_something(plan):
        raise IdTaken(f"run_id={plan.run_id}: another run has that id in {out}; leave it empty for a new run")
    return plan


def _free(plan: Plan, stack: ExitStack) -> Plan:
    out = plan.parameters.out
    files = files_at(out)
    while True:
        place = artifacts.claim(out, plan.run_id)
        if _make(files, place, _mine(plan.parameters.cluster.runs_on.is_detached)):
            stack.callback(_give_up, files, place)
            if not _has_left_something(plan):
                return plan
        plan = replace(plan, run_id=artifacts.next_run_id(plan.run_id))


def _has_left_something(plan: Plan) -> bool:
    """Whether a run of this id has left anything: of any kind, unless it was asked for (scores may have a model's)."""
    out, files = plan.parameters.out, files_at(plan.parameters.out)
    of_experiment, of_scoring = [plan.model_dir, plan.eval_dir], [plan.score_dir]
    if plan.parameters.run_id:
        folders = of_scoring if plan.is_scoring else of_experiment
    else:
        folders = [*of_experiment, *of_scoring, artifacts.step_dir(out, plan.run_id)]
    return any(files.exists(folder) for folder in folders)


def _take(files: Files, place: str, run_id: str, is_submission: bool) -> None:
    mine = _mine(is_submission)
    for look in range(_LOOKS):
        if _make(files, place, mine):
            return
        text = files.read_text(place)
        if text is None:  # given up meanwhile
            continue
        if not text and look < _LOOKS - 1:
            time.sleep(_PAUSE)
            continue
        _check_free(_read(text, place), place, run_id, is_submission)
        if files.replace_claim(place, text, mine):
            return
    raise IdTaken(f"run {run_id} is just being taken up by others: remove {place} if none of them is running")


def _check_free(claim: Claim, place: str, run_id: str, is_submission: bool) -> None:
    """Whether a claim may be taken over.

    Raises:
        IdTaken: it may not: its run lives, or may live on another machine.
    """
    if claim.is_over or (claim.until and not is_submission):
        return
    who = f"run {run_id} belongs to process {claim.pid} on {claim.host} since {claim.since}"
    if claim.until:
        raise BeingSubmitted(f"{who}, which is submitting it until {claim.until} at the latest: wait for its end")
    if claim.owner.is_here:
        raise IdTaken(f"{who}, which is still running: wait for its end, or stop it first")
    raise IdTaken(f"{who}: wait for its end, or remove {place} if it has ended without removing it")


def _make(files: Files, place: str, mine: bytes) -> bool:
    """Make a claim. One of this very content is this process's, whose request was repeated after a lost answer."""
    return files.claim(place, mine) or files.read_text(place) == mine.decode()


def _mine(is_submission: bool) -> bytes:
    now = datetime.now(UTC)
    times = {"since": now} | ({"until": now + _SUBMISSION} if is_submission else {})
    said = {name: time.isoformat(timespec="seconds") for name, time in times.items()}
    return json.dumps(CLAIM.stamped({**asdict(Process.this()), **said, "token": secrets.token_hex(8)})).encode()


def _read(text: str, place: str) -> Claim:
    return Claim.model_validate(CLAIM.parse(text, place))


def _give_up(files: Files, place: str) -> None:
    """Remove a claim, unless it is another's by now."""
    with suppress(ExperimentError, OSError):  # what is left of it tells that this process is over
        text = files.read_text(place)
        if text and _read(text, place).owner == Process.this():
            files.remove(place)
