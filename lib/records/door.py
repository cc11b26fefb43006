"""Reading a file that an earlier run left: it fits what such a file holds, or one sentence says what is wrong where."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from lib.errors import Damaged, InputError

FORMAT = "format"
"""The key that says by which version of its layout a file was written; a file without it is of the first."""

Number = Annotated[float, Field(allow_inf_nan=False)]
Seconds = Annotated[float, Field(le=1e9, allow_inf_nan=False)]
"""A time that some run can have taken: thirty years at most, so that a few of them add up to a number."""
Figure = Number | None
"""A number, or null for what cannot be measured."""
Count = Annotated[int, Field(ge=0)]


class Record(BaseModel):
    """An object in a file. Other keys than those of its class are left as they are: later versions add some."""

    model_config = ConfigDict(strict=True, extra="allow", defer_build=True)


@dataclass(frozen=True)
class Kind:
    """A kind of file: what its content must fit, what to do if it does not, and the newest version of its layout.

    The version grows when a key changes its meaning or goes, not when one is added.
    """

    schema: Any
    remedy: str
    version: int = 1

    def stamped(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """What to write: the content with the version of its layout."""
        return {FORMAT: self.version, **content}

    def parse(self, text: str, place: str) -> Any:
        """The content of the file at `place`.

        Raises:
            InputError: it is damaged, of another kind, or of a newer version.
        """
        return self.checked(self.as_json(text, place), place)

    def as_json(self, text: str, place: str) -> Any:
        """The content of a file, not yet looked at.

        Raises:
            InputError: it is not JSON.
        """
        if not text.strip():
            raise self.damaged(place, "it is empty")
        try:
            content = json.loads(text.removeprefix("\ufeff"))  # some editors begin a file with it
            json.dumps(content, ensure_ascii=False).encode()  # half a surrogate pair is no text
        except json.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}"
            raise self.damaged(place, f"it is not JSON ({error.msg} at {where})") from None
        except (ValueError, RecursionError):
            raise self.damaged(place, "it is not JSON that can be read") from None
        return content

    def checked(self, content: Any, place: str) -> Any:
        """Content that fits.

        Raises:
            InputError: it does not.
        """
        version = content.get(FORMAT, 1) if isinstance(content, dict) else 1
        if isinstance(version, int) and version > self.version:
            raise newer(place, version, self.version)
        try:
            self._adapter.validate_python(content)
        except ValidationError as error:
            raise self.damaged(place, _problem(error)) from None
        return content

    def damaged(self, place: str, why: str) -> Damaged:
        """The error for a file that does not fit."""
        return Damaged(place, why, self.remedy)

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.schema)


def newer(place: str, version: int, known: int) -> InputError:
    """The error for a file of a later version."""
    return InputError(
        f"{place} has format {version}, and this version of the project reads {known} at most: use the version that "
        "wrote it, or a later one"
    )


def _problem(error: ValidationError) -> str:
    """The first thing that does not fit, and where."""
    first = error.errors(include_url=False)[0]
    where = _path(first["loc"])
    if first["type"] == "missing":
        return f"{where} is missing"
    if first["type"] in ("model_type", "dict_type", "model_attributes_type"):
        return f"{where or 'its content'} should be an object"
    said = first["msg"].removeprefix("Value error, ").replace("Input should", "should", 1)
    return f"{where or 'its content'} {said}" if said.startswith("should") else f"{where or 'its content'}: {said}"


def _path(places: Sequence[int | str]) -> str:
    """A place in a file, as in `zones[3].rows`."""
    return "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in places).lstrip(".")
