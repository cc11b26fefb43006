"""Every picture of the project, each a function from plain data to a pyplot Figure.

They take what the files of an evaluation hold (`metrics.json`, `curves.json` …), so a notebook and the report draw
the same. Their style is in `plot_style`. The latest figure stays pyplot's current one, because that is
what `%matplot plt` shows; `plot_style.png` makes a file's bytes of any figure.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from lib.artifacts import ZONES, selecting
from lib.reporting.language.words import Words
from lib.reporting.limits import ZONES_DRAWN, largest
from lib.reporting.names import one_line, two_lines
from lib.reporting.plot_style import (
    BLUE,
    BROWN,
    COLOURS,
    GREY,
    HALF,
    ORANGE,
    SQUARE_WITH_LEGEND,
    WIDTH,
    legend_above,
    name_axes,
    new_axes,
    new_figure,
    number_axis,
    percent_axis,
    say_how_many,
    styled,
    threshold_line,
    unit_square,
    verbatim,
)
from lib.reporting.report_data import base_rate
from lib.reporting.zone_plots import ZONE_SERIES, areas_of_zones
from lib.search.families import FAMILIES

COUNTS_MAP = LinearSegmentedColormap.from_list("counts", ["#FFFFFF", "#9CC7E2", BLUE, "#00324F"])
SIGNED_MAP = LinearSegmentedColormap.from_list("signed", ["#7A4A00", ORANGE, "#FFFFFF", BLUE, "#00324F"])

_NUMBERS_LIMIT = 16  # above it, a heat map's cells are too small for numbers
_SIGNS_LIMIT = 66  # above it, for minus signs

# Inches that a small letter takes, and a line of them.
_LETTER, _LINE = 0.06, 0.1

# Letters that a name has room for.
_NAME_BESIDE_AXES = 40
_NAME_BESIDE_HEAT_MAP = 26
_NAME_ABOVE_SMALL_AXES = {1: 40, 2: 40, 3: 30, 4: 24}  # by how many are side by side, a line
Record = Mapping[str, Any]


@styled
def roc_curve(metrics: Record, curves: Record, language: str = "en") -> Figure:
    """The ROC curve with its area, the diagonal of a random score and the point of the decision threshold."""
    words = Words(language)
    figure, axes = new_axes(HALF, SQUARE_WITH_LEGEND)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1.2, label=words("random_score"))
    area = words("area_is", area=words.number(metrics["areaUnderROC"]))
    axes.plot(curves["roc"]["fpr"], curves["roc"]["tpr"], color=BLUE, label=words("roc_label", area=area))
    cm = metrics["confusion_matrix"]
    _mark_threshold(axes, _share(cm["FP"], cm["FP"] + cm["TN"]), _share(cm["TP"], cm["TP"] + cm["FN"]), metrics, words)
    unit_square(axes, words)
    name_axes(axes, words("false_positive_rate"), words("true_positive_rate"))
    legend_above(axes, columns=1)
    return figure


@styled
def precision_recall_curve(metrics: Record, curves: Record, language: str = "en") -> Figure:
    """The precision-recall curve with its area, the base rate and the point of the decision threshold."""
    words = Words(language)
    figure, axes = new_axes(HALF, SQUARE_WITH_LEGEND)
    base = base_rate(metrics)
    label = words("base_rate_is", share=words.percent(base))
    axes.axhline(base, color=GREY, linestyle="--", linewidth=1.2, label=label)
    area = words("area_is", area=words.number(metrics["areaUnderPR"]))
    axes.plot(curves["pr"]["recall"], curves["pr"]["precision"], color=BLUE, label=words("pr_label", area=area))
    cm = metrics["confusion_matrix"]
    if cm["TP"] + cm["FP"]:
        _mark_threshold(axes, metrics["recall"]["1"], metrics["precision"]["1"], metrics, words)
    unit_square(axes, words)
    name_axes(axes, words("recall_axis"), words("precision_axis"))
    legend_above(axes, columns=1)
    return figure


@styled
def score_distribution(metrics: Record, curves: Record, language: str = "en") -> Figure:
    """How each class's scores spread, as shares of the class, so that classes of unequal size compare."""
    words = Words(language)
    figure, axes = new_axes(WIDTH, 3.8)
    histogram = _coarser(curves["scores"])
    _class_histogram(axes, histogram, words, legend=True)
    threshold = metrics["threshold"]
    threshold_line(axes, threshold, words)
    axes.set_xlim(0, 1)
    axes.set_ylim(top=axes.get_ylim()[1] * 1.1)  # room for the threshold's name
    number_axis(axes.xaxis, words)
    percent_axis(axes.yaxis, words)
    name_axes(axes, words("score_axis"), words("share_of_class"))
    legend_above(axes)
    return figure


