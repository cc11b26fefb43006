"""Writing what a model says of a tile's pixels as Cloud Optimized GeoTIFFs, on the tile's grid."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
import rasterio.shutil
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError

from lib.errors import ExperimentError
from lib.rasters.files import gdal, opened, reason, without_warning
from lib.rasters.tiles import Tile
from lib.rasters.windows import Bools, Window, windows
from lib.support.atomic_write import replacing_path

Values = npt.NDArray[Any]
Piece = tuple[Window, Mapping[str, Values], Bools]
"""A window, what its valid pixels are by output (in the order of `read`), and which pixels are valid."""

_BLOCK = 512
# Deflate, because every GIS reads it.
_COG = {"COMPRESS": "DEFLATE", "PREDICTOR": "YES", "BLOCKSIZE": str(_BLOCK), "BIGTIFF": "IF_SAFER"}


@dataclass(frozen=True)
class Output:
    """What one map is like.

    Attributes:
        dtype: numpy's name of its type.
        nodata: the value of pixels that are not valid.
        description: that of its band.
        overviews: how its overviews are made: average, mode or nearest.
        colours: red, green, blue and opacity (0-255) of values, for maps of classes (uint8).
    """

    dtype: str
    nodata: float
    description: str
    overviews: str = "average"
    colours: Mapping[int, tuple[int, int, int, int]] = field(default_factory=lambda: MappingProxyType({}))


OUTPUTS: Mapping[str, Output] = MappingProxyType(
    {
        "score": Output("float32", np.nan, "score: probability of class 1"),
        "calibrated": Output("float32", np.nan, "calibrated: the share of class 1 among rows with such a score"),
        "class": Output(
            "uint8",
            255,
            "class at the model's threshold",
            "mode",
            MappingProxyType({0: (217, 217, 217, 255), 1: (230, 159, 0, 255), 255: (0, 0, 0, 0)}),
        ),
        "spread": Output("float32", np.nan, "spread: standard deviation of the trees' votes"),
        "dissimilarity": Output("float32", np.nan, "dissimilarity to the training rows"),
    }
)
"""The maps of a scoring."""


def write_cogs(
    tile: Tile,
    folder: Path,
    pieces: Iterable[Piece],
    outputs: Mapping[str, Output] = OUTPUTS,
    tags: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Path]:
    """Write one Cloud Optimized GeoTIFF for each output, `<folder>/<name>.tif`, and return their paths.

    The pieces cover the tile; they may come in any order, are used one at a time, and have values for each output. All
    files appear when the last is complete, or none of them does. `tags` are written into each.

    On the disk this needs the maps' size uncompressed beside what it leaves: 17 bytes a pixel for all of `OUTPUTS`.

    Raises:
        ExperimentError: the disk is full or cannot be written.
        ValueError: the pieces do not cover the tile, or one does not fit its window.
    """
    files = {name: folder / f"{name}.tif" for name in outputs}
    with _explained(folder), gdal(), ExitStack() as stack:
        folder.mkdir(parents=True, exist_ok=True)
        _check_space(tile, folder, outputs)
        # In the folder, so that what is complete needs only a new name.
        work = Path(stack.enter_context(TemporaryDirectory(prefix=".maps-", dir=folder)))
        counts = _draft(tile, work, pieces, outputs, tags)
        for name, output in outputs.items():
            _optimize(work, name, output)
            # GDAL may only log that a full disk has swallowed a block.
            if _values_in(_complete(work, name), output) != counts[name]:
                raise ExperimentError(f"{files[name]} was not written whole: check the disk of {folder}")
        for name, file in files.items():
            with replacing_path(file) as hidden:
                shutil.move(_complete(work, name), hidden)
    return files


def _raw(work: Path, name: str) -> Path:
    """A plain GeoTIFF: any window can be written into it at once, while a COG is made from a whole image."""
    return work / f"{name}.raw.tif"


def _complete(work: Path, name: str) -> Path:
    return work / f"{name}.tif"


def _optimize(work: Path, name: str, output: Output) -> None:
    """Make the COG of a plain GeoTIFF, and delete that."""
    settings = {**_COG, "OVERVIEW_RESAMPLING": output.overviews, "NUM_THREADS": "ALL_CPUS"}
    with without_warning():
        rasterio.shutil.copy(_raw(work, name), _complete(work, name), driver="COG", **settings)
    _raw(work, name).unlink()


def _check_space(tile: Tile, folder: Path, outputs: Mapping[str, Output]) -> None:
    needed = 2 * tile.width * tile.height * sum(np.dtype(output.dtype).itemsize for output in outputs.values())
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ExperimentError(
            f"{folder} has {free / 1e9:.1f} GB left, and the maps of a tile of {tile.width} × {tile.height} pixels "
            f"need up to {needed / 1e9:.1f} GB while they are written: free some, or choose another folder"
        )


def _draft(
    tile: Tile,
    work: Path,
    pieces: Iterable[Piece],
    outputs: Mapping[str, Output],
    tags: Mapping[str, str],
) -> dict[str, int]:
    """Write the pieces into plain GeoTIFFs, and count the values in each that are not nodata."""
    covered = set()
    counts = dict.fromkeys(outputs, 0)
    pixels = 0
    with ExitStack() as stack:
        datasets = {name: stack.enter_context(_new(tile, _raw(work, name), outputs[name], tags)) for name in outputs}
        for window, values, valid in pieces:
            if window.number in covered:
                raise ValueError(f"window {window.number} came twice")
            covered.add(window.number)
            pixels += window.pixels
            for name, output in outputs.items():
                image = _image(window, values[name], valid, output)
                counts[name] += _count(image, output)
                datasets[name].write(image, 1, window=window.box)
    if pixels != tile.width * tile.height:
        raise ValueError(f"the pieces have {pixels} of the tile's {tile.width * tile.height} pixels")
    return counts


@contextmanager
def _new(tile: Tile, file: Path, output: Output, tags: Mapping[str, str]) -> Iterator[Any]:
    with without_warning():
        dataset = rasterio.open(
            file,
            "w",
            driver="GTiff",
            width=tile.width,
            height=tile.height,
            count=1,
            dtype=output.dtype,
            nodata=output.nodata,
            crs=tile.crs,
            transform=tile.transform,
            tiled=True,
            blockxsize=_BLOCK,
            blockysize=_BLOCK,
            sparse_ok=True,
            bigtiff="if_safer",
        )
    with dataset:
        dataset.set_band_description(1, output.description)
        dataset.update_tags(**tags)
        if output.colours:
            dataset.write_colormap(1, dict(output.colours))
        yield dataset


def _image(window: Window, values: Values, valid: Bools, output: Output) -> Values:
    """The pixels of a window, height × width."""
    if valid.shape != (window.height, window.width) or values.shape != (np.count_nonzero(valid),):
        raise ValueError(
            f"{values.shape} values and {valid.shape} pixels for a window of {window.height} × {window.width}"
        )
    image = np.full(valid.shape, output.nodata, output.dtype)
    image[valid] = values
    return image


def _count(image: Values, output: Output) -> int:
    there = ~np.isnan(image) if np.isnan(output.nodata) else image != output.nodata
    return int(np.count_nonzero(there))


def _values_in(file: Path, output: Output) -> int:
    with opened(str(file)) as dataset:
        grid = Tile((), None, dataset.transform, dataset.width, dataset.height, dataset.block_shapes[0])
        return sum(_count(dataset.read(1, window=window.box), output) for window in windows(grid))


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """An error of writing as one sentence."""
    try:
        yield
    except (OSError, RasterioError, CPLE_BaseError) as error:
        raise ExperimentError(
            f"cannot write maps to {folder}: {reason(error)}; check its permissions and the space left on its disk"
        ) from error
