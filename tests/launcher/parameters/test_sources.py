"""Values from a file, from -p and from options, and the one line that says what is wrong with them."""

from pathlib import Path

import pytest

from launcher.parameters.schema import NAMES, Parameters
from launcher.parameters.sources import gather
from launcher.support.project import PROJECT
from lib.errors import InputError
from lib.search.candidates import FULL_GRID, candidates_of


@pytest.fixture
def given(tmp_path):
    """Gather parameters as if typed in `tmp_path`; `yaml` becomes a params file there."""

    def gathered(yaml: str | None = None, *assignments: str, **options: object) -> Parameters:
        if yaml is not None:
            (tmp_path / "my.yaml").write_text(yaml)
        return gather("my.yaml" if yaml is not None else None, assignments, options, cwd=tmp_path)

    return gathered


def test_without_any_source_everything_has_its_default(given):
    parameters = given()
    assert parameters.input_data == [str(PROJECT / "data" / "sample.parquet")]
    assert parameters.out == str(PROJECT / "experiments")
    assert parameters.grid == FULL_GRID
    assert (parameters.test_frac, parameters.metric, parameters.evaluate) == (0.15, "areaUnderPR", True)


def test_options_go_over_p_and_p_over_the_file(given):
    parameters = given("seed: 1\ntest_frac: 0.1\nval_frac: 0.1", "seed=2", "test_frac=0.2", seed="3")
    assert (parameters.seed, parameters.test_frac, parameters.val_frac) == (3, 0.2, 0.1)


def test_paths_are_relative_to_where_they_were_written(given, tmp_path):
    parameters = given(
        "out: results\ntest_data: [s3://bucket/a b, data/x.parquet]", input_data=["t.parquet", "file:/x"]
    )
    assert parameters.out == str(PROJECT / "results")
    assert parameters.test_data == ["s3://bucket/a b", str(PROJECT / "data" / "x.parquet")]
    assert parameters.input_data == [str(tmp_path / "t.parquet"), "file:/x"]
    assert given(None, "input_data=../t.parquet").input_data == [str(tmp_path.parent / "t.parquet")]
    assert given(None, "out=~/x").out == str(Path.home() / "x")


def test_a_dotted_name_changes_one_value_of_the_grid_so_far(given):
    assert given(None, "grid.GBT.maxIter=[100]").grid == {**FULL_GRID, "GBT": {**FULL_GRID["GBT"], "maxIter": [100]}}
    assert given("grid: {GBT: {maxDepth: [3]}}", "grid.GBT.stepSize=[1e-2, 5E-1]").grid == {
        "GBT": {"maxDepth": [3], "stepSize": [0.01, 0.5]}
    }
    assert Parameters().grid == FULL_GRID


def test_text_stays_text_whatever_it_looks_like(given):
    assert given(None, "label_col=2026", "run_id=20260131_235959").label_col == "2026"
    assert given(label_col="on").label_col == "on"


def test_so_does_text_in_a_section_or_where_null_is_allowed(given):
    parameters = given(None, "zone_col=2026", "card.owner=on", "card.licence=1.0", "cluster.ssh_user=007")
    assert (parameters.zone_col, parameters.card.owner, parameters.card.licence) == ("2026", "on", "1.0")
    assert parameters.cluster.ssh_user == "007"
    assert given("card: {owner: me}", "zone_col=null", "card.owner=null").card.owner is None
    assert given(None, "zone_col=null").zone_col is None
    assert given(None, "threshold=0.3", "block_cols=[x, y]", "block_size=5").block_size == 5


