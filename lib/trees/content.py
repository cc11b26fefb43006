"""By what the content of a saved model is known, however its files are divided or named."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Content:
    """A saved forest or GBT: its kind, its features in order, how many trees and nodes it has, and a digest.

    The digest is of the nodes, tree by tree, of a GBT's weights and of what fills missing values.
    """

    kind: str
    features: tuple[str, ...]
    trees: int
    nodes: int
    digest: str

    def as_dict(self) -> dict[str, Any]:
        """What is recorded of it."""
        return {**asdict(self), "features": list(self.features)}

    def difference(self, recorded: Mapping[str, Any]) -> str | None:
        """In which respect it is another than the one that was recorded; None if it is that one."""
        if self.kind != recorded["kind"]:
            return f"it is a {self.kind}, and a {recorded['kind']} was trained"
        if list(self.features) != recorded["features"]:
            return "it reads other features, or in another order"
        for what in ("trees", "nodes"):
            here, then = getattr(self, what), recorded[what]
            if here != then:
                return f"it has {here:,} {what}, and {then:,} were trained"
        if self.digest != recorded["digest"]:
            return "its trees, or what fills missing values, have other values"
        return None


def content_of(
    kind: str,
    features: Sequence[str],
    nodes: Mapping[str, npt.NDArray[Any]],
    trees: int,
    weights: Sequence[float] | None,
    fills: Sequence[float] | None,
) -> Content:
    """The content of a model with these columns of nodes, ordered by tree and number."""
    digest = hashlib.sha256()
    for name, values in (*nodes.items(), ("weights", weights), ("fills", fills)):
        digest.update(f"{name}\0".encode())
        digest.update(b"none" if values is None else _bytes(values))
    count = len(next(iter(nodes.values())))
    return Content(kind, tuple(features), trees, count, digest.hexdigest()[:32])


def _bytes(values: Iterable[Any]) -> bytes:
    """Values in one form on every machine; whole numbers are exact as double here, and every NaN is alike."""
    doubles = np.array(values, "<f8")
    doubles[np.isnan(doubles)] = np.nan
    return doubles.tobytes()
