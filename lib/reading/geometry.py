"""What a parquet file with geometries (GeoParquet) says of them. It needs no Spark."""

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


def coordinates(geometries: Iterable[bytes | None]) -> npt.NDArray[np.float64]:
    """The coordinates of points in well-known binary (points × 2); NaN for what is no point, empty, or missing."""
    return np.array([_point(each) for each in geometries], np.float64).reshape(-1, 2)


def _point(geometry: bytes | None) -> tuple[float, float]:
    if geometry is None or len(geometry) < _POINT_BYTES:
        return np.nan, np.nan
    code, x, y = struct.unpack_from("<Idd" if geometry[0] == 1 else ">Idd", geometry, 1)
    return (x, y) if code in _POINT_CODES else (np.nan, np.nan)
