"""The instances behind the variants of a template in one world: of which types, how many, and between which bounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cfgen.lint.evaluate import Map, mapping, maps, number, text
from cfgen.lint.worlds import Resource, World


@dataclass(frozen=True, slots=True)
class Fleet:
    """The instances of one variant. ``types``: what it may run on, the first choice first.

    ``count``: how many there are at the launch; ``least`` and ``most``: between which numbers scaling moves them, each
    the same as ``count`` where nothing scales. ``volume``: GB of storage that each brings, 0 for none.
    """

    config: Resource
    types: tuple[str, ...]
    count: float
    least: float
    most: float
    volume: float

    @property
    def kind(self) -> str:
        """The type that comes first."""
        return self.types[0]


def fleets(world: World) -> Iterator[Fleet]:
    """Every variant on instances, shadows too, whether or not its endpoint is switched on."""
    for config in world.of_type("AWS::SageMaker::EndpointConfig"):
        for key in ("ProductionVariants", "ShadowProductionVariants"):
            for variant in maps(config.properties, key):
                if types := _types(variant):
                    count, least, most = _counts(world, variant)
                    volume = number(variant.get("VolumeSizeInGB")) or 0.0
                    yield Fleet(config, types, count, least, most, volume)


def switched_off(world: World) -> bool:
    """Whether the template has endpoints, and makes none of them here: a parameter leaves them out."""
    kind = "AWS::SageMaker::Endpoint"
    return bool(world.template.names_of((kind,))) and next(world.of_type(kind), None) is None


def _types(variant: Map) -> tuple[str, ...]:
    if "InstanceType" in variant:
        return (text(variant["InstanceType"]),)
    pools = [one for one in maps(variant, "InstancePools") if "InstanceType" in one]
    pools.sort(key=lambda one: number(one.get("Priority")) or 0.0)
    return tuple(text(one["InstanceType"]) for one in pools)


def _counts(world: World, variant: Map) -> tuple[float, float, float]:
    """How many at the launch, at the least and at the most: by managed scaling, or a scalable target that names it."""
    count = number(variant.get("InitialInstanceCount")) or 0.0
    lows: list[float] = []
    highs: list[float] = []
    managed = mapping(variant, "ManagedInstanceScaling")
    if text(managed.get("Status", "")) != "DISABLED":
        _bounds(managed, "MinInstanceCount", "MaxInstanceCount", lows, highs)
    name = text(variant.get("VariantName", ""))
    targets = [
        one.properties
        for one in world.of_type("AWS::ApplicationAutoScaling::ScalableTarget")
        if text(one.properties.get("ResourceId", "")).endswith(f"/variant/{name}")
    ]
    for target in targets:
        _bounds(target, "MinCapacity", "MaxCapacity", lows, highs)
    # scaling brings what is missing to its minimum as soon as it is there
    count = max([count, *lows])
    kept = [low for one in _kept(targets) if (low := number(one.get("MinCapacity"))) is not None]
    return count, min([*lows, *kept], default=count), max([count, *highs])


def _bounds(source: Map, low: str, high: str, lows: list[float], highs: list[float]) -> None:
    for key, found in ((low, lows), (high, highs)):
        if (bound := number(source.get(key))) is not None:
            found.append(bound)


def _kept(targets: Iterable[Map]) -> Iterator[Map]:
    """The bounds that a clock sets; none that empties the variant, for the hours of the week tell of those."""
    for target in targets:
        for action in maps(target, "ScheduledActions"):
            bounds = mapping(action, "ScalableTargetAction")
            if number(bounds.get("MaxCapacity")):
                yield bounds
