"""E9610: scaling that does not fit a serverless variant."""

from __future__ import annotations

from cfgen.lint.evaluate import mapping
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import TARGET, serverless
from cfgen.lint.rules._scaling import scaled
from cfgen.lint.worlds import Resource

_CONCURRENCY = "sagemaker:variant:DesiredProvisionedConcurrency"
_INSTANCES = "sagemaker:variant:DesiredInstanceCount"


class ScalingServerless(Rule):
    """Serverless variants scale provisioned concurrency, others instances."""

    id = "E9610"
    shortdesc = "The scaled dimension is one the variant has"
    description = (
        "A serverless variant has no instances to scale, only ProvisionedConcurrency, and that only when "
        "it is set; a variant with instances has no provisioned concurrency."
    )
    fix = "scale DesiredProvisionedConcurrency of serverless variants, DesiredInstanceCount of others"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints-autoscale.html"
    source_title = "Automatically scale Provisioned Concurrency for a serverless endpoint"
    tags = ("resources", "sagemaker", "scaling", "serverless")
    types = (TARGET,)

    def check(self, resource: Resource) -> Hits:
        """Needs endpoint and configuration in the same template."""
        world = resource.world
        _, _, variant = scaled(world, resource)
        if variant is None:
            return
        dimension = resource.properties.get("ScalableDimension")
        path = resource.properties.where("ScalableDimension")
        if dimension == _INSTANCES and serverless(variant):
            yield path, "a serverless variant has no instances to scale"
        elif dimension == _CONCURRENCY and not serverless(variant):
            yield path, "a variant with instances has no provisioned concurrency"
        elif dimension == _CONCURRENCY and "ProvisionedConcurrency" not in mapping(
            variant, "ServerlessConfig"
        ):
            yield path, "the variant has no ProvisionedConcurrency to scale"
