"""What each resource costs: an hour and a month of what is always paid, a rate for what is paid by use.

A function for each resource type that costs something; what is not named here is free by itself, or costs cents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cfgen.lint.evaluate import Map, mapping, maps, number, text
from cfgen.lint.worlds import Resource, World
from cfgen.plan.model import HOURS, CostLine, RegionCost
from cfgen.plan.prices import Prices

Coster = Callable[[Resource, World, Prices], Iterator[CostLine]]
_COSTERS: dict[str, Coster] = {}


def costs(world: World, prices: Prices) -> RegionCost:
    """The costs of everything that the launch makes, the dearest first."""
    lines = [
        line
        for kind, coster in _COSTERS.items()
        for resource in world.of_type(kind)
        for line in coster(resource, world, prices)
    ]
    lines.sort(key=lambda line: (line.hourly is None, -(line.hourly or 0.0)))
    return RegionCost(world.region, prices.basis, tuple(lines))


def variants(world: World) -> Iterator[tuple[Resource, Map, str, float]]:
    """Every production variant on instances: its EndpointConfig, itself, the instance type and the count.

    Of a pool the type is the one that comes first.
    """
    for config in world.of_type("AWS::SageMaker::EndpointConfig"):
        for key in ("ProductionVariants", "ShadowProductionVariants"):
            for variant in maps(config.properties, key):
                if kinds := types_of(variant):
                    count = number(variant.get("InitialInstanceCount")) or 0.0
                    managed = mapping(variant, "ManagedInstanceScaling")
                    count = max(count, number(managed.get("MinInstanceCount")) or 0.0)
                    yield config, variant, kinds[0], count


def types_of(variant: Map) -> list[str]:
    """The instance types that a variant may run on, the first choice first; none when it has no instances."""
    if "InstanceType" in variant:
        return [text(variant["InstanceType"])]
    pools = [one for one in maps(variant, "InstancePools") if "InstanceType" in one]
    pools.sort(key=lambda one: number(one.get("Priority")) or 0.0)
    return [text(one["InstanceType"]) for one in pools]


def capacity(world: World, variant: Map, count: float) -> float:
    """How many instances a variant may come to: by managed scaling, or by a scalable target that names it."""
    most = [count, number(mapping(variant, "ManagedInstanceScaling").get("MaxInstanceCount")) or 0.0]
    for target in world.of_type("AWS::ApplicationAutoScaling::ScalableTarget"):
        identity = text(target.properties.get("ResourceId", ""))
        if identity.endswith(f"/variant/{text(variant.get('VariantName', ''))}"):
            most.append(number(target.properties.get("MaxCapacity")) or 0.0)
    return max(most)


def _of(kind: str) -> Callable[[Coster], Coster]:
    def keep(coster: Coster) -> Coster:
        _COSTERS[kind] = coster
        return coster

    return keep


def _fixed(
    resource: Resource, what: str, prices: Prices, key: str, times: float = 1, note: str = ""
) -> CostLine:
    """A line for what is paid by the hour or the month."""
    price = prices.rate(key)
    hourly = price.usd * times / (HOURS if price.unit == "month" else 1)
    return CostLine(resource.name, what, hourly, price.usd, price.unit, note, price.source, live=price.live)


def _by_use(resource: Resource, what: str, prices: Prices, key: str, note: str = "") -> CostLine:
    price = prices.rate(key)
    return CostLine(resource.name, what, None, price.usd, price.unit, note, price.source, live=price.live)


@_of("AWS::SageMaker::EndpointConfig")
def _endpoint_config(config: Resource, world: World, prices: Prices) -> Iterator[CostLine]:
    for owner, variant, kind, count in variants(world):
        if owner.name != config.name:
            continue
        price, most = prices.instance(kind), capacity(world, variant, count)
        what = f"{count:g} × {kind}"
        if price is None:
            yield CostLine(
                config.name, what, None, None, "hour", "no price is known; --live asks AWS", known=False
            )
        else:
            others = types_of(variant)[1:]
            dearest = max([price.usd, *(one.usd for name in others if (one := prices.instance(name)))])
            upper = dearest * most if dearest * most > price.usd * count else None
            notes = [f"up to {most:g} instances"] if most > count else []
            notes += [f"or {', '.join(others)}"] if others else []
            note = "; ".join(notes)
            yield CostLine(
                config.name, what, price.usd * count, price.usd, "hour", note, price.source, upper, price.live
            )
        if size := number(variant.get("VolumeSizeInGB")):
            rate = prices.rate("hosting-storage")
            yield CostLine(
                config.name, f"{count:g} × {size:g} GB of storage", rate.usd * size * count / HOURS, rate.usd,
                rate.unit, "", rate.source, rate.usd * size * most / HOURS if most > count else None, rate.live,
            )  # fmt: skip
    yield from _serverless(config)
    yield _by_use(config, "requests and answers", prices, "hosting-data", "in and out")


def _serverless(config: Resource) -> Iterator[CostLine]:
    """Serverless inference is paid by use, but for capacity that is kept ready: that stands, at a price of its own."""
    asked = [
        mapping(variant, "ServerlessConfig")
        for variant in maps(config.properties, "ProductionVariants")
        if "ServerlessConfig" in variant
    ]
    source = "Amazon SageMaker AI pricing: serverless inference"
    if asked:
        note = "by memory and time of each request"
        yield CostLine(config.name, "serverless inference", None, None, "second", note, source)
    if ready := sum(number(one.get("ProvisionedConcurrency")) or 0.0 for one in asked):
        what = f"{ready:g} requests at a time kept ready"
        yield CostLine(config.name, what, None, None, "hour", "no price is known", source, known=False)


@_of("AWS::EC2::NatGateway")
def _nat(nat: Resource, world: World, prices: Prices) -> Iterator[CostLine]:  # noqa: ARG001
    yield _fixed(nat, "NAT gateway", prices, "nat-gateway")
    yield _by_use(nat, "traffic of the NAT gateway", prices, "nat-gateway-data")


@_of("AWS::EC2::EIP")
def _address(address: Resource, world: World, prices: Prices) -> Iterator[CostLine]:  # noqa: ARG001
    yield _fixed(address, "public IPv4 address", prices, "public-ipv4")


@_of("AWS::EC2::VPCEndpoint")
def _vpc_endpoint(endpoint: Resource, world: World, prices: Prices) -> Iterator[CostLine]:  # noqa: ARG001
    if text(endpoint.properties.get("VpcEndpointType", "Gateway")) != "Interface":
        return
    zones = len(endpoint.properties.get("SubnetIds", ())) or 1
    yield _fixed(
        endpoint,
        f"interface endpoint in {zones} zone{'s' * (zones > 1)}",
        prices,
        "interface-endpoint",
        zones,
    )
    yield _by_use(endpoint, "traffic of the interface endpoint", prices, "interface-endpoint-data")


@_of("AWS::CodeBuild::Project")
def _build(project: Resource, world: World, prices: Prices) -> Iterator[CostLine]:  # noqa: ARG001
    key = build_key(project.properties)
    try:
        yield _by_use(
            project, "build", prices, key, "once for each new content; most builds take 2 to 30 minutes"
        )
    except KeyError:
        yield CostLine(project.name, "build", None, None, "minute", "no price is known of this compute type")


def build_key(properties: Map) -> str:
    """``build-arm-small``: kind and size of a project's machine, as rates and quotas are keyed."""
    environment = mapping(properties, "Environment")
    arm = text(environment.get("Type", "")).startswith("ARM")
    size = text(environment.get("ComputeType", "")).rsplit("_", 1)[-1].lower()
    return f"build-{'arm' if arm else 'x86'}-{size}"


