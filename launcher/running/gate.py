"""The gate of a run: figures that it must reach, told to whatever started it by the exit code."""

from collections.abc import Mapping
from typing import Any

from lib.errors import ExperimentError, some


class GateFailed(ExperimentError):
    """The run is complete, and its figures are not good enough."""

    cause = "gate"


def check_gate(results: Mapping[str, Any]) -> None:
    """Look at what the evaluation says about its gate (`lib.measures.gate`), if it had one.

    Raises:
        GateFailed: a figure is lower than it must be, or the table has drifted; in one sentence.
    """
    gate = results.get("evaluate", {}).get("gate")
    if gate and gate["failed"]:
        raise GateFailed(f"the gate is not passed: {'; '.join(_sentence(failed) for failed in gate['failed'])}")


def _sentence(failed: Mapping[str, Any]) -> str:
    if "drift" in failed:
        if failed["drift"] is None:
            return "whether test_data has drifted is not known, for the model keeps no sample of its rows"
        return f"test_data has drifted, first of all in {some(failed['drift'], 3)}"
    if failed.get("all_small"):
        return f"{failed['metric']} is not known, for no zone has enough rows of both classes to tell"
    if failed["value"] is None:
        return f"{failed['metric']} is not known, and must be at least {failed['below']}"
    value, least = failed["value"], failed["below"]
    shown = f"{value:.4f}"
    return f"{failed['metric']} is {shown if float(shown) < least else value}, below {least}"
