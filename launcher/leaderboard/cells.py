"""How figures of a run read in the table and on the page, from a row of `launcher.leaderboard.rows`."""

from collections.abc import Mapping
from typing import Any

_NONE = "–"


def number(value: float | None, digits: int) -> str | None:
    """A number with so many decimals."""
    return None if value is None else f"{value:.{digits}f}"


def when(values: Mapping[str, Any]) -> str | None:
    """When it started, to the minute."""
    moment: str | None = values["when"]
    return moment[:16].replace("T", " ") if moment else None


def zones(values: Mapping[str, Any]) -> str | None:
    """Mean of the zones left out, and the worst in brackets."""
    mean, worst = values["zones_mean"], values["zones_worst"]
    if mean is None and worst is None:
        return None
    return f"{number(mean, 3) or _NONE} ({number(worst, 3) or _NONE})"


def figures(values: Mapping[str, Any]) -> str | None:
    """Winner and metric of a run that is compared with no other."""
    if values["value"] is None:
        return None
    return f"{values['winner']}, {values['metric']} {values['value']:.4f} on {values['test_rows']:,} rows"
