"""Makes data/sample.parquet: a synthetic table of labelled Sentinel-2 pixels, from a seed.

No pixel of it was ever measured. Each row is a mixture of end-member spectra (soil, vegetation, rock, iron oxide,
clay, water), shaded and noisy, as the median of a year of images would be; the indices are computed from the noisy
bands. So bands and indices correlate as real ones do. README.md beside this file describes the model and columns.

    python -m data.make_sample [--out data/sample.parquet] [--seed 2024]
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

SEED = 2024
BANDS = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12")
WAVELENGTHS_NM = (490, 560, 665, 705, 740, 783, 842, 865, 1610, 2190)

# Surface reflectance (0..1) of each end-member in the bands above. Rounded shapes of what spectral libraries
# show: the red edge of leaves, iron oxide's steep rise from blue to red and its dip near 0.87 µm, the fall of clays
# from 1.6 to 2.2 µm, water dark beyond the red.
END_MEMBERS = {
    "soil": (0.075, 0.105, 0.145, 0.165, 0.185, 0.200, 0.215, 0.225, 0.310, 0.265),
    "vegetation": (0.030, 0.060, 0.038, 0.095, 0.250, 0.320, 0.345, 0.360, 0.185, 0.090),
    "rock": (0.150, 0.175, 0.200, 0.210, 0.218, 0.224, 0.230, 0.235, 0.265, 0.250),
    "iron_oxide": (0.055, 0.085, 0.185, 0.220, 0.240, 0.235, 0.220, 0.225, 0.360, 0.335),
    "clay": (0.210, 0.260, 0.310, 0.325, 0.340, 0.350, 0.360, 0.370, 0.450, 0.310),
    "water": (0.062, 0.068, 0.045, 0.036, 0.026, 0.024, 0.021, 0.020, 0.012, 0.010),
}

# What a mine's pixels are made of, in the order of END_MEMBERS: pit, waste dump, tailings pond, leaching yard.
MINING_SURFACES = (
    (0.12, 0.03, 0.62, 0.15, 0.06, 0.02),
    (0.22, 0.05, 0.28, 0.38, 0.07, 0.00),
    (0.10, 0.04, 0.10, 0.08, 0.38, 0.30),
    (0.20, 0.02, 0.15, 0.20, 0.43, 0.00),
)

# Each zone: rows, share of mining, how common each mining surface is, what the land is made of without mining, the
# mean illumination, and the share of other pixels that are somewhat disturbed though no mine is there (roads, outcrops,
# river beds).
ZONES = {
    "cerro": (1804, 0.31, (0.5, 0.3, 0.1, 0.1), (0.30, 0.18, 0.36, 0.11, 0.04, 0.01), 0.78, 0.80),
    "delta": (838, 0.11, (0.1, 0.2, 0.6, 0.1), (0.25, 0.42, 0.04, 0.03, 0.06, 0.20), 1.00, 0.40),
    "llano": (2210, 0.18, (0.3, 0.4, 0.1, 0.2), (0.56, 0.26, 0.08, 0.06, 0.03, 0.01), 1.02, 0.50),
    "quebrada": (1186, 0.28, (0.2, 0.5, 0.1, 0.2), (0.34, 0.20, 0.14, 0.27, 0.04, 0.01), 0.86, 0.80),
    "salar": (468, 0.36, (0.1, 0.1, 0.5, 0.3), (0.46, 0.05, 0.18, 0.08, 0.17, 0.06), 1.08, 0.70),
    "valle": (1502, 0.20, (0.3, 0.3, 0.3, 0.1), (0.30, 0.56, 0.05, 0.04, 0.03, 0.02), 0.95, 0.40),
}

# How alike the classes are. Disturbance is the share of a pixel that is mining surface, or looks like it: its two
# Beta distributions overlap, which alone sets how well any model can do.
MINED_DISTURBANCE = (3.0, 1.2)
OTHER_DISTURBANCE = (0.85, 3.7)
PURITY = 30.0  # concentration of the Dirichlet mixtures: higher is purer, and easier


def zone_pixels(rng: np.random.Generator, zone: str) -> pd.DataFrame:
    """The rows of one zone: ten reflectances, label (1 mining, 0 other) and the zone's name."""
    rows, share, surface_shares, background, light, lookalikes = ZONES[zone]
    label = (np.arange(rows) < round(rows * share)).astype(np.int32)

    mined = rng.beta(*MINED_DISTURBANCE, rows)
    other = rng.beta(*OTHER_DISTURBANCE, rows) * (rng.random(rows) < lookalikes)
    disturbance = np.where(label == 1, mined, other)[:, None]
    surface = np.array(MINING_SURFACES)[rng.choice(len(MINING_SURFACES), rows, p=surface_shares)]
    mean = disturbance * surface + (1 - disturbance) * np.array(background)
    abundance = rng.standard_gamma(PURITY * mean + 0.02)
    abundance /= abundance.sum(axis=1, keepdims=True)

    reflectance = observe(rng, abundance, light)
    return pd.DataFrame(reflectance, columns=BANDS).assign(label=label, zone=zone)


