"""The arithmetic of Spark's memory on YARN."""

import pytest

from launcher.emr.spark_memory import container_mb, largest_heap_mb, megabytes, size


def test_sizes_are_read_and_written():
    assert [megabytes(text) for text in ("4g", "1536m", "512", "2 GB", "1t")] == [4096, 1536, 512, 2048, 1048576]
    assert [size(number) for number in (4096, 1536)] == ["4g", "1536m"]
    with pytest.raises(ValueError, match="'much' is no size of memory"):
        megabytes("much")


def test_a_container_is_the_heap_and_what_comes_beside_it():
    assert container_mb("executor", "8g") == 8192 + 1536
    assert container_mb("driver", "8g") == 8192 + 819
    assert container_mb("driver", "1g") == 1024 + 384
    assert container_mb("executor", "8g", "2g") == 10240


@pytest.mark.parametrize(
    ("of", "yarn_mb", "heap"), [("executor", 24576, 20), ("driver", 12288, 10), ("driver", 500, 0)]
)
def test_the_largest_heap_fits_and_one_gb_more_does_not(of, yarn_mb, heap):
    assert largest_heap_mb(of, yarn_mb) == heap * 1024
    if heap:
        assert container_mb(of, f"{heap}g") <= yarn_mb < container_mb(of, f"{heap + 1}g")
