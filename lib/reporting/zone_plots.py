"""Pictures of zones that the model had not seen."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lib.reporting.language.words import Words
from lib.reporting.limits import ZONES_DRAWN
from lib.reporting.names import one_line
from lib.reporting.plot_style import (
    BLUE,
    GREY,
    ORANGE,
    WIDTH,
    blank,
    legend_above,
    name_axes,
    new_axes,
    number_axis,
    say_how_many,
    styled,
)
from lib.reporting.report_data import zone_base_rate

Record = Mapping[str, Any]

_NAME_WIDTH = 40
ZONE_SERIES = (("areaUnderROC", BLUE, "o", "-"), ("areaUnderPR", ORANGE, "s", "--"))
"""The areas of zones as they are drawn: key, colour, marker and style of the line."""


@styled
def zones_left_out(record: Record | None, language: str = "en", most: int = ZONES_DRAWN) -> Figure:
    """Both areas and the base rate of the `most` weakest zones left out, and the means over all zones as lines."""
    words = Words(language)
    if not record:
        return blank(words("no_zones_left_out"))
    zones = weakest(record["zones"], most)
    figure, axes = new_axes(WIDTH, 1.6 + 0.4 * len(zones))
    means = {key: np.nan if mean is None else mean for key, mean in record["mean"].items()}
    labels = {key: words("area_and_mean", area=words(key), mean=words.number(means[key])) for key, *_ in ZONE_SERIES}
    areas_of_zones(axes, zones, means, labels, words)
    axes.set_xlim(-0.01, 1.02)
    name_axes(axes, words("left_out_axis"), words("left_out_zone_axis"))
    say_how_many(axes, "weakest_of", len(zones), len(record["zones"]), words)
    legend_above(axes)
    return figure


def weakest(zones: Sequence[Record], most: int) -> list[Record]:
    """The `most` zones with the smallest area under the ROC curve, the smallest first; those without one last.

    That area compares between zones, whatever their share of class 1.
    """

    def place(zone: Record) -> tuple[bool, float, str]:
        area = zone["areaUnderROC"]
        return area is None, area or 0.0, zone["zone"]

    return sorted(zones, key=place)[:most]


def areas_of_zones(
    axes: Axes, zones: Sequence[Record], lines: Mapping[str, float], labels: Mapping[str, str], words: Words
) -> None:
    """Both areas and the base rate of each zone, from top to bottom, and for each area a line across all of them."""
    places = np.arange(len(zones))
    for key, colour, marker, line in ZONE_SERIES:
        values = [np.nan if zone[key] is None else zone[key] for zone in zones]
        axes.axvline(lines[key], color=colour, linestyle=line, linewidth=1.2)
        axes.plot(values, places, marker, color=colour, markersize=8, markeredgecolor="black", label=labels[key])
    rates = [zone_base_rate(zone) for zone in zones]
    axes.plot(rates, places, "|", color="black", markersize=12, markeredgewidth=2, label=words("base_rate"))
    for place, zone in enumerate(zones):
        if zone["areaUnderROC"] is None:
            axes.text(0.5, place, words("one_class_only"), va="center", ha="center", fontsize=9, color=GREY)
    axes.set_yticks(places, [_label(zone, words) for zone in zones])
    axes.set_ylim(len(zones) - 0.5, -0.5)
    number_axis(axes.xaxis, words)


def _label(zone: Record, words: Words) -> str:
    counts = words("zone_counts", rows=words.count(zone["rows"]), positives=words.count(zone["positives"]))
    return f"{one_line(zone['zone'], _NAME_WIDTH, words)}\n{counts}"
