"""A tile: one raster with a band for each of a model's features, in one file of many bands or in several files.

A tile holds what is said about the bands and no pixels, and keeps no file open, so that it can be sent to Spark tasks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from affine import Affine
from rasterio.crs import CRS

from lib.errors import InputError, not_among, some
from lib.rasters.files import gdal_name, opened, shown
from lib.support import tables

Resampling = Literal["nearest", "bilinear"]
RESAMPLINGS = ("nearest", "bilinear")
# Two grids are the same if their corners differ by less than this part of a pixel: products are rounded differently.
_SAME_CORNER = 0.01


@dataclass(frozen=True)
class Band:
    """A band that is a feature.

    Attributes:
        feature: its name in the model.
        file: the file, as GDAL calls it.
        number: that of the band in the file, from 1.
        dtype: numpy's name of its type.
        nodata: the stored value that means no value; None if none does.
        scale: the feature is the stored value × scale + offset.
        offset: see `scale`.
        resampling: how it is brought to the tile's grid; None if it is on it.
    """

    feature: str
    file: str
    number: int
    dtype: str
    nodata: float | None
    scale: float
    offset: float
    resampling: Resampling | None


@dataclass(frozen=True)
class Tile:
    """A raster with a model's features, made by `open_tile`.

    Attributes:
        bands: one for each feature, in the model's order.
        wkt: the coordinate reference system as WKT; None if there is none.
        transform: from pixels (column, row) to the system's coordinates; the identity if there is none.
        width: columns of pixels.
        height: rows of pixels.
        block: rows and columns of the blocks in which the first file is stored.
    """

    bands: tuple[Band, ...]
    wkt: str | None
    transform: Affine
    width: int
    height: int
    block: tuple[int, int]

    @property
    def crs(self) -> Any:
        """The coordinate reference system (rasterio's CRS), or None."""
        return CRS.from_wkt(self.wkt) if self.wkt else None

    @property
    def georeferenced(self) -> bool:
        """Whether its place on the ground is known: it has a reference system and a transform."""
        return self.wkt is not None and self.transform != Affine.identity()

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the features."""
        return tuple(band.feature for band in self.bands)


def open_tile(
    places: str | Sequence[str],
    features: Sequence[str],
    bands: Mapping[str, int] | None = None,
    resample: Resampling | None = None,
) -> Tile:
    """Find the bands of a model's features in one or several files, which must be on one grid.

    A band is a feature's if its description is the feature's name, or if it is alone in its file and the file's name
    without its ending is. `bands` says it by number instead, for all or some features: 1 is the first band of the
    first file, and the numbers go on through the files in the given order. Other bands and files are not used.

    `resample` brings files that are on another grid to that of the first file used.

    Raises:
        InputError: a file is no raster; a feature has no band or several; the bands are of complex numbers, or not on
            one grid.
    """
    return tile_of([each for place in tables.places(places) for each in look(place)], features, bands, resample)


def tile_of(
    found: Sequence["Found"],
    features: Sequence[str],
    bands: Mapping[str, int] | None = None,
    resample: Resampling | None = None,
) -> Tile:
    """`open_tile` of files that were looked at; raises the same errors."""
    if resample not in (None, *RESAMPLINGS):
        raise InputError(f"resample={resample!r}: give {' or '.join(RESAMPLINGS)}, or nothing")
    chosen = _choose(found, features, bands or {})
    for band in chosen:
        _check(band)
    first = min(chosen, key=found.index)
    for band in chosen:
        _compare(first, band, resample)
    grid = first.grid
    return Tile(
        bands=tuple(
            Band(feature, band.file, band.number, band.dtype, band.nodata, band.scale, band.offset,
                 None if _difference(grid, band.grid) is None else resample)
            for feature, band in zip(features, chosen, strict=True)
        ),
        wkt=grid.crs.to_wkt() if grid.crs else None,
        transform=grid.transform,
        width=grid.width,
        height=grid.height,
        block=first.block,
    )  # fmt: skip


class _Grid(NamedTuple):
    crs: Any
    transform: Affine
    width: int
    height: int
    has_control_points: bool


class Found(NamedTuple):
    """A band of a file."""

    file: str
    number: int
    description: str
    stem: str
    dtype: str
    nodata: float | None
    scale: float
    offset: float
    block: tuple[int, int]
    grid: _Grid

    @property
    def name(self) -> str:
        """How it is called in messages."""
        return self.description or self.stem or f"band {self.number}"

    @property
    def place(self) -> str:
        """Where it is, in messages."""
        return f"band {self.number} of {shown(self.file)}"


def look(place: str) -> list[Found]:
    """All bands of a file.

    Raises:
        InputError: it is no raster, or has no bands of its own.
    """
    file = gdal_name(place)
    with opened(file) as dataset:
        if not dataset.count:
            raise InputError(
                f"{shown(file)} has no bands of its own, it contains several rasters: extract one of them with "
                "gdal_translate"
            )
        points = bool(dataset.gcps[0] or dataset.rpcs)
        grid = _Grid(dataset.crs or None, dataset.transform, dataset.width, dataset.height, points)
        stem = without_ending(file.rpartition("/")[2]) if dataset.count == 1 else ""
        return [
            Found(file, index + 1, dataset.descriptions[index] or "", stem, dataset.dtypes[index],
                   dataset.nodatavals[index], dataset.scales[index], dataset.offsets[index],
                   dataset.block_shapes[index], grid)
            for index in range(dataset.count)
        ]  # fmt: skip


def without_ending(name: str) -> str:
    """A file's name without its ending, if it has one."""
    return name.rpartition(".")[0] if "." in name else name


def has_all(found: Sequence[Found], features: Sequence[str], bands: Mapping[str, int] | None = None) -> bool:
    """Whether the bands of one file are those of all features of a model, so that it is a tile by itself."""
    numbers, its_own = bands or {}, range(1, len(found) + 1)
    return all(numbers[name] in its_own if name in numbers else bool(_named(found, name)) for name in features)


def _choose(found: Sequence[Found], features: Sequence[str], numbers: Mapping[str, int]) -> list[Found]:
    """The band of each feature."""
    where = some(list(dict.fromkeys(shown(band.file) for band in found)), 3)
    _check_numbers(numbers, features, len(found), where)
    named = {
        feature: [found[numbers[feature] - 1]] if feature in numbers else _named(found, feature) for feature in features
    }
    missing = [feature for feature, bands in named.items() if not bands]
    if missing:
        its_bands = "its band is" if len(found) == 1 else "its bands are"
        names = [band.name for band in found]
        message = not_among(f"{where} has no band for {some(missing)}", missing[0], names, its_bands, 12)
        raise InputError(
            f"{message}; set the bands' descriptions to the names of the features, or give bands: {{{missing[0]}: 1}}"
        )
    for feature, bands in named.items():
        if len(bands) > 1:
            raise InputError(
                f"feature {feature} has more than one band: {some([band.place for band in bands])}; leave out files, "
                f"or choose with bands: {{{feature}: {found.index(bands[0]) + 1}}}"
            )
    _check_distinct({feature: bands[0] for feature, bands in named.items()})
    return [bands[0] for bands in named.values()]


def _named(found: Sequence[Found], feature: str) -> list[Found]:
    """The bands that are called like a feature: by description, and if none is, by file."""
    by_description = [band for band in found if band.description == feature]
    return by_description or [band for band in found if band.stem == feature]


def _check_numbers(numbers: Mapping[str, int], features: Sequence[str], count: int, where: str) -> None:
    for feature, number in numbers.items():
        if feature not in features:
            raise InputError(not_among(f"bands: the model has no feature {feature!r}", feature, features, "it has", 12))
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= count:
            raise InputError(f"bands: {feature}: {number!r}: {where} has the bands 1 to {count}: give one of them")


def _check_distinct(chosen: Mapping[str, Found]) -> None:
    of_bands: dict[tuple[str, int], str] = {}
    for feature, band in chosen.items():
        other = of_bands.setdefault((band.file, band.number), feature)
        if other != feature:
            raise InputError(f"{band.place} is the band of {other} and of {feature}: give each another one in bands")


def _check(band: Found) -> None:
    """Check that a band can be read, and has a place on the ground that the maps can keep."""
    file, grid = shown(band.file), band.grid
    if band.dtype.startswith("complex"):
        raise InputError(
            f"{band.place} is of complex numbers ({band.dtype}): make a band of real numbers of it, such as the "
            "amplitude"
        )
    if not np.isfinite([band.scale, band.offset]).all():
        raise InputError(f"{band.place} has the scale {band.scale} and the offset {band.offset}: set them to numbers")
    if grid.has_control_points and grid.transform == Affine.identity():
        raise InputError(f"{file} has control points instead of a transform: warp it to a grid first, with gdalwarp")
    if grid.transform.is_degenerate:
        raise InputError(f"{file} has a transform that makes its pixels vanish: correct it, for example with gdal_edit")


def _compare(first: Found, band: Found, resample: Resampling | None) -> None:
    """Check that a band is on the grid of the first, or can be brought to it."""
    difference = _difference(first.grid, band.grid)
    if difference is None:
        return
    said = f"{shown(first.file)} and {shown(band.file)} are not on one grid: {difference}"
    if resample is None:
        raise InputError(
            f"{said}; bring them to one with gdalwarp, or with resample: bilinear (nearest, if they are of classes)"
        )
    if not (first.grid.crs and band.grid.crs):
        raise InputError(f"{said}, and without a reference system they cannot be resampled: set it with gdal_edit")


def _difference(a: _Grid, b: _Grid) -> str | None:
    """How two grids differ; None if they do not."""
    if (a.width, a.height) != (b.width, b.height):
        return f"{a.width} × {a.height} and {b.width} × {b.height} pixels"
    if a.crs != b.crs:
        return f"the reference systems are {_name(a.crs)} and {_name(b.crs)}"
    corners = [(0, 0), (a.width, 0), (0, a.height)]
    offset = max(
        abs(there - here)
        for corner in corners
        for here, there in zip(corner, ~a.transform @ (b.transform @ corner), strict=True)
    )
    if offset >= _SAME_CORNER:
        return f"the origins or the sizes of their pixels differ, by up to {offset:.3g} pixels"
    return None


def _name(crs: Any) -> str:
    return crs.to_string()[:60] if crs else "none"
