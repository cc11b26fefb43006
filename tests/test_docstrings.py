"""A public function that raises one of our errors says so in its docstring."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = [path for folder in ("lib", "launcher") for path in sorted((ROOT / folder).rglob("*.py"))]


def our_errors(trees: list[ast.Module]) -> set[str]:
    """The names of the classes that derive from those of lib.errors."""
    nodes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    classes = {node.name: set(map(name_of, node.bases)) for node in nodes}
    found = {"ExperimentError"}
    while more := {name for name, bases in classes.items() if bases & found} - found:
        found |= more
    return found


def undocumented(tree: ast.Module, errors: set[str]) -> list[str]:
    """The public functions of a module that raise one of these errors by name and do not say so."""
    return [
        name
        for name, function in public_functions(tree.body)
        if raised_by(function) & errors and "raise" not in (ast.get_docstring(function) or "").lower()
    ]


def public_functions(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node.body, f"{node.name}.")
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and not is_command(node):
            yield prefix + node.name, node


def raised_by(function: ast.FunctionDef) -> set[str]:
    """What the function itself raises; not what those that are defined in it do."""
    found, nodes = set(), list(ast.iter_child_nodes(function))
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Raise) and node.exc:
            found.add(name_of(node.exc))
        if not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            nodes += ast.iter_child_nodes(node)
    return found


def is_command(function: ast.FunctionDef) -> bool:
    """Whether typer shows the docstring as its help: users see exit codes, not exceptions."""
    return any(name_of(decorator) in ("command", "callback") for decorator in function.decorator_list)


def name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def test_whoever_raises_says_so():
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}
    errors = our_errors(list(trees.values()))
    assert {"InputError", "AwsBusy", "NoPrice", "LivyLogin"} <= errors
    found = {str(path.relative_to(ROOT)): undocumented(tree, errors) for path, tree in trees.items()}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('def f():\n    """Do."""\n    raise InputError("no")', ["f"]),
        ("def f():\n    raise errors.InputError", ["f"]),
        ('class A:\n    def f(self):\n        """Do."""\n        if x:\n            raise InputError("no")', ["A.f"]),
        ('def f():\n    """Do.\n\n    Raises:\n        InputError: no.\n    """\n    raise InputError("no")', []),
        ('def f():\n    """Raise InputError unless."""\n    raise InputError("no")', []),
        ('def _f():\n    """Do."""\n    raise InputError("no")', []),
        ('def f():\n    """Do."""\n    raise ValueError("no")', []),
        ('def f():\n    """Do."""\n    def g():\n        raise InputError("no")', []),
        ('@app.command()\ndef f():\n    """Do."""\n    raise InputError("no")', []),
    ],
)
def test_the_check_finds_those_that_do_not(source, found):
    assert undocumented(ast.parse(source), {"InputError"}) == found
