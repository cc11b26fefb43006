"""Each command in the documents can be typed: its program, its options and its targets exist."""

import re
import runpy
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from launcher.cli import app
from tests.conftest import ROOT

PAGES = (
    "README.md",
    "docs/guia.md",
    "docs/cluster.md",
    "docs/runs.md",
    "docs/schedulers.md",
    "infrastructure/README.md",
)
TARGETS = set(re.findall(r"^\.PHONY: (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE))
WITH_DEFAULTS = runpy.run_path(str(ROOT / "scripts" / "submit_training_emr.py"))["with_defaults"]


def commands(page: str) -> list[list[str]]:
    """The words of each command of ours in a page: in blocks of code, a line each, and in code within text."""
    text = (ROOT / page).read_text()
    blocks = re.findall(r"^```(?:sh|console)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    lines += re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    ours = [line for line in lines if re.match(r"(make|python (run_|scripts/)\S+|spark-submit) ", line)]
    pieces = [piece.strip() for line in ours for piece in re.split(r"&&|\\?\|(?=\s)", line)]
    return [words for piece in pieces if (words := shlex.split(piece, comments=True))]


def check(words: list[str]) -> None:
    """Fail unless such a command could be typed."""
    program, *rest = words
    if program == "make":
        assert set(rest[:1]) <= TARGETS
    elif program == "python" and rest[0] == "run_experiment.py":
        check_launcher(rest[1:])
    elif program == "python":
        assert rest[0] == "scripts/submit_training_emr.py"
        check_launcher(WITH_DEFAULTS(rest[1:]))
    elif program == "spark-submit":
        (place,) = (place for place, word in enumerate(rest) if word.endswith(".py"))
        source = (ROOT / "scripts" / Path(rest[place]).name).read_text()
        assert {word for word in rest[place:] if word.startswith("--")} <= set(re.findall(r'"(--\w+)"', source))


def check_launcher(words: list[str]) -> None:
    """Parse the options as the program does: it asks whether they exist before it shows the help."""
    if words[-2:] in (["cluster", "COMMAND"], ["cluster", "…"]):
        words = words[:-1]
    done = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output.strip().splitlines()[-1]


@pytest.mark.parametrize("page", PAGES)
def test_each_command_can_be_typed(page):
    found = commands(page)
    assert len(found) >= 3
    for words in found:
        check(words)


@pytest.mark.parametrize(
    "line",
    [
        "make clear",
        "python run_experiment.py --wail",
        "python run_experiment.py cluster resise 4",
        "python scripts/submit_training_emr.py --cluster j-A",
        "spark-submit --py-files lib.zip s3://b/scripts/07_evaluar_modelos.py --modl m",
    ],
)
def test_a_command_that_does_not_exist_is_found(line):
    with pytest.raises(AssertionError):
        check(shlex.split(line))


def test_the_guide_has_each_command_of_before():
    text = (ROOT / "docs" / "guia.md").read_text()
    for command in (
        "submit_training_emr.py",
        "06_entrenar",
        "07_evaluar",
        "list-steps",
        "terminate-clusters",
        "stderr.gz",
    ):
        assert command in text
