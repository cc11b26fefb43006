"""Where an experiment's parameters come from: a YAML file, `-p name=value`, options; each over the former.

Relative paths in a params file are relative to the project root, so that a file means the same wherever it is
used from; those typed on the command line are relative to where they were typed. URIs are left as they are.
"""

import copy
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from launcher.parameters import yaml_text
from launcher.parameters.schema import NAMES, PLACES, SECTIONS, Parameters, check, shortened
from launcher.support.files import is_uri
from launcher.support.project import PROJECT
from lib import artifacts
from lib.artifacts import LATEST
from lib.errors import InputError

_MOST_LETTERS = 500_000  # of a params file

# Options for settings of a section, whose names would be too long.
OPTIONS = {
    "cluster.target": "target",
    "cluster.livy_url": "livy-url",
    "cluster.id": "cluster-id",
    "cluster.reach": "reach",
    "cluster.ssh_key": "ssh-key",
}


def gather(
    params_file: str | None,
    assignments: Iterable[str],
    options: Mapping[str, Any],
    *,
    cwd: Path,
    recorded: Mapping[str, Any] | None = None,
) -> Parameters:
    """Put an experiment's parameters together and check them.

    `assignments` are the `name=value` of `-p` (YAML values, dotted names for what is nested), `options` the
    values of explicit options by parameter name (`cluster.id` for one in a section), as text where they were typed;
    None or nothing: not given. `recorded` are those of an experiment that is taken up; all else goes over them.

    Raises:
        InputError: a file that cannot be read, an assignment that is none, or anything `check` refuses.
    """
    values: dict[str, Any] = {name: _absolute(name, default, PROJECT) for name, default in _place_defaults()}
    origins: dict[str, str] = {}
    for name, value in (recorded or {}).items():
        values[name], origins[name] = value, "the record of the experiment"
    if params_file is not None:
        for name, value in _read(params_file, cwd).items():
            values[name] = _absolute(name, value, PROJECT)
            origins[name] = f"{params_file}:{name}"
    for assignment in assignments:
        _assign(values, origins, assignment, cwd)
    for name, typed in options.items():
        if typed is None or typed == ():
            continue
        if "." in name:
            section, _, setting = name.partition(".")
            _set(values, origins, section, [setting], typed, f"--{OPTIONS[name]}")
            continue
        origins[name] = f"--{name.replace('_', '-')}"
        is_yaml = isinstance(typed, str) and name not in (*PLACES, "model")
        values[name] = _absolute(name, _typed(name, typed, origins[name]) if is_yaml else typed, cwd)
    return check(values, origins)


def _place_defaults() -> list[tuple[str, Any]]:
    fields = Parameters.model_fields
    return [(name, fields[name].get_default(call_default_factory=True)) for name in PLACES]


def _read(params_file: str, cwd: Path) -> dict[str, Any]:
    try:
        with (cwd / params_file).open(encoding="utf-8") as file:
            text = file.read(_MOST_LETTERS + 1)
        if len(text) > _MOST_LETTERS:
            raise InputError(
                f"the params file {params_file} has more than {_MOST_LETTERS:,} letters: is it another file?"
            )
    except FileNotFoundError:
        raise InputError(f"there is no params file {params_file} (--params)") from None
    except (OSError, ValueError) as error:
        raise InputError(f"the params file {params_file} cannot be read: {error}") from None
    values = yaml_text.load(text, f"the params file {params_file} is not YAML")
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise InputError(f"the params file {params_file} must hold name: value lines, not {values!r:.60}")
    return {str(name): value for name, value in values.items()}


def _assign(values: dict[str, Any], origins: dict[str, str], assignment: str, cwd: Path) -> None:
    """Set what `seed=7` or `grid.GBT.maxIter=[100]` says; what is nested goes into what is there so far."""
    dotted, equals, text = assignment.partition("=")
    name, *inner = dotted.strip().split(".")
    origin = f"-p {shortened(assignment)}"
    if not equals or not name or not all(inner):
        raise InputError(f"{origin}: must be name=value, as in -p seed=7 or -p grid.GBT.maxIter=[100]")
    value = _typed(dotted.strip(), text, origin)
    if not inner:
        values[name], origins[name] = _absolute(name, value, cwd), origin
        return
    if name not in NAMES:
        check({name: value}, {name: origin})
    _set(values, origins, name, inner, value, origin)


def _set(
    values: dict[str, Any], origins: dict[str, str], name: str, inner: Sequence[str], value: Any, origin: str
) -> None:
    """Set one value inside the parameter `name`, in what is there so far or its default."""
    if name not in values:
        default = Parameters.model_fields[name].get_default(call_default_factory=True)
        values[name] = default.model_dump() if isinstance(default, BaseModel) else default
    place = values[name] = copy.deepcopy(values[name])
    # The name of a Spark property has dots of its own.
    keys = ["conf", ".".join(inner[1:])] if name == "spark" and inner[0] == "conf" and len(inner) > 1 else list(inner)
    for key in keys[:-1]:
        place = place.setdefault(key, {}) if isinstance(place, dict) else place
    if not isinstance(place, dict):
        raise InputError(f"{origin}: {name} has no entry named {'.'.join(inner)}")
    place[keys[-1]] = value
    origins[name] = f"{origins[name]}, {origin}" if name in origins else origin


def _typed(name: str, text: str, origin: str) -> Any:
    """Read a typed value as YAML; where the parameter is text, `2026` and `on` are text too.

    `name` is dotted for a setting in a section. Where null is allowed beside text, it is null.
    """
    value = yaml_text.load(text, f"{origin}: the value is not YAML")
    is_scalar = not isinstance(value, str | list | dict)
    if not is_scalar:
        return value
    kinds = _kinds(name)
    if value is None and type(None) in kinds:
        return None
    return text if kinds and all(kind in (str, type(None)) for kind in kinds) else value


def _kinds(name: str) -> list[Any]:
    """The types that a parameter, or a setting of a section, may have; those of its values for a choice."""
    section, _, setting = name.partition(".")
    model = SECTIONS.get(section) if setting else Parameters
    field = model.model_fields.get(setting or section) if model else None
    if field is None:
        return []
    kind = field.annotation
    of_union = get_args(kind) if get_origin(kind) in (Union, UnionType) else [kind]
    return [found for choice in of_union for found in _plain_kinds(choice)]


def _plain_kinds(kind: Any) -> list[Any]:
    if get_origin(kind) is Annotated:
        return _plain_kinds(get_args(kind)[0])
    return [type(choice) for choice in get_args(kind)] if get_origin(kind) is Literal else [kind]


def _absolute(name: str, value: Any, base: Path) -> Any:
    if name not in PLACES and (name != "model" or value == LATEST or _is_tag(value, base)):
        return value
    if isinstance(value, list | tuple):
        return [_absolute(name, item, base) for item in value]
    if not isinstance(value, str) or not value or is_uri(value):
        return value
    return os.path.abspath(base / os.path.expanduser(value))  # noqa: PTH100, PTH111 - keeps symlinks, never fails


def _is_tag(model: Any, base: Path) -> bool:
    """Whether a model is named by its tag: there is no folder of that name."""
    return isinstance(model, str) and artifacts.is_tag(model) and not os.path.lexists(base / model)
