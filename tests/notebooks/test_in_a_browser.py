"""`make lab` as a newcomer meets it, in a real browser: it opens a notebook, and Run All runs every cell."""

import json
import re
import shutil

import pytest
from playwright.sync_api import Page, Route, sync_playwright

from launcher.local_spark import SHORT_SESSION
from tests.launcher.lab import ROOT, Lab, running_lab

NOTEBOOK = "02_train.ipynb"  # which the command opens
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_NOTEBOOK = "[...(window.jupyterapp?.shell.widgets('main') ?? [])].find(each => each.content?.widgets)"
# Its cells of code, as JupyterLab has them: the number, and the error if there is one.
_CELLS = f"""() => {{
    const code = {_NOTEBOOK}.content.widgets.filter(cell => cell.model.type === 'code');
    return code.map(cell => {{
        const error = cell.model.outputs.toJSON().find(output => output.output_type === 'error');
        return [cell.model.executionCount, error ? `${{error.ename}}: ${{error.evalue}}` : null];
    }});
}}"""
_IS_OPEN = f"() => {_NOTEBOOK}?.content.widgets.length > 3"
_IS_IDLE = f"() => {_NOTEBOOK}?.sessionContext.session?.kernel?.status === 'idle'"


@pytest.fixture
def page():
    """A page of a browser that nobody sees."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


def opened(page: Page, lab: Lab, changes: dict[str, str]) -> None:
    """Open JupyterLab as its command does, on a notebook some of whose parameters have other defaults.

    Nothing is saved: the notebook is the one of this checkout.
    """

    known = {}

    def changed(route: Route) -> None:
        if route.request.method != "GET":  # it is saved after two minutes
            route.fulfill(json={**known, "content": None})
            return
        answer = route.fetch()
        body = answer.json()
        known.update(body)
        for cell in (body["content"] or {"cells": []})["cells"]:
            for name, value in changes.items():
                cell["source"] = re.sub(rf"^{name} = [^#\n]*", f"{name} = {value}  ", cell["source"], flags=re.M)
        route.fulfill(response=answer, json=body)

    def checkpoints(route: Route) -> None:
        if route.request.method == "GET":
            route.fulfill(json=[])
        else:
            route.fulfill(status=201, json={"id": "checkpoint", "last_modified": "2026-01-31T23:59:59Z"})

    page.route(re.compile(rf"/api/contents/notebooks/{NOTEBOOK}(\?|$)"), changed)
    page.route(re.compile(r"/api/contents/.*/checkpoints"), checkpoints)
    page.goto(f"{lab.url}/lab/tree/notebooks/{NOTEBOOK}?token={lab.token}")
    page.wait_for_function(_IS_OPEN, timeout=120_000)


def run_all(page: Page) -> list[tuple[int | None, str | None]]:
    """Run → Run All Cells, and what came of it, cell by cell."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    # What is run last is numbered last; an error ends it before.
    over = f"() => {{ const cells = ({_CELLS})(); return cells.at(-1)[0] || cells.some(cell => cell[1]); }}"
    page.wait_for_function(over, timeout=300_000)
    page.wait_for_function(_IS_IDLE, timeout=120_000)
    return page.evaluate(_CELLS)


def test_make_lab_is_the_command_that_is_tested_here():
    assert re.search(r"^lab: .*\n\t@\$\(BIN\)/python run_experiment\.py lab$", (ROOT / "Makefile").read_text(), re.M)


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium: apt-get install chromium")
@pytest.mark.timeout(600)
def test_run_all_runs_every_cell_on_this_machine_without_a_choice(page, tmp_path, monkeypatch):
    monkeypatch.setenv("SPARK_MASTER", "local[2]")
    monkeypatch.setenv("SPARK_SETTINGS", json.dumps(SHORT_SESSION))
    with running_lab(tmp_path) as lab:
        opened(page, lab, {"out": repr(str(tmp_path / "runs")), "search": '"random"', "max_candidates": "1"})
        page.wait_for_function(_IS_IDLE, timeout=120_000)
        assert page.locator(".jp-Dialog").count() == 0
        assert page.locator(".jp-KernelName").inner_text() == "PySpark (local)"
        cells = run_all(page)
        page.close()
    assert cells == [[number, None] for number in range(1, len(cells) + 1)]
    assert len(cells) > 20
    assert len(list(tmp_path.glob("runs/models/model_*/metrics/summary.json"))) == 1
