"""The sections of an evaluation report, in reading order: each a function from facts to Markdown, "" if it has none.

A section that shows a picture draws it into `images`, under the name its Markdown refers to.
"""

from collections.abc import Callable
from statistics import median

from matplotlib.figure import Figure

from lib import artifacts
from lib.measures.intervals import pr_area_interval, roc_area_interval, share_interval
from lib.reporting import plots
from lib.reporting.cautions import cautions, is_small
from lib.reporting.language.words import Words
from lib.reporting.limits import ZONES_LISTED, largest
from lib.reporting.markdown import bullets, code, image, plain, section, table
from lib.reporting.plot_style import png
from lib.reporting.provenance import parameters, provenance, rows_measured
from lib.reporting.report_data import Record, ReportData
from lib.search.families import FAMILIES

TOP_FEATURES = 15

Images = dict[str, bytes]
Section = Callable[[ReportData, Words, Images], str]


def title(facts: ReportData, words: Words, images: Images) -> str:
    """The headline and the run it is about."""
    run = facts.metrics.get("run_id")
    lines = [f"# {words('title')}"]
    if run:
        model = words.term("model", facts.metrics["model"])
        lines.append(words("subtitle", run=code(run), model=model, folder=code(facts.metrics["model_dir"])))
    return "\n\n".join(lines)


def verdict(facts: ReportData, words: Words, images: Images) -> str:
    """What a reader in a hurry needs: who won, how good it is, what it does with a hundred rows."""
    measured, cm = facts.metrics["measured_on"], facts.metrics["confusion_matrix"]
    rows = words.count(facts.rows)
    metric, value = facts.metric, facts.metrics[facts.metric]
    by_chance = facts.base_rate if metric == "areaUnderPR" else 0.5
    figures = {
        "rows": rows,
        "metric": words(f"{metric}.in_text"),
        "value": words.number(value),
        "chance": words.number(by_chance),
        "model": words.term("model.in_text", facts.metrics["model"]),
    }
    if facts.held_out:
        paragraphs = [words("verdict.held_out" if len(facts.search) != 1 else "verdict.held_out_one", **figures)]
    else:
        inputs = words.listing([code(uri) for uri in measured["inputs"]])
        key = "verdict.other_rows" if facts.whole_table else "verdict.share"
        paragraphs = [words(key, inputs=inputs, **figures)]
    items = [words("verdict.base", base=words.percent(facts.base_rate), label=_label(facts))]
    marked = cm["TP"] + cm["FP"]
    threshold = words.short(facts.metrics["threshold"])
    if marked:
        right = words.number(100 * cm["TP"] / marked, 0)
        items.append(words("verdict.precision", right=right, threshold=threshold))
    else:
        items.append(words("verdict.none_marked", threshold=threshold))
    items.append(words("verdict.recall", found=words.number(100 * facts.metrics["recall"]["1"], 0)))
    items.append(words("verdict.ranking", better=words.number(100 * facts.metrics["areaUnderROC"], 0)))
    paragraphs += [words("verdict.plain"), bullets(items)]
    return section(words("heading.verdict"), *paragraphs)


def watch(facts: ReportData, words: Words, images: Images) -> str:
    """What the checks found."""
    found = cautions(facts, words)
    return section(words("heading.watch"), bullets(found) if found else words("nothing_to_watch"))


def metrics_table(facts: ReportData, words: Words, images: Images) -> str:
    """All figures over all rows, how sure they are, and what a model that learned nothing would get."""
    m = facts.metrics
    negatives = facts.rows - facts.positives
    right = m["confusion_matrix"]["TP"] + m["confusion_matrix"]["TN"]
    val = facts.summary["winner"]["val_metrics"] if facts.summary else {}
    idle = {"areaUnderROC": 0.5, "areaUnderPR": facts.base_rate, "average_precision": facts.base_rate}
    idle["accuracy"] = max(facts.base_rate, 1 - facts.base_rate)
    intervals = {
        "areaUnderROC": roc_area_interval(m["areaUnderROC"], facts.positives, negatives),
        "areaUnderPR": pr_area_interval(m["areaUnderPR"], facts.positives),
        "accuracy": share_interval(right, facts.rows),
    }
    header = [words("metric"), words("value"), words("interval"), words("idle")]
    rows = [
        [words(key), f"**{words.number(m[key])}**", words.interval(intervals.get(key)), words.number(idle.get(key))]
        for key in artifacts.OVERALL_METRICS
    ]
    if val:
        header.append(words("on_val"))
        for key, row in zip(artifacts.OVERALL_METRICS, rows, strict=True):
            row.append(words.number(val.get(key)))
    return section(
        words("heading.metrics"),
        words("rows_measured", rows=words.count(facts.rows), what=rows_measured(facts, words)),
        table(header, rows, "l" + "r" * (len(header) - 1)),
        words("note.metrics"),
        words("note.pr_area"),
    )


