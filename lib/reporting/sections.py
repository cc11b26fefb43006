"""The sections of an evaluation report, in reading order: each a function from facts to Markdown, "" if it has none.

A section that shows a picture draws it into `images`, under the name its Markdown refers to.
"""

from collections.abc import Callable, Sequence
from statistics import median

from lib import artifacts
from lib.measures.intervals import DRAWS
from lib.measures.zones import is_small
from lib.metrics import THRESHOLD, of_no_skill
from lib.reporting import plots
from lib.reporting.best_rows import best_rows
from lib.reporting.cautions import cautions
from lib.reporting.chosen_threshold import chosen_threshold
from lib.reporting.head import title
from lib.reporting.language.words import Words
from lib.reporting.leaning import importances
from lib.reporting.likeness import likeness
from lib.reporting.limits import ZONES_LISTED, largest
from lib.reporting.markdown import bullets, code, section, table
from lib.reporting.pictures import Images, Section, picture
from lib.reporting.probability import calibration
from lib.reporting.provenance import parameters, provenance, rows_measured, weighted_by
from lib.reporting.report_data import Record, ReportData, zone_base_rate
from lib.reporting.unseen_zones import unseen_zones
from lib.reporting.verdict import verdict
from lib.search.families import FAMILIES

# Metrics that do not depend on a threshold. Training measures the others at Spark's own.
_WITHOUT_THRESHOLD = artifacts.SEARCH_METRICS


def watch(facts: ReportData, words: Words, images: Images) -> str:
    """What the checks found."""
    found = cautions(facts, words)
    return section(words("heading.watch"), bullets(found) if found else words("nothing_to_watch"))


def metrics_table(facts: ReportData, words: Words, images: Images) -> str:
    """All figures over all rows, how sure they are, and what a model that learned nothing would get."""
    m = facts.metrics
    val = facts.summary["winner"]["val_metrics"] if facts.summary else {}
    idle = of_no_skill(facts.base_rate)
    columns = {
        "metric": [words(key) for key in artifacts.OVERALL_METRICS],
        "value": [f"**{words.number(m.get(key))}**" for key in artifacts.OVERALL_METRICS],
        "idle": [words.number(idle.get(key)) for key in artifacts.OVERALL_METRICS],
    }
    if bounds := m.get("intervals"):
        columns["interval"] = [words.interval(bounds.get(key)) for key in artifacts.OVERALL_METRICS]
    if val:
        same = m["threshold"] == THRESHOLD
        known = {key: value for key, value in val.items() if same or key in _WITHOUT_THRESHOLD}
        columns["on_val"] = [words.number(known.get(key)) for key in artifacts.OVERALL_METRICS]
    shown = [name for name in ("metric", "value", "interval", "idle", "on_val") if name in columns]
    rows = list(zip(*(columns[name] for name in shown), strict=True))
    return section(
        words("heading.metrics"),
        _rows_measured(facts, words),
        weighted_by(facts, words),
        table([words(name) for name in shown], rows, "l" + "r" * (len(shown) - 1)),
        words("note.baseline"),
        _note_on_intervals(facts, words),
        words("note.pr_area"),
    )


def _rows_measured(facts: ReportData, words: Words) -> str:
    """Which rows the figures rest on, and how many of them are different."""
    text = words("rows_measured", rows=words.count(facts.rows), what=rows_measured(facts, words))
    return text if facts.different == 1 else f"{text} {words('rows_distinct', distinct=words.count(facts.distinct))}"


def _note_on_intervals(facts: ReportData, words: Words) -> str:
    """What the intervals of an evaluation rest on."""
    if not facts.metrics.get("intervals"):
        return ""
    if facts.metrics.get("intervals_from") == "none":
        return words("note.intervals_none")
    if facts.metrics.get("intervals_from") != artifacts.ZONES:
        text = words("note.intervals_rows")
        return text if facts.different == 1 else f"{text} {words('note.intervals_distinct')}"
    zones = words.count(len(facts.metrics.get("zones", ())))
    return words("note.intervals_zones", zones=zones, draws=words.count(DRAWS))


