"""The table of instance types, against figures of AWS's own tables."""

import pytest

from launcher.emr.instance_types import InstanceType, instance_type


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
    ],
)
def test_a_type_has_what_aws_says(name, vcpus, memory_gb, yarn_mb):
    assert instance_type(name) == InstanceType(name, vcpus, memory_gb, yarn_mb)


@pytest.mark.parametrize("name", ["c5n.xlarge", "m5.metal", "p3.2xlarge", "m5", ""])
def test_nothing_is_said_of_an_unknown_type(name):
    assert instance_type(name) is None
