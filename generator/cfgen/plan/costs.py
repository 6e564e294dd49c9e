"""What each resource costs: an hour and a month of what is always paid, a rate for what is paid by use.

``_ROWS`` names the resources with a rate or two; instances, serverless capacity, builds and functions are worked out.
What is in neither is free by itself, or costs cents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cfgen.lint.evaluate import Map, mapping, maps, number, text
from cfgen.lint.worlds import Resource, World
from cfgen.plan.fleets import Fleet, fleets, switched_off
from cfgen.plan.hours import WEEK, hours_of_week
from cfgen.plan.model import HOURS, CostLine, RegionCost
from cfgen.plan.prices import Priced, Prices

SERVERLESS = "Amazon SageMaker AI pricing: serverless inference"


def costs(world: World, prices: Prices) -> RegionCost:
    """The costs of everything that the launch makes, the dearest first."""
    week, off = hours_of_week(world), switched_off(world)
    # what a clock switches on is paid for in its hours, however things stand at the launch
    hours = HOURS if week is None else HOURS * week / WEEK
    paid = 0.0 if off and week is None else 1.0
    lines = [line for fleet in fleets(world) for line in _instances(fleet, prices, hours, paid)]
    for config in world.of_type("AWS::SageMaker::EndpointConfig"):
        lines += _serverless(config, prices, hours, paid)
        lines.append(_by_use(config.name, "requests and answers", prices.rate("hosting-data"), "in and out"))
    for row in _ROWS:
        for resource in world.of_type(row.type):
            if times := row.times(resource.properties):
                lines.append(_of_row(row, resource, times, prices))
    lines += [_software(one) for one in world.of_type("AWS::SageMaker::Model") if _packaged(one)]
    for project in world.of_type("AWS::CodeBuild::Project"):
        lines.append(_build(project, prices))
    lines += _functions(world, prices)
    lines.sort(key=lambda line: (line.hourly is None, -(line.hourly or 0.0)))
    return RegionCost(world.region, prices.basis, tuple(lines), week, off and week is None)


def asked(world: World) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What live prices are worth asking for: instance types, and the keys of rates."""
    types = {kind for fleet in fleets(world) for kind in fleet.types}
    keys = {row.key for row in _ROWS for one in world.of_type(row.type) if row.times(one.properties)}
    for config in world.of_type("AWS::SageMaker::EndpointConfig"):
        for one in _without_instances(config):
            keys |= {f"{key}-{_gigabytes(one):g}gb" for key in ("serverless", "ready", "ready-use")}
    return tuple(sorted(types)), tuple(sorted(keys))


def build_key(properties: Map) -> str:
    """``build-arm-small``: kind and size of a project's machine, as rates and quotas are keyed."""
    environment = mapping(properties, "Environment")
    arm = text(environment.get("Type", "")).startswith("ARM")
    size = text(environment.get("ComputeType", "")).rsplit("_", 1)[-1].lower()
    return f"build-{'arm' if arm else 'x86'}-{size}"


def _by_use(name: str, what: str, price: Priced, note: str = "") -> CostLine:
    return CostLine(name, what, None, price.usd, price.unit, note, price.source, live=price.live)


def _instances(fleet: Fleet, prices: Prices, hours: float, paid: float) -> Iterator[CostLine]:
    """The lines of a variant's instances. ``paid`` is 0 where they are switched off, else 1."""
    name, price = fleet.config.name, prices.instance(fleet.kind)
    what = f"{fleet.count:g} × {fleet.kind}"
    scaled = fleet.most > fleet.count or fleet.least < fleet.count
    notes = [] if paid else ["switched off"]
    notes += [f"{fleet.least:g} to {fleet.most:g} instances"] if scaled else []
    notes += [f"or {', '.join(fleet.types[1:])}"] if fleet.types[1:] else []
    if price is None:
        notes.append("no price is known; --live asks AWS")
        yield CostLine(name, what, None, None, "hour", "; ".join(notes), known=not paid, idle=True)
    else:
        pool = [price.usd, *(one.usd for kind in fleet.types[1:] if (one := prices.instance(kind)))]
        yield CostLine(
            name, what, price.usd * fleet.count * paid, price.usd, "hour", "; ".join(notes), price.source,
            min(pool) * fleet.least * paid, max(pool) * fleet.most * paid, price.live, idle=True, hours=hours,
        )  # fmt: skip
    if fleet.volume:
        rate = prices.rate("hosting-storage")
        each = rate.usd * fleet.volume / HOURS * paid
        yield CostLine(
            name, f"{fleet.count:g} × {fleet.volume:g} GB of storage", each * fleet.count, rate.usd, rate.unit, "",
            rate.source, each * fleet.least, each * fleet.most, rate.live, idle=True, hours=hours,
        )  # fmt: skip


