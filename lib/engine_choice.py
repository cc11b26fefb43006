"""Which engine fits the candidates of an experiment."""

from collections.abc import Sequence

from lib.candidates import Candidate
from lib.engine import Engine
from lib.errors import InputError
from lib.spark_engine import SparkEngine
from lib.split import Split


def choose_engine(name: str, split: Split, candidates: Sequence[Candidate]) -> tuple[Engine, str]:
    """The engine of that name (`auto`, `task` or `spark`) for this search, and why, in a sentence."""
    if name in ("auto", "spark"):
        return SparkEngine(), "Spark ML's own training"
    raise InputError(f"engine={name!r}: choose auto or spark")
