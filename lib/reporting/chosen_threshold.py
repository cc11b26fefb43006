"""How the decision threshold was chosen, and what it does here, if it is not Spark's own."""

from typing import Any

from lib.metrics import THRESHOLD
from lib.reporting.language.words import Words
from lib.reporting.markdown import plain, table
from lib.reporting.report_data import Record, ReportData
from lib.support.threshold_rule import COSTS, F1, FALSE_ALARM, MISSED, PRECISION, is_number


def chosen_threshold(facts: ReportData, words: Words) -> list[str]:
    """The blocks that say so; none for 0.5, or a model that chose no threshold."""
    chosen = facts.metrics.get("threshold_chosen")
    if not chosen or chosen["rule"] == THRESHOLD:
        return []
    exact = facts.metrics["threshold"]
    key = "threshold.given" if is_number(chosen["rule"]) else "threshold.chosen"
    said = [words(key, rule=rule_in_words(chosen, words), exact=words.exact(exact))]
    said += _not_reached(chosen, words)
    said.append(words("threshold.sparks"))
    return [" ".join(said), _compared(facts, chosen, words)]


def rule_in_words(chosen: Record, words: Words) -> str:
    """The rule as the language says it."""
    rule: Any = chosen["rule"]
    if rule == F1:
        return words("rule.f1")
    if is_number(rule):
        return words.short(rule)
    if not isinstance(rule, dict) or len(rule) != 1:
        return plain(chosen.get("rule_in_words", rule))
    ((name, value),) = rule.items()
    if name == COSTS:
        return words("rule.costs", missed=words.short(value[MISSED]), alarm=words.short(value[FALSE_ALARM]))
    return words(f"rule.{name}", share=words.short(value))


def _not_reached(chosen: Record, words: Words) -> list[str]:
    """That no threshold has the precision asked for, if so; any recall can be had."""
    rule, validation = chosen["rule"], chosen.get("validation")
    if (
        not validation
        or not isinstance(rule, dict)
        or PRECISION not in rule
        or validation["precision"] >= rule[PRECISION]
    ):
        return []
    return [words("threshold.not_reached", precision=words.number(validation["precision"]))]


def _found(done: Record, positives: int | None, words: Words) -> str:
    """The rows of class 1 that are found; their weight, if metrics are weighted."""
    if "TP" in done:
        return words.count(done["TP"])
    return "–" if positives is None else words.count(positives - done["FN"])


def _compared(facts: ReportData, chosen: Record, words: Words) -> str:
    validation = facts.parts.get("val", {}).get("positives")
    lines = (
        ("validation", facts.metrics["threshold"], chosen.get("validation"), validation),
        ("here", facts.metrics["threshold"], chosen.get("here"), facts.positives),
        ("here_at_half", THRESHOLD, chosen.get("here_at_half"), facts.positives),
    )
    costs = chosen["rule"].get(COSTS) if isinstance(chosen["rule"], dict) else None
    rows = [
        [
            words(f"threshold.{name}"),
            words.short(threshold),
            words.count(done["rows"]),
            _found(done, positives, words),
            words.count(done["FN"]),
            words.count(done["FP"]),
            *(words.number(done[figure]) for figure in ("precision", "recall", "f1")),
            *([words.short(costs[MISSED] * done["FN"] + costs[FALSE_ALARM] * done["FP"])] if costs else []),
        ]
        for name, threshold, done, positives in lines
        if done
    ]
    header = [words(key) for key in ("measured_rows", "threshold", "rows", "threshold.found", "threshold.missed")]
    header += [words(key) for key in ("threshold.alarms", "precision", "recall", "f1_plain")]
    header += [words("threshold.cost")] if costs else []
    return table(header, rows, "lrrrrrrrrr"[: len(header)])
