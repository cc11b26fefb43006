"""Small tables that the tests write and load."""

from pathlib import Path

import numpy as np
import pandas as pd


def make_table(
    rows: int = 600, seed: int = 0, positives: float = 0.25, features: int = 4, zones: int = 5
) -> pd.DataFrame:
    """A learnable table: `features` correlated columns f0…, a `label` that depends on them, uneven `zone`s."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=rows)
    columns = {f"f{i}": hidden * (i + 1) / features + rng.normal(size=rows) for i in range(features)}
    noisy = hidden + rng.normal(scale=0.7, size=rows)
    label = (noisy > np.quantile(noisy, 1 - positives)).astype(int)
    share = np.arange(1, zones + 1)
    zone = rng.choice([f"zone {i}" for i in range(zones)], size=rows, p=share / share.sum())
    return pd.DataFrame({**columns, "label": label, "zone": zone})


def write(table: pd.DataFrame, path: Path) -> str:
    """Write a table as parquet (or text or ORC, by the name's ending), with its folder, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix in (".csv", ".tsv", ".txt"):
        table.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
    elif path.suffix == ".orc":
        table.reset_index(drop=True).to_orc(path)
    else:
        table.to_parquet(path, index=False)
    return str(path)
