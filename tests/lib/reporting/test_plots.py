import struct

import matplotlib.pyplot as plt
import numpy as np
import pytest

from lib.errors import InputError
from lib.reporting import feature_plots, plots, score_plots, zone_plots
from lib.reporting.leaning import first_features
from lib.reporting.plot_style import DPI, png
from tests.lib.reporting.ground_facts import another_table, make_ground, permutations, zones_left_out
from tests.lib.reporting.report_facts import FEATURES, make_facts, table

LANGUAGES = ("en", "es")


@pytest.fixture(scope="module")
def facts():
    return make_facts()


@pytest.fixture(autouse=True)
def _no_figures_left():
    yield
    plt.close("all")


def histograms(features):
    x, y, _ = table()
    made = {}
    for i, feature in enumerate(features):
        edges = np.histogram_bin_edges(x[:, i % 15], 20)
        made[feature] = {"edges": edges, **{str(c): np.histogram(x[y == c, i % 15], edges)[0] for c in (0, 1)}}
    return made


def all_plots(facts, language):
    metrics, curves = facts["metrics"], facts["curves"]
    ground = another_table(make_ground())
    measured, drawn = ground["metrics"], ground["curves"]
    drops = measured["permutation_importances"]
    features = [f"f{i}" for i in range(33)]
    x, _, _ = table()
    return {
        "roc": plots.roc_curve(metrics, curves, language),
        "pr": plots.precision_recall_curve(metrics, curves, language),
        "scores": plots.score_distribution(metrics, curves, language),
        "confusion": plots.confusion_matrix(metrics, language),
        "importances": plots.feature_importances(facts["importances"], language),
        "zones": plots.zone_metrics(metrics, language),
        "thresholds": plots.threshold_curves(metrics, curves, language),
        "search": plots.search_candidates(facts["search"], "areaUnderPR", language),
        "balance": plots.class_balance(metrics["zones"], language),
        "distributions": plots.class_distributions(histograms(features), language),
        "correlations": plots.correlations(FEATURES, np.corrcoef(x.T), language),
        "zones left out": zone_plots.zones_left_out(measured["leave_one_zone_out"], language),
        "reliability": score_plots.reliability(drawn, language),
        "success rate": score_plots.success_rate(measured, drawn, language),
        "prediction area": score_plots.prediction_area(measured, drawn, language),
        "both importances": feature_plots.importances(
            first_features(ground["importances"], drops), "areaUnderPR", language
        ),
        "permutation": feature_plots.permutation_importances(drops, "areaUnderPR", language),
        "dependence": feature_plots.partial_dependence(drawn["partial_dependence"], language),
        "drift": feature_plots.drift(measured["drift"], language),
    }


def words_of(figure):
    """Everything a figure says: axis labels, ticks, legends and notes."""
    figure.canvas.draw()
    return [text.get_text() for text in figure.findobj(match=lambda artist: hasattr(artist, "get_text"))]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_plot_names_its_axes_and_is_at_most_1200_pixels_wide(facts, language):
    for name, figure in all_plots(facts, language).items():
        shared = figure.get_supxlabel() and figure.get_supylabel()
        drawn = [axes for axes in figure.axes if axes.get_visible()]
        assert shared or (drawn[0].get_ylabel() and any(axes.get_xlabel() for axes in drawn)), name
        content = png(figure)
        assert content.startswith(b"\x89PNG"), name
        width, height = struct.unpack(">II", content[16:24])
        assert 600 <= width <= 1200, name
        assert height <= 2200, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_legend_stands_where_figures_can_be(facts, language):
    for name, figure in all_plots(facts, language).items():
        figure.draw_without_rendering()
        assert not [axes for axes in figure.axes if axes.get_legend()], name
        shown = [axes.get_window_extent() for axes in figure.axes if axes.get_visible()]
        for legend in figure.legends:
            box = legend.get_window_extent()
            assert not [axes for axes in shown if box.overlaps(axes)], name


def test_languages_differ_in_words_and_decimal_signs(facts):
    english, spanish = (words_of(plots.roc_curve(facts["metrics"], facts["curves"], lang)) for lang in LANGUAGES)
    area = f"{facts['metrics']['areaUnderROC']:.3f}"
    assert f"model, area {area}" in english
    assert f"modelo, área {area.replace('.', ',')}" in spanish
    assert "0.2" in english
    assert "0,2" in spanish