@styled
def confusion_matrix(metrics: Record, language: str = "en") -> Figure:
    """Rows by true and predicted class; a cell's shade is its share of the true class."""
    words = Words(language)
    figure, axes = new_axes(WIDTH, 3.0)
    cm = metrics["confusion_matrix"]
    counts = np.array([[cm["TN"], cm["FP"]], [cm["FN"], cm["TP"]]])
    sums = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, sums, out=np.zeros((2, 2)), where=sums > 0)
    axes.imshow(shares, cmap=COUNTS_MAP, vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if shares[row, column] > 0.5 else "black"
        text = words("cell_share", count=words.count(count.item()), share=words.percent(shares[row, column]))
        axes.text(float(column), float(row), text, ha="center", va="center", color=colour, fontsize=12, linespacing=1.6)
    classes = [words("class_is", name=name) for name in ("0", "1")]
    axes.set_xticks([0, 1], classes)
    axes.set_yticks([0, 1], classes)
    axes.tick_params(length=0)
    axes.grid(False)
    axes.spines[:].set_visible(True)
    name_axes(axes, words("predicted_class"), words("true_class"))
    return figure


@styled
def feature_importances(importances: Sequence[Record], language: str = "en", top: int = 20) -> Figure:
    """The `top` most important features, the greatest on top."""
    words = Words(language)
    shown = importances[:top]
    figure, axes = new_axes(WIDTH, 1.0 + 0.26 * len(shown))
    places = np.arange(len(shown))
    values = [entry["importance"] for entry in shown]
    axes.barh(places, values, color=BLUE, height=0.7)
    for place, value in zip(places, values, strict=True):
        axes.annotate(words.number(value), (value, place), (4, 0), textcoords="offset points", va="center", fontsize=9)
    axes.set_yticks(places, [one_line(entry["feature"], _NAME_BESIDE_AXES, words) for entry in shown])
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlim(0, max([*values, 1e-9]) * 1.1)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    number_axis(axes.xaxis, words)
    name_axes(axes, words("importance_axis"), words("feature_axis"))
    say_how_many(axes, "first_of", len(shown), len(importances), words)
    return figure


@styled
def zone_metrics(metrics: Record, language: str = "en", most: int = ZONES_DRAWN) -> Figure:
    """Both areas and the base rate of each of the `most` largest zones, and the areas over all rows as lines."""
    words = Words(language)
    zones = largest(metrics["zones"], most)
    figure, axes = new_axes(WIDTH, 1.6 + 0.4 * len(zones))
    areas_of_zones(axes, zones, metrics, {key: words(key) for key, *_ in ZONE_SERIES}, words)
    axes.set_xlim(0, 1.02)
    name_axes(axes, words("zone_value_axis"), words("zone_axis"))
    say_how_many(axes, "largest_of", len(zones), len(metrics["zones"]), words)
    legend_above(axes)
    return figure


@styled
def threshold_curves(metrics: Record, curves: Record, language: str = "en") -> Figure:
    """Precision, recall and F1 of class 1 as the decision threshold moves."""
    words = Words(language)
    figure, axes = new_axes(WIDTH, 3.8)
    rows = curves["thresholds"]
    x = [row["threshold"] for row in rows]
    lines = (("precision", BLUE, "-", "o"), ("recall", ORANGE, "--", "s"), ("f1", "black", "-.", "^"))
    for key, colour, line, marker in lines:
        # Where nothing is marked positive there is no precision to draw.
        y = [np.nan if key == "precision" and not row["predicted_positive"] else row[key] for row in rows]
        axes.plot(x, y, color=colour, linestyle=line, marker=marker, markersize=4, label=words(f"{key}_label"))
    axes.axvline(metrics["threshold"], color="black", linestyle=":", linewidth=1.4)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    number_axis(axes.xaxis, words)
    number_axis(axes.yaxis, words)
    name_axes(axes, words("threshold_axis"), words("class_1_value_axis"))
    legend_above(axes)
    return figure


@styled
def search_candidates(records: Sequence[Record], metric: str, language: str = "en") -> Figure:
    """What every candidate reached where the search compared them, best first in each family; the best is ringed."""
    words = Words(language)
    figure, axes = new_axes(WIDTH, 4.2)
    best = best_record(records, metric)
    for family in FAMILIES.values():
        values = sorted((selecting(r, metric) for r in records if r["model"] == family.name), reverse=True)
        if values:
            ranks = range(1, len(values) + 1)
            label = words("family_count", model=words.term("model", family.name), count=words.count(len(values)))
            colour = COLOURS[family.colour]
            axes.plot(ranks, values, family.marker, color=colour, markeredgecolor="black", markersize=7, label=label)
    value = selecting(best, metric)
    label = words("best_is", value=words.number(value), params=_params_text(best["params"], words))
    axes.plot([1], [value], "o", markersize=15, markerfacecolor="none", markeredgecolor="black", markeredgewidth=1.8)
    axes.annotate(verbatim(label), (1, value), (12, 10), textcoords="offset points", fontsize=9)
    axes.margins(y=0.15)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    number_axis(axes.yaxis, words)
    name_axes(
        axes,
        words("rank_axis"),
        words("on_zones_left_out" if best.get(ZONES) else "on_validation", metric=words(metric)),
    )
    legend_above(axes)
    return figure


def best_record(records: Sequence[Record], metric: str) -> Record:
    """The record of the best candidate; of equals, the one that is earlier in the grid."""
    return min(records, key=lambda record: (-selecting(record, metric), record["index"]))


@styled
def class_balance(records: Sequence[Record], language: str = "en", most: int = ZONES_DRAWN) -> Figure:
    """Rows of each class in the `most` largest zones.

    `records` have zone, rows and positives; a table without zones is one record with zone None.
    """
    words = Words(language)
    zones = largest(records, most)
    figure, axes = new_axes(WIDTH, 1.5 + 0.4 * len(zones))
    places = np.arange(len(zones))
    positives = np.array([zone["positives"] for zone in zones])
    negatives = np.array([zone["rows"] for zone in zones]) - positives
    axes.barh(places, positives, color=BLUE, edgecolor="black", height=0.65, label=words("class_is", name="1"))
    axes.barh(
        *(places, negatives), left=positives, color=ORANGE, edgecolor="black", hatch="//", height=0.65,
        label=words("class_is", name="0"),
    )  # fmt: skip
    for place, zone in zip(places, zones, strict=True):
        text = words("percent_class_1", share=words.percent(zone["positives"] / zone["rows"]))
        axes.annotate(text, (zone["rows"], place), (5, 0), textcoords="offset points", va="center", fontsize=9)
    has_zones = zones[0]["zone"] is not None
    names = [one_line(zone["zone"], _NAME_BESIDE_AXES, words) for zone in zones] if has_zones else [words("all_rows")]
    axes.set_yticks(places, names)
    axes.set_ylim(len(zones) - 0.4, -0.6)
    axes.set_xlim(0, max(zone["rows"] for zone in zones) * 1.22)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.count(round(value))))
    name_axes(axes, words("rows_axis"), words("zone_axis") if has_zones else "")
    say_how_many(axes, "largest_of", len(zones), len(records), words)
    legend_above(axes)
    return figure


