"""Text that spreadsheet programs open."""

# What such a program takes for the beginning of a formula (OWASP, CSV Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_cell(text: str) -> str:
    """A text as a cell of a CSV file that is no formula: an apostrophe before one makes it text."""
    return f"'{text}" if text.startswith(_FORMULA) else text
