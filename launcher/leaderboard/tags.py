"""Tags of models, such as `champion`: names that a model has until another gets them.

They stand in `tags.json` beside the model, as a history. A model has a tag if the newest event of that tag in all
files is that it was added there. So a tag is never at two models, even if whoever moves it is stopped between the two
files, and it does not return to an earlier model when the newer one is deleted.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from launcher.leaderboard.excerpts import DAMAGE
from launcher.parameters.schema import Parameters
from launcher.support.files import Files, files_at, put_content, shown
from lib import artifacts
from lib.errors import ExperimentError, InputError, not_among
from lib.records.door import Kind, Record
from lib.records.parts import Moment

_AT_ONCE = 10  # files
_TRIES = 10  # that often others may write the same file meanwhile
_NEVER = (datetime.min.replace(tzinfo=UTC), False, "")


def _tag(name: str) -> str:
    if not artifacts.is_tag(name):
        raise ValueError(f"should be {artifacts.TAG_IN_WORDS}")
    return name


class Event(Record):
    """What happened to a tag at a model; `to` is the folder's name that it was moved to."""

    tag: Annotated[str, AfterValidator(_tag)]
    at: Moment
    did: Literal["added", "removed", "moved"]
    to: str | None = None


class Tags(Record):
    """tags.json."""

    history: list[Event]


TAGS = Kind(Tags, "restore it from a copy, or remove it: the model then has no tags")


def excerpt(text: str, place: str) -> dict[str, Any]:
    """The history in a tags.json, as the index keeps it, or why it cannot be read."""
    try:
        return {"history": TAGS.parse(text, place)["history"]}
    except InputError as error:
        return {DAMAGE: str(error)}


TAG_FILES: Mapping[str, Callable[[str, str], dict[str, Any]]] = {artifacts.TAGS: excerpt}


def holders(histories: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, str]:
    """The model that has each tag, given the history that stands beside each model.

    A copy of a folder has the same events. Of both, the one with the name that a run gives has the tag.
    """
    newest: dict[str, tuple[datetime, bool, str]] = {}
    has: dict[str, str] = {}
    for model, history in histories.items():
        for event in history:
            moment = (_moment(event), bool(artifacts.run_id_of(model)), model)
            if event["did"] != "moved" and moment > newest.get(event["tag"], _NEVER):
                newest[event["tag"]] = moment
                has[event["tag"]] = model
    return {tag: model for tag, model in sorted(has.items()) if _last(histories[model], tag)["did"] == "added"}


def model_with(out: str, tag: str) -> str:
    """The folder of the model below `out` that has a tag.

    Raises:
        InputError: none has, or a file with tags is damaged.
    """
    has = holders(_histories(files_at(out), artifacts.models_dir(out)))
    if tag not in has:
        raise _no_such_tag(tag, out, has)
    return has[tag]


def with_tagged_model(parameters: Parameters) -> Parameters:
    """The parameters with the model that has the tag, if they name a model by one.

    Raises:
        InputError: no model has it.
    """
    if not artifacts.is_tag(parameters.model):
        return parameters
    return parameters.model_copy(update={"model": model_with(parameters.out, parameters.model)})


@dataclass(frozen=True)
class Moved:
    """What was done: the tag is at `model` (None: at none) and was at `before` (None: at none)."""

    tag: str
    model: str | None
    before: str | None


def add(out: str, model: str, tag: str) -> Moved:
    """Give a model a tag; whichever has it loses it.

    Raises:
        InputError: it is no name for a tag, or a file with tags is damaged.
    """
    if not artifacts.is_tag(tag):
        raise InputError(f"{tag!r} is no tag: it must be {artifacts.TAG_IN_WORDS}, and neither latest nor a run's name")
    files = files_at(out)
    histories = _histories(files, artifacts.models_dir(out))
    before = holders(histories).get(tag)
    if before == model:
        return Moved(tag, model, model)
    # In this order: if only the first is done, the tag is at the new model already.
    at = _after(histories.values(), tag)
    _append(files, model, {"tag": tag, "at": at, "did": "added"})
    if before:
        _append(files, before, {"tag": tag, "at": at, "did": "moved", "to": model.rpartition("/")[2]})
    return Moved(tag, model, before)


def remove(out: str, tag: str, of: str | None = None) -> Moved:
    """Take a tag from the model that has it; `of` is the model that is thought to.

    Raises:
        InputError: none has, or a file with tags is damaged.
    """
    files = files_at(out)
    histories = _histories(files, artifacts.models_dir(out))
    has = holders(histories)
    if tag not in has:
        raise _no_such_tag(tag, out, has)
    if of not in (None, has[tag]):
        raise InputError(f"{shown(str(of))} has no tag {tag}: {shown(has[tag])} has it")
    _append(files, has[tag], {"tag": tag, "at": _after(histories.values(), tag), "did": "removed"})
    return Moved(tag, None, has[tag])


def _histories(files: Files, root: str) -> dict[str, list[dict[str, Any]]]:
    """The history beside each model that ever had a tag."""
    models = [path.rpartition("/")[0] for path in files.versions(root, files.names(root), [artifacts.TAGS])]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return dict(pool.map(lambda name: (f"{root}/{name}", _read(files, f"{root}/{name}")[1]), models))


def _read(files: Files, model: str) -> tuple[str | None, list[dict[str, Any]]]:
    """The text beside a model, None if there is none, and its history."""
    place = f"{model}/{artifacts.TAGS}"
    text = files.read_text(place)
    return text, [] if text is None else TAGS.parse(text, place)["history"]


def _append(files: Files, model: str, event: Mapping[str, Any]) -> None:
    """Add an event to a model's history, whatever others add meanwhile."""
    place = f"{model}/{artifacts.TAGS}"
    for _ in range(_TRIES):
        text, history = _read(files, model)
        content = json.dumps(TAGS.stamped({"history": [*history, event]}), indent=1).encode()
        if files.claim(place, content) if text is None else files.replace_claim(place, text, content):
            return
        if text is not None and files.read_text(place) == text:  # HDFS replaces nothing under a condition
            put_content(files, content, place)
            return
    raise ExperimentError(f"{place} is being written by others again and again: try again")


def _after(histories: Iterable[Sequence[Mapping[str, Any]]], tag: str) -> str:
    """The time of a new event: now, but after all others of the tag, whatever the clocks of other machines said."""
    earlier = [_moment(event) for history in histories for event in history if event["tag"] == tag]
    just_after = max(earlier, default=datetime.min.replace(tzinfo=UTC)) + timedelta(microseconds=1)
    return max(datetime.now(UTC), just_after).isoformat()


def _last(history: Sequence[Mapping[str, Any]], tag: str) -> Mapping[str, Any]:
    """The newest event of a tag at a model; of several of one time, the last that was written."""
    of_tag: Iterator[tuple[datetime, int, Mapping[str, Any]]] = (
        (_moment(event), number, event) for number, event in enumerate(history) if event["tag"] == tag
    )
    return max(of_tag, key=lambda each: each[:2])[2]


def _moment(event: Mapping[str, Any]) -> datetime:
    found = datetime.fromisoformat(event["at"])
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _no_such_tag(tag: str, out: str, has: Mapping[str, str]) -> InputError:
    if not has:
        return InputError(
            f"there is no model {tag} here, and no model below {shown(out)} has a tag: name a folder, or latest, or "
            "tag one with `runs tag RUN TAG`"
        )
    said = f"there is no model {tag} here, and no model below {shown(out)} has that tag"
    return InputError(not_among(said, tag, has, "the tags are"))
