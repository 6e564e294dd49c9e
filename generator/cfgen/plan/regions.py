"""Every region: whether the template launches there as the parameters stand, and if not why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cfgen.catalogue import Catalogue
from cfgen.plan.fleets import fleets
from cfgen.plan.model import RegionRow
from cfgen.plan.view import world_of
from cfgen.resolve.stack import Stack

ALWAYS_ENABLED = frozenset({
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
    "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1",
    "us-east-1", "us-east-2", "us-west-1", "us-west-2",
})  # fmt: skip
"""Regions launched before 20 March 2019, enabled in every account (AWS Account Management reference)."""


def opt_in(region: str, partition: str) -> bool:
    """Whether an account must enable the region first."""
    return partition == "aws" and region not in ALWAYS_ENABLED


def region_table(
    data: Mapping[str, Any], values: Mapping[str, str], stack: Stack | None, catalogue: Catalogue
) -> tuple[RegionRow, ...]:
    """The regions of the public partitions, and others where the template launches; those that launch first."""
    rows = [
        _row(name, data, values, stack, catalogue)
        for name, region in catalogue.regions.items()
        if not region.partition.startswith("aws-iso") or (stack is not None and name in stack.regions)
    ]
    return tuple(sorted(rows, key=lambda row: (not row.launches, row.name)))


def _row(
    name: str, data: Mapping[str, Any], values: Mapping[str, str], stack: Stack | None, catalogue: Catalogue
) -> RegionRow:
    region = catalogue.region(name)
    why = ""
    if stack is not None and name not in stack.regions:
        why = dict(stack.elsewhere).get(name, "the template's rules refuse it")
    else:
        world = world_of(data, name, values)
        if world.refused:
            kinds = [fleet.kind for fleet in fleets(world)]
            lacking = [
                kind
                for kind in kinds
                if kind in catalogue.instances and name not in catalogue.instance(kind).regions
            ]
            why = (
                f"does not host {', '.join(dict.fromkeys(lacking))}"
                if lacking
                else f"the template's rules refuse it: {'; '.join(world.refusals)}"
            )
            if lacking and stack is not None and (others := _others(name, stack)):
                why += f"; it hosts {others}"
    return RegionRow(name, region.description, region.partition, not why, opt_in(name, region.partition), why)


def _others(region: str, stack: Stack) -> str:
    plans = [variant.instances for variant in stack.endpoint.variants if variant.instances]
    names = [choice.name for plan in plans for choice in plan.choices if region in choice.regions]
    return ", ".join(list(dict.fromkeys(names))[:3])
