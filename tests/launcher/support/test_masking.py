"""Values of secrets do not come out; everything else does."""

import json
import re

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from launcher.experiment.plan import this_command
from launcher.support.masking import MASK, masked, masked_text, masked_words
from launcher.support.outcomes import command_body
from lib.errors import InputError

# Spark's default of spark.redaction.regex; the names with it that users know.
SPARK = re.compile(r"(?i)secret|password|token|access[.]?key")
NAMES = [
    "spark.hadoop.fs.s3a.secret.key",
    "spark.hadoop.fs.s3a.access.key",
    "spark.ssl.keyPassword",
    "javax.jdo.option.ConnectionPassword",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "aws_session_token",
    "accessKey",
]
VALUES = st.text(st.characters(categories=("Lu", "Ll", "Nd"), include_characters="/+=_!$%"), min_size=6).filter(
    lambda value: value.strip("=")
)


@given(st.sampled_from(NAMES), VALUES)
def test_no_way_of_writing_a_secret_lets_it_out(name, value):
    value = f"TOP{value}"
    for text in (
        f"{name}={value}",
        f"{name} = {value}",
        f"--conf {name}={value} --verbose",
        f"--{name} {value} --verbose",
        f"--{name} '{value}' --verbose",
        f"-D{name}={value}",
        json.dumps({name: value}),
        f"{{'{name}': '{value}'}}",
        f"https://host/path?{name}={value}&more=1",
    ):
        assert value not in masked_text(text), text
        assert MASK in masked_text(text)
    assert value not in json.dumps(masked({"Properties": {name: value}, "args": [f"--{name}", value]}))
    assert masked_words([f"--{name}", value, "--wait"]) == [f"--{name}", MASK, "--wait"]


@pytest.mark.parametrize("name", NAMES)
def test_names_are_those_that_spark_redacts(name):
    assert bool(SPARK.search(name)) <= (masked({name: "x"}) == {name: MASK})


@pytest.mark.parametrize(
    "text",
    [
        "ExpiredToken: The security token included in the request is expired",
        "spark.executor.memory = 8g",
        "--input-data s3://bucket/data --out s3://bucket/experiments --label-col secreto",
        "the password is missing: set it",
        "",
    ],
)
def test_what_is_no_secret_stays(text):
    assert masked_text(text) == text
    assert masked({"a": text, "b": [text, 1, None, True]}) == {"a": text, "b": [text, 1, None, True]}
    assert masked({"has_token": True, "token": None, "tokens": 3}) == {"has_token": True, "token": None, "tokens": 3}


def test_an_error_does_not_say_a_secret(capsys):
    for error in (InputError("cannot run x --password TOPSECRET"), ValueError("fs.s3a.secret.key=TOPSECRET")):
        error.add_note("more: --token TOPSECRET")
        with pytest.raises(typer.Exit), command_body(debug=True):
            raise error
        said = capsys.readouterr().err
        assert "TOPSECRET" not in said
        assert said.count(MASK) >= 2


def test_the_command_of_the_record_has_no_secret(monkeypatch):
    monkeypatch.setattr("sys.argv", ["run_experiment.py", "-p", "spark.conf.fs.s3a.secret.key=TOPSECRET"])
    assert this_command() == ["python", "run_experiment.py", "-p", "spark.conf.fs.s3a.secret.key=***"]
