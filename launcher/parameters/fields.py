"""How the schemas describe their fields: the meaning for the help, the allowed values for the error messages."""

import copy
from typing import Any

from pydantic import Field
from pydantic.fields import FieldInfo


def described(default: Any, meaning: str, allowed: str) -> Any:
    """A field with its meaning (the help text) and what it may be (the end of an error message)."""
    if isinstance(default, list | dict):
        return Field(
            default_factory=lambda: copy.deepcopy(default),
            description=meaning,
            json_schema_extra={"allowed": allowed},
        )
    return Field(default=default, description=meaning, json_schema_extra={"allowed": allowed})


def allowed(field: FieldInfo) -> str:
    """Say what a field may be."""
    assert isinstance(field.json_schema_extra, dict)
    return str(field.json_schema_extra["allowed"])
