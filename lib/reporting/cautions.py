"""What a reader of an evaluation should watch: a list of small checks, each a function that speaks up or not.

A check gives one Markdown paragraph or None. Differences are called real only beyond what chance gives for so many
rows (`lib.measures.intervals`).
"""

import math
from collections.abc import Callable

from lib.measures.intervals import Z95, Z95_ONE_SIDED, roc_area_error
from lib.reporting.language.words import Words
from lib.reporting.limits import NAMED
from lib.reporting.markdown import code
from lib.reporting.report_data import Record, ReportData
from lib.search.families import Candidate
from lib.search.families.random_forest import features_per_node
from lib.search.shared_fits import same_model

SMALL_ZONE = 20  # rows of the rarer class below which a zone's figures say little
SMALL_CLASS = 100  # the same for the whole evaluation
WEAK_ZONE = 0.05  # how far a zone's area under ROC must fall behind to matter
TOO_GOOD = 0.99  # an area under ROC that real data seldom allow

Check = Callable[[ReportData, Words], str | None]


def cautions(facts: ReportData, words: Words) -> list[str]:
    """What the checks have to say, the weightiest first."""
    return [text for check in CHECKS if (text := check(facts, words))]


def too_good(facts: ReportData, words: Words) -> str | None:
    """A figure so high that the label has probably leaked into a feature."""
    area = facts.metrics["areaUnderROC"]
    if area < TOO_GOOD:
        return None
    top = facts.importances[0]
    return words("find.too_good", area=words.number(area), feature=words.name(top["feature"]))


def unverified(facts: ReportData, words: Words) -> str | None:
    """Held-out rows that nobody could prove to be those of training's split."""
    return words("find.unverified") if facts.held_out and not facts.metrics["measured_on"]["verified"] else None


def other_rows(facts: ReportData, words: Words) -> str | None:
    """Rows from outside the split may have been trained on."""
    return None if facts.held_out else words("find.other_rows")


def validation_gap(facts: ReportData, words: Words) -> str | None:
    """How far the winner's validation figure and its figure on the held-out rows lie apart."""
    if not facts.held_out or not facts.summary:
        return None
    val, test = facts.summary["winner"]["val_metrics"][facts.metric], facts.metrics[facts.metric]
    margin = _margin(facts.error_of("val", val), facts.error_of("test", test))
    if margin is None:
        return None
    key = "agree" if abs(test - val) <= margin else "weaker" if test < val else "better"
    values = {"val": words.number(val), "test": words.number(test), "margin": words.number(margin)}
    return words(f"find.gap_{key}", metric=words(facts.metric), **values)


def zones_in_split(facts: ReportData, words: Words) -> str | None:
    """Whether the figures hold for new zones or only for new rows of known ones."""
    if not facts.held_out or len(facts.metrics.get("zones", ())) < 1 or not facts.experiment:
        return None
    if facts.experiment["split"]["split_by"] == "rows":
        return words("find.split_by_rows")
    zones = [words.name(zone["zone"]) for zone in facts.metrics["zones"]]
    return words("find.split_by_zone", zones=words.listing(zones, NAMED))


def weak_zones(facts: ReportData, words: Words) -> str | None:
    """Zones where the model ranks clearly worse than over all rows, the worst first."""
    overall = facts.metrics["areaUnderROC"]
    weak = []
    for zone in facts.metrics.get("zones", ()):
        area = zone["areaUnderROC"]
        if area is None or is_small(zone):
            continue
        error = roc_area_error(area, zone["positives"], zone["rows"] - zone["positives"])
        if overall - area > max(WEAK_ZONE, Z95_ONE_SIDED * error):
            weak.append((area, zone["zone"]))
    named = [f"{words.name(zone)} ({words.number(area)})" for area, zone in sorted(weak)]
    return words("find.weak_zones", zones=words.listing(named, NAMED), area=words.number(overall)) if weak else None


def small_zones(facts: ReportData, words: Words) -> str | None:
    """Zones with too few rows to judge."""
    small = [words.name(zone["zone"]) for zone in facts.metrics.get("zones", ()) if is_small(zone)]
    named = words.listing(small, NAMED)
    return words("find.small_zones", zones=named, least=words.count(SMALL_ZONE)) if small else None


def is_small(zone: Record) -> bool:
    """Whether a zone has too few rows of one class for its figures to say much."""
    return min(zone["positives"], zone["rows"] - zone["positives"]) < SMALL_ZONE


def small_class(facts: ReportData, words: Words) -> str | None:
    """A class with so few rows that every figure about it is a rough one."""
    counts = {"0": facts.rows - facts.positives, "1": facts.positives}
    name = min(counts, key=lambda key: counts[key])
    if counts[name] >= SMALL_CLASS:
        return None
    return words("find.small_class", name=name, rows=words.count(counts[name]))


def idle_accuracy(facts: ReportData, words: Words) -> str | None:
    """An accuracy that a constant answer would reach as well."""
    constant, accuracy = max(facts.base_rate, 1 - facts.base_rate), facts.metrics["accuracy"]
    if accuracy - constant > 0.02:
        return None
    name = "1" if facts.base_rate > 0.5 else "0"
    shares = {"constant": words.percent(constant), "accuracy": words.percent(accuracy)}
    return words("find.idle_accuracy", name=name, **shares)


