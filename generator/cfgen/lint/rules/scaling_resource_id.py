"""E9601: a scalable target that names no variant or component."""

from __future__ import annotations

import re

from cfgen.lint.evaluate import known
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import ENDPOINT, POLICY, TARGET, config_of, production
from cfgen.lint.worlds import Resource

_SHAPES = {
    "sagemaker:variant:DesiredInstanceCount": r"endpoint/[^/]+/variant/[^/]+",
    "sagemaker:variant:DesiredProvisionedConcurrency": r"endpoint/[^/]+/variant/[^/]+",
    "sagemaker:inference-component:DesiredCopyCount": r"inference-component/[^/]+",
}
_VARIANT = re.compile(r"endpoint/⟦([^⟧.]+)\.EndpointName⟧/variant/([^/⟦⟧]+)")


class ScalingResourceId(Rule):
    """endpoint/NAME/variant/VARIANT or inference-component/NAME, as the dimension says."""

    id = "E9601"
    shortdesc = "A SageMaker scalable target has a ResourceId that fits its dimension"
    description = (
        "For variants ResourceId is endpoint/NAME/variant/VARIANT, for inference components "
        "inference-component/NAME, and the variant must exist; ServiceNamespace is sagemaker. The "
        "resource schema takes any text."
    )
    fix = "build it with Sub: endpoint/${Endpoint.EndpointName}/variant/VARIANT"
    source_url = (
        "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html"
    )
    source_title = "RegisterScalableTarget"
    tags = ("resources", "sagemaker", "scaling")
    types = (TARGET, POLICY)

    def check(self, resource: Resource) -> Hits:
        """A ResourceId that is one unknown is not judged."""
        world = resource.world
        properties = resource.properties
        dimension, value = properties.get("ScalableDimension"), properties.get("ResourceId")
        shape = _SHAPES.get(dimension) if isinstance(dimension, str) else None
        if shape is None or not isinstance(value, str):
            return
        namespace = properties.get("ServiceNamespace")
        if known(namespace) and namespace != "sagemaker":
            yield properties.where("ServiceNamespace"), f"ServiceNamespace '{namespace}' with {dimension}"
        plain = re.sub(r"⟦[^⟧]*⟧", "X", value)
        if plain != "X" and not re.fullmatch(shape, plain):
            wanted = shape.replace("[^/]+", "…")
            yield properties.where("ResourceId"), f"'{value[:80]}' is not {wanted}, which {dimension} needs"
        found = _VARIANT.fullmatch(value)
        endpoint = world.resource(found[1]) if found else None
        config = config_of(world, endpoint) if endpoint and endpoint.type == ENDPOINT else None
        if config and found:
            names = [variant.get("VariantName") for variant in production(config)]
            if found[2] not in names and all(known(name) for name in names):
                yield properties.where("ResourceId"), f"'{config.name}' has no variant '{found[2]}'"
