"""YAML as people mean it, and no more of it than a person writes.

`1e-3` is a number, `2026-01-31` is text, merge keys work, and a key that is given twice is an error. What YAML allows
and nobody means is refused before it costs anything: aliases that multiply, values nested without end, endless numbers.
"""

import re
from collections.abc import Hashable
from typing import Any

import yaml

from lib.errors import InputError

_MOST_VALUES = 50_000  # keys, too, and with aliases written out
_DEEPEST = 50
_LONGEST_NUMBER = 400  # digits; the largest float has 309
_MERGE = "tag:yaml.org,2002:merge"
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the rules above."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as PyYAML has it
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def __init__(self, text: str):
        super().__init__(text)
        self._values = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Build a node; the text is read no farther than to the last that may be."""
        self._values += 1
        if self._values > _MOST_VALUES:
            raise yaml.composer.ComposerError(problem=f"more than {_MOST_VALUES:,} values, which are the most")
        node: yaml.Node | None = super().compose_node(parent, index)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Build a mapping, refusing duplicate keys; those of a merged mapping may be given again."""
        found = set()
        for key_node, _ in node.value:
            key = None if key_node.tag == _MERGE else self.construct_object(key_node, deep=True)
            if key_node.tag != _MERGE and isinstance(key, Hashable):
                if key in found:
                    raise yaml.constructor.ConstructorError(None, None, f"{key!r} is given twice", node.start_mark)
                found.add(key)
        return super().construct_mapping(node, deep)

    def construct_number(self, node: yaml.ScalarNode) -> Any:
        """Build a whole number, unless it has more digits than any use."""
        if len(str(node.value)) > _LONGEST_NUMBER:
            raise yaml.constructor.ConstructorError(
                None, None, f"a number of {len(node.value):,} digits", node.start_mark
            )
        return self.construct_yaml_int(node)


# YAML 1.1, which PyYAML reads, requires a dot in every float.
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_number)


def load(text: str, said: str) -> Any:
    """The value that a YAML text holds; `said` is the beginning of the message if it holds none, up to the colon.

    Raises:
        InputError: it is not YAML, or holds more than a person writes.
    """
    loader = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        _check_size(node)
        return loader.construct_document(node)
    except yaml.YAMLError as error:
        raise InputError(f"{said}: {_problem(error)}") from None
    except (ValueError, OverflowError, TypeError) as error:  # what PyYAML lets through of Python's own
        raise InputError(f"{said}: {error}") from None
    except RecursionError:
        raise InputError(f"{said}: values are nested more than {_DEEPEST} deep") from None
    finally:
        if loader is not None:
            loader.dispose()


def _check_size(root: yaml.Node) -> None:
    """Refuse what is too large or too deep, with its aliases written out, without writing them out."""
    sizes: dict[int, tuple[int, int]] = {}

    def measure(node: yaml.Node, above: frozenset[int]) -> tuple[int, int]:
        if id(node) in above:
            raise yaml.constructor.ConstructorError(None, None, "a value that contains itself", node.start_mark)
        if id(node) not in sizes:
            parts = node.value if isinstance(node, yaml.CollectionNode) else []
            inner = [each for part in parts for each in (part if isinstance(part, tuple) else (part,))]
            if len(above) >= _DEEPEST:
                raise RecursionError
            of_inner = [measure(each, above | {id(node)}) for each in inner]
            sizes[id(node)] = 1 + sum(n for n, _ in of_inner), 1 + max((deep for _, deep in of_inner), default=0)
        return sizes[id(node)]

    values, depth = measure(root, frozenset())
    if depth > _DEEPEST:
        raise RecursionError
    if values > _MOST_VALUES:
        raise yaml.constructor.ConstructorError(
            None, None, f"{values:,} values, with aliases written out; {_MOST_VALUES:,} are the most", root.start_mark
        )


def _problem(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else problem
