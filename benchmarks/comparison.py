"""Whether the 95 % intervals of `runs diff` hold what they promise: 500 pairs of models whose true difference is known.

    python -m benchmarks.comparison [--pairs 500] [--draws 2000]

A pair is two models' scores of the same made-up rows. Both see the class through noise, part of which they share. With
zones, a zone moves the scores of both models and of each, and has its own share of class 1. The true difference of a
figure is that of two million rows of the same kind. An interval is good if 95 of 100 hold the true difference.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.records import Figure, store
from launcher.leaderboard import delong, paired_draws
from launcher.leaderboard.comparison import FIGURES
from launcher.leaderboard.paired_draws import Scored
from lib.metrics import Array

ROWS, ROWS_OF_ZONE = 400, 50
TRUE_ROWS = 2_000_000
SHARE = 0.3
SEED = 7
LEAST, MOST = 0.93, 0.97


@dataclass(frozen=True)
class Case:
    """A kind of rows: how many, in how many zones (0: none), and how much a zone moves scores."""

    rows: int
    zones: int = 0
    shift: float = 0.0

    def make(self, generator: np.random.Generator, times: int = 1) -> tuple[Array, Scored, Scored, Any]:
        """The labels, the scores of A and B, and the zone of each row; `times` as many zones and rows."""
        rows, zones = self.rows * times, max(1, self.zones * times)
        zone = np.arange(rows) % zones
        share = np.clip(SHARE + self.shift * 0.2 * generator.normal(size=zones), 0.05, 0.9)[zone]
        labels = (generator.random(rows) < share).astype(np.float64)
        common = generator.normal(size=rows) + self.shift * generator.normal(size=zones)[zone]

        def scored(strength: float, threshold: float) -> Scored:
            own = generator.normal(size=rows) + self.shift * generator.normal(size=zones)[zone]
            return Scored(1 / (1 + np.exp(1 - strength * labels - common - own)), threshold)

        a, b = scored(1.3, 0.5), scored(1.6, 0.45)
        return labels, a, b, zone if self.zones else np.arange(rows)


CASES = {
    "rows": Case(ROWS),
    **{f"{zones} zones": Case(ROWS_OF_ZONE * zones, zones, 0.5) for zones in (5, 12, 40)},
}


def main() -> None:
    """The command line above."""
    parser = argparse.ArgumentParser(description="Measures how often the intervals of runs diff hold the truth.")
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument("--draws", type=int, default=2000)
    arguments = parser.parse_args()
    run(arguments.pairs, arguments.draws)


def run(pairs: int, draws: int) -> dict[str, Any]:
    """Measure all cases and store the result."""
    measured = {name: measure(case, pairs, draws) for name, case in CASES.items()}
    notes = [
        f"{pairs} pairs of each kind, {draws:,} draws; the standard error of a coverage near 95 % is "
        f"{100 * np.sqrt(0.95 * 0.05 / pairs):.1f} %",
        *(
            f"{name}: {case.rows} rows" + (f" in {case.zones} zones" if case.zones else ", independent of each other")
            for name, case in CASES.items()
        ),
        "width: the mean width of the interval of areaUnderPR",
    ]
    return store("comparison", list(_figures(measured)), notes, measured)


def measure(case: Case, pairs: int, draws: int) -> dict[str, Any]:
    """How often each interval held the true difference, and what that was."""
    truth = true_differences(case)
    held: dict[str, list[bool]] = {}
    widths: list[float] = []
    for number in range(pairs):
        labels, a, b, clusters = case.make(np.random.default_rng([SEED, number]))
        bounds = paired_draws.differences(labels, a, b, clusters, number, draws=draws)
        areas = delong.compare(labels, a.scores, b.scores)
        found = {name: bounds[name] for name in FIGURES if name in bounds}
        found["DeLong"] = areas.interval if areas else None
        for name, interval in found.items():
            true = truth["areaUnderROC" if name == "DeLong" else name]
            held.setdefault(name, []).append(interval is not None and interval[0] <= true <= interval[1])
        pr = found["areaUnderPR"]
        widths.append(pr[1] - pr[0] if pr else float("nan"))
    coverage = {name: float(np.mean(each)) for name, each in held.items()}
    return {"coverage": coverage, "truth": truth, "width": float(np.nanmean(widths))}


def true_differences(case: Case) -> dict[str, float]:
    """The differences of very many rows."""
    labels, a, b, _ = case.make(np.random.default_rng([SEED, 0, 1]), TRUE_ROWS // case.rows)
    of_a, of_b = map(partial(paired_draws.figures, labels), (a, b))
    return {name: of_b[name] - of_a[name] for name in FIGURES if name in of_a}


def _figures(measured: dict[str, Any]) -> Iterator[Figure]:
    """A line for each interval that `runs diff` gives; DeLong's by rows is no promise where there are zones."""
    target = f"{LEAST:.0%} to {MOST:.0%}"
    for case, found in measured.items():
        for name, share in found["coverage"].items():
            is_promise = name != "DeLong" or not CASES[case].zones
            said = f"{share:.1%}"
            if not is_promise:
                yield Figure(f"{case}: DeLong, which takes them for independent", said)
            else:
                yield Figure(f"{case}: {name}", said, target, LEAST <= share <= MOST)
        yield Figure(f"{case}: width", f"{found['width']:.3f}")


if __name__ == "__main__":
    main()
