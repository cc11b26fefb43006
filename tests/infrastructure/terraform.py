"""Terraform on a copy of `infrastructure/`, with the provider from a folder on this machine."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.wheelhouse import MACHINES

ROOT = Path(__file__).resolve().parents[2]

_PROVIDER = "registry.terraform.io/hashicorp/aws"
# Where installations keep provider plugins, beside TF_PLUGIN_DIR.
_PLACES = ("~/.terraform.d", "/usr/local/share/terraform", "/usr/share/terraform", "/opt", "/usr/local/lib")


class Terraform:
    """The program in one folder; every call's output is at hand when it fails."""

    def __init__(self, folder: Path):
        self.folder = folder

    def __call__(self, *arguments: str, expect: int = 0) -> str:
        done = subprocess.run(
            ["terraform", arguments[0], "-no-color", *arguments[1:]],
            cwd=self.folder,
            env=_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=400,
        )
        assert done.returncode == expect, f"terraform {' '.join(arguments)} ended with {done.returncode}\n{done.stdout}"
        return done.stdout

    def outputs(self) -> dict[str, str]:
        return {name: each["value"] for name, each in json.loads(self("output", "-json")).items()}


def require_terraform() -> None:
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")


def copy_of_root(folder: Path) -> Terraform:
    """Copy `infrastructure/` and what it uploads into `folder`, with a fresh lib.zip, and initialise it.

    Its wheelhouse has no wheels, for Terraform looks into no archive.
    """
    require_terraform()
    plugins = plugin_folder()
    for room in ("infrastructure", "scripts", "notebooks"):
        ignored = shutil.ignore_patterns(".terraform*", "*.tfstate*", "terraform.tfvars", "build", "__pycache__")
        shutil.copytree(ROOT / room, folder / room, ignore=ignored)
    lib_zip = folder / "infrastructure" / "build" / "lib.zip"
    subprocess.run([sys.executable, ROOT / "tools" / "lib_zip.py", lib_zip], check=True, stdout=subprocess.DEVNULL)
    wheelhouse = lib_zip.with_name("wheelhouse")
    wheelhouse.mkdir()
    for machine in MACHINES:
        (wheelhouse / f"wheels-{machine}.tar").write_text(f"wheels for {machine}")
    shutil.copy(folder / "infrastructure" / "requirements-master.txt", wheelhouse)
    terraform = Terraform(folder / "infrastructure")
    terraform("init", f"-plugin-dir={plugins}", "-input=false")
    return terraform


def plugin_folder() -> Path:
    """Where the provider is on this machine."""
    named = os.environ.get("TF_PLUGIN_DIR")
    if named:
        return Path(named)
    for place in (Path(each).expanduser() for each in _PLACES):
        for pattern in (_PROVIDER, f"*/{_PROVIDER}", f"*/*/{_PROVIDER}"):
            for found in place.glob(pattern):
                return found.parents[2]
    pytest.skip(f"no folder with the plugin {_PROVIDER} was found: name it with TF_PLUGIN_DIR")


def _environment() -> dict[str, str]:
    """Nothing of the user's own AWS or Terraform settings, and no account to reach."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
    return {**kept, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1", "AWS_EC2_METADATA_DISABLED": "true"}
