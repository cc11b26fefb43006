"""AWS's price list API on this machine, which moto lacks: GetProducts, with products in the shape that AWS sends."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

# USD for an hour on demand in eu-west-1, and EMR's fee: another region than that of the project's own table.
REGION = "eu-west-1"
HOURS = {"m5.xlarge": (0.214, 0.048), "m5.2xlarge": (0.428, 0.096)}
GB_MONTH = 0.088


def product(service: str, family: str, usd: float, unit: str = "Hrs", **attributes: str) -> dict[str, Any]:
    """One product with its price on demand, and one of a reservation, which is no price for us."""
    sku = f"SKU{abs(hash((service, *attributes.items()))) % 10**8}"
    price = {"unit": unit, "beginRange": "0", "endRange": "Inf", "pricePerUnit": {"USD": f"{usd:.10f}"}}
    term = {"sku": sku, "offerTermCode": "JRTCKXETXF", "termAttributes": {}}
    reserved = {**price, "pricePerUnit": {"USD": "0.0100000000"}}
    return {
        "product": {
            "productFamily": family,
            "attributes": {"servicecode": service, "regionCode": REGION, "locationType": "AWS Region", **attributes},
            "sku": sku,
        },
        "serviceCode": service,
        "terms": {
            "OnDemand": {f"{sku}.JRTCKXETXF": {**term, "priceDimensions": {f"{sku}.JRTCKXETXF.6YS6EN2CT7": price}}},
            "Reserved": {f"{sku}.4NA7Y494T4": {**term, "priceDimensions": {f"{sku}.4NA7Y494T4.6YS6EN2CT7": reserved}}},
        },
        "version": "20261120184142",
        "publicationDate": "2026-11-20T18:41:42Z",
    }


def products() -> list[dict[str, Any]]:
    """What the list has: for each type the price that is meant and some that are not."""
    found = [
        product("AmazonEC2", "Storage", GB_MONTH, "GB-Mo", volumeApiName="gp3", usagetype="EU-EBS:VolumeUsage.gp3")
    ]
    plain = {"tenancy": "Shared", "preInstalledSw": "NA", "capacitystatus": "Used", "operation": "RunInstances"}
    for name, (hour, fee) in HOURS.items():
        linux = {"instanceType": name, "operatingSystem": "Linux", **plain}
        found += [
            product("AmazonEC2", "Compute Instance", hour, **linux),
            product("AmazonEC2", "Compute Instance", 2 * hour, **{**linux, "operatingSystem": "Windows"}),
            product("AmazonEC2", "Compute Instance", 1.1 * hour, **{**linux, "tenancy": "Dedicated"}),
            product(
                "AmazonEC2", "Compute Instance", 0.0, **{**linux, "capacitystatus": "AllocatedCapacityReservation"}
            ),
            product("ElasticMapReduce", "Elastic Map Reduce Instance", fee, instanceType=name, softwareType="EMR"),
            product("ElasticMapReduce", "Elastic Map Reduce Instance", 3 * fee, instanceType=name, softwareType="MapR"),
        ]
    return found


@dataclass
class PriceList:
    """The server: where it is, what it was asked, and whether it refuses."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    refuses: bool = False

    def answer(self, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """What GetProducts answers, one product a page."""
        self.asked.append(request)
        if self.refuses:
            who = "User: arn:aws:iam::123456789012:user/ana is not authorized to perform: pricing:GetProducts"
            return 400, {"__type": "AccessDeniedException", "Message": who}
        wanted = {each["Field"]: each["Value"] for each in request["Filters"]}
        found = [each for each in products() if each["serviceCode"] == request["ServiceCode"] and _has(each, wanted)]
        number = int(request.get("NextToken", "0"))
        page: dict[str, Any] = {
            "FormatVersion": "aws_v1",
            "PriceList": list(map(json.dumps, found[number : number + 1])),
        }
        return 200, page | ({"NextToken": str(number + 1)} if number + 1 < len(found) else {})


@contextmanager
def price_list() -> Iterator[PriceList]:
    """Run it; clients find it by AWS_ENDPOINT_URL_PRICING."""
    here = PriceList()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Answer one request."""
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.headers["X-Amz-Target"] == "AWSPriceListService.GetProducts"
            status, content = here.answer(request)
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Be silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _has(product: dict[str, Any], wanted: dict[str, str]) -> bool:
    attributes = {**product["product"]["attributes"], "productFamily": product["product"]["productFamily"]}
    return all(attributes.get(name) == value for name, value in wanted.items())