def test_an_unknown_name_is_one_line_with_the_nearest_and_all_names(given):
    with pytest.raises(InputError) as unknown:
        given("tes_frac: 0.2")
    assert str(unknown.value) == (
        f"unknown parameter 'tes_frac' (from my.yaml:tes_frac): did you mean test_frac? "
        f"the parameters are {', '.join(NAMES)}"
    )
    with pytest.raises(InputError, match=r"unknown parameter 'gird' \(from -p gird.GBT=1\): did you mean grid\?"):
        given(None, "gird.GBT=1")


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("test_frac='0.2'", "test_frac='0.2': must be a number above 0 and below 1"),
        ("test_frac=1", "test_frac=1: must be a number above 0 and below 1"),
        ("val_frac=0", "val_frac=0: must be a number above 0 and below 1"),
        ("val_frac=.nan", "val_frac=nan: must be a number above 0 and below 1"),
        ("val_frac=0.9", "test_frac=0.15 and val_frac=0.9 sum to 1.05; they must sum to less than 1, so that rows"),
        ("seed=4.0", "seed=4.0: must be a whole number from 0 to 2147483647"),
        ("seed=true", "seed=True: must be a whole number from 0 to 2147483647"),
        ("metric=auc", "metric='auc': must be areaUnderPR or areaUnderROC"),
        ("evaluate=0", "evaluate=0: must be true or false"),
        ("evaluate='no'", "evaluate='no': must be true or false"),
        ("split_by=zones", "split_by='zones': must be rows or zone"),
        ("exclude_cols=id", "exclude_cols='id': must be a list of column names"),
        ("exclude_cols=[1]", "exclude_cols=[1]: must be a list of column names"),
        ("label_col=''", "label_col='': must be a column name"),
        ("input_data=[]", "input_data=[]: must be a path or URI, or a list"),
        ("run_id=yesterday", "run_id='yesterday': must be text like \"20260131_235959\""),
        ("max_candidates=0", "max_candidates=0: must be a whole number from 1, or null"),
        ("max_candidates=5", "the grid has 72 candidates and max_candidates is 5"),
        ("grid=[1]", "grid=[1]: must be model: {parameter: [values]}"),
        ("grid={}", "the search has no candidates"),
        ("grid.SVM.C=[1]", "unknown model 'SVM': the models are RandomForest, GBT"),
        (
            "grid.GBT.maxItr=[1]",
            "GBT has no parameter 'maxItr' to search: did you mean maxIter? it has maxDepth, maxBins",
        ),
        ("grid.GBT.maxIter=[-1]", "GBT: maxIter=-1 is not a whole number from 1 to 10000"),
        ("grid.GBT.maxIter=100", "grid of GBT: maxIter needs a list of values, got 100"),
        ("candidates=[{model: GBT, depth: 3}]", "GBT has no parameter 'depth' to search"),
        ("select_by=zone", "select_by='zone': must be validation or zones"),
        ("block_cols=x", "block_cols='x': must be a list of two column names"),
        ("block_cols=[1, 2]", "block_cols=[1, 2]: must be a list of two column names"),
        ("block_cols=[x]", "block_cols=['x']: give two columns, such as [x, y]"),
        ("block_cols=[x, x]", "block_cols=['x', 'x']: give two columns, such as [x, y]"),
        ("block_cols=[x, y, z]", "block_cols=['x', 'y', 'z']: give two columns, such as [x, y]"),
        ("block_size=0", "block_size=0: must be a number above 0, or null"),
        ("block_size=.inf", "block_size=inf: must be a number above 0, or null"),
        ("block_size=100", "block_size needs block_cols, the two columns of coordinates"),
        ("weight_col=[area]", "weight_col=['area']: must be a column name or null"),
        ("class_weights=equal", "class_weights='equal': must be balanced or none"),
        ("metrics_weighted=true", "metrics_weighted: true needs weight_col, the column with the weights"),
        ("threshold=2", "threshold=2: must be a number from 0 to 1, f1, {recall: 0.9}"),
        ("threshold=true", "threshold=True: must be a number from 0 to 1, f1, {recall: 0.9}"),
        ("threshold=f2", "threshold='f2': must be a number from 0 to 1, f1, {recall: 0.9}"),
        ("threshold={gain: 1}", "threshold={'gain': 1}: must be a number from 0 to 1, f1, {recall: 0.9}"),
        ("threshold={recall: 1.5}", "threshold={'recall': 1.5}: must be a number from 0 to 1, f1, {recall: 0.9}"),
        ("fail_below=0.5", "fail_below=0.5: must be figure: number lines, from 0 to 1"),
        ("fail_below.f1=high", "fail_below={'f1': 'high'}: must be figure: number lines, from 0 to 1"),
        ("fail_below.f1=80", "fail_below={'f1': 80}: must be figure: number lines, from 0 to 1"),
        ("fail_below.f1=.nan", "fail_below={'f1': nan}: must be figure: number lines, from 0 to 1"),
        ("fail_below.auc=0.5", "fail_below: 'auc' is no figure: choose from areaUnderROC, areaUnderPR"),
        ("fail_below.areaunderroc=0.5", "fail_below: 'areaunderroc' is no figure: did you mean areaUnderROC? choose"),
        ("fail_on_drift=1", "fail_on_drift=1: must be true or false"),
        ("fail_on_drift=true", "fail_on_drift needs test_data: without it there is no table that could have drifted"),
        ("card=me", "card='me': must be name: text lines"),
        ("card.owner=[me]", "card.owner=['me']: must be text"),
    ],
)
def test_a_wrong_value_is_one_line_with_what_is_allowed_and_its_origin(given, assignment, message):
    with pytest.raises(InputError) as wrong:
        given(None, assignment)
    assert str(wrong.value).startswith(message)
    assert str(wrong.value).endswith(f"(from -p {assignment})")
    assert "\n" not in str(wrong.value)