def decisions(facts: ReportData, words: Words, images: Images) -> str:
    """Confusion matrix and per-class figures at the threshold, and how that was chosen."""
    m, cm = facts.metrics, facts.metrics["confusion_matrix"]
    by_class = {"0": (cm["TN"], cm["FP"]), "1": (cm["FN"], cm["TP"])}
    matrix = [
        [words("class_is", name=name), *(_with_share(n, sum(counts), words) for n in counts), words.count(sum(counts))]
        for name, counts in by_class.items()
    ]
    header = [
        words("true_class"),
        words("predicted_is", name="0"),
        words("predicted_is", name="1"),
        _rows_or_weight(facts, words),
    ]
    threshold = words.short(m["threshold"])
    figure = plots.confusion_matrix(m, words.language)
    return section(
        words("heading.decisions", threshold=threshold),
        words("note.decisions", threshold=threshold),
        words("note.cells_are_weights", column=code(facts.weights["column"])) if facts.weights else "",
        table(header, matrix, "lrrr"),
        picture(images, "confusion_matrix", figure, words("alt.confusion")),
        _per_class(facts, words),
        words("note.per_class"),
        words("note.in_parentheses") if m.get("intervals") else "",
        *chosen_threshold(facts, words),
    )


def _per_class(facts: ReportData, words: Words) -> str:
    """Precision, recall and F1 of each class with their intervals; a precision of nothing predicted is none."""
    m, cm, bounds = facts.metrics, facts.metrics["confusion_matrix"], facts.metrics.get("intervals") or {}
    counts = {"0": (cm["TN"] + cm["FN"], cm["TN"] + cm["FP"]), "1": (cm["TP"] + cm["FP"], cm["TP"] + cm["FN"])}
    rows = []
    for name, (predicted, true) in counts.items():
        figures = (("precision", "precision", predicted), ("recall", "recall", true), ("f1", "f1_by_class", true))
        cells = [
            _with_interval(m[key][name] if of else None, bounds.get(f"{figure}.{name}"), words)
            for figure, key, of in figures
        ]
        rows.append([words("class_is", name=name), words.count(true), *cells])
    header = [words("class"), _rows_or_weight(facts, words), words("precision"), words("recall"), words("f1_plain")]
    return table(header, rows, "lrrrr")


def curves(facts: ReportData, words: Words, images: Images) -> str:
    """ROC and precision-recall curves, side by side."""
    areas = {key: words.number(facts.metrics[key]) for key in ("areaUnderROC", "areaUnderPR")}
    roc = plots.roc_curve(facts.metrics, facts.curves, words.language)
    roc_image = picture(images, "roc_curve", roc, words("alt.roc", area=areas["areaUnderROC"]))
    pr = plots.precision_recall_curve(facts.metrics, facts.curves, words.language)
    pr_image = picture(images, "pr_curve", pr, words("alt.pr", area=areas["areaUnderPR"]))
    header = [words("roc_head", area=areas["areaUnderROC"]), words("pr_head", area=areas["areaUnderPR"])]
    return section(words("heading.curves"), table(header, [[roc_image, pr_image]], "ll"), words("note.curves"))


def scores(facts: ReportData, words: Words, images: Images) -> str:
    """How far apart the classes' scores lie."""
    figure = plots.score_distribution(facts.metrics, facts.curves, words.language)
    shown = picture(images, "score_distribution", figure, words("alt.scores"))
    return section(words("heading.scores"), shown, words("note.scores"))


def thresholds(facts: ReportData, words: Words, images: Images) -> str:
    """What other thresholds would give."""
    rows = [_threshold_row(row, facts, words) for row in facts.curves["thresholds"]]
    header = [words(k) for k in ("precision", "recall", "f1_plain", "marked", "found", "false_alarms")]
    calibrated = any("calibrated" in row for row in facts.curves["thresholds"])
    header = [words("threshold"), *([words("calibration.calibrated")] if calibrated else []), *header]
    figure = plots.threshold_curves(facts.metrics, facts.curves, words.language)
    shown = picture(images, "threshold_curves", figure, words("alt.thresholds"))
    intro = words("note.thresholds", threshold=words.short(facts.metrics["threshold"]))
    if facts.weights:
        intro += " " + words("note.columns_are_weights", column=code(facts.weights["column"]))
    return section(words("heading.thresholds"), intro, shown, table(header, rows, "r" * len(header)))


def _threshold_row(row: Record, facts: ReportData, words: Words) -> list[str]:
    precision = row["precision"] if row["predicted_positive"] else None
    threshold = row["threshold"]
    shown = words.number(threshold, 2) if round(threshold, 2) == threshold else words.short(threshold)
    cells = [shown, *([words.number(row["calibrated"])] if "calibrated" in row else [])]
    cells += [words.number(precision), words.number(row["recall"])]
    cells += [words.number(row["f1"]), *(words.count(row[key]) for key in ("predicted_positive", "TP", "FP"))]
    return [f"**{cell}**" for cell in cells] if threshold == facts.metrics["threshold"] else cells


