"""What every committed notebook keeps to, checked without running it."""

import ast
import io
import tokenize
from pathlib import Path

import nbformat
import pytest
from papermill import inspect_notebook

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
NAMES = ["01_explore", "02_train", "03_evaluate", "04_report"]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def parameters_cell(notebook):
    (cell,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    return cell


def test_the_four_notebooks_are_there():
    assert [path.stem for path in NOTEBOOKS] == NAMES


def test_it_is_valid_and_keeps_no_output_but_those_that_nbval_compares(notebook):
    nbformat.validate(notebook)
    for cell in code_cells(notebook):
        assert bool(cell.outputs) == ("nbval-check-output" in cell.metadata.get("tags", [])), cell.source
        assert cell.execution_count is None
        assert all(output.get("execution_count") is None for output in cell.outputs)
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}


def test_it_names_the_kernel_of_the_cluster(notebook):
    assert notebook.metadata.kernelspec.name == "pysparkkernel"


def test_it_opens_with_a_title_and_its_parameters(notebook):
    assert notebook.cells[0].cell_type == "markdown"
    assert notebook.cells[0].source.startswith("# ")
    assert parameters_cell(notebook) is code_cells(notebook)[0]


def test_papermill_shows_every_parameter_with_its_comment(notebook, path):
    source = parameters_cell(notebook).source
    body = ast.parse(source).body
    assert all(isinstance(statement, ast.Assign | ast.AnnAssign) for statement in body)
    comments = {
        token.start[0]: token.string
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    named = {statement.targets[0].id: comments.get(statement.end_lineno, "") for statement in body}
    assert [name for name, comment in named.items() if len(comment) < 12] == []
    shown = {name: parameter["help"] for name, parameter in inspect_notebook(path).items()}
    assert shown == {name: comment.lstrip("# ") for name, comment in named.items()}


def test_it_holds_no_logic(notebook):
    """Cells assign, call and show: functions, classes and loops belong to lib."""
    logic = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.If, ast.Try, ast.With)
    for cell in code_cells(notebook):
        lines = [line for line in cell.source.splitlines() if not line.startswith("%")]
        assert not [node for node in ast.walk(ast.parse("\n".join(lines))) if isinstance(node, logic)], cell.source
