"""A diagnosis as a person reads it."""

import json
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from launcher.emr.diagnosis import Diagnosis
from launcher.emr.evidence import Hit

_WIDTH = 400


def show_diagnosis(console: Console, diagnosis: Diagnosis) -> None:
    """Print the cause, the lines that prove it, what to do, and where more stands."""
    finding = diagnosis.finding
    state = diagnosis.step.state if diagnosis.step else diagnosis.cluster.life.state
    console.print(Text(f"{diagnosis.what} is {state}."), soft_wrap=True)
    if finding:
        cause = diagnosis.cause.name if diagnosis.cause else ""
        console.print(Text(f"Cause: {finding.sentence}", "bold") + Text(f"  [{cause}]", "not bold dim"), soft_wrap=True)
        _show_lines(console, "The lines that say so", finding.proof)
        _heading(console, "What to do")
        for way_out in finding.way_out:
            _paragraph(console, f"- {way_out}")
        if finding.statement:
            _heading(console, "The statement to add")
            console.print(Padding(Text(json.dumps(finding.statement, indent=2)), (0, 0, 0, 2)), soft_wrap=True)
    else:
        sentence = "Cause: not known. No cause that is known here fits what the logs say"
        console.print(Text(sentence + (", as far as they are there." if diagnosis.notes else "."), "bold"))
        _show_lines(console, "The most telling lines", diagnosis.telling)
    if diagnosis.others:
        _heading(console, "Also seen, further from the end")
        for other, seen in diagnosis.others:
            _paragraph(console, f"- {seen.sentence}  [{other.name}]")
    for note in diagnosis.notes:
        console.print(Text(f"Note: {note}", "yellow"), soft_wrap=True)
    for line in _more(diagnosis):
        console.print(Text(line, "dim"), soft_wrap=True)


def _show_lines(console: Console, heading: str, hits: Sequence[Hit]) -> None:
    if not hits:
        return
    _heading(console, heading)
    place = ""
    for hit in hits:
        if hit.source.name != place:
            place = hit.source.name
            _paragraph(console, f"{place}:")
        text = hit.line.text if len(hit.line.text) <= _WIDTH else hit.line.text[: _WIDTH - 1] + "…"
        console.print(Text(f"{hit.line.number:>8}  ", "dim") + Text(text, "not dim"), soft_wrap=True)


def _heading(console: Console, text: str) -> None:
    console.print(Text(text, "bold"))


def _paragraph(console: Console, text: str) -> None:
    # In a log a line stays a line; on a screen it is broken and indented.
    console.print(
        Padding(Text(text), (0, 0, 0, 2)) if console.is_terminal else Text(f"  {text}"),
        soft_wrap=not console.is_terminal,
    )


def _more(diagnosis: Diagnosis) -> Iterator[str]:
    if diagnosis.kept_at:
        yield f"What ran is kept in {diagnosis.kept_at}"
    if diagnosis.logs:
        step = f"{diagnosis.step.id} " if diagnosis.step else "--bootstrap "
        yield f"Logs: {diagnosis.logs} (run_experiment.py cluster logs {step}--cluster-id {diagnosis.cluster.id})"
