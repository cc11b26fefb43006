"""Two runs on the same rows: how much better one is, and whether that is more than chance."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from launcher.leaderboard import delong, paired_draws
from launcher.leaderboard.delong import Areas
from launcher.leaderboard.differing import differing
from launcher.leaderboard.evaluations import Evaluation
from launcher.leaderboard.pairing import Pairs, pair
from lib import artifacts
from lib.measures.intervals import DRAWS, FEWEST_EXPECTED, rows_below
from lib.metrics import ScoreCounts

SEED = 20260101
LOWER_IS_BETTER = ("brier", "calibrated.brier")
FIGURES = (*artifacts.METRICS, "precision.1", "recall.1", "f1.1", *LOWER_IS_BETTER)
"""What is compared, in order. What depends on a threshold is taken at each model's own."""
A, B, NEITHER, UNKNOWN = "A", "B", "neither", "unknown"
DELONG, BY_ZONES, BY_ROWS = "DeLong", "bootstrap by zones", "bootstrap by rows"


@dataclass(frozen=True)
class Figure:
    """A figure of A and of B, the difference B - A, its 95 % interval, how that was found, and which is `better`.

    `better` is A or B where the interval leaves out 0, else neither; unknown where there is no interval, as on too few
    rows. `p` is that of DeLong's test, of the ROC area alone.
    """

    name: str
    a: float
    b: float
    interval: tuple[float, float] | None
    method: str
    p: float | None = None

    @property
    def difference(self) -> float:
        """How much greater the figure of B is."""
        return self.b - self.a

    @property
    def better(self) -> str:
        """Which is better: A, B, neither or unknown."""
        if self.interval is None:
            return UNKNOWN if self.difference else NEITHER
        low, high = self.interval
        if low <= 0 <= high:
            return NEITHER
        return B if (low > 0) != (self.name in LOWER_IS_BETTER) else A


@dataclass(frozen=True)
class Comparison:
    """Two evaluations of the same rows, figure by figure.

    `delong` is None where rows are weighted or too few. `differing` is None where the records of a model are not known.
    """

    a: Evaluation
    b: Evaluation
    pairs: Pairs
    figures: tuple[Figure, ...]
    delong: Areas | None
    differing: Mapping[str, tuple[Any, Any]] | None

    @property
    def chosen(self) -> list[Figure]:
        """The figure by which the runs chose their models; two if they chose by different ones."""
        wanted = {run.metric for run in (self.a, self.b) if run.metric} or {artifacts.SEARCH_METRICS[0]}
        return [figure for figure in self.figures if figure.name in wanted]

    def verdicts(self) -> list[str]:
        """What the comparison says by each chosen figure, in words."""
        return [verdict(figure, self.pairs) for figure in self.chosen]


def compare(a: Evaluation, b: Evaluation) -> Comparison:
    """Compare two evaluations.

    Raises:
        InputError: they did not measure the same rows, or their files do not say.
    """
    pairs = pair(a, b)
    known = a.experiment is not None and b.experiment is not None
    areas = None
    if pairs.weights is None:
        areas = delong.compare(pairs.labels, pairs.a.scores, pairs.b.scores, pairs.hashes)
    return Comparison(a, b, pairs, tuple(_figures(pairs, areas)), areas, differing(a, b) if known else None)


def verdict(figure: Figure, pairs: Pairs) -> str:
    """Which model is better by a figure, or that this is not shown, with the number of rows."""
    rows = f"{pairs.rows:,} rows"
    if pairs.zones is not None:
        rows += f" of {len(set(pairs.zones)):,} zones"
    if figure.better in (A, B):
        return f"{figure.better} is better by {figure.name}, with {rows}."
    if figure.better == UNKNOWN:
        return f"By {figure.name} it cannot be told which is better: {rows} are too few for it."
    return f"No difference of {figure.name} is shown with {rows}."


def record(compared: Comparison) -> dict[str, Any]:
    """The comparison as JSON."""
    pairs, areas = compared.pairs, compared.delong
    return {
        "a": _run(compared.a),
        "b": _run(compared.b),
        "rows": pairs.rows,
        "of": pairs.of,
        "positives": int(pairs.labels.sum()),
        "zones": None if pairs.zones is None else len(set(pairs.zones)),
        "verdicts": compared.verdicts(),
        "figures": [
            {
                **asdict(each),
                **{name: _known(value) for name, value in (("a", each.a), ("b", each.b))},
                "difference": _known(each.difference),
                "better": each.better,
            }
            for each in compared.figures
        ],
        "delong": areas and {**asdict(areas), "difference": areas.difference, "interval": areas.interval, "p": areas.p},
        "differing": None if compared.differing is None else dict(compared.differing),
        "notes": list(pairs.notes),
        "draws": DRAWS,
        "seed": SEED,
    }


def _known(value: float) -> float | None:
    """JSON has no NaN."""
    return None if math.isnan(value) else value


def _run(run: Evaluation) -> dict[str, Any]:
    return {"run_id": run.run_id, "evaluation": run.folder, "model_dir": run.metrics["model_dir"], "metric": run.metric}


def _figures(pairs: Pairs, areas: Areas | None) -> Iterator[Figure]:
    """The figures of both models, each with an interval if it rests on enough rows."""
    method = BY_ROWS if pairs.zones is None else BY_ZONES
    of_a, of_b = (paired_draws.figures(pairs.labels, model, pairs.weights) for model in (pairs.a, pairs.b))
    drawn = paired_draws.differences(pairs.labels, pairs.a, pairs.b, pairs.clusters, SEED, pairs.weights)
    enough = _resting_on_enough(pairs)
    for name in FIGURES:
        if name not in of_a or name not in of_b:
            continue
        interval, how, p = (drawn[name] if name in enough else None), method, None
        if name == "areaUnderROC" and areas is not None:
            p = areas.p
            if pairs.zones is None:
                interval, how = areas.interval, DELONG
        yield Figure(name, of_a[name], of_b[name], interval, how, p)


def _resting_on_enough(pairs: Pairs) -> set[str]:
    """The figures that rest on five rows or more for both models."""
    least = [
        {name for name, rows in rows_below(counts, model.threshold).items() if rows >= FEWEST_EXPECTED}
        for model in (pairs.a, pairs.b)
        for counts in [ScoreCounts.from_arrays(pairs.labels, model.scores)]
    ]
    return {*set.intersection(*least), *LOWER_IS_BETTER}
