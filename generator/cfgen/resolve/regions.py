"""Where a template may launch: regions with every image or package, resource type and instance type."""

from __future__ import annotations

from cfgen.catalogue import Catalogue
from cfgen.resolve.collector import Collector
from cfgen.resolve.serving import Served
from cfgen.resolve.stack import Pairs, VpcPlan

TWO_ZONES = frozenset({"us-west-1"})
"""Regions where most accounts see only two availability zones (AWS global infrastructure)."""
LACKING: dict[str, frozenset[str]] = {
    # AWS::Lambda::Url
    "api.streaming": frozenset(
        {
            "ap-east-2", "ap-south-2", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
            "ca-west-1", "cn-northwest-1", "eu-central-2", "il-central-1", "me-central-1", "mx-central-1",
            "us-gov-east-1", "us-gov-west-1",
        }
    ),
    # AWS::Budgets::Budget
    "budget": frozenset(
        {
            "af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-3", "ap-south-2", "ap-southeast-3",
            "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-west-1", "eu-central-2",
            "eu-north-1", "eu-south-1", "eu-south-2", "il-central-1", "me-central-1", "mx-central-1",
            "us-gov-east-1", "us-gov-west-1",
        }
    ),
}  # fmt: skip
"""Path in the spec → regions without a resource type that its feature needs (CloudFormation's schemas)."""


def plan_regions(
    served: tuple[Served, ...], catalogue: Catalogue, network: VpcPlan, notes: Collector
) -> tuple[tuple[str, ...], tuple[str, ...], Pairs]:
    """Regions where the template may launch, and those of them that host every default instance type.

    And every other region with what it lacks. Notes what leaves none.
    """
    wanted = _wanted(notes, catalogue)
    why = {name: _why_not(name, served, catalogue, network, notes) for name in catalogue.regions}
    for index, region in enumerate(wanted):
        if why.get(region):
            short = next((one for one in served if region not in _sources(one)), served[0])
            notes.refuse(
                f"regions.{index}", f"{_label(short)} cannot be served in {region}", "leave the region out"
            )
        elif region in why and catalogue.region(region).unsure:
            notes.warn(
                f"regions.{index}", f"CloudFormation's schemas lack endpoints in {region}; prices have them"
            )
    able = tuple(sorted(name for name in why if not why[name] and (not wanted or name in wanted)))
    hosted = able
    for one in served:
        hosted = one.hosted(hosted)
    home = tuple(
        region for region in hosted if all(region in one.default.regions for one in served if one.offered)
    )
    if not home:
        short = next((one for one in served if not set(able) & set(one.default.regions)), served[-1])
        short.notes.refuse("endpoint.instanceType", *_nowhere(short, able))
    for region in why:
        if not why[region] and region not in hosted:
            why[region] = _left_out(region, able, served)
    return hosted, home, tuple(sorted((name, text) for name, text in why.items() if text))


def _wanted(notes: Collector, catalogue: Catalogue) -> tuple[str, ...]:
    """The spec's own list; notes what in it is no region."""
    wanted = tuple(notes.spec.data.regions or ())
    for index, region in enumerate(wanted):
        if region not in catalogue.regions:
            notes.refuse(
                f"regions.{index}",
                f"{region} is not a region known to the catalogue",
                "see `cfgen catalog regions`",
            )
    return wanted


def _why_not(
    name: str, served: tuple[Served, ...], catalogue: Catalogue, network: VpcPlan, notes: Collector
) -> str:
    """What is missing in a region, empty when nothing is: an image or package, or a resource type."""
    region = catalogue.region(name)
    if not (region.sagemaker or region.unsure):
        return "CloudFormation has no SageMaker endpoints there"
    if notes.spec.data.components and not region.inference_components:
        return "CloudFormation has no inference components there"
    if short := next((one for one in served if name not in _sources(one)), None):
        if short.planned.image is None:
            return "the spec names no model package there"
        return f"{_label(short)}: no registry has this version of the image there"
    if any(one.planned.build for one in served) and not region.codebuild:
        return "CloudFormation has no CodeBuild there, which copies the model"
    if network.zones > 2 and name in TWO_ZONES:
        return f"most accounts see two availability zones there; the network takes {network.zones}"
    if network.interface_endpoints and region.partition not in {"aws", "aws-us-gov"}:
        # service names differ in other partitions (AWS PrivateLink: services that integrate)
        return "interface endpoints have other names there"
    lacking = (key for key, regions in LACKING.items() if name in regions and _asks(notes.spec.data, key))
    if key := next(lacking, None):
        return f"CloudFormation lacks a resource type there that {key} needs"
    return ""


def _asks(value: object, path: str) -> bool:
    for name in path.split("."):
        value = getattr(value, name, None)
    return bool(value)


def _left_out(region: str, able: tuple[str, ...], served: tuple[Served, ...]) -> str:
    if region not in able:
        return "not among the spec's regions"
    short = [one for one in served if not one.hosted((region,))]
    pooled = [
        row.name
        for one in short
        if one.notes.spec.data.endpoint.instance_pools
        for row in one.offered
        if region not in row.regions
    ]
    if pooled:
        return f"does not host {', '.join(dict.fromkeys(pooled))}, which the pools need"
    return f"hosts neither {', '.join(dict.fromkeys(one.default.name for one in short))} nor a type like it"


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
