"""Tables as people keep them in the field go through raw, with parameters alone."""

import numpy as np
import pandas as pd
import pytest

from launcher.parameters import schema
from lib.training import Settings, train

SMALL = {
    "grid": {"RandomForest": {"numTrees": [5], "maxDepth": [4], "maxBins": [32], "featureSubsetStrategy": ["sqrt"]}}
}


@pytest.fixture(scope="module")
def survey():
    """Two bands, a class of nine values of which 4 and 5 are bright in the first, and two coordinates."""
    random = np.random.default_rng(7)
    kind = random.integers(1, 10, 900)
    b2 = random.normal(0.2, 0.05, 900) + 0.2 * np.isin(kind, [4, 5])
    place = random.uniform(0, 4000, (900, 2)).round(1)
    return pd.DataFrame(
        {"b2": b2.round(4), "b8": random.random(900).round(4), "class": kind, "east": place[:, 0], "north": place[:, 1]}
    )


def trained(spark, out, **parameters):
    checked = schema.check({**parameters, **SMALL})
    names = set(Settings.__dataclass_fields__)
    return train(
        spark, Settings(**{name: value for name, value in checked.model_dump().items() if name in names}), str(out)
    )


def test_a_file_a_site_with_a_class_of_nine_values(spark, tmp_path, survey):
    sites = tmp_path / "sites"
    sites.mkdir()
    for number, site in enumerate(("Antuco", "Ñuble", "Río Claro")):
        columns = ["b2", "b8", "class"] if number % 2 else ["class", "b8", "b2"]
        rows = survey[number * 300 : (number + 1) * 300][columns]
        rows.to_csv(sites / f"{site}.csv", index=False, sep=";", decimal=",", encoding="latin-1")
    (sites / "LÉEME.txt").write_text("# Sitios\n")
    done = trained(
        spark, tmp_path, input_data=[str(sites)], label_col="class", positive=[4, 5], zone_from="file", split_by="zone"
    )
    assert done.table.features == ("b8", "b2")
    assert done.table.class_counts["1"] == int(survey["class"].isin([4, 5]).sum())
    zones = {row.zone: row["count"] for row in done.table.frame.groupBy("zone").count().collect()}
    assert zones == {"Antuco": 300, "Ñuble": 300, "Río Claro": 300}


def test_a_text_file_with_a_class_code_and_coordinates(spark, tmp_path, survey):
    survey.to_csv(tmp_path / "survey.txt", index=False, header=False, sep=" ")
    done = trained(
        spark,
        tmp_path,
        input_data=[f"{tmp_path}/survey.txt"],
        csv={"header": list(survey.columns)},
        label_col="class",
        positive=4,
        block_cols=["east", "north"],
        block_size=1000,
    )
    assert (done.table.rows, done.table.features) == (900, ("b2", "b8"))
    assert done.table.class_counts["1"] == int((survey["class"] == 4).sum())
    assert done.table.frame.select(done.table.zone_col).distinct().count() > 3
