import pytest

from benchmarks.arithmetic import Line, agreement, exponent, line


def test_exponent_of_growth():
    assert exponent([1e5, 1e6, 1e7], [2.0, 20.0, 200.0]) == pytest.approx(1.0)
    assert exponent([10, 1000], [3.0, 3.0 * 100**1.2]) == pytest.approx(1.2)


def test_a_line_through_two_sizes_gives_a_third():
    assert line({50: 7.0, 200: 22.0}).at(600) == pytest.approx(62.0)


def test_a_single_size_is_taken_in_proportion():
    assert line({100: 5.0}) == Line(0.0, 0.05)


def test_a_line_that_starts_below_zero_is_not_believed():
    assert line({10: 1.0, 30: 6.0}) == Line(0.0, 0.2)


def test_agreement_is_two_standard_errors():
    scattered = agreement([0.01, -0.01, 0.02, -0.015])
    assert scattered.count == 4
    assert scattered.mean == pytest.approx(0.00125)
    assert scattered.within
    assert not agreement([0.010, 0.011, 0.012]).within


def test_differences_of_rounding_agree_whatever_their_error():
    assert agreement([0.0, 0.0, 0.0]).within
    assert agreement([1e-16, 1e-16]).within
