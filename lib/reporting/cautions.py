"""What a reader of an evaluation should watch: a list of small checks, each a function that speaks up or not.

A check gives one Markdown paragraph or None. Differences are called real only beyond what chance gives for so many
rows (`lib.measures.intervals`).
"""

import math
from collections.abc import Callable

from lib.artifacts import selecting
from lib.measures.intervals import Z95, Z95_ONE_SIDED, roc_area_error
from lib.measures.zones import SMALL_ZONE, is_small
from lib.reporting.filled_values import of_features
from lib.reporting.language.words import Words
from lib.reporting.limits import NAMED
from lib.reporting.markdown import code
from lib.reporting.report_data import ReportData
from lib.reporting.suspicious import suspicious_columns
from lib.search.families import Candidate
from lib.search.families.random_forest import features_per_node
from lib.search.folds import FEWEST_ZONES
from lib.search.shared_fits import same_model
from lib.support.threshold_rule import is_number

SMALL_CLASS = 100  # rows of the rarer class below which all figures are rough
WEAK_ZONE = 0.05  # how far a zone's area under ROC must fall behind to matter
TOO_GOOD = 0.99  # an area under ROC that real data seldom allow

NEW_GROUND = 0.03  # how far the area under ROC must fall in zones left out to matter
APPLICABLE = 0.9  # the share of rows that should be like the training rows
REPEATED = 0.05  # the share of rows that repeat others from which on it matters
ALIKE = 0.1  # how far two base rates may differ, as a share of the larger, for their PR areas to compare
WORSE_RETRAINED = 0.01  # a fall of the metric by retraining that is worth a word

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


def suspicious(facts: ReportData, words: Words) -> str | None:
    """Columns that give the label away or are no features, and values that stand for none."""
    return suspicious_columns(facts.experiment.get("data", {}).get("suspects", ()), words)


def unverified(facts: ReportData, words: Words) -> str | None:
    """Held-out rows that nobody could prove to be those of training's split."""
    return words("find.unverified") if facts.held_out and not facts.metrics["measured_on"]["verified"] else None


def unverified_model(facts: ReportData, words: Words) -> str | None:
    """A model that nobody could prove to be the one that was trained."""
    return None if facts.metrics.get("model_verified") else words("find.unverified_model")


def other_rows(facts: ReportData, words: Words) -> str | None:
    """Rows of another table that the model has seen, or may have."""
    if facts.held_out:
        return None
    seen = facts.metrics["measured_on"].get("seen")
    if seen is None:
        return words("find.other_rows")
    if not seen:
        return None
    key = "seen_kept" if facts.metrics["measured_on"]["seen_rows"] == "keep" else "seen_dropped"
    return words(f"find.{key}", rows=words.count(seen))


def new_ground(facts: ReportData, words: Words) -> str | None:
    """Zones left out that are served clearly worse than the held-out rows."""
    zones = facts.metrics.get("leave_one_zone_out")
    if not zones or not facts.held_out or facts.by_zone:
        return None
    here, mean = facts.metrics["areaUnderROC"], zones["mean"]["areaUnderROC"]
    if here - mean < NEW_GROUND:
        return None
    worst = zones["worst_zone"]["areaUnderROC"]
    figures = {"here": here, "mean": mean, "worst": zones["worst"]["areaUnderROC"]}
    return words(
        "find.new_ground", zone=words.name(worst), **{name: words.number(value) for name, value in figures.items()}
    )


def not_applicable(facts: ReportData, words: Words) -> str | None:
    """Rows unlike those the model was trained on."""
    area = facts.metrics.get("applicability")
    if not area or area["inside"] >= APPLICABLE:
        return None
    return words("find.not_applicable", share=words.percent(1 - area["inside"]))


def drifted(facts: ReportData, words: Words) -> str | None:
    """A table whose important features have moved."""
    drift = facts.metrics.get("drift")
    if not drift or not drift["drifted"]:
        return None
    moved = [code(record["feature"]) for record in drift["features"] if record["marked"]][:3]
    return words("find.drifted", share=words.percent(drift["importance_moved"], 0), features=words.listing(moved))


