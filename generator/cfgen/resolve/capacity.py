"""Which instances a variant gets, where some are short: pools, reservations; and which of them gets a request."""

from __future__ import annotations

from dataclasses import replace

from cfgen.catalogue import Catalogue, Instance
from cfgen.resolve import instances as types
from cfgen.resolve.collector import Collector, Stop
from cfgen.resolve.plans.endpoint import PoolPlan, RoutingPlan
from cfgen.spec.sections import InstancePool

PREFIX_LENGTH, THRESHOLD = 2048, 16
"""Prefix-aware routing when the spec says less: SageMaker requires both numbers (API reference,
PrefixAwareRoutingConfig) and has no defaults. Bytes of a request's beginning; requests under way."""


def first_of_pools(notes: Collector) -> Collector:
    """The notes of a spec that names the first pool's type as its own, so that the rest is planned for it."""
    data = notes.spec.data
    pools = data.endpoint.instance_pools or []
    if data.endpoint.instance_type:
        notes.refuse(
            "endpoint.instancePools", "stand beside instanceType, which they replace", "keep one of them"
        )
    for key in ("allowed_instance_types", "capacity_reservation"):
        if getattr(data.endpoint, key):
            camel = {"allowed_instance_types": "allowedInstanceTypes"}.get(key, "capacityReservation")
            notes.refuse(
                f"endpoint.{camel}", "is about one instance type; there are pools of several", "leave it out"
            )
    if data.model.type == "jumpstart":
        notes.refuse(
            "endpoint.instancePools", "are not for JumpStart models, whose image follows the type", "name one"
        )
        raise Stop
    number = min(range(len(pools)), key=lambda index: (_priority(pools[index], index), index))
    endpoint = data.endpoint.model_copy(update={"instance_type": pools[number].instance_type})
    spec = replace(notes.spec, data=data.model_copy(update={"endpoint": endpoint}))
    return notes.view(spec, {"endpoint.instanceType": f"endpoint.instancePools.{number}.instanceType"})


def pool_instances(default: Instance, catalogue: Catalogue, notes: Collector) -> tuple[Instance, ...]:
    """The pools' instance types, that of ``default`` among them; notes those that cannot run the same image."""
    found = []
    for index, pool in enumerate(notes.spec.data.endpoint.instance_pools or ()):
        path = f"endpoint.instancePools.{index}.instanceType"
        try:
            instance = types.chosen_instance(pool.instance_type, path, catalogue, notes)
        except Stop:
            continue
        if instance in found:
            notes.refuse(path, f"{instance.name} stands there twice", "keep one")
        types.check_like(default, instance, path, notes)
        found.append(instance)
    return tuple(found)


def plan_pools(notes: Collector) -> tuple[PoolPlan, ...]:
    """The pools with their priorities."""
    pools = notes.spec.data.endpoint.instance_pools or []
    plans = tuple(PoolPlan(pool.instance_type, _priority(pool, index)) for index, pool in enumerate(pools))
    numbers = [plan.priority for plan in plans]
    for index, number in enumerate(numbers):
        if numbers.index(number) != index:
            notes.refuse(
                f"endpoint.instancePools.{index}.priority",
                f"another pool has priority {number}",
                "number them apart",
            )
    return tuple(sorted(plans, key=lambda plan: plan.priority))


def _priority(pool: InstancePool, index: int) -> int:
    return pool.priority or index + 1


def plan_routing(notes: Collector) -> RoutingPlan | None:
    """Which instance gets a request."""
    asked = notes.spec.data.endpoint.routing
    if asked is None:
        return None
    for key, value in (
        ("prefixLength", asked.prefix_length),
        ("concurrencyThreshold", asked.concurrency_threshold),
    ):
        if value is not None and asked.strategy != "PREFIX_AWARE":
            notes.refuse(
                f"endpoint.routing.{key}",
                f"is of no use with {asked.strategy}",
                "leave it out, or PREFIX_AWARE",
            )
    if asked.strategy != "PREFIX_AWARE":
        return RoutingPlan(asked.strategy, None, None)
    return RoutingPlan(
        asked.strategy,
        asked.prefix_length or PREFIX_LENGTH,
        asked.concurrency_threshold or THRESHOLD,
    )
