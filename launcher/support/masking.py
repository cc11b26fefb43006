"""Secrets in what is printed or written: their values become `***`.

EMR gives out a cluster's settings and its steps' command lines as they were given, passwords included. What counts as a
secret goes by its name, as in Spark's own pages (spark.redaction.regex).
"""

import re
from collections.abc import Iterable
from typing import Any

MASK = "***"
_NAME = r"(?:secret|password|token|access.?key)"
_SECRET = re.compile(_NAME, re.IGNORECASE)
_WORD = rf"[\w.-]*{_NAME}[\w.-]*"
_VALUE = r"(?:\"[^\"]*\"|'[^']*'|[^\s\"',;&)}\]]+)"
# name=value, name = value, "name": "value"; and --name value, where a dash alone is no value.
_ASSIGNED = re.compile(rf"(\b{_WORD}\s*=\s*|[\"']{_WORD}[\"']\s*:\s*){_VALUE}", re.IGNORECASE)
_OPTION = re.compile(rf"((?<![\w.-])--?{_WORD}\s+)(?!-){_VALUE}", re.IGNORECASE)


def masked_text(text: str) -> str:
    """A text without the values of secrets that it names, as in `--password X` or `fs.s3a.secret.key=X`."""
    return _OPTION.sub(rf"\1{MASK}", _ASSIGNED.sub(rf"\1{MASK}", text)) if _SECRET.search(text) else text


def masked_words(words: Iterable[str]) -> list[str]:
    """The words of a command line; the value of an option may be the next word."""
    shown, is_value = [], False
    for word in words:
        is_option = word.startswith("-")
        shown.append(MASK if is_value and not is_option else masked_text(word))
        is_value = is_option and "=" not in word and bool(_SECRET.search(word))
    return shown


def masked(value: Any) -> Any:
    """What is to be JSON: the values under the names of secrets, and those that texts and lists of words have."""
    if isinstance(value, dict):
        return {name: MASK if _is_secret(name, each) else masked(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        words = all(isinstance(each, str) for each in value)
        return masked_words(value) if words else [masked(each) for each in value]
    return masked_text(value) if isinstance(value, str) else value


def _is_secret(name: Any, value: Any) -> bool:
    return isinstance(name, str) and isinstance(value, str) and bool(value) and bool(_SECRET.search(name))
