"""Maps of raster tiles: equal to the scores of the same pixels as a table, and whole or not there."""

import json
import shutil
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
import rasterio
from affine import Affine
from markdown_it import MarkdownIt
from pyspark.ml import Pipeline
from pyspark.ml.classification import RandomForestClassifier
from pyspark.ml.feature import VectorAssembler
from rasterio.windows import Window
from rio_cogeo.cogeo import cog_validate

from lib.errors import InputError
from lib.rasters import windows as raster_windows
from lib.rasters.files import without_warning
from lib.rasters.tile_set import named_tiles
from lib.reporting import scoring_report
from lib.scoring import scoring, windows
from lib.scoring.model import load_model
from tests.lib.rasters.make import UTM, raster
from tests.lib.scoring.conftest import FEATURES
from tests.lib.tables import make_table, write

HEIGHT, WIDTH = 70, 90


def bands(seed=9, height=HEIGHT, width=WIDTH):
    """Four smooth bands, the features of the model; some pixels have no value, and some lie far from the table."""
    rng = np.random.default_rng(seed)
    row, column = np.mgrid[:height, :width]
    waves = [np.sin(row / rng.uniform(5, 20) + column / rng.uniform(5, 20)) for _ in FEATURES]
    values = np.array(waves) + rng.normal(0, 0.1, (4, height, width))
    values[0, :3, :7] = np.nan
    values[2, 5:6, 5:6] = np.inf
    values[0, -20:, -20:] += 40
    return values


@pytest.fixture(scope="module")
def tile(place):
    return raster(place / "north.tif", bands(), FEATURES, tiled=True, blockxsize=16, blockysize=16)


@pytest.fixture(scope="module")
def scored(spark, trained, tile):
    found = scoring.score(spark, trained.folder, tile, trained.out)
    scoring.finish(spark, found)
    return found


@pytest.fixture(scope="module")
def as_table(spark, trained, place):
    """The same pixels, scored as a table, by row and column."""
    values = bands().reshape(4, -1).T
    table = pd.DataFrame(values, columns=FEATURES).assign(pixel=np.arange(len(values)))
    table = table[np.isfinite(values).all(axis=1)]
    found = scoring.score(
        spark, trained.folder, write(table, place / "pixels.parquet"), str(place / "table"), id_cols=["pixel"]
    )
    return pd.read_parquet(f"{found.folder}/scores").set_index("pixel"), found.record


def in_small_windows(monkeypatch):
    monkeypatch.setattr(windows, "windows", lambda tile: raster_windows.windows(tile, 700))


def read(folder, name, tile="north"):
    with without_warning(), rasterio.open(Path(folder, "maps", tile, f"{name}.tif")) as dataset:
        return dataset.read(1, masked=True)


@pytest.mark.parametrize("name", ["score", "calibrated", "class", "spread", "dissimilarity"])
def test_maps_are_the_scores_of_the_pixels_as_a_table(scored, as_table, name):
    table, _ = as_table
    found = read(scored.folder, name)
    valid = ~np.ma.getmaskarray(found).ravel()
    assert np.flatnonzero(valid).tolist() == sorted(table.index)
    expected = table.sort_index()[name].to_numpy().astype(found.dtype)
    assert np.array_equal(found.data.ravel()[valid], expected)


def test_maps_are_cogs_on_the_grid_of_the_tile(scored, tile):
    with rasterio.open(tile) as source:
        for file in Path(scored.folder, "maps", "north").iterdir():
            assert cog_validate(file, quiet=True) == (True, [], [])
            with rasterio.open(file) as dataset:
                assert (dataset.crs, dataset.transform, dataset.shape) == (source.crs, source.transform, source.shape)
                assert dataset.tags()["threshold"] == str(scored.record["threshold"])


