"""Instance types against figures of AWS's own tables, and the arithmetic of Spark's memory on YARN."""

import pytest

from launcher.emr.sizes import InstanceType, container_mb, instance_type, largest_heap_mb, megabytes, size


@pytest.mark.parametrize(
    ("name", "vcpus", "memory_gb", "yarn_mb"),
    [
        ("m5.xlarge", 4, 16, 12288),
        ("m5.2xlarge", 8, 32, 24576),
        ("m5a.4xlarge", 16, 64, 57344),
        ("m5.16xlarge", 64, 256, 253952),
        ("c5.xlarge", 4, 8, 6144),
        ("c5.9xlarge", 36, 72, 65536),
        ("r5.xlarge", 4, 32, 24576),
        ("r5d.24xlarge", 96, 768, 778240),
        ("c8g.4xlarge", 16, 32, 24576),
        ("m8g.xlarge", 4, 16, 12288),
        ("r8g.2xlarge", 8, 64, 57344),
    ],
)
def test_a_type_has_what_aws_says(name, vcpus, memory_gb, yarn_mb):
    assert instance_type(name) == InstanceType(name, vcpus, memory_gb, yarn_mb)


@pytest.mark.parametrize("name", ["c5n.xlarge", "m5.metal", "p3.2xlarge", "m5", ""])
def test_nothing_is_said_of_an_unknown_type(name):
    assert instance_type(name) is None


def test_sizes_are_read_and_written():
    assert [megabytes(text) for text in ("4g", "1536m", "512", "2 GB", "1t")] == [4096, 1536, 512, 2048, 1048576]
    assert [size(number) for number in (4096, 1536)] == ["4g", "1536m"]
    with pytest.raises(ValueError, match="'much' is not a memory size"):
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
