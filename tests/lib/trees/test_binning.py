import numpy as np
import pytest

from lib.trees import binning
from tests.lib.trees.spark_trees import EVEN, bin_rows, make_rows


def test_all_rows_count_up_to_spark_mls_limit():
    assert binning.sample_fraction(64, 10_000) == 1
    assert binning.sample_fraction(128, 16_384) == 1
    assert binning.sample_fraction(64, 20_000) == 0.5
    assert binning.sample_fraction(128, 32_768) == 0.5
    np.testing.assert_array_equal(binning.sample_rows(64, 5, seed=1), np.arange(5))


def test_the_square_of_max_bins_overflows_as_in_spark():
    assert binning.sample_fraction(65_536, 100_000) == 0.1


@pytest.mark.parametrize("rows", [20_000, 100_000, 2_000_000])
def test_samples_have_about_the_size_wanted(rows):
    chosen = binning.sample_rows(64, rows, seed=9)
    assert len(chosen) == pytest.approx(10_000, rel=0.05)
    assert (np.diff(chosen) > 0).all()
    assert chosen[0] >= 0
    assert chosen[-1] < rows


def test_values_equal_to_a_threshold_go_below_it():
    bins = binning.bin_columns([np.array([0.4, 0.5, 0.6, 2.0])], [np.array([0.5, 1.0])], 32)
    np.testing.assert_array_equal(bins[:, 0], [0, 0, 1, 2])


def test_bins_are_as_narrow_as_their_number_allows():
    x, y = make_rows(2000, 2)
    assert bin_rows(x, y, EVEN, 256, 1)[0].bins.dtype == np.uint8
    assert bin_rows(x, y, EVEN, 257, 1)[0].bins.dtype == np.uint16


def test_bins_agree_with_thresholds_on_every_row():
    x, y = make_rows(3000, 7)
    rows, thresholds = bin_rows(x, y, EVEN, 128, 1)
    for feature, limits in enumerate(thresholds):
        np.testing.assert_array_equal(rows.bins[:, feature], np.searchsorted(limits, x[:, feature], side="left"))
