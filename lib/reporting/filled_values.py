"""What is said of values that were missing and filled: how many of which features, and by what."""

from collections.abc import Mapping

from lib.reporting.language.words import Words
from lib.reporting.limits import NAMED
from lib.reporting.markdown import code


def of_features(values: Mapping[str, int], words: Words) -> str:
    """Features and how many of their values are missing, those with the most first: `f1` (60) and `f0` (3)."""
    most_first = sorted(values.items(), key=lambda item: -item[1])
    return words.listing([f"{code(name)} ({words.count(n)})" for name, n in most_first], NAMED)


def by_medians(medians: Mapping[str, float], values: Mapping[str, int], words: Words) -> str:
    """What fills the features that lacked values: `f1` 0.25 and `f0` 3."""
    return words.listing([f"{code(name)} {words.short(medians[name])}" for name in values], NAMED)
