import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from launcher.experiment.search_log import SearchLog
from launcher.running.progress import Progress
from launcher.running.screens import show_plan, show_results
from launcher.support.console import duration
from launcher.support.files import LocalFiles
from tests.launcher.experiment.test_search_log import line
from tests.launcher.experiments import RUN_ID, plan, write_notebooks

GRID = {"RandomForest": {"numTrees": [5, 10]}, "GBT": {"maxIter": [3, 6]}}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Screen:
    """A progress display with its plan, its log and its clock in a test's hands."""

    def __init__(self, folder: Path, terminal: bool):
        self.plan = plan(folder, write_notebooks(folder / "notebooks"), grid=GRID)
        self.console = Console(
            file=io.StringIO(), force_terminal=terminal, width=80, highlight=False, color_system=None, record=True
        )
        self.clock, self.file = Clock(), folder / "search.jsonl"
        self.progress = Progress(self.plan, SearchLog(LocalFiles(), str(self.file)), self.console, self.clock)

    def start(self, number: int) -> None:
        self.progress.step_started(self.plan.steps[number - 1], number)

    def done(self, number: int) -> None:
        self.progress.step_done(self.plan.steps[number - 1])

    def score(self, *lines: dict) -> None:
        self.file.write_text("".join(json.dumps(each) + "\n" for each in lines))
        self.progress.look()

    def shown(self) -> list[str]:
        """What the display shows now."""
        with self.console.capture() as capture:
            self.console.print(self.progress.render())
        return [text.rstrip() for text in capture.get().splitlines()]


@pytest.fixture
def screen(tmp_path):
    return Screen(tmp_path, terminal=True)


def test_the_display_shows_steps_candidates_the_best_and_the_time_left(screen):
    screen.start(1)
    screen.clock.now = 12
    screen.done(1)
    screen.start(2)
    screen.clock.now = 80
    assert screen.shown()[0] == "✓ 1/4 explore  12 s"
    assert screen.shown()[1].endswith("2/4 train    1 min 08 s")
    screen.progress.cell_started(2)
    assert screen.shown()[1].endswith("2/4 train    1 min 08 s cell 2 of 3")
    assert screen.shown()[-1].endswith("0/4 candidates")
    screen.score(line(0, 0.61), line(2, 0.655, seconds=20, second=30))
    bar, best, params = screen.shown()[-3:]
    assert bar.endswith("2/4 candidates, about 30 s left")
    assert best == "   best so far: areaUnderPR 0.6550 on validation"
    assert params == "   GBT maxIter=3"
    screen.score(*(line(index, 0.6) for index in range(4)))
    assert screen.shown()[-3].endswith("4/4 candidates, now retraining the winner")
    screen.done(2)
    assert screen.shown()[2:] == ["  3/4 evaluate", "  4/4 report"]
    assert max(map(len, screen.shown())) <= 80


def test_a_step_that_did_not_end_is_marked(screen):
    with screen.progress:
        screen.start(1)
    assert screen.shown()[0].startswith("✗ 1/4 explore")


def test_a_log_gets_few_plain_lines(tmp_path):
    screen = Screen(tmp_path, terminal=False)
    with screen.progress:
        screen.start(1)
        screen.done(1)
        screen.clock.now = 3
        screen.start(2)
        for count in range(1, 5):
            screen.clock.now += 2
            screen.score(*(line(index, 0.6) for index in range(count)))
    text = screen.console.export_text()
    assert text.splitlines() == [
        "     0 s  1/4 explore",
        "     3 s  2/4 train",
        "     5 s      1/4 candidates; best so far: areaUnderPR 0.6000 on validation, RandomForest numTrees=5",
        "    11 s      4/4 candidates, now retraining the winner; best so far: areaUnderPR 0.6000 on validation, "
        "RandomForest numTrees=5",
    ]


def test_the_watcher_reads_the_log_by_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(LocalFiles, "pause", 0.01)
    screen = Screen(tmp_path, terminal=True)
    with screen.progress:
        screen.start(2)
        screen.file.write_text(json.dumps(line(0, 0.6)) + "\n")
        for _ in range(500):
            if screen.progress.search.scored:
                break
            screen.progress._over.wait(0.01)
    assert [each["index"] for each in screen.progress.search.scored] == [0]


def test_the_end_says_what_came_out_and_where_it_is(screen, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    numbers = {"areaUnderPR": 0.71234, "areaUnderROC": 0.87, "accuracy": 0.9, "f1": 0.89}
    summary = {
        "metric_used": "areaUnderPR",
        "val_samples": 1201,
        "test_samples": 1200,
        "models": {"GBT": {"best_params": {"maxDepth": "6", "maxIter": "100"}}},
        "winner": {"name": "GBT", "val_metrics": numbers, "test_metrics_retrained": {**numbers, "areaUnderPR": 0.7}},
    }
    half = {"FN": 40, "FP": 90}
    results = {"train": summary, "report": "# R"}
    same = {"threshold": 0.5, "threshold_chosen": {"here": half, "here_at_half": half}}
    show_results(screen.console, screen.plan, {**results, "evaluate": same}, 125)
    assert "threshold" not in screen.console.export_text()
    other = {"threshold": 0.568516, "threshold_chosen": {"here": {"FN": 63, "FP": 70}, "here_at_half": half}}
    show_results(screen.console, screen.plan, {**results, "evaluate": other}, 125)
    assert "accuracy and f1 are at threshold 0.5; in the report at 0.5685" in screen.console.export_text()
    show_results(screen.console, screen.plan, {**results, "evaluate": {}}, 125)
    text = screen.console.export_text()
    assert "Winner  GBT maxDepth=6 maxIter=100" in text
    assert ["areaUnderPR", "0.7123", "0.7000"] in [row.split() for row in text.splitlines()]
    assert "validation (1,201 rows)   test (1,200 rows)" in text
    for place in (
        f"report     out/results/eval_{RUN_ID}/EVALUATION_REPORT.md",
        f"model      out/models/model_{RUN_ID}/pipeline_best",
        f"notebooks  out/models/model_{RUN_ID}/notebooks",
        f"           out/results/eval_{RUN_ID}/notebooks",
    ):
        assert place in text
    assert "Done in 2 min 05 s." in text


def test_a_plan_counts_candidates_and_fits(screen):
    show_plan(screen.console, screen.plan)
    text = " ".join(screen.console.export_text().split())  # whatever its lines
    assert "4 candidates (2 RandomForest, 2 GBT) by areaUnderPR" in text
    assert "at most 5: the candidates, which share fits (2), the best of each model again for its test (2)" in text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.6, "1 min 00 s"), (125, "2 min 05 s"), (7800, "2 h 10 min")]
)
def test_durations_read_well(seconds, text):
    assert duration(seconds) == text
