"""Turns an executed notebook into what a colleague reads: the notebook without noise, and a page without code."""

import copy
import html
import re
from pathlib import Path
from typing import Any

import nbformat
from nbconvert import HTMLExporter
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from nbformat import NotebookNode
from papermill.translators import PythonTranslator

TEMPLATES = Path(__file__).parent / "templates"

_WIDGET = "application/vnd.jupyter.widget-view+json"
_SESSION_LINES = ("Starting Spark application", "SparkSession available as 'spark'.")
_SESSION_TABLE = "<th>YARN Application ID</th>"


def publish(notebook: Path, *, code: bool = False) -> list[Path]:
    """Clean an executed notebook where it stands and write its HTML page beside it; return both files.

    Pictures that the text names by a path are looked for from the notebook's folder and put into the page, which
    needs nothing but itself. `code` shows the code cells too.
    """
    content = clean(nbformat.read(notebook, as_version=4))
    nbformat.write(content, notebook)
    page = notebook.with_suffix(".html")
    page.write_text(to_html(content, notebook.parent, code=code), encoding="utf-8")
    return [notebook, page]


def clean(notebook: NotebookNode) -> NotebookNode:
    """A copy without progress widgets, sparkmagic's notes on its session, and printed text in pieces."""
    cleaned = copy.deepcopy(notebook)
    cleaned.metadata.pop("widgets", None)
    merge = CoalesceStreamsPreprocessor()
    for cell in cleaned.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not _is_noise(output)]
            merge.preprocess_cell(cell, {}, 0)
    return cleaned


def to_html(notebook: NotebookNode, folder: Path, *, code: bool = False) -> str:
    """A notebook as one HTML page; `folder` is where relative picture paths start from."""
    exporter = HTMLExporter(
        template_name="report",
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_input=not code,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
        embed_images=True,
    )
    resources = {"metadata": {"path": str(folder), "title": title(notebook)}}
    page, _ = exporter.from_notebook_node(_with_parameters_as_table(notebook), resources)
    return page


def title(notebook: NotebookNode) -> str:
    """The first heading of a notebook's text."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            found = re.search(r"^#+\s+(.+?)\s*#*$", cell.source, re.MULTILINE)
            if found:
                return found.group(1)
    return "Notebook"


def _is_noise(output: NotebookNode) -> bool:
    """Whether an output says nothing to a reader; takes sparkmagic's lines out of printed text on the way."""
    if output.output_type == "stream":
        lines = output.text.splitlines(keepends=True)
        output.text = "".join(line for line in lines if line.strip() not in _SESSION_LINES)
        return not output.text
    data = output.get("data", {})
    return _WIDGET in data or _SESSION_TABLE in data.get("text/html", "")


def _with_parameters_as_table(notebook: NotebookNode) -> NotebookNode:
    """A copy in which one table of values in effect stands for the cells of defaults and of papermill's values."""
    copied = copy.deepcopy(notebook)
    given = notebook.metadata.get("papermill", {}).get("parameters", {})
    cells = []
    for cell in copied.cells:
        tags = cell.metadata.get("tags", [])
        if "parameters" in tags:
            cells.append(nbformat.v4.new_markdown_cell(_parameter_table(cell, given)))
        elif "injected-parameters" not in tags:
            cells.append(cell)
    copied.cells = cells
    return copied


def _parameter_table(cell: NotebookNode, given: dict[str, Any]) -> str:
    rows = []
    for parameter in PythonTranslator.inspect(cell):
        value = repr(given[parameter.name]) if parameter.name in given else parameter.default
        row = (f"<code>{html.escape(parameter.name)}</code>", f"<code>{html.escape(value)}</code>", parameter.help)
        rows.append(f"<tr><td>{row[0]}</td><td>{row[1]}</td><td>{html.escape(row[2])}</td></tr>")
    head = "<thead><tr><th>parameter</th><th>value</th><th></th></tr></thead>"
    return f'<table class="parameters">{head}<tbody>{"".join(rows)}</tbody></table>'
