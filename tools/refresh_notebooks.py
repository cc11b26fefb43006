"""Run the notebooks and update the stored outputs that their regression test compares: `make notebooks`.

Only cells tagged `nbval-check-output` keep outputs; everything else in a notebook is left unchanged.
"""

import tempfile
from pathlib import Path

import nbformat
import papermill
from nbformat import NotebookNode

from launcher.kernels import LOCAL
from launcher.running.publish import clean

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
CHECKED = "nbval-check-output"


def main() -> None:
    """Refresh all notebooks in order, since each reads the results of the one before it."""
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(NOTEBOOKS.glob("*.ipynb")):
            notebook = nbformat.read(path, as_version=4)
            refresh(notebook, ran(path, Path(folder)))
            nbformat.write(notebook, path)
            print(path.name)


def ran(path: Path, folder: Path) -> NotebookNode:
    """The notebook executed with its defaults, with all results in `folder`."""
    out = {"out": str(folder)} if "out" in papermill.inspect_notebook(str(path)) else {}
    output = folder / path.name
    papermill.execute_notebook(str(path), str(output), out, kernel_name=LOCAL, progress_bar=False)
    return clean(nbformat.read(output, as_version=4))


def refresh(notebook: NotebookNode, executed: NotebookNode) -> None:
    """Put the executed notebook's outputs into the checked cells, and no others."""
    outputs = {cell.id: cell.outputs for cell in executed.cells if cell.cell_type == "code"}
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(code_cells, start=1):
        checked = CHECKED in cell.metadata.get("tags", [])
        cell.outputs = outputs[cell.id] if checked else []
        # nbval needs a number if there are outputs: the one that a run from the top would give.
        cell.execution_count = number if checked else None
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = number


if __name__ == "__main__":
    main()
