"""Executed notebooks as colleagues get them."""

import re
import shutil
from pathlib import Path

import nbformat
import pytest

from launcher.running.publish import clean, publish, title, to_html

FILES = Path(__file__).parent / "files"


@pytest.fixture
def executed():
    """A notebook as sparkmagic leaves it on a cluster."""
    return nbformat.read(FILES / "ran_on_a_cluster.ipynb", as_version=4)


@pytest.fixture
def page(executed):
    return to_html(clean(executed), FILES)


def test_cleaning_takes_the_widgets_and_session_notes_and_leaves_the_rest(executed):
    cleaned = clean(executed)
    nbformat.validate(cleaned)
    assert [len(cell.outputs) for cell in cleaned.cells if cell.cell_type == "code"] == [0, 0, 1, 1, 1, 1]
    assert cleaned.cells[3].outputs[0].text == "one\ntwo\n"
    assert "widgets" not in cleaned.metadata
    assert [cell.source for cell in cleaned.cells] == [cell.source for cell in executed.cells]
    assert len(executed.cells[2].outputs) == 4, "the notebook given is left as it was"
    assert clean(cleaned) == cleaned


def test_page_shows_results_and_no_code(page):
    assert "one\ntwo" in page
    assert '<table border="1" class="dataframe">' in page
    assert "a warning" in page
    assert "print(" not in page
    assert "%%local" not in page
    assert "FloatProgress" not in page
    assert "Starting Spark" not in page


def test_page_shows_code_when_asked(executed):
    page = to_html(clean(executed), FILES, code=True)
    assert 'class="highlight' in page
    assert "print" in page


def test_page_tells_the_parameters_in_effect(page):
    rows = re.findall(r"<tr><td><code>(.*?)</code></td><td><code>(.*?)</code></td><td>(.*?)</td></tr>", page)
    assert rows == [
        ("seed", "42", "seed of the split"),
        ("out", "'s3://bucket/a|b&lt;c&gt;'", "where to"),
    ]


def test_page_has_the_title_and_time_of_the_notebook(executed, page):
    assert title(executed) == "Trained on a cluster"
    assert "<title>Trained on a cluster</title>" in page
    assert "Executed 2026-01-31 23:59 UTC" in page
    assert title(nbformat.v4.new_notebook()) == "Notebook"


def test_a_picture_has_the_alternative_text_that_its_cell_gives(executed):
    picture = nbformat.v4.new_output("display_data", {"image/png": "iVBORw0KGgo="})
    executed.cells.append(
        nbformat.v4.new_code_cell("%matplot plt", metadata={"alt": "Rows of each <class>"}, outputs=[picture])
    )
    page = to_html(clean(executed), FILES)
    assert 'alt="Rows of each &lt;class&gt;"' in page
    assert "No description" not in page


def test_page_needs_nothing_but_itself(page):
    assert "<script" not in page
    assert "<link" not in page
    sources = re.findall(r'src="([^"]*)"', page)
    assert len(sources) == 2
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert "@import" not in page
    assert "url(" not in page


def test_publishing_writes_both_files(tmp_path):
    for name in ("ran_on_a_cluster.ipynb", "dot.png"):
        shutil.copy(FILES / name, tmp_path)
    notebook = tmp_path / "ran_on_a_cluster.ipynb"
    assert publish(notebook) == [notebook, tmp_path / "ran_on_a_cluster.html"]
    assert "FloatProgress" not in notebook.read_text(encoding="utf-8")
    assert (tmp_path / "ran_on_a_cluster.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
