"""Which engine fits the candidates of an experiment."""

from collections.abc import Sequence

from lib.candidates import Candidate
from lib.engine import Engine
from lib.errors import InputError
from lib.spark_engine import SparkEngine
from lib.split import TRAIN, VAL, Split
from lib.task_engine import TaskEngine
from lib.task_memory import TaskMemory, task_memory

ENGINES = ("auto", "task", "spark")


def choose_engine(name: str, split: Split, candidates: Sequence[Candidate]) -> tuple[Engine, str]:
    """The engine of that name (`auto`, `task` or `spark`) for this search, and why, in a sentence.

    Raises:
        InputError: no such engine, or `task` for data that its tasks cannot hold.
    """
    if name not in ENGINES:
        raise InputError(f"engine={name!r}: choose {', '.join(ENGINES)}")
    if name == "spark":
        return SparkEngine(), "asked for"
    return choose_by_memory(name, task_memory(split, candidates), split)


def choose_by_memory(name: str, memory: TaskMemory, split: Split) -> tuple[Engine, str]:
    """`auto` or `task` for data that need so much memory in a task.

    Raises:
        InputError: `task` was asked for, and the data do not fit tasks.
    """
    rows = split.parts[TRAIN]["rows"] + split.parts[VAL]["rows"]
    size = f"{rows:,} rows × {len(split.features)} features to train with"
    if memory.fits:
        return TaskEngine(memory), f"{'asked for, and ' if name == 'task' else ''}the data fit: for {size} {memory}"
    if name == "task":
        raise InputError(
            f"engine: task cannot hold the data: for {size} {memory}; raise spark.executor.memoryOverhead, give "
            "executors fewer cores, or choose engine: spark (auto would)"
        )
    return SparkEngine(), f"the data do not fit tasks: for {size} {memory}"
