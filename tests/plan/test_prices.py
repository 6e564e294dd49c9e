"""Live prices: the Pricing API through boto3, the public list as it arrives, and what stands in when neither answers."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgen.deploy.account import offers
from cfgen.deploy.account.offers import OfferError, prices_in
from cfgen.deploy.account.prices import RATES, live_prices
from cfgen.sandbox.wire import AwsError
from tests.plan.aws import Aws, Server


def term(sku: str, usd: str, unit: str = "Hrs") -> dict[str, Any]:
    """On-demand terms of one product, as the price list has them."""
    code = f"{sku}.JRTCKXETXF"
    dimension = {
        "rateCode": f"{code}.6YS6EN2CT7", "description": "$ per hour", "beginRange": "0", "endRange": "Inf",
        "unit": unit, "pricePerUnit": {"USD": usd}, "appliesTo": [],
    }  # fmt: skip
    return {
        code: {
            "offerTermCode": "JRTCKXETXF",
            "sku": sku,
            "priceDimensions": {f"{code}.6YS6EN2CT7": dimension},
        }
    }


def product(
    sku: str, name: str, usd: str, region: str, component: str = "Hosting", **more: str
) -> dict[str, Any]:
    """A product as GetProducts lists it (each a JSON text)."""
    attributes = {
        "servicecode": "AmazonSageMaker", "instanceName": name, "component": component, "regionCode": region,
        "usagetype": f"EUC1-Host:{name}", **more,
    }  # fmt: skip
    return {
        "product": {"productFamily": "ML Instance", "attributes": attributes, "sku": sku},
        "serviceCode": "AmazonSageMaker", "terms": {"OnDemand": term(sku, usd)}, "version": "20261101",
    }  # fmt: skip


def catalogue_of(*products: dict[str, Any]) -> Any:
    """GetProducts with its filters, as the service applies them."""

    def answer(params: dict[str, Any]) -> dict[str, Any]:
        assert params["FormatVersion"] == "aws_v1"
        wanted = {one["Field"]: one["Value"] for one in params["Filters"]}
        assert all(one["Type"] == "TERM_MATCH" for one in params["Filters"])
        found = [
            one
            for one in products
            if one["serviceCode"] == params["ServiceCode"]
            and all(
                value in (one["product"]["attributes"].get(key), one["product"].get(key))
                for key, value in wanted.items()
            )
        ]
        at = int(params.get("NextToken", 0))
        page: dict[str, Any] = {
            "FormatVersion": "aws_v1",
            "PriceList": [json.dumps(one) for one in found[at : at + 1]],
        }
        return page | ({"NextToken": str(at + 1)} if len(found) > at + 1 else {})

    return answer


def test_the_pricing_api(aws: Aws) -> None:
    aws.answers["pricing.GetProducts"] = catalogue_of(
        product("A", "ml.g6.2xlarge", "1.5300000000", "eu-central-1"),
        product("B", "ml.g6.2xlarge", "1.2220000000", "us-east-1"),
        product("C", "ml.g6.2xlarge", "0.9000000000", "eu-central-1", "Training"),
    )
    found = live_prices("eu-central-1", ["ml.g6.2xlarge"], None)
    assert found.instances == {"ml.g6.2xlarge": 1.53}
    assert (found.source, found.problem) == ("AWS Pricing API", "")
    # the API answers in few regions: never asked in eu-central-1 for eu-central-1
    assert {region for name, region, _ in aws.params if name == "pricing.GetProducts"} == {"us-east-1"}


def test_other_rates_need_one_answer(aws: Aws) -> None:
    def nat(sku: str, usd: str, usage: str) -> dict[str, Any]:
        one = product(sku, "", usd, "eu-central-1", "", group="NGW:NatGateway", usagetype=usage)
        one["serviceCode"], one["product"]["productFamily"] = "AmazonEC2", "NAT Gateway"
        return one

    aws.answers["pricing.GetProducts"] = catalogue_of(
        nat("N", "0.052", "EUC1-NatGateway-Hours"), nat("M", "0.052", "EUC1-NatGateway-Bytes")
    )
    assert live_prices("eu-central-1", [], None, tuple(RATES)).rates == {"nat-gateway": 0.052}
    aws.answers["pricing.GetProducts"] = catalogue_of(
        nat("N", "0.052", "EUC1-NatGateway-Hours"), nat("M", "0.06", "EUC1-NatGateway-Prvd-Hours")
    )
    assert live_prices("eu-central-1", [], None, tuple(RATES)).rates == {}


def serverless(sku: str, usage: str, usd: str, region: str = "eu-central-1") -> dict[str, Any]:
    """A serverless product: the first 150,000 seconds of a month are free, so it has two dimensions."""
    one = product(sku, "", usd, region, "", usagetype=f"EUC1-{usage}")
    one["product"]["productFamily"] = "ML Serverless"
    (terms,) = term(sku, usd, "seconds").values()
    terms["priceDimensions"] |= next(iter(term(f"{sku}F", "0.0000000000", "seconds").values()))[
        "priceDimensions"
    ]
    one["terms"] = {"OnDemand": {sku: terms}}
    return one


SERVERLESS = (
    serverless("S2", "ServerlessInf:Mem-2GB", "0.0000500000"),
    serverless("S4", "ServerlessInf:Mem-4GB", "0.0001000000"),
    serverless("P4", "ServerlessInf:ProvisionedConcurrency:Usage-4GB", "0.0000300000"),
    serverless("Q4", "ServerlessInf:ProvisionedConcurrency:Mem-4GB", "0.0000700000"),
)
KEYS = ("serverless-4gb", "ready-4gb", "ready-use-4gb")


def test_serverless_seconds_of_one_memory_size(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    aws.answers["pricing.GetProducts"] = catalogue_of(*SERVERLESS)
    wanted = dict(zip(KEYS, (0.0001, 0.00003, 0.00007), strict=True))
    found = live_prices("eu-central-1", [], None, KEYS)
    assert (dict(found.rates), found.problem) == (wanted, "")
    assert live_prices("eu-central-1", [], None, ("serverless-3gb", "alarm")).rates == {}
    data = offer_file(*SERVERLESS)
    usages = ["ServerlessInf:Mem-4GB", "ProvisionedConcurrency:Usage-4GB", "ProvisionedConcurrency:Mem-4GB"]
    assert sorted(prices_in(io.BytesIO(data), (), usages).values()) == sorted(wanted.values())


def test_a_type_that_the_region_does_not_price(aws: Aws) -> None:
    aws.answers["pricing.GetProducts"] = catalogue_of()
    found = live_prices("eu-central-1", ["ml.g6.2xlarge"], None)
    assert found.instances == {}
    assert "no hosting price of ml.g6.2xlarge in eu-central-1" in found.problem


def test_reserved_and_free_prices_are_not_taken(aws: Aws) -> None:
    free = product("A", "ml.g6.2xlarge", "0.0000000000", "us-east-1")
    by_gb = product("B", "ml.g6.2xlarge", "0.1", "us-east-1")
    by_gb["terms"] = {"OnDemand": term("B", "0.1", "GB"), "Reserved": term("B", "0.2")}
    aws.answers["pricing.GetProducts"] = catalogue_of(free, by_gb)
    assert live_prices("us-east-1", ["ml.g6.2xlarge"], None).instances == {}


def offer_file(*products: dict[str, Any]) -> bytes:
    """A price list file of one region."""
    return json.dumps(
        {
            "formatVersion": "v1.0", "disclaimer": "…", "offerCode": "AmazonSageMaker", "version": "20261101000000",
            "publicationDate": "2026-11-01T00:00:00Z",
            "products": {one["product"]["sku"]: one["product"] for one in products},
            "terms": {
                "OnDemand": {one["product"]["sku"]: one["terms"]["OnDemand"] for one in products},
                "Reserved": {"Z": term("Z", "0.01")},
            },
            "attributesList": {},
        }
    ).encode()  # fmt: skip


LIST = offer_file(
    product("A", "ml.g6.2xlarge", "1.5300000000", "eu-central-1"),
    product("B", "ml.g6.2xlarge", "0.2000000000", "eu-central-1", "Training"),
    product("C", "ml.g5.xlarge", "1.7610000000", "eu-central-1"),
    product("D", "ml.m5.xlarge", "0.2760000000", "eu-central-1"),
)


@pytest.fixture
def public(no_aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The public list on loopback; yields the paths asked for."""
    asked: list[str] = []

    def application(environ: dict[str, Any], start: Any) -> list[bytes]:
        asked.append(environ["PATH_INFO"])
        there = "eu-central-1" in environ["PATH_INFO"]
        start("200 OK" if there else "404 Not Found", [("Content-Type", "application/json")])
        return [LIST if there else b"no"]

    with Server(application) as server:
        monkeypatch.setenv("CFGEN_PRICE_LIST", server.url)
        yield asked


