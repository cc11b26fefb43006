import subprocess
import sys

import pytest

from lib.errors import InputError
from lib.support.threshold_rule import check, describe


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (0.5, "0.5"),
        (0, "0"),
        (1, "1"),
        ("f1", "highest F1"),
        ({"recall": 0.9}, "recall ≥ 0.9"),
        ({"precision": 1}, "precision ≥ 1"),
        ({"costs": {"fn": 5, "fp": 1}}, "costs fn 5, fp 1"),
        ({"costs": {"fp": 0.25, "fn": 1.5}}, "costs fn 1.5, fp 0.25"),
    ],
)
def test_rules_are_accepted_and_described(rule, said):
    check(rule)
    assert describe(rule) == said


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (1.5, "threshold 1.5 is not from 0 to 1: give a number"),
        (-0.1, "is not from 0 to 1"),
        (float("nan"), "nan is no threshold: give a number"),
        (True, "True is no threshold"),
        (None, "None is no threshold"),
        ("F2", "'F2' is no threshold: give a number from 0 to 1, f1, {recall: 0.9}, {precision: 0.8} or {costs"),
        ("0.5", "'0.5' is no threshold"),
        ([], "is no threshold"),
        ({}, "is no threshold"),
        ({"recall": 0.9, "precision": 0.9}, "is no threshold"),
        ({"recal": 0.9}, "unknown threshold rule 'recal': give a number"),
        ({3: 0.9}, "unknown threshold rule 3"),
        ({"recall": 90}, "{recall: 90}: recall must be a number above 0, at most 1"),
        ({"recall": 0}, "recall must be a number above 0"),
        ({"recall": True}, "recall must be a number above 0"),
        ({"precision": None}, "precision must be a number above 0"),
        ({"costs": 5}, "give the cost of a missed row of class 1 (fn) and of a false alarm (fp), such as {costs"),
        ({"costs": {"fn": 5}}, "give the cost of a missed row"),
        ({"costs": {"fn": 5, "fp": 0}}, "fp must be a number above 0"),
        ({"costs": {"fn": "5", "fp": 1}}, "fn must be a number above 0"),
        ({"costs": {"fn": float("inf"), "fp": 1}}, "fn must be a number above 0"),
    ],
)
def test_malformed_rules_are_refused_with_what_is_allowed(rule, said):
    with pytest.raises(InputError) as refused:
        check(rule)
    assert said in str(refused.value)


def test_it_needs_no_spark():
    program = "import sys, lib.support.threshold_rule; print({'pyspark', 'numpy', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
