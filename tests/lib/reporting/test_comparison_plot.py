import io

import matplotlib.image
import numpy as np
import pytest
from sklearn import metrics as sk

from lib.measures.calibration import reliability
from lib.metrics import ScoreCounts
from lib.reporting.comparison_plot import Drawn, two_models
from lib.reporting.plot_style import png


@pytest.fixture
def labels():
    return (np.random.default_rng(1).random(200) < 0.3).astype(float)


def model(labels, seed, name="A: GBT, $5", calibrated=True):
    scores = np.round(np.clip(labels * 0.3 + np.random.default_rng(seed).random(len(labels)) * 0.7, 0, 1), 2)
    counts = ScoreCounts.from_arrays(labels, scores)
    return scores, Drawn(name, counts, ScoreCounts.from_arrays(labels, scores**2) if calibrated else None)


def lines(axes):
    """The curves, without the line of reference that is drawn first."""
    return [line.get_xydata() for line in axes.lines[1:]]


def test_both_curves_are_those_of_scikit_learn(labels):
    drawn = [model(labels, seed) for seed in (1, 2)]
    roc, pr, *_ = two_models([each for _, each in drawn]).axes
    for (scores, _), curve, points in zip(drawn, lines(roc), lines(pr), strict=True):
        fpr, tpr, _ = sk.roc_curve(labels, scores, drop_intermediate=False)
        np.testing.assert_allclose(curve, np.column_stack([fpr, tpr]), atol=1e-12)
        precision, recall, _ = sk.precision_recall_curve(labels, scores)
        np.testing.assert_allclose(points[1:], np.column_stack([recall, precision])[-2::-1], atol=1e-12)


@pytest.mark.parametrize("second", [True, False])
def test_reliability_is_of_calibrated_values_where_both_have_them(labels, second):
    models = [model(labels, 1)[1], model(labels, 2, calibrated=second)[1]]
    axes = two_models(models).axes[2]
    for each, points in zip(models, lines(axes), strict=True):
        bins = reliability(each.calibrated if second else each.scores)
        np.testing.assert_allclose(points, [[b["mean"], b["share"]] for b in bins])
    assert ("Calibrated" in axes.get_xlabel()) is second


def test_the_legend_names_both_and_the_picture_is_as_wide_as_the_others(labels):
    figure = two_models([model(labels, 1)[1], model(labels, 2, "B: RandomForest")[1]])
    texts = [text.get_text() for text in figure.axes[3].get_legend().get_texts()]
    assert texts == [r"A: GBT, \$5", "B: RandomForest"]
    styles = {(line.get_color(), line.get_linestyle()) for line in figure.axes[0].lines[1:]}
    assert len({colour for colour, _ in styles}) == len({style for _, style in styles}) == 2
    assert matplotlib.image.imread(io.BytesIO(png(figure))).shape[1] == 1200
