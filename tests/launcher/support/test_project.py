"""One module knows where the project stands and what it is called."""

import subprocess
import sys
import tomllib

from launcher.support import zips
from launcher.support.project import PROJECT, PROJECT_NAME


def test_it_is_the_folder_and_the_name_of_pyproject():
    assert tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["name"] == PROJECT_NAME


def test_no_other_module_of_the_launcher_says_either():
    for file in (PROJECT / "launcher").rglob("*.py"):
        if file.name != "project.py":
            text = file.read_text()
            assert f'"{PROJECT_NAME}' not in text, file
            assert "__file__).resolve().parent.parent" not in text, file
            assert "__file__).resolve().parents[2]" not in text, file
            assert "from tools" not in text, file


def test_the_schema_of_parameters_brings_nothing_that_only_a_run_needs():
    heavy = {"psutil", "boto3", "papermill", "pyspark"}
    program = f"import sys, launcher.parameters.sources; print(*{heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=True, capture_output=True, text=True)
    assert done.stdout.split() == []


def test_the_script_packs_lib_without_any_package_installed(tmp_path):
    target = tmp_path / "build" / "lib.zip"
    script = [sys.executable, "-S", PROJECT / "tools" / "lib_zip.py", target]  # -S: no site-packages
    subprocess.run(script, cwd=tmp_path, check=True, capture_output=True)
    assert target.read_bytes() == zips.lib_zip()
