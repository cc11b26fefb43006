import re
import shutil
import subprocess

import pytest

from tests.infrastructure.terraform import ROOT, Terraform, plugin_folder, require_terraform

# The subnet of the example is there, and has the tag that EMR asks for.
_EXAMPLE = """
override_data {
  target = data.aws_subnet.existing[0]
  values = { tags = { for-use-with-amazon-emr-managed-policies = "true" } }
}

run "all_of_the_example" {
  command = plan
}
"""


def test_the_files_are_formatted():
    require_terraform()
    command = ["terraform", "fmt", "-check", "-recursive", "-diff", ROOT / "infrastructure"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_lock_file_is_of_this_configuration_and_of_the_provider_as_it_was_released(tmp_path):
    require_terraform()
    plugins = plugin_folder()
    for name in ("versions.tf", ".terraform.lock.hcl"):
        shutil.copy(ROOT / "infrastructure" / name, tmp_path)
    locked = re.search(r'version +=  *"([^"]+)"', (tmp_path / ".terraform.lock.hcl").read_text())[1]
    if not any(plugins.glob(f"registry.terraform.io/hashicorp/aws/{locked}/*")):
        pytest.skip(f"the provider here is not {locked}")
    Terraform(tmp_path)("init", f"-plugin-dir={plugins}", "-input=false", "-lockfile=readonly")


def test_the_configuration_is_valid(terraform):
    terraform("validate")


def test_plans_with_a_mock_provider(terraform):
    """infrastructure/tests/*.tftest.hcl: the defaults, the options, and the values that are refused."""
    assert "Success!" in terraform("test")


def test_every_variable_has_a_type_and_a_description(terraform):
    text = (terraform.folder / "variables.tf").read_text()
    variables = text.split("\nvariable ")[1:]
    assert len(variables) > 20
    assert [each.split()[0] for each in variables if "  type " not in each or "  description =" not in each] == []


def test_the_example_has_every_variable_with_a_value_that_is_taken(terraform, tmp_path):
    variables = set(re.findall(r'^variable "(\w+)"', (terraform.folder / "variables.tf").read_text(), re.M))
    example = (terraform.folder / "terraform.tfvars.example").read_text()
    assert set(re.findall(r"^(?:# )?(\w+) +=", example, re.M)) == variables

    everything = tmp_path / "everything.tfvars"
    everything.write_text(re.sub(r"^# (?=\w+ +=)", "", example, flags=re.M))
    test = terraform.folder / "example.tftest.hcl"
    test.write_text(_mock(terraform) + _EXAMPLE)
    try:
        assert "1 passed" in terraform("test", f"-filter={test.name}", f"-var-file={everything}")
    finally:
        test.unlink()


def test_a_missing_lib_zip_is_named(terraform, tmp_path):
    lib_zip = terraform.folder / "build" / "lib.zip"
    kept = lib_zip.rename(tmp_path / "lib.zip")
    try:
        assert "run `make lib.zip`" in _refused_plan(terraform)
    finally:
        kept.rename(lib_zip)


def test_a_wheelhouse_that_is_missing_or_of_other_requirements_is_named(terraform, tmp_path):
    wheelhouse = terraform.folder / "build" / "wheelhouse"
    kept = wheelhouse.rename(tmp_path / "wheelhouse")
    try:
        assert "run `make wheelhouse`" in _refused_plan(terraform, "wheelhouse = true")
        shutil.copytree(kept, wheelhouse)
        (wheelhouse / "requirements-master.txt").write_text("tiny==1.0\n")
        assert "run `make wheelhouse`" in _refused_plan(terraform, "wheelhouse = true")
        shutil.rmtree(wheelhouse)
    finally:
        kept.rename(wheelhouse)


def _mock(terraform) -> str:
    """The mock provider of the plans in tests/."""
    return (terraform.folder / "tests" / "network.tftest.hcl").read_text().split("\nvariables")[0]


def _refused_plan(terraform, setting: str = "") -> str:
    """What is said of a plan with the defaults and one setting."""
    test = terraform.folder / "missing.tftest.hcl"
    test.write_text(
        f"{_mock(terraform)}\n"
        f'variables {{\n  budget_emails = ["someone@example.org"]\n  {setting}\n}}\n'
        'run "plan" {\n  command = plan\n}\n'
    )
    try:
        return " ".join(terraform("test", f"-filter={test.name}", expect=1).split())
    finally:
        test.unlink()
