import os

import pytest

from launcher.experiment import preflight
from lib.errors import InputError
from tests.launcher.experiments import plan, write_notebooks


@pytest.fixture
def ordinary_rights():
    """Without those of root, who may read everything."""
    if os.geteuid():
        yield
    else:
        os.seteuid(65534)
        yield
        os.seteuid(0)


@pytest.mark.parametrize("spoilt", ["table.parquet", "folder", "."])
def test_an_input_that_may_not_be_read_is_named(tmp_path, request, spoilt):
    (tmp_path / "folder").mkdir()
    (tmp_path / "table.parquet").touch()
    named = str(tmp_path / ("table.parquet" if spoilt == "." else spoilt))
    planned = plan(tmp_path, write_notebooks(tmp_path / "notebooks"), input_data=named)
    preflight.inputs_are_there(planned)
    request.addfinalizer(lambda: (tmp_path / spoilt).chmod(0o700))
    (tmp_path / spoilt).chmod(0)
    request.getfixturevalue("ordinary_rights")
    with pytest.raises(InputError) as refused:
        preflight.inputs_are_there(planned)
    assert str(refused.value) == (
        f"input_data: {named} cannot be read (Permission denied); check its permissions, "
        "or give another with --input-data"
    )


@pytest.mark.parametrize("name", ["input_data", "test_data"])
def test_a_table_of_the_catalogue_is_for_spark_to_find_but_has_a_name(tmp_path, name):
    def planned(place):
        return plan(tmp_path, write_notebooks(tmp_path / "notebooks"), **{name: [place]})

    preflight.check(planned("table://geology.pixels"))
    with pytest.raises(InputError, match=r"give a table of Spark's catalogue as table://database\.table"):
        preflight.inputs_are_there(planned("table://geology/pixels"))