@_of("AWS::S3::Bucket")
def _bucket(bucket: Resource, world: World, prices: Prices) -> Iterator[CostLine]:  # noqa: ARG001
    yield _by_use(bucket, "files kept", prices, "s3-storage")


@_of("AWS::Logs::LogGroup")
def _logs(group: Resource, world: World, prices: Prices) -> Iterator[CostLine]:  # noqa: ARG001
    days = group.properties.get("RetentionInDays")
    kept = f"kept {text(days)} days" if days is not None else "kept for ever"
    yield _by_use(group, "logs written", prices, "log-ingestion", kept)


@_of("AWS::CloudWatch::Alarm")
def _alarm(alarm: Resource, world: World, prices: Prices) -> Iterator[CostLine]:  # noqa: ARG001
    # one that calculates is billed for every metric it looks at
    metrics = sum("MetricStat" in one for one in maps(alarm.properties, "Metrics")) or 1
    what = "alarm" if metrics == 1 else f"alarm on {metrics} metrics"
    yield _fixed(alarm, what, prices, "alarm", metrics)


@_of("AWS::CloudWatch::Dashboard")
def _dashboard(board: Resource, world: World, prices: Prices) -> Iterator[CostLine]:  # noqa: ARG001
    yield _fixed(board, "dashboard", prices, "dashboard", note="three in an account are free")


@_of("AWS::KMS::Key")
def _key(key: Resource, world: World, prices: Prices) -> Iterator[CostLine]:  # noqa: ARG001
    yield _fixed(key, "KMS key", prices, "kms-key")


@_of("AWS::SecretsManager::Secret")
def _secret(secret: Resource, world: World, prices: Prices) -> Iterator[CostLine]:  # noqa: ARG001
    yield _fixed(secret, "secret", prices, "secret")


@_of("AWS::ApiGatewayV2::Api")
def _http_api(api: Resource, world: World, prices: Prices) -> Iterator[CostLine]:  # noqa: ARG001
    yield _by_use(api, "HTTP API", prices, "http-api")


@_of("AWS::ApiGateway::RestApi")
def _rest_api(api: Resource, world: World, prices: Prices) -> Iterator[CostLine]:  # noqa: ARG001
    yield _by_use(api, "REST API", prices, "rest-api")


@_of("AWS::WAFv2::WebACL")
def _web_acl(acl: Resource, world: World, prices: Prices) -> Iterator[CostLine]:  # noqa: ARG001
    rules = len(acl.properties.get("Rules", ()))
    yield _fixed(acl, "web ACL", prices, "web-acl")
    if rules:
        yield _fixed(acl, f"{rules} rule{'s' * (rules > 1)} of the web ACL", prices, "web-acl-rule", rules)
