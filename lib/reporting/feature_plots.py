"""Pictures of features: what the model leans on, how the score follows them, and how far they have moved."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from lib.measures.drift import WASSERSTEIN_MARK
from lib.reporting.language.words import Words
from lib.reporting.names import one_line, two_lines
from lib.reporting.plot_style import (
    BLUE,
    GREY,
    ORANGE,
    WIDTH,
    blank,
    new_figure,
    number_axis,
    percent_axis,
    styled,
)

Record = Mapping[str, Any]

DRIFT_SHOWN = 20
_NAME_WIDTH = 30
_NAME_ABOVE = 30
_FARTHEST = 3.0  # standard deviations; a longer bar is cut, and its number says how long it is


@styled
def importances(records: Sequence[Record], metric: str, language: str = "en") -> Figure:
    """Importance by gain beside that by permutation, in the order given; a bar's line is ± one standard deviation.

    A record has `feature`, `importance`, `mean` and `std`; `metric` is the one that drops.
    """
    words = Words(language)
    figure, (left, right) = _two_panels(records, words)
    _bars(left, [record["importance"] for record in records], words, colour=BLUE)
    left.set_xlabel(words("gain_axis"))
    _drops(right, records, metric, words)
    return figure


@styled
def permutation_importances(
    records: Sequence[Record] | None, metric: str = "", language: str = "en", top: int = 20
) -> Figure:
    """How much the metric drops if a feature, or the group it moves with, is permuted: the `top` greatest drops."""
    words = Words(language)
    if not records:
        return blank(words("no_permutation"))
    shown = records[:top]
    figure = new_figure(WIDTH, 1.1 + 0.27 * len(shown))
    axes = figure.subplots()
    _name_rows(axes, shown, words)
    _drops(axes, shown, metric, words)
    if len(records) > len(shown):
        axes.set_title(words("first_of", shown=words.count(len(shown)), all=words.count(len(records))))
    return figure


@styled
def partial_dependence(records: Sequence[Record] | None, language: str = "en") -> Figure:
    """Small multiples: the mean score if a feature had the same value in all rows."""
    words = Words(language)
    if not records:
        return blank(words("no_partial_dependence"))
    columns = min(len(records), 3)
    lines = math.ceil(len(records) / columns)
    figure = new_figure(WIDTH, 0.7 + 1.9 * lines)
    grid = figure.subplots(lines, columns, squeeze=False, sharey=True).ravel()
    for axes, record in zip(grid, records, strict=False):
        axes.plot(record["values"], record["mean"], color=BLUE, marker="o", markersize=3, linewidth=1.6)
        title = two_lines(record["feature"], _NAME_ABOVE, words)
        axes.set_title(title, fontsize=8 if "\n" in title else 9, pad=3)
        axes.tick_params(labelsize=8, pad=1, color="#888888")
        axes.margins(y=0.1)
        axes.xaxis.set_major_locator(MaxNLocator(3))  # room for coordinates of seven digits
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.short(value)))
        number_axis(axes.yaxis, words)
    for axes in grid[len(records) :]:
        axes.set_visible(False)
    figure.supxlabel(words("feature_value_axis"), fontsize=10)
    figure.supylabel(words("mean_score_axis"), fontsize=10)
    return figure


@styled
def drift(record: Record | None, language: str = "en", top: int = DRIFT_SHOWN) -> Figure:
    """How far each of the first `top` features has moved, and the share of new rows beyond all training values."""
    words = Words(language)
    if not record:
        return blank(words("no_drift"))
    shown = record["features"][:top]
    figure, (left, right) = _two_panels(shown, words)
    _distances(left, shown, words)
    _bars(right, [each["outside"] for each in shown], words, colour=ORANGE, percent=True)
    right.set_xlabel(words("outside_axis"))
    if len(record["features"]) > len(shown):
        counts = {"shown": words.count(len(shown)), "all": words.count(len(record["features"]))}
        left.set_title(words("drift_first_of", **counts))
    return figure


def _two_panels(records: Sequence[Record], words: Words) -> tuple[Figure, tuple[Axes, Axes]]:
    figure = new_figure(WIDTH, 1.2 + 0.27 * len(records))
    left, right = figure.subplots(1, 2, sharey=True)
    _name_rows(left, records, words)
    right.tick_params(axis="y", length=0)
    right.grid(axis="y", visible=False)
    return figure, (left, right)


def _name_rows(axes: Axes, records: Sequence[Record], words: Words) -> None:
    axes.set_yticks(range(len(records)), [one_line(each["feature"], _NAME_WIDTH, words) for each in records])
    axes.set_ylim(len(records) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0, labelsize=9)
    axes.grid(axis="y", visible=False)
    axes.set_ylabel(words("feature_axis"))


def _bars(axes: Axes, values: Sequence[float], words: Words, *, colour: str, percent: bool = False) -> None:
    axes.barh(range(len(values)), values, color=colour, edgecolor="black", linewidth=0.5, height=0.7)
    for place, value in enumerate(values):
        _say(axes, value, place, words.percent(value) if percent else words.number(value))
    axes.set_xlim(0, max([*values, 1e-3]) * 1.25)
    _number_x(axes, words, percent=percent)


def _drops(axes: Axes, records: Sequence[Record], metric: str, words: Words) -> None:
    """Bars with ± one standard deviation; a drop below 0 is the play of chance."""
    means = np.array([each["mean"] for each in records])
    spread = np.array([each["std"] for each in records])
    style = {"ecolor": "black", "capsize": 2, "elinewidth": 1}
    axes.barh(
        range(len(records)),
        means,
        xerr=spread,
        color=ORANGE,
        edgecolor="black",
        linewidth=0.5,
        height=0.7,
        error_kw=style,
    )
    axes.axvline(0, color="black", linewidth=0.8)
    for place, each in enumerate(records):
        _say(axes, max(each["mean"] + each["std"], 0.0), place, words.number(each["mean"]))
    low, high = min(0.0, float((means - spread).min())), max(1e-3, float((means + spread).max()))
    axes.set_xlim(low * 1.1, high + 0.25 * (high - low))
    _number_x(axes, words)
    axes.set_xlabel(words("permutation_axis", metric=words(f"{metric}.short") if metric else words("the_metric")))


def _distances(axes: Axes, records: Sequence[Record], words: Words) -> None:
    """Bars cut at a distance that is far in any case; hatched, those too short to be marked."""
    for place, each in enumerate(records):
        distance = each["wasserstein"]
        length = _FARTHEST if distance is None else min(distance, _FARTHEST)
        colour, hatch = (GREY, "") if distance is None else (BLUE, "") if each["marked"] else ("white", "///")
        axes.barh(place, length, color=colour, hatch=hatch, edgecolor="black", linewidth=0.5, height=0.7)
        _say(axes, length, place, words("no_unit") if distance is None else words.number(distance, 2))
    axes.axvline(WASSERSTEIN_MARK, color=GREY, linestyle="--", linewidth=1.2)
    longest = max(_FARTHEST if each["wasserstein"] is None else each["wasserstein"] for each in records)
    axes.set_xlim(0, min(max(longest, 2 * WASSERSTEIN_MARK), _FARTHEST) * 1.3)
    _number_x(axes, words)
    axes.set_xlabel(words("moved_axis", mark=words.short(WASSERSTEIN_MARK)))


def _say(axes: Axes, at: float, place: float, text: str) -> None:
    axes.annotate(text, (at, place), (4, 0), textcoords="offset points", va="center", fontsize=8)


def _number_x(axes: Axes, words: Words, *, percent: bool = False) -> None:
    axes.tick_params(axis="x", labelsize=9, color="#888888")
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    if percent:
        axes.set_xticks([tick for tick in axes.get_xticks() if 0 <= tick <= 1])
        percent_axis(axes.xaxis, words)
    else:
        number_axis(axes.xaxis, words)
