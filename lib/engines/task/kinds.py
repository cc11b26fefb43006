"""The kinds of fits that the task engine can grow.

To add one, write a module like `lib.engines.task.forests` and add it to `KINDS`.
"""

from collections.abc import Sequence
from typing import Any, cast

from lib.engines.task.boosted import Boosted
from lib.engines.task.forests import Forests
from lib.engines.task.kind import Kind, TreesFit
from lib.search.families import Candidate
from lib.search.families.gbt import BoostedFit
from lib.search.families.random_forest import ForestFit
from lib.search.shared_fits import shared_fits

KINDS: dict[type, Kind[Any]] = {ForestFit: Forests(), BoostedFit: Boosted()}


def kind_of(fit: TreesFit) -> Kind[Any]:
    """The kind of a fit."""
    return KINDS[type(fit)]


def tree_fits(candidates: Sequence[Candidate], n_features: int) -> list[TreesFit]:
    """The fits of candidates of which the task engine can grow all."""
    return [cast(TreesFit, fit) for fit in shared_fits(candidates, n_features) if type(fit) in KINDS]
