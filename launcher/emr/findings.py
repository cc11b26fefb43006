"""A cause that was found: what it is in a sentence, the lines that prove it, and what to do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from launcher.emr.evidence import Evidence, Hit


@dataclass(frozen=True)
class Finding:
    """What one cause has to say about the evidence.

    `proof`: the lines, the most telling first. `settings`: our parameters to change, and their new values. `statement`:
    what to add to a role's policy. `is_decisive`: the proof is about the end itself, not about something on the way.
    """

    sentence: str
    proof: tuple[Hit, ...]
    way_out: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    statement: Mapping[str, Any] | None = None

    @property
    def is_decisive(self) -> bool:
        """Whether its proof tells how it ended."""
        return any(hit.is_decisive for hit in self.proof)


@dataclass(frozen=True)
class Cause:
    """A kind of failure: its name, and what looks for it. Consequences follow from something else, often not logged."""

    name: str
    find: Callable[[Evidence], Finding | None]
    is_consequence: bool = False


def told_by(pattern: str, sentence: str, *way_out: str, where: str = "") -> Callable[[Evidence], Finding | None]:
    """What looks for a cause that one line proves, whatever else it says: the plainest kind of cause.

    `where` is a pattern of the sources' names.
    """

    def find(evidence: Evidence) -> Finding | None:
        hit = evidence.first(pattern, where)
        return Finding(sentence, (hit,), way_out) if hit else None

    return find


def proven(first: Hit, *more: Hit | None) -> tuple[Hit, ...]:
    """A hit and those of the others that are there and say something else."""
    kept: list[Hit] = [first]
    for hit in more:
        if hit is not None and all(hit.line.text.strip() != other.line.text.strip() for other in kept):
            kept.append(hit)
    return tuple(kept)
