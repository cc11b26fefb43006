"""The figures in the README are those of the benchmarks."""

import json
import statistics

from benchmarks.million import CANDIDATES
from benchmarks.records import PROJECT, RESULTS
from benchmarks.runs import CORES
from benchmarks.scoring import LIKE, SCORED, UNLIKE


def measured(name):
    return json.loads((RESULTS / f"{name}.json").read_text())["measured"]


def test_the_readme_tells_what_was_measured():
    grid = measured("grid")
    warm = statistics.median(grid["task"]["warm"])
    against_spark, against_scikit = (grid["totals"][name] / warm for name in ("Spark ML", "exact"))
    forest, boosted = (
        [found[f"spark {what}"] / found[f"task {what}"] for what in ("fit", "whole")]
        for found in (measured("million")[str(candidate)] for candidate in CANDIDATES)
    )
    zones, theirs = measured("zones")["ours"], measured("zones")["scikit"]
    share = statistics.median(zones["zones"]) / statistics.median(zones["search"])
    scoring = measured("scoring")
    pixels = scoring["tile"]["side"] ** 2 / scoring["tile"]["score"] / CORES
    unlike = (scoring["area"][UNLIKE] - scoring["area"][LIKE]) / SCORED
    text = " ".join((PROJECT / "README.md").read_text().split())
    for figure in (
        f"| {against_spark:.0f} times, extrapolated from sampled fits |",
        f"| {against_scikit:.0f} times, extrapolated |",
        f"| {forest[0]:.0f} times; {forest[1]:.1f} times with all that goes before the first fit |",
        f"takes {share:.0%} of the search's time",
        f"by zones {zones['by zones']:.0f} seconds",
        f"would take {theirs['by zones'] / zones['by zones']:.0f} times as long",
        f"score some {round(pixels, -4):,.0f} pixels of 15 bands a second and core",
        f"some {1e6 * unlike:.0f} µs more where each feature is shuffled",
        f"| {boosted[0]:.1f} times; {boosted[1]:.1f} times with all that goes before the first fit |",
    ):
        assert figure in text
