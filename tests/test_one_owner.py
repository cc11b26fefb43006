"""What one module knows, no other module spells out again."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lib import artifacts

ROOT = Path(__file__).parents[1]
MODULES = {
    str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8"))
    for folder in ("lib", "launcher")
    for path in sorted((ROOT / folder).rglob("*.py"))
}
FOLDERS = ("models", "results", "failed", "steps", "source")
ROWS = (artifacts.HELD_OUT, artifacts.WHOLE_TABLE, artifacts.SHARE_OF_TABLE)


def texts(tree: ast.AST) -> Iterator[str]:
    """The strings of a program; docstrings are not of it."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def knows_schemes(tree: ast.AST) -> bool:
    return any(re.search(r"\bs3[an]\b|s3\[an\]", text) for text in texts(tree))


def builds_places(tree: ast.AST) -> bool:
    """Whether a place is put together below one that is given: `f"{out}/models"`, `join(out, "models")`."""
    below = re.compile(rf"/({'|'.join(FOLDERS)})(/|$)")

    def constants(nodes: list[ast.expr]) -> list[str]:
        return [str(each.value) for each in nodes if isinstance(each, ast.Constant)]

    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and any(map(below.match, constants(node.values))):
            return True
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "join" and set(constants(node.args)) & set(FOLDERS):
            return True
    return False


def names_rows(tree: ast.AST) -> bool:
    return any(text in ROWS for text in texts(tree))


def renames(tree: ast.AST) -> bool:
    """Whether a file is renamed over another: `os.replace(a, b)` or `path.replace(other)`, for a text takes two."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute))
    return any(
        call.func.attr == "replace"
        and (ast.unparse(call.func.value) == "os" or (len(call.args) == 1 and not call.keywords))
        for call in calls
    )


@pytest.mark.parametrize(
    ("knows", "owner"),
    [
        (knows_schemes, "lib/support/s3_uri.py"),
        (builds_places, "lib/artifacts.py"),
        (names_rows, "lib/artifacts.py"),
        (renames, "lib/support/atomic_write.py"),
    ],
)
def test_it_stands_in_one_module(knows: Callable[[ast.AST], bool], owner: str):
    assert [path for path, tree in MODULES.items() if knows(tree) and path != owner] == []


@pytest.mark.parametrize(
    ("knows", "source"),
    [
        (knows_schemes, 'uri.replace("s3n://", "s3://", 1)'),
        (knows_schemes, 're.compile(r"s3[an]?://")'),
        (builds_places, 'f"{out}/models/model_{run_id}"'),
        (builds_places, 'join(out, "results")'),
        (names_rows, 'rows == "held-out"'),
        (renames, "hidden.replace(file)"),
        (renames, "os.replace(hidden, file)"),
    ],
)
def test_the_rules_find_what_they_are_for(knows, source):
    assert knows(ast.parse(source))
    assert not knows(ast.parse('"""s3a://b and held-out."""\nlabel = text.replace("a", "b")'))
