"""What training would say of a table, told as a list instead of an error.

The checks are training's own (`lib.dataset`, `lib.split`), run in its order: what passes here passes there.
"""

from collections.abc import Callable, Sequence
from typing import Any

from pyspark.sql import SparkSession

from lib import dataset
from lib.errors import InputError
from lib.split import split

OK, STOPS, NOT_REACHED = "ok", "stops", "not reached"

Record = dict[str, Any]


def validate(
    spark: SparkSession,
    inputs: str | Sequence[str],
    *,
    label_col: str = "label",
    zone_col: str | None = "zone",
    exclude_cols: Sequence[str] = (),
    missing: str = "error",
    test_frac: float = 0.15,
    val_frac: float = 0.15,
    split_by: str = "rows",
    seed: int = 42,
) -> list[Record]:
    """Run training's checks with training's parameters: a record of `check`, `verdict` and `says` for each.

    `verdict` is "ok", "stops" (training would end there; `says` is its message) or, after a check that stops,
    "not reached".
    """
    uris = (inputs,) if isinstance(inputs, str) else tuple(inputs)

    def readable(_: Any) -> tuple[Any, str]:
        raw = dataset.read(spark, uris)
        return raw, f"{len(raw.columns)} columns"

    def columns(raw: Any) -> tuple[Any, str]:
        zone = zone_col if zone_col in raw.columns and zone_col not in exclude_cols else None
        features = dataset.feature_columns(raw, label_col, zone, exclude_cols)
        return raw, f"{len(features)} numeric features" + (f", zones in {zone}" if zone else ", no zones")

    def values(_: Any) -> tuple[Any, str]:
        table = dataset.load(
            spark, uris, label_col=label_col, zone_col=zone_col, exclude_cols=exclude_cols, missing=missing
        )
        dropped = f", {table.dropped:,} left out for missing values" if table.dropped else ", nothing missing"
        return table, f"{table.class_counts['0']:,} rows of class 0 and {table.class_counts['1']:,} of class 1{dropped}"

    def parts(table: Any) -> tuple[Any, str]:
        made = split(table, test_frac=test_frac, val_frac=val_frac, split_by=split_by, seed=seed)
        return made, ", ".join(f"{name} {part['rows']:,}" for name, part in made.parts.items()) + " rows"

    return _in_turn(
        {"the table can be read": readable, "columns": columns, "classes and values": values, "split": parts}
    )


def _in_turn(checks: dict[str, Callable[[Any], tuple[Any, str]]]) -> list[Record]:
    """Each check gets what the one before it made; the first that raises is the last one run."""
    records: list[Record] = []
    made: Any = None
    stopped = False
    for name, check in checks.items():
        if stopped:
            records.append({"check": name, "verdict": NOT_REACHED, "says": ""})
            continue
        try:
            made, says = check(made)
        except InputError as error:
            stopped = True
            records.append({"check": name, "verdict": STOPS, "says": str(error)})
        else:
            records.append({"check": name, "verdict": OK, "says": says})
    return records
