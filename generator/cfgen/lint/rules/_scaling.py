"""What a scalable target, a scaling policy or an alarm is about."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cfgen.lint.evaluate import Map, mapping, maps
from cfgen.lint.rules._sagemaker import ENDPOINT, POLICY, TARGET, config_of, production
from cfgen.lint.worlds import Resource, World

_VARIANT = re.compile(r"endpoint/⟦([^⟧.]+)(?:\.[^⟧]+)?⟧/variant/(.+)")


def _target_of(world: World, resource: Resource) -> Resource | None:
    """The scalable target of a policy (or the target itself), if it is in the template."""
    if resource.type == TARGET:
        return resource
    if resource.type != POLICY:
        return None
    if found := world.target(resource.properties.get("ScalingTargetId"), TARGET):
        return found
    wanted = resource.properties.get("ResourceId")
    same = (target for target in world.of_type(TARGET) if target.properties.get("ResourceId") == wanted)
    return next(same, None) if wanted is not None else None


def dimension_of(world: World, resource: Resource) -> object:
    """The scalable dimension of a target or a policy."""
    target = _target_of(world, resource)
    return resource.properties.get("ScalableDimension") or (
        target and target.properties.get("ScalableDimension")
    )


def scaled(world: World, resource: Resource) -> tuple[Resource | None, Resource | None, Map | None]:
    """Endpoint, configuration and variant that a target or policy scales, as far as the template has them."""
    target = _target_of(world, resource)
    value = (target or resource).properties.get("ResourceId")
    found = _VARIANT.fullmatch(value) if isinstance(value, str) else None
    endpoint = world.resource(found[1]) if found else None
    if endpoint is None or endpoint.type != ENDPOINT or found is None:
        return None, None, None
    config = config_of(world, endpoint)
    listed = production(config) if config else []
    variant = next((variant for variant in listed if variant.get("VariantName") == found[2]), None)
    return endpoint, config, variant


def metrics(resource: Resource) -> Iterator[Map]:
    """Every metric an alarm or a scaling policy looks at: mappings with MetricName and Dimensions."""
    properties = resource.properties
    if "MetricName" in properties:
        yield properties
    custom = mapping(properties, "TargetTrackingScalingPolicyConfiguration", "CustomizedMetricSpecification")
    if "MetricName" in custom:
        yield custom
    for query in (*maps(properties, "Metrics"), *maps(custom, "Metrics")):
        inner = mapping(query, "MetricStat", "Metric")
        if "MetricName" in inner:
            yield inner


def named_endpoint(world: World, metric: Map) -> Resource | None:
    """The endpoint of the template that a metric's dimension names."""
    for dimension in maps(metric, "Dimensions"):
        if found := world.target(dimension.get("Value"), ENDPOINT):
            return found
    return None