def observe(rng: np.random.Generator, abundance: np.ndarray, light: float) -> np.ndarray:
    """What the satellite would see of the mixtures (rows × end-members): rows × bands, reflectance to 0.0001.

    A linear mixture with an intimate part (light that met two materials: the geometric mean of the spectra), times
    slope and shade, plus haze that is stronger in the blue, plus noise in each band.
    """
    rows = len(abundance)
    spectra = np.array(list(END_MEMBERS.values()))
    intimate = np.exp(abundance @ np.log(spectra))
    mixed = 0.7 * (abundance @ spectra) + 0.3 * intimate
    shade = light * np.clip(rng.normal(1.0, 0.16, (rows, 1)), 0.35, 1.5)
    haze = np.abs(rng.normal(0.0, 0.006, (rows, 1))) * np.array([490 / nm for nm in WAVELENGTHS_NM]) ** 2
    noise = rng.normal(1.0, 0.035, mixed.shape) * mixed * shade + rng.normal(0.0, 0.003, mixed.shape)
    return np.round(np.clip(noise + haze, 0.002, 1.0), 4)


def with_indices(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its five indices, from the bands as they are, noise and all."""
    blue, green, red, nir, swir1, swir2 = (table[b] for b in ("B02", "B03", "B04", "B08", "B11", "B12"))
    indices = {
        "NDVI": (nir - red) / (nir + red),  # vegetation
        "MNDWI": (green - swir1) / (green + swir1),  # open water
        "BSI": ((swir1 + red) - (nir + blue)) / ((swir1 + red) + (nir + blue)),  # bare soil
        "IOR": red / blue,  # iron oxide ratio
        "CMR": swir1 / swir2,  # clay minerals ratio
    }
    return table.assign(**{name: values.round(4) for name, values in indices.items()})


def make(seed: int = SEED) -> pd.DataFrame:
    """The whole sample, shuffled: 15 features ending in `_med`, `label` and `zone`; the same for the same seed."""
    rng = np.random.default_rng(seed)
    table = with_indices(pd.concat([zone_pixels(rng, zone) for zone in ZONES], ignore_index=True))
    table = table.iloc[rng.permutation(len(table))].reset_index(drop=True)
    features = [*BANDS, "NDVI", "MNDWI", "BSI", "IOR", "CMR"]
    named = table[features].add_suffix("_med")
    return named.assign(label=table["label"], zone=table["zone"])


def write(table: pd.DataFrame, path: Path) -> None:
    """Writes plain parquet, without the metadata by which pandas would mark the file with its version."""
    plain = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(plain, path, compression="zstd")


def main() -> None:
    """The command line above."""
    parser = argparse.ArgumentParser(description="Makes the embedded sample table (synthetic).")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("sample.parquet"))
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    table = make(arguments.seed)
    write(table, arguments.out)
    print(f"{arguments.out}: {len(table):,} rows, {table['label'].mean():.1%} positives")


if __name__ == "__main__":
    main()
