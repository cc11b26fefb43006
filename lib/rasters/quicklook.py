"""What a picture of a map needs: few enough pixels, where they are, and the length of a scale bar."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from affine import Affine
from rasterio.enums import Resampling

from lib.rasters.files import gdal_name, opened
from lib.rasters.ground import PixelSize, size_of_pixel
from lib.rasters.tiles import Tile
from lib.rasters.windows import Floats

Extent = tuple[float, float, float, float]


class Overview(NamedTuple):
    """A map in few pixels.

    Attributes:
        values: height × width (float64), NaN where the map has none.
        extent: left, right, bottom and top in the map's coordinates, as matplotlib's imshow takes them; in pixels of
            the map if it has no coordinates or is rotated.
        colours: red, green, blue and opacity (0-255) by value, of a map of classes; empty if it has none.
    """

    values: Floats
    extent: Extent
    colours: dict[int, tuple[int, int, int, int]]


def overview(cog: str | Path, most_pixels: int = 1000) -> Overview:
    """A map with at most `most_pixels` on its longer side, read from its overviews.

    Pixels are averaged; of a map with a table of colours they are chosen, for classes have no mean.

    Raises:
        InputError: there is no such map.
    """
    with opened(gdal_name(str(cog))) as dataset:
        shrunk = min(1.0, most_pixels / max(dataset.width, dataset.height))
        shape = tuple(max(1, round(side * shrunk)) for side in (dataset.height, dataset.width))
        colours = _colours(dataset)
        resampling = Resampling.nearest if colours else Resampling.average
        values: npt.NDArray[np.float64] = dataset.read(
            1, out_shape=shape, out_dtype="float64", resampling=resampling, masked=True
        ).filled(np.nan)
        return Overview(values, _extent(dataset.transform, dataset.width, dataset.height), colours)


def pixel_size(tile: Tile) -> PixelSize | None:
    """The size of a pixel in the middle of a tile; None if nothing says where it is."""
    return size_of_pixel(tile.crs, tile.transform, tile.width / 2, tile.height / 2)


def in_coordinates(transform: Affine) -> bool:
    """Whether a picture of a map has its coordinates on its sides: its rows and columns go along their axes."""
    return transform != Affine.identity() and transform.b == transform.d == 0


def _extent(transform: Affine, width: int, height: int) -> Extent:
    if not in_coordinates(transform):
        return 0.0, float(width), float(height), 0.0
    left, top = transform @ (0, 0)
    right, bottom = transform @ (width, height)
    return left, right, bottom, top


def _colours(dataset: Any) -> dict[int, tuple[int, int, int, int]]:
    try:
        return dict(dataset.colormap(1))
    except ValueError:  # it has none
        return {}
