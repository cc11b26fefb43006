"""Checks before a run: what needs no Spark to be seen and would otherwise fail a minute later."""

import glob
import os
import tempfile
from pathlib import Path

from launcher.files import files_at, local_path
from launcher.parameters import PLACES
from launcher.plan import Plan
from lib.errors import InputError


def check(plan: Plan) -> None:
    """Run all checks.

    Raises:
        InputError: the first thing wrong, with the way out.
    """
    for one in CHECKS:
        one(plan)


def a_cluster_can_see_the_places(plan: Plan) -> None:
    """Where Spark is elsewhere, input and output are where both sides see them, and how to get there is said.

    Raises:
        InputError: one of them is on this machine, or nothing says which cluster is meant.
    """
    cluster = plan.parameters.cluster
    if cluster.runs_on == "local":
        return
    _ = cluster.endpoint
    for name in PLACES:
        value = getattr(plan.parameters, name) or []
        for place in [value] if isinstance(value, str) else value:
            if local_path(place) is not None:
                raise InputError(
                    f"{name}={place}: a cluster cannot see the files of this machine; put it to S3 and give "
                    f"--{name.replace('_', '-')} s3://bucket/…"
                )


def inputs_are_there(plan: Plan) -> None:
    """Every input on this machine exists (a pattern: matches something) and may be read.

    Raises:
        InputError: one does not, or may not.
    """
    for name in ("input_data", "test_data"):
        for place in getattr(plan.parameters, name) or []:
            path = local_path(place)
            if path is None:
                continue
            another = f"or give another with --{name.replace('_', '-')}"
            try:
                _open(path)
            except FileNotFoundError:
                if not _may_match(str(path)):
                    raise InputError(f"{name}: there is no {place}; check the path, {another}") from None
            except OSError as error:
                why = f"cannot be read ({error.strerror}); check its permissions"
                raise InputError(f"{name}: {place} {why}, {another}") from None


def output_is_writable(plan: Plan) -> None:
    """The output folder, or the nearest one above it that exists, takes new files.

    Raises:
        InputError: it is no folder, or does not take them.
    """
    out = plan.parameters.out
    path = local_path(out)
    if path is None:
        return
    there = next(folder for folder in (path, *path.parents) if os.path.lexists(folder))
    if not there.is_dir():
        raise InputError(f"out={out}: {there} is not a folder; give another with --out")
    try:
        with tempfile.TemporaryFile(dir=there):  # rights are known by trying; it has no name and leaves nothing
            pass
    except OSError as error:
        raise InputError(
            f"out={out}: {there} cannot be written to ({error.strerror}); give another with --out"
        ) from None


def nothing_is_overwritten(plan: Plan) -> None:
    """No run of this id has left anything in the output folder.

    Raises:
        InputError: one has.
    """
    files = files_at(plan.parameters.out)
    for folder in (plan.eval_dir,) if plan.parameters.resume else (plan.model_dir, plan.eval_dir):
        if files.exists(folder):
            raise InputError(
                f"{folder} is already there: leave run_id empty for a new run, give another run_id or another --out"
            )


CHECKS = (a_cluster_can_see_the_places, inputs_are_there, output_is_writable, nothing_is_overwritten)


def _open(path: Path) -> None:
    """Open a file or folder to see whether it is there and may be read."""
    if path.is_dir():
        os.scandir(path).close()
    else:
        path.open("rb").close()


def _may_match(path: str) -> bool:
    """Whether a pattern matches; with braces, which Hadoop knows and `glob` does not, we cannot tell."""
    return "{" in path or bool(glob.glob(path))  # noqa: PTH207 - Path.glob wants its root apart
