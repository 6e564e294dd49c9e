"""W9611: a scaled endpoint whose every update resets the count."""

from __future__ import annotations

from cfgen.lint.evaluate import flag, number
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import TARGET
from cfgen.lint.rules._scaling import scaled
from cfgen.lint.worlds import Resource


class ScalingReset(Rule):
    """An update takes InitialInstanceCount unless told to retain."""

    id = "W9611"
    shortdesc = "A scaled endpoint retains its instance count over updates"
    description = (
        "Without RetainAllVariantProperties an update of the endpoint sets every variant back to its "
        "InitialInstanceCount, however far it has scaled out: capacity falls under load. One that may be at "
        "zero is left out: instances that come back show whether what is new works."
    )
    fix = "set RetainAllVariantProperties: true on the endpoint"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html"
    source_title = "Update endpoints that use auto scaling"
    tags = ("resources", "sagemaker", "scaling", "update")
    types = (TARGET,)

    def check(self, resource: Resource) -> Hits:
        """A value only AWS knows passes; so does a target at zero, where nothing kept would show a new model works."""
        world = resource.world
        endpoint, _, variant = scaled(world, resource)
        if endpoint is None or variant is None or "ServerlessConfig" in variant:
            return
        if number(resource.properties.get("MinCapacity")) == 0:
            return
        if flag(endpoint.properties.get("RetainAllVariantProperties", False)) is False:
            yield endpoint.path, f"scaled by '{resource.name}', but an update resets its instance count"
