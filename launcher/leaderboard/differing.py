"""In what two runs differ beside their scores: parameters, data, model and code."""

from collections.abc import Iterator, Mapping
from typing import Any

from launcher.leaderboard.evaluations import Evaluation

# They name the run and its place, not what was done.
_NAMES = ("run_id", "out")


def differing(a: Evaluation, b: Evaluation) -> dict[str, tuple[Any, Any]]:
    """What is not the same in both, by dotted name; None for what one does not have.

    Parameters have their own names. Then come `features`, as those that only one of the two has, `data`,
    `engine_used`, `code`, `winner` and the winner's parameters, as in `winner.maxDepth`.
    """
    of_a, of_b = (dict(_facts(each)) for each in (a, b))
    if of_a and of_b:
        own = (set(of_a["features"]), set(of_b["features"]))
        of_a["features"], of_b["features"] = sorted(own[0] - own[1]), sorted(own[1] - own[0])
    names = [*of_a, *(name for name in of_b if name not in of_a)]
    return {name: (of_a.get(name), of_b.get(name)) for name in names if of_a.get(name) != of_b.get(name)}


def flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """The values of nested objects by dotted name: `grid.GBT.maxIter`. An object without keys is a value itself."""
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _facts(run: Evaluation) -> Iterator[tuple[str, Any]]:
    """Everything that is compared; nothing where the model's records are not known."""
    if run.experiment is None:
        return
    parameters = {name: value for name, value in run.experiment["parameters"].items() if name not in _NAMES}
    yield from flat(parameters)
    yield "features", run.experiment["data"]["features"]
    yield "data", run.experiment["data"]["fingerprint"]
    yield "engine_used", run.experiment["engine"]["name"]
    yield "code", run.experiment["versions"]["lib"]
    if run.summary is not None:
        winner = run.summary["winner"]["name"]
        yield "winner", winner
        best = run.summary["models"].get(winner, {}).get("best_params", {})
        yield from ((f"winner.{name}", value) for name, value in best.items())
