"""Live hosting prices of one region: the Pricing API with credentials, the public bulk list without.

The Pricing API answers in few regions for all of them ("AWS Price List Query API": endpoints). The bulk list of
SageMaker in one region is a JSON file of some megabytes: it is read as it arrives and never held whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from cfgen.deploy import credentials
from cfgen.deploy.account.offers import OfferError, offer_prices, on_demand
from cfgen.deploy.account.reasons import why
from cfgen.deploy.session import Aws, pages
from cfgen.plan.prices import LivePrices

SERVICE = "AmazonSageMaker"
_API = "AWS Pricing API"
_BULK = "AWS price list (bulk)"
RATES: dict[str, tuple[str, dict[str, str], str]] = {
    "nat-gateway": ("AmazonEC2", {"productFamily": "NAT Gateway", "group": "NGW:NatGateway"}, "-Hours"),
    "interface-endpoint": (
        "AmazonVPC",
        {"productFamily": "VpcEndpoint", "endpointType": "PrivateLink"},
        "-Hours",
    ),
}
"""Rates of other services that are asked for: key → service code, TERM_MATCH fields, and what the usage type has."""
_SERVERLESS = {
    "serverless": "ServerlessInf:Mem-", "ready": "ProvisionedConcurrency:Usage-",
    "ready-use": "ProvisionedConcurrency:Mem-",
}  # fmt: skip
"""Serverless inference by memory size: on demand, capacity kept ready, and requests on it. What a key's usage type
ends in, before the size (infracost/infracost, pull requests 3502 and 3567)."""


def live_prices(
    region: str, instances: Sequence[str], profile: str | None, rates: Sequence[str] = ()
) -> LivePrices:
    """Prices in ``region`` of the instance types, and of other ``rates`` by key where the Pricing API has one answer.

    Raises nothing of AWS's: ``problem`` says what could not be had, and the bundled prices stand in for it.
    """
    partition_api = "cn-northwest-1" if region.startswith("cn-") else "us-east-1"
    problem = ""
    usages = {usage: key for key in rates if (usage := _usage(key))}
    if profile or credentials.present():
        try:
            with Aws(partition_api, profile, attempts=3, patience=20) as aws:
                client = aws.client("pricing")
                found = {
                    name: price
                    for name in instances
                    if (price := _instance(client, region, name)) is not None
                }
                others = {key: price for key in rates if (price := _rate(client, region, key)) is not None}
        except Exception as error:
            problem = f"the Pricing API: {why(error)}"
        else:
            missing = [name for name in instances if name not in found]
            problem = (
                f"the Pricing API has no hosting price of {', '.join(missing)} in {region}" if missing else ""
            )
            return LivePrices(region, _API, found, others, problem)
    try:
        listed = offer_prices(region, instances, usages)
    except OfferError as error:
        said = [one for one in (problem, f"the public price list: {error.message}") if one]
        return LivePrices(region, problem=f"no live prices: {'; '.join(said)}")
    found = {name: listed[name] for name in instances if name in listed}
    missing = [name for name in instances if name not in found]
    problem = (
        f"the public price list has no hosting price of {', '.join(missing)} in {region}" if missing else ""
    )
    others = {key: listed[usage] for usage, key in usages.items() if usage in listed}
    return LivePrices(region, _BULK, found, others, problem)


def _usage(key: str) -> str:
    """What the usage type of a serverless rate ends in; empty for other rates."""
    kind, _, size = key.rpartition("-")
    return f"{_SERVERLESS[kind]}{size.upper()}" if kind in _SERVERLESS else ""


def _instance(client: Any, region: str, name: str) -> float | None:
    fields = {"component": "Hosting", "instanceName": name, "regionCode": region}
    return _lowest(_prices(client, SERVICE, fields, "Hrs"))


def _rate(client: Any, region: str, key: str) -> float | None:
    if usage := _usage(key):
        fields = {"productFamily": "ML Serverless", "regionCode": region}
        found = list(_prices(client, SERVICE, fields, "Second", usage))
    elif key in RATES:
        service, fields, usage = RATES[key]
        found = list(_prices(client, service, {**fields, "regionCode": region}, "Hrs", usage))
    else:
        return None
    # several answers are several things: none of them is taken for the one meant
    return found[0] if len(set(found)) == 1 else None


def _prices(client: Any, service: str, fields: dict[str, str], unit: str, usage: str = "") -> Iterator[float]:
    """The on-demand USD prices of the products that match."""
    filters = [{"Type": "TERM_MATCH", "Field": key, "Value": value} for key, value in fields.items()]
    for text in pages(
        client.get_products, "PriceList", ServiceCode=service, Filters=filters, FormatVersion="aws_v1"
    ):
        product = json.loads(text)
        kind = str(product.get("product", {}).get("attributes", {}).get("usagetype", ""))
        if not usage or usage in kind:
            yield from on_demand(product.get("terms", {}).get("OnDemand", {}), unit)


def _lowest(prices: Iterator[float]) -> float | None:
    return min(prices, default=None)
