"""How long, empty and foreign names are shown in pictures."""

import pytest
from matplotlib import font_manager

from lib.reporting.language.words import Words
from lib.reporting.names import one_line, two_lines
from lib.reporting.plot_style import FONTS

EN = Words("en")
LONG = "sentinel2_B00_reflectance_median_dry_season_2019_p0"


@pytest.mark.parametrize("length", [1, 9, 10, 39, 40])
def test_a_name_that_fits_is_shown_whole(length):
    assert one_line("x" * length, 40, EN) == "x" * length


@pytest.mark.parametrize("length", [41, 45, 60, 70, 120])
@pytest.mark.parametrize("most", [9, 26, 40])
def test_a_longer_one_keeps_its_start_and_its_end(length, most):
    name = "start_" + "m" * (length - 10) + "_end"
    shown = one_line(name, most, EN)
    assert len(shown) == most
    assert shown.startswith("star")
    assert shown.endswith("_end")
    assert shown.count("…") == 1


def test_names_that_differ_at_the_end_stay_different():
    assert len({one_line(f"{LONG}{i}", 20, EN) for i in range(10)}) == 10


def test_a_name_without_letters_is_said_to_be_empty():
    for nothing in ("", "  ", "\n"):
        assert one_line(nothing, 40, EN) == two_lines(nothing, 20, EN) == "(empty)"
        assert one_line(nothing, 40, Words("es")) == "(vacío)"


def test_white_space_is_one_space():
    assert one_line(" a\n\tb ", 40, EN) == "a b"


def test_a_formula_is_not_read_as_one():
    assert one_line("$x^$", 40, EN) == r"\$x^\$"


def test_two_lines_part_after_a_separator_where_what_is_left_fits():
    assert two_lines("short", 20, EN) == "short"
    assert two_lines("one_two_three_four_five", 16, EN) == "one_two_three_\nfour_five"
    assert two_lines("x" * 30, 20, EN) == "x" * 20 + "\n" + "x" * 10
    for width in (10, 24, 30):
        assert all(len(line) <= width for line in two_lines(LONG, width, EN).split("\n"))


def test_letters_that_no_font_has_are_boxes():
    assert one_line("a\U000e0100b", 40, EN) == "a□b"


def test_wide_letters_take_the_room_of_two():
    shown = one_line("近" * 30, 21, EN)
    assert shown.replace("近", "□") == "□" * (5 if "近" in shown else 10) + "…" + "□" * (5 if "近" in shown else 10)


def test_only_fonts_of_this_machine_are_asked_for():
    assert FONTS[0] == "DejaVu Sans"
    assert set(FONTS) <= set(font_manager.get_font_names())
