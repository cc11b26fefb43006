"""The head of a report: what it is about, whether the gate let it pass, and the model's card."""

from lib import artifacts
from lib.measures.zones import SMALL_ZONE
from lib.reporting.language.words import Words
from lib.reporting.limits import NAMED
from lib.reporting.markdown import code, plain, table
from lib.reporting.pictures import Images
from lib.reporting.report_data import Record, ReportData

CARD = ("owner", "purpose", "not_for", "licence")


def title(facts: ReportData, words: Words, images: Images) -> str:
    """The headline and the run it is about, the gate, and the card."""
    run = facts.metrics.get("run_id")
    lines = [f"# {words('title')}"]
    if run:
        model = words.term("model", facts.metrics["model"])
        lines.append(words("subtitle", run=code(run), model=model, folder=code(facts.metrics["model_dir"])))
    return "\n\n".join([*lines, *_gate(facts, words), *_card(facts, words)])


def _card(facts: ReportData, words: Words) -> list[str]:
    rows = [[words(f"card.{name}"), plain(facts.card[name])] for name in CARD if facts.card.get(name)]
    return [table([words("card"), words("value")], rows, "ll")] if rows else []


def _gate(facts: ReportData, words: Words) -> list[str]:
    gate = facts.metrics.get("gate")
    if not gate:
        return []
    if gate["failed"]:
        reasons = [_failure(record, words) for record in gate["failed"]]
        return [words("gate.failed", reasons=words.listing(reasons))]
    asked = [
        words("gate.at_least", figure=_figure(name, words), least=words.short(least))
        for name, least in gate["fail_below"].items()
    ]
    if gate["fail_on_drift"]:
        asked.append(words("gate.no_drift" if facts.metrics.get("drift") else "gate.drift_unknown"))
    return [words("gate.passed", asked=words.listing(asked))]


def _failure(record: Record, words: Words) -> str:
    if "drift" in record:
        if record["drift"] is None:
            return words("gate.drift_not_known")
        return words("gate.drift", features=words.listing([words.name(name) for name in record["drift"]], NAMED))
    figure, least = _figure(record["metric"], words), words.short(record["below"])
    if record.get("all_small"):
        return words("gate.all_small", figure=figure, rows=words.count(SMALL_ZONE))
    if record["value"] is None:
        return words("gate.unknown", figure=figure, least=least)
    return words("gate.below", figure=figure, value=_apart(record["value"], record["below"], words), least=least)


def _apart(value: float, least: float, words: Words) -> str:
    """The value with as many decimals as it takes to see that it is lower."""
    digits = next((n for n in range(3, 12) if round(value, n) < least), 12)
    return words.number(value, digits)


def _figure(name: str, words: Words) -> str:
    if name in artifacts.OVERALL_METRICS:
        return words(name)
    of, _, metric = name.partition("_zone_")
    return words(f"gate.{of}_zone", metric=words(metric), rows=words.count(SMALL_ZONE))
