"""E9602: a scalable target whose minimum is above its maximum."""

from __future__ import annotations

from cfgen.lint.evaluate import Map, mapping, maps, number
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import TARGET
from cfgen.lint.worlds import Resource


class ScalingCapacity(Rule):
    """In the target and in its scheduled actions."""

    id = "E9602"
    shortdesc = "A scalable target's minimum does not exceed its maximum"
    description = (
        "RegisterScalableTarget refuses MinCapacity above MaxCapacity, and negative numbers; the resource "
        "schema checks neither, nor the same pair in scheduled actions."
    )
    fix = "put MinCapacity and MaxCapacity in order"
    source_url = (
        "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html"
    )
    source_title = "RegisterScalableTarget"
    tags = ("resources", "scaling")
    types = (TARGET,)

    def check(self, resource: Resource) -> Hits:
        """Of any service's targets: the mistake is the same."""
        yield from _ordered(resource.properties)
        for action in maps(resource.properties, "ScheduledActions"):
            yield from _ordered(mapping(action, "ScalableTargetAction"))


def _ordered(holder: Map) -> Hits:
    least, most = number(holder.get("MinCapacity")), number(holder.get("MaxCapacity"))
    if least is not None and most is not None and least > most:
        yield holder.where("MinCapacity"), f"MinCapacity {least:g} exceeds MaxCapacity {most:g}"
    for key, value in (("MinCapacity", least), ("MaxCapacity", most)):
        if value is not None and value < 0:
            yield holder.where(key), f"{key} {value:g} is negative"
