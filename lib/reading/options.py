"""What is said about the files of a table: how text files are written, and what else to take from them."""

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lib.errors import InputError, not_among

BLANKS = " "
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars", BLANKS: "blanks"}
ALLOWED = (
    "{sep, decimal, encoding, nulls, header}, such as {sep: ';', decimal: ','} or {header: [x, y, code]}; what is not "
    "given is found by looking"
)
FILE = "file"
_NAMED = {"blanks": BLANKS, "tab": "\t", "\\t": "\t"}


@dataclass(frozen=True)
class TextOptions:
    """How text files are written; what is None is found by looking.

    `header` is whether the first line has the names, or the names themselves where no line has them.
    """

    sep: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    nulls: tuple[str, ...] | None = None
    header: bool | tuple[str, ...] | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any] | None) -> "TextOptions":
        """The parameter `csv`.

        Raises:
            InputError: it has something that is not allowed.
        """
        if not isinstance(given or {}, Mapping):
            raise _refused(f"csv: {given!r}")
        found = dict(given or {})
        for key in found:
            if key not in _CHECKS:
                raise InputError(not_among(f"csv: unknown key {key!r}", str(key), list(_CHECKS), "it takes"))
        checked: dict[str, Any] = {key: _CHECKS[key](value) for key, value in found.items() if value is not None}
        return cls(**checked)


LOOK = TextOptions()


@dataclass(frozen=True)
class Options:
    """`text` says how text files are written. `file_col` is the column that gets the name of each row's file, if one
    is wanted; `or_column` takes a column of that name from the files that have it. Columns of `exclude` may be absent
    from some of the files.
    """

    text: TextOptions = LOOK
    file_col: str | None = None
    or_column: bool = False
    exclude: tuple[str, ...] = ()

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> "Options":
        """From an experiment's parameters.

        Raises:
            InputError: one of them has something that is not allowed.
        """
        place, zone_col = parameters.get("zone_from"), parameters.get("zone_col")
        if place not in (None, FILE):
            raise InputError(f"zone_from={place!r}: choose {FILE}, or nothing")
        if place and not zone_col:
            raise InputError(f"zone_from: {FILE} needs a name for the column of zones: give zone_col")
        return cls(
            TextOptions.of(parameters.get("csv")),
            zone_col if place else None,
            exclude=tuple(parameters.get("exclude_cols") or ()),
        )

    @classmethod
    def of_another(cls, parameters: Mapping[str, Any], csv: Mapping[str, Any] | None = None) -> "Options":
        """For another table than the one that a model with these parameters has learnt from.

        Raises:
            InputError: `csv` has something that is not allowed.
        """
        found = cls.of({**parameters, "exclude_cols": (), "csv": csv or parameters.get("csv")})
        return replace(found, or_column=True)


NO_OPTIONS = Options()


def _refused(what: str) -> InputError:
    return InputError(f"{what} is not allowed; csv takes {ALLOWED}")


def _sep(value: Any) -> str:
    sep = _NAMED.get(value, value) if isinstance(value, str) else ""
    if len(sep) != 1 or sep.isalnum() or sep in "\"'\n\r.":
        raise _refused(f"csv: sep {value!r}")
    return sep


def _decimal(value: Any) -> str:
    if value not in (".", ","):
        raise InputError(f"csv: decimal {value!r} is neither a point nor a comma")
    return str(value)


def _encoding(value: Any) -> str:
    try:
        name = codecs.lookup(str(value)).name
        "".encode(name)
    except LookupError:
        raise InputError(f"csv: there is no encoding {value!r}; try utf-8, iso-8859-1 or windows-1252") from None
    known = {"utf-8-sig": "UTF-8", "utf_8_sig": "UTF-8", "cp1252": "windows-1252"}
    return known.get(name, name.upper().replace("_", "-"))


def _nulls(value: Any) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str | int | float) else value
    if not isinstance(texts, Sequence) or not all(isinstance(text, str | int | float) for text in texts):
        raise _refused(f"csv: nulls {value!r}")
    return tuple(str(text) for text in texts)


def _header(value: Any) -> bool | tuple[str, ...]:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) or not isinstance(value, Sequence) or not all(isinstance(name, str) for name in value):
        raise InputError(f"csv: header {value!r} is neither true, false, nor a list of column names")
    return tuple(value)


_CHECKS = {"sep": _sep, "decimal": _decimal, "encoding": _encoding, "nulls": _nulls, "header": _header}
