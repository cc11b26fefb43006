"""What a parquet file with geometries (GeoParquet) says of them, and where they are. It needs no Spark.

Points are read without a library. The centroids of other geometries need shapely, which need not be installed.
"""

import importlib
import importlib.util
import json
import struct
from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

X, Y = "x", "y"
_POINTS = ("Point", "Point Z")
# The codes of a point in well-known binary: plain, and with Z, M or both; either as ISO or as an older flag says it.
_POINT_CODES = {1, 1001, 2001, 3001, 0x8000_0001, 0x4000_0001, 0xC000_0001}
_POINT_BYTES = 21


def geometry_of(metadata: Mapping[bytes, bytes] | None) -> tuple[str, tuple[str, ...]] | None:
    """The column of a file's geometries as well-known binary, and their kinds (none: not said); None without one."""
    try:
        geo = json.loads((metadata or {})[b"geo"])
        column = geo["columns"][geo["primary_column"]]
        if column["encoding"] != "WKB":
            return None
        return geo["primary_column"], tuple(column.get("geometry_types", ()))
    except (KeyError, TypeError, ValueError):
        return None


def are_points(kinds: Iterable[str]) -> bool:
    """Whether geometries of these kinds are all points."""
    found = set(kinds)
    return bool(found) and found <= set(_POINTS)


def has_centroids() -> bool:
    """Whether the centroids of geometries that are no points can be found here."""
    return importlib.util.find_spec("shapely") is not None


def coordinates(geometries: Iterable[bytes | None]) -> npt.NDArray[np.float64]:
    """The coordinates of geometries in well-known binary (geometries × 2): of points as they are, of others of their
    centroid, if this can be found here. NaN for others, and for what is empty, damaged or missing.
    """
    known = list(geometries)
    found = np.array([_point(each) for each in known], np.float64).reshape(-1, 2)
    others = [place for place in np.flatnonzero(np.isnan(found[:, 0])) if known[place]]
    if others and has_centroids():
        shapely = importlib.import_module("shapely")
        centres = shapely.centroid(shapely.from_wkb([known[place] for place in others], on_invalid="ignore"))
        is_somewhere = ~(shapely.is_missing(centres) | shapely.is_empty(centres))
        found[np.array(others)[is_somewhere]] = shapely.get_coordinates(centres[is_somewhere])
    return found


def _point(geometry: bytes | None) -> tuple[float, float]:
    if geometry is None or len(geometry) < _POINT_BYTES:
        return np.nan, np.nan
    code, x, y = struct.unpack_from("<Idd" if geometry[0] == 1 else ">Idd", geometry, 1)
    return (x, y) if code in _POINT_CODES else (np.nan, np.nan)
