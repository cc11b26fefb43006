"""The evidence of a failure: lines of text with their places; and what a cause finds in it."""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from launcher.emr.clusters import Cluster
from launcher.emr.steps import Step
from launcher.support.command_lines import command_line
from lib.support.s3_uri import BEGINNING

# Of a long log, so many telling lines are kept from its beginning and from its end, each cut to so many characters.
_FIRST, _LAST, _WIDTH = 500, 1_000, 1_500
# Of what lies between, the first lines that speak of trouble.
_BETWEEN = 500
_TROUBLE = re.compile(r"Error|ERROR|Exception|FATAL|[Ff]ailed|[Kk]illed|[Dd]enied|Exit (status|code)")
# An error that ends a log is in its last lines.
_END = 80
# Spark's lines that report no trouble, and its progress bars. What follows one without a time of its own is kept: a
# diagnosis, a traceback.
_ROUTINE = re.compile(r"\d\d/\d\d/\d\d \d\d:\d\d:\d\d (INFO|DEBUG|TRACE) |\[Stage \d+:.*\]\s*$")
# Words of what runs on a cluster, and errors that mean the same in every program of Java's.
_OF_SPARK = re.compile(
    rf"(?i)\b{BEGINNING}|"
    r"spark|\byarn|hadoop|\blivy|\bemr\b|emrfs|hdfs|amazonaws|awssdk|\bhive|py4j|kryo|\bscala[./]|"
    r"parquet|iceberg|hudi|(application|container|appattempt)_\w*\d{6}|\bi-[0-9a-f]{8,}\b|bootstrap action|"
    r"dispatcher-event-loop|task \d+\.\d+ in stage|\bexecutor\b.*\bexit|serialized results|arn:aws|"
    r"(instance type|service role|service-linked role|subnet|VPC) .*(supported|insufficient|invalid|required|exist)|"
    r"TaskSetManager|DAGScheduler|ApplicationMaster|BlockManager|FileFormatWriter|FileOutputCommitter|Executor task|"
    r"waiting for (AM|resources)|[Ss]ession \d+ (did not start|unexpectedly)|sessions/\d+|with error payload|"
    r"sparkmagic|\(Service: (amazon ?)?\w+[,;] Status Code|Session isn't active|"
    r"TransportChannelHandler|io\.netty|UnsupportedClassVersionError|InaccessibleObjectException|"
    r"TERMINATED_WITH_ERRORS|VALIDATION_ERROR|BOOTSTRAP_FAILURE|session '?\d+'? not found"
)
_COLOURS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|[\x00-\x08\x0b-\x1f\x7f]")


# Names of what EMR itself says, as sources.
OF_CLUSTER, OF_STEP, OF_NODES = "EMR, of the cluster", "EMR, of the step", "EMR, of the nodes"
# In a text: a command, or the name of a group.
_PLACEHOLDER = re.compile(r"\{(.+?)\}")
# What EMR says only to who asks, so that no kept log is it.
_ONLY_ASKED = (OF_STEP, OF_NODES)


@dataclass(frozen=True)
class Line:
    """One line and its number in the file, from 1."""

    number: int
    text: str


@dataclass(frozen=True)
class Stated:
    """What a run of this project knew about its own failure, as data (`lib.errors.ExperimentError`)."""

    cause: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    kept_at: str = ""


@dataclass(frozen=True)
class Source:
    """Something that says what happened: a log, or EMR's own words.

    `decides`: it is about the end itself (EMR's reason, the run's own last words), so all of it weighs more than a line
    somewhere in a log; `ends`: the failure ends it, so its last lines do. `of_driver`: what YARN says there of a
    container is about the driver's. `stated` comes with the last words of a run of ours. `is_any`: nobody knows which
    log it is, so it counts for every place, as that of EMR's own words.
    """

    name: str
    lines: tuple[Line, ...]
    decides: bool = False
    ends: bool = False
    of_driver: bool = False
    stated: Stated | None = None
    is_any: bool = False

    def is_decisive(self, index: int) -> bool:
        """Whether the line at an index is about the end, not just about what happened on the way."""
        return self.decides or (self.ends and index >= len(self.lines) - _END)


