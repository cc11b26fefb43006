"""What is printed in a narrow terminal: no word is cut, no line is too long without a reason, and nothing is lost."""

import re

from hypothesis import given
from hypothesis import strategies as st

from launcher.support.wrapping import column_widths, wrapped

WORDS = st.text(st.characters(categories=("Lu", "Ll", "Nd"), include_characters="-/.:"), min_size=1, max_size=30)
LINES = st.lists(WORDS, min_size=1, max_size=30).map(" ".join)


@given(st.lists(LINES, min_size=1, max_size=3).map("\n".join), st.integers(10, 100))
def test_words_are_neither_cut_nor_lost(text, width):
    lines = wrapped(text, width)
    assert " ".join(lines).split() == text.split()
    assert all(len(line) <= width or len(line.split()) == 1 or line.startswith(("aws", "ssh")) for line in lines)


@given(LINES, st.integers(20, 60))
def test_a_command_stays_in_one_piece(words, width):
    command = f"python run_experiment.py {words}"
    assert command in wrapped(f"why this is wrong, at some length, and what to do: {command}", width)
    assert wrapped(command, width) == [command]
    assert command in "".join(wrapped(f"→ {command}", width))


@given(st.lists(st.lists(LINES, min_size=2, max_size=2), min_size=1, max_size=6), st.integers(20, 200))
def test_columns_fit_if_their_words_allow_it(columns, room):
    widths = column_widths(columns, room)
    for column, width in zip(columns, widths, strict=True):
        longest = max(len(word) for text in column for word in text.split())
        assert longest <= width <= max(len(text) for text in column)
    least = sum(max(len(word) for text in column for word in re.split(r"\s+", text)) for column in columns)
    assert sum(widths) <= max(room, least)
