"""The summary of a report: its two figures first, then who won and what the model does with a hundred rows."""

from lib.measures.zones import is_small
from lib.reporting.language.words import Words
from lib.reporting.markdown import bullets, code, section, table
from lib.reporting.pictures import Images
from lib.reporting.report_data import Record, ReportData, zone_base_rate
from lib.support import positive


def verdict(facts: ReportData, words: Words, images: Images) -> str:
    """What a reader in a hurry needs."""
    return section(
        words("heading.verdict"),
        _figures(facts, words),
        _questions(facts, words),
        _who_won(facts, words),
        words("verdict.plain"),
        bullets(_in_plain_words(facts, words)),
    )


def _figures(facts: ReportData, words: Words) -> str:
    """The figure over the rows measured, and those of zones that the model had not seen."""
    metric, zones = facts.metric, facts.zones_left_out
    bounds = (facts.metrics.get("intervals") or {}).get(metric)
    value = f"**{words.number(facts.metrics[metric])}**"
    here = words(f"figure.{_kind(facts)}", rows=words.count(facts.rows))
    rows = [[here, value, words.interval(bounds), words.number(by_chance(facts, metric))]]
    if zones:
        rows += _zone_rows(zones, metric, words)
    header = [words("figure"), words(f"{metric}.short"), words("interval"), words("by_chance")]
    return table(header, rows, "lrrr")


def _zone_rows(zones: Record, metric: str, words: Words) -> list[list[str]]:
    both = [zone for zone in zones["zones"] if zone["areaUnderROC"] is not None]
    count, chance = words.count(len(both)), words.number(_chance_of_zones(both, metric))
    rows = []
    for key, record in (("mean", zones), ("nested", zones.get("nested"))):
        if record:
            bounds = words.interval((record.get("interval") or {}).get(metric))
            mean = f"**{words.number(record['mean'][metric])}**"
            rows.append([words(f"figure.{key}", count=count), mean, bounds, chance])
    worst = zones.get("worst_zone", {}).get(metric)
    if worst is not None:
        alone = words.number(_chance_of_zones([zone for zone in both if zone["zone"] == worst], metric))
        label = words("figure.worst", zone=words.name(worst)) + (" †" if _worst_is_rough(zones, metric) else "")
        rows.append([label, words.number(zones["worst"][metric]), "–", alone])
    return rows


def _worst_is_rough(zones: Record, metric: str) -> bool:
    """Whether the worst zone has too few rows of one class for its area to say much."""
    worst = zones.get("worst_zone", {}).get(metric)
    return any(is_small(zone) for zone in zones["zones"] if zone["zone"] == worst)


def by_chance(facts: ReportData, metric: str) -> float:
    """What a random score would reach over all rows."""
    return facts.base_rate if metric == "areaUnderPR" else 0.5


def _chance_of_zones(zones: list[Record], metric: str) -> float | None:
    if metric != "areaUnderPR":
        return 0.5
    return sum(map(zone_base_rate, zones)) / len(zones) if zones else None


def _kind(facts: ReportData) -> str:
    """Which question the figure over all rows answers."""
    if not facts.held_out:
        return "other"
    if not facts.has_zones:
        return "held_out"
    if facts.by_zone:
        return "by_zone"
    return "mixed" if facts.metrics["measured_on"].get("new_zones") else "rows"


def _questions(facts: ReportData, words: Words) -> str:
    kind, zones = _kind(facts), facts.zones_left_out
    if not zones:
        alone = [words("question.by_zone_alone")] if kind == "by_zone" else []
        return " ".join([*alone, words("question.few_zones" if facts.has_zones else "question.no_zones")])
    sentences = [words(f"question.{kind}")]
    if "nested" in zones:
        sentences.append(words("question.nested"))
    elif facts.chosen_by_zones:
        sentences.append(words("question.chosen_by_zones"))
    if _worst_is_rough(zones, facts.metric):
        sentences.append(words("unseen.rough"))
    return " ".join(sentences)


def _who_won(facts: ReportData, words: Words) -> str:
    figures = {
        "rows": words.count(facts.rows),
        "metric": words(f"{facts.metric}.in_text"),
        "value": words.number(facts.metrics[facts.metric]),
        "chance": words.number(by_chance(facts, facts.metric)),
        "model": words.term("model.in_text", facts.metrics["model"]),
    }
    if facts.held_out:
        searched = "verdict.by_zones" if facts.chosen_by_zones else "verdict.held_out"
        return words(searched if len(facts.search) != 1 else "verdict.held_out_one", **figures)
    inputs = words.listing([code(uri) for uri in facts.metrics["measured_on"]["inputs"]])
    return words("verdict.other_rows" if facts.whole_table else "verdict.share", inputs=inputs, **figures)


def _in_plain_words(facts: ReportData, words: Words) -> list[str]:
    cm, threshold = facts.metrics["confusion_matrix"], words.short(facts.metrics["threshold"])
    label = code(positive.shown(facts.label_col, facts.positive)) if facts.label_col else "1"
    items = [words("verdict.base", base=words.percent(facts.base_rate), label=label)]
    marked = cm["TP"] + cm["FP"]
    if marked:
        right = words.number(100 * cm["TP"] / marked, 0)
        items.append(words("verdict.precision", right=right, threshold=threshold))
    else:
        items.append(words("verdict.none_marked", threshold=threshold))
    items.append(words("verdict.recall", found=words.number(100 * facts.metrics["recall"]["1"], 0)))
    items.append(words("verdict.ranking", better=words.number(100 * facts.metrics["areaUnderROC"], 0)))
    return items
