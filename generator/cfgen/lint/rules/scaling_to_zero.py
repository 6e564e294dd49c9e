"""E9603: a real-time endpoint that is to scale to nothing."""

from __future__ import annotations

from cfgen.lint.evaluate import mapping, maps, number
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import TARGET, production
from cfgen.lint.rules._scaling import scaled
from cfgen.lint.worlds import Resource


class ScalingToZero(Rule):
    """Only asynchronous endpoints and inference components reach zero."""

    id = "E9603"
    shortdesc = "A real-time variant keeps at least one instance"
    description = (
        "Only a variant of an asynchronous endpoint may have MinCapacity 0. A real-time endpoint reaches "
        "zero instances with inference components: ManagedInstanceScaling with MinInstanceCount 0, and "
        "MinCapacity 0 for the component."
    )
    fix = "set MinCapacity to 1 or more, or use asynchronous inference or inference components"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html"
    source_title = "Scale an endpoint to zero instances"
    tags = ("resources", "sagemaker", "scaling")
    types = (TARGET,)

    def check(self, resource: Resource) -> Hits:
        """Needs endpoint and configuration in the same template."""
        world = resource.world
        if resource.properties.get("ScalableDimension") != "sagemaker:variant:DesiredInstanceCount":
            return
        _, config, _ = scaled(world, resource)
        if config is None or "AsyncInferenceConfig" in config.properties:
            return
        if any("ModelName" not in variant for variant in production(config)):
            return
        holders = [resource.properties]
        holders += [
            mapping(action, "ScalableTargetAction")
            for action in maps(resource.properties, "ScheduledActions")
        ]
        for holder in holders:
            if number(holder.get("MinCapacity")) == 0:
                yield holder.where("MinCapacity"), "a real-time variant cannot scale to zero instances"
