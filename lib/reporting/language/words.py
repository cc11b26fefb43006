"""English and Spanish: the words of plots and reports, and how each language writes numbers.

The phrases themselves are in `lib.reporting.language.phrases`, both languages side by side.
"""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from lib.errors import InputError
from lib.reporting.language.phrases import phrase
from lib.reporting.markdown import code

LANGUAGES = ("en", "es")

_NO_BREAK_SPACE = "\u00a0"
_NARROW_NO_BREAK_SPACE = "\u202f"
_MINUS = "\u2212"


class Words:
    """The phrases and number formats of one language; called with a phrase's key, gives the phrase.

    Numbers in a sentence are passed already formatted, by the methods below.
    """

    def __init__(self, language: str = "en"):
        if language not in LANGUAGES:
            raise InputError(f"unknown language {language!r}; languages are {', '.join(LANGUAGES)}")
        self.language = language
        self._column = LANGUAGES.index(language)

    def __call__(self, key: str, **values: object) -> str:
        """The phrase under `key` with its `{names}` filled in; if it has a form for a count of one, that one.

        Raises:
            KeyError: there is no such phrase.
        """
        for_one = (phrase(f"{key}[{name}=1]") for name, value in values.items() if value == "1")
        found = next(filter(None, for_one), None) or phrase(key)
        if found is None:
            raise KeyError(key)
        text = found[self._column]
        if self.language == "es":  # no line ends between a number and its sign
            text = text.replace(" %", f"{_NO_BREAK_SPACE}%")
        return text.format(**values)

    def term(self, group: str, name: str) -> str:
        """The word for a name that comes from outside (a parameter, a step); the name itself if there is none."""
        key = f"{group}.{name}"
        return self(key) if phrase(key) else name

    def number(self, value: float | None, digits: int = 3) -> str:
        """A number with a fixed count of decimals: 0.873 or 0,873; a dash for None and NaN."""
        if value is None or math.isnan(value):
            return "–"
        return self._localise(f"{value:,.{digits}f}")

    def short(self, value: float) -> str:
        """A number as short as it can be written: 0.05, 200.

        A fraction of more than six digits, which nobody typed, has four: a threshold that a rule chose is 0.4327.
        """
        if 1e-4 <= abs(value) < 1 and float(f"{value:.6g}") != value:
            value = float(f"{value:.4g}")
        return self._localise(f"{value:,.10g}" if abs(value) >= 1e-4 or value == 0 else f"{value:.3g}")

    def exact(self, value: float) -> str:
        """A number with all its digits."""
        return self._localise(repr(float(value)))

    def value(self, value: object) -> str:
        """A parameter's value in Markdown: a number (also one given as text), or the value as it is."""
        try:
            return self.short(float(str(value)))
        except ValueError:
            return code(value)

    def params(self, params: Mapping[str, object]) -> str:
        """Parameters on one line, in Markdown."""
        return ", ".join(f"{code(name)} {self.value(value)}" for name, value in params.items())

    def count(self, value: float) -> str:
        """A whole number with its thousands set apart: 30,003 or 30 003 (four digits stay together in Spanish).

        A sum of weights (a float) has four digits at least, and no more decimals than that takes: 30,003 or 1.234.
        """
        if not isinstance(value, float):
            return self._localise(f"{value:,d}")
        if value and abs(value) < 1e-4:
            return self._localise(f"{value:.3g}")
        decimals = max(0, 3 - math.floor(math.log10(abs(value)))) if value else 0
        return self._localise(f"{value:,.{decimals}f}")

    def percent(self, share: float, digits: int = 1) -> str:
        """A share of one as percentage: 23.1% or 23,1 %."""
        gap = _NO_BREAK_SPACE if self.language == "es" else ""
        return f"{self.number(100 * share, digits)}{gap}%"

    def interval(self, bounds: Sequence[float] | None, digits: int = 3) -> str:
        """Two bounds as in `0.851 – 0.893`; a dash for None."""
        if bounds is None:
            return "–"
        return f"{_NO_BREAK_SPACE}–{_NO_BREAK_SPACE}".join(self.number(bound, digits) for bound in bounds)

    def duration(self, seconds: float) -> str:
        """A time span as in `48.2 s`, `1 min 12 s` or `2 h 5 min`."""
        if round(seconds, 1) < 60:
            return f"{self.number(seconds, 1)}{_NO_BREAK_SPACE}s"
        minutes, rest = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        text = f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
        return text.replace(" ", _NO_BREAK_SPACE)

    def moment(self, iso: str) -> str:
        """A UTC time in ISO 8601 as in `2026-11-23 20:36:50 UTC`."""
        moment = datetime.fromisoformat(iso)
        if moment.tzinfo is not None:
            moment = (moment - (moment.utcoffset() or timedelta())).replace(tzinfo=None)
        return f"{moment:%Y-%m-%d %H:%M:%S} UTC"

    def name(self, name: str) -> str:
        """The name of a zone or a feature in Markdown."""
        return code(name) if name.strip() else self("empty_name")

    def listing(self, items: Sequence[str], most: int | None = None) -> str:
        """Items in a sentence: `a, b and c`, or `a, b and 85 more` if there are more than `most`."""
        if most and len(items) > most:
            return self.some(items, most)
        if len(items) < 2:
            return "".join(items)
        return f"{', '.join(items[:-1])} {self('and')} {items[-1]}"

    def some(self, items: Sequence[str], most: int) -> str:
        """Items in a cell: `a, b, c`, or `a, b and 85 more` if there are more than `most`."""
        shown = ", ".join(items[:most])
        return self("and_more", names=shown, more=self.count(len(items) - most)) if len(items) > most else shown

    def _localise(self, english: str) -> str:
        text = english.replace("-", _MINUS)
        if float(english.replace(",", "")) == 0:
            text = text.replace(_MINUS, "")
        if self.language == "en":
            return text
        text = text.replace(".", "\0").replace(",", _NARROW_NO_BREAK_SPACE).replace("\0", ",")
        return re.sub(rf"^({_MINUS}?\d){_NARROW_NO_BREAK_SPACE}(\d{{3}})(?!\d|{_NARROW_NO_BREAK_SPACE})", r"\1\2", text)
