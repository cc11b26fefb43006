"""Small rasters for tests."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine

from lib.rasters.files import without_warning

UTM = {"crs": "EPSG:32630", "transform": Affine(10, 0, 399960, 0, -10, 4600020)}


def raster(
    file: Path,
    values: Any,
    names: Sequence[str | None] = (),
    scales: Sequence[float] = (),
    offsets: Sequence[float] = (),
    mask: Any = None,
    **profile: Any,
) -> str:
    """Write bands × rows × columns as a GeoTIFF, on a UTM grid unless told otherwise."""
    values = np.asarray(values)
    shape = {"count": len(values), "height": values.shape[1], "width": values.shape[2], "dtype": values.dtype}
    with without_warning(), rasterio.open(file, "w", **{"driver": "GTiff", **UTM, **shape, **profile}) as dataset:
        dataset.write(values)
        for number, name in enumerate(names, start=1):
            if name:
                dataset.set_band_description(number, name)
        if scales:
            dataset.scales = scales
        if offsets:
            dataset.offsets = offsets
        if mask is not None:
            dataset.write_mask(mask)
    return str(file)


def numbers(bands: int, height: int, width: int, dtype: Any = "float32", seed: int = 0) -> np.ndarray:
    """Random values between 0 and 1000."""
    return np.random.default_rng(seed).uniform(0, 1000, (bands, height, width)).astype(dtype)


def by_hand(places: Mapping[str, tuple[str, int]]) -> tuple[np.ndarray, np.ndarray]:
    """What reading should give, from each feature's file and band: values (pixels × features) and valid pixels."""
    columns, valid = [], True
    for file, number in places.values():
        with without_warning(), rasterio.open(file) as dataset:
            band = dataset.read(number, masked=True)
            scale, offset = dataset.scales[number - 1], dataset.offsets[number - 1]
        values = band.data.astype(float)
        valid = valid & ~np.ma.getmaskarray(band) & np.isfinite(values)
        columns.append(values * scale + offset)
    return np.stack(columns, axis=-1)[valid], valid
