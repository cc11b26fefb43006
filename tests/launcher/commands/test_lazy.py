"""Commands are imported when they are called; what is listed of them is what they say themselves."""

import inspect
import subprocess
import sys

import pytest
from typer.main import get_group
from typer.testing import CliRunner

from launcher import cli
from launcher.commands import cluster
from launcher.support.project import PROJECT

LISTED = {**cli.COMMANDS, **cluster.COMMANDS}
GROUPS = {name: group for group in (get_group(cli.app), get_group(cluster.app)) for name in group.commands}


@pytest.mark.parametrize("name", LISTED)
def test_a_command_is_listed_with_its_own_words(name):
    help = inspect.cleandoc(GROUPS[name].commands[name].help)
    assert LISTED[name][1] == " ".join(help.split("\n\n")[0].split())


@pytest.mark.parametrize("arguments", [["--help"], ["cluster", "--help"]])
def test_help_brings_nothing_heavy(arguments):
    heavy = ("boto3", "botocore", "papermill", "pyspark", "pandas")
    program = (
        "import sys\nfrom launcher.cli import app\n"
        f"try:\n    app({arguments})\nexcept SystemExit:\n    pass\n"
        f"sys.exit(' '.join({{*{heavy}}} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True)
    assert "Usage:" in done.stdout
    assert not done.stderr.split()


def test_a_command_that_is_not_there_is_answered_with_one_that_is():
    answer = CliRunner().invoke(cli.app, ["cluster", "stat"])
    assert answer.exit_code == 2
    assert "No such command 'stat'. Did you mean" in answer.output.replace("\n", " ")
    assert "status" in answer.output
