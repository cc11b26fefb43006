"""Makes data/sample_tile.tif: a synthetic raster with the features of sample.parquet, to make a map of.

A piece of land that is nowhere: slopes like those of the zones `quebrada` and `valle`, a river with fields along it,
two mines, and a lagoon, which no zone of the table has. One corner has no value, as at the edge of a satellite's swath.

    python -m data.make_tile [--out data/sample_tile.tif] [--seed 2024]
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import rasterio
from affine import Affine

from data.make_sample import BANDS, END_MEMBERS, MINING_SURFACES, PURITY, SEED, ZONES, observe, with_indices

HEIGHT, WIDTH = 160, 220
GRID = {"crs": "EPSG:32719", "transform": Affine(20, 0, 402_000, 0, -20, 7_368_000)}  # UTM 19 S, pixels of 20 m
NODATA = -32768
REFLECTANCE, INDEX = 0.0001, 0.001  # of a stored whole number; 16 bits hold ratios up to 32

# Mines: row, column, radius in pixels, and which of MINING_SURFACES their middle and their edge are.
MINES = ((48, 70, 17, 0, 1), (112, 168, 12, 3, 2))
LAGOON = (30, 185, 15)


def smooth(rng: np.random.Generator, pixels: float) -> np.ndarray:
    """A random field (height × width) from 0 to 1 whose hills are about so many pixels wide."""
    rows, columns = np.fft.fftfreq(HEIGHT)[:, None], np.fft.fftfreq(WIDTH)
    low_pass = np.exp(-(rows**2 + columns**2) * (2 * pixels) ** 2)
    field = np.fft.ifft2(np.fft.fft2(rng.normal(size=(HEIGHT, WIDTH))) * low_pass).real
    return field.argsort(axis=None).argsort().reshape(field.shape) / (field.size - 1)


def inside(rng: np.random.Generator, row: float, column: float, radius: float) -> np.ndarray:
    """How far inside a roundish shape each pixel is (height × width): 1 in its middle, 0 on its edge and outside."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    distance = np.hypot(rows - row, columns - column) / (radius * (0.7 + 0.6 * smooth(rng, 8)))
    return np.clip(1 - distance, 0, 1)


def land(rng: np.random.Generator) -> np.ndarray:
    """What the land is made of (height × width × end-members)."""
    slopes, valley = (np.array(ZONES[name][3]) for name in ("quebrada", "valle"))
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    to_river = np.abs(rows - 0.45 * columns - 40 + 30 * (smooth(rng, 40) - 0.5))
    fields = np.exp(-to_river / 12)[..., None]
    mean = fields * valley + (1 - fields) * slopes
    for row, column, radius, middle, edge in MINES:
        depth = inside(rng, row, column, radius)[..., None]
        surface = np.where(depth > 0.45, np.array(MINING_SURFACES[middle]), np.array(MINING_SURFACES[edge]))
        share = np.clip(depth * 4, 0, 0.85)
        mean = share * surface + (1 - share) * mean
    water = np.eye(len(END_MEMBERS))[list(END_MEMBERS).index("water")]
    for wet in (np.clip(inside(rng, *LAGOON) * 6, 0, 1), np.exp(-((to_river / 1.2) ** 2)) * 0.6):
        mean = wet[..., None] * water + (1 - wet[..., None]) * mean
    return mean


def make(seed: int = SEED) -> pd.DataFrame:
    """The features of all pixels, row by row; NaN where there is no value."""
    rng = np.random.default_rng(seed)
    abundance = rng.standard_gamma(PURITY * land(rng).reshape(-1, len(END_MEMBERS)) + 0.02)
    abundance /= abundance.sum(axis=1, keepdims=True)
    light = 0.75 + 0.35 * smooth(rng, 10).reshape(-1, 1)  # slopes that face the sun and others
    table = with_indices(pd.DataFrame(observe(rng, abundance, 1.0) * light, columns=BANDS).round(4))
    rows, columns = np.divmod(np.arange(HEIGHT * WIDTH), WIDTH)
    table[rows + 2.5 * columns < 60] = np.nan
    return table.add_suffix("_med")


def write(table: pd.DataFrame, path: Path) -> None:
    """Writes a GeoTIFF with a band for each feature, named after it."""
    scales = [REFLECTANCE if name.startswith("B") and name != "BSI_med" else INDEX for name in table]
    profile = {"driver": "GTiff", "height": HEIGHT, "width": WIDTH, "count": table.shape[1], "dtype": "int16", **GRID}
    packed = {"compress": "deflate", "predictor": 2, "tiled": True, "blockxsize": 128, "blockysize": 128}
    with rasterio.open(path, "w", nodata=NODATA, **profile, **packed) as dataset:
        for number, (name, scale) in enumerate(zip(table, scales, strict=True), start=1):
            stored = (table[name] / scale).round().fillna(NODATA).to_numpy().reshape(HEIGHT, WIDTH)
            dataset.write(stored.astype("int16"), number)
            dataset.set_band_description(number, name)
        dataset.scales = scales


def main() -> None:
    """The command line above."""
    parser = argparse.ArgumentParser(description="Makes the embedded sample raster (synthetic).")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("sample_tile.tif"))
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    write(make(arguments.seed), arguments.out)
    print(f"{arguments.out}: {HEIGHT} × {WIDTH} pixels")


if __name__ == "__main__":
    main()
