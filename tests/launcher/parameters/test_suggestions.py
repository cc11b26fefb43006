"""One sentence for a name that nothing has, whoever is asked; and one place is the same as a list of one."""

import re
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.emr.checks import data as checks_data
from launcher.emr.lifecycle import request
from launcher.experiment import preflight
from launcher.parameters import schema
from lib.errors import InputError, not_among, some
from lib.reading.outline import Outline
from lib.search.candidates import expand
from lib.support import tables
from lib.support.tables import Column
from tests.lib.tables import make_table, write

COLUMNS = [Column(name, "double", True) for name in ("B02", "B03", "label", "zone")]


def of_the_check(**changes):
    return checks_data._features(
        "s3://b/t", Outline(tables.PARQUET, COLUMNS, 1, 1, 1), schema.check({"zone_col": None, **changes})
    )


def of_spark(spark, tmp_path, **changes):
    from lib import dataset

    return dataset.load(spark, write(make_table(50), tmp_path / "t.parquet"), **changes)


SENTENCE = re.compile(
    r"[^'?]*'(?P<wrong>[\w.]+)'( \(from [^)]*\)| to search)?:( did you mean (?P<near>\w+)\?)? "
    r"(it has|the \w+( of \w+)? are) \w+(, \w+)*( and \d+ more)?"
)
# Who is asked, for what, and what is like it.
ASKED = {
    "a parameter": (
        lambda **_: schema.check({"tes_frac": 1}, {"tes_frac": "-p tes_frac"}),
        "tes_frac",
        "test_frac",
    ),
    "a setting of the way to a cluster": (
        lambda **_: schema.check({"cluster": {"tagret": "livy"}}),
        "cluster.tagret",
        "target",
    ),
    "a setting of Spark": (
        lambda **_: schema.check({"spark": {"driver_memry": "4g"}}),
        "spark.driver_memry",
        "driver_memory",
    ),
    "a setting of a new cluster": (lambda **_: request.settings(["core_cuont=4"]), "core_cuont", "core_count"),
    "the label, to the check": (lambda **_: of_the_check(label_col="labels"), "labels", "label"),
    "an excluded column, to the check": (lambda **_: of_the_check(exclude_cols=["B04"]), "B04", "B02|B03"),
    "the zone, to the check": (lambda **_: of_the_check(split_by="zone", zone_col="zona"), "zona", "zone"),
    "the label, to Spark": (lambda **given: of_spark(**given, label_col="labels"), "labels", "label"),
    "an excluded column, to Spark": (lambda **given: of_spark(**given, exclude_cols=["zones"]), "zones", "zone"),
    "a model": (lambda **_: expand({"RandomForests": {}}), "RandomForests", "RandomForest"),
    "a model's parameter": (lambda **_: expand({"GBT": {"maxItr": [1]}}), "maxItr", "maxIter"),
    "what is like nothing": (lambda **_: schema.check({"xyzzy": 1}), "xyzzy", None),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_name_that_nothing_has_is_answered_in_one_sentence(spark, tmp_path, name):
    ask, wrong, near = ASKED[name]
    with pytest.raises(InputError) as refused:
        ask(spark=spark, tmp_path=tmp_path)
    found = SENTENCE.fullmatch(str(refused.value))
    assert found, str(refused.value)
    assert found["wrong"] == wrong
    assert found["near"] is None if near is None else re.fullmatch(near, found["near"])


@given(name=st.text(), known=st.lists(st.text(min_size=1), min_size=1, unique=True))
def test_what_is_meant_is_one_of_what_there_is(name, known):
    said = not_among("no such thing", name, known, "there are")
    assert said.endswith(f" there are {', '.join(known)}")
    meant = said.removeprefix("no such thing:").removesuffix(f" there are {', '.join(known)}")
    assert meant == "" or meant in [f" did you mean {each}?" for each in known]


def test_of_many_names_some_are_shown():
    assert some(["a", "b", "c"], 2) == "a, b and 1 more"
    assert some(["a", "b"], 2) == "a, b"


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_one_place_and_a_list_of_it_are_the_same(named):
    assert tables.places(named) == tables.places(tuple(named)) == named
    assert tables.places(named[0]) == [named[0]]
    assert schema.check({"input_data": named[0]}) == schema.check({"input_data": [named[0]]})


def test_nobody_named_no_place():
    assert tables.places(None) == tables.places([]) == []


@pytest.mark.parametrize("url", ["http://localhost:8998", "http://127.0.0.1:18998"])
def test_a_livy_on_this_machine_may_read_and_write_its_files(url):
    cluster = {"target": "livy", "livy_url": url}
    for data, out in (("file:///data/t.parquet", "s3://b/out"), ("hdfs://name/t", "file:///data/out"), ("t", "out")):
        wanted = schema.check({"input_data": data, "out": out, "cluster": cluster})
        preflight.the_target_can_see_the_places(SimpleNamespace(parameters=wanted))


@pytest.mark.parametrize("data", ["here.parquet", ["s3://b/t", "here.parquet"]])
def test_each_place_is_looked_at_before_a_run(data):
    cluster = {"target": "livy", "livy_url": "http://livy:8998"}
    wanted = schema.check({"input_data": data, "out": "s3://b/out", "cluster": cluster})
    with pytest.raises(InputError, match=r"input_data=here\.parquet: a cluster cannot see the files of this machine"):
        preflight.the_target_can_see_the_places(SimpleNamespace(parameters=wanted))