@dataclass(frozen=True)
class Hit:
    """A line that matches a cause's pattern."""

    source: Source
    index: int
    found: re.Match[str]

    @property
    def line(self) -> Line:
        """The line itself."""
        return self.source.lines[self.index]

    @property
    def is_decisive(self) -> bool:
        """Whether it is about the end."""
        return self.source.is_decisive(self.index)

    def shown(self, width: int) -> str:
        """The line, cut to so many characters around what was found in it: Java's lines are long."""
        text = self.line.text
        if len(text) <= width:
            return text
        start = max(0, min(self.found.start() - width // 4, len(text) - width))
        return ("…" if start else "") + text[start : start + width] + ("…" if start + width < len(text) else "")


@dataclass(frozen=True)
class Evidence:
    """All that is known of a failed step, or of a cluster that failed by itself (then `step` is None).

    `settings` are the Spark properties the run was given. `params` says whether they came from a params file of ours,
    so that advice can be given in its words. `kept_at` is where a run of ours leaves its notebooks when it fails.
    """

    cluster: Cluster
    step: Step | None
    sources: tuple[Source, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    params: bool = False
    kept_at: str = ""

    @property
    def is_foreign(self) -> bool:
        """Whether nothing in it is of Spark, YARN, EMR or the like: files of which nobody knows what they are."""
        return all(
            source.is_any and not any(_OF_SPARK.search(line.text) for line in source.lines) for source in self.sources
        )

    def hits(self, pattern: str, where: str = "") -> Iterator[Hit]:
        """All lines that match, in the sources whose name matches `where`; those that tell the end come first."""
        wanted, places = re.compile(pattern), re.compile(where)
        found = [
            Hit(source, index, match)
            for source in self.sources
            if (source.is_any and where not in _ONLY_ASKED) or places.search(source.name)
            for index, line in enumerate(source.lines)
            if (match := wanted.search(line.text))
        ]
        # What came first is the cause, so the order within each kind stays.
        return iter(sorted(found, key=lambda hit: not hit.is_decisive))

    def stated(self, cause: str) -> Hit | None:
        """The error of a run of this project that stated this cause, or None."""
        anything = re.compile("")
        for source in self.sources:
            if source.stated and source.stated.cause == cause and source.lines:
                found = anything.match(source.lines[0].text)
                return Hit(source, 0, found) if found else None
        return None

    @property
    def stated_settings(self) -> Mapping[str, str]:
        """The settings that a run of this project stated as its remedy."""
        return next((source.stated.settings for source in self.sources if source.stated), {})

    def first(self, pattern: str, where: str = "") -> Hit | None:
        """The most decisive matching line, or None."""
        return next(self.hits(pattern, where), None)


def telling(lines: Iterable[str], is_any: bool = False) -> tuple[Line, ...]:
    """The lines of a log that may say what went wrong, without the routine; bounded, however long the log is.

    Of a log that may be of any program, one line of Spark's routine is kept: it tells whose log it is.
    """
    first: list[tuple[int, str]] = []
    between: list[tuple[int, str]] = []
    last: deque[tuple[int, str]] = deque()
    is_known = not is_any
    for number, text in enumerate(lines, start=1):
        if text.isspace() or not text:
            continue
        if _ROUTINE.match(text):
            if is_known or not _OF_SPARK.search(text):
                continue
            is_known = True
        if len(first) < _FIRST:
            first.append((number, text))
            continue
        last.append((number, text))
        if len(last) > _LAST:
            gone = last.popleft()
            if len(between) < _BETWEEN and _TROUBLE.search(gone[1]):
                between.append(gone)
    kept = (*first, *between, *last)
    return tuple(Line(number, _COLOURS.sub("", text[:_WIDTH]).rstrip()) for number, text in kept)


def said(name: str, *texts: str) -> Source:
    """What EMR, or a run of ours, says about the end."""
    lines = [line for text in texts if text for line in text.splitlines() if line.strip()]
    return Source(name, tuple(Line(number, line) for number, line in enumerate(lines, start=1)), decides=True)


@dataclass(frozen=True)
class Finding:
    """What one cause found in the evidence.

    `proof`: the lines, the most telling first. `settings`: our parameters to change, and their new values. `statement`:
    what to add to a role's policy. `is_decisive`: the proof is about the end itself, not about something on the way.
    """

    sentence: str
    proof: tuple[Hit, ...]
    remedy: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    statement: Mapping[str, Any] | None = None

    @property
    def told(self) -> str:
        """It in one sentence: what it was, and what helps first, as all messages about a failed run say it."""
        return f"{self.sentence}: {self.remedy[0]}" if self.remedy else self.sentence

    @property
    def is_decisive(self) -> bool:
        """Whether its proof tells how it ended."""
        return any(hit.is_decisive for hit in self.proof)


@dataclass(frozen=True)
class Cause:
    """A kind of failure and its detector. A consequence follows from something else, which is often not logged."""

    name: str
    find: Callable[[Evidence], Finding | None]
    is_consequence: bool = False


def told_by(
    pattern: str, sentence: str, *remedy: str, where: str = "", stated: str = ""
) -> Callable[[Evidence], Finding | None]:
    """What looks for a cause that one line proves, whatever else it says: the plainest kind of cause.

    `where` is a pattern of the sources' names; `stated` the cause as a run of ours states it. In the sentence and the
    remedy `{cluster logs NODE}` becomes that command, for the cluster at hand, and `{name}` what the group of that name
    found.
    """

    def find(evidence: Evidence) -> Finding | None:
        hit = (evidence.stated(stated) if stated else None) or evidence.first(pattern, where)
        if hit is None:
            return None
        told, *remedies = (named(each, evidence, hit) for each in (sentence, *remedy))
        return Finding(told, (hit,), tuple(remedies))

    return find


def named(text: str, evidence: Evidence, hit: Hit) -> str:
    """A text with its commands, and what the groups of a hit found, filled in."""
    groups = hit.found.groupdict()

    def filled(found: re.Match[str]) -> str:
        if found[1] in hit.found.re.groupindex:
            return (groups[found[1]] or "it").strip().rstrip('"}] ')  # as the end of JSON around it
        return _command(found, evidence)

    return _PLACEHOLDER.sub(filled, text)


def with_commands(text: str, evidence: Evidence) -> str:
    """A text with its commands filled in."""
    return _PLACEHOLDER.sub(lambda found: _command(found, evidence), text)


def _command(placeholder: re.Match[str], evidence: Evidence) -> str:
    return command_line(*placeholder[1].split(), cluster=evidence.cluster.id)


def proven(first: Hit, *more: Hit | None) -> tuple[Hit, ...]:
    """A hit and those of the others that exist and differ from it."""
    kept: list[Hit] = [first]
    for hit in more:
        if hit is not None and all(hit.line.text.strip() != other.line.text.strip() for other in kept):
            kept.append(hit)
    return tuple(kept)