def _without_instances(config: Resource) -> list[Map]:
    variants = maps(config.properties, "ProductionVariants")
    return [mapping(one, "ServerlessConfig") for one in variants if "ServerlessConfig" in one]


def _gigabytes(asked: Map) -> float:
    return (number(asked.get("MemorySizeInMB")) or 0.0) / 1024


def _serverless(config: Resource, prices: Prices, hours: float, paid: float) -> Iterator[CostLine]:
    """Serverless inference is paid by use; what is kept ready stands, and its requests have a price of their own."""
    for one in _without_instances(config):
        size = _gigabytes(one)
        ready = number(one.get("ProvisionedConcurrency")) or 0.0
        beyond = "; beyond what is kept ready" if ready else ""
        note = f"each request's time at {size:g} GB of memory, to the millisecond{beyond}"
        yield _by_use(config.name, "serverless inference", prices.serverless(size), note)
        if not ready:
            continue
        held, used = prices.only_live(f"ready-{size:g}gb"), prices.only_live(f"ready-use-{size:g}gb")
        what = f"{ready:g} requests at a time kept ready at {size:g} GB"
        if held is None:
            note = "by the second, asked or not; no price is known, --live asks AWS"
            yield CostLine(
                config.name, what, None, None, "second", note, SERVERLESS, known=not paid, idle=True
            )
        else:
            hourly = held.usd * 3600 * ready * paid
            yield CostLine(
                config.name, what, hourly, held.usd, "second", "asked or not", held.source, live=True, idle=True,
                hours=hours,
            )  # fmt: skip
        what, note = "requests on what is kept ready", "each request's time, to the millisecond"
        if used is None:
            yield CostLine(config.name, what, None, None, "second", note, SERVERLESS)
        else:
            yield _by_use(config.name, what, used, note)


def _packaged(model: Resource) -> bool:
    containers = (mapping(model.properties, "PrimaryContainer"), *maps(model.properties, "Containers"))
    return any("ModelPackageName" in one for one in containers)


def _software(model: Resource) -> CostLine:
    """A model package from AWS Marketplace has a price of its owner's on top of the instances."""
    note = "AWS Marketplace: the owner may bill for it by the hour or by use; its page says"
    return CostLine(model.name, "software of the model package", None, None, "hour", note)


def _build(project: Resource, prices: Prices) -> CostLine:
    try:
        price = prices.rate(build_key(project.properties))
    except KeyError:
        return CostLine(project.name, "build", None, None, "minute", "no price is known of this compute type")
    note = "once for each new content; most builds take 2 to 30 minutes"
    return _by_use(project.name, "build", price, note)


def _functions(world: World, prices: Prices) -> Iterator[CostLine]:
    """Functions that callers reach: they run as long as the model answers. CloudFormation's own run for seconds."""
    called = [
        world.target(one.properties.get(key), "AWS::Lambda::Function")
        for kind, key in (
            ("AWS::Lambda::Permission", "FunctionName"),
            ("AWS::Lambda::Url", "TargetFunctionArn"),
        )
        for one in world.of_type(kind)
    ]
    for function in {one.name: one for one in called if one is not None}.values():
        arm = "arm64" in [text(one) for one in function.properties.get("Architectures", ())]
        size = number(function.properties.get("MemorySize")) or 128
        note = f"{size:g} MB, as long as an answer takes"
        yield _by_use(function.name, "function", prices.rate(f"lambda-{'arm' if arm else 'x86'}"), note)


