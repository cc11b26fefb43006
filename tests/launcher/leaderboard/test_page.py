"""The page: all that is said of the runs, escaped, in one file that needs no other."""

import re
import shutil
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.leaderboard import page
from launcher.leaderboard.index import found_below
from launcher.leaderboard.ranking import board
from launcher.leaderboard.runs import runs_of
from lib import artifacts
from lib.errors import InputError
from tests.launcher.leaderboard.folders import leave, mixed, run_id
from tests.lib import records

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

ROWS = "[...document.querySelectorAll('table')[0].tBodies[0].rows]"


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, content: str):
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(content)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def links(self) -> list[str]:
        return [str(attributes["href"]) for tag, attributes in self.found if tag == "a"]


@pytest.fixture
def twenty(tmp_path):
    mixed(tmp_path / "out")
    page.write(str(tmp_path / "out"))
    return tmp_path / "out"


def test_every_run_is_on_the_page(twenty):
    content = Elements((twenty / "index.html").read_text())
    runs = runs_of(found_below(str(twenty)))
    assert len(runs) == 21
    for run in runs:
        assert run.name in content.text
    for each in board(runs).apart:
        assert each.reason in content.text


def test_nothing_from_outside_is_loaded(twenty):
    content = (twenty / "index.html").read_text()
    tags = {tag for tag, _ in Elements(content).found}
    assert not tags & {"link", "img", "iframe", "object", "embed", "base"}
    attributes = {name for _, found in Elements(content).found for name in found}
    assert "src" not in attributes
    assert not re.search(r"https?://|@import|url\(", content)


def test_links_are_relative_and_lead_to_what_is_there(twenty):
    notebooks = twenty / f"results/eval_{run_id(0)}/notebooks"
    notebooks.mkdir()
    (notebooks / "03_evaluate.html").write_text("")
    (twenty / f"results/eval_{run_id(0)}/{artifacts.REPORT_HTML}").write_text("")
    page.write(str(twenty))
    links = Elements((twenty / "index.html").read_text()).links()
    assert links
    assert all((twenty / unquote(link)).is_file() for link in links)
    assert f"results/eval_{run_id(0)}/notebooks/03_evaluate.html" in links
    assert f"results/eval_{run_id(0)}/{artifacts.REPORT_HTML}" in links


def test_a_page_of_somebody_else_is_left_as_it_is(tmp_path):
    (tmp_path / "index.html").write_text("<h1>Mine</h1>")
    with pytest.raises(InputError, match="is not a page of runs, and is left as it is"):
        page.write(str(tmp_path))
    assert (tmp_path / "index.html").read_text() == "<h1>Mine</h1>"


def test_a_page_that_cannot_be_made_leaves_the_old_one_and_stops_nothing(tmp_path, monkeypatch, capsys):
    leave(tmp_path, run_id(0))
    page.write(str(tmp_path))
    before = (tmp_path / "index.html").read_text()
    leave(tmp_path, run_id(1))
    monkeypatch.setattr(page, "put_content", lambda *_: (_ for _ in ()).throw(OSError("no space left")))
    page.make_again(str(tmp_path))
    assert (tmp_path / "index.html").read_text() == before
    assert "The page of all runs could not be made: no space left" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["index.html"]


def test_a_place_without_runs_has_no_page(tmp_path):
    with pytest.raises(InputError, match=r"there is no run in .* give the --out"):
        page.write(str(tmp_path / "mistyped"))
    assert list(tmp_path.iterdir()) == []


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    [
        '"><script>alert(1)</script>',
        "'onclick='x",
        "{{ 7 * 7 }}",
        "</style><b>",
        "javascript:alert(1)",
        "&lt;",
        "\x1b[31m",
    ]
)


ELEMENTS = """
    html head meta title style body header h1 h2 p code main section table thead tr th button tbody td mark svg rect
    path polyline span a script
"""


@settings(max_examples=40, deadline=None)
@given(TEXT, TEXT, TEXT, TEXT)
def test_whatever_stands_in_the_files_is_text_on_the_page(tmp_path_factory, model, place, name, value):
    out = tmp_path_factory.mktemp("out")
    for number in range(2):
        measured_on = {**records.metrics()["measured_on"], "inputs": [place]}
        parameters = {name: f"{value}{number}"}
        params = {name: f"{number}{value}"}
        leave(out, run_id(number), winner=model, best_params=params, parameters=parameters)
        leave(out, run_id(number + 2), winner=model, metrics={"measured_on": measured_on})
    content = Elements(page.html(board(runs_of(found_below(str(out)))), str(out)))
    assert {tag for tag, _ in content.found} <= set(ELEMENTS.split())
    assert [tag for tag, _ in content.found].count("script") == 1
    assert not [key for _, found in content.found for key in found if key.startswith("on")]
    assert len(content.links()) == 4
    assert all(link.startswith("results/") for link in content.links())


@pytest.fixture
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium: apt-get install chromium")
def test_in_a_browser_nothing_is_cut_and_a_click_sorts(twenty, browser):
    for width in (400, 820, 1400):
        opened = browser.new_page(viewport={"width": width, "height": 900})
        wrong: list[str] = []
        opened.on("console", lambda message, wrong=wrong: wrong.append(message.text))
        opened.on("pageerror", lambda error, wrong=wrong: wrong.append(str(error)))
        opened.goto((twenty / "index.html").as_uri())
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
        cut = "[...document.querySelectorAll('td')].filter(each => each.scrollWidth > each.clientWidth + 1).length"
        assert opened.evaluate(cut) == 0
        values = f"{ROWS}.map(row => row.querySelector('.value').dataset.value)"
        best_first = opened.evaluate(values)
        assert best_first == sorted(best_first, key=float, reverse=True)
        button = opened.get_by_role("button", name="areaUnderPR").first
        button.click()
        assert opened.evaluate(values) == sorted(best_first, key=float)
        button.click()
        assert opened.evaluate(values) == best_first
        zones = f"{ROWS}.map(row => row.querySelector('.zones').dataset.value)"
        opened.get_by_role("button", name="new zones").first.click()
        found = opened.evaluate(zones)
        assert found[:3] == ["0.61", "0.63", "0.65"]
        assert set(found[3:]) == {""}  # what is not known stays last
        assert wrong == []
        opened.close()
