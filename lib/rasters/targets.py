"""The best areas of a map of scores: connected pixels above the threshold, where somebody may drive.

A map is read by strips of rows, and only its runs are kept: pixels side by side in a row that are above the threshold.
That is about 150 bytes for each run. Of 30 million pixels of mere noise, 5 % of them above the threshold, it is 0.4 GB,
and 1.5 GB if half of them are; real maps have far fewer runs.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from affine import Affine
from rasterio.errors import RasterioIOError
from rasterio.features import shapes
from rasterio.warp import transform_geom
from rasterio.windows import Window as Box

from lib.errors import InputError
from lib.rasters.files import gdal_name, opened, reason
from lib.rasters.ground import WGS84, lon_lat, size_of_pixel

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_STRIP = 2**22
"""Pixels read at once, at most by one row of blocks more."""
# An area that is longer is outlined in coarser cells: its outline would have a corner at each pixel of its edge.
_OUTLINE_CELLS = 1000
_DIGITS = 8  # of degrees: a millimetre


@dataclass(frozen=True)
class Area:
    """Connected pixels above the threshold.

    Attributes:
        pixels: how many.
        area: square metres; None if not known.
        mean: of the scores.
        highest: of the scores.
        x: of the centroid of its pixels (which may be outside it), in the map's coordinates; pixels if it has none.
        y: see `x`.
        lon: the same in degrees of WGS 84; None if not known.
        lat: see `lon`.
        applicable: the share of its pixels that are inside the model's area of applicability; None if not known.
        outline: its pixels as a GeoJSON geometry in WGS 84 (Polygon or MultiPolygon); None if not known.
    """

    pixels: int
    area: float | None
    mean: float
    highest: float
    x: float
    y: float
    lon: float | None
    lat: float | None
    applicable: float | None
    outline: dict[str, Any] | None

    @property
    def worth(self) -> float:
        """What areas are ordered by: the mean score × the size (m² or pixels) of what the model applies to."""
        size = self.pixels if self.area is None else self.area
        return self.mean * size * (1.0 if self.applicable is None else self.applicable)


def best_areas(
    score_cog: str | Path,
    threshold: float,
    most: int = 20,
    dissimilarity: tuple[str | Path, float] | None = None,
) -> list[Area]:
    """The areas with the most score: those with the highest mean × number of pixels that the model applies to.

    Pixels are connected by their sides and corners, because a vein or a road one pixel wide runs diagonally, too. The
    scores of an area are above the threshold. `dissimilarity` is the map of it, and its limit.

    Raises:
        InputError: the map cannot be read.
    """
    with ExitStack() as stack:
        dataset = stack.enter_context(opened(gdal_name(str(score_cog))))
        other = stack.enter_context(opened(gdal_name(str(dissimilarity[0])))) if dissimilarity else None
        runs = _runs(dataset, threshold, other, dissimilarity[1] if dissimilarity else np.inf)
        owners = _connected(len(runs.row), *_touching(runs))
        areas, owners = np.unique(owners, return_inverse=True)
        total, inside, pixels = (
            np.bincount(owners, of_run, len(areas)) for of_run in (runs.total, runs.applicable, runs.stop - runs.start)
        )
        best = np.lexsort((np.arange(len(areas)), -total * inside / pixels))[:most]
        each = [_area(_Runs(*(of_run[owners == area] for of_run in runs)), dataset) for area in best]
        return each if dissimilarity else [replace(area, applicable=None) for area in each]


def geojson(areas: Sequence[tuple[str, Area]]) -> dict[str, Any]:
    """Areas and the tiles they are in as a FeatureCollection (RFC 7946), numbered from 1 as `rank`."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": area.outline,
                "properties": {"rank": rank, "tile": tile, **properties(area)},
            }
            for rank, (tile, area) in enumerate(areas, start=1)
        ],
    }


def properties(area: Area) -> dict[str, Any]:
    """All of an area but its outline, for JSON."""
    return {
        "pixels": area.pixels,
        "area_m2": area.area,
        "mean_score": area.mean,
        "max_score": area.highest,
        "share_applicable": area.applicable,
        "x": area.x,
        "y": area.y,
        "lon": area.lon,
        "lat": area.lat,
    }


class _Runs(NamedTuple):
    """Runs in the order of their rows and columns: row, first column, column after the last, sum and highest score,
    pixels to which the model applies.
    """

    row: Ints
    start: Ints
    stop: Ints
    total: Floats
    highest: Floats
    applicable: Floats


def _runs(dataset: Any, threshold: float, other: Any, limit: float) -> _Runs:
    strips = [_runs_of(first, scores, threshold, index, limit) for first, scores, index in _strips(dataset, other)]
    return _Runs(*(np.concatenate(of_strips) for of_strips in zip(*strips, strict=True)))


