"""The rights that the launcher's code asks for, read from its source."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from botocore import xform_name
from botocore.session import get_session

from launcher.support import aws
from tests.infrastructure.terraform import ROOT

# Of the launcher's folders, the one whose calls only an operator makes.
OPERATORS = ROOT / "launcher" / "emr" / "lifecycle"
# Everyone may do these, whatever the policies say.
_FREE = {"sts:GetCallerIdentity"}


def submitters_rights() -> dict[str, list[str]]:
    """Right => where the launcher calls for it, outside what only operators do."""
    return _rights(path for path in _modules() if OPERATORS not in path.parents)


def operators_rights() -> dict[str, list[str]]:
    """Right => where the launcher calls for it."""
    return _rights(_modules())


def _modules() -> Iterator[Path]:
    yield from sorted((ROOT / "launcher").rglob("*.py"))


def _rights(paths: Iterator[Path]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in paths:
        for right, line in _rights_in(path):
            if right not in _FREE:
                found.setdefault(right, []).append(f"{path.relative_to(ROOT)}:{line}")
    return found


def _rights_in(path: Path) -> Iterator[tuple[str, int]]:
    """A client's method (`emr.list_steps`) or its name (`get_paginator("list_steps")`) is an operation."""
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        word = node.attr if isinstance(node, ast.Attribute) else node.value if isinstance(node, ast.Constant) else None
        owners = _operations().get(word, {}) if isinstance(word, str) else {}
        # Two services may have an operation of one name: the module names the one that it uses.
        meant = [each for each in owners if len(owners) == 1 or f'client("{each}"' in text]
        for service in meant:
            operation = owners[service]
            right = aws._OTHER_RIGHTS.get(operation, f"{aws._PREFIXES[service]}:{operation}")
            yield right, node.lineno
        assert meant or not owners, f"{path}:{node.lineno}: {word} of which service? {sorted(owners)}"


@cache
def _operations() -> dict[str, dict[str, str]]:
    """A client's method => the services that have it, with the operation's name."""
    known = get_session()
    found: dict[str, dict[str, str]] = {}
    for service in sorted(_services()):
        for operation in known.get_service_model(service).operation_names:
            found.setdefault(xform_name(operation), {})[service] = operation
    return found


def _services() -> set[str]:
    """The services that the launcher makes clients of."""
    calls = (
        node for path in _modules() for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)
    )
    named = (call.args[0] for call in calls if call.args and ast.unparse(call.func).split(".")[-1] == "client")
    return {each.value for each in named if isinstance(each, ast.Constant)}