def test_unknown_language():
    with pytest.raises(InputError, match="languages are en, es"):
        plots.correlations(["a"], [[1.0]], "fr")


def test_curves_and_the_marked_threshold(facts):
    m, cm = facts["metrics"], facts["metrics"]["confusion_matrix"]
    _, curve, point = plots.roc_curve(m, facts["curves"]).axes[0].get_lines()
    assert list(curve.get_xdata()) == facts["curves"]["roc"]["fpr"]
    assert list(curve.get_ydata()) == facts["curves"]["roc"]["tpr"]
    assert point.get_xydata()[0] == pytest.approx([cm["FP"] / (cm["FP"] + cm["TN"]), cm["TP"] / (cm["TP"] + cm["FN"])])
    base, curve, point = plots.precision_recall_curve(m, facts["curves"]).axes[0].get_lines()
    assert base.get_ydata()[0] == pytest.approx(m["measured_on"]["positives"] / m["measured_on"]["count"])
    assert list(curve.get_ydata()) == facts["curves"]["pr"]["precision"]
    assert point.get_xydata()[0] == pytest.approx([m["recall"]["1"], m["precision"]["1"]])


def test_the_threshold_lies_on_both_curves(facts):
    """The diamond comes from the confusion matrix, the curve from the scores: they must agree."""
    for draw in (plots.roc_curve, plots.precision_recall_curve):
        _, curve, point = draw(facts["metrics"], facts["curves"]).axes[0].get_lines()
        distances = np.hypot(*(curve.get_xydata() - point.get_xydata()).T)
        assert distances.min() < 1e-9


def test_score_distribution_gives_each_class_a_sum_of_one(facts):
    steps = plots.score_distribution(facts["metrics"], facts["curves"]).axes[0].patches
    assert [sum(patch.get_data().values) for patch in steps] == pytest.approx([1, 1])
    assert len(steps[0].get_data().values) == 10  # few positives: coarse bins


def test_score_distribution_keeps_fine_bins_where_rows_are_many(facts):
    scores = facts["curves"]["scores"]
    many = {"edges": scores["edges"], **{c: [n * 100 for n in scores[c]] for c in ("0", "1")}}
    figure = plots.score_distribution(facts["metrics"], {"scores": many})
    assert len(figure.axes[0].patches[0].get_data().values) == 50


def test_confusion_matrix_shows_counts_and_shares_of_the_true_class(facts):
    cm = facts["metrics"]["confusion_matrix"]
    said = words_of(plots.confusion_matrix(facts["metrics"]))
    assert f"{cm['FP']}\n{100 * cm['FP'] / (cm['FP'] + cm['TN']):.1f}% of the class" in said
    assert f"{cm['TP']}\n{100 * cm['TP'] / (cm['FN'] + cm['TP']):.1f}% of the class" in said


def test_importances_are_cut_and_say_so():
    entries = [{"feature": f"f{i}", "importance": 1 / 2 ** (i + 1)} for i in range(25)]
    figure = plots.feature_importances(entries)
    assert [bar.get_width() for bar in figure.axes[0].patches] == [entry["importance"] for entry in entries[:20]]
    assert figure.axes[0].get_title(loc="left") == "Top 20 of 25 features"


def test_search_rings_the_best_and_ranks_each_family(facts):
    figure = plots.search_candidates(facts["search"], "areaUnderPR")
    forest, boosted, ring = figure.axes[0].get_lines()
    for line, model in ((forest, "RandomForest"), (boosted, "GBT")):
        values = [r["val_metrics"]["areaUnderPR"] for r in facts["search"] if r["model"] == model]
        assert list(line.get_ydata()) == sorted(values, reverse=True)
    best = max(r["val_metrics"]["areaUnderPR"] for r in facts["search"])
    assert ring.get_xydata()[0] == pytest.approx([1, best])
    assert any(f"best: {best:.3f}" in text for text in words_of(figure))


def test_best_record_is_the_earlier_of_equals(facts):
    first = facts["search"][0]
    same = [{**first, "index": 5}, {**first, "index": 2}]
    assert plots.best_record(same, "areaUnderPR")["index"] == 2


