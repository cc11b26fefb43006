import ast
from pathlib import Path

import pytest
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError

from launcher.local_spark import SparkDied, SparkStartError
from launcher.targets.cell_failure import CellFailure, NotebookFailed
from lib.errors import ExperimentError, InputError

LIB = Path(__file__).resolve().parents[3] / "lib"


def raised(ename: str, evalue: str, source: str = "x = 1", count: int | None = 3) -> CellFailure:
    error = PapermillExecutionError(4, count, source, ename, evalue, ["\x1b[31mTraceback\x1b[0m", "line"])
    return CellFailure.of(error, "", None)


def test_our_own_errors_are_known_by_name_and_speak_for_themselves():
    assert raised("InputError", "one\ntwo").kind is InputError
    assert raised("ExperimentError", "one\ntwo").kind is ExperimentError
    assert raised("InputError", "one\ntwo").error == "one\ntwo"
    assert raised("SparkStartError", "one").kind is SparkStartError
    assert raised("SparkDied", "one").kind is SparkDied
    assert raised("ValueError", "one\ntwo").kind is None
    assert raised("Exception", "one").kind is None


def test_every_error_of_lib_stands_where_the_launcher_finds_it():
    elsewhere = [
        f"{file.name}: {node.name}"
        for file in sorted(LIB.rglob("*.py"))
        if file.name != "errors.py"
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id.endswith(("Error", "Exception")) for base in node.bases)
    ]
    assert elsewhere == [], "a kernel hands over only an error's name: put these classes into lib/errors.py"


@pytest.mark.parametrize(
    ("ename", "evalue", "line"),
    [
        ("KeyError", "'GBT'", "KeyError: 'GBT'"),
        ("AssertionError", "", "AssertionError"),
        ("ValueError", "\n first \nsecond", "ValueError: first"),
        (
            "Py4JJavaError",
            "An error occurred while calling o1.fit.\n: org.apache.spark.SparkException: Job aborted\n\tat x",
            "Py4JJavaError: org.apache.spark.SparkException: Job aborted",
        ),
    ],
)
def test_other_errors_are_one_line(ename, evalue, line):
    assert raised(ename, evalue).error == line


def test_the_cell_is_its_number_and_its_first_line():
    assert raised("KeyError", "x", "\n\n  found = search(\n    y)").cell == "cell In [3] (found = search()"
    assert raised("KeyError", "x", "a" * 100).cell == f"cell In [3] ({'a' * 59}…)"
    assert raised("KeyError", "x", "", None).cell == "a cell"


def test_colours_are_taken_out_of_the_traceback():
    assert raised("KeyError", "x").traceback == "Traceback\nline"


def test_a_dead_kernel_and_a_silent_one_are_told_in_words():
    dead = CellFailure.of(DeadKernelError("Kernel died"), "fit()", 7)
    assert str(NotebookFailed("02_train.ipynb", dead)) == (
        "02_train.ipynb failed in cell In [7] (fit()): the kernel died: its process ended unexpectedly, "
        "as when memory runs out"
    )
    silent = CellFailure.of(CellTimeoutError("No answer in 60 s\nmore"), "fit()", 7)
    assert silent.error == "the kernel stopped answering: No answer in 60 s"