def _strips(dataset: Any, other: Any) -> Iterator[tuple[int, Any, Any]]:
    """The maps by strips: the first row of each, its scores, masked where there is none, and its dissimilarity."""
    block = dataset.block_shapes[0][0]
    rows = block * max(1, _STRIP // (block * dataset.width))
    for row in range(0, dataset.height, rows):
        box = Box(0, row, dataset.width, min(rows, dataset.height - row))
        try:
            scores = dataset.read(1, window=box, masked=True)
            yield row, scores, scores.data if other is None else other.read(1, window=box)
        except RasterioIOError as error:
            raise InputError(f"{dataset.name} cannot be read: {reason(error)}; write the map again") from error


def _runs_of(first: int, scores: Any, threshold: float, dissimilarity: Any, limit: float) -> _Runs:
    width = scores.shape[1]
    # numpy rounds the threshold to the scores' type: a score that was equal to it before it was stored is not above it.
    above = (scores.data > threshold) & ~np.ma.getmaskarray(scores)
    edges = np.diff(np.pad(above.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    row, start = np.nonzero(edges == 1)
    stop = np.nonzero(edges == -1)[1]
    # What is between the runs is left out below. A stop may be the end of all, which reduceat accepts only as a place.
    flat = np.append(np.where(above, scores.data, 0), 0).astype(np.float64)
    bounds = np.column_stack([row * width + start, row * width + stop]).ravel()
    if not len(bounds):
        return _Runs(row, start, stop, flat[:0], flat[:0], flat[:0])
    total, highest = (reduce.reduceat(flat, bounds)[::2] for reduce in (np.add, np.maximum))
    inside = np.append(above & (dissimilarity <= limit), 0).astype(np.float64)
    return _Runs(row + first, start, stop, total, highest, np.add.reduceat(inside, bounds)[::2])


def _touching(runs: _Runs) -> tuple[Ints, Ints]:
    """Pairs of runs in one row and the next that have a side or a corner in common."""
    # Row and column as one number, which grows with the runs.
    width = int(runs.stop.max(initial=0)) + 2
    starts, stops = runs.row * width + runs.start, runs.row * width + runs.stop
    first = np.searchsorted(stops, starts + width, "left")
    last = np.searchsorted(starts, stops + width, "right")
    count = np.maximum(last - first, 0)
    upper = np.repeat(np.arange(len(count)), count)
    lower = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count - first, count)
    return upper, lower


def _connected(count: int, one: Ints, other: Ints) -> Ints:
    """For each of `count` things, the first of those that it is connected with, by pairs of things.

    In each round the pairs join what they belong to, and what is joined is followed to its first thing.
    """
    owner = np.arange(count)
    while len(one):
        a, b = owner[one], owner[other]
        apart = a != b
        one, other, a, b = one[apart], other[apart], a[apart], b[apart]
        np.minimum.at(owner, np.maximum(a, b), np.minimum(a, b))
        while not np.array_equal(further := owner[owner], owner):
            owner = further
    return owner


def _area(runs: _Runs, dataset: Any) -> Area:
    """The area that consists of these runs."""
    lengths = runs.stop - runs.start
    pixels = int(lengths.sum())
    # The centres of a run's pixels are on average in its middle.
    column = float(((runs.start + runs.stop) / 2 * lengths).sum() / pixels)
    row = float(((runs.row + 0.5) * lengths).sum() / pixels)
    crs, transform = dataset.crs or None, dataset.transform
    size = size_of_pixel(crs, transform, column, row)
    x, y = transform @ (column, row)
    lon, lat = (lon_lat(crs, x, y) if size else None) or (None, None)
    return Area(
        pixels=pixels,
        area=size.area * pixels if size else None,
        mean=float(runs.total.sum() / pixels),
        highest=float(runs.highest.max()),
        x=float(x),
        y=float(y),
        lon=lon,
        lat=lat,
        applicable=float(runs.applicable.sum() / pixels),
        outline=None if lon is None else _outline(runs, crs, transform),
    )


def _outline(runs: _Runs, crs: Any, transform: Affine) -> dict[str, Any]:
    """The pixels of the runs as a geometry in WGS 84; a large area in cells of several pixels."""
    top, left = int(runs.row.min()), int(runs.start.min())
    longest = max(int(runs.row.max()) + 1 - top, int(runs.stop.max()) - left)
    cell = -(-longest // _OUTLINE_CELLS)
    image = _image((runs.row - top) // cell, (runs.start - left) // cell, (runs.stop - 1 - left) // cell)
    to_map = transform @ Affine.translation(left, top) @ Affine.scale(cell)
    # By their sides only: pixels that touch at corners are several polygons, for one would cross itself there.
    found = [geometry["coordinates"] for geometry, _ in shapes(image, image > 0, connectivity=4)]
    placed = [[[tuple(to_map @ corner) for corner in ring] for ring in polygon] for polygon in found]
    geometry = transform_geom(crs, WGS84, {"type": "MultiPolygon", "coordinates": placed})
    polygons = [[_turned(ring, not number) for number, ring in enumerate(each)] for each in geometry["coordinates"]]
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}


def _image(row: Ints, first: Ints, last: Ints) -> npt.NDArray[np.uint8]:
    """1 in the given cells: from the first to the last column of rows."""
    changes = np.zeros((row.max() + 1, last.max() + 2), np.int32)
    np.add.at(changes, (row, first), 1)
    np.add.at(changes, (row, last + 1), -1)
    return (np.cumsum(changes, axis=1)[:, :-1] > 0).astype(np.uint8)


def _turned(ring: Sequence[Sequence[float]], counterclockwise: bool) -> list[list[float]]:
    """A ring the way round that GeoJSON wants: outer ones counterclockwise, holes clockwise."""
    x, y = np.asarray(ring)[:, :2].T
    is_counterclockwise = np.sum((x[1:] - x[:-1]) * (y[1:] + y[:-1])) < 0
    points = [[round(float(place), _DIGITS) for place in point[:2]] for point in ring]
    return points if is_counterclockwise == counterclockwise else points[::-1]
