"""A comparison in words and tables: the same on the screen and in Markdown."""

import math
from collections.abc import Sequence
from typing import Any

from launcher.leaderboard.comparison import BY_ROWS, BY_ZONES, DELONG, NEITHER, UNKNOWN, Comparison, Figure
from launcher.leaderboard.evaluations import Evaluation
from lib.measures.intervals import DRAWS

COLUMNS = ("", "A>", "B>", "B − A>", "95 % interval>", "better")
_MINUS = "\u2212"
_BETTER = {NEITHER: "not shown", UNKNOWN: "–"}
_OF_METHOD = {
    DELONG: "The interval of areaUnderROC is DeLong's for paired areas; the others are from a paired bootstrap of rows",
    BY_ZONES: "Intervals are from a paired bootstrap of whole zones, for rows of one zone are alike",
    BY_ROWS: "Intervals are from a paired bootstrap of rows",
}


def run_line(name: str, run: Evaluation) -> str:
    """Which run A or B is: id, family and when its model has another id, the model."""
    model = str(run.metrics["model_dir"]).rstrip("/").rpartition("/")[2]
    return f"{name} {run.run_id}: {run.metrics['model']}, {model}"


def rows_line(compared: Comparison) -> str:
    """Which rows were compared."""
    pairs, measured = compared.pairs, compared.a.metrics["measured_on"]
    ones = int(pairs.labels.sum())
    zones = "" if pairs.zones is None else f", {len(set(pairs.zones)):,} zones"
    return f"{pairs.rows:,} rows ({measured['rows']}), {ones:,} of class 1{zones}"


def cells(figure: Figure) -> list[str]:
    """A row of the table of figures, as in `COLUMNS`."""
    low_high = "–" if figure.interval is None else " to ".join(signed(bound) for bound in figure.interval)
    better = _BETTER.get(figure.better, figure.better)
    return [figure.name, number(figure.a), number(figure.b), signed(figure.difference), low_high, better]


def notes(compared: Comparison) -> list[str]:
    """How the intervals were made, DeLong's test, and what limits the comparison."""
    how = {figure.method for figure in compared.figures}
    method = next(each for each in (DELONG, BY_ZONES, BY_ROWS) if each in how)
    lines = [f"{_OF_METHOD[method]} ({DRAWS:,} draws). Each model decides at its own threshold."]
    if areas := compared.delong:
        p = "" if areas.p is None else f", {_p(areas.p)}"
        bounds = "" if areas.interval is None else f" ({' to '.join(signed(each) for each in areas.interval)})"
        caution = (
            "" if compared.pairs.zones is None else "; it takes all rows as independent, which those of a zone are not"
        )
        lines.append(f"DeLong's test of areaUnderROC: {signed(areas.difference)}{bounds}{p}{caution}.")
    return [*lines, *compared.pairs.notes]


def differing_rows(compared: Comparison) -> list[list[str]]:
    """What differs: name, in A, in B."""
    return [[name, *map(value, pair)] for name, pair in (compared.differing or {}).items()]


def nothing_differs(compared: Comparison) -> str:
    """What to say where the table of what differs is empty."""
    if compared.differing is None:
        return "The parameters are not known: experiment.json of a model was not found."
    return "No parameters differ."


def markdown(compared: Comparison, picture: str) -> str:
    """The comparison as a Markdown page, with its picture."""
    a, b = compared.a, compared.b
    columns = [column.rstrip(">") for column in COLUMNS]
    parts = [
        f"# {a.run_id} and {b.run_id}",
        "\n".join(f"- {text}" for text in (run_line("A", a), run_line("B", b), rows_line(compared))),
        *(f"**{text}**" for text in compared.verdicts()),
        _table(columns, [cells(figure) for figure in compared.figures], "lrrrrl"),
        "\n".join(f"- {text}" for text in notes(compared)),
        f"![ROC, precision and recall, and reliability of both]({picture})",
        "## What differs",
        _table(["", "A", "B"], differing_rows(compared), "lll") if compared.differing else nothing_differs(compared),
    ]
    return "\n\n".join(parts) + "\n"


def number(found: float) -> str:
    """A figure with four decimals."""
    return "–" if math.isnan(found) else f"{found:.4f}"


def signed(found: float) -> str:
    """A difference with its sign."""
    if math.isnan(found):
        return "–"
    return f"{found:+.4f}".replace("-", _MINUS)


def value(found: Any) -> str:
    """A parameter as a params file has it."""
    if found is None:
        return "–"
    if isinstance(found, bool):
        return str(found).lower()
    if isinstance(found, list):
        return f"[{', '.join(map(value, found))}]"
    return str(found)


def _p(found: float) -> str:
    return "p < 0.0001" if found < 0.0001 else f"p = {found:.4f}"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], sides: str) -> str:
    def line(texts: Sequence[str]) -> str:
        return f"| {' | '.join(text.replace('|', chr(92) + '|') for text in texts)} |"

    rule = "".join(f"|{'---:' if side == 'r' else '---'}" for side in sides) + "|"
    return "\n".join([line(columns), rule, *map(line, rows)])
