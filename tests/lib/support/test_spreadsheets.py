"""What others open in a spreadsheet program runs nothing there."""

import pytest

from lib.support.spreadsheets import as_cell


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-x", "@sum(a)", "\tx", "\r=x", "\n=x"])
def test_a_name_is_no_formula(name):
    assert as_cell(name) == f"'{name}"


@pytest.mark.parametrize("name", ["B02", "b2 - b3", "'x", "ñ", ""])
def test_other_names_stay_as_they_are(name):
    assert as_cell(name) == name
