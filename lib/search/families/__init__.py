"""The model families that a search may try.

To add a family, write a module with its record and add it to `FAMILIES`. Spark ML fits the families that the task
engine cannot grow.
"""

from lib.search.families import gbt, random_forest
from lib.search.families.family import Candidate, Family
from lib.search.families.gbt import GBT
from lib.search.families.random_forest import RANDOM_FOREST

FAMILIES: dict[str, Family] = {family.name: family for family in (random_forest.FAMILY, gbt.FAMILY)}


def family_of(candidate: Candidate) -> Family:
    """The family of a candidate."""
    return FAMILIES[candidate.model]


__all__ = ["FAMILIES", "GBT", "RANDOM_FOREST", "Candidate", "Family", "family_of"]