def inflated_scores(facts: ReportData, words: Words) -> str | None:
    """Scores whose mean lies away from the base rate cannot be read as probabilities."""
    histogram = facts.curves["scores"]
    middles = [(low + high) / 2 for low, high in zip(histogram["edges"], histogram["edges"][1:], strict=False)]
    counts = [zero + one for zero, one in zip(histogram["0"], histogram["1"], strict=True)]
    mean = sum(middle * count for middle, count in zip(middles, counts, strict=True)) / max(sum(counts), 1)
    if abs(mean - facts.base_rate) < 0.05:
        return None
    return words("find.scores", mean=words.number(mean, 2), base=words.percent(facts.base_rate))


def other_threshold(facts: ReportData, words: Words) -> str | None:
    """A threshold that would serve F1 better than the usual one."""
    best = max(facts.curves["thresholds"], key=lambda row: row["f1"])
    now = facts.metrics["f1_by_class"]["1"]
    if best["f1"] - now < 0.01:
        return None
    values = {"now": words.short(facts.metrics["threshold"]), "best": words.short(best["threshold"])}
    return words("find.threshold", f1_now=words.number(now), f1_best=words.number(best["f1"]), **values)


def close_families(facts: ReportData, words: Words) -> str | None:
    """Two model families whose validation figures do not tell them apart, and what the held-out rows say."""
    models = facts.summary.get("models", {})
    if len(models) < 2:
        return None
    winner = facts.summary["winner"]["name"]
    other = next(name for name in models if name != winner)
    ours, theirs = (models[name]["val_metrics"][facts.metric] for name in (winner, other))
    margin = _margin(facts.error_of("val", ours), facts.error_of("val", theirs))
    if margin is None or ours - theirs > margin:
        return None
    names = {"winner": words.term("model.in_text", winner), "other": words.term("model.in_text", other)}
    text = words("find.close", ours=words.number(ours), theirs=words.number(theirs), **names)
    ours, theirs = (models[name]["test_metrics"][facts.metric] for name in (winner, other))
    if theirs > ours:
        text += " " + words("find.other_ahead", ours=words.number(ours), theirs=words.number(theirs))
    return text


def grid_edge(facts: ReportData, words: Words) -> str | None:
    """A winner that took the largest or smallest value tried of some parameter."""
    if not facts.search or not facts.summary:
        return None
    winner = facts.summary["winner"]["name"]
    best = facts.summary["models"][winner]["best_params"]
    edges = []
    for name, value in best.items():
        tried = {record["params"].get(name) for record in facts.search if record["model"] == winner}
        if len(tried) < 2 or not all(isinstance(other, int | float) for other in tried):
            continue
        for key, bound in (("largest", max(tried)), ("smallest", min(tried))):
            if float(value) == bound:
                edges.append(words(f"find.{key}", name=code(name), value=words.short(bound)))
    return words("find.edge", edges=words.listing(edges)) if edges else None


def ties(facts: ReportData, words: Words) -> str | None:
    """Candidates that share the best figure, among them the two feature subsets that are one and the same."""
    if not facts.search:
        return None
    best = max(record["val_metrics"][facts.metric] for record in facts.search)
    equal = [record for record in facts.search if record["val_metrics"][facts.metric] == best]
    sentences = [words("find.ties", count=words.count(len(equal)))] if len(equal) > 1 else []
    if same := _same_subsets(facts):
        features = words.count(facts.summary["n_features"])
        sentences.append(words("find.same_subsets", features=features, drawn=words.count(same)))
    return " ".join(sentences) or None


def few_scored(facts: ReportData, words: Words) -> str | None:
    """A search that did not get through its candidates."""
    planned = facts.experiment.get("candidates")
    if not planned or not facts.search or len(facts.search) >= planned:
        return None
    return words("find.few_scored", scored=words.count(len(facts.search)), planned=words.count(planned))


def dropped_rows(facts: ReportData, words: Words) -> str | None:
    """Rows left out for missing values."""
    data = facts.experiment.get("data", {})
    if not data.get("dropped"):
        return None
    share = data["dropped"] / (data["rows"] + data["dropped"])
    return words("find.dropped", rows=words.count(data["dropped"]), share=words.percent(share))


def changed_code(facts: ReportData, words: Words) -> str | None:
    """Code that no commit holds."""
    commit = facts.experiment.get("commit")
    return words("find.changed_code") if commit and commit["dirty"] else None


CHECKS: tuple[Check, ...] = (
    *(too_good, unverified, other_rows, validation_gap, zones_in_split, weak_zones, small_zones, small_class),
    *(idle_accuracy, inflated_scores, other_threshold, close_families, grid_edge, ties, few_scored),
    *(dropped_rows, changed_code),
)


def _margin(*errors: float | None) -> float | None:
    """How far two figures may lie apart by chance, from their standard errors."""
    if any(error is None for error in errors):
        return None
    return Z95 * math.hypot(*(error for error in errors if error is not None))


def _same_subsets(facts: ReportData) -> int | None:
    """Features a node draws, if the forests tried sqrt and log2 and both draw as many."""
    if "n_features" not in facts.summary:
        return None
    n_features = facts.summary["n_features"]
    tried = [Candidate(record["index"], record["model"], record["params"]) for record in facts.search]
    for group in same_model(tried, n_features):
        if {"sqrt", "log2"} <= {candidate.params.get("featureSubsetStrategy") for candidate in group}:
            return features_per_node("sqrt", n_features, 2)
    return None
