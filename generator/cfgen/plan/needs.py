"""The limits that a launch touches, counted from its resources."""

from __future__ import annotations

import collections
import math
from collections.abc import Iterator

from cfgen.catalogue.quotas import KNOWN, QuotaName, endpoint_usage
from cfgen.lint.evaluate import maps, number, text
from cfgen.lint.worlds import World
from cfgen.plan.costs import build_key
from cfgen.plan.fleets import fleets, switched_off
from cfgen.plan.hours import hours_of_week
from cfgen.plan.model import QuotaNeed

# what is counted as it is: resource type → quota
_COUNTED = (
    ("AWS::EC2::VPC", "vpcs", "networks"),
    ("AWS::EC2::InternetGateway", "internet-gateways", "internet gateways"),
    ("AWS::EC2::EIP", "elastic-ips", "public addresses"),
    ("AWS::IAM::Role", "roles", "roles"),
    ("AWS::ApplicationAutoScaling::ScalableTarget", "scalable-targets", "scalable targets"),
)


def quota_needs(world: World) -> tuple[QuotaNeed, ...]:
    """What the launch needs of each quota. Instance types are critical: their quota is often 0 at first."""
    return tuple(_needs(world))


def _needs(world: World) -> Iterator[QuotaNeed]:
    total = 0
    by_type: dict[str, int] = {}
    pooled: set[str] = set()
    # what is switched off takes no instances, until a clock or a hand switches it on
    there = not switched_off(world) or hours_of_week(world) is not None
    for fleet in fleets(world) if there else ():
        most = math.ceil(fleet.most)
        total += most
        pooled |= set(fleet.types) if len(fleet.types) > 1 else set()
        for one in fleet.types:
            by_type[one] = by_type.get(one, 0) + most
    for kind, most in by_type.items():
        yield _need(
            f"endpoint:{kind}",
            endpoint_usage(kind),
            most,
            f"{most} × {kind}",
            critical=True,
            optional=kind in pooled,
        )
    if total:
        yield _need("endpoint-instances", KNOWN["endpoint-instances"], total, "instances", critical=True)
    if there:
        yield from _serverless(world)
    for kind, key, what in _COUNTED:
        if count := sum(1 for _ in world.of_type(kind)):
            yield _need(key, KNOWN[key], count, f"{count} {what}")
    zones = collections.Counter(
        text(one.properties.get("SubnetId")) for one in world.of_type("AWS::EC2::NatGateway")
    )
    if zones:
        yield _need("nat-gateways", KNOWN["nat-gateways"], max(zones.values()), "a NAT gateway")
    endpoints = [
        text(one.properties.get("VpcEndpointType", "Gateway"))
        for one in world.of_type("AWS::EC2::VPCEndpoint")
    ]
    for kind, key in (("Interface", "interface-endpoints"), ("Gateway", "gateway-endpoints")):
        if count := endpoints.count(kind):
            yield _need(key, KNOWN[key], count, f"{count} {kind.lower()} endpoints")
    for project in world.of_type("AWS::CodeBuild::Project"):
        key = build_key(project.properties)
        if key in KNOWN:
            yield _need(key, KNOWN[key], 1, "the build")


def _serverless(world: World) -> Iterator[QuotaNeed]:
    concurrency = 0
    for config in world.of_type("AWS::SageMaker::EndpointConfig"):
        for variant in maps(config.properties, "ProductionVariants"):
            asked = variant.get("ServerlessConfig")
            if isinstance(asked, dict):
                concurrency += int(number(asked.get("MaxConcurrency")) or 0)
    if concurrency:
        yield _need("serverless-endpoints", KNOWN["serverless-endpoints"], 1, "this endpoint", critical=True)
        yield _need(
            "serverless-concurrency",
            KNOWN["serverless-concurrency"],
            concurrency,
            "requests at a time",
            critical=True,
        )


def _need(
    key: str, quota: QuotaName, need: int, what: str, *, critical: bool = False, optional: bool = False
) -> QuotaNeed:
    return QuotaNeed(
        key, quota.service, quota.name, quota.code, need, quota.default, what, critical, optional
    )