def test_the_record_is_that_of_the_pixels_as_a_table(scored, as_table):
    record = json.loads(Path(scored.folder, "scores.json").read_text())
    assert record == scored.record
    _, of_table = as_table
    same = ("rows", "histogram", "threshold", *(name for name in of_table if name.startswith("share_")))
    assert {name: record[name] for name in same} == {name: of_table[name] for name in same}
    # The sample is all pixels, for there are few.
    assert record["applicability"] == of_table["applicability"]
    [tile] = record["tiles"]
    assert (tile["tile"], tile["width"], tile["height"], tile["pixel_m2"]) == ("north", WIDTH, HEIGHT, 100)
    assert tile["rows"] == record["rows"]
    assert not Path(scored.folder, "windows").exists()


def test_the_best_areas_are_above_the_threshold(scored):
    areas = json.loads(Path(scored.folder, "best_areas.geojson").read_text())["features"]
    assert len(areas) == len(scored.record["best_areas"]) > 1
    worth = [each["properties"]["mean_score"] * each["properties"]["area_m2"] for each in areas]
    assert worth == sorted(worth, reverse=True)
    marked = int((read(scored.folder, "class") == 1).sum())
    assert 0 < sum(each["properties"]["pixels"] for each in areas) <= marked


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_report_shows_a_map(spark, scored, language):
    report = scoring_report.write(spark, scored, language)
    assert {"map_north.png"} <= set(report.images)
    for name in report.images:
        assert f"]({name})" in report.markdown
    assert "| 1 | " in report.markdown


def test_a_tile_may_have_any_name(spark, trained, place):
    name = "mi tile (1) [50%]"
    found = scoring.score(
        spark, trained.folder, raster(place / f"{name}.tif", bands(4, 20, 30), FEATURES), str(place / "any_name")
    )
    report = scoring_report.write(spark, found)
    pictures = [
        each
        for block in MarkdownIt().parse(report.markdown)
        for each in block.children or []
        if each.type == "image" and "map_" in each.attrs["src"]
    ]
    assert [unquote(each.attrs["src"]) for each in pictures] == [f"map_{name}.png"]
    assert name in pictures[0].content.replace("\\", "")
    assert Path(found.folder, f"map_{name}.png").exists()
    assert f"map_{name}"[:8] not in report.page()  # it is inside the page


def test_a_file_for_each_band_and_several_tiles(spark, trained, tile, scored, place):
    folder = place / "south"
    folder.mkdir()
    values = bands(3, 20, 30)
    for name, band in zip(FEATURES, values, strict=True):
        raster(folder / f"{name}.tif", band[None])
    found = scoring.score(spark, trained.folder, [tile, str(folder)], str(place / "several"))
    assert [each["tile"] for each in found.record["tiles"]] == ["north", "south"]
    assert np.array_equal(read(found.folder, "score").filled(9), read(scored.folder, "score").filled(9))
    assert read(found.folder, "score", "south").shape == (20, 30)
    assert found.record["rows"] == sum(each["rows"] for each in found.record["tiles"])


def test_the_report_on_tiles_of_10_and_30_metres_gives_shares_of_the_ground(spark, trained, tile, place):
    coarse = raster(place / "coarse.tif", bands(3, 30, 30), FEATURES, transform=UTM["transform"] @ Affine.scale(3))
    found = scoring.score(spark, trained.folder, [tile, coarse], str(place / "two_grids"))
    marked = ground = 0
    for name, area in (("north", 100), ("coarse", 900)):
        classes = read(found.folder, "class", name)
        marked, ground = marked + area * int((classes == 1).sum()), ground + area * int(classes.count())
    report = scoring_report.render(found).markdown
    assert f"**{marked / ground:.1%} of the hectares are marked ({marked / 1e4:.1f}\u00a0ha):**" in report
    assert "de las hectáreas" in scoring_report.render(found, "es").markdown
    assert (
        "hectares"
        not in scoring_report.render(
            scoring.Scored(found.folder, {**found.record, "tiles": found.record["tiles"][:1]}, {})
        ).markdown
    )