def zones(facts: ReportData, words: Words, images: Images) -> str:
    """The same figures zone by zone, for the largest if there are very many."""
    measured = facts.metrics.get("zones")
    if not measured:
        return ""
    listed = largest(measured, ZONES_LISTED)
    shown = picture(images, "zone_metrics", plots.zone_metrics(facts.metrics, words.language), words("alt.zones"))
    rows = [
        [
            words.name(zone["zone"]) + (" †" if is_small(zone) else ""),
            words.count(zone["rows"]),
            words.percent(zone_base_rate(zone)),
            *(words.number(zone[key]) for key in artifacts.METRICS),
        ]
        for zone in listed
    ]
    overall = [f"**{words('all_rows')}**", words.count(facts.rows), words.percent(facts.base_rate)]
    rows.append(overall + [words.number(facts.metrics[key]) for key in artifacts.METRICS])
    header = [
        words("zone"),
        words("rows"),
        words("class_is", name="1"),
        *(words(f"{key}.short") for key in artifacts.METRICS),
    ]
    notes = [words("note.zones")]
    if more := len(measured) - len(listed):
        notes.insert(0, words("note.more_zones", more=words.count(more)))
    if any(is_small(zone) for zone in listed):
        notes.append(words("note.small_zones"))
    return section(words("heading.zones"), shown, table(header, rows, "lrrrrrr"), *notes)


def families(facts: ReportData, words: Words, images: Images) -> str:
    """The best candidate of each model family, on validation and on test rows."""
    models = facts.summary.get("models")
    if not models:
        return ""
    winner = facts.summary["winner"]
    rows = []
    for name in models:
        for part in ("val_metrics", "test_metrics"):
            figures = [words.number(models[name][part][key]) for key in artifacts.METRICS]
            rows.append([words.term("model", name), words(f"part.{part}"), *figures])
    retrained = [words.number(winner["test_metrics_retrained"][key]) for key in artifacts.METRICS]
    name = words("winner_row", model=words.term("model", winner["name"]))
    rows.append([f"**{cell}**" for cell in (name, words("part.test_metrics"), *retrained)])
    header = [words("model"), words("part"), *(words(f"{key}.short") for key in artifacts.METRICS)]
    key = "note.families" if len(models) > 1 else "note.one_family"
    on = words("selected_on.zones" if facts.chosen_by_zones else "selected_on.validation")
    intro = words(key, metric=words(f"{facts.metric}.in_text"), on=on)
    at_half = words("note.families_at_half") if facts.metrics["threshold"] != THRESHOLD else ""
    return section(words("heading.families"), intro, table(header, rows, "llrrrr"), at_half)


def search(facts: ReportData, words: Words, images: Images) -> str:
    """How the search went."""
    if not facts.search:
        return ""
    metric, rows = facts.metric, []
    for model in FAMILIES:
        family = [record for record in facts.search if record["model"] == model]
        if family:
            values = [artifacts.selecting(record, metric) for record in family]
            best = plots.best_record(family, metric)["params"]
            figures = [words.number(value) for value in (max(values), median(values), min(values))]
            seconds = words.duration(sum(record["seconds"] for record in family))
            rows.append([words.term("model", model), words.count(len(family)), *figures, seconds, words.params(best)])
    header = [words(k) for k in ("model", "candidates", "best", "median", "worst", "fit_time", "best_params")]
    figure = plots.search_candidates(facts.search, metric, words.language)
    shown = picture(images, "search_candidates", figure, words("alt.search"))
    on = words("selected_on.zones" if facts.chosen_by_zones else "selected_on.validation")
    intro = words("note.search", count=words.count(len(facts.search)), metric=words(f"{metric}.in_text"), on=on)
    return section(words("heading.search"), intro, shown, table(header, rows, "lrrrrrl"))


def _without_images(write: Callable[[ReportData, Words], str]) -> Section:
    return lambda facts, words, images: write(facts, words)


SECTIONS: tuple[Section, ...] = (
    *(title, verdict, watch, metrics_table, unseen_zones, likeness, decisions, curves, best_rows, scores),
    *(calibration, thresholds, importances, zones),
    *(families, search, _without_images(parameters), _without_images(provenance)),
)


def _rows_or_weight(facts: ReportData, words: Words) -> str:
    """The head of a column of rows, which are weights if metrics are weighted."""
    return words("weight_of_rows" if facts.weights else "rows")


def _with_share(count: float, whole: float, words: Words) -> str:
    return f"{words.count(count)} ({words.percent(count / whole if whole else 0)})"


def _with_interval(value: float | None, bounds: Sequence[float] | None, words: Words) -> str:
    shown = words.number(value)
    return f"{shown} ({words.interval(bounds)})" if value is not None and bounds else shown
