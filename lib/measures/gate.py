"""The gate: figures that an evaluation must reach, for schedulers that act on the exit code."""

from collections.abc import Iterable, Mapping
from typing import Any

from lib import artifacts
from lib.errors import InputError, not_among
from lib.measures.zones import is_small

_WORST, _ZONE = "worst", "_zone_"


def check(metrics: Mapping[str, Any], fail_below: Mapping[str, float], fail_on_drift: bool) -> dict[str, Any]:
    """Hold the figures of metrics.json against their least values.

    Returns `fail_below`, `fail_on_drift` and `failed`: a record for each figure that is lower or unknown (`metric`,
    `value`, `below`), and one for drift (`drift`: the features that moved, the most important first; None if that
    is not known). The held-out rows of the training table cannot have drifted.

    The worst zone is the worst of those whose area says something (`lib.measures.zones.is_small`); if there is none,
    the record has `all_small: true`.

    Raises:
        InputError: there is no such figure.
    """
    check_names(fail_below)
    failed: list[dict[str, Any]] = []
    for name, least in fail_below.items():
        value = _value(metrics, name)
        if value is None or not value >= least:
            record = {"metric": name, "value": value, "below": least}
            failed.append(record | ({"all_small": True} if value is None and _all_small(metrics, name) else {}))
    if fail_on_drift and not metrics["measured_on"]["verified"]:
        drift = metrics.get("drift")
        if drift is None or drift["drifted"]:
            moved = drift and [record["feature"] for record in drift["features"] if record["marked"]]
            failed.append({"drift": moved})
    return {"fail_below": dict(fail_below), "fail_on_drift": fail_on_drift, "failed": failed}


def check_names(names: Iterable[str]) -> None:
    """Raise InputError unless all names are figures that a gate may ask for."""
    for name in names:
        if name not in artifacts.GATE_METRICS:
            raise InputError(
                not_among(
                    f"fail_below: {name!r} is no figure of an evaluation", name, artifacts.GATE_METRICS, "choose from"
                )
            )


def _value(metrics: Mapping[str, Any], name: str) -> float | None:
    if name in artifacts.OVERALL_METRICS:
        value: float = metrics[name]
        return value
    of, _, metric = name.partition(_ZONE)
    zones = metrics.get("leave_one_zone_out")
    if not zones:
        return None
    if of == _WORST:
        return min((zone[metric] for zone in _measured(zones) if not is_small(zone)), default=None)
    mean: float | None = zones[of].get(metric)
    return mean


def _all_small(metrics: Mapping[str, Any], name: str) -> bool:
    """Whether a figure of the worst zone is unknown because all zones that have areas are small."""
    zones = metrics.get("leave_one_zone_out")
    return bool(name.startswith(_WORST + _ZONE) and zones and _measured(zones))


def _measured(zones: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The zones that have areas."""
    return [zone for zone in zones[artifacts.ZONES] if zone["areaUnderROC"] is not None]