@styled
def class_distributions(histograms: Mapping[str, Record], language: str = "en", top: int = 28) -> Figure:
    """Small multiples: the distribution by class, as shares of the class, of the first `top` features.

    `histograms` maps a feature to `{"edges": [n + 1 numbers], "0": [n counts], "1": [n counts]}`, the feature that
    separates the classes best first.
    """
    words = Words(language)
    shown = list(histograms.items())[:top]
    columns = min(len(shown), 3 if len(shown) <= 15 else 4)
    lines = math.ceil(len(shown) / columns)
    titles = [two_lines(feature, _NAME_ABOVE_SMALL_AXES[columns], words) for feature, _ in shown]
    line_height = 2.4 if lines == 1 else 1.6 if any("\n" in title for title in titles) else 1.45
    figure = new_figure(WIDTH, 0.9 + line_height * lines)
    grid = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes, title, (_, histogram) in zip(grid, titles, shown, strict=False):
        _class_histogram(axes, histogram, words, legend=axes is grid[0])
        _make_small(axes, title, words)
    for axes in grid[len(shown) :]:
        axes.set_visible(False)
    counts = {"shown": words.count(len(shown)), "all": words.count(len(histograms))}
    figure.legend(
        *grid[0].get_legend_handles_labels(),
        loc="outside upper left",
        ncols=2,
        title=words("clearest_of", **counts) if len(histograms) > len(shown) else None,
        alignment="left",
    )
    figure.supxlabel(words("feature_value_axis"), fontsize=10)
    figure.supylabel(words("share_of_class"), fontsize=10)
    return figure


