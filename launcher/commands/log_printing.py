"""Shows logs: the list of them, their lines, and the new lines of a running step."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from launcher.emr.logs import LATE, LogFile, Logs
from launcher.emr.steps import Step
from launcher.support.masking import masked_text
from launcher.support.watching import patiently, watch
from lib.errors import InputError

# Seconds between two looks: EMR copies logs to S3 every few minutes, so there is no hurry.
PAUSE = 10.0
Print = Callable[[str], Any]


def print_logs(logs: Logs, files: Sequence[LogFile], tail: int | None, out: Print) -> None:
    """Print the lines of some logs, or the last `tail` of each; a heading tells several apart."""
    for file in files:
        if len(files) > 1:
            out(_heading(file))
        lines = logs.lines(file)
        for line in lines if tail is None else deque(lines, maxlen=tail):
            out(line)


def save_logs(logs: Logs, files: Sequence[LogFile], folder: Path, tail: int | None) -> Path:
    """Write logs as text below a folder, each under its name in the list; secrets that they name are masked.

    Raises:
        InputError: the folder does not take them.
    """
    try:
        for file in files:
            place = folder / file.name.removesuffix(".gz")
            if ".." in place.relative_to(folder).parts:
                raise InputError(f"the log {file.uri} has a name that leads out of {folder}: print it instead")
            place.parent.mkdir(parents=True, exist_ok=True)
            lines = logs.lines(file)
            with place.open("w", encoding="utf-8") as out:
                out.writelines(
                    f"{masked_text(line)}\n" for line in (lines if tail is None else deque(lines, maxlen=tail))
                )
    except OSError as error:
        raise InputError(f"--save {folder}: {error.strerror} ({error.filename}); give another folder") from None
    return folder


def follow_step(
    logs: Logs, look: Callable[[], Step], wanted: Callable[[], Sequence[LogFile]], tail: int | None, out: Print
) -> Step:
    """Print what a step says while it runs, and on until its last logs have come; return it as it ended.

    `look` asks for the step, `wanted` for the logs to follow. A log of which there is more is the old one and more
    lines, so those that were printed are passed over.
    """
    printed: dict[str, tuple[str, int]] = {}
    speaking = ""
    for step in watch(look, PAUSE):
        files = patiently(wanted, pause=PAUSE)
        for file in files:
            version, count = printed.get(file.name, ("", 0))
            if file.version == version:
                continue
            lines = _new_lines(logs, file, count, tail if not version else None)
            for number, line in lines:
                if speaking != file.name and (speaking or len(files) > 1):
                    out(_heading(file))
                speaking, count = file.name, number
                out(line)
            printed[file.name] = (file.version, count)
        if not step.is_unfinished and _is_complete(step, files):
            return step
    raise AssertionError("a watch has no end")


def folders(files: Iterable[LogFile]) -> Iterator[tuple[str, int, int, datetime]]:
    """What there is, by step, application and part of a node: the folder, its logs, their bytes, when the last came."""
    grouped: dict[str, list[LogFile]] = {}
    for file in files:
        parts = file.folder.split("/")
        grouped.setdefault("/".join(parts[: 3 if parts[0] == "node" else 2]), []).append(file)
    for folder, members in grouped.items():
        yield folder, len(members), sum(each.size for each in members), max(each.arrived_at for each in members)


def _new_lines(logs: Logs, file: LogFile, passed: int, tail: int | None) -> Iterable[tuple[int, str]]:
    lines = islice(enumerate(logs.lines(file), start=1), passed, None)
    return lines if tail is None else deque(lines, maxlen=tail)


def _is_complete(step: Step, files: Sequence[LogFile]) -> bool:
    """Whether all that an ended step said is there: each log has come since, or none will come any more."""
    if step.started_at is None or step.ended_at is None:
        return True
    if datetime.now(UTC) - step.ended_at > timedelta(minutes=LATE):
        return True
    # S3 and EMR give their times in whole seconds.
    return bool(files) and all(file.arrived_at >= step.ended_at - timedelta(seconds=1) for file in files)


def _heading(file: LogFile) -> str:
    return f"==> {file.name} <=="
