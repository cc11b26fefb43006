"""Reading a tile by windows: pieces of about half a million pixels, along the blocks in which its file is stored."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import isqrt
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from rasterio.enums import ColorInterp, Resampling
from rasterio.errors import RasterioIOError
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window as Box

from lib.errors import InputError
from lib.rasters.files import opened, reason, shown
from lib.rasters.tiles import Band, Tile

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

PIXELS = 2**19
# A block somewhat larger than a window is read whole, because cutting it would decompress it several times.
_BLOCK_MAY_BE = 8


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels of a tile: its number, first row and column, and size."""

    number: int
    row: int
    column: int
    height: int
    width: int

    @property
    def pixels(self) -> int:
        """How many there are."""
        return self.height * self.width

    @property
    def box(self) -> Any:
        """The same for rasterio."""
        return Box(self.column, self.row, self.width, self.height)


def windows(tile: Tile, pixels: int = PIXELS) -> list[Window]:
    """Windows that cover every pixel of a tile once, numbered from 0, row by row.

    They have at most `pixels` pixels and consist of whole blocks of the file; one block may be up to eight times as
    large. Larger blocks are cut.
    """
    height, width = _steps(tile, pixels)
    corners = [(row, column) for row in range(0, tile.height, height) for column in range(0, tile.width, width)]
    return [
        Window(number, row, column, min(height, tile.height - row), min(width, tile.width - column))
        for number, (row, column) in enumerate(corners)
    ]


def read(
    tile: Tile, window: Window, may_lack: Sequence[bool] | None = None, nodata: Sequence[float] = ()
) -> tuple[Floats, Bools]:
    """The features of a window's valid pixels (pixels × features, row by row), and which are valid (height × width).

    A band has a value where it is not nodata, masked, NaN or infinite, nor one of the `nodata` values of features. A
    pixel is valid if all bands have one; or else if at least one has, and those that have none are features that
    `may_lack` it: they are NaN there. Scale and offset of the bands are applied.

    Raises:
        InputError: a file cannot be read, or is not what it was when the tile was opened.
    """
    with reading(tile, may_lack, nodata) as read_window:
        return read_window(window)


@contextmanager
def reading(
    tile: Tile, may_lack: Sequence[bool] | None = None, nodata: Sequence[float] = ()
) -> Iterator[Callable[[Window], tuple[Floats, Bools]]]:
    """`read` for many windows: the files stay open until the block ends.

    Raises:
        InputError: a file cannot be opened, or is not what it was when the tile was opened.
    """
    with ExitStack() as stack:
        sources = [_source(stack, tile, places) for places in _by_file(tile)]
        yield lambda window: _read(tile.bands, sources, window, may_lack or [False] * len(tile.bands), nodata)


class _Source(NamedTuple):
    """An open file: the bands to read, by number, which feature each is, and the band of transparency, if it has one.

    Of a band of transparency GDAL makes a mask only if it is of one or two bytes without sign.
    """

    dataset: Any
    numbers: list[int]
    transparency: list[int]
    features: list[int]
    place: str


def _by_file(tile: Tile) -> list[list[int]]:
    """Which features each file has."""
    files = dict.fromkeys(band.file for band in tile.bands)
    return [[place for place, band in enumerate(tile.bands) if band.file == file] for file in files]


def _source(stack: ExitStack, tile: Tile, features: list[int]) -> _Source:
    """Open the file of these features, on the tile's grid."""
    bands = [tile.bands[feature] for feature in features]
    numbers, place = [band.number for band in bands], shown(bands[0].file)
    dataset = stack.enter_context(opened(bands[0].file))
    size = None if bands[0].resampling else (tile.width, tile.height)
    _check_unchanged(dataset, bands, size)
    if bands[0].resampling:
        dataset = stack.enter_context(_on_grid(dataset, tile, bands[0].resampling))
    return _Source(dataset, numbers, _transparency(dataset), features, place)


def _transparency(dataset: Any) -> list[int]:
    return [number for number, kind in enumerate(dataset.colorinterp, start=1) if kind is ColorInterp.alpha]


def _check_unchanged(dataset: Any, bands: Sequence[Band], size: tuple[int, int] | None) -> None:
    same = size in (None, (dataset.width, dataset.height)) and all(
        band.number <= dataset.count and dataset.dtypes[band.number - 1] == band.dtype for band in bands
    )
    if not same:
        raise InputError(f"{shown(bands[0].file)} has changed since it was opened: start again")


def _on_grid(dataset: Any, tile: Tile, resampling: str) -> Any:
    return WarpedVRT(
        dataset,
        crs=tile.crs,
        transform=tile.transform,
        width=tile.width,
        height=tile.height,
        resampling=Resampling[resampling],
        # Without a value for nodata, a band of transparency says which pixels are outside the file.
        add_alpha=dataset.nodata is None and not _transparency(dataset),
    )


def _read(
    bands: Sequence[Band],
    sources: Sequence[_Source],
    window: Window,
    may_lack: Sequence[bool],
    nodata: Sequence[float],
) -> tuple[Floats, Bools]:
    shape = (window.height, window.width)
    valid, has_some = np.ones(shape, bool), np.zeros(shape, bool)
    stored: dict[int, npt.NDArray[Any]] = {}
    known: dict[int, Bools] = {}
    for source in sources:
        bands_read = _stored(source, window)
        opaque = np.ones(shape, bool)
        for opacity in bands_read[len(source.numbers) :]:
            opaque &= opacity.data > 0
        for feature, values in zip(source.features, bands_read, strict=False):
            here = opaque & ~np.ma.getmaskarray(values)
            stored[feature] = values.data
            if values.dtype.kind == "f":
                here &= np.isfinite(values.data)
            if nodata:
                # What was written with 32 bits is compared with 32 bits, as in tables.
                found = _of_feature(values.data, bands[feature])
                here &= ~np.isin(found, [*nodata, *np.array(nodata, np.float32).astype(float)])
            has_some |= here
            if may_lack[feature]:
                known[feature] = here
            else:
                valid &= here
    valid &= has_some
    features = np.empty((np.count_nonzero(valid), len(bands)))
    for feature, band in enumerate(bands):
        features[:, feature] = _of_feature(stored.pop(feature)[valid], band)
        if feature in known:
            features[~known.pop(feature)[valid], feature] = np.nan
    return features, valid


def _of_feature(stored: npt.NDArray[Any], band: Band) -> Floats:
    """The values of a feature, from those that its band stores."""
    values = stored.astype(np.float64)
    return values if (band.scale, band.offset) == (1, 0) else values * band.scale + band.offset


def _stored(source: _Source, window: Window) -> Any:
    """The stored values (bands × height × width), masked where GDAL says that there is none; transparency last."""
    try:
        return source.dataset.read(source.numbers + source.transparency, window=window.box, masked=True)
    except RasterioIOError as error:
        last = window.row + window.height - 1
        raise InputError(
            f"{source.place} cannot be read in rows {window.row} to {last}: {reason(error)}; it is damaged, or its "
            "storage failed: try again, or copy the file again"
        ) from error


def _steps(tile: Tile, pixels: int) -> tuple[int, int]:
    """Rows and columns of a window."""
    height, width = min(tile.block[0], tile.height), min(tile.block[1], tile.width)
    if height * width > _BLOCK_MAY_BE * pixels:
        width = min(width, pixels)
        height = max(1, pixels // width)
    # As wide as high if the blocks allow it, which is best for writing the same windows.
    across = max(1, min(isqrt(pixels) // width, pixels // (height * width)))
    across = min(across, -(-tile.width // width))
    down = max(1, pixels // (height * across * width))
    return height * down, width * across
