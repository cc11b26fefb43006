"""How many modules and folders stand directly in a package: as many as one keeps in mind (docs/architecture.md)."""

from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(("package", "most"), [("lib", 20), ("launcher", 15), ("launcher/emr", 12)])
def test_a_package_has_few_rooms(package, most):
    modules = {each.stem for each in (PROJECT / package).glob("*.py")} - {"__init__"}
    folders = {each.parent.name for each in (PROJECT / package).glob("*/__init__.py")}
    assert len(modules | folders) <= most, sorted(modules | folders)
