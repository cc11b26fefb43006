"""Whether two evaluations measured the same rows, and these rows with the scores of both."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from launcher.leaderboard import scored_rows
from launcher.leaderboard.differing import differing
from launcher.leaderboard.evaluations import Evaluation
from launcher.leaderboard.paired_draws import Scored, figures
from launcher.leaderboard.scored_rows import Rows
from lib.errors import InputError
from lib.measures.intervals import FEWEST_ZONES
from lib.metrics import Array

# An evaluation of very many rows rounds their scores, and so its areas.
_SAME = 1e-5
# What decides which rows a run holds out, as `differing` names it.
_DECIDE_ROWS = (
    *("input_data", "data", "features", "label_col", "positive", "zone_col", "zone_from", "block_cols", "block_size"),
    *("exclude_cols", "missing", "nodata", "test_frac", "val_frac", "split_by", "seed"),
)


@dataclass(frozen=True)
class Pairs:
    """The same rows with the scores of A and B.

    `of` is how many rows the evaluations measured, of which these may be a sample. `zones` are those of the rows, None
    where there are fewer than three, or they are not the same for both. `weights` are None where metrics are not
    weighted. `notes` say what limits the comparison.
    """

    labels: Array
    a: Scored
    b: Scored
    hashes: npt.NDArray[np.int64]
    zones: npt.NDArray[np.str_] | None
    weights: Array | None
    of: int
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.labels)

    @property
    def clusters(self) -> npt.NDArray[np.int64]:
        """What varies as one: the zone of each row, without zones the rows that repeat each other."""
        names = self.hashes if self.zones is None else self.zones
        return np.asarray(np.unique(names, return_inverse=True)[1], np.int64)


def pair(a: Evaluation, b: Evaluation) -> Pairs:
    """The rows of two evaluations.

    Raises:
        InputError: they are not the same rows, or their files do not say.
    """
    if a.folder == b.folder:
        raise InputError(f"A and B are the same evaluation, {a.folder}: name two")
    _check_measured(a, b)
    of_a, of_b = scored_rows.read(a), scored_rows.read(b)
    if not (np.array_equal(of_a.hashes, of_b.hashes) and np.array_equal(of_a.labels, of_b.labels)):
        raise InputError(
            f"{a.folder} and {b.folder} say that they measured the same rows, but their scores.parquet are not of the "
            "same ones: one of them was changed or is of another evaluation; evaluate both models again"
        )
    weights = _weights(a, b, of_a, of_b)
    pairs = Pairs(
        of_a.labels,
        _scored(a, of_a, weights),
        _scored(b, of_b, weights),
        of_a.hashes,
        _zones(of_a, of_b),
        weights,
        a.metrics["measured_on"]["count"],
        _notes(a, of_a, of_b),
    )
    return pairs


def _check_measured(a: Evaluation, b: Evaluation) -> None:
    """Check by their records that both measured the same rows."""
    rows_a, rows_b = (each.metrics["measured_on"] for each in (a, b))
    if rows_a["fingerprint"] != rows_b["fingerprint"]:
        said = (
            f"{each['count']:,} rows ({each['rows']}, fingerprint {each['fingerprint']})" for each in (rows_a, rows_b)
        )
        apart = [name for name in differing(a, b) if name in _DECIDE_ROWS]
        why = f"; the runs differ in {', '.join(apart)}" if apart else ""
        raise InputError(
            f"A and B were not measured on the same rows ({' and '.join(said)}{why}), so a difference may be due to "
            "the rows: compare runs with the same table, features, split and seed, or evaluate both on one --test-data"
        )


def _weights(a: Evaluation, b: Evaluation, of_a: Rows, of_b: Rows) -> Array | None:
    is_weighted = [bool(each.metrics.get("weights")) for each in (a, b)]
    if is_weighted[0] != is_weighted[1]:
        raise InputError(
            f"the metrics of {'A' if is_weighted[0] else 'B'} are weighted and the other's are not: evaluate both in "
            "the same way (metrics_weighted)"
        )
    if not is_weighted[0]:
        return None
    if of_a.weights is None or of_b.weights is None or not np.array_equal(of_a.weights, of_b.weights):
        raise InputError("A and B weight the same rows differently: evaluate both with the same column of weights")
    return of_a.weights


def _scored(evaluation: Evaluation, rows: Rows, weights: Array | None) -> Scored:
    """The scores, checked to be those that the evaluation's figures are of."""
    scored = Scored(rows.scores, float(evaluation.metrics["threshold"]), rows.calibrated)
    described = evaluation.metrics["scored_rows"]
    if described["kept"] == described["rows"]:
        found, known = figures(rows.labels, scored, weights)["areaUnderROC"], evaluation.metrics["areaUnderROC"]
        if abs(found - known) > _SAME:
            raise InputError(
                f"the scores in {evaluation.folder} give an area under the ROC curve of {found:.6f}, and its "
                f"metrics.json has {known:.6f}: they are not of one evaluation; evaluate its model again"
            )
    return scored


def _zones(of_a: Rows, of_b: Rows) -> npt.NDArray[np.str_] | None:
    zones = of_a.zones
    if zones is None or of_b.zones is None or not np.array_equal(zones, of_b.zones):
        return None
    return zones if len(np.unique(zones)) >= FEWEST_ZONES else None


def _notes(a: Evaluation, of_a: Rows, of_b: Rows) -> tuple[str, ...]:
    notes = []
    count = a.metrics["measured_on"]["count"]
    if len(of_a.labels) < count:
        notes.append(
            f"Compared on a sample of {len(of_a.labels):,} of the {count:,} rows, the same for every run; with all of "
            "them the intervals would be narrower."
        )
    if (of_a.zones is None) != (of_b.zones is None) or (
        of_a.zones is not None and of_b.zones is not None and not np.array_equal(of_a.zones, of_b.zones)
    ):
        notes.append("The zones of A and B are not the same, so rows are taken as independent of each other.")
    return tuple(notes)
