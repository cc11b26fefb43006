"""What the committed notebooks keep to, so that they run on a cluster as they run here and read well in a diff."""

import ast
import builtins
from pathlib import Path

import nbformat
import papermill
import pytest

from launcher.parameters.schema import Parameters
from launcher.running.publish import title

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
# What the launcher hands over beside the parameters of the schema.
OF_THE_RUN = {"model_dir", "eval_dir", "run_id", "provenance"}
GIVEN = {"spark", "sc", "display", "get_ipython"}


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def python_of(source):
    """A cell's magic, with its options, and its Python without magics."""
    lines = source.splitlines()
    magic = lines[0].split() if lines[0].startswith("%%") else [""]
    body = lines[1:] if magic[0] else lines
    return magic, "\n".join(line for line in body if not line.startswith("%"))


def bound_and_used(source):
    names = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    bound = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return bound, {node.id for node in names if isinstance(node.ctx, ast.Load)}


def test_there_are_the_five():
    names = ["01_explore", "02_train", "03_evaluate", "04_report", "05_score"]
    assert [path.stem for path in NOTEBOOKS] == names


def test_they_name_the_kernel_of_a_cluster(notebook):
    assert notebook.metadata.kernelspec == {"name": "pysparkkernel", "display_name": "PySpark", "language": "python"}
    # By this name papermill chooses how to write parameters for a kernel it does not know, such as pyspark-local.
    assert notebook.metadata.language_info.name == "python"
    assert title(notebook) != "Notebook"
    assert notebook.cells[0].source.startswith("# ")


def test_all_begin_with_the_same_look_for_spark_and_lib(notebook):
    """It can come from nowhere else: where `lib` is missing, nothing of the project is there."""
    first = nbformat.read(NOTEBOOKS[0], as_version=4).cells[1].source
    assert first.startswith("%%local\n")
    assert notebook.cells[1].source == first


def test_only_checked_cells_keep_outputs(notebook):
    nbformat.validate(notebook)
    for number, cell in enumerate(code_cells(notebook), start=1):
        checked = "nbval-check-output" in cell.metadata.get("tags", [])
        assert bool(cell.outputs) == checked, cell.source
        counts = [cell.execution_count, *(output.get("execution_count", number) for output in cell.outputs)]
        assert set(counts) == {number if checked else None}, cell.source
        assert set(cell.metadata) <= {"tags", "alt"}
    assert set(notebook.metadata) == {"kernelspec", "language_info"}


def test_every_parameter_is_known_and_explained(path, notebook):
    shown = papermill.inspect_notebook(str(path))
    (cell,) = [cell for cell in code_cells(notebook) if "parameters" in cell.metadata.get("tags", [])]
    bound, _ = bound_and_used(cell.source)
    assert set(shown) == bound, "papermill cannot read a line of the parameters cell"
    for name, parameter in shown.items():
        assert parameter["help"], f"{name} has no comment"
        assert name in OF_THE_RUN or name in Parameters.model_fields, f"the schema does not know {name}"


def test_defaults_are_those_of_the_schema(notebook):
    (cell,) = [cell for cell in code_cells(notebook) if "parameters" in cell.metadata.get("tags", [])]
    values: dict = {}
    exec(cell.source, values)
    schema = Parameters(**{name: value for name, value in values.items() if name in Parameters.model_fields})
    for name in set(values) & set(Parameters.model_fields) - {"grid"}:
        assert getattr(schema, name) == getattr(Parameters(), name), name


def test_each_side_uses_names_that_it_has(notebook):
    """On a cluster `%%local` sees what `%%spark -o` fetched and its own names; the Spark side none of these."""
    known = {"local": set(dir(builtins)) | GIVEN, "spark": set(dir(builtins)) | GIVEN}
    for cell in code_cells(notebook):
        magic, source = python_of(cell.source)
        side = "local" if magic[0] == "%%local" else "spark"
        bound, used = bound_and_used(source)
        missing = used - known[side] - bound
        assert not missing, f"{missing} in: {cell.source}"
        known[side] |= bound
        if "-o" in magic:
            fetched = magic[magic.index("-o") + 1]
            assert fetched in known["spark"]
            known["local"].add(fetched)


def test_magics_stay_within_what_runs_everywhere(notebook):
    for cell in code_cells(notebook):
        lines = cell.source.splitlines()
        assert all(not line.startswith("%%") for line in lines[1:]), "a magic must be the first line"
        assert lines[0].split()[0] in ("%%local", "%%spark") or not lines[0].startswith("%"), lines[0]
        if "%matplot plt" in lines:
            assert lines[-1] == "%matplot plt", "Livy shows the picture of a cell's last line"
            assert "print(" not in cell.source, "Livy drops the text of a cell that shows a picture"
        if lines[0].startswith("%%spark"):
            assert "-c False" in lines[0], "else text that looks like dates or numbers is turned into these"


def test_every_picture_is_described_for_those_who_cannot_see_it(notebook):
    """`alt` in a cell's metadata becomes the alternative text of its picture in the HTML page."""
    for cell in code_cells(notebook):
        assert ("%matplot" in cell.source) == (len(cell.metadata.get("alt", "")) > 10), cell.source


def test_they_hold_no_logic(notebook):
    for cell in code_cells(notebook):
        tree = ast.parse(python_of(cell.source)[1])
        statements = (ast.For, ast.While, ast.If, ast.Try, ast.FunctionDef, ast.ClassDef, ast.With)
        assert not any(isinstance(node, statements) for node in ast.walk(tree)), cell.source
