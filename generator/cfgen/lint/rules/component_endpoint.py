"""E9501: inference components on an endpoint that is not made for them."""

from __future__ import annotations

from cfgen.lint.evaluate import known
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import COMPONENT, ENDPOINT, config_of, production
from cfgen.lint.worlds import Resource


class ComponentEndpoint(Rule):
    """The endpoint's variants have no model of their own."""

    id = "E9501"
    shortdesc = "An inference component is placed on a variant made for it"
    description = (
        "An inference component needs an endpoint whose configuration has ExecutionRoleArn and variants "
        "without ModelName, and VariantName must be one of those variants."
    )
    fix = "leave ModelName out of the variant, set ExecutionRoleArn, and name an existing variant"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateInferenceComponent.html"
    source_title = "CreateInferenceComponent"
    tags = ("resources", "sagemaker", "inference-component")
    types = (COMPONENT,)

    def check(self, resource: Resource) -> Hits:
        """Needs endpoint and configuration in the same template."""
        world = resource.world
        endpoint = world.target(resource.properties.get("EndpointName"), ENDPOINT)
        config = config_of(world, endpoint) if endpoint else None
        if config is None:
            return
        listed = production(config)
        wanted = resource.properties.get("VariantName")
        names = [variant.get("VariantName") for variant in listed]
        if (
            wanted is not None
            and known(wanted)
            and all(known(name) for name in names)
            and wanted not in names
        ):
            yield resource.properties.where("VariantName"), f"'{config.name}' has no variant '{wanted}'"
        for variant in listed:
            if "ModelName" in variant and (wanted is None or variant.get("VariantName") == wanted):
                path = resource.properties.where("EndpointName")
                yield (
                    path,
                    f"the variants of '{config.name}' have a ModelName and take no inference component",
                )
                break