def test_a_rule_between_parameters_names_the_origins_of_those_it_is_about(given):
    yaml = "out: results\nmetric: areaUnderROC\nfail_below: {f1: 0.5}"
    with pytest.raises(InputError) as wrong:
        given(yaml, "evaluate=false")
    assert str(wrong.value) == (
        "fail_below and fail_on_drift need evaluate: true, for they look at the evaluation "
        "(from -p evaluate=false, my.yaml:fail_below)"
    )
    # "without" has nothing to do with the parameter `out`.
    with pytest.raises(InputError, match=r"could have drifted \(from -p fail_on_drift=true\)$"):
        given(yaml, "fail_on_drift=true")
    with pytest.raises(InputError, match=r"of coordinates \(from my.yaml:block_size\)$"):
        given("block_size: 5\nout: x")


@pytest.mark.parametrize(
    "asked", ["split_by: zone", "select_by: zones", "nested: true", "fail_below: {worst_zone_areaUnderPR: 0.5}"]
)
def test_what_needs_zones_is_refused_where_there_can_be_none(given, asked):
    for none in ("", "block_cols: [x, y]\n"):
        with pytest.raises(InputError) as wrong:
            given(f"zone_col: null\n{none}{asked}")
        name = asked.replace("{", "").partition(": 0.5")[0]
        assert str(wrong.value).startswith(f"{name} needs zones: give zone_col, or block_cols and block_size (from my.")
    for some in ("zone_col: area", "zone_col: null\nblock_cols: [x, y]\nblock_size: 5"):
        given(f"{some}\n{asked}")


def test_an_unknown_setting_of_a_section_is_named_with_the_nearest(given):
    with pytest.raises(InputError) as unknown:
        given("card: {ownr: me}")
    assert str(unknown.value) == (
        "unknown setting 'card.ownr' (from my.yaml:card): did you mean owner? the settings of card are owner, purpose, "
        "not_for, licence"
    )


def test_the_origin_is_file_and_key_or_option(given):
    with pytest.raises(InputError, match=r"\(from my.yaml:seed\)$"):
        given("seed: x")
    with pytest.raises(InputError, match=r"\(from --test-frac\)$"):
        given("seed: 1", test_frac="2")
    with pytest.raises(InputError, match=r"sum to 1.2; .* \(from my.yaml:test_frac, --val-frac\)$"):
        given("test_frac: 0.6", val_frac="0.6")
    with pytest.raises(InputError, match=r"\(from my.yaml:grid, -p grid.GBT.maxIter=\[0\]\)$"):
        given("grid: {GBT: {maxDepth: [3]}}", "grid.GBT.maxIter=[0]")


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("seed", "-p seed: must be name=value"),
        ("=3", "-p =3: must be name=value"),
        ("grid..x=3", "-p grid..x=3: must be name=value"),
        ("seed=[1", "-p seed=[1: the value is not YAML: line 1, column 3"),
        ("seed.x=3", "-p seed.x=3: seed has no entry named x"),
        ("grid.GBT.maxIter.x=3", "-p grid.GBT.maxIter.x=3: grid has no entry named GBT.maxIter.x"),
    ],
)
def test_an_assignment_that_is_none_says_how_one_looks(given, assignment, message):
    with pytest.raises(InputError) as wrong:
        given(None, assignment)
    assert str(wrong.value).startswith(message)


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        ("a: [", "the params file my.yaml is not YAML: line 1, column 5"),
        ("seed: 1\nseed: 2", "the params file my.yaml is not YAML: line 1, column 1: 'seed' is given twice"),
        ("- 1", "the params file my.yaml must hold name: value lines, not [1]"),
        ("a: !!python/object:os.system x", "the params file my.yaml is not YAML: line 1, column 4"),
    ],
)
def test_a_params_file_that_cannot_be_used_is_named(given, yaml, message):
    with pytest.raises(InputError) as wrong:
        given(yaml)
    assert str(wrong.value).startswith(message)


def test_a_params_file_that_is_not_there_or_is_no_text_is_named(tmp_path):
    with pytest.raises(InputError, match=r"there is no params file nope\.yaml"):
        gather("nope.yaml", [], {}, cwd=tmp_path)
    with pytest.raises(InputError, match=r"cannot be read"):
        gather(".", [], {}, cwd=tmp_path)
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"b\.yaml cannot be read"):
        gather("b.yaml", [], {}, cwd=tmp_path)


def test_an_empty_params_file_changes_nothing(given):
    assert given("# nothing yet\n") == given()


def test_the_full_params_file_lists_every_parameter_with_its_default():
    written = gather(str(PROJECT / "params" / "full.yaml"), [], {}, cwd=PROJECT)
    assert written == gather(None, [], {}, cwd=PROJECT)
    # params/emr.yaml has a cluster's sections; resume belongs to one command, not to a file.
    assert written.model_fields_set == set(NAMES) - {"cluster", "spark", "resume"}
    assert len(candidates_of(written)) == 72
