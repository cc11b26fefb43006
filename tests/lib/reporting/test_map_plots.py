"""Pictures of maps: what each pixel is, the scale bar, and what explains the colours."""

import re
from math import cos, radians

import numpy as np
import pytest
from affine import Affine
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle
from rasterio.crs import CRS

from lib.rasters.ground import PixelSize, size_of_pixel
from lib.rasters.quicklook import Overview
from lib.rasters.targets import Area, geojson, properties
from lib.reporting.language.words import Words
from lib.reporting.map_plots import KINDS, tile_map
from lib.reporting.maps import best_areas, by_ground
from lib.scoring.maps import Map
from tests.lib.reporting.test_report import number, tables

# Six pixels: not marked, marked, one about which the trees disagree, one unlike the training rows, one of which both is
# true, and one without a value; the first is at both limits, but not above.
SIX = {
    "score": [0.1, 0.9, 0.6, 0.8, 0.7, np.nan],
    "class": [0, 1, 1, 1, 0, np.nan],
    "spread": [0.2, 0.1, 0.3, 0.1, 0.4, np.nan],
    "dissimilarity": [0.5, 0.1, 0.1, 0.6, 0.9, np.nan],
}
LIMITS = {"spread_limit": 0.2, "dissimilarity_limit": 0.5}
EXPECTED = ["unmarked", "marked", "disagree", "outside", "outside", None]
SAID = {
    "en": {"unmarked": "not marked", "marked": "marked", "disagree": "trees disagree",
           "outside": "unlike the training rows", None: "no value"},
    "es": {"unmarked": "sin marcar", "marked": "marcado", "disagree": "los árboles discrepan",
           "outside": "distinto de las filas de entrenamiento", None: "sin valor"},
}  # fmt: skip

AS_IT_IS = Affine.identity()


def of_pixels(extent=(0, 6, 1, 0), shape=None, pixel=None, to_picture=AS_IT_IS, **maps) -> Map:
    arrays = {name: np.array([values], float) for name, values in (maps or SIX).items()}
    overviews = {name: Overview(values, extent, {}) for name, values in arrays.items()}
    return Map("north", overviews, shape or arrays["score"].shape, pixel, to_picture)


def drawn(tile=None, language="en", **record):
    """The picture's axes: the score, the decision, and the key to its colours."""
    figure = tile_map(tile or of_pixels(), {**LIMITS, "best_areas": [], **record}, language)
    parts = {axes.get_label(): axes for axes in figure.axes}
    return parts["score"], parts["decision"], parts["key"]


def colours_of(axes):
    """The colour of each pixel as it is painted; None where nothing is."""
    [picture] = axes.images
    painted = picture.to_rgba(picture.get_array())[0]
    return [tuple(np.round(colour[:3], 3)) if colour[3] else None for colour in painted]


def in_key(axes):
    """The colour that the key gives for each text."""
    legend = axes.get_legend()
    patches = {text.get_text(): patch for text, patch in zip(legend.get_texts(), legend.get_patches(), strict=True)}
    return {text: tuple(np.round(patch.get_facecolor()[:3], 3)) for text, patch in patches.items()}


def rgb(colour):
    return tuple(np.round(to_rgb(colour), 3))


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_pixel_has_the_colour_that_the_key_gives_its_kind(language):
    _, decision, key = drawn(language=language)
    explained = in_key(key)
    assert set(explained) == set(SAID[language].values())
    expected = [explained[SAID[language][kind]] if kind else None for kind in EXPECTED]
    assert colours_of(decision) == expected
    assert explained[SAID[language][None]] == rgb("white")
    assert len(set(explained.values())) == 5


def test_without_limits_or_maps_nothing_is_uncertain():
    marked = [rgb(KINDS[name]) for name in ("unmarked", "marked", "marked", "marked", "unmarked")]
    _, decision, key = drawn(spread_limit=None, dissimilarity_limit=None)
    assert colours_of(decision) == [*marked, None]
    assert list(in_key(key)) == ["not marked", "marked", "no value"]
    # A GBT has no spread.
    without = {name: values for name, values in SIX.items() if name != "spread"}
    _, decision, key = drawn(of_pixels(**without), spread_limit=None)
    assert colours_of(decision)[2:5] == [rgb(KINDS[name]) for name in ("marked", "outside", "outside")]
    assert "trees disagree" not in in_key(key)


def test_the_scores_are_shown_as_they_are():
    score, _, _ = drawn()
    [picture] = score.images
    assert np.array_equal(picture.get_array().filled(np.nan), [SIX["score"]], equal_nan=True)
    assert picture.get_clim() == (0, 1)


def bar_of(axes):
    """The width of the scale bar in the map's coordinates, and the metres that it says."""
    [bar] = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    [said] = [text.get_text() for text in axes.texts]
    value, unit = re.fullmatch(r"([\d.,]+) (k?m)", said).groups()
    return abs(bar.get_width()), float(value.replace(",", ".")) * {"m": 1, "km": 1000}[unit]


