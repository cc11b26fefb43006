"""No text, however odd, costs more than a sentence. `make nightly` tries many more of them."""

import resource
import subprocess
import sys
import time
from contextlib import nullcontext, suppress

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from launcher.parameters.schema import NAMES
from launcher.parameters.sources import gather
from launcher.support.project import PROJECT
from lib.errors import InputError
from lib.search.candidates import expand
from lib.search.families import FAMILIES

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10)
)
AXES = {"numTrees": [*range(2, 3002)], "maxDepth": [*range(1, 30)], "maxBins": [*range(2, 302)]}
HOSTILE = {
    "aliases that multiply": (f"{BOMB}exclude_cols: *a9\n", r"values, with aliases written out; 50,000 are the most"),
    "a value that contains itself": ("exclude_cols: &x [*x]\n", "a value that contains itself"),
    "nested without end": (f"exclude_cols: {'[' * 2000}{']' * 2000}\n", "nested more than 50 deep"),
    "a number without end": (f"seed: {'9' * 5000}\n", "a number of 5,000 digits"),
    "a large grid": (
        f"grid: {{RandomForest: {AXES}}}",
        r"the grid has 26,100,000 candidates, and a search may have 10,000: shorten it, or sample",
    ),
    "a key given twice": ("seed: 1\nseed: 2\n", "'seed' is given twice"),
    "a large file": ("#" * 500_001, "has more than 500,000 letters"),
    "a long list": (f"exclude_cols: [{'x,' * 249_990}]", "more than 50,000 values, which are the most"),
}
# Just below the limits, of letters and of values; what follows is said of them, or nothing.
LARGE = {
    "comments": ("#\n" * 250_000, ""),
    "lines of a text": (f"label_col: x{chr(10)} x" + "\n x" * 166_000, ""),
    "a list": (f"exclude_cols: [{'x,' * 49_990}]", ""),
    "a list of lists": (f"exclude_cols: [{'[x],' * 24_990}]", "exclude_cols="),
    "a mapping": (f"card: {{{', '.join(f'k{n}: 1' for n in range(24_990))}}}", "card"),
    "unknown names": ("\n".join(f"k{n}: 1" for n in range(24_990)), "unknown parameter 'k0'"),
}


def gathered(tmp_path, text, *assignments):
    (tmp_path / "my.yaml").write_text(text, encoding="utf-8", errors="surrogateescape")
    return gather("my.yaml", assignments, {}, cwd=tmp_path)


@pytest.mark.parametrize("what", [*HOSTILE, *LARGE])
def test_it_is_answered_in_two_seconds_and_200_mb(tmp_path, what):
    text, why = (HOSTILE | LARGE)[what]
    (tmp_path / "my.yaml").write_text(text)
    code = (
        "import resource, sys, time; from pathlib import Path; from launcher.parameters.sources import gather\n"
        "from lib.errors import InputError\n"
        "before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()\n"
        "try: gather('my.yaml', [], {}, cwd=Path(sys.argv[1]))\n"
        "except InputError as error: print(error)\n"
        "print(time.process_time() - started, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    *said, costs = done.stdout.splitlines()
    with pytest.raises(InputError, match=why) if why else nullcontext():
        gather("my.yaml", [], {}, cwd=tmp_path)
    seconds, megabytes = map(float, costs.split())
    assert len("".join(said)) < 600
    assert seconds < 2
    assert megabytes < 200


@pytest.mark.parametrize(
    ("assignment", "why"),
    [
        ("run_id=20261399_999999", r"run_id='20261399_999999': must be text like"),
        ("run_id=2026-99-99", r"run_id='2026-99-99': must be"),
        ("out=a\0b", r"out=a\x00b: the value is not YAML: unacceptable character"),
        (f"out={'x' * 300}", "must be a path or URI"),
        (f"input_data={'/x' * 3000}", "must be a path or URI"),
        ("grid.RandomForest.featureSubsetStrategy=[.inf]", "featureSubsetStrategy=inf "),
        ("grid.RandomForest.featureSubsetStrategy=[true]", "featureSubsetStrategy=True "),
    ],
)
def test_what_is_no_value_is_said(tmp_path, assignment, why):
    with pytest.raises(InputError, match=why):
        gathered(tmp_path, "", assignment)


def test_what_looks_like_a_date_is_text(tmp_path):
    assert gathered(tmp_path, "label_col: 2026-01-31\nzone_col: 2026-13-45\n").zone_col == "2026-13-45"
    assert gathered(tmp_path, "", "label_col=2026-13-45").label_col == "2026-13-45"


def test_merge_keys_work(tmp_path):
    text = "card: &base {owner: us, purpose: maps}\n"
    merged = "spark: {conf: {<<: {a.b: '1', c.d: '2'}, c.d: '3'}}\n"
    assert gathered(tmp_path, text + merged).spark.conf == {"a.b": "1", "c.d": "3"}


_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=12),
        st.sampled_from(["*a", "&a", "<<", "!!python/object:x", "2026-99-99", "1_000", "0x_", "0b", "1:99", "=", "~"]),
    ).map(str),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda each: f"[{', '.join(each)}]"),
        st.dictionaries(st.sampled_from(["GBT", "sep", "id", "conf", "recall", "a b"]), inner, max_size=3).map(
            lambda each: "{" + ", ".join(f"{name}: {value}" for name, value in each.items()) + "}"
        ),
    ),
    max_leaves=5,
)
_names = st.one_of(st.sampled_from([*NAMES, "grid.GBT.maxIter", "cluster.id", "spark.conf.a.b"]), st.text(max_size=10))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(name=_names, value=st.one_of(_values, st.text(max_size=30)), in_file=st.booleans())
@example(name="seed", value="9" * 5000, in_file=False)
@example(name="grid", value="{RandomForest: {numTrees: [.nan]}}", in_file=True)
@example(name="csv", value="{header: [1]}", in_file=False)
@example(name="threshold", value="{costs: {fn: .inf, fp: 0}}", in_file=False)
def test_no_text_raises_anything_but_a_sentence(tmp_path, name, value, in_file):
    with suppress(InputError):
        if in_file:
            gathered(tmp_path, f"{name}: {value}\n")
        else:
            gather(None, [f"{name}={value}"], {}, cwd=tmp_path)


def test_a_random_draw_is_that_of_the_listed_grid():
    """It never lists the grid, and draws what it always drew."""
    grid = {"RandomForest": {"numTrees": [10, 20], "maxDepth": [2, 3, 4]}, "GBT": {"maxIter": [5], "maxDepth": [1, 2]}}
    listed = expand(grid)
    assert [c.params for c in listed[:3]] == [{"numTrees": 10, "maxDepth": depth} for depth in (2, 3, 4)]
    drawn = expand(grid, search="random", max_candidates=4, seed=3)
    places = sorted(__import__("random").Random(3).sample(range(8), 4))
    assert [(c.model, c.params) for c in drawn] == [(listed[i].model, listed[i].params) for i in places]
    values = list(range(1, 1001))
    started, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wide = {"RandomForest": {"numTrees": values, "minInstancesPerNode": values, "maxBins": list(range(2, 1000))}}
    known = FAMILIES["RandomForest"].parameters
    wide = {"RandomForest": {name: axis for name, axis in wide["RandomForest"].items() if name in known}}
    assert len(expand(wide, search="random", max_candidates=20)) == 20
    assert time.process_time() - started < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024
