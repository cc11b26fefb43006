"""The decision threshold that a rule (`lib.support.threshold_rule`) chooses from scored rows.

A row is predicted as class 1 when its score is above the threshold. So only one threshold between two neighbouring
scores matters; it is put in the middle, so that rows scored later a little differently are decided alike.
"""

from typing import Any

import numpy as np

from lib.errors import InputError
from lib.metrics import Array, ScoreCounts
from lib.support import threshold_rule

# A threshold below the lowest score marks every row. Where a row has the score 0, that is a little below 0.
_BELOW_ZERO = -1e-6


def choose(rule: Any, counts: ScoreCounts) -> float:
    """The threshold that a rule chooses; a number is returned as it is.

    Of several thresholds that are equally good, the highest is chosen, which marks the fewest rows. For a precision,
    that is the highest of those with the most recall; if none reaches it, the highest of those that come closest.

    Raises:
        InputError: the rule is malformed, or there are no rows of class 1.
    """
    threshold_rule.check(rule)
    if threshold_rule.is_number(rule):
        return float(rule)
    if not counts.n_positives:
        raise InputError(
            f"no threshold for {threshold_rule.describe(rule)}: the rows have none of class 1; give the threshold as "
            "a number, or rows of both classes"
        )
    found, alarms = marked(counts)
    match rule:
        case {threshold_rule.RECALL: share}:
            # By its own last sum: rounding must not keep weights from reaching all of them.
            best = int(np.argmax(found / found[-1] >= share))
        case {threshold_rule.PRECISION: share}:
            best = _most_found(found, alarms, share)
        case {threshold_rule.COSTS: {threshold_rule.MISSED: missed, threshold_rule.FALSE_ALARM: alarm}}:
            best = int(np.argmin(missed * (counts.n_positives - found) + alarm * alarms))
        case _:
            best = int(np.argmax(2 * found / (found + alarms + counts.n_positives)))
    return float(candidates(counts)[best])


def candidates(counts: ScoreCounts) -> Array:
    """One threshold for each way to divide the rows, descending: one more than there are distinct scores.

    The first is the highest score, above which there is no row; the last is below all scores.
    """
    scores = counts.scores
    middles = (scores[:-1] + scores[1:]) / 2
    # Between two scores that are neighbours as floating-point numbers, the middle may round to the upper one.
    middles = np.where(middles < scores[:-1], middles, scores[1:])
    lowest = scores[-1:]
    return np.concatenate([scores[:1], middles, np.where(lowest > 0, lowest / 2, lowest + _BELOW_ZERO)])


def marked(counts: ScoreCounts) -> tuple[Array, Array]:
    """Rows of class 1 and of class 0 above each of the `candidates`, or their weights."""
    return (
        np.concatenate([[0.0], np.cumsum(counts.positives)]),
        np.concatenate([[0.0], np.cumsum(counts.negatives)]),
    )


def _most_found(found: Array, alarms: Array, least: float) -> int:
    """Place of the most rows found with at least this precision, the highest threshold of those."""
    rows = found + alarms
    precision = np.divide(found, rows, out=np.zeros_like(rows), where=rows > 0)
    enough = precision >= min(least, precision.max())
    return int(np.argmax(np.where(enough, found, -1.0)))
