"""How large a pixel is on the ground, and where."""

from math import cos, hypot, radians
from typing import Any, NamedTuple

from affine import Affine
from rasterio._err import CPLE_BaseError
from rasterio.errors import CRSError, RasterioError
from rasterio.warp import transform as to_other_system

WGS84 = "EPSG:4326"
# A map projection that stretches lengths by more than this is not believed; Mercator of the web doubles them at 60°.
_STRETCHED = 0.01
_NO_ANSWER = (CRSError, RasterioError, CPLE_BaseError)


class PixelSize(NamedTuple):
    """Metres from a pixel to the next one in its row and in its column, and square metres of a pixel."""

    across: float
    down: float
    area: float


def size_of_pixel(crs: Any, transform: Affine, column: float, row: float) -> PixelSize | None:
    """The size of the pixel at a place in a raster; None if nothing says where it is.

    In a projected system it is that of the system's units, unless the projection stretches lengths by more than 1 %
    there. Otherwise it is calculated from longitude and latitude (WGS 84), to about 0.1 %.
    """
    if crs is None or transform == Affine.identity():
        return None
    by_units = _by_units(crs, transform)
    by_degrees = _by_degrees(crs, transform, column, row)
    if by_units and by_degrees:
        stretched = max(abs(units / degrees - 1) for units, degrees in zip(by_units, by_degrees, strict=True))
        return by_degrees if stretched > _STRETCHED else by_units
    return by_units or by_degrees


def lon_lat(crs: Any, x: float, y: float) -> tuple[float, float] | None:
    """Longitude and latitude (WGS 84) of a place in a reference system; None if it is not on the globe."""
    if crs is None:
        return None
    try:
        longitudes, latitudes = to_other_system(crs, WGS84, [x], [y])
    except _NO_ANSWER:  # a system of a building site, or a place beyond the system's area
        return None
    return (longitudes[0], latitudes[0]) if abs(latitudes[0]) <= 90 else None


def _by_units(crs: Any, transform: Affine) -> PixelSize | None:
    if crs.is_geographic:
        return None
    try:
        metres = crs.units_factor[1]
    except _NO_ANSWER:
        return None
    return _size((transform.a, transform.d), (transform.b, transform.e), metres, metres)


def _by_degrees(crs: Any, transform: Affine, column: float, row: float) -> PixelSize | None:
    """The size by the way to the next pixels in longitude and latitude."""
    places = [lon_lat(crs, *(transform @ (column + right, row + below))) for right, below in ((0, 0), (1, 0), (0, 1))]
    here, right, below = places
    if here is None or right is None or below is None:
        return None
    east, north = _metres_of_degree(here[1])
    return _size(_way(here, right), _way(here, below), east, north)


def _way(here: tuple[float, float], there: tuple[float, float]) -> tuple[float, float]:
    """Degrees of longitude and latitude, also across the date line."""
    return (there[0] - here[0] + 180) % 360 - 180, there[1] - here[1]


def _metres_of_degree(latitude: float) -> tuple[float, float]:
    """Metres of a degree of longitude and of one of latitude on the WGS 84 ellipsoid."""
    angle = radians(latitude)
    east = 111_412.84 * cos(angle) - 93.5 * cos(3 * angle) + 0.118 * cos(5 * angle)
    north = 111_132.92 - 559.82 * cos(2 * angle) + 1.175 * cos(4 * angle) - 0.0023 * cos(6 * angle)
    return east, north


def _size(right: tuple[float, float], below: tuple[float, float], east: float, north: float) -> PixelSize:
    across, down = ((x * east, y * north) for x, y in (right, below))
    return PixelSize(hypot(*across), hypot(*down), abs(across[0] * down[1] - across[1] * down[0]))
