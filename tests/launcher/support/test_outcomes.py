"""How commands end where nobody reads what they print."""

import subprocess
import sys

from tests.conftest import ROOT

PROGRAM = """
import typer
from launcher.support.console import print_json, say
from launcher.support.outcomes import command_body

def main():
    with command_body(debug=False):
        for number in range(100_000):
            PRINT

typer.run(main)
"""


def ended(statement: str) -> tuple[int, str]:
    """How a program ends that prints for ever, and what it says, where one line is read."""
    program = PROGRAM.replace("PRINT", statement)
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
    return process.returncode, errors


def test_a_reader_that_has_read_enough_is_no_error():
    for statement in ("print_json([number] * 10)", "say('a line')", "print(number)"):
        assert ended(statement) == (1, "")


def test_a_pipe_of_another_kind_that_breaks_is_told():
    program = PROGRAM.replace("PRINT", "raise BrokenPipeError(32, 'Broken pipe')")
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Unexpected error: BrokenPipeError" in done.stderr
