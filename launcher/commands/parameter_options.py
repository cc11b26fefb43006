"""Options of commands that are parameters of a run: the schema has their meaning and their allowed values."""

from collections.abc import Mapping
from typing import Any

import typer

from launcher.parameters import schema
from launcher.parameters.sources import OPTIONS


def option(name: str, metavar: str | None = None) -> Any:
    """The option of a parameter. Its value stays as typed: the schema parses it, as it does for every source."""
    flag = f"--{name.replace('_', '-')}"
    if metavar is None:
        return typer.Option(f"{flag}/--no-{flag[2:]}", help=schema.meaning(name))
    return typer.Option(flag, metavar=metavar, help=schema.meaning(name))


def setting(name: str, metavar: str) -> Any:
    """The option of a setting in a section."""
    return typer.Option(f"--{OPTIONS[name]}", metavar=metavar, help=schema.meaning(name))


def typed(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed for each parameter and setting, from all values of a command (`typer.Context.params`)."""
    settings = {name: values[option.replace("-", "_")] for name, option in OPTIONS.items()}
    return {name: values.get(name) for name in schema.NAMES} | settings
