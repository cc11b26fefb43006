"""Checks before a run: what can be checked without Spark and would otherwise fail a minute later."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from launcher.experiment import scoring
from launcher.experiment.plan import Plan
from launcher.parameters.cluster import TARGETS, RunOptions
from launcher.parameters.schema import PLACES
from launcher.support.files import files_at, local_path, matching, nearest_existing
from lib.artifacts import LATEST
from lib.errors import InputError
from lib.scoring.to_score import check_begun
from lib.support.s3_uri import is_s3
from lib.support.tables import catalogue_name, places

_EXAMPLE = "s3://my-bucket/"


def check(plan: Plan) -> None:
    """Run all checks.

    Raises:
        InputError: the first thing wrong, with the remedy.
    """
    for one in CHECKS:
        one(plan)


def check_together(plans: Sequence[Plan], options: RunOptions) -> None:
    """Check that several experiments agree where they must, and that the options fit them.

    Raises:
        InputError: some are sent away and others not, or an option is of no use to any.
    """
    specs = {plan.parameters.cluster.runs_on.name: plan.parameters.cluster.runs_on for plan in plans}
    if len(specs) > 1 and any(spec.is_detached for spec in specs.values()):
        raise InputError(f"the --params files name different targets ({', '.join(specs)}): give one with --target")
    if options.step_concurrency is not None and not all(spec.in_steps for spec in specs.values()):
        names = " or ".join(spec.name for spec in TARGETS.values() if spec.in_steps)
        raise InputError(
            f"--step-concurrency is for experiments that run as steps: add --cluster-id, or --target {names}"
        )


def the_target_has_what_it_needs(plan: Plan) -> None:
    """What its target needs is given."""
    plan.parameters.cluster.runs_on.require(plan.parameters.cluster)


def the_bucket_is_the_users(plan: Plan) -> None:
    """No place is in the bucket that stands for the user's in params/emr.yaml.

    Raises:
        InputError: one is.
    """
    for name in PLACES:
        for place in _places(plan, name):
            if f"{place}/".startswith(_EXAMPLE):
                raise InputError(
                    f"{name}={place}: my-bucket stands for your bucket; write its name in the params file, or give "
                    f"--{name.replace('_', '-')} s3://…"
                )


def the_target_can_see_the_places(plan: Plan) -> None:
    """Where Spark is elsewhere, input and output are where both sides see them.

    Raises:
        InputError: one of them is on this machine, or the output of a run that is sent away is not in S3.
    """
    if plan.parameters.cluster.runs_on.is_detached and not (is_s3(out := plan.parameters.out) or local_path(out)):
        raise InputError(f"out={out}: a run sent away loads its code from S3, beside its results: --out s3://bucket/…")
    if plan.parameters.cluster.runs_on.sees_this_machine(plan.parameters.cluster):
        return
    for name in (*PLACES, "model"):
        for place in _places(plan, name):
            if local_path(place) is not None:
                give = "give s3://bucket/…" if name == "model" else f"give --{name.replace('_', '-')} s3://bucket/…"
                raise InputError(
                    f"{name}={place}: a cluster cannot see the files of this machine; copy it to S3 and {give}"
                )


def inputs_are_there(plan: Plan) -> None:
    """Every input on this machine exists (a pattern: matches something) and may be read.

    Raises:
        InputError: one does not, or may not, or is to be a table of Spark's catalogue and has no name of one.
    """
    for name in ("input_data",) if plan.is_scoring else ("input_data", "test_data"):
        for place in _places(plan, name):
            catalogue_name(place)  # one that only Spark can find must have a name, at least
            path = local_path(place)
            if path is None:
                continue
            another = f"or give another with --{name.replace('_', '-')}"
            try:
                _open(path)
            except FileNotFoundError:
                if not _may_match(path):
                    raise InputError(f"{name}: there is no {place}; check the path, {another}") from None
            except OSError as error:
                why = f"cannot be read ({error.strerror}); check its permissions"
                raise InputError(f"{name}: {place} {why}, {another}") from None


def the_model_can_score_the_tables(plan: Plan) -> None:
    """The model to score with is complete and of trees, and tables on this machine have its features.

    Raises:
        InputError: it is not, or they have not.
    """
    if not plan.is_scoring:
        return
    parameters = plan.parameters
    model = scoring.model_of(parameters)
    if model is not None:
        scoring.check_missing(parameters, model)
    here = {place: path for place in parameters.input_data if (path := local_path(place)) is not None}
    rasters = {place: scoring.rasters_at(place) for place in parameters.input_data}
    known = {place: files for place, files in rasters.items() if files is not None}
    files = scoring.check_kind(known, parameters) if len(known) == len(rasters) else []
    if model is None or not here:
        return
    if len(here) == len(rasters):
        scoring.check_bands(files, parameters, model)
    for place, path in here.items():
        if rasters[place]:
            continue
        # Brings pyarrow, which takes a while to import.
        from launcher.support.table_outline import local_outline

        table = local_outline(place, path, parameters.reading)
        if table is not None:
            scoring.check_table(place, table, model, parameters.id_cols)


def output_is_writable(plan: Plan) -> None:
    """The output folder, or the nearest one above it that exists, takes new files.

    Raises:
        InputError: it is no folder, or does not take them.
    """
    out = plan.parameters.out
    path = local_path(out)
    if path is None:
        return
    there = nearest_existing(path)
    if not there.is_dir():
        raise InputError(f"out={out}: {there} is not a folder; give another with --out")
    try:
        with tempfile.TemporaryFile(
            dir=there
        ):  # only trying shows permissions; the file has no name and leaves nothing
            pass
    except OSError as error:
        raise InputError(
            f"out={out}: {there} cannot be written to ({error.strerror}); give another with --out"
        ) from None


def nothing_is_overwritten(plan: Plan) -> None:
    """No run of an id that was asked for has left anything in the output folder; others are claimed when they start.

    Raises:
        InputError: one has; or there is nothing of the scoring that is to be resumed.
    """
    if not plan.parameters.run_id:
        return
    files = files_at(plan.parameters.out)
    if plan.is_scoring and plan.parameters.resume:
        check_begun(files.exists, plan.score_dir)
    for folder in _new_folders(plan):
        if files.exists(folder):
            raise InputError(
                f"{folder} is already there: leave run_id empty for a new run, give another run_id or another --out"
            )


CHECKS = (
    the_target_has_what_it_needs,
    the_bucket_is_the_users,
    the_target_can_see_the_places,
    inputs_are_there,
    the_model_can_score_the_tables,
    output_is_writable,
    nothing_is_overwritten,
)


def _new_folders(plan: Plan) -> tuple[str, ...]:
    """Where a run writes into folders that must not be there yet."""
    if plan.is_scoring:
        return () if plan.parameters.resume else (plan.score_dir,)
    if plan.trains:
        return (plan.eval_dir,) if plan.parameters.resume else (plan.model_dir, plan.eval_dir)
    return ()  # what an earlier evaluation left that is not complete is replaced


def _places(plan: Plan, name: str) -> list[str]:
    """The places that a parameter names; a model may also be none, or `latest`."""
    return [place for place in places(getattr(plan.parameters, name)) if place not in ("", LATEST)]


def _open(path: Path) -> None:
    """Open a file or folder to see whether it is there and may be read."""
    if path.is_dir():
        os.scandir(path).close()
    else:
        path.open("rb").close()


def _may_match(path: Path) -> bool:
    """Whether a pattern matches; with braces, which Hadoop knows and `glob` does not, we cannot tell."""
    return "{" in str(path) or bool(matching(path))
