"""The rows of an evaluation with their scores, in an order that is the same for every model on the same rows."""

import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from launcher.leaderboard.evaluations import Evaluation
from launcher.support.files import Files, files_at
from lib import artifacts
from lib.errors import Damaged, InputError
from lib.metrics import Array

_ROLES = ("row_hash", "label", "score", "calibrated", "zone", "weight")
_REMEDY = "restore it from a copy, or evaluate the model again"


@dataclass(frozen=True)
class Rows:
    """Scored rows: the hash of each one's features, its label, zone and weight where there are any, and its scores.

    They are in the order of hash, label, zone and weight. Rows that tie in all of these repeat each other, and a model
    gives them the same score.
    """

    hashes: npt.NDArray[np.int64]
    labels: Array
    scores: Array
    calibrated: Array | None
    zones: npt.NDArray[np.str_] | None
    weights: Array | None


def read(evaluation: Evaluation) -> Rows:
    """The rows that an evaluation kept.

    Raises:
        InputError: it is of a version that kept no hashes, or its file is damaged or missing.
    """
    described = evaluation.metrics.get("scored_rows")
    place = f"{evaluation.folder}/{artifacts.EVAL_SCORES}"
    if described is None:
        raise InputError(
            f"the evaluation {evaluation.folder} is of an earlier version, whose {artifacts.EVAL_SCORES} has no hashes "
            "to find a row again by: evaluate its model again"
        )
    columns = described["columns"]
    table = _table(files_at(place), place, {role: columns[role] for role in _ROLES if columns.get(role)})
    if table.num_rows != described["kept"]:
        why = f"it has {table.num_rows:,} rows, and {described['kept']:,} were written"
        raise Damaged(place, why, _REMEDY)
    return _in_order(table, place)


def _table(files: Files, place: str, columns: Mapping[str, str]) -> pa.Table:
    """The columns of all files of a table, each named by its role."""
    names = [name for name in files.names(place) if name.endswith(".parquet")]
    if not names:
        raise Damaged(place, "it has no parquet file", _REMEDY)
    parts = []
    for name in names:
        try:
            part = pq.read_table(io.BytesIO(files.read_bytes(f"{place}/{name}") or b""), columns=list(columns.values()))
            parts.append(part.select(list(columns.values())).rename_columns(list(columns)))
        except (pa.ArrowException, KeyError, OSError) as error:
            raise Damaged(f"{place}/{name}", f"it cannot be read ({str(error).splitlines()[0]})", _REMEDY) from None
    return pa.concat_tables(parts)


def _in_order(table: pa.Table, place: str) -> Rows:
    found = {name: table.column(name).to_numpy() for name in table.column_names if name != "zone"}
    if "zone" in table.column_names:
        found["zone"] = np.array(table.column("zone").cast(pa.string()).to_pylist(), str)
    if np.isnan(found["score"]).any() or not np.isin(found["label"], (0, 1)).all():
        raise Damaged(place, "a row has no score, or a label that is neither 0 nor 1", _REMEDY)
    order = np.lexsort([found[key] for key in ("weight", "zone", "label", "row_hash") if key in found])
    rows = {name: values[order] for name, values in found.items()}
    numbers = {name: rows[name].astype(np.float64) if name in rows else None for name in ("calibrated", "weight")}
    labels, scores = (rows[name].astype(np.float64) for name in ("label", "score"))
    return Rows(rows["row_hash"], labels, scores, numbers["calibrated"], rows.get("zone"), numbers["weight"])
