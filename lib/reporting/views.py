"""The tables that the notebooks show, as Markdown.

On a cluster, the notebook's local side sees only the DataFrames it fetches from Spark. So a view is text: `frame`
puts it in a DataFrame of one row, `%%spark -o` fetches that and `%%local` shows it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lib import artifacts
from lib.dataset import Table
from lib.metrics import THRESHOLD
from lib.reporting.best_rows import best_found
from lib.reporting.chosen_threshold import rule_in_words
from lib.reporting.filled_values import by_medians, of_features
from lib.reporting.language.words import Words
from lib.reporting.likeness import lie_within, seen_before
from lib.reporting.limits import NAMED, ZONES_LISTED, largest
from lib.reporting.markdown import code, plain, table
from lib.reporting.probability import losses
from lib.reporting.suspicious import suspicious_columns
from lib.reporting.unseen_zones import nested_search
from lib.reporting.zone_plots import weakest
from lib.search.search import Search
from lib.split import PARTS, Split
from lib.support import filling, positive
from lib.support.blocks import BLOCK_COL
from lib.support.tables import is_in_catalogue
from lib.support.threshold_rule import is_number
from lib.support.weights import Weights

WORDS = Words("en")  # the language of the notebooks
PART_NAMES = dict(zip(PARTS, ("training", "validation", "test"), strict=True))

Record = Mapping[str, Any]


def frame(spark: SparkSession, markdown: str) -> DataFrame:
    """A DataFrame of one row with the one column `markdown`."""
    # A literal: rows from Python would start a Python worker.
    return spark.range(1).select(F.lit(markdown).alias("markdown"))


def columns(records: Sequence[Record]) -> str:
    """What is in each column (`lib.explore.describe_columns`)."""
    rows = [
        [
            code(record["column"]),
            record["role"],
            record["type"],
            _part_of(record["missing"], record["rows"]) if record["missing"] else "0",
            *(_value(record[name]) for name in ("min", "median", "max")),
        ]
        for record in records
    ]
    return table(["column", "role", "type", "missing", "min", "median", "max"], rows, "lllrrrr")


def facts(loaded: Table) -> str:
    """The table that training learns from: its rows, classes and features."""
    absent = [str(value) for value in loaded.positive_absent]
    rows = [
        ["read from", "; ".join(_read_from(loaded))],
        ["rows", WORDS.count(loaded.rows)],
        ["rows dropped for missing values", WORDS.count(loaded.dropped)],
        *([["rows with values to fill with medians", _to_fill(loaded)]] if loaded.missing == filling.MEDIAN else []),
        [f"rows of class 1 ({code(_class_1(loaded))})", _part_of(loaded.class_counts["1"], loaded.rows)],
        *([["values of class 1 that no row has", ", ".join(map(code, absent))]] if absent else []),
        ["features", WORDS.count(len(loaded.features))],
        ["zones", _zones_from(loaded)],
        *([["weights of the rows", _weights_from(loaded.weights)]] if loaded.weights else []),
        ["fingerprint of the content", code(loaded.fingerprint)],
    ]
    if loaded.passed_over:
        names = ", ".join(code(name) for name in loaded.passed_over)
        rows.append(["passed over, as the index of a pandas table", names])
    return table(["", ""], rows, "ll")


def _to_fill(loaded: Table) -> str:
    rows = WORDS.count(loaded.lacking_rows)
    return f"{rows}: {of_features(loaded.lacking, WORDS)}" if loaded.lacking else rows


def _class_1(loaded: Table) -> str:
    return positive.shown(loaded.label_col, loaded.positive) if loaded.positive else loaded.label_col


def _read_from(loaded: Table) -> list[str]:
    """Each input with its files and rows, and whether it was given before."""
    if not loaded.sources:
        return [code(uri) for uri in loaded.inputs]
    said = []
    for each in loaded.sources:
        files = "1 file" if each.files == 1 else f"{WORDS.count(each.files)} files"
        place = "a table of the catalogue" if is_in_catalogue(each.uri) else files
        what = f"{WORDS.count(each.rows)} rows in {place}"
        again = f"; {WORDS.count(each.repeated)} given more than once, read once" if each.repeated else ""
        written = "".join(f"; {dialect}" for dialect in each.dialects)
        if each.missing_cells:
            written += f"; {WORDS.count(each.missing_cells)} cells taken for missing, such as "
            written += ", ".join(map(code, each.missing_texts))
        beside = f"; passed over: {', '.join(map(code, each.passed_over))}" if each.passed_over else ""
        said.append(f"{code(each.uri)} ({what}{written}{again}{beside})")
    return said


def _weights_from(weights: Weights) -> str:
    return f"{code(weights.column)}, from {WORDS.short(weights.least)} to {WORDS.short(weights.most)}"


def _zones_from(loaded: Table) -> str:
    if loaded.zone_col == BLOCK_COL:
        return f"square blocks of {' and '.join(code(name) for name in loaded.coordinates)}"
    return code(loaded.zone_col) if loaded.zone_col else "none"


def balance(records: Sequence[Record]) -> str:
    """Rows and class 1 by zone (`lib.explore.class_balance`), of the largest zones if there are very many."""
    rows = [
        _balance_row(_zone(record["zone"]), record["rows"], record["positives"])
        for record in largest(records, ZONES_LISTED)
    ]
    if len(rows) > 1:
        total = {name: sum(record[name] for record in records) for name in ("rows", "positives")}
        rows.append(_balance_row("**all zones**", total["rows"], total["positives"]))
    return table(["zone", "rows", "class 1", "share of class 1"], rows, "lrrr") + _more_zones(len(records), "")


def repeated(record: Record, rows: int) -> str:
    """Rows that repeat others (`lib.explore.repeated_rows`)."""
    return (
        f"- rows that repeat another one: {_part_of(record['identical'], rows)}\n"
        f"- rows with the features of a row of the other class: {_part_of(record['contradictory'], rows)}"
    )


def separation(records: Sequence[Record], top: int = 10) -> str:
    """The features that separate the classes best by themselves (`lib.explore.separation`)."""
    rows = [[code(r["feature"]), WORDS.number(r["area"]), r["direction"]] for r in records[:top]]
    return table(["feature", "AUC-ROC on its own", "values of class 1"], rows, "lrl")


def suspicious(found: Sequence[Record]) -> str:
    """Columns that may be no features, and what to do about them (`lib.measures.suspects.find`)."""
    return suspicious_columns(found, WORDS) or "Nothing was found."


def pairs(records: Sequence[Record]) -> str:
    """The most similar features (`lib.explore.closest_pairs`)."""
    rows = [[code(r["feature"]), code(r["other"]), WORDS.number(r["correlation"])] for r in records]
    return table(["feature", "and", "correlation"], rows, "llr")


def parts(split: Split) -> str:
    """The three parts, the class weights, and how many rows of equal weight each part is worth."""
    header = ["part", "rows", "share of all", "class 1", "share of class 1", "fingerprint"]
    rows = []
    for name, title in PART_NAMES.items():
        part = split.parts[name]
        share = WORDS.percent(part["rows"] / split.table.rows)
        count, positives = WORDS.count(part["rows"]), WORDS.count(part["positives"])
        rate = WORDS.percent(part["positives"] / part["rows"])
        rows.append([title, count, share, positives, rate, code(part["fingerprint"])])
        if split.zones is not None:
            rows[-1].append(WORDS.some([_zone(zone) for zone in split.zones[name]], NAMED))
    if split.zones is not None:
        header.append("zones")
    weights = " and ".join(
        f"{WORDS.number(weight)} for class {label[0]}" for label, weight in sorted(split.class_weights.items())
    )
    said = f"Each row weighs {weights}."
    if split.weights:
        assert split.table.weights is not None
        effective = {title: split.weights[name]["effective"] for name, title in PART_NAMES.items()}
        worth = ", ".join(f"{title} {WORDS.count(round(size))}" for title, size in effective.items())
        count = "rows by their own weight" if split.metrics_weighted else "every row once"
        said = (
            f"Each row weighs {weights}, times its own weight {_weights_from(split.table.weights)}. The effective "
            f"sample size of a part, the number of rows of equal weight that it is worth, is: {worth}. Metrics count "
            f"{count}."
        )
    shown = f"{table(header, rows, 'lrrrrll'[: len(header)])}\n\n{said}"
    if not (split.medians and split.table.lacking):
        return shown
    medians = by_medians(split.medians, split.table.lacking, WORDS)
    return f"{shown}\n\nMissing values are filled with the medians of the training part: {medians}."


def candidates(search: Search, top: int = 15) -> str:
    """The best candidates, by the metric that chooses: on validation or, in a column of its own, on zones left out."""
    ranked = sorted(search.scores, key=lambda score: (-search.figure(score), score.candidate.index))
    by_zones = any(score.zones for score in ranked)
    rows = [
        [
            str(rank),
            score.candidate.model,
            ", ".join(f"{name} {value}" for name, value in score.candidate.params.items()),
            *([f"**{WORDS.number(search.figure(score))}**"] if by_zones else []),
            *_four(score.metrics),
            WORDS.number(score.seconds, 1),
        ]
        for rank, score in enumerate(ranked[:top], 1)
    ]
    notes = []
    if search.reused:
        verb = "was" if search.reused == 1 else "were"
        reused = f"{search.reused} of them {verb} scored by the run that this one resumes."
        notes.append(f"{len(ranked)} candidates. {reused}")
    if search.is_cut:
        notes.append("The last line of that run's search.jsonl was cut off: its candidate was fitted again.")
    if len(ranked) > top:
        notes.append(f"The best {top} of {len(ranked)} candidates:")
    chosen_by = [f"{WORDS(f'{search.metric}.short')}, zones left out"] if by_zones else []
    header = ["", "model", "parameters", *chosen_by, *_titles(), "seconds"]
    ranking = table(header, rows, "rllrrrrrr"[: len(header)])
    return "\n\n".join([*notes, ranking])


def zones_left_out(record: Record | None) -> str:
    """Leave-one-zone-out of the winner (`lib.measures.zones.describe`), of the weakest zones if there are very many."""
    if not record:
        return "Fewer than three zones have rows of both classes: none can be left out."
    areas = artifacts.SEARCH_METRICS
    listed = sorted(weakest(record[artifacts.ZONES], ZONES_LISTED), key=lambda zone: zone["zone"])
    rows = [
        [
            *_balance_row(_zone(zone["zone"]), zone["rows"], zone["positives"]),
            *(WORDS.number(zone[name]) for name in areas),
        ]
        for zone in listed
    ]
    for name in ("mean", "worst"):
        rows.append([f"**{name}**", "", "", "", *(f"**{WORDS.number(record[name][area])}**" for area in areas)])
    header = ["zone left out", "rows", "class 1", "share of class 1", *(WORDS(f"{name}.short") for name in areas)]
    shown = table(header, rows, "lrrrrr")
    notes = []
    if bounds := record.get("interval"):
        said = [f"{WORDS(f'{name}.short')} {WORDS.interval(bounds.get(name))}" for name in areas]
        notes.append(f"95% interval of the mean, from a bootstrap over zones: {', '.join(said)}.")
    if more := len(record[artifacts.ZONES]) - len(listed):
        notes.append(f"These are the weakest zones, and {WORDS.count(more)} more.")
    return "\n\n".join(filter(None, [shown, *notes, nested_search(record, WORDS)]))


def results(summary: Record) -> str:
    """The best of each family and the winner, on validation and test."""
    rows = []
    for name, model in summary["models"].items():
        rows.append([f"best {name}", "validation", *_four(model["val_metrics"])])
        rows.append([f"best {name}", "test", *_four(model["test_metrics"])])
    winner = summary["winner"]
    retrained = _four(winner["test_metrics_retrained"])
    rows.append([f"**{winner['name']}, retrained**", "**test**", *(f"**{value}**" for value in retrained)])
    return table(["model", "measured on", *_titles()], rows, "llrrrr")


def measured(metrics: Record) -> str:
    """Which rows an evaluation measured."""
    rows = metrics["measured_on"]
    proof = (
        "The same rows that training held out: their count and fingerprint match those it recorded."
        if rows["verified"]
        else "These rows are not from the table the model was trained on."
    )
    facts = [
        ["model", f"{metrics['model']}, {code(metrics['model_dir'])}"],
        ["rows", f"{rows['rows']} ({', '.join(code(uri) for uri in rows['inputs'])})"],
        ["count", WORDS.count(rows["count"])],
        ["of class 1", _part_of(rows["positives"], rows["count"])],
        ["fingerprint", code(rows["fingerprint"])],
    ]
    if filled := rows.get("filled"):
        facts.insert(4, ["with filled values", _part_of(filled["rows"], rows["count"])])
    return "\n\n".join([table(["", ""], facts, "ll"), proof, *seen_before(rows, WORDS)])


def metrics(record: Record) -> str:
    """All figures over all rows, with their 95% intervals where they were measured."""
    bounds = record.get("intervals")
    rows = [[WORDS(name), WORDS.number(record[name])] for name in artifacts.OVERALL_METRICS]
    by = f"\n\nRows count by their weight in {code(record['weights']['column'])}." if record.get("weights") else ""
    if not bounds or record["intervals_from"] == "none":
        return table(["metric", "value"], rows, "lr") + by
    for name, row in zip(artifacts.OVERALL_METRICS, rows, strict=True):
        row.append(WORDS.interval(bounds.get(name)))
    source = "bootstrap over zones" if record["intervals_from"] == artifacts.ZONES else "formulas for independent rows"
    return f"{table(['metric', 'value', '95% interval'], rows, 'lrr')}\n\nThe intervals come from {source}.{by}"


def probability(record: Record) -> str:
    """How far the score and its calibrated value are from a probability."""
    return (
        losses(record, WORDS) if None not in (record.get("brier"), record.get("log_loss")) else WORDS("no_reliability")
    )


def best_rows(record: Record) -> str:
    """How much of class 1 the best rows hold."""
    capture = record.get("capture")
    return best_found(capture, WORDS) if capture else WORDS("no_capture")


def threshold(record: Record) -> str:
    """What the decision threshold does here, beside 0.5 if it is another, and how it was chosen."""
    chosen = record.get("threshold_chosen")
    if not chosen:
        return f"The threshold is {WORDS.short(record['threshold'])}."
    lines = [
        ("validation rows", record["threshold"], chosen["validation"]),
        ("these rows", record["threshold"], chosen["here"]),
    ]
    if record["threshold"] != THRESHOLD:
        lines.append(("these rows", THRESHOLD, chosen["here_at_half"]))
    rows = [
        [where, WORDS.short(at), *(WORDS.number(done[name]) for name in ("precision", "recall", "f1"))]
        + [WORDS.count(done[name]) for name in ("FN", "FP")]
        for where, at, done in lines
        if done
    ]
    header = ["", "threshold", "precision", "recall", "F1", "class 1 missed", "false alarms"]
    how = "It was given as a number" if is_number(chosen["rule"]) else f"Chosen by: {rule_in_words(chosen, WORDS)}"
    return f"{table(header, rows, 'lrrrrrr')}\n\n{how}."


def scored(record: Record) -> str:
    """How many rows or pixels were scored, marked and applicable (the content of scores.json)."""
    total, dropped = record["rows"], record.get("dropped")
    shares = {"share_marked": f"marked: score above {WORDS.short(record['threshold'])}"}
    shares |= {"share_applicable": "inside the area of applicability", "share_marked_and_applicable": "both"}
    rows = [["scored", WORDS.count(total), ""]]
    rows += [
        [name, WORDS.count(round(record[share] * total)), WORDS.percent(record[share])]
        for share, name in shares.items()
        if share in record
    ]
    if filled := record.get("filled"):
        share = WORDS.percent(filled["rows"] / total) if total else ""
        rows += [["with filled values", WORDS.count(filled["rows"]), share]]
    rows += [["left out for missing values", WORDS.count(dropped), ""]] if dropped else []
    return table([artifacts.unit_scored(record), "count", "share"], rows, "lrr")


def permutation_importances(record: Record, top: int = 15) -> str:
    """The features whose permutation costs the model most."""
    drops = record.get("permutation_importances")
    if not drops:
        return WORDS("no_permutation")
    rows = [
        [
            code(each["feature"]),
            f"{WORDS.number(each['mean'])} ± {WORDS.number(each['std'])}",
            WORDS.some([code(name) for name in each["group"]], NAMED),
        ]
        for each in drops[:top]
    ]
    return table(["feature", "drop of the metric", "permuted together with"], rows, "lrl")


def drift(record: Record, top: int = 20) -> str:
    """How far the features of another table have moved, and whether the model applies to its rows."""
    said = _likeness(record)
    moved = record.get("drift")
    if not moved:
        return "\n\n".join([*said, WORDS("no_drift")])
    rows = [
        [
            code(each["feature"]),
            WORDS("no_unit") if each["wasserstein"] is None else WORDS.number(each["wasserstein"], 2),
            WORDS.number(each["ks"], 2),
            WORDS.percent(each["outside"]),
            "moved" if each["marked"] else "",
        ]
        for each in moved["features"][:top]
    ]
    shown = table(["feature", "distance (s.d.)", "KS", "beyond training values", ""], rows, "lrrrl")
    share = WORDS.percent(moved["importance_moved"], 0)
    return "\n\n".join([*said, f"Features that carry {share} of the importance have moved.", shown])


def _likeness(record: Record) -> list[str]:
    said = []
    if area := record.get("applicability"):
        said.append(f"{WORDS.percent(area['inside'])} of the rows are inside the model's area of applicability.")
    if told := record.get("adversarial"):
        area = WORDS.number(told["area"], 2)
        said.append(f"A model tells these rows from the training rows with an area of {area} (0.5: it cannot).")
    if distances := record.get("nearest_training_row"):
        said.append(lie_within(distances, WORDS))
    return said


def classes(record: Record) -> str:
    """Figures of each class at the threshold."""
    by_class = [record[name] for name in ("precision", "recall", "f1_by_class")]
    rows = [[f"class {c}", *(WORDS.number(values[c]) for values in by_class)] for c in ("0", "1")]
    return table(["", "precision", "recall", "F1"], rows, "lrrr")


def confusion(matrix: Record) -> str:
    """True class by predicted class."""
    rows = []
    for name, cells in {"class 0": ("TN", "FP"), "class 1": ("FN", "TP")}.items():
        counts = [matrix[cell] for cell in cells]
        rows.append([name, *(_part_of(count, sum(counts)) for count in counts)])
    return table(["true class", "predicted 0", "predicted 1"], rows, "lrr")


def zones(record: Record) -> str:
    """Figures of each zone, where there are zones; an area needs both classes."""
    if not record.get("zones"):
        return "The table has no zones."
    rows = [
        [*_balance_row(_zone(zone["zone"]), zone["rows"], zone["positives"]), *_four(zone)]
        for zone in largest(record["zones"], ZONES_LISTED)
    ]
    shown = table(["zone", "rows", "class 1", "share of class 1", *_titles()], rows, "lrrrrrrr")
    return shown + _more_zones(len(record["zones"]), " All of them are in `metrics.json`.")


def _titles() -> list[str]:
    return [WORDS(f"{name}.short") for name in artifacts.METRICS]


def _four(values: Record) -> list[str]:
    return [WORDS.number(values[name]) for name in artifacts.METRICS]


def _zone(name: str | None) -> str:
    """A zone's name; None is a table without zones."""
    return "all rows" if name is None else plain(name).strip() or WORDS("empty_name")


def _more_zones(count: int, where: str) -> str:
    """Below a table of the largest of `count` zones, how many more there are."""
    more = count - ZONES_LISTED
    if more < 1:
        return ""
    return f"\n\nThese are the zones with the most rows, and {WORDS.count(more)} more zone{'s' * (more > 1)}.{where}"


def _balance_row(name: str, rows: int, positives: int) -> list[str]:
    return [name, WORDS.count(rows), WORDS.count(positives), WORDS.percent(positives / rows)]


def _part_of(part: float, whole: float) -> str:
    return f"{WORDS.count(part)} ({WORDS.percent(part / whole)})"


def _value(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
