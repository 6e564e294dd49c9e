"""How much of a quota is in use: running instances of endpoints by type, networks, addresses, gateways."""

from __future__ import annotations

import collections
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from cfgen.deploy.account.reasons import attempt
from cfgen.deploy.session import Aws, pages
from cfgen.plan.model import QuotaNeed

Used = tuple[float | None, str]
"""How many, and why that could not be read."""
MOST_ENDPOINTS = 200
"""Endpoints that are counted one by one; in a region with more, use is not told."""


def begin(aws: Aws, needs: Sequence[QuotaNeed], pool: ThreadPoolExecutor) -> dict[str, Future[Used]]:
    """Start counting what each need's quota has in use; by the needs' keys."""
    keys = {need.key for need in needs}
    found: dict[str, Future[Used]] = {}
    endpoints = sorted(key for key in keys if key.startswith("endpoint"))
    if endpoints:
        found |= _instances(aws.client("sagemaker"), endpoints, pool)
    for key, count in _COUNTS.items():
        if key in keys:
            service = "application-autoscaling" if key == "scalable-targets" else "ec2"
            found[key] = pool.submit(_counted, count, aws.client(service))
    return found


def _counted(count: Callable[[Any], int], client: Any) -> Used:
    found, reason = attempt(lambda: count(client))
    return (None, f"use not read: {reason}") if found is None else (float(found), "")


def _nat_gateways(client: Any) -> int:
    """The most in any one zone: the quota is one of zones."""
    states = [{"Name": "state", "Values": ["pending", "available"]}]
    found = list(pages(client.describe_nat_gateways, "NatGateways", Filters=states))
    subnets = sorted({one["SubnetId"] for one in found if one.get("SubnetId")})
    if not subnets:
        return 0
    told = pages(client.describe_subnets, "Subnets", Filters=[{"Name": "subnet-id", "Values": subnets}])
    zones = {one["SubnetId"]: one["AvailabilityZone"] for one in told}
    return max(collections.Counter(zones.get(one.get("SubnetId", "")) for one in found).values())


def _gateway_endpoints(client: Any) -> int:
    kind = [{"Name": "vpc-endpoint-type", "Values": ["Gateway"]}]
    return len(list(pages(client.describe_vpc_endpoints, "VpcEndpoints", Filters=kind)))


_COUNTS: dict[str, Callable[[Any], int]] = {
    "vpcs": lambda client: len(list(pages(client.describe_vpcs, "Vpcs"))),
    "internet-gateways": lambda client: len(
        list(pages(client.describe_internet_gateways, "InternetGateways"))
    ),
    "elastic-ips": lambda client: len(client.describe_addresses()["Addresses"]),
    "nat-gateways": _nat_gateways,
    "gateway-endpoints": _gateway_endpoints,
    # the stack's own network is new: nothing in it is in use
    "interface-endpoints": lambda client: 0,  # noqa: ARG005
    "scalable-targets": lambda client: len(
        list(pages(client.describe_scalable_targets, "ScalableTargets", ServiceNamespace="sagemaker"))
    ),
}


def _instances(client: Any, keys: Sequence[str], pool: ThreadPoolExecutor) -> dict[str, Future[Used]]:
    """Start counting running instances; the answer holds for all keys that begin with ``endpoint``."""
    counted = pool.submit(_by_type, client)

    def one(key: str) -> Future[Used]:
        answer: Future[Used] = Future()

        def done(job: Future[tuple[dict[str, int] | None, str]]) -> None:
            try:
                by_type, reason = job.result()
            except BaseException as error:
                answer.set_exception(error)
                return
            if by_type is None:
                answer.set_result((None, f"use not read: {reason}"))
            else:
                amount = by_type.get(key.partition(":")[2], 0) if ":" in key else sum(by_type.values())
                answer.set_result((float(amount), ""))

        counted.add_done_callback(done)
        return answer

    return {key: one(key) for key in keys if key == "endpoint-instances" or key.startswith("endpoint:")}


def _by_type(client: Any) -> tuple[dict[str, int] | None, str]:
    """Instance type → how many run behind the region's endpoints; None with a reason."""
    found, reason = attempt(lambda: _endpoints(client))
    if found is None:
        return None, reason
    if len(found) > MOST_ENDPOINTS:
        return None, f"more than {MOST_ENDPOINTS} endpoints"
    if not found:
        return {}, ""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda name: attempt(lambda: _of_endpoint(client, name)), found))
    if missing := next((why for counts, why in answers if counts is None), ""):
        return None, missing
    total: collections.Counter[str] = collections.Counter()
    for counts, _ in answers:
        total.update(counts or {})
    return dict(total), ""


def _endpoints(client: Any) -> list[str]:
    names = []
    for one in pages(client.list_endpoints, "Endpoints", MaxResults=100):
        if one["EndpointStatus"] not in {"Failed", "Deleting"}:
            names.append(str(one["EndpointName"]))
        if len(names) > MOST_ENDPOINTS:
            break
    return names


def _of_endpoint(client: Any, name: str) -> dict[str, int]:
    """Instances by type of one endpoint: DescribeEndpoint knows how many, its configuration of what type."""
    endpoint = client.describe_endpoint(EndpointName=name)
    config = client.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    counts: collections.Counter[str] = collections.Counter()
    for key in ("ProductionVariants", "ShadowProductionVariants"):
        types = {one["VariantName"]: one.get("InstanceType", "") for one in config.get(key, ())}
        for variant in endpoint.get(key, ()):
            pools = variant.get("InstancePools")
            if pools:
                for one in pools:
                    counts[one["InstanceType"]] += int(one.get("CurrentInstanceCount", 0))
            elif kind := types.get(variant["VariantName"]):
                count = max(
                    variant.get("CurrentInstanceCount") or 0, variant.get("DesiredInstanceCount") or 0
                )
                counts[kind] += int(count)
    return dict(counts)
