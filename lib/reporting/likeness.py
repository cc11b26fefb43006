"""The section on how the rows measured stand to those the model was trained on."""

from lib.artifacts import HELD_OUT
from lib.measures.adversarial import LIKELY_DIFFERENT
from lib.measures.comparison import DRIFTED_SHARE
from lib.reporting.feature_plots import DRIFT_SHOWN, drift
from lib.reporting.language.words import Words
from lib.reporting.markdown import bullets, section, table
from lib.reporting.pictures import Images, picture
from lib.reporting.report_data import Record, ReportData

_FEATURES_TOLD = 5
_QUANTILES = ("0", "0.25", "0.5", "0.75", "0.95", "1")


def likeness(facts: ReportData, words: Words, images: Images) -> str:
    """Rows seen before, area of applicability, drift, and the distance to the training rows; "" if none is known."""
    said = [*seen_before(facts.metrics["measured_on"], words), *_applicable(facts, words), *_told_apart(facts, words)]
    blocks = [bullets(said) if said else "", *_drift(facts, words, images), *_distances(facts, words)]
    if not any(blocks):
        return ""
    return section(words("heading.likeness_held_out" if facts.held_out else "heading.likeness"), *blocks)


def seen_before(measured: Record, words: Words) -> list[str]:
    """Of another table, how many rows the model had seen."""
    if measured["rows"] == HELD_OUT or "seen" not in measured:
        return []
    if measured["seen"] is None:
        return [words("seen.unknown")]
    if not measured["seen"]:
        return [words("seen.none")]
    return [
        words("seen.kept" if measured["seen_rows"] == "keep" else "seen.dropped", seen=words.count(measured["seen"]))
    ]


def _applicable(facts: ReportData, words: Words) -> list[str]:
    area = facts.metrics.get("applicability")
    if not area:
        return []
    values = {
        "inside": words.percent(area["inside"]),
        "rows": words.count(area["rows"]),
        "limit": words.number(area["threshold"], 2),
        **{name: words.number(area["quantiles"][q], 2) for name, q in (("half", "0.5"), ("most", "0.95"))},
    }
    key = "applicable" if area["rows"] == facts.rows else "applicable.sample"
    return [f"{words(key, **values)} {words('applicable.index', **values)}"]


def _told_apart(facts: ReportData, words: Words) -> list[str]:
    record = facts.metrics.get("adversarial")
    if not record or record["area"] is None:  # of a single row nothing can be learnt
        return []
    area = record["area"]
    said = [words("told_apart" if area > LIKELY_DIFFERENT else "not_told_apart", area=words.number(area, 2))]
    leading = [each for each in record["features"][:_FEATURES_TOLD] if each["importance"] > 0]
    if leading and area > LIKELY_DIFFERENT:
        names = [f"{words.name(each['feature'])} ({words.percent(each['importance'], 0)})" for each in leading]
        said.append(words("told_apart.by", features=words.listing(names)))
    return [" ".join(said)]


def _drift(facts: ReportData, words: Words, images: Images) -> list[str]:
    record = facts.metrics.get("drift")
    if not record:
        return []
    features = record["features"]
    shown = features[:DRIFT_SHOWN]
    counts = {name: words.count(record["rows"][name]) for name in ("training", "new")}
    said = words(
        "drift.drifted" if record["drifted"] else "drift.not_drifted",
        marked=words.count(sum(1 for each in features if each["marked"])),
        all=words.count(len(features)),
        share=words.percent(record["importance_moved"], 0),
        limit=words.percent(DRIFTED_SHARE, 0),
    )
    return [
        f"### {words('heading.drift')}",
        f"{said} {words('drift.rows' if record['rows']['new'] == facts.rows else 'drift.rows_sample', **counts)}",
        picture(images, "drift", drift(record, words.language), words("alt.drift")),
        _drift_table(shown, facts, words),
        _more(features, words),
        words("note.drift"),
    ]


def _drift_table(shown: list[Record], facts: ReportData, words: Words) -> str:
    gains = {entry["feature"]: entry["importance"] for entry in facts.importances}
    rows = []
    for each in shown:
        distance = each["wasserstein"]
        cells = [
            words.name(each["feature"]),
            words.number(gains.get(each["feature"])),
            words("no_unit") if distance is None else words.number(distance, 2),
            words.number(each.get("by_chance"), 2),
            words.number(each["ks"], 2),
            # A feature that was constant in training has no deciles to compare.
            words.number(None if distance is None else each["psi"], 2),
            "–" if distance is None else words.term("drift.level", each["level"]),
            words.percent(each["outside"]),
        ]
        rows.append([f"**{cell}**" for cell in cells] if each["marked"] else cells)
    header = [
        words("feature"),
        words("importance"),
        *(words(f"drift.{key}") for key in ("distance", "by_chance", "ks", "psi")),
    ]
    return table([*header, words("drift.change"), words("drift.outside")], rows, "lrrrrrlr")


def _more(features: list[Record], words: Words) -> str:
    rest = features[DRIFT_SHOWN:]
    if not rest:
        return ""
    marked = sum(1 for each in rest if each["marked"])
    return words("drift.more", more=words.count(len(rest)), marked=words.count(marked))


def _distances(facts: ReportData, words: Words) -> list[str]:
    record = facts.metrics.get("nearest_training_row")
    if not record:
        return []
    header = [words(f"distance.{q}") for q in _QUANTILES]
    values = [_distance(record[q], words) for q in _QUANTILES]
    return [f"### {words('heading.distance')}", lie_within(record, words), table(header, [values], "rrrrrr")]


def lie_within(record: Record, words: Words) -> str:
    """How near half of the rows and nearly all lie to the training rows."""
    return words("distance.half", half=_distance(record["0.5"], words), most=_distance(record["0.95"], words))


def _distance(value: float, words: Words) -> str:
    return words.short(float(f"{value:.3g}"))
