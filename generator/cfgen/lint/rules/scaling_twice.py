"""W9612: two mechanisms that scale the same instances."""

from __future__ import annotations

from cfgen.lint.evaluate import mapping
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import TARGET
from cfgen.lint.rules._scaling import scaled
from cfgen.lint.worlds import Resource


class ScalingTwice(Rule):
    """Managed instance scaling follows the components; a target follows a metric."""

    id = "W9612"
    shortdesc = "Instances are scaled by one mechanism"
    description = (
        "ManagedInstanceScaling sizes a variant by the inference components on it; a scalable target for "
        "the same variant sizes it by a metric. The two undo each other's work."
    )
    fix = "scale the inference components, and leave the instances to ManagedInstanceScaling"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html"
    source_title = "Scale an endpoint to zero instances"
    tags = ("resources", "sagemaker", "scaling", "inference-component")
    types = (TARGET,)

    def check(self, resource: Resource) -> Hits:
        """Only when managed scaling is enabled."""
        world = resource.world
        _, _, variant = scaled(world, resource)
        if variant is not None and mapping(variant, "ManagedInstanceScaling").get("Status") == "ENABLED":
            yield resource.properties.where("ResourceId"), "the variant has ManagedInstanceScaling as well"
