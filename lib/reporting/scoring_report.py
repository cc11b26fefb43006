"""SCORING_REPORT.md and .html: what came out when a model was used on new rows."""

from typing import Any

from matplotlib.figure import Figure
from pyspark.sql import SparkSession

from lib import artifacts
from lib.measures.judge import NAMES, SPREAD
from lib.reporting.best_rows import best_rows
from lib.reporting.chosen_threshold import rule_in_words
from lib.reporting.filled_values import of_features
from lib.reporting.language.words import Words
from lib.reporting.likeness import likeness
from lib.reporting.limits import NAMED
from lib.reporting.maps import best_areas, by_ground, map_files, maps, marked_ground, without_value
from lib.reporting.markdown import bullets, code, section, table
from lib.reporting.pictures import Images, picture
from lib.reporting.plot_style import BLUE, WIDTH, name_axes, new_axes, number_axis, styled, threshold_line
from lib.reporting.report import Report
from lib.reporting.report_data import Record, ReportData
from lib.scoring.scoring import Scored
from lib.storage import Storage, join
from lib.support import threshold_rule


def write(spark: SparkSession, scored: Scored, language: str = "en") -> Report:
    """Write the report on scored rows and its pictures beside them, and return it. The Markdown is written last."""
    storage = Storage(spark)
    report = render(scored, language)
    for name, content in report.images.items():
        storage.write_bytes(join(scored.folder, name), content)
    storage.write_text(join(scored.folder, artifacts.SCORING_REPORT_HTML), report.page())
    storage.write_text(join(scored.folder, artifacts.SCORING_REPORT), report.markdown)
    return report


def render(scored: Scored, language: str = "en") -> Report:
    """The report on scored rows, in English ("en") or Spanish ("es")."""
    words, record = Words(language), scored.record
    images: Images = {}
    facts = _facts(scored)
    histogram = picture(images, "score_histogram", score_histogram(record, language), words("alt.score_histogram"))
    of_maps = "tiles" in record
    blocks = [
        _title(record, words),
        section(words("heading.verdict"), bullets(_said(record, words)), histogram),
        *([maps(scored, words, images), best_areas(record, words)] if of_maps else []),
        likeness(facts, words, images),
        best_rows(facts, words, images),
        words("note.labels") if record.get("measured") else "",
        map_files(record, words) if of_maps else _columns(record, words),
    ]
    return Report("\n\n".join(filter(None, blocks)) + "\n", images, language)


@styled
def score_histogram(record: Record, language: str = "en") -> Figure:
    """How many rows have which score, and the threshold."""
    words = Words(language)
    figure, axes = new_axes(WIDTH, 3.0)
    edges = record["histogram"]["edges"]
    axes.bar(edges[:-1], record["histogram"]["rows"], width=edges[1] - edges[0], align="edge", color=BLUE)
    threshold_line(axes, record["threshold"], words)
    axes.set_xlim(0, 1)
    axes.set_ylim(top=axes.get_ylim()[1] * 1.15)  # room for the threshold's name
    number_axis(axes.xaxis, words)
    number_axis(axes.yaxis, words)
    name_axes(axes, words("score_axis"), words(f"{artifacts.unit_scored(record)}_with_score"))
    return figure


def _title(record: Record, words: Words) -> str:
    said = words(
        "scores.subtitle",
        rows=words.count(record["rows"]),
        unit=words(f"unit.{artifacts.unit_scored(record)}"),
        inputs=words.listing([code(uri) for uri in record["inputs"]], NAMED),
        model=code(record["model"]),
        run=code(record["run_id"]),
    )
    return f"# {words('scores.title')}\n\n{said}"


def _said(record: Record, words: Words) -> list[str]:
    """What share is marked, of what the model should not be asked, and what has no score."""
    of_maps = "tiles" in record
    record = by_ground(record) if of_maps else record
    of_the = words(f"of_the.{record.get('shares_of', artifacts.unit_scored(record))}")
    said = [
        words(
            "scores.marked",
            share=words.percent(record["share_marked"]),
            of_the=of_the,
            ground=marked_ground(record, words) if of_maps else "",
            threshold=words.short(record["threshold"]),
            rule=_rule(record, words),
        )
    ]
    reasons = _reasons(record, words)
    if reasons and not record["share_uncertain"]:
        said.append(words("scores.certain"))
    elif reasons:
        share = words.percent(record["share_uncertain"])
        said.append(words("scores.uncertain", share=share, of_the=of_the, reasons=" ".join(reasons)))
    if "share_applicable" not in record:
        said.append(words("scores.no_area"))
    if SPREAD not in record["columns"]:
        said.append(words("scores.no_spread"))
    if not record.get("model_verified"):
        said.append(words("scores.unverified_model"))
    if of_maps and (without := without_value(record)):
        key = "maps.no_value_at_all" if "filled" in record else "maps.no_value"
        said.append(words(key, pixels=words.count(without)))
    if record.get("filled", {}).get("rows"):
        said.append(_filled(record["filled"], record, words))
    if record.get("dropped"):
        said.append(words("scores.dropped", rows=words.count(record["dropped"])))
    return said


def _filled(filled: Record, record: Record, words: Words) -> str:
    unit = artifacts.unit_scored(record)
    share = words.percent(filled["rows"] / record["rows"])
    features = of_features(filled["values"], words)
    return words(f"scores.filled.{unit}", rows=words.count(filled["rows"]), share=share, features=features)


def _reasons(record: Record, words: Words) -> list[str]:
    """Why the model should not be asked about some rows."""
    reasons = []
    if "share_applicable" in record:
        shares = {"share": 1 - record["share_applicable"], "both": record["share_marked_and_applicable"]}
        reasons.append(words("scores.outside", **{name: words.percent(share) for name, share in shares.items()}))
    if "share_spread_high" in record:
        share, limit = words.percent(record["share_spread_high"]), words.number(record["spread_limit"], 2)
        reasons.append(words("scores.disagree", share=share, limit=limit))
    return reasons


def _rule(record: Record, words: Words) -> str:
    """Where the threshold comes from."""
    rule = record["threshold_rule"]
    if threshold_rule.is_number(rule):
        return words("scores.rule_given")
    return words("scores.rule_chosen", rule=rule_in_words({"rule": rule}, words))


def _columns(record: Record, words: Words) -> str:
    rows = [[code(name), words(f"column.{name}")] for name in NAMES if name in record["columns"]]
    return section(words("heading.columns"), table([words("column"), words("meaning")], rows, "ll"))


def _facts(scored: Scored) -> ReportData:
    """The record in the form that the sections of an evaluation's report take."""
    record: dict[str, Any] = dict(scored.record)
    measured = record.get("measured") or {}
    positives = sum(measured["confusion_matrix"][name] for name in ("TP", "FN")) if measured else 0
    count = measured["threshold_chosen"]["here"]["rows"] if measured else record["rows"]
    rows = {"rows": artifacts.WHOLE_TABLE, "count": count, "positives": positives, "verified": False}
    metrics = {**record, **measured, "measured_on": rows}
    return ReportData(metrics, scored.curves, record["importances"])