def test_without_credentials_the_public_list_answers(public: list[str]) -> None:
    found = live_prices("eu-central-1", ["ml.g6.2xlarge", "ml.g5.xlarge"], None)
    assert found.instances == {"ml.g6.2xlarge": 1.53, "ml.g5.xlarge": 1.761}
    assert "price list" in found.source
    assert public == ["/offers/v1.0/aws/AmazonSageMaker/current/eu-central-1/index.json"]


def test_who_may_not_ask_the_api_gets_the_public_list(aws: Aws, public: list[str]) -> None:
    found = live_prices("eu-central-1", ["ml.g6.2xlarge"], None)
    assert found.instances == {"ml.g6.2xlarge": 1.53}
    assert public


def test_when_neither_answers_it_says_so(aws: Aws, public: list[str]) -> None:
    aws.answers["pricing.GetProducts"] = AwsError("ThrottlingException", "Rate exceeded", 400)
    found = live_prices("mars-east-1", ["ml.g6.2xlarge"], None)
    assert found.instances == {}
    assert "slow down" in found.problem
    assert "404" in found.problem


def test_a_mirror_that_is_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CFGEN_PRICE_LIST", "nonsense")
    with pytest.raises(OfferError, match="unknown url type"):
        offers.offer_prices("eu-central-1", ["ml.g6.2xlarge"])


