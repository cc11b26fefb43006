"""The choice of the engine that fits the candidates of an experiment."""

from collections.abc import Sequence

from lib.engines.spark import SparkEngine
from lib.engines.task.engine import TaskEngine
from lib.engines.task.memory import TaskMemory, task_memory
from lib.errors import InputError
from lib.search.engine import Engine
from lib.search.families import Candidate
from lib.search.shared_fits import shared_fits
from lib.split import TRAIN, VAL, Split

ENGINES = ("auto", "task", "spark")


def choose_engine(name: str, split: Split, candidates: Sequence[Candidate]) -> tuple[Engine, str]:
    """The engine with that name (`auto`, `task` or `spark`) for this search, and the reason for the choice.

    Raises:
        InputError: there is no such engine, or `task` is given for data that do not fit in its tasks or for a family
            that it cannot grow.
    """
    if name not in ENGINES:
        raise InputError(f"engine={name!r}: choose {', '.join(ENGINES)}")
    if name == "spark":
        return SparkEngine(), "requested"
    if others := _families_for_spark_ml(candidates, len(split.features)):
        if name == "task":
            raise InputError(f"engine: task fits only trees, not {others}; choose engine: spark (as auto does)")
        return SparkEngine(), f"the search has {others}, which only Spark ML fits"
    return choose_by_memory(name, task_memory(split, candidates), split)


def _families_for_spark_ml(candidates: Sequence[Candidate], n_features: int) -> str:
    """The families that the task engine cannot grow, if any."""
    others = [c.model for fit in shared_fits(candidates, n_features) if not fit.in_tasks for c in fit.candidates]
    return ", ".join(dict.fromkeys(others))


def choose_by_memory(name: str, memory: TaskMemory, split: Split) -> tuple[Engine, str]:
    """The engine for `auto` or `task`, given the memory that a task needs and has.

    Raises:
        InputError: `task` was requested, and the data do not fit in a task.
    """
    rows = split.parts[TRAIN]["rows"] + split.parts[VAL]["rows"]
    size = f"{rows:,} rows × {len(split.features)} features of training data"
    if memory.fits:
        return TaskEngine(memory), f"{'requested, and ' if name == 'task' else ''}the data fit: for {size} {memory}"
    if name == "task":
        raise InputError(
            f"engine: task cannot hold the data: for {size} {memory}; raise spark.executor.memoryOverhead, give "
            "executors fewer cores, or choose engine: spark (as auto does)"
        )
    return SparkEngine(), f"the data do not fit in a task: for {size} {memory}"