@styled
def correlations(features: Sequence[str], matrix: Sequence[Sequence[float]], language: str = "en") -> Figure:
    """Heat map of the correlations between features: dark is strong; numbers or minus signs where they are legible.

    `matrix` is square in the features' order; NaN (a constant feature) is left blank. Of very many features, only some
    are named.
    """
    words = Words(language)
    n = len(features)
    names = [one_line(feature, _NAME_BESIDE_HEAT_MAP, words) for feature in features]
    longest = _LETTER * max(map(len, names))
    side = min(WIDTH, max(4.0, 1.3 + 0.38 * n) + longest)
    figure, axes = new_axes(side, side)
    values = np.array(matrix, dtype=float)
    hidden = np.triu(np.ones((n, n), bool), 1) | np.isnan(values)
    picture = axes.imshow(np.ma.masked_where(hidden, values), cmap=SIGNED_MAP, vmin=-1, vmax=1)
    if n <= _SIGNS_LIMIT:
        for row, column in np.argwhere(~hidden).tolist():
            _correlation_text(axes, row, column, values[row, column], n, words)
    _name_features(axes, names, room=side - longest - 0.5, words=words)
    axes.tick_params(length=0)
    axes.grid(False)
    axes.spines[:].set_visible(False)
    # The empty upper triangle has room for the scale.
    bar = figure.colorbar(picture, cax=axes.inset_axes((0.55, 0.93, 0.43, 0.03)), orientation="horizontal")
    bar.set_label(words("correlation_axis"))
    bar.set_ticks([-1, -0.5, 0, 0.5, 1])
    bar.ax.tick_params(labelsize=8)
    number_axis(bar.ax.xaxis, words)
    return figure


def _name_features(axes: Axes, names: Sequence[str], room: float, words: Words) -> None:
    """Name a heat map's rows and columns, or as many of them as have room on so many inches."""
    n = len(names)
    step = math.ceil(n * _LINE / room)
    size = 8 if n <= _NUMBERS_LIMIT else 7
    axes.set_xticks(range(0, n, step), names[::step], rotation=90, fontsize=size)
    axes.set_yticks(range(0, n, step), names[::step], fontsize=size)
    what = words("feature_axis") if step == 1 else words("some_features_axis", step=words.count(step))
    name_axes(axes, what, what)


def _make_small(axes: Axes, title: str, words: Words) -> None:
    """One of many axes in a picture: small letters, few ticks."""
    axes.set_title(title, fontsize=8 if "\n" in title else 9, pad=3)
    axes.tick_params(labelsize=7, pad=1)
    axes.grid(False)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.short(value)))


def _mark_threshold(axes: Axes, x: float, y: float, metrics: Record, words: Words) -> None:
    label = words("threshold_is", value=words.short(metrics["threshold"]))
    axes.plot([x], [y], "D", color=ORANGE, markeredgecolor="black", markersize=8, linestyle="none", label=label)


def _class_histogram(axes: Axes, histogram: Record, words: Words, *, legend: bool) -> None:
    """Class 1 filled, class 0 an outline over it: they differ without colour and neither hides the other."""
    for name in ("1", "0"):
        counts = np.asarray(histogram[name], dtype=float)
        shares = counts / max(counts.sum(), 1)
        label = words("class_rows", name=name, rows=words.count(int(counts.sum()))) if legend else None
        if name == "1":
            axes.stairs(shares, histogram["edges"], fill=True, color=BLUE, alpha=0.55, label=label)
        else:
            axes.stairs(shares, histogram["edges"], color=BROWN, linewidth=1.6, label=label)
    axes.set_ylim(bottom=0)


def _coarser(histogram: Record) -> Record:
    """The histogram with five bins in one where a class is too small for fine ones to be more than noise."""
    edges = histogram["edges"]
    if min(sum(histogram["0"]), sum(histogram["1"])) >= 1000 or (len(edges) - 1) % 5:
        return histogram
    pooled = {name: np.reshape(histogram[name], (-1, 5)).sum(axis=1) for name in ("0", "1")}
    return {"edges": edges[::5], **pooled}


def _correlation_text(axes: Axes, row: int, column: int, value: float, n: int, words: Words) -> None:
    red, green, blue, _ = SIGNED_MAP((value + 1) / 2)
    colour = "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.5 else "black"
    if n <= _NUMBERS_LIMIT:
        axes.text(column, row, words.number(value, 2), ha="center", va="center", color=colour, fontsize=6.5)
    elif value < -0.1:
        axes.text(column, row, "\u2212", ha="center", va="center", color=colour, fontsize=6)


def _params_text(params: Record, words: Words) -> str:
    values = (f"{name} {value if isinstance(value, str) else words.short(value)}" for name, value in params.items())
    return ", ".join(values)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