@dataclass(frozen=True, slots=True)
class _Row:
    """A resource type and a rate by its key. ``times``: how often it is paid, 0 for not at all.

    ``what`` may name that number, as ``{n}``. ``stands``: paid asked or not; else by use.
    """

    type: str
    what: str
    key: str
    stands: bool = True
    times: Callable[[Map], float] = lambda _: 1
    several: str = ""
    note: Callable[[Map], str] = lambda _: ""


def _of_row(row: _Row, resource: Resource, times: float, prices: Prices) -> CostLine:
    price, note = prices.rate(row.key), row.note(resource.properties)
    what = (row.several if times > 1 and row.several else row.what).format(n=f"{times:g}")
    if not row.stands:
        return _by_use(resource.name, what, price, note)
    hourly = price.usd * times / (HOURS if price.unit == "month" else 1)
    return CostLine(resource.name, what, hourly, price.usd, price.unit, note, price.source, live=price.live)


def _zones(endpoint: Map) -> float:
    """Zones of an interface endpoint; gateway endpoints are free."""
    interface = text(endpoint.get("VpcEndpointType", "Gateway")) == "Interface"
    return (len(endpoint.get("SubnetIds", ())) or 1) if interface else 0


def _metrics(alarm: Map) -> float:
    """An alarm that calculates is billed for every metric it looks at."""
    return sum("MetricStat" in one for one in maps(alarm, "Metrics")) or 1


def _tracking(policy: Map) -> str | None:
    """The metric that a target tracking policy follows; None for other policies."""
    if "TargetTrackingScalingPolicyConfiguration" not in policy:
        return None
    followed = mapping(policy, "TargetTrackingScalingPolicyConfiguration", "PredefinedMetricSpecification")
    return text(followed.get("PredefinedMetricType", ""))


def _alarms(*, fast: bool) -> Callable[[Map], float]:
    """Application Auto Scaling makes two alarms for each policy, one each way."""

    def count(policy: Map) -> float:
        metric = _tracking(policy)
        return 2 if metric is not None and metric.endswith("HighResolution") == fast else 0

    return count


def _kept(group: Map) -> str:
    days = group.get("RetentionInDays")
    return f"kept {text(days)} days" if days is not None else "kept for ever"


def _rules(acl: Map) -> float:
    return len(acl.get("Rules", ()))


_POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"
_ROWS = (
    _Row("AWS::EC2::NatGateway", "NAT gateway", "nat-gateway"),
    _Row("AWS::EC2::NatGateway", "traffic of the NAT gateway", "nat-gateway-data", stands=False),
    _Row("AWS::EC2::EIP", "public IPv4 address", "public-ipv4"),
    _Row(
        "AWS::EC2::VPCEndpoint", "interface endpoint in {n} zone", "interface-endpoint", times=_zones,
        several="interface endpoint in {n} zones",
    ),
    _Row(
        "AWS::EC2::VPCEndpoint", "traffic of the interface endpoint", "interface-endpoint-data", stands=False,
        times=_zones,
    ),
    _Row("AWS::S3::Bucket", "files kept", "s3-storage", stands=False),
    _Row("AWS::Logs::LogGroup", "logs written", "log-ingestion", stands=False, note=_kept),
    _Row("AWS::CloudWatch::Alarm", "alarm", "alarm", times=_metrics, several="alarm on {n} metrics"),
    _Row(_POLICY, "{n} alarms of its own", "alarm", times=_alarms(fast=False)),
    _Row(_POLICY, "{n} alarms of its own, every 10 s", "alarm-fast", times=_alarms(fast=True)),
    _Row(
        "AWS::CloudWatch::Dashboard", "dashboard", "dashboard", note=lambda _: "three in an account are free"
    ),
    _Row("AWS::KMS::Key", "KMS key", "kms-key"),
    _Row("AWS::SecretsManager::Secret", "secret", "secret"),
    _Row("AWS::ApiGatewayV2::Api", "HTTP API", "http-api", stands=False),
    _Row("AWS::ApiGateway::RestApi", "REST API", "rest-api", stands=False),
    _Row("AWS::WAFv2::WebACL", "web ACL", "web-acl"),
    _Row(
        "AWS::WAFv2::WebACL", "{n} rule of the web ACL", "web-acl-rule", times=_rules,
        several="{n} rules of the web ACL",
    ),
)  # fmt: skip
