"""Two models on the same rows in one picture: ROC, precision and recall, and reliability."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lib.measures.calibration import reliability
from lib.measures.curve_points import kept
from lib.metrics import Array, ScoreCounts
from lib.reporting.language.words import Words
from lib.reporting.plot_style import (
    BLUE,
    BROWN,
    GREY,
    WIDTH,
    name_axes,
    new_figure,
    styled,
    unit_square,
    verbatim,
)

_LINES = ((BLUE, "-", "o"), (BROWN, "--", "s"))


@dataclass(frozen=True)
class Drawn:
    """A model to draw: its name in the legend, and the counts of its scores and of its calibrated values, if any."""

    name: str
    scores: ScoreCounts
    calibrated: ScoreCounts | None = None


@styled
def two_models(models: Sequence[Drawn], language: str = "en") -> Figure:
    """The curves of two models on the same rows. Reliability is of calibrated values where both have them."""
    words = Words(language)
    figure = new_figure(WIDTH, WIDTH)
    (roc, pr), (probability, beside) = figure.subplots(2, 2)
    counts = models[0].scores
    roc.plot([0, 1], [0, 1], color=GREY, linestyle=":", linewidth=1.2)
    pr.axhline(counts.n_positives / counts.weight, color=GREY, linestyle=":", linewidth=1.2)
    probability.plot([0, 1], [0, 1], color=GREY, linestyle=":", linewidth=1.2)
    of = "score" if any(model.calibrated is None for model in models) else "calibrated"
    for model, (colour, line, marker) in zip(models, _LINES, strict=True):
        style = {"color": colour, "linestyle": line}
        _draw(roc, *model.scores.roc_curve(), style, verbatim(model.name))
        _draw(pr, *model.scores.pr_curve(), style)
        bins = reliability(model.calibrated if of == "calibrated" and model.calibrated else model.scores)
        probability.plot([b["mean"] for b in bins], [b["share"] for b in bins], marker=marker, markersize=4, **style)
    for axes, x, y in (
        (roc, "false_positive_rate", "true_positive_rate"),
        (pr, "recall_axis", "precision_axis"),
        (probability, f"reliability.{of}_axis", "true_share_axis"),
    ):
        unit_square(axes, words)
        axes.tick_params(labelsize=9, color="#888888")
        name_axes(axes, words(x), words(y))
    beside.set_axis_off()
    beside.legend(*roc.get_legend_handles_labels(), loc="center", fontsize=11)
    return figure


def _draw(axes: Axes, x: Array, y: Array, style: Mapping[str, str], label: str | None = None) -> None:
    places = kept(x, y)
    axes.plot(x[places], y[places], color=style["color"], linestyle=style["linestyle"], label=label)
