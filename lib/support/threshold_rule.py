"""The rules by which a decision threshold is chosen: what may be given, and how a rule is named.

A rule is one of

- a number from 0 to 1: the threshold itself;
- `f1`: the highest F1 of class 1;
- `{recall: r}`: the highest threshold that finds at least the share r of class 1;
- `{precision: p}`: the most recall with at least this precision;
- `{costs: {fn: a, fp: b}}`: the lowest cost, if a missed row of class 1 costs a and a false alarm costs b.

`lib.measures.thresholds` applies them. Pure Python: the launcher checks a rule without Spark.
"""

import math
from typing import Any

from lib.errors import InputError

F1, RECALL, PRECISION, COSTS = "f1", "recall", "precision", "costs"
MISSED, FALSE_ALARM = "fn", "fp"

ALLOWED = (
    f"a number from 0 to 1, {F1}, {{{RECALL}: 0.9}}, {{{PRECISION}: 0.8}} or "
    f"{{{COSTS}: {{{MISSED}: 5, {FALSE_ALARM}: 1}}}}"
)


def check(rule: Any) -> None:
    """Accept a rule that can be applied.

    Raises:
        InputError: it cannot be; the message names what is allowed.
    """
    if is_number(rule):
        if not 0 <= rule <= 1:
            raise InputError(f"threshold {rule} is not from 0 to 1: give {ALLOWED}")
    elif isinstance(rule, dict) and len(rule) == 1:
        ((name, value),) = rule.items()
        if name in (RECALL, PRECISION):
            _check_share(name, value)
        elif name == COSTS:
            _check_costs(value)
        else:
            raise InputError(f"unknown threshold rule {name!r}: give {ALLOWED}")
    elif rule != F1:
        raise InputError(f"{rule!r} is no threshold: give {ALLOWED}")


def describe(rule: Any) -> str:
    """A short form of a rule that `check` accepts: `0.5`, `highest F1`, `recall ≥ 0.9`, `costs fn 5, fp 1`."""
    if not isinstance(rule, dict):
        return "highest F1" if rule == F1 else f"{rule:g}"
    ((name, value),) = rule.items()
    if name == COSTS:
        return f"{COSTS} {MISSED} {value[MISSED]:g}, {FALSE_ALARM} {value[FALSE_ALARM]:g}"
    return f"{name} ≥ {value:g}"


def is_number(value: Any) -> bool:
    """Whether a value is a finite number; True and False are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _check_share(name: str, share: Any) -> None:
    if not is_number(share) or not 0 < share <= 1:
        raise InputError(f"threshold {{{name}: {share}}}: {name} must be a number above 0, at most 1")


def _check_costs(costs: Any) -> None:
    example = f"{{{COSTS}: {{{MISSED}: 5, {FALSE_ALARM}: 1}}}}"
    if not isinstance(costs, dict) or set(costs) != {MISSED, FALSE_ALARM}:
        raise InputError(
            f"threshold {{{COSTS}: {costs}}}: give the cost of a missed row of class 1 ({MISSED}) and of a false "
            f"alarm ({FALSE_ALARM}), such as {example}"
        )
    for name, cost in costs.items():
        if not is_number(cost) or cost <= 0:
            raise InputError(f"threshold {{{COSTS}: …}}: {name} must be a number above 0, as in {example}, not {cost}")