@pytest.mark.parametrize(
    ("pixel", "columns", "metres"),
    [(10, 90, 200), (10, 10980, 20_000), (30, 7000, 50_000), (0.5, 100, 10), (0.1, 9, 0.2), (1000, 4, 1000)],
)
def test_the_bar_is_as_long_as_it_says_in_metres(pixel, columns, metres):
    # Overviews have fewer pixels than the tile.
    extent = (399960, 399960 + pixel * columns, 4600020 - pixel, 4600020)
    tile = of_pixels(extent, (1, columns), PixelSize(pixel, pixel, pixel**2))
    for language in ("en", "es"):
        width, said = bar_of(drawn(tile, language)[0])
        assert said == pytest.approx(metres)
        assert width == pytest.approx(metres)  # the coordinates are metres


@pytest.mark.parametrize("latitude", [0, -23, 60])
def test_the_bar_is_as_long_as_it_says_in_degrees(latitude):
    step = 1e-4
    transform = Affine(step, 0, -68, 0, -step, latitude)
    pixel = size_of_pixel(CRS.from_epsg(4326), transform, 500, 0)
    tile = of_pixels((-68, -68 + 1000 * step, latitude - step, latitude), (1, 1000), pixel)
    width, said = bar_of(drawn(tile)[0])
    # A degree of longitude on a ball of the earth's radius at the equator; the ellipsoid differs by 0.3 %.
    assert width * 111_320 * cos(radians(latitude)) == pytest.approx(said, rel=0.004)
    assert said in (1000, 2000)


def test_without_a_place_on_the_ground_there_is_no_bar():
    score, decision, _ = drawn(of_pixels(pixel=None))
    assert not score.patches
    assert not score.texts
    assert not decision.texts


def tile_of(rows, pixel_m2, marked, applicable):
    return {"tile": "t", "rows": rows, "pixel_m2": pixel_m2, "share_marked": marked, "share_applicable": applicable}


def test_shares_of_tiles_with_other_pixels_are_shares_of_the_ground():
    fine, coarse, empty = tile_of(900, 100, 0.5, 1.0), tile_of(100, 900, 0.1, 0.2), tile_of(0, 1e6, None, None)
    record = {"share_marked": 0.46, "share_applicable": 0.92, "rows": 1000}
    found = by_ground({**record, "tiles": [fine, coarse, empty]})
    # As much ground in both: 900 × 100 m² and 100 × 900 m².
    assert (found["share_marked"], found["share_applicable"]) == (pytest.approx(0.3), pytest.approx(0.6))
    assert found["shares_of"] == "ground"
    for tiles in ([fine, {**coarse, "pixel_m2": 100.5}], [fine, {**coarse, "pixel_m2": None}], [fine]):
        same = {**record, "tiles": tiles}
        assert by_ground(same) == same


AREAS = [
    (
        "north",
        Area(30, 3000.0, 0.91, 0.99, 5.0, 0.5, -68.12345678, -23.5, 0.75, {"type": "Polygon", "coordinates": []}),
    ),
    ("south", Area(700, 70_000.0, 0.8, 0.9, 7.0, 8.0, -68.5, -23.25, None, None)),
    ("north", Area(200_000, 2e7, 0.7, 0.95, 1.0, 0.25, -68.0, -23.125, 1.0, None)),
]
LISTED = [{"tile": tile, **properties(area)} for tile, area in AREAS]


def test_the_numbers_of_the_best_areas_of_a_tile_stand_at_their_centres():
    _, decision, _ = drawn(best_areas=LISTED)
    assert {(text.get_text().strip("$"), text.xy) for text in decision.texts} == {("1", (5.0, 0.5)), ("3", (1.0, 0.25))}
    # A rotated tile is shown by its pixels.
    transform = Affine.rotation(30) @ Affine.scale(10, -10)
    x, y = transform @ (3.5, 0.25)
    turned = [{**LISTED[0], "x": x, "y": y}]
    _, decision, _ = drawn(of_pixels(to_picture=~transform), best_areas=turned)
    assert [text.xy for text in decision.texts] == [pytest.approx((3.5, 0.25))]


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_table_of_areas_says_what_the_geojson_says(language):
    said = best_areas({"best_areas": LISTED, "tiles": [{}, {}]}, Words(language))
    header, *rows = tables(said)[0]
    words = Words(language)
    column = {name: header.index(words(f"areas.{name}")) for name in ("rank", "tile", "lat", "lon", "mean", "highest")}
    for row, feature in zip(rows, geojson(AREAS)["features"], strict=True):
        found = feature["properties"]
        assert (row[column["rank"]], row[column["tile"]].strip("`")) == (str(found["rank"]), found["tile"])
        for name, key, digits in (
            ("lat", "lat", 5), ("lon", "lon", 5), ("mean", "mean_score", 3), ("highest", "max_score", 3)
        ):  # fmt: skip
            text = row[column[name]].replace("\u2212", "-")
            assert number(text, language) == pytest.approx(round(found[key], digits))
    cells = {
        name: [row[header.index(words(f"areas.{name}"))] for row in rows] for name in ("size", "pixels", "applicable")
    }
    point, thousand, percent = (".", ",", "%") if language == "en" else (",", "", " %")
    assert cells["size"] == [f"3{thousand}000\u00a0m²", f"7{point}0\u00a0ha", f"20{point}0\u00a0km²"]
    assert [re.sub(r"\D", "", cell) for cell in cells["pixels"]] == ["30", "700", "200000"]
    assert [cell.replace("\u00a0", " ") for cell in cells["applicable"]] == [f"75{percent}", "–", f"100{percent}"]