def test_bands_by_number_in_any_windows(spark, trained, scored, place, monkeypatch):
    in_small_windows(monkeypatch)
    monkeypatch.setattr(windows, "most_rows", lambda n_features: 500)
    file = raster(place / "nameless.tif", bands()[::-1], tiled=True, blockxsize=16, blockysize=16)
    numbers = {name: 4 - place for place, name in enumerate(FEATURES)}
    found = scoring.score(spark, trained.folder, file, str(place / "numbers"), bands=numbers)
    for name in ("score", "class", "spread", "dissimilarity"):
        assert np.array_equal(read(found.folder, name, "nameless").filled(9), read(scored.folder, name).filled(9))
    assert found.record["histogram"] == scored.record["histogram"]
    assert 400 < found.record["applicability"]["rows"] < 600


def test_a_run_that_died_scores_no_finished_window_again(spark, trained, scored, tile, place, monkeypatch):
    in_small_windows(monkeypatch)
    out, run_id = str(place / "died"), "20260101_000000"
    first = scoring.score(spark, trained.folder, tile, out, run_id=run_id)
    shutil.rmtree(Path(first.folder, "maps"))
    finished = sorted(Path(first.folder, "windows").glob("part-*"))
    for file in finished[::2]:
        file.unlink()
    with pytest.raises(InputError, match="already exists"):
        scoring.score(spark, trained.folder, tile, out, run_id=run_id)
    found = scoring.score(spark, trained.folder, tile, out, run_id=run_id, resume=True)
    assert found.record["resumed_windows"] == len(finished) // 2 > 0
    changing = {"timings", "seconds", "resumed_windows"}
    assert {k: v for k, v in found.record.items() if k not in changing} == {
        k: v for k, v in first.record.items() if k not in changing
    }
    for name in ("score", "class", "spread", "dissimilarity"):
        assert np.array_equal(read(found.folder, name).filled(9), read(scored.folder, name).filled(9))
    scoring.finish(spark, found)
    with pytest.raises(InputError, match="it is complete"):
        scoring.score(spark, trained.folder, tile, out, run_id=run_id, resume=True)


def test_a_raster_of_3_gb_is_scored_where_it_has_values(spark, place):
    """Sparse, so that it is small on the disk: 16 bands of doubles, which are read window by window as any other."""
    names, side = [f"b{number:02d}" for number in range(16)], 5120
    rng = np.random.default_rng(8)
    table = pd.DataFrame(rng.normal(size=(300, 16)), columns=names)
    table["label"] = (table.b00 > table.b15).astype(float)
    frame = spark.read.parquet(write(table, place / "sixteen.parquet"))
    stages = [VectorAssembler(inputCols=names, outputCol="features"), RandomForestClassifier(numTrees=3, seed=1)]
    Pipeline(stages=stages).fit(frame).save(str(place / "sixteen"))
    patches = {(0, 0): rng.normal(size=(16, 30, 40)), (side - 70, side - 600): rng.normal(size=(16, 70, 600))}
    file = place / "large.tif"
    profile = {**UTM, "width": side, "height": side, "count": 16, "dtype": "float64", "nodata": -9999}
    blocks = {"tiled": True, "blockxsize": 512, "blockysize": 512, "sparse_ok": True, "bigtiff": "yes"}
    with rasterio.open(file, "w", driver="GTiff", **profile, **blocks) as dataset:
        dataset.descriptions = names
        for (row, column), values in patches.items():
            dataset.write(values, window=Window(column, row, values.shape[2], values.shape[1]))
    assert side * side * 16 * 8 > 3e9
    assert file.stat().st_size < 3e8

    found = scoring.score(spark, str(place / "sixteen"), str(file), str(place / "large_out"))
    assert found.record["rows"] == 30 * 40 + 70 * 600
    score = read(found.folder, "score", "large")
    assert score.shape == (side, side)
    assert score.count() == found.record["rows"]
    scorer = load_model(spark, str(place / "sixteen")).scorer
    for (row, column), values in patches.items():
        expected = scorer.score(values.reshape(16, -1).T).astype("float32")
        there = score[row : row + values.shape[1], column : column + values.shape[2]]
        assert np.array_equal(there.filled(9).ravel(), expected)