def test_a_list_that_cannot_be_reached(no_aws: None) -> None:
    with pytest.raises(OfferError, match="refused"):
        offers.offer_prices("eu-central-1", ["ml.g6.2xlarge"])


class Drip(io.BytesIO):
    """A stream that gives a few bytes at a time."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        super().__init__(data)
        self._sizes = sizes

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(self._sizes.pop() if self._sizes else size)


@given(st.lists(st.integers(1, 400), max_size=40))
def test_where_a_chunk_ends_does_not_matter(sizes: list[int]) -> None:
    assert prices_in(Drip(LIST, sizes), {"ml.g6.2xlarge", "ml.m5.xlarge"}) == {
        "ml.g6.2xlarge": 1.53,
        "ml.m5.xlarge": 0.276,
    }


@given(st.integers(0, len(LIST) - 1))
def test_a_list_that_breaks_off_is_no_list(at: int) -> None:
    with pytest.raises(OfferError, match="not a price list"):
        prices_in(io.BytesIO(LIST[:at]), {"ml.g6.2xlarge"})


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"<html>", b"{}", b'{"products": 3}', b"\xff\xfe{", b'{"products": {"A": 1}}']
)
def test_what_is_no_list(data: bytes) -> None:
    with pytest.raises(OfferError, match="not a price list"):
        prices_in(io.BytesIO(data), {"ml.g6.2xlarge"})


def test_a_large_list_is_not_held_whole() -> None:
    import tracemalloc

    many = [product(f"S{n}", f"ml.other{n}.large", "1.0", "eu-central-1", "Training") for n in range(8000)]
    data = offer_file(*many, product("A", "ml.g6.2xlarge", "1.53", "eu-central-1"))
    stream = io.BytesIO(data)
    assert len(data) > 4e6
    tracemalloc.start()
    assert prices_in(stream, {"ml.g6.2xlarge"}) == {"ml.g6.2xlarge": 1.53}
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e6
