"""The kinds of fits that the task engine can grow. A new one is a module like `lib.task_forests`, and its line here."""

from collections.abc import Sequence
from typing import Any, cast

from lib.families import Candidate
from lib.families.gbt import BoostedFit
from lib.families.random_forest import ForestFit
from lib.shared_fits import shared_fits
from lib.task_boosted import Boosted
from lib.task_forests import Forests
from lib.task_kind import Kind, TreesFit

KINDS: dict[type, Kind[Any]] = {ForestFit: Forests(), BoostedFit: Boosted()}


def kind_of(fit: TreesFit) -> Kind[Any]:
    """How a fit is grown."""
    return KINDS[type(fit)]


def tree_fits(candidates: Sequence[Candidate], n_features: int) -> list[TreesFit]:
    """The fits of candidates that the task engine can grow, all of them."""
    return [cast(TreesFit, fit) for fit in shared_fits(candidates, n_features) if type(fit) in KINDS]
