"""What an hour of a node costs: from AWS's price list, kept for a day, or from the project's own table.

The API answers in few regions, for all of them; asking needs `pricing:GetProducts`. Where it cannot be asked, the table
(prices.yaml) holds for the regions it has.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import yaml
from botocore.config import Config

from launcher.emr.cost.account import Amount
from launcher.support import aws
from launcher.support.project import cache_folder
from lib.errors import ExperimentError, InputError
from lib.support.atomic_write import write_whole

if TYPE_CHECKING:
    from mypy_boto3_pricing import PricingClient
    from mypy_boto3_pricing.type_defs import FilterTypeDef

_HOURS_OF_A_MONTH = 730
_API_REGION = "us-east-1"
_KEPT_FOR = timedelta(days=1)
_TABLE = Path(__file__).with_name("prices.yaml")
_INSTANCE = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
    "operation": "RunInstances",
}
_FEE = {"productFamily": "Elastic Map Reduce Instance", "softwareType": "EMR"}
_VOLUME = {"productFamily": "Storage", "volumeApiName": "gp3"}


class NoPrice(InputError):
    """A price is in neither the price list nor the table."""

    def __init__(self, what: str, region: str, why: str = ""):
        self.what, self.region = what, region
        because = f" ({why})" if why else ""
        super().__init__(f"no price known for {what} in {region}{because}: give it with --price {what}=USD (per hour)")


@dataclass(frozen=True)
class Prices:
    """Prices of a region: USD for an hour of an instance type, EMR's fee on it, and a GB of gp3 for a month.

    `problem` says why AWS's price list was not used, where it was not.
    """

    region: str
    as_of: date
    source: str
    instance_hour: Mapping[str, float]
    emr_hour: Mapping[str, float]
    gb_month: float
    problem: str = ""

    def hourly(self, instance_type: str, gb: int = 0, most: float | None = None) -> Amount:
        """An hour of a node with `gb` of EBS; `most` is what is paid for it on the Spot market at most.

        Raises:
            NoPrice: there is none for this type.
        """
        if instance_type not in self.instance_hour:
            raise NoPrice(instance_type, self.region, self.problem)
        hour = self.instance_hour[instance_type]
        ec2 = hour if most is None else most
        return Amount(ec2, self.emr_hour[instance_type], gb * self.gb_month / _HOURS_OF_A_MONTH)


def prices_of(
    instance_types: Iterable[str], region: str, session: boto3.Session, given: Mapping[str, float] | None = None
) -> Prices:
    """The prices of these types; those that the user has `given` go over all others.

    Raises:
        NoPrice: there is none for one of them.
    """
    wanted, given = sorted(set(instance_types)), given or {}
    asked = [each for each in wanted if each not in given]
    found = _of_list(asked, region, session)
    prices = replace(
        found,
        source=found.source + (f"; given: {', '.join(sorted(given))}" if given else ""),
        instance_hour={**found.instance_hour, **given},
        emr_hour={**found.emr_hour, **{each: _usual_fee(usd) for each, usd in given.items()}},
    )
    for each in wanted:
        prices.hourly(each)
    return prices


def _of_list(instance_types: Sequence[str], region: str, session: boto3.Session) -> Prices:
    kept = _kept(region)
    if kept and all(each in kept.instance_hour for each in instance_types):
        return kept
    try:
        found = _ask(instance_types, region, session)
    except ExperimentError as error:
        return replace(_table(region, instance_types), problem=str(error))
    _keep(found)
    return found


# ---- The price list API


def _ask(instance_types: Sequence[str], region: str, session: boto3.Session) -> Prices:
    """Ask for each price.

    Raises:
        ExperimentError: no answer, no permission, or a type that the list does not have.
    """
    # A price is not worth a long wait: there is the table.
    impatient = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2, "mode": "standard"})
    with aws.translated_errors("cannot ask for prices"):
        pricing = session.client("pricing", region_name=_API_REGION, config=impatient)
        hours, fees = {}, {}
        for each in instance_types:
            hours[each] = _price(pricing, "AmazonEC2", region, instanceType=each, **_INSTANCE)
            fees[each] = _price(pricing, "ElasticMapReduce", region, instanceType=each, **_FEE)
        volume = _price(pricing, "AmazonEC2", region, **_VOLUME)
    return Prices(region, datetime.now(UTC).date(), "AWS's price list", hours, fees, volume)


def _price(pricing: "PricingClient", service: str, region: str, **attributes: str) -> float:
    """The single on-demand price of the product with these attributes."""
    wanted = {"regionCode": region, **attributes}
    filters: list[FilterTypeDef] = [
        {"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in wanted.items()
    ]
    pages = pricing.get_paginator("get_products").paginate(ServiceCode=service, Filters=filters)
    found = {usd for page in pages for product in page["PriceList"] for usd in _usd(json.loads(product)) if usd > 0}
    if len(found) != 1:
        what = attributes.get("instanceType", attributes.get("volumeApiName", ""))
        raise ExperimentError(f"{len(found) or 'no'} prices of {service} for {what} in {region}")
    return found.pop()


def _usd(product: Mapping[str, Any]) -> Iterable[float]:
    for term in product["terms"].get("OnDemand", {}).values():
        for dimension in term["priceDimensions"].values():
            if "USD" in dimension["pricePerUnit"]:
                yield float(dimension["pricePerUnit"]["USD"])


# ---- Answers of the last day


def _kept(region: str) -> Prices | None:
    file = _file(region)
    try:
        age = datetime.now(UTC).timestamp() - file.stat().st_mtime
        content = json.loads(file.read_text(encoding="utf-8"))
        prices = Prices(**{**content, "as_of": date.fromisoformat(content["as_of"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return prices if age < _KEPT_FOR.total_seconds() else None


def _keep(prices: Prices) -> None:
    file = _file(prices.region)
    with suppress(OSError):  # they can be requested again
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(file, json.dumps(asdict(prices), default=str).encode())


def _file(region: str) -> Path:
    return cache_folder() / f"prices-{region}.json"


# ---- The table


def _table(region: str, instance_types: Iterable[str]) -> Prices:
    table = _content()
    # Disks are the smallest part: in a region that the table lacks they are taken to cost what they cost in the other.
    here = table["regions"].get(region, {"gp3_gb_month": table["regions"][_API_REGION]["gp3_gb_month"]})
    hours = {each: usd for each in instance_types if (usd := _of_family(each, here.get("xlarge_hour", {})))}
    fees = {each: _usual_fee(usd) for each, usd in hours.items()}
    return Prices(region, table["as_of"], table["source"], hours, fees, here["gp3_gb_month"])


def _of_family(instance_type: str, xlarge_hour: Mapping[str, float]) -> float | None:
    found = re.fullmatch(r"(\w+)\.(\d*)xlarge", instance_type)
    return int(found[2] or 1) * xlarge_hour[found[1]] if found and found[1] in xlarge_hour else None


def _usual_fee(instance_hour: float) -> float:
    table = _content()
    return float(min(table["emr_share"] * instance_hour, table["emr_most"]))


def _content() -> Any:
    return yaml.safe_load(_TABLE.read_text(encoding="utf-8"))
