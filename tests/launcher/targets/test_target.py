"""Targets: who asks what of one asks its record, and a new one is a record and a module."""

import ast
import inspect
import json
import re
from contextlib import contextmanager
from pathlib import Path
from pkgutil import resolve_name

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from launcher import cli
from launcher.commands import experiment
from launcher.experiment import claims, preflight
from launcher.experiment.plan import make_plan
from launcher.parameters.cluster import TARGETS, Cluster, RunOptions, TargetSpec
from launcher.parameters.schema import Parameters, check
from launcher.running import run
from launcher.support.project import PROJECT
from launcher.targets.target import LocalTarget, target_of
from lib.errors import InputError
from tests.launcher.experiments import KERNEL, RUN_ID, plan, write_notebooks
from tests.lib import records

REGISTRY = PROJECT / "launcher" / "parameters" / "cluster.py"
SETTINGS = {"id": ("", "j-A"), "livy_url": ("", "http://x:1"), "reach": ("direct", "ssh", "ssm"), "ssh_key": ("", "k")}


def strings(node: ast.AST) -> list[str]:
    return [each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)]


def compared_or_listed(source: str) -> list[str]:
    """Names of targets that code compares something with, or several in one list."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare | ast.MatchValue):
            found += [text for text in strings(node) if text in TARGETS]
        elif isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict):
            parts = node.keys if isinstance(node, ast.Dict) else node.elts
            names = {part.value for part in parts if isinstance(part, ast.Constant)} & set(TARGETS)
            found += sorted(names) if len(names) > 1 else []
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found += re.findall(rf"\b(?:{'|'.join(TARGETS)})\|", node.value)
    return found


@pytest.mark.parametrize(
    "source",
    [
        'cluster.runs_on == "livy"',
        'x != "step" or y',
        'name in ("livy", "here")',
        'Literal["local", "livy"]',
        '{"local": 1, "step": 2}',
        'match x:\n    case "step":\n        pass',
        'option("cluster.target", "local|livy")',
    ],
)
def test_the_test_below_would_find_them(source):
    assert compared_or_listed(source)


def test_no_module_compares_names_of_targets_or_lists_them():
    modules = [file for file in (PROJECT / "launcher").rglob("*.py") if file != REGISTRY]
    assert {str(file): found for file in modules if (found := compared_or_listed(file.read_text()))} == {}


@pytest.mark.parametrize("spec", TARGETS.values(), ids=list(TARGETS))
def test_what_a_record_names_is_there(spec):
    assert list(inspect.signature(resolve_name(spec.runner)).parameters) == ["plans", "options"]
    assert spec.is_detached or list(inspect.signature(resolve_name(spec.opens)).parameters) == ["plan"]
    assert set(spec.resume_settings) < set(Cluster.model_fields)


def test_help_errors_and_the_params_file_name_every_target():
    said = " ".join(CliRunner().invoke(cli.app, ["--help"], env={"COLUMNS": "400"}).output.split())
    assert f"--target {'|'.join(TARGETS)}" in said
    assert all(f"{spec.name} ({spec.meaning})" in said for spec in TARGETS.values())
    with pytest.raises(InputError, match=r"cluster.target='moon': must be local, livy or step"):
        check({"cluster": {"target": "moon"}})
    lines = (PROJECT / "params" / "emr.yaml").read_text().split("  target:")[1].split("\n  id:")[0]
    assert set(re.findall(r"(\w+): ", lines)) == {*TARGETS, "null"}


@given(
    target=st.sampled_from([None, "local", "livy", "step"]),
    **{name: st.sampled_from(values) for name, values in SETTINGS.items()},
)
def test_the_settings_say_where_it_runs_and_what_is_lacking(target, **settings):
    cluster = Cluster(target=target, **settings)
    implied = "step" if cluster.id else "livy" if cluster.livy_url else "local"
    spec = cluster.runs_on
    assert spec.name == (target or implied)
    one_way = bool(cluster.id) != bool(cluster.livy_url) and not (cluster.livy_url and cluster.reach != "direct")
    fits = {"local": True, "livy": one_way, "step": one_way and bool(cluster.id)}[spec.name]
    try:
        spec.require(cluster)
    except InputError:
        assert not fits
    else:
        assert fits
        assert (spec.where(cluster, "s3://b/o", RUN_ID) == "") == (spec.name == "local")
    planned = make_plan(Parameters(cluster=cluster, out="s3://b/o", run_id=RUN_ID))
    assert planned.cluster_id == ("" if spec.name == "local" else cluster.id)


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({}, ""),
        ({"id": "j-A"}, "--target step --cluster-id j-A "),
        ({"livy_url": "http://x:1"}, "--target livy --livy-url http://x:1 --reach direct "),
        (
            {"id": "j-A", "target": "livy", "reach": "ssh", "ssh_key": "my key"},
            "--target livy --cluster-id j-A --reach ssh --ssh-key 'my key' ",
        ),
    ],
)
def test_what_is_left_says_the_options_to_resume_with(tmp_path, settings, options):
    planned = plan(tmp_path, PROJECT / "notebooks", cluster=settings)
    begin(Path(planned.model_dir))
    said = run.what_is_left(planned, is_trained=False)
    assert said.endswith(f"run_experiment.py --out {tmp_path}/out {options}--resume model_{RUN_ID}")


def begin(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "experiment.json").write_text(json.dumps(records.experiment()))


# A target that sends runs away, to something that is no EMR cluster, and one that runs them here.
SENT: list[tuple[list[str], RunOptions]] = []


class Serverless(TargetSpec):
    name = "serverless"
    meaning = "all of it on EMR Serverless"
    runner = "tests.launcher.targets.test_target:send"

    def require(self, cluster):
        if not cluster.livy_url:
            raise InputError("--target serverless needs an application: name it with --livy-url")

    def where(self, cluster, out, run_id):
        return f"a job run of the application {cluster.livy_url}"

    resume_settings = ("livy_url", "auth")


class Beside(TargetSpec):
    name = "beside"
    meaning = "in a plain kernel"
    opens = "tests.launcher.targets.test_target:beside"

    def sees_this_machine(self, cluster):
        return True


def send(plans, options):
    SENT.append(([each.run_id for each in plans], options))


@contextmanager
def beside(plan):
    yield LocalTarget(KERNEL)


@pytest.fixture
def more(monkeypatch):
    for spec in (Serverless(), Beside()):
        monkeypatch.setitem(TARGETS, spec.name, spec)
    SENT.clear()


@pytest.fixture
def typed(tmp_path, monkeypatch, more):
    notebooks = write_notebooks(tmp_path / "notebooks")
    monkeypatch.setattr(experiment, "make_plan", lambda parameters, argv: make_plan(parameters, notebooks, argv))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "table.parquet").touch()
    return lambda *words: CliRunner().invoke(cli.app, words, env={"COLUMNS": "300"})


PLACES = ("--input-data", "s3://b/t", "--out", "s3://b/o", "-p", f"run_id={RUN_ID}")
THERE = ("--target", "serverless", "--livy-url", "http://app-1")


@pytest.fixture
def there(monkeypatch):
    """Nothing is in the bucket, which is none."""

    class Empty:
        def exists(self, place):
            return False

        def claim(self, place, content):
            return True

        def read_text(self, place):
            return None

        def remove(self, place):
            pass

    for module in (preflight, claims):
        monkeypatch.setattr(module, "files_at", lambda place: Empty())


def test_a_new_target_goes_through_all_that_asks(typed, there):
    said = typed("--dry-run", *PLACES, *THERE)
    assert said.exit_code == 0, said.output
    assert "where       a job run of the application http://app-1\n" in said.output
    assert "cost " not in said.output
    assert SENT == []
    assert typed(*PLACES, *THERE, "--wait").exit_code == 0
    assert [([RUN_ID], RunOptions(wait=True))] == SENT


def test_what_a_new_target_needs_is_checked_before_anything_starts(typed, there):
    lacking = typed(*PLACES, "--target", "serverless")
    assert (lacking.exit_code, "needs an application" in lacking.output) == (2, True)
    unseen = typed("--input-data", "table.parquet", *PLACES[2:], *THERE)
    assert (unseen.exit_code, "cannot see the files of this machine" in unseen.output) == (2, True)
    steps = typed(*PLACES, *THERE, "--step-concurrency", "2")
    assert (steps.exit_code, "add --cluster-id, or --target step" in steps.output) == (2, True)
    Path("a.yaml").write_text("cluster: {target: local}")
    Path("b.yaml").write_text("cluster: {target: serverless, livy_url: 'http://app-1'}")
    mixed = typed("--params", "a.yaml", "--params", "b.yaml", *PLACES[:4])
    assert (mixed.exit_code, "different targets (local, serverless)" in mixed.output) == (2, True)
    assert SENT == []


def test_a_new_target_is_resumed_by_its_own_options(tmp_path, more):
    planned = plan(tmp_path, PROJECT / "notebooks", cluster={"target": "serverless", "livy_url": "http://app-1"})
    begin(Path(planned.model_dir))
    said = run.what_is_left(planned, is_trained=False)
    assert "--target serverless --livy-url http://app-1 -p cluster.auth=none --resume" in said
    with pytest.raises(InputError, match="--target serverless does not run here"):
        target_of(planned)


def test_a_new_target_that_runs_here_is_opened_and_followed(typed, tmp_path):
    said = typed("--target", "beside", "--input-data", "table.parquet", "--out", "out", "-p", f"run_id={RUN_ID}")
    assert said.exit_code == 0, said.output
    assert "Winner" in said.output
    assert (tmp_path / "out" / "results" / f"eval_{RUN_ID}" / "EVALUATION_REPORT.md").exists()