def decisions(facts: ReportData, words: Words, images: Images) -> str:
    """Confusion matrix and per-class figures at the threshold."""
    m, cm = facts.metrics, facts.metrics["confusion_matrix"]
    by_class = {"0": (cm["TN"], cm["FP"]), "1": (cm["FN"], cm["TP"])}
    matrix = [
        [words("class_is", name=name), *(_with_share(n, sum(counts), words) for n in counts), words.count(sum(counts))]
        for name, counts in by_class.items()
    ]
    header = [words("true_class"), words("predicted_is", name="0"), words("predicted_is", name="1"), words("rows")]
    hits = {"0": (cm["TN"], cm["TN"] + cm["FN"], cm["TN"] + cm["FP"])}
    hits["1"] = (cm["TP"], cm["TP"] + cm["FP"], cm["TP"] + cm["FN"])
    per_class = [
        [
            words("class_is", name=name),
            words.count(true),
            _with_interval(m["precision"][name], right, predicted, words),
            _with_interval(m["recall"][name], right, true, words),
            words.number(m["f1_by_class"][name]),
        ]
        for name, (right, predicted, true) in hits.items()
    ]
    threshold = words.short(m["threshold"])
    picture = _picture(images, "confusion_matrix", plots.confusion_matrix(m, words.language), words("alt.confusion"))
    return section(
        words("heading.decisions", threshold=threshold),
        words("note.decisions", threshold=threshold),
        table(header, matrix, "lrrr"),
        picture,
        table(
            [words("class"), words("rows"), words("precision"), words("recall"), words("f1_plain")], per_class, "lrrrr"
        ),
        words("note.per_class"),
    )


def curves(facts: ReportData, words: Words, images: Images) -> str:
    """ROC and precision-recall curves, side by side."""
    areas = {key: words.number(facts.metrics[key]) for key in ("areaUnderROC", "areaUnderPR")}
    roc = plots.roc_curve(facts.metrics, facts.curves, words.language)
    roc_image = _picture(images, "roc_curve", roc, words("alt.roc", area=areas["areaUnderROC"]))
    pr = plots.precision_recall_curve(facts.metrics, facts.curves, words.language)
    pr_image = _picture(images, "pr_curve", pr, words("alt.pr", area=areas["areaUnderPR"]))
    header = [words("roc_head", area=areas["areaUnderROC"]), words("pr_head", area=areas["areaUnderPR"])]
    return section(words("heading.curves"), table(header, [[roc_image, pr_image]], "ll"), words("note.curves"))


def scores(facts: ReportData, words: Words, images: Images) -> str:
    """How far apart the classes' scores lie."""
    figure = plots.score_distribution(facts.metrics, facts.curves, words.language)
    picture = _picture(images, "score_distribution", figure, words("alt.scores"))
    return section(words("heading.scores"), picture, words("note.scores"))


def thresholds(facts: ReportData, words: Words, images: Images) -> str:
    """What other thresholds would give."""
    rows = [_threshold_row(row, facts, words) for row in facts.curves["thresholds"]]
    header = [words(k) for k in ("threshold", "precision", "recall", "f1_plain", "marked", "found", "false_alarms")]
    figure = plots.threshold_curves(facts.metrics, facts.curves, words.language)
    picture = _picture(images, "threshold_curves", figure, words("alt.thresholds"))
    intro = words("note.thresholds", threshold=words.short(facts.metrics["threshold"]))
    return section(words("heading.thresholds"), intro, picture, table(header, rows, "rrrrrrr"))


def _threshold_row(row: Record, facts: ReportData, words: Words) -> list[str]:
    precision = row["precision"] if row["predicted_positive"] else None
    cells = [words.number(row["threshold"], 2), words.number(precision), words.number(row["recall"])]
    cells += [words.number(row["f1"]), *(words.count(row[key]) for key in ("predicted_positive", "TP", "FP"))]
    return [f"**{cell}**" for cell in cells] if row["threshold"] == facts.metrics["threshold"] else cells