def repeated_rows(facts: ReportData, words: Words) -> str | None:
    """Rows that repeat another are no further evidence."""
    if facts.different > 1 - REPEATED:
        return None
    return words("find.repeated", rows=words.count(facts.rows), distinct=words.count(facts.distinct))


def repeated_in_zones(facts: ReportData, words: Words) -> str | None:
    """Rows that were left out of validation and test because another zone has them, too."""
    split = facts.experiment.get("split", {})
    if not split.get("repeated"):
        return None
    text = words("find.repeated_zones", rows=words.count(split["repeated"]))
    shared = [
        words(
            "find.zone_shares",
            zone=words.name(each["zone"]),
            rows=words.count(each["rows"]),
            others=words.listing([words.name(other) for other in each["shared_with"]], NAMED),
        )
        for each in sorted(split.get("repeated_zones", ()), key=lambda each: (-each["rows"], each["zone"]))
    ]
    return f"{text} {words('find.zones_share', zones='; '.join(shared[:NAMED]))}" if shared else text


def validation_gap(facts: ReportData, words: Words) -> str | None:
    """How far the winner's validation figure and its figure on the held-out rows lie apart."""
    if not facts.held_out or not facts.summary:
        return None
    shares = _base_rates(facts)
    alike = shares is None or abs(shares[0] - shares[1]) <= ALIKE * max(shares)
    # An area under the PR curve rises with the share of class 1, so it compares only parts with the same share.
    metric = facts.metric if alike else "areaUnderROC"
    val, test = facts.summary["winner"]["val_metrics"][metric], facts.metrics[metric]
    margin = _margin(facts.error_of("val", val, metric), facts.error_of("test", test, metric))
    if margin is None:
        return None
    key = "agree" if abs(test - val) <= margin else "weaker" if test < val else "better"
    values = {"val": words.number(val), "test": words.number(test), "margin": words.number(margin)}
    text = words(f"find.gap_{key}", metric=words(metric), **values)
    if metric == facts.metric or shares is None:
        return text
    return f"{text} {words('find.base_rates', val=words.percent(shares[0]), test=words.percent(shares[1]))}"


def _base_rates(facts: ReportData) -> tuple[float, float] | None:
    """The shares of class 1 in the validation and the test part, if they are known."""
    parts = [facts.parts.get(name) for name in ("val", "test")]
    if not all(part and part["rows"] for part in parts):
        return None
    val, test = (part["positives"] / part["rows"] for part in parts if part)
    return val, test


def retraining(facts: ReportData, words: Words) -> str | None:
    """A winner that became worse by its retraining."""
    if not facts.held_out or not facts.summary:
        return None
    before = facts.summary["models"][facts.summary["winner"]["name"]]["test_metrics"][facts.metric]
    after = facts.metrics[facts.metric]
    if before - after < WORSE_RETRAINED:
        return None
    return words("find.retraining", metric=words(facts.metric), before=words.number(before), after=words.number(after))


def zones_in_split(facts: ReportData, words: Words) -> str | None:
    """Whether the figures hold for new zones or only for new rows of known ones."""
    if not facts.held_out or len(facts.metrics.get("zones", ())) < 1 or not facts.experiment:
        return None
    if not facts.by_zone:
        unseen, count = (facts.metrics["measured_on"].get(name) for name in ("new_zones", "zones"))
        if unseen:
            return words("find.some_new_zones", unseen=words.count(unseen), count=words.count(count))
        if "leave_one_zone_out" in facts.metrics:
            return None
        both = sum(1 for zone in facts.metrics["zones"] if zone["areaUnderROC"] is not None)
        return words("find.split_by_rows" if both >= FEWEST_ZONES else "find.few_zones")
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
        # How many rows of a zone are different is not known: as many as of all.
        positives, negatives = (facts.different * n for n in (zone["positives"], zone["rows"] - zone["positives"]))
        error = roc_area_error(area, positives, negatives)
        if overall - area > max(WEAK_ZONE, Z95_ONE_SIDED * error):
            weak.append((area, zone["zone"]))
    named = [f"{words.name(zone)} ({words.number(area)})" for area, zone in sorted(weak)]
    return words("find.weak_zones", zones=words.listing(named, NAMED), area=words.number(overall)) if weak else None


