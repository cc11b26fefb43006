"""Conditions on runs, as in `metric.areaUnderPR > 0.6 and winner = GBT`, and what runs can be sorted by.

A condition is a name, a comparison and a value; several are joined by `and`. Nothing of it is evaluated as code.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, get_args

from launcher.leaderboard.ranking import as_text
from launcher.leaderboard.runs import Run, State
from lib.artifacts import OVERALL_METRICS, SEARCH_METRICS
from lib.errors import InputError, not_among

Value = float | str | tuple[str, ...] | None

_PARAM = "param."
_FALLING = ("metric.", "zones.", "rows", "when", "run")
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "!=": operator.ne,
    "==": operator.eq,
    "=": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
_EQUAL, _OTHER = ("=", "=="), "!="
_TOKEN = re.compile(
    r"""\s*(?:(?P<compare>>=|<=|!=|==|=|>|<)|"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<word>[^\s<>=!"']+))"""
)
_TIME = re.compile(r"\d{4}(-\d\d){0,2}($|T)")
_FORM = "write NAME > VALUE, as in 'metric.areaUnderPR > 0.6 and winner = GBT'"


def _of_zones(which: str, metric: str) -> Callable[[Run], Value]:
    return lambda run: run.of_zones(which, metric)


def _of_metric(name: str) -> Callable[[Run], Value]:
    return lambda run: run.metrics.get(name)


FIELDS: Mapping[str, Callable[[Run], Value]] = {
    "run": lambda run: run.name,
    "when": lambda run: run.started_at or None,
    "state": lambda run: run.state,
    "tag": lambda run: run.tags,
    "data": lambda run: run.inputs,
    "split": lambda run: run.split or None,
    "winner": lambda run: run.winner or None,
    "rows": lambda run: run.test.rows if run.test else None,
    "minutes": lambda run: None if run.seconds is None else run.seconds / 60,
    "usd": lambda run: run.usd,
    **{f"metric.{name}": _of_metric(name) for name in OVERALL_METRICS},
    **{f"zones.{which}.{name}": _of_zones(which, name) for which in ("mean", "worst") for name in SEARCH_METRICS},
}
"""What a condition may be about, and `param.NAME` of any parameter."""


@dataclass(frozen=True)
class Condition:
    """A name, a comparison and a value."""

    name: str
    compare: str
    value: str

    def holds(self, run: Run) -> bool:
        """Whether a run is so; what is not known of it is not so."""
        found = field(self.name)(run)
        if found is None:
            return False
        if isinstance(found, tuple):  # several values: = asks for one of them, != for none
            has = self.value in found
            return has if self.compare in _EQUAL else not has
        if self.name == "when":  # a day is all of its times
            found = str(found)[: len(self.value)]
        number = _number(self.value)
        is_number = number is not None and (isinstance(found, int | float) or _number(found) is not None)
        pair = (float(found), number) if is_number else (str(found), self.value)
        return _COMPARE[self.compare](*pair)


def parsed(text: str, runs: Sequence[Run] = ()) -> list[Condition]:
    """The conditions in a text; `runs` tell which parameters there are.

    Raises:
        InputError: it is none, or is about something that runs do not have.
    """
    tokens = _tokens(text)
    conditions = []
    while tokens:
        if len(tokens) < 3 or [kind for kind, _ in tokens[:3]] not in (
            ["word", "compare", "word"],
            ["word", "compare", "text"],
        ):
            raise InputError(f"--filter {text!r} cannot be read: {_FORM}")
        (_, name), (_, compare), (_, value) = tokens[:3]
        conditions.append(_checked(Condition(name, compare, value), runs))
        joined, tokens = tokens[3:4], tokens[4:]
        if joined and (joined[0] != ("word", "and") or not tokens):
            raise InputError(f"--filter {text!r}: conditions are joined by `and` alone; {_FORM}")
    if not conditions:
        raise InputError(f"--filter is empty: {_FORM}")
    return conditions


def field(name: str) -> Callable[[Run], Value]:
    """What takes a field's value from a run."""
    return _of_param(name.removeprefix(_PARAM)) if name.startswith(_PARAM) else FIELDS[name]


def require_field(name: str, option: str, runs: Sequence[Run] = ()) -> None:
    """Check that runs have what a condition or an order is about.

    Raises:
        InputError: they have not.
    """
    if name.startswith(_PARAM):
        params = dict.fromkeys(f"{_PARAM}{each}" for run in runs for each in (*run.params, *run.parameters))
        if runs and name not in params:
            raise InputError(not_among(f"{option}: no run has {name!r}", name, params, "choose from"))
    elif name not in FIELDS:
        known = (*FIELDS, f"{_PARAM}NAME")
        raise InputError(not_among(f"{option}: there is no {name!r}", name, known, "choose from"))


def in_order(runs: Sequence[Run], name: str) -> list[str]:
    """The names of runs by a field: what is best at its greatest, and the newest, from the top; the rest from below.

    Runs of which it is not known come last.
    """
    take = field(name)
    known = [run for run in runs if take(run) not in (None, ())]
    is_falling = name.startswith(_FALLING)
    numbers = {run.name: _number(take(run)) for run in known}
    if all(value is not None for value in numbers.values()):
        known.sort(key=lambda run: numbers[run.name] or 0.0, reverse=is_falling)
    else:
        known.sort(key=lambda run: str(take(run)), reverse=is_falling)
    return [run.name for run in (*known, *(run for run in runs if run not in known))]


def _checked(condition: Condition, runs: Sequence[Run]) -> Condition:
    require_field(condition.name, "--filter", runs)
    is_list = condition.name in ("tag", "data")
    if is_list and condition.compare not in (*_EQUAL, _OTHER):
        raise InputError(f"--filter: {condition.name} can only be compared with = or !=, not with {condition.compare}")
    is_metric = condition.name in FIELDS and condition.name.startswith(("metric.", "zones.", "rows", "minutes", "usd"))
    if is_metric and _number(condition.value) is None:
        raise InputError(f"--filter: {condition.name} is a number, and {condition.value!r} is none")
    if condition.name == "when" and not _TIME.match(condition.value):
        raise InputError(f"--filter: when is a time such as 2026-01-31, and {condition.value!r} is none")
    if condition.name == "state" and condition.value not in get_args(State):
        said = f"--filter: there is no state {condition.value!r}"
        raise InputError(not_among(said, condition.value, get_args(State), "choose from"))
    return condition


def _tokens(text: str) -> list[tuple[str, str]]:
    """The words, comparisons and quoted texts of a filter, each with its kind."""
    tokens, place = [], 0
    text = text.rstrip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise InputError(f"--filter {text!r} cannot be read at {text[place:].strip()!r}: {_FORM}")
        kind = str(found.lastgroup)
        tokens.append(("text" if kind in ("double", "single") else kind, found[kind]))
        place = found.end()
    return tokens


def _of_param(name: str) -> Callable[[Run], Value]:
    def value(run: Run) -> Value:
        if name in run.params:
            return run.params[name]
        return as_text(run.parameters[name]) if name in run.parameters else None

    return value


def _number(text: Any) -> float | None:
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if isfinite(value) else None