def test_a_damaged_file_is_one_message(spark, trained, place):
    damaged = place / "damaged.tif"
    smooth = np.round(bands()[:, 20:50, 20:70], 1).astype("float32")
    raster(damaged, smooth, FEATURES, compress="deflate", tiled=True, blockxsize=16, blockysize=16)
    content = damaged.read_bytes()
    middle = len(content) // 2
    damaged.write_bytes(content[:middle] + bytes(500) + content[middle + 500 :])
    with pytest.raises(InputError, match=r"^\S*damaged.tif cannot be read in rows 0 to 29: .*copy the file again$"):
        scoring.score(spark, trained.folder, str(damaged), str(place / "damage"))


def test_what_changed_since_is_not_resumed(spark, trained, tile, place):
    out, run_id = str(place / "changed"), "20260101_000000"
    file = raster(place / "changing.tif", bands(), FEATURES)
    model = load_model(spark, trained.folder)
    tiles = named_tiles([file], FEATURES, None, None)
    folder = f"{out}/scores/score_{run_id}"
    windows.begin(spark, model, list(tiles.values()), folder, resume=False)
    with pytest.raises(InputError, match=r"its tiles and files changed since"):
        scoring.score(spark, trained.folder, tile, out, run_id=run_id, resume=True)
    with pytest.raises(InputError, match="no map was begun there"):
        scoring.score(spark, trained.folder, tile, out, run_id="20260101_000001", resume=True)


def test_odd_grids(spark, trained, place):
    grids = {
        "pixel": (bands(1, 1, 1), {}),
        "rotated": (bands(1, 20, 20), {"transform": Affine.rotation(30) @ Affine.scale(10, -10)}),
        "nowhere": (bands(1, 20, 20), {"crs": None, "transform": Affine.identity()}),
        "degrees": (bands(1, 20, 20), {"crs": "EPSG:4326", "transform": Affine(1e-4, 0, -68, 0, -1e-4, -23)}),
    }
    folder = place / "odd"
    folder.mkdir()
    files = [
        raster(folder / f"{name}.tif", np.nan_to_num(v, posinf=0), FEATURES, **grid)
        for name, (v, grid) in grids.items()
    ]
    found = scoring.score(spark, trained.folder, files, str(place / "grids"))
    tiles = {each["tile"]: each for each in found.record["tiles"]}
    assert tiles["nowhere"]["pixel_m2"] is None
    assert tiles["rotated"]["pixel_m2"] == pytest.approx(100)
    assert 100 < tiles["degrees"]["pixel_m2"] < 125
    assert (tiles["pixel"]["rows"], read(found.folder, "score", "pixel").shape) == (1, (1, 1))
    for name in tiles:
        assert f"map_{name}.png" in scoring_report.render(found).images


def test_what_cannot_be_mapped_is_refused_and_nothing_is_left(spark, trained, tile, place):
    out = str(place / "refused")

    def refused(says, files, **options):
        with pytest.raises(InputError, match=says):
            scoring.score(spark, trained.folder, files, out, **options)
        assert not Path(out, "scores").exists()

    few = raster(place / "few.tif", bands()[:3], FEATURES[:3])
    refused("has no band for f3", few)
    refused(
        "more than one band: f0|f0 has more than one band",
        raster(place / "two.tif", bands()[[0, 0, 1, 2, 3]], ["f0", *FEATURES]),
    )
    refused("bands: f1: 9: .* has the bands 1 to 4", tile, bands={"f1": 9})
    refused("id_cols: a raster has no columns", tile, id_cols=["pixel"])
    refused("does not exist", str(place / "absent.tif"))
    refused("score tables and rasters in separate runs", [tile, write(make_table(9), place / "t.parquet")])
    refused("bands, resample and resume are for rasters", write(make_table(9), place / "t.parquet"), bands={"f0": 1})
    empty = raster(place / "empty.tif", np.full((4, 5, 5), np.nan), FEATURES)
    with pytest.raises(InputError, match="no pixel of empty has a value in every band"):
        scoring.score(spark, trained.folder, empty, out)
    assert not list(Path(out).rglob("scores.json"))
