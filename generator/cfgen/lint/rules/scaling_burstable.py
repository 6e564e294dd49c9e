"""E9606: scaling of instances that cannot scale."""

from __future__ import annotations

import re

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import TARGET, instance_types
from cfgen.lint.rules._scaling import scaled
from cfgen.lint.worlds import Resource


class ScalingBurstable(Rule):
    """Burstable types are excluded from automatic scaling."""

    id = "E9606"
    shortdesc = "No automatic scaling of burstable instances"
    description = (
        "SageMaker does not support automatic scaling of variants on burstable (T) instance types; "
        "registering the target is refused."
    )
    fix = "use an M or C type, or leave scaling out"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html"
    source_title = "Auto scaling prerequisites"
    tags = ("resources", "sagemaker", "scaling", "instance-type")
    types = (TARGET,)

    def check(self, resource: Resource) -> Hits:
        """Needs endpoint and configuration in the same template."""
        world = resource.world
        _, _, variant = scaled(world, resource)
        for kind in instance_types(variant) if variant is not None else ():
            if re.match(r"ml\.t\d", kind.name):  # trn is Trainium, which scales
                yield resource.properties.where("ResourceId"), f"{kind.name} is burstable and cannot scale"
