"""Whether the diagnosis is right on failures that people posted in public threads.

python -m benchmarks.diagnosis [--each] [--dry-run]

The texts, what helped, and where they are from stand in tests/launcher/emr/diagnosis/public. A cause is right, partly
right (what followed from it, or near it), unknown (none is stated) or wrong; advice is right if it holds everything
that helps, and wrong if it holds anything that does not. A log of 200 MB says what the longest logs cost.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks import long_log
from benchmarks.records import Figure, store
from tests.launcher.emr.diagnosis import posted
from tests.launcher.emr.diagnosis.posted import VERDICTS, Posted, Told

# The files of texts, and what they are.
GROUPS = {
    "first": "failures that the work began with",
    "held_out": "written down before the patterns that know them",
    "later": "found since",
}
# What the diagnosis has: the logs in their places, or one file.
WAYS = {"with their places": posted.told_of, "as a file": posted.told_of_its_file}


@dataclass(frozen=True)
class Scored:
    """What was said of a failure, and whether its cause and its advice are right."""

    failure: Posted
    told: Told
    cause: str
    advice: str

    @classmethod
    def of(cls, failure: Posted, told: Told) -> "Scored":
        """The verdicts on what was told."""
        return cls(failure, told, posted.cause_verdict(failure, told), posted.advice_verdict(failure, told))

    @property
    def is_right(self) -> bool:
        """Whether cause and advice are."""
        return (self.cause, self.advice) == (posted.RIGHT, posted.RIGHT)


def main() -> None:
    """Score every text, print the table, and store it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", action="store_true", help="print what is said of each failure that is not right")
    parser.add_argument("--dry-run", action="store_true", help="print only, store nothing")
    given = parser.parse_args()
    failures = [*posted.posted()]
    ways = {title: [Scored.of(each, tell(each)) for each in failures] for title, tell in WAYS.items()}
    if given.each:
        print(*(_shown(each) for scored in ways.values() for each in scored if not each.is_right), sep="\n")
    figures = [figure for title, scored in ways.items() for figure in _figures(title, scored)]
    figures += [] if given.dry_run else [_cost(kind) for kind in long_log.KINDS]
    if given.dry_run:
        print(*(figure.row() for figure in figures), sep="\n")
        return
    measured = {title: [_measured(each) for each in scored] for title, scored in ways.items()}
    store("diagnosis", figures, _notes(failures), measured)


def _figures(way: str, scored: Sequence[Scored]) -> Iterator[Figure]:
    for group, title in GROUPS.items():
        of_group = [each for each in scored if each.failure.group == group]
        for what, verdicts in (
            ("cause", [each.cause for each in of_group]),
            ("advice", [each.advice for each in of_group]),
        ):
            if verdicts:
                right = all(verdict == "right" for verdict in verdicts)
                name = f"{len(verdicts)} {title}, {way}: {what}"
                yield Figure(name, counted(verdicts), "all right, none wrong", right)


def _cost(kind: str) -> Figure:
    cost = long_log.measured(kind)
    within = cost.seconds <= long_log.SECONDS and cost.megabytes <= long_log.MEMORY and cost.cause == long_log.CAUSE
    return Figure(
        f"a log of {long_log.MEGABYTES} MB, {kind}, the whole command",
        f"{cost.seconds:.1f} s, {cost.megabytes:.0f} MB of memory, cause {cost.cause}",
        f"≤ {long_log.SECONDS:.0f} s, ≤ {long_log.MEMORY} MB, cause {long_log.CAUSE}",
        within,
    )


def counted(verdicts: Iterable[str]) -> str:
    """`right 30, partly 7, unknown 20, wrong 6`."""
    counts = Counter(verdicts)
    return ", ".join(f"{verdict} {counts[verdict]}" for verdict in VERDICTS)


def _notes(failures: Sequence[Posted]) -> list[str]:
    return [
        f"at first sight, {len(seen)} {GROUPS[group]}: cause {counted(each['cause'] for each in seen)}; advice "
        f"{counted(each['advice'] for each in seen)}"
        for group in GROUPS
        if (seen := [each.first_sight for each in failures if each.group == group and each.first_sight])
    ]


def _measured(scored: Scored) -> dict[str, str]:
    return {
        "failure": scored.failure.name,
        "source": scored.failure.source,
        "expected": scored.failure.cause,
        "told": scored.told.cause or posted.UNKNOWN,
        "cause": scored.cause,
        "advice": scored.advice,
    }


def _shown(scored: Scored) -> str:
    told = scored.told
    return (
        f"{scored.failure.name} ({scored.failure.group})\n"
        f"  cause {scored.cause}: {told.cause or posted.UNKNOWN}, expected {scored.failure.cause}: {told.sentence}\n"
        f"  advice {scored.advice}: {told.advice}"
    )


if __name__ == "__main__":
    main()
