"""Prices: from the price list, from yesterday's answer, from the table, from the user."""

import os
from datetime import UTC, date, datetime

import boto3
import pytest

from launcher.emr.cost.prices import NoPrice, prices_of
from tests.aws.price_list import GB_MONTH, REGION, price_list


@pytest.fixture
def listed(monkeypatch):
    with price_list() as here:
        monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", here.url)
        yield here


def prices(types=("m5.xlarge", "m5.2xlarge"), region=REGION, **given):
    return prices_of(types, region, boto3.Session(region_name=region), given.get("given"))


def test_the_price_list_is_asked_for_linux_on_demand(listed):
    found = prices()
    assert found.instance_hour == {"m5.xlarge": 0.214, "m5.2xlarge": 0.428}
    assert found.emr_hour == {"m5.xlarge": 0.048, "m5.2xlarge": 0.096}
    assert found.gb_month == GB_MONTH
    assert (found.region, found.as_of, found.source) == (REGION, datetime.now(UTC).date(), "AWS's price list")
    assert found.problem == ""
    hour = found.hourly("m5.xlarge", gb=730)
    assert (hour.ec2, hour.emr, hour.ebs) == (0.214, 0.048, pytest.approx(GB_MONTH))


def test_answers_are_kept_for_a_day(listed, prices_cache):
    prices()
    count = len(listed.asked)
    assert prices() == prices(["m5.xlarge"])
    assert len(listed.asked) == count
    file = prices_cache / f"prices-{REGION}.json"
    yesterday = datetime.now(UTC).timestamp() - 86_500
    os.utime(file, (yesterday, yesterday))
    prices()
    assert len(listed.asked) > count
    file.write_text("{")
    assert prices().gb_month == GB_MONTH


def test_the_table_holds_where_the_list_refuses(listed):
    listed.refuses = True
    found = prices(["m5.xlarge", "m5.2xlarge", "m5.24xlarge"], "us-east-1")
    assert found.instance_hour["m5.xlarge"] == 0.192
    assert found.instance_hour["m5.2xlarge"] == 0.384
    assert found.emr_hour["m5.2xlarge"] == pytest.approx(0.096)
    assert found.emr_hour["m5.24xlarge"] == 0.27  # EMR's fee has a most
    assert found.source == "the project's table of AWS's list prices"
    assert found.as_of == date(2026, 11, 25)
    assert "pricing:GetProducts" in found.problem


def test_nothing_refused_is_kept(listed, prices_cache):
    listed.refuses = True
    prices(region="us-east-1")
    assert not list(prices_cache.glob("*"))


def test_a_price_that_nobody_knows_is_asked_for(listed):
    with pytest.raises(
        NoPrice, match=r"m7i.xlarge in eu-west-1 \(no prices of AmazonEC2.*: give it with --price m7i.xlarge=USD"
    ):
        prices(["m7i.xlarge"])


def test_given_prices_go_over_all_others(listed):
    found = prices(["m5.xlarge", "m7i.xlarge"], given={"m7i.xlarge": 0.2, "m5.xlarge": 0.1})
    assert found.instance_hour == {"m5.xlarge": 0.1, "m7i.xlarge": 0.2}
    assert found.emr_hour["m7i.xlarge"] == pytest.approx(0.05)
    assert found.source.endswith("; given: m5.xlarge, m7i.xlarge")


def test_spot_counts_with_what_is_bid(listed):
    found = prices(["m5.xlarge"])
    assert found.hourly("m5.xlarge", most=0.1).ec2 == 0.1
    assert found.hourly("m5.xlarge", most=0.1).emr == 0.048  # EMR's fee does not fall with it
