"""Candidates that share one fit, so that a search needs far fewer fits than it has candidates. Pure Python."""

from collections.abc import Sequence

from lib.search.families import FAMILIES, Candidate
from lib.search.families.family import Fit


def shared_fits(candidates: Sequence[Candidate], n_features: int) -> list[Fit]:
    """The fewest fits that yield all candidates' models of a table with `n_features` features, family by family."""
    fits: list[Fit] = []
    for family in FAMILIES.values():
        fits += family.fits([c for c in candidates if c.model == family.name], n_features)
    return fits


def sharing_in_spark_ml(candidates: Sequence[Candidate], n_features: int) -> list[list[Candidate]]:
    """Groups of candidates that one Spark ML fit yields exactly, the one to fit first; in the grid's order."""
    groups = [group for fit in shared_fits(candidates, n_features) for group in fit.in_spark_ml()]
    return sorted(groups, key=lambda group: min(candidate.index for candidate in group))


def same_model(candidates: Sequence[Candidate], n_features: int) -> list[tuple[Candidate, ...]]:
    """Groups of candidates that are the same model, such as sqrt and log2 with 15 features (both draw 4)."""
    groups = [group for fit in shared_fits(candidates, n_features) for group in fit.same_models()]
    return [tuple(group) for group in groups if len(group) > 1]
