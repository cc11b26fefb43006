"""A diagnosis as a person reads it."""

import json
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from launcher.emr.diagnosis.diagnose import UNKNOWN, Diagnosis
from launcher.emr.diagnosis.evidence import Hit
from launcher.support.command_lines import command_line
from launcher.support.masking import masked_text

# Characters of a line that are shown.
_WIDTH = 300


def show_diagnosis(console: Console, diagnosis: Diagnosis) -> None:
    """Print the cause, the evidence, the remedy, and where to find more."""
    finding = diagnosis.finding
    state = diagnosis.step.state if diagnosis.step else diagnosis.cluster.life.state
    _print(console, Text(f"In {diagnosis.what}:" if diagnosis.files else f"{diagnosis.what} is {state}."))
    if finding:
        name = f"  [{diagnosis.cause.name if diagnosis.cause else UNKNOWN}]"
        _print(console, Text("Cause: ", "bold red") + Text(finding.sentence, "bold") + Text(name, "dim"))
        if diagnosis.cause and diagnosis.cause.is_consequence:
            _print(console, Text("It followed from something that these lines do not show.", "yellow"))
        _show_lines(console, "Evidence", finding.proof)
        _heading(console, "Remedy")
        for remedy in finding.remedy:
            _print(console, Text(f"- {remedy}"), indent=2)
        if finding.statement:
            _heading(console, "Statement to add")
            _print(console, Text(json.dumps(finding.statement, indent=2)), indent=2)
    else:
        all_read = " Some logs could not be read: see the notes." if diagnosis.notes else ""
        _print(console, Text("Cause: not known. ", "bold red") + Text(f"No known cause matches the logs.{all_read}"))
        _show_lines(console, "Most relevant lines", diagnosis.telling)
        if diagnosis.looks:
            _heading(console, f"It came as far as: {diagnosis.stage}. Look next" if diagnosis.stage else "Look next")
            for look in diagnosis.looks:
                _print(console, Text(f"- {look}"), indent=2)
    if diagnosis.others:
        _heading(console, "Other problems found")
        for other, seen in diagnosis.others:
            _print(console, Text(f"- {seen.sentence}") + Text(f"  [{other.name}]", "dim"), indent=2)
    for note in diagnosis.notes:
        _print(console, Text(f"Note: {note}", "yellow"))
    for line in _more(diagnosis):
        _print(console, Text(line, "dim"))


def _show_lines(console: Console, heading: str, hits: Sequence[Hit]) -> None:
    """The lines under the names of their files, each with its line number."""
    if not hits:
        return
    _heading(console, heading)
    place = ""
    for hit in hits:
        if hit.source.name != place:
            place = hit.source.name
            _print(console, Text(f"{place}:"), indent=2)
        _print(console, Text(f"{hit.line.number:>5}  ", "dim") + Text(hit.shown(_WIDTH), "not dim"), indent=2)


def _heading(console: Console, text: str) -> None:
    _print(console, Text(text, "bold"))


def _print(console: Console, text: Text, indent: int = 0) -> None:
    """Print text, wrapped with its indentation in a terminal; in a log a line stays a line."""
    text = Text(masked_text(text.plain), spans=text.spans) if masked_text(text.plain) != text.plain else text
    if console.is_terminal:
        console.print(Padding(text, (0, 0, 0, indent)))
    else:
        console.print("\n".join(" " * indent + line for line in text.plain.splitlines()), soft_wrap=True, markup=False)


def _more(diagnosis: Diagnosis) -> Iterator[str]:
    if diagnosis.kept_at:
        yield f"Notebooks and logs are kept in {diagnosis.kept_at}"
    if diagnosis.logs:
        what = diagnosis.step.id if diagnosis.step else "--bootstrap"
        yield f"Logs: {diagnosis.logs} ({command_line('cluster', 'logs', what, cluster=diagnosis.cluster.id)})"
