"""Pictures of maps: the score, and beside it what is marked and what the model should not be asked about."""

from collections.abc import Mapping, Sequence
from math import floor, log10
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from lib.measures.judge import CLASS, DISSIMILARITY, SCORE, SPREAD
from lib.reporting.language.words import Words
from lib.reporting.plot_style import ORANGE, WIDTH, new_figure, number_axis, styled, verbatim
from lib.reporting.report_data import Record
from lib.scoring.maps import Map

# What a pixel is on the map of decisions, with its colour; the last two are those not to be asked about.
KINDS = {"unmarked": "#D9D9D9", "marked": ORANGE, "disagree": "#8DA0CB", "outside": "#5E3C99"}
_WIDE = 1.3  # of a map that is this many times as wide as high, the two pictures stand one above the other
_NUMBERED = 20


@styled
def tile_map(drawn: Map, record: Record, language: str = "en") -> Figure:
    """The map of a tile: its scores, and what follows from them, with a scale bar and the numbers of the best areas."""
    words = Words(language)
    score, kinds, ratio = drawn.overviews[SCORE], _kinds(drawn, record), _ratio(drawn)
    figure, parts = _parts(ratio)
    picture = parts["score"].imshow(
        score.values, extent=score.extent, vmin=0, vmax=1, cmap="viridis", interpolation="nearest"
    )
    figure.colorbar(picture, cax=parts["bar"], orientation="horizontal")
    number_axis(parts["bar"].xaxis, words)
    colours = ListedColormap(list(KINDS.values()))
    last = len(KINDS) - 0.5
    parts["decision"].imshow(kinds, extent=score.extent, vmin=-0.5, vmax=last, cmap=colours, interpolation="nearest")
    for name in ("score", "decision"):
        parts[name].set_title(words(f"maps.{name}"))
        _frame(parts[name], drawn, words)
    _scale_bar(parts["score"], drawn, words)
    _number(parts["decision"], drawn, record["best_areas"])
    _key(parts["key"], kinds, words)
    return figure


def _parts(ratio: float) -> tuple[Figure, dict[str, Axes]]:
    """Two maps, side by side or one above the other, with what explains their colours below each."""
    if ratio > _WIDE:
        layout: Any = [["score"], ["bar"], ["decision"], ["key"]]
        heights = [1, 0.04, 1, 0.04]
        height = 2 * WIDTH / ratio + 2
    else:
        layout, heights = [["score", "decision"], ["bar", "key"]], [1, 0.04]
        height = WIDTH / 2 / ratio + 1.2
    figure = new_figure(WIDTH, float(np.clip(height, 3.4, 10)))
    parts = figure.subplot_mosaic(layout, height_ratios=heights)
    for name in ("score", "decision"):
        parts[name].set_anchor("N")
    return figure, parts


def _key(axes: Axes, kinds: npt.NDArray[np.float64], words: Words) -> None:
    """What the colours of the decisions mean; of those that not every map has, the ones that this one has."""
    shown = {
        name: colour for number, (name, colour) in enumerate(KINDS.items()) if number < 2 or (kinds == number).any()
    }
    if np.isnan(kinds).any():
        shown["no_value"] = "white"
    patches = [
        Patch(facecolor=colour, edgecolor="#888888", label=words(f"map.{name}")) for name, colour in shown.items()
    ]
    axes.set_axis_off()
    axes.legend(handles=patches, loc="upper center", ncols=2, borderaxespad=0, handlelength=1.2)


def _kinds(drawn: Map, record: Record) -> npt.NDArray[np.float64]:
    """The number of each pixel's kind; NaN where there is no value."""
    maps = {name: overview.values for name, overview in drawn.overviews.items()}
    kinds = maps[CLASS].copy()
    known = np.isfinite(kinds)
    for name, limit, kind in ((SPREAD, "spread_limit", "disagree"), (DISSIMILARITY, "dissimilarity_limit", "outside")):
        if name in maps and record[limit] is not None:
            kinds[known & (maps[name] > record[limit])] = list(KINDS).index(kind)
    return kinds


def _ratio(drawn: Map) -> float:
    """Width by height of a tile on the ground."""
    height, width = drawn.shape
    return width / height * (drawn.pixel.across / drawn.pixel.down if drawn.pixel else 1)


def _frame(axes: Axes, drawn: Map, words: Words) -> None:
    """Coordinates on the sides, few enough to be read, and pixels as wide as on the ground."""
    left, right, bottom, top = drawn.overviews[SCORE].extent
    axes.set_aspect(abs((right - left) / (top - bottom)) / _ratio(drawn))
    axes.grid(False)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(3))
        number_axis(axis, words)
    axes.tick_params(labelsize=7, color="#888888")
    axes.tick_params(axis="y", labelrotation=90)
    for label in axes.get_yticklabels():
        label.set_verticalalignment("center")


def _scale_bar(axes: Axes, drawn: Map, words: Words) -> None:
    """A bar of a round length, about a fourth of the map's width."""
    if drawn.pixel is None:
        return
    left, right, bottom, top = drawn.overviews[SCORE].extent
    metres = drawn.pixel.across * drawn.shape[1]
    length = _round(metres / 4)
    width, height = length / metres * (right - left), (top - bottom) * 0.012
    x, y = left + 0.04 * (right - left), bottom + 0.04 * (top - bottom)
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5}
    axes.add_patch(Rectangle((x, y), width, height, facecolor="black", edgecolor="white", linewidth=0.8))
    said = f"{words.short(length)} m" if length < 1000 else f"{words.short(length / 1000)} km"
    axes.annotate(
        said, (x + width / 2, y + height), (0, 4), textcoords="offset points", ha="center", fontsize=8, bbox=box
    )


def _round(length: float) -> float:
    """The largest 1, 2 or 5 times a power of ten that is not longer."""
    power = 10 ** floor(log10(length))
    return max(step * power for step in (1, 2, 5) if step * power <= length)


def _number(axes: Axes, drawn: Map, areas: Sequence[Mapping[str, Any]]) -> None:
    """The numbers of the best areas, where their centres are."""
    for rank, area in enumerate(areas[:_NUMBERED], start=1):
        if area["tile"] == drawn.name:
            box = {"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": "black", "linewidth": 0.6}
            axes.annotate(
                verbatim(str(rank)),
                drawn.to_picture @ (area["x"], area["y"]),
                ha="center",
                va="center",
                fontsize=7,
                bbox=box,
            )
