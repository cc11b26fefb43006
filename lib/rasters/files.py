"""Opening raster files with GDAL: what places mean to it, its settings, and its errors as one sentence."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioIOError

from lib.errors import InputError, MissingInputError
from lib.support import s3_uri

_VSIS3 = "/vsis3/"
# By default each process may keep 5 % of the machine's memory, and there is one process for each task.
_CACHE_BYTES = 128 * 2**20
_SETTINGS = {"GDAL_CACHEMAX": _CACHE_BYTES, "GDAL_HTTP_MAX_RETRY": "5", "GDAL_HTTP_RETRY_DELAY": "1"}


def gdal_name(place: str) -> str:
    """What GDAL calls a place: a path on this machine or a `file:` URI, or an object in S3.

    GDAL finds the credentials for S3 itself: those of the environment, of the user's files, or of the EC2 instance.

    Raises:
        InputError: the place is on another file system.
    """
    if s3_uri.is_s3(place):
        bucket, key = s3_uri.bucket_and_key(place)
        return f"{_VSIS3}{bucket}/{key}"
    scheme, colon, rest = place.partition(":")
    if colon and scheme.lower() == "file":
        path = Path(f"/{rest[2:].partition('/')[2]}" if rest.startswith("//") else rest)
        # Hadoop writes names as they are, people as URIs want them: a file may really be called a%20b.tif.
        return str((path if path.exists() else Path(unquote(str(path)))).absolute())
    if "://" in place or (colon and scheme.lower() == "hdfs"):
        raise InputError(
            f"{place}: rasters are read from S3 and from the disks of this machine, not from {scheme}: copy it to S3 "
            "(from HDFS with hadoop distcp) and give the copy"
        )
    return place if place.startswith("/vsi") else str(Path(place).absolute())


def shown(name: str) -> str:
    """The place that GDAL calls so, as users write it."""
    return f"s3://{name.removeprefix(_VSIS3)}" if name.startswith(_VSIS3) else name


def is_raster(place: str) -> bool:
    """Whether GDAL opens a file as a raster, whatever its name is."""
    try:
        with opened(gdal_name(place)):
            return True
    except InputError:
        return False


@contextmanager
def opened(name: str) -> Iterator[Any]:
    """The dataset of a file, by GDAL's name for it.

    Raises:
        InputError: there is none, or GDAL cannot open it.
    """
    # Listing a bucket's folder may take longer than reading; GDAL then asks for the few files that may stand beside.
    listing = "TRUE" if name.startswith(_VSIS3) else "FALSE"
    with gdal(GDAL_DISABLE_READDIR_ON_OPEN=listing):
        with without_warning():
            dataset = _open(name)
        with dataset:
            yield dataset


@contextmanager
def gdal(**settings: str) -> Iterator[None]:
    """GDAL with the project's settings, and others."""
    with rasterio.Env(**_SETTINGS, **settings):
        yield


@contextmanager
def without_warning() -> Iterator[None]:
    """Without rasterio's warning of a dataset that has no georeference, when it is opened or made."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield


def reason(error: Exception) -> str:
    """What GDAL says, on one line; rasterio's own message often refers to its cause."""
    said = error.__cause__ or error.__context__ or error
    return " ".join(str(said).split()).rstrip(".")


def _open(name: str) -> Any:
    try:
        return rasterio.open(name)
    except RasterioIOError as error:
        if not name.startswith("/vsi") and not Path(name).exists():
            raise MissingInputError(f"there is no raster at {name}: check --input-data") from error
        raise InputError(
            f"{shown(name)} cannot be opened as a raster: {reason(error)}; give a GeoTIFF or another format that GDAL "
            "reads, and check that it is whole and may be read"
        ) from error
