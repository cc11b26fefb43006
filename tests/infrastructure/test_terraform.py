import subprocess

from tests.infrastructure.terraform import ROOT, require_terraform


def test_the_files_are_formatted():
    require_terraform()
    command = ["terraform", "fmt", "-check", "-recursive", "-diff", ROOT / "infrastructure"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


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


def test_a_missing_lib_zip_is_named(terraform, tmp_path):
    lib_zip = terraform.folder / "build" / "lib.zip"
    kept = lib_zip.rename(tmp_path / "lib.zip")
    try:
        (terraform.folder / "missing.tftest.hcl").write_text(
            'mock_provider "aws" {}\n'
            'variables {\n  budget_emails = ["someone@example.org"]\n}\n'
            'run "plan" {\n  command = plan\n}\n'
        )
        output = terraform("test", "-filter=missing.tftest.hcl", expect=1)
        assert "run `make lib.zip`" in output
    finally:
        (terraform.folder / "missing.tftest.hcl").unlink()
        kept.rename(lib_zip)
