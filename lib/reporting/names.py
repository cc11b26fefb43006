"""How a name from the user's data is shown in a picture: bounded in length, in letters that the fonts have.

Tables show names in full (`Words.name`); a picture has no room for a name of 120 characters.
"""

import functools
import itertools
import unicodedata

from matplotlib import font_manager

from lib.reporting.language.words import Words
from lib.reporting.plot_style import FONTS, verbatim

_ELLIPSIS = "…"
_NO_SUCH_LETTER = "□"


def one_line(name: str, most: int, words: Words) -> str:
    """A name on one line, at most `most` letters wide."""
    return verbatim(_shortened(_cleaned(name, words), most))


def two_lines(name: str, width: int, words: Words) -> str:
    """A name on one line, or on two if it is wider than `width` letters."""
    text = _shortened(_cleaned(name, words), 2 * width)
    if _width(text) <= width:
        return verbatim(text)
    first = _start(text, width)
    # After a separator, if what then remains fits on the second line.
    cuts = [place for place, sign in enumerate(first, 1) if sign in "_-. /" and _width(text[place:]) <= width]
    cut = cuts[-1] if cuts else len(first)
    return verbatim(f"{text[:cut].rstrip()}\n{text[cut:].lstrip()}")


def _cleaned(name: str, words: Words) -> str:
    """The name with its white space made plain, and a box for a letter that no font has, which gives a warning."""
    text = " ".join(name.split())
    known = _letters()
    return "".join(sign if ord(sign) in known else _NO_SUCH_LETTER for sign in text) or words("empty_name")


def _shortened(text: str, most: int) -> str:
    """A text that is too wide without its middle: long names are often alike but for their end."""
    if _width(text) <= most:
        return text
    end = (most - 1) // 2
    return _start(text, most - 1 - end) + _ELLIPSIS + _start(text[::-1], end)[::-1]


def _start(text: str, most: int) -> str:
    """As much of the text as is at most `most` letters wide."""
    widths = itertools.accumulate(map(_width, text))
    return text[: sum(width <= most for width in widths)]


def _width(text: str) -> int:
    """In Latin letters: a Chinese one is as wide as two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


@functools.cache
def _letters() -> frozenset[int]:
    """The code points that our fonts can draw."""
    files = (font_manager.findfont(font_manager.FontProperties(family=[font])) for font in FONTS)
    return frozenset().union(*(font_manager.get_font(file).get_charmap() for file in files))
