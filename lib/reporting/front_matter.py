"""The head of a report that a program reads: YAML between two lines of three dashes.

Written by hand, for a cluster's nodes have no YAML library. Text is quoted as in JSON, which YAML reads as well.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from lib import artifacts
from lib.reporting.language.words import Words
from lib.reporting.report_data import ReportData

_FENCE = "---\n"
# What JSON leaves as it is, but YAML takes for the end of a line or does not accept.
_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def front_matter(facts: ReportData, words: Words) -> str:
    """One line a fact; what is not known is left out."""
    lines = [f"{name}: {_yaml(value)}\n" for name, value in _facts(facts, words).items() if value not in (None, {})]
    return f"{_FENCE}{''.join(lines)}{_FENCE}".rstrip("\n")


def without(markdown: str) -> str:
    """A report without its front matter, for where it would be shown as text."""
    if not markdown.startswith(_FENCE):
        return markdown
    return markdown[len(_FENCE) :].split(f"\n{_FENCE}", 1)[1].lstrip("\n")


def _facts(facts: ReportData, words: Words) -> dict[str, Any]:
    m, zones, gate = facts.metrics, facts.zones_left_out, facts.metrics.get("gate")
    return {
        "title": words("title"),
        "language": words.language,
        "run_id": m.get("run_id"),
        "model": m.get("model"),
        "trained_at": facts.experiment.get("finished_at"),
        "evaluated_rows": m["measured_on"]["rows"],
        "rows": facts.rows,
        "positives": facts.positives,
        **({"weighted_by": facts.weights["column"]} if facts.weights else {}),
        "selected_by_metric": facts.summary.get("metric_used"),
        "filled_rows": m["measured_on"].get("filled", {}).get("rows"),
        "threshold": m["threshold"],
        "metrics": {name: m[name] for name in artifacts.OVERALL_METRICS if name in m},
        "intervals": m.get("intervals"),
        "zones_left_out": {name: zones[name] for name in ("mean", "worst", "worst_zone") if name in zones},
        "gate": ("failed" if gate["failed"] else "passed") if gate else None,
        "card": facts.card,
    }


def _yaml(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_text(str(name))}: {_yaml(each)}' for name, each in value.items())}}}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(_yaml, value))}]"
    if isinstance(value, float):
        return _number(value)
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(value: str) -> str:
    quoted = json.dumps(value, ensure_ascii=False)
    return _NOT_IN_YAML.sub(lambda found: f"\\u{ord(found.group()):04x}", quoted)


def _number(value: float) -> str:
    """YAML takes 1e-05 for text; 1.0e-05 is a number."""
    if value != value or value in (float("inf"), float("-inf")):
        return "null"
    return re.sub(r"^(-?\d+)e", r"\1.0e", repr(value))
