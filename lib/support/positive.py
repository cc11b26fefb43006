"""Which values of the label are class 1: the parameter `positive`, one value or several; all others are class 0.

Without it the label must be the number 0 or 1. The rule is applied wherever a label is read: by training, by an
evaluation, and by the check before a run, which sees only the type of the column.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lib.errors import InputError, some
from lib.support.tables import Column

ALLOWED = 'a value or a list of values that are class 1, such as 3, [4, 5] or "yes", or null'
# Texts, in small letters, that stand for no label unless `positive` names them. "None" may well be a class.
NO_LABEL = ("", "na", "n/a", "nan", "null")
# YAML reads a plain yes as true.
_WORDS = {True: ("true", "yes", "on"), False: ("false", "no", "off")}
# Beginnings of the types, in Spark's and Arrow's words, of which no value can be written down as a parameter.
_NEITHER = ("date", "time", "duration", "interval", "binary", "large_binary", "fixed_size", "array", "list", "struct")


@dataclass(frozen=True)
class Matching:
    """The values of class 1 as they stand in a column: as `numbers`, as `texts`, and as `words` of any case."""

    numbers: tuple[float, ...] = ()
    texts: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def values(given: Any) -> list[Any]:
    """The values as a list, whether none, one or several were given."""
    if given is None:
        return []
    return list(given) if isinstance(given, list | tuple) else [given]


def check(given: Any) -> None:
    """Check the parameter itself.

    Raises:
        InputError: it is neither a value nor a list of values.
    """
    wrong = [value for value in values(given) if not isinstance(value, str | bool | int | float)]
    wrong += [value for value in values(given) if isinstance(value, float) and not math.isfinite(value)]
    if wrong or given in ([], (), "") or "" in values(given):
        raise InputError(f"positive={given!r}: give {ALLOWED}")


def matching(given: Any, column: Column, table: str = "the table") -> Matching:
    """What to look for in a label column.

    Raises:
        InputError: a column of this type cannot hold one of the values.
    """
    check(given)
    if column.is_number:
        return Matching(numbers=tuple(_number(value, column, table) for value in values(given)))
    if column.type.startswith(_NEITHER):
        raise InputError(f"{table}: label column {column.name!r} is of type {column.type}: a label is a number or text")
    texts = tuple(value.strip() for value in values(given) if isinstance(value, str))
    flags = [value for value in values(given) if isinstance(value, bool)]
    numbers = tuple(float(v) for v in values(given) if isinstance(v, int | float) and not isinstance(v, bool))
    return Matching(numbers, texts, tuple(word for flag in flags for word in _WORDS[flag]))


def check_label(column: Column, given: Any, found: Sequence[str] = (), table: str = "the table") -> None:
    """Check that a column can be the label; `found` are some of its values, the rarest last, if they are known.

    Raises:
        InputError: it is neither a number nor does `positive` say which values are class 1, or these cannot be there.
    """
    if given is not None:
        matching(given, column, table)
    elif column.is_number is False:
        shown = f" (its values are: {some(found)})" if found else ""
        raise InputError(
            f"{table}: label column {column.name!r} is of type {column.type}{shown}: the label must be the number 0 "
            f"or 1, {wanted(found)}"
        )


def wanted(found: Sequence[str]) -> str:
    """The remedy for a label that is not 0 and 1; `found` are some of its values, as `value (rows)`, rarest last."""
    return f"unless positive says which values are class 1, such as positive: {_example(found)}"


def shown(label_col: str, given: Any) -> str:
    """Which rows are of class 1, in the form `column = value`."""
    return f"{label_col} = {' or '.join(map(_plain, values(given))) or 1}"


def _number(value: Any, column: Column, table: str) -> float:
    if isinstance(value, str):
        lower = value.strip().lower()
        flag = next((flag for flag, words in _WORDS.items() if lower in words), None)
        try:
            return float(value) if flag is None else float(flag)
        except ValueError:
            raise InputError(
                f"positive={value!r}: {table} has no text but numbers in label column {column.name!r} ({column.type})"
            ) from None
    return float(value)


def _example(found: Sequence[str]) -> str:
    rarest = found[-1].rpartition(" (")[0] if found else "yes"
    try:
        float(rarest)
    except ValueError:
        return '"' + rarest.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return rarest


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