def test_one_family_and_one_candidate(facts):
    boosted = [record for record in facts["search"] if record["model"] == "GBT"]
    assert "Random forest" not in " ".join(words_of(plots.search_candidates(boosted, "areaUnderROC")))
    png(plots.search_candidates(boosted[:1], "areaUnderROC"))


def test_a_zone_with_one_class_has_no_areas_and_says_why(facts):
    zones = [{"zone": "desert", "rows": 9, "positives": 0, "areaUnderROC": None, "areaUnderPR": None}]
    metrics = {**facts["metrics"], "zones": zones + facts["metrics"]["zones"]}
    assert "one class only: no areas" in words_of(plots.zone_metrics(metrics))


def test_no_positive_predictions(facts):
    nothing = {"TN": 900, "FP": 0, "FN": 100, "TP": 0}
    row = {"threshold": 0.5, "precision": 0.0, "recall": 0.0, "f1": 0.0, "predicted_positive": 0}
    metrics = {**facts["metrics"], "confusion_matrix": nothing}
    assert "threshold 0.5" not in words_of(plots.precision_recall_curve(metrics, facts["curves"]))
    precision = plots.threshold_curves(metrics, {"thresholds": [row]}).axes[0].get_lines()[0]
    assert np.isnan(precision.get_ydata()).all()  # a precision of nothing is not 0


def test_class_balance_of_a_table_without_zones():
    said = words_of(plots.class_balance([{"zone": None, "rows": 1000, "positives": 230}]))
    assert "All rows" in said
    assert "23.0% class 1" in said


def a_long_name(i, length=60):
    """As real tables have them: alike but for a number and the end."""
    return f"sentinel2_B{i:03d}_" + ("reflectance_median_of_the_dry_season_" * 4)[: length - 18] + f"_p{i:03d}"


