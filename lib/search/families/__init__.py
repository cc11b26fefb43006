"""The model families that a search may try.

A new family is a module with its record, and its line in `FAMILIES`. Families that the task engine cannot grow are
fitted by Spark ML.
"""

from lib.search.families import gbt, random_forest
from lib.search.families.family import Candidate, Family
from lib.search.families.gbt import GBT
from lib.search.families.random_forest import RANDOM_FOREST

FAMILIES: dict[str, Family] = {family.name: family for family in (random_forest.FAMILY, gbt.FAMILY)}


def family_of(candidate: Candidate) -> Family:
    """The family that a candidate is of."""
    return FAMILIES[candidate.model]


__all__ = ["FAMILIES", "GBT", "RANDOM_FOREST", "Candidate", "Family", "family_of"]
