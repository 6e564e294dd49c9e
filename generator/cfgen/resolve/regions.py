"""Where a template may launch: regions with every image or package, resource type and instance type."""

from __future__ import annotations

from cfgen.catalogue import Catalogue
from cfgen.resolve import instances as types
from cfgen.resolve.collector import Collector
from cfgen.resolve.serving import Served
from cfgen.resolve.stack import VpcPlan

TWO_ZONES = frozenset({"us-west-1"})
"""Regions where most accounts see only two availability zones (AWS global infrastructure)."""
LACKING: dict[str, frozenset[str]] = {}
"""Key of the spec's root → regions without a resource type that its feature needs (CloudFormation's schemas)."""


def plan_regions(
    served: tuple[Served, ...], catalogue: Catalogue, network: VpcPlan, notes: Collector
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Regions where the template may launch, and those of them that host every default instance type.

    Notes what leaves none.
    """
    able = _able(served, catalogue, network, notes)
    hosted = able
    for one in served:
        rows = types.as_choices(one.offered, able)
        hosted = tuple(region for region in hosted if any(region in row.regions for row in rows))
    home = tuple(region for region in hosted if all(region in one.default.regions for one in served))
    if not home:
        short = next((one for one in served if not set(able) & set(one.default.regions)), served[-1])
        short.notes.refuse("endpoint.instanceType", *_nowhere(short, able))
    return hosted, home


def _able(
    served: tuple[Served, ...], catalogue: Catalogue, network: VpcPlan, notes: Collector
) -> tuple[str, ...]:
    """Regions that have the images or packages and every resource type, narrowed by the spec's own list."""
    able = {
        name
        for name in catalogue.regions
        if all(name in _sources(one) for one in served)
        and (catalogue.region(name).sagemaker or catalogue.region(name).unsure)
    }
    if any(one.planned.build for one in served):
        able = {name for name in able if catalogue.region(name).codebuild}
    if network.zones > 2:
        able -= TWO_ZONES
    if network.interface_endpoints:
        # service names differ in other partitions (AWS PrivateLink: services that integrate)
        able = {name for name in able if catalogue.region(name).partition in {"aws", "aws-us-gov"}}
    for key, regions in LACKING.items():
        if getattr(notes.spec.data, key):
            able -= regions
    wanted = notes.spec.data.regions
    for index, region in enumerate(wanted or ()):
        path = f"regions.{index}"
        if region not in catalogue.regions:
            notes.refuse(
                path, f"{region} is not a region known to the catalogue", "see `cfgen catalog regions`"
            )
        elif region not in able:
            short = next((one for one in served if region not in _sources(one)), served[0])
            notes.refuse(path, f"{_label(short)} cannot be served in {region}", "leave the region out")
    if wanted:
        able &= set(wanted)
    for index, region in enumerate(wanted or ()):
        if region in able and catalogue.region(region).unsure:
            notes.warn(
                f"regions.{index}", f"CloudFormation's schemas lack endpoints in {region}; prices have them"
            )
    return tuple(sorted(able))


def _sources(one: Served) -> set[str]:
    return set(one.planned.image.accounts if one.planned.image else dict(one.planned.plan.packages))


def _label(one: Served) -> str:
    return one.planned.image.label if one.planned.image else "the model package"


def _nowhere(one: Served, regions: tuple[str, ...]) -> tuple[str, str]:
    what, default = _label(one), one.default
    if not regions:
        return f"no region is left where {what} can be served", "widen regions"
    hosts = ", ".join(sorted(default.regions)[:6])
    return (
        f"{default.name} is hosted in none of the {len(regions)} regions that have {what}",
        f"choose another type; {default.name} is hosted in {hosts}",
    )
