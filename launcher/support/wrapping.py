"""Text and tables in the width of a terminal: words wrap under their column, and what is copied stays in one piece."""

import re
import textwrap
from collections.abc import Sequence

# What is pasted into a shell, to the end of its line; before it may be what it is for, and an arrow.
_COMMAND = re.compile(r"(?:^|: |→ )((?:python run_experiment\.py|command-runner\.jar|terraform|aws|ssh) .+)$")


def wrapped(text: str, width: int) -> list[str]:
    """A text as lines of at most this width, but for words that are longer, and for commands at the end of a line.

    A command that does not fit has a line of its own, which the terminal may wrap: it is copied whole.
    """
    return [part for line in text.split("\n") for part in _wrapped_line(line, width)]


def column_widths(cells: Sequence[Sequence[str]], room: int) -> list[int]:
    """Widths of columns, given all texts of each, that fill at most so much room if their longest words allow it."""
    widths = [max((len(line) for text in column for line in text.split("\n")), default=0) for column in cells]
    least = [max((len(word) for text in column for word in text.split()), default=0) for column in cells]
    while sum(widths) > room:
        wide = [place for place, width in enumerate(widths) if width > least[place]]
        if not wide:
            break
        widths[max(wide, key=lambda place: widths[place])] -= 1
    return widths


def _wrapped_line(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    command = _COMMAND.search(line)
    if command is None:
        return textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""]
    before = line[: command.start(1)].rstrip()
    return [*(_wrapped_line(before, width) if before else []), command[1]]