def importances(facts: ReportData, words: Words, images: Images) -> str:
    """The features the model leans on."""
    shown = facts.importances[:TOP_FEATURES]
    figure = plots.feature_importances(shown, words.language)
    alt = words("alt.importances", feature=plain(shown[0]["feature"]) if shown else "")
    running, rows = 0.0, []
    for place, entry in enumerate(shown, 1):
        running += entry["importance"]
        name = words.name(entry["feature"])
        rows.append([words.count(place), name, words.number(entry["importance"]), words.percent(running, 0)])
    header = ["#", words("feature"), words("importance"), words("running_share")]
    counts = {"shown": words.count(len(shown)), "all": words.count(len(facts.importances))}
    first = words("first_features", **counts) if len(facts.importances) > len(shown) else ""
    return section(
        words("heading.importances"),
        first,
        _picture(images, "feature_importances", figure, alt),
        table(header, rows, "rlrr"),
        _note_on_importances(facts, words),
    )


def _note_on_importances(facts: ReportData, words: Words) -> str:
    model = facts.metrics["model"]
    meaning = words(f"model.importance.{model}") if model in FAMILIES else ""
    return f"{meaning} {words('note.importances')}".strip()


def zones(facts: ReportData, words: Words, images: Images) -> str:
    """The same figures zone by zone, for the largest if there are very many."""
    measured = facts.metrics.get("zones")
    if not measured:
        return ""
    listed = largest(measured, ZONES_LISTED)
    picture = _picture(images, "zone_metrics", plots.zone_metrics(facts.metrics, words.language), words("alt.zones"))
    rows = [
        [
            words.name(zone["zone"]) + (" †" if is_small(zone) else ""),
            words.count(zone["rows"]),
            words.percent(zone["positives"] / zone["rows"]),
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
    return section(words("heading.zones"), picture, table(header, rows, "lrrrrrr"), *notes)


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
    intro = words("note.families" if len(models) > 1 else "note.one_family", metric=words(f"{facts.metric}.in_text"))
    return section(words("heading.families"), intro, table(header, rows, "llrrrr"))


def search(facts: ReportData, words: Words, images: Images) -> str:
    """How the search went."""
    if not facts.search:
        return ""
    metric, rows = facts.metric, []
    for model in FAMILIES:
        family = [record for record in facts.search if record["model"] == model]
        if family:
            values = [record["val_metrics"][metric] for record in family]
            best = plots.best_record(family, metric)["params"]
            figures = [words.number(value) for value in (max(values), median(values), min(values))]
            seconds = words.duration(sum(record["seconds"] for record in family))
            rows.append([words.term("model", model), words.count(len(family)), *figures, seconds, words.params(best)])
    header = [words(k) for k in ("model", "candidates", "best", "median", "worst", "fit_time", "best_params")]
    figure = plots.search_candidates(facts.search, metric, words.language)
    picture = _picture(images, "search_candidates", figure, words("alt.search"))
    intro = words("note.search", count=words.count(len(facts.search)), metric=words(f"{metric}.in_text"))
    return section(words("heading.search"), intro, picture, table(header, rows, "lrrrrrl"))


def _without_images(write: Callable[[ReportData, Words], str]) -> Section:
    return lambda facts, words, images: write(facts, words)


SECTIONS: tuple[Section, ...] = (
    *(title, verdict, watch, metrics_table, decisions, curves, scores, thresholds, importances, zones),
    *(families, search, _without_images(parameters), _without_images(provenance)),
)


def _picture(images: Images, name: str, figure: Figure, alt: str) -> str:
    images[f"{name}.png"] = png(figure)
    return image(alt, f"{name}.png")


def _label(facts: ReportData) -> str:
    return code(f"{facts.label_col} = 1") if facts.label_col else "1"


def _with_share(count: int, whole: int, words: Words) -> str:
    return f"{words.count(count)} ({words.percent(count / whole if whole else 0)})"


def _with_interval(value: float, hits: int, total: int, words: Words) -> str:
    bounds = share_interval(hits, total)
    return f"{words.number(value)} ({words.interval(bounds)})" if bounds else words.number(None)
