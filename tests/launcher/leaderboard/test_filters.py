"""Conditions on runs: what is well formed holds as it reads, and everything else is refused in one sentence."""

import operator
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.leaderboard.filters import FIELDS, Condition, field, in_order, parsed
from launcher.leaderboard.index import found_below
from launcher.leaderboard.runs import Run, runs_of
from lib.artifacts import OVERALL_METRICS
from lib.errors import InputError
from tests.launcher.leaderboard.folders import leave, run_id, zones

OPERATORS = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
}
NUMBERS = st.floats(-1e6, 1e6).map(lambda value: round(value, 4))
METRICS = st.sampled_from([f"metric.{name}" for name in OVERALL_METRICS])
SPACE = st.sampled_from(["", " ", "  "])


def run(**values) -> Run:
    empty = {"params": {}, "parameters": {}, "metrics": {}, "intervals": {}, "zones": {}}
    return Run(**{"name": "x", "run_id": "x", "state": "complete", **empty, **values})


@given(METRICS, st.sampled_from(sorted(OPERATORS)), NUMBERS, NUMBERS, SPACE)
def test_a_comparison_of_numbers_is_that_of_python(name, compare, limit, value, space):
    (condition,) = parsed(f"{space}{name}{space}{compare}{space}{limit}{space}")
    assert condition == Condition(name, compare, str(limit))
    assert condition.holds(run(metrics={name.removeprefix("metric."): value})) == OPERATORS[compare](value, limit)
    assert not condition.holds(run())  # it is not known


@given(st.lists(st.tuples(METRICS, st.sampled_from(sorted(OPERATORS)), NUMBERS), min_size=1, max_size=5))
def test_conditions_are_joined_by_and(each):
    text = " and ".join(" ".join(map(str, one)) for one in each)
    assert parsed(text) == [Condition(name, compare, str(value)) for name, compare, value in each]


@given(st.text(alphabet=st.characters(exclude_characters="\"'", exclude_categories=["Cs"]), min_size=1))
def test_a_quoted_text_is_any_text(text):
    (condition,) = parsed(f'winner = "{text}"')
    assert condition.holds(run(winner=text))
    assert not condition.holds(run(winner=f"{text}x"))


@given(st.text(max_size=40) | st.text(alphabet="metric.ROCand <>=!'\"019", max_size=40))
def test_anything_else_is_refused_in_a_sentence(text):
    said = "--filter"
    found = []
    try:
        found = parsed(text)
    except InputError as error:
        said = str(error)
    assert said.startswith("--filter")
    assert all(condition.holds(run()) in (True, False) for condition in found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("metric.areaUnderPR > 0.6 or winner = GBT", "joined by `and` alone"),
        ("metric.areaUnderPR > 0.6 and", "joined by `and` alone"),
        ("metric.areUnderPR > 0.6", "did you mean metric.areaUnderPR?"),
        ("metric.areaUnderPR > high", "is a number, and 'high' is none"),
        ("metric.areaUnderPR > nan", "is a number, and 'nan' is none"),
        ("tag > champion", "can only be compared with = or !="),
        ("__import__('os').system('x') = 1", "cannot be read"),
        ("", "is empty"),
        ("   ", "is empty"),
    ],
)
def test_what_is_wrong_is_said(text, said):
    with pytest.raises(InputError, match=re.escape(said)):
        parsed(text)


def test_a_parameter_that_no_run_has_is_refused():
    with pytest.raises(InputError, match=r"no run has 'param.maxDeth': did you mean param.maxDepth\?"):
        parsed("param.maxDeth = 3", [run(params={"maxDepth": "3"})])


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("tag = champion", True),
        ("tag = other", False),
        ("tag != other", True),
        ("param.maxDepth >= 9", True),  # as numbers: "10" would stand before "9"
        ("param.maxDepth < 9", False),
        ("param.seed = 42", True),
        ("rows = 150", True),
        ("usd > 0", False),  # not known
        ("usd <= 0", False),
        ("when > 2025", True),
        ("zones.worst.areaUnderPR < 0.5 and zones.mean.areaUnderPR > 0.5", True),
        ("state = complete and winner != RandomForest", True),
        ("state = 'not evaluated'", False),
        ("data = /data/t.parquet", True),
        ("run = 20260101_000000", True),
        ("minutes < 0.1", True),
    ],
)
def test_conditions_on_a_real_run(tmp_path, text, holds):
    unseen = {"leave_one_zone_out": zones(0.6, 0.4)}
    leave(tmp_path, run_id(0), best_params={"maxDepth": "10"}, parameters={"seed": 42}, summary=unseen, metrics=unseen)
    (found,) = runs_of(found_below(str(tmp_path)))
    found = run(**{**vars(found), "tags": ("champion",)})
    assert all(condition.holds(found) for condition in parsed(text, [found])) == holds


@given(st.sampled_from(sorted(FIELDS)), st.lists(st.none() | NUMBERS, max_size=6))
def test_an_order_is_by_the_field_and_what_is_not_known_comes_last(name, values):
    metrics = [{} if value is None else {name.removeprefix("metric."): value} for value in values]
    runs = [run(name=str(number), metrics=each) for number, each in enumerate(metrics)]
    order = in_order(runs, name)
    assert sorted(order) == sorted(each.name for each in runs)
    if name.startswith("metric."):
        by_name = {each.name: field(name)(each) for each in runs}
        found = [by_name[each] for each in order]
        known = [value for value in found if value is not None]
        assert found == [*sorted(known, reverse=True), *[None] * (len(found) - len(known))]
