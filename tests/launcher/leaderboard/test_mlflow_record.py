"""Names of parameters and metrics, as MLflow takes them."""

from hypothesis import given
from hypothesis import strategies as st
from mlflow.utils.validation import _validate_metric_name, _validate_param

from launcher.leaderboard.mlflow_record import _key


@given(st.text(min_size=1))
def test_mlflow_takes_each_name(name):
    _validate_metric_name(_key(name))
    _validate_param(_key(name), "a value")


@given(st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,60}(\.[A-Za-z0-9_]+)?", fullmatch=True))
def test_usual_names_stay(name):
    assert _key(name) == name
