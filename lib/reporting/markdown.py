"""The few pieces of GitHub's Markdown that a report is made of."""

from collections.abc import Sequence
from urllib.parse import quote


def code(text: object) -> str:
    """Text shown as it is, in code style; safe in a table's cell and with back ticks in it; `""` if there is none."""
    plain = str(text).replace("|", "\\|").replace("\n", " ") or '""'
    return f"`` {plain} ``" if "`" in plain else f"`{plain}`"


def plain(text: object) -> str:
    """Text from outside with the characters special to Markdown and HTML escaped."""
    escaped = str(text).replace("\n", " ")
    for sign in "\\`*_[]<>|":
        escaped = escaped.replace(sign, f"\\{sign}")
    return escaped


def table(header: Sequence[str], rows: Sequence[Sequence[str]], align: str) -> str:
    """A table; `align` has one letter per column, `l` or `r`."""
    rule = ["---:" if letter == "r" else "---" for letter in align]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, rule, *rows))


def image(alt: str, name: str) -> str:
    """A picture in the folder of the document."""
    return f"![{alt}]({target(name)})"


def target(name: str) -> str:
    """A file in the folder of the document as links write it: blanks and brackets would end it."""
    return quote(name)


def bullets(items: Sequence[str]) -> str:
    """A list."""
    return "\n".join(f"- {item}" for item in items)


def section(heading: str, *blocks: str) -> str:
    """A heading and the blocks below it; empty blocks are left out."""
    return "\n\n".join([f"## {heading}", *(block for block in blocks if block)])
