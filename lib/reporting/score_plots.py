"""Pictures of what a score is worth: as a probability, and as an order in which rows are looked at."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from lib.measures.intervals import share_interval
from lib.reporting.language.words import Words
from lib.reporting.plot_style import (
    BLUE,
    GREY,
    HALF,
    ORANGE,
    SQUARE_WITH_LEGEND,
    WIDTH,
    blank,
    legend_above,
    name_axes,
    new_axes,
    new_figure,
    number_axis,
    percent_axis,
    styled,
)
from lib.reporting.report_data import base_rate

Record = Mapping[str, Any]

FEW_ROWS = (
    10  # below which a bin of the reliability diagram shows little, so that its point is hollow and no line meets it
)


@styled
def reliability(curves: Record, language: str = "en", different: float = 1.0) -> Figure:
    """Promised and true shares of class 1 of the score and of its calibrated value, and below the rows of each bin.

    `different` is the share of the rows that are different: only they make the shares more certain.
    """
    words = Words(language)
    diagrams = curves.get("reliability") or {}
    kinds = [kind for kind in ("score", "calibrated") if diagrams.get(kind)]
    if not kinds:
        return blank(words("no_reliability"))
    figure = new_figure(WIDTH if len(kinds) == 2 else HALF, 4.9)
    grid = figure.subplots(2, len(kinds), squeeze=False, sharex=True, sharey="row", height_ratios=[3, 1])
    for column, kind in enumerate(kinds):
        _promised_and_true(grid[0][column], diagrams[kind], words, different)
        grid[0][column].set_title(words(f"reliability.{kind}"))
        _rows_of_bins(grid[1][column], diagrams[kind], words)
    name_axes(grid[0][0], "", words("true_share_axis"))
    name_axes(grid[1][0], words("reliability.score_axis"), words("rows_axis"))
    legend_above(grid[0][0])
    figure.align_ylabels()
    if len(kinds) == 2:
        grid[1][1].set_xlabel(words("reliability.calibrated_axis"))
    return figure


def _promised_and_true(axes: Axes, bins: Sequence[Record], words: Words, different: float) -> None:
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1.2, label=words("as_promised"))
    for each in bins:
        if "weight" in each:  # no formula knows how sure a weighted share is
            continue
        bounds = share_interval(round(each["share"] * each["rows"]), each["rows"], different * each["rows"])
        if bounds:
            axes.plot([each["mean"]] * 2, bounds, color=BLUE, linewidth=1.2)
    enough = [each for each in bins if each["rows"] >= FEW_ROWS]
    few = [each for each in bins if each["rows"] < FEW_ROWS]
    for shown, line, fill in ((enough, "o-", BLUE), (few, "o", "white")):
        means, shares = [each["mean"] for each in shown], [each["share"] for each in shown]
        edge = "black" if shown is enough else BLUE
        axes.plot(means, shares, line, color=BLUE, linewidth=1.2, markersize=7, mfc=fill, markeredgecolor=edge)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.tick_params(labelsize=9, color="#888888")
    number_axis(axes.yaxis, words)


def _rows_of_bins(axes: Axes, bins: Sequence[Record], words: Words) -> None:
    """On a logarithmic axis: with a rare class, one bin may have a thousand times the rows of another."""
    starts = [each["from"] for each in bins]
    widths = [each["to"] - each["from"] for each in bins]
    axes.bar(starts, [each["rows"] for each in bins], widths, align="edge", color=ORANGE, edgecolor="black")
    axes.set_yscale("log")
    axes.set_ylim(0.7, max(each["rows"] for each in bins) * 2)
    axes.minorticks_off()
    axes.tick_params(labelsize=9, color="#888888")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: words.count(round(value)) if value >= 1 else ""))
    number_axis(axes.xaxis, words)


def _rest(share: Any) -> Any:
    return 1 - share


@styled
def success_rate(metrics: Record, curves: Record, language: str = "en") -> Figure:
    """How much of class 1 the best rows hold, with what chance and a perfect order would give."""
    words = Words(language)
    curve, capture = curves.get("success_rate"), metrics.get("capture")
    if not curve or not capture:
        return blank(words("no_capture"))
    figure, axes = new_axes(HALF, SQUARE_WITH_LEGEND)
    base = base_rate(metrics)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1.2, label=words("random_score"))
    axes.plot([0, base, 1], [0, 1, 1], color=GREY, linestyle=":", linewidth=1.4, label=words("perfect_score"))
    area = words("area_is", area=words.number(capture["area"]))
    axes.plot(curve["rows"], curve["found"], color=BLUE, label=words("roc_label", area=area))
    best = capture["best"]
    axes.plot(
        *([point[of] for point in best] for of in ("rows", "found")),
        *("D",), color=ORANGE, markeredgecolor="black", markersize=6, linestyle="none", label=words("best_rows_marked"),
    )  # fmt: skip
    axes.set_aspect("equal")
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)
    percent_axis(axes.xaxis, words)
    percent_axis(axes.yaxis, words)
    name_axes(axes, words("share_of_rows_axis"), words("share_found_axis"))
    legend_above(axes, columns=1)
    return figure


@styled
def prediction_area(metrics: Record, curves: Record, language: str = "en") -> Figure:
    """Class 1 found (falling) and rows marked (on the right, from top to bottom) above each score, and where they meet.

    The plot of Yousefi and Carranza (2015); both curves are steps of the score from 1 to 0.
    """
    words = Words(language)
    curve, capture = curves.get("prediction_area"), metrics.get("capture")
    if not curve or not capture:
        return blank(words("no_capture"))
    figure, axes = new_axes(HALF, SQUARE_WITH_LEGEND)
    rows = 1 - np.array(curve["rows"])
    axes.plot(curve["threshold"], curve["found"], color=BLUE, label=words("found_above"))
    axes.plot(curve["threshold"], rows, color=ORANGE, linestyle="--", label=words("rows_above"))
    meeting = capture["intersection"]
    share = {name: words.percent(meeting[name], 0) for name in ("found", "rows")}
    axes.plot(
        *([meeting["threshold"]], [meeting["found"]], "D"), color="white", markeredgecolor="black", markersize=8,
        linestyle="none", label=words("meeting_point", **share),
    )  # fmt: skip
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)
    number_axis(axes.xaxis, words)
    percent_axis(axes.yaxis, words)
    right = axes.secondary_yaxis("right", functions=(_rest, _rest))
    right.tick_params(labelsize=9, color="#888888")
    percent_axis(right.yaxis, words)
    right.set_ylabel(words("rows_above_axis"))
    name_axes(axes, words("score_short_axis"), words("share_found_axis"))
    legend_above(axes, columns=1)
    return figure