def small_zones(facts: ReportData, words: Words) -> str | None:
    """Zones with too few rows to judge."""
    zones = facts.metrics.get("zones", ())
    small = [words.name(zone["zone"]) for zone in zones if is_small(zone)]
    if not small:
        return None
    if len(small) == len(zones) > 1:
        return words("find.all_zones_small", count=words.count(len(zones)), least=words.count(SMALL_ZONE))
    return words("find.small_zones", zones=words.listing(small, NAMED), least=words.count(SMALL_ZONE))


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
    base = facts.positives / facts.rows  # the histogram counts rows, whether they are weighted or not
    if abs(mean - base) < 0.05:
        return None
    return words("find.scores", mean=words.number(mean, 2), base=words.percent(base))


def other_threshold(facts: ReportData, words: Words) -> str | None:
    """A threshold that would serve F1 better than the one that was given.

    One that a rule chose serves another end, or is the best for F1 as far as the validation rows tell.
    """
    chosen = facts.metrics.get("threshold_chosen")
    if chosen and not is_number(chosen["rule"]):
        return None
    best = max(facts.curves["thresholds"], key=lambda row: row["f1"])
    now = facts.metrics["f1_by_class"]["1"]
    if best["f1"] - now < 0.01:
        return None
    values = {"now": words.short(facts.metrics["threshold"]), "best": words.short(best["threshold"])}
    return words("find.threshold", f1_now=words.number(now), f1_best=words.number(best["f1"]), **values)


def close_families(facts: ReportData, words: Words) -> str | None:
    """The winner's family and the next best, if validation does not tell them apart, and what the held-out rows say.

    Where zones chose, the section on zones never seen compares the families.
    """
    models = facts.summary.get("models", {})
    if len(models) < 2 or facts.chosen_by_zones:
        return None
    winner = facts.summary["winner"]["name"]
    others = [name for name in models if name != winner]
    other = max(others, key=lambda name: models[name]["val_metrics"][facts.metric])
    ours, theirs = (models[name]["val_metrics"][facts.metric] for name in (winner, other))
    margin = _margin(facts.error_of("val", ours), facts.error_of("val", theirs))
    if margin is None or abs(ours - theirs) > margin:
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
    best = max(selecting(record, facts.metric) for record in facts.search)
    equal = [record for record in facts.search if selecting(record, facts.metric) == best]
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


def filled_values(facts: ReportData, words: Words) -> str | None:
    """Missing values that were filled in the training table, and how many of the evaluated rows have some."""
    filling, here = facts.experiment.get("filling", {}), facts.metrics["measured_on"].get("filled", {})
    if not filling.get("rows"):
        return None
    share = filling["rows"] / facts.experiment["data"]["rows"]
    return words(
        "find.filled",
        rows=words.count(filling["rows"]),
        share=words.percent(share),
        features=of_features(filling["values"], words),
        here=words.percent(here.get("rows", 0) / facts.rows),
    )


def changed_code(facts: ReportData, words: Words) -> str | None:
    """Code that no commit holds."""
    commit = facts.experiment.get("commit")
    return words("find.changed_code") if commit and commit["dirty"] else None


CHECKS: tuple[Check, ...] = (
    *(
        too_good,
        suspicious,
        unverified,
        unverified_model,
        other_rows,
        new_ground,
        not_applicable,
        drifted,
        validation_gap,
        retraining,
    ),
    *(zones_in_split, weak_zones, small_zones, small_class, repeated_rows, repeated_in_zones),
    *(idle_accuracy, inflated_scores, other_threshold, close_families, grid_edge, ties, few_scored),
    *(dropped_rows, filled_values, changed_code),
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
