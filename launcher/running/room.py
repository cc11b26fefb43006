"""How much room on disks a run needs, reckoned before it is known what it writes."""

from pathlib import Path

from launcher.experiment.plan import Plan
from launcher.support.files import local_path, matching
from lib.support.tables import places

# Of the sample (0.3 MB): 6 MB, nearly all of it notebooks, plots and trees. And what Java and kernels write.
_RESULTS, _TEMPORARY = 20 * 2**20, 200 * 2**20
# Results have some numbers a row, or pixel; Spark's temporary files have all values, as they are in memory.
_RESULTS_BY_INPUT, _TEMPORARY_BY_INPUT = 1, 5


def of_results(plan: Plan) -> int:
    """Bytes that a run writes to its output, about. Inputs elsewhere cannot be seen, and count nothing."""
    return _RESULTS + _RESULTS_BY_INPUT * _input_bytes(plan)


def of_temporary_files(plan: Plan) -> int:
    """Bytes that a run writes to this machine's temporary folder while it runs, about."""
    return _TEMPORARY + _TEMPORARY_BY_INPUT * _input_bytes(plan)


def _input_bytes(plan: Plan) -> int:
    named = [*places(plan.parameters.input_data), *places(plan.parameters.test_data)]
    return sum(_size(match) for place in named if (path := local_path(place)) for match in matching(path))


def _size(path: Path) -> int:
    try:
        return sum(each.stat().st_size for each in (path.rglob("*") if path.is_dir() else [path]) if each.is_file())
    except OSError:  # removed meanwhile, or not to be read: the error that is told is another one
        return 0