def some_zones(count, name=a_long_name):
    """Zones of very different sizes with 1 % of class 1."""
    areas = {"areaUnderROC": 0.8, "areaUnderPR": 0.3}
    rows = [100 * (1 + (7 * i) % count) for i in range(count)]
    return [{"zone": name(i), "rows": n, "positives": n // 100, **areas} for i, n in enumerate(rows)]


def boxes(figure, texts):
    figure.canvas.draw()
    return [text.get_window_extent() for text in texts if text.get_text() and text.get_visible()]


def overlapping(found):
    return [(a, b) for i, a in enumerate(found) for b in found[:i] if a.overlaps(b)]


def assert_readable(figure, texts):
    """Texts that lie within the picture and not over one another. A layout that fails warns, which is an error here."""
    found = boxes(figure, texts)
    assert found
    assert not overlapping(found)
    width, height = figure.canvas.get_width_height()
    assert all(box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1 for box in found)


ODD_NAMES = ["", "\n", "北京市的田地", "近红外反射率_中位数", "$x^$", "a" * 120]


@pytest.mark.parametrize(
    ("n", "length"), [(1, 60), (2, 120), (3, 45), (15, 70), (16, 60), (33, 45), (66, 60), (200, 45), (300, 120)]
)
def test_any_count_of_features_with_names_of_any_length(n, length):
    language = "es"  # the longer words
    features = [a_long_name(i, length) for i in range(n)]
    matrix = np.eye(n)
    matrix[-1, 0] = np.nan  # a constant feature
    figure = plots.correlations(features, matrix, language)
    axes = figure.axes[0]
    assert_readable(figure, axes.get_yticklabels())
    assert_readable(figure, axes.get_xticklabels())
    assert axes.bbox.width > 0.45 * figure.bbox.width, "names leave the picture its room"
    png(figure)
    figure = plots.class_distributions(histograms(features), language)
    titles = [axes._left_title for axes in figure.axes if axes.get_visible()]
    assert_readable(figure, [*titles, *figure.legends[0].get_texts()])
    png(figure)


@pytest.mark.parametrize("n", [90, 300])
def test_of_very_many_features_some_are_named_and_all_are_drawn(n):
    axes = plots.correlations([f"f{i:03d}_med" for i in range(n)], np.eye(n)).axes[0]
    named = [label.get_text() for label in axes.get_yticklabels()]
    step = int(named[1][1:4])
    assert named == [f"f{i:03d}_med" for i in range(0, n, step)]
    assert axes.get_xlabel() == axes.get_ylabel() == f"Feature (one in {step} is named)"
    assert axes.get_images()[0].get_array().shape == (n, n)
    assert not axes.texts


def test_every_one_of_66_features_is_named():
    axes = plots.correlations([f"f{i:03d}_med" for i in range(66)], np.eye(66)).axes[0]
    assert len(axes.get_yticklabels()) == 66
    assert axes.get_xlabel() == "Feature"


def test_distributions_show_the_best_features_and_say_how_many_there_are():
    figure = plots.class_distributions(histograms([f"f{i}" for i in range(200)]), top=10)
    assert [axes.get_title(loc="left") for axes in figure.axes if axes.get_visible()] == [f"f{i}" for i in range(10)]
    assert figure.legends[0].get_title().get_text() == "The 10 of 200 features that separate the classes best"
    few = plots.class_distributions(histograms(["a", "b"]))
    assert not few.legends[0].get_title().get_text()


@pytest.mark.parametrize("features", [28, 200])
def test_distributions_fit_on_a_page(features):
    figure = plots.class_distributions(histograms([a_long_name(i) for i in range(features)]))
    width, height = figure.get_size_inches()
    assert height / width < 297 / 190


@pytest.mark.parametrize("draw", [plots.zone_metrics, plots.class_balance])
@pytest.mark.parametrize("count", [1, 2, 12, 1200])
def test_any_count_of_zones_with_long_names(facts, draw, count):
    language = "es"  # the longer words
    zones = some_zones(count, lambda i: a_long_name(i, 70))
    figure = draw({**facts["metrics"], "zones": zones} if draw is plots.zone_metrics else zones, language)
    axes = figure.axes[0]
    assert_readable(figure, [*axes.get_yticklabels(), *figure.legends[0].get_texts(), axes._left_title])
    assert axes.bbox.width > 0.5 * figure.bbox.width, "names leave the picture its room"
    assert figure.get_figheight() < 12
    png(figure)


@pytest.mark.parametrize("draw", [plots.zone_metrics, plots.class_balance])
def test_of_many_zones_the_largest_are_drawn_in_their_order(facts, draw):
    zones = some_zones(60, "zone{:02d}".format)
    figure = draw({**facts["metrics"], "zones": zones} if draw is plots.zone_metrics else zones)
    named = [label.get_text().split("\n")[0] for label in figure.axes[0].get_yticklabels()]
    least = sorted(zone["rows"] for zone in zones)[-24]
    assert named == [zone["zone"] for zone in zones if zone["rows"] >= least]
    assert figure.axes[0].get_title(loc="left") == "The 24 zones with the most rows, of 60"


def test_odd_names_in_every_picture_that_shows_names(facts):
    zones = some_zones(len(ODD_NAMES), ODD_NAMES.__getitem__)
    entries = [{"feature": name, "importance": 0.1} for name in ODD_NAMES]
    for figure in (
        plots.zone_metrics({**facts["metrics"], "zones": zones}),
        plots.class_balance(zones),
        plots.feature_importances(entries),
        plots.correlations(ODD_NAMES, np.eye(len(ODD_NAMES))),
    ):
        named = [label.get_text().split("\n")[0] for label in figure.axes[0].get_yticklabels()]
        assert named[:2] == ["(empty)", "(empty)"]
        assert len(named[-1]) <= 40
        png(figure)
    png(plots.class_distributions(histograms(ODD_NAMES)))


@pytest.mark.parametrize("count", [3, 12, 60, 1200])
def test_any_count_of_zones_left_out_with_long_names(count):
    record = zones_left_out([a_long_name(i, 70) for i in range(count)])
    figure = zone_plots.zones_left_out(record, "es")
    axes = figure.axes[0]
    assert_readable(figure, [*axes.get_yticklabels(), *figure.legends[0].get_texts(), axes._left_title])
    assert axes.bbox.width > 0.5 * figure.bbox.width, "names leave the picture its room"
    assert figure.get_figheight() < 12
    png(figure)


def test_of_many_zones_left_out_the_weakest_are_drawn():
    record = zones_left_out([f"z{i:02d}" for i in range(60)])
    figure = zone_plots.zones_left_out(record)
    named = [label.get_text().split("\n")[0] for label in figure.axes[0].get_yticklabels()]
    measured = [zone for zone in record["zones"] if zone["areaUnderROC"] is not None]
    assert named == [zone["zone"] for zone in sorted(measured, key=lambda zone: zone["areaUnderROC"])[:24]]
    assert figure.axes[0].get_title(loc="left") == "The 24 weakest zones of 60"
    one_class = zone_plots.zones_left_out(zones_left_out(["a", "b", "c", "d"]))
    assert "one class only: no areas" in words_of(one_class)
    assert {line.get_xdata()[0] for line in figure.axes[0].get_lines() if line.get_linestyle() in ("-", "--")} >= set(
        record["mean"].values()
    )


@pytest.mark.parametrize("count", [1, 15, 66, 300])
def test_any_count_of_features_with_long_names_in_the_pictures_of_features(count):
    features = tuple(a_long_name(i) for i in range(count))
    drops = permutations(features[::-1])
    gains = [{"feature": name, "importance": 1 / count} for name in features]
    facts = another_table({**make_ground(), "importances": gains}, features)
    for draw in (
        lambda: feature_plots.importances(first_features(gains, drops), "areaUnderPR", "es"),
        lambda: feature_plots.permutation_importances(drops, "areaUnderPR", "es"),
        lambda: feature_plots.drift(facts["metrics"]["drift"], "es"),
    ):
        figure = draw()
        assert_readable(figure, figure.axes[0].get_yticklabels())
        assert_readable(figure, [axes.xaxis.label for axes in figure.axes])
        assert figure.get_figheight() < 8
        png(figure)


def test_a_rare_class_is_drawn():
    bins = [
        {"from": 0.0, "to": 0.1, "rows": 99_000, "mean": 0.01, "share": 0.009},
        {"from": 0.9, "to": 1.0, "rows": 1, "mean": 0.95, "share": 1.0},
    ]
    figure = score_plots.reliability({"reliability": {"score": bins}})
    png(figure)
    line, hollow = figure.axes[0].get_lines()[-2:]
    assert (list(line.get_xdata()), list(hollow.get_xdata())) == ([0.01], [0.95])  # one row shows little
    assert hollow.get_markerfacecolor() == "white"


def test_what_was_not_measured_is_said_instead_of_drawn(facts):
    old, none = facts["metrics"], facts["curves"]
    for figure in (
        zone_plots.zones_left_out(None),
        score_plots.reliability(none),
        score_plots.success_rate(old, none),
        score_plots.prediction_area(old, none),
        feature_plots.permutation_importances(None),
        feature_plots.partial_dependence(None),
        feature_plots.drift(None),
    ):
        assert any(len(text) > 20 for text in words_of(figure))
        png(figure)


def test_a_search_by_zones_is_drawn_by_zones(facts):
    by_zones = [{**r, "zones": {"areaUnderPR": r["index"] / 100}} for r in facts["search"]]
    figure = plots.search_candidates(by_zones, "areaUnderPR")
    assert figure.axes[0].get_ylabel() == "Area under the PR curve, mean of zones left out"
    assert plots.best_record(by_zones, "areaUnderPR") is by_zones[-1]


def test_names_are_not_read_as_formulas():
    png(plots.feature_importances([{"feature": "a$b^$c_d", "importance": 1.0}]))
    png(plots.class_distributions(histograms(["$x^$"])))


def test_the_latest_figure_is_the_current_one_and_the_only_one_open(facts):
    first = plots.confusion_matrix(facts["metrics"])
    second = plots.zone_metrics(facts["metrics"])
    assert plt.gcf() is second
    assert len(plt.get_fignums()) == 1
    assert png(first).startswith(b"\x89PNG")  # still good for a file
    png(second)
    assert plt.get_fignums() == []


def test_other_figures_and_the_callers_style_are_left_alone(facts):
    mine = plt.figure()
    before = plt.rcParams["font.size"], plt.rcParams["figure.dpi"]
    plots.confusion_matrix(facts["metrics"])
    assert mine.number in plt.get_fignums()
    assert (plt.rcParams["font.size"], plt.rcParams["figure.dpi"]) == before


def test_livys_matplot_magic_gets_the_full_size(facts):
    """Livy saves pyplot's current figure without naming a resolution."""
    figure = plots.score_distribution(facts["metrics"], facts["curves"])
    assert figure.dpi == DPI
    assert figure.get_figwidth() * figure.dpi == 1200
