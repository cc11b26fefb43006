"""What makes a run again: its parameters as they are recorded, its code, and how the results of both compare."""

from collections.abc import Iterator, Mapping
from math import isclose
from typing import Any

import yaml

from launcher.parameters.schema import Parameters
from launcher.parameters.sources import gather
from launcher.support.command_lines import command_line
from launcher.support.project import PROJECT
from lib import artifacts
from lib.errors import InputError

TOLERANCE = 1e-12
# What is of a run and not of what it computes.
_OF_THE_RUN = ("run_id", "resume", "out", "cluster", "spark", "model")


def parameters_of(record: Mapping[str, Any]) -> Parameters:
    """All parameters of an experiment.json, those of the evaluation among them.

    The engine is the one that was used: which one `auto` is depends on the machine.

    Raises:
        InputError: they are of a version of the project that knows others.
    """
    recorded = {**record["parameters"], **record.get("after_training", {}), "engine": record["engine"]["name"]}
    if recorded.get("grid") is None:  # as the scripts have it: the default
        recorded.pop("grid", None)
    known = {name: value for name, value in recorded.items() if name not in _OF_THE_RUN}
    try:
        return gather(None, [], {}, cwd=PROJECT, recorded=known)
    except InputError as error:
        raise InputError(
            f"run {record['run_id']} cannot be made again by this version of the project: {error}"
        ) from None


def command_of(record: Mapping[str, Any], out: str) -> str:
    """The command that makes a run again, with all its parameters, into `out`.

    Raises:
        InputError: as `parameters_of`.
    """
    parameters, defaults = parameters_of(record), Parameters()
    words = [word for place in parameters.input_data for word in ("--input-data", place)]
    for name, value in parameters.model_dump().items():
        if name not in (*_OF_THE_RUN, "input_data") and getattr(parameters, name) != getattr(defaults, name):
            words += ["-p", f"{name}={_as_yaml(value)}"]
    return command_line(*words, "--out", out)


def code_of(record: Mapping[str, Any], model: str, has_source: bool) -> list[str]:
    """Commands and comments that get the code of a run, for a shell."""
    commit = record.get("commit")
    if commit is None and not has_source:
        return [f"# code: not of a git checkout; its lib has the hash {record['versions']['lib']}"]
    folder = f"../run_{record['run_id']}"
    lines = [f"git worktree add {folder} {commit['sha']}", f"cd {folder}"] if commit else []
    if has_source:
        lines.append(f"# the code had changes, which {model}/{artifacts.SOURCE_ZIP} has: unpack it over that folder")
    elif commit and commit["dirty"]:
        lines.append("# the code had changes, which were not kept")
    return lines


def differences(before: Mapping[str, Any], now: Mapping[str, Any], same_code: bool = True) -> Iterator[str]:
    """A sentence for each key whose values differ by more than the tolerance; the runs' ids always do.

    Unless both are of the `same_code`, keys that the first lacks are passed over: later versions add some.
    """
    first, second = dict(_leaves({**before, "run_id": ""})), dict(_leaves({**now, "run_id": ""}))
    added = [key for key in second if key not in first] if same_code else []
    for key in (*first, *added):
        if key not in second:
            yield f"{key} was {_said(first[key])}, and is not there any more."
        elif key not in first:
            yield f"{key} was not there, and is {_said(second[key])}."
        elif not _alike(first[key], second[key]):
            yield f"{key} was {_said(first[key])}, and is {_said(second[key])}{_distance(first[key], second[key])}."


def count_values(record: Mapping[str, Any]) -> int:
    """How many values a record has."""
    return sum(1 for _ in _leaves(record))


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each value that is neither an object nor a list, or is an empty one, by its path."""
    if isinstance(value, Mapping) and value:
        for name, each in value.items():
            yield from _leaves(each, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and value:
        for number, each in enumerate(value):
            yield from _leaves(each, f"{path}[{number}]")
    else:
        yield path, value


def _alike(first: Any, second: Any) -> bool:
    if _is_number(first) and _is_number(second):
        return isclose(first, second, rel_tol=0, abs_tol=TOLERANCE)
    return type(first) is type(second) and bool(first == second)


def _distance(first: Any, second: Any) -> str:
    return f" (a difference of {abs(first - second):.3g})" if _is_number(first) and _is_number(second) else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _said(value: Any) -> str:
    return repr(value) if isinstance(value, str) else str(value)


def _as_yaml(value: Any) -> str:
    """A value as -p reads it, in one line."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=float("inf"))
    return str(text).removesuffix("\n").removesuffix("\n...")
