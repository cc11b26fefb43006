"""Which candidates come out of one and the same fit, so that a search fits far less than it scores.

The first n trees of a forest are the forest of n trees, and a tree cut at a depth and pruned is the tree of that
maxDepth; the first m trees of a GBT are the GBT with maxIter = m. Pure Python.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lib.candidates import DEFAULTS, RANDOM_FOREST, Candidate, features_per_node


@dataclass(frozen=True)
class ForestFit:
    """One forest, as large and as deep as its largest and deepest candidates."""

    max_bins: int
    features_per_node: int
    candidates: tuple[Candidate, ...]

    @property
    def depths(self) -> list[int]:
        """The maxDepths of its candidates, rising."""
        return sorted({with_defaults(c)["maxDepth"] for c in self.candidates})

    @property
    def sizes(self) -> list[int]:
        """The numTrees of its candidates, rising."""
        return sorted({with_defaults(c)["numTrees"] for c in self.candidates})

    def at(self, depth: int, size: int) -> list[Candidate]:
        """Its candidates with that maxDepth and numTrees; they are the same model."""
        return [
            c for c in self.candidates if (with_defaults(c)["maxDepth"], with_defaults(c)["numTrees"]) == (depth, size)
        ]


@dataclass(frozen=True)
class BoostedFit:
    """One GBT, as long as its longest candidate."""

    max_bins: int
    max_depth: int
    step_size: float
    candidates: tuple[Candidate, ...]

    @property
    def sizes(self) -> list[int]:
        """The maxIters of its candidates, rising."""
        return sorted({with_defaults(c)["maxIter"] for c in self.candidates})

    def at(self, size: int) -> list[Candidate]:
        """Its candidates with that maxIter."""
        return [c for c in self.candidates if with_defaults(c)["maxIter"] == size]


def shared_fits(candidates: Sequence[Candidate], n_features: int) -> tuple[list[ForestFit], list[BoostedFit]]:
    """The fewest fits that hold all candidates of a table with `n_features` features."""
    forests: dict[tuple[int, int], list[Candidate]] = {}
    boosted: dict[tuple[int, int, float], list[Candidate]] = {}
    for candidate in candidates:
        params = with_defaults(candidate)
        if candidate.model == RANDOM_FOREST:
            drawn = features_per_node(params["featureSubsetStrategy"], n_features, params["numTrees"])
            forests.setdefault((params["maxBins"], drawn), []).append(candidate)
        else:
            key = (params["maxBins"], params["maxDepth"], float(params["stepSize"]))
            boosted.setdefault(key, []).append(candidate)
    return (
        [ForestFit(bins, drawn, tuple(group)) for (bins, drawn), group in forests.items()],
        [BoostedFit(bins, depth, step, tuple(group)) for (bins, depth, step), group in boosted.items()],
    )


def same_model(candidates: Sequence[Candidate], n_features: int) -> list[tuple[Candidate, ...]]:
    """Groups of candidates that are one model under several names, such as sqrt and log2 of 15 features (both 4)."""
    forests, boosted = shared_fits(candidates, n_features)
    groups = [fit.at(depth, size) for fit in forests for depth in fit.depths for size in fit.sizes]
    groups += [fit.at(size) for fit in boosted for size in fit.sizes]
    return [tuple(group) for group in groups if len(group) > 1]


def with_defaults(candidate: Candidate) -> Mapping[str, Any]:
    """A candidate's parameters with Spark ML's defaults for those it does not name."""
    return {**DEFAULTS[candidate.model], **candidate.params}
