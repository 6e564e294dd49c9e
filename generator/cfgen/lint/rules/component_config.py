"""E9316: an endpoint configuration that can host neither its models nor inference components."""

from __future__ import annotations

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, production, serverless
from cfgen.lint.worlds import Resource


class ComponentConfig(Rule):
    """Variants without a model are for inference components, and those need a role."""

    id = "E9316"
    shortdesc = "Variants without a model have the configuration's ExecutionRoleArn"
    description = (
        "A variant without ModelName waits for inference components; then the configuration itself needs "
        "ExecutionRoleArn. With a ModelName the role is the model's, and a configuration must not mix "
        "both kinds of variants."
    )
    fix = (
        "set ExecutionRoleArn and no ModelName for inference components; ModelName in every variant otherwise"
    )
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html"
    source_title = "CreateEndpointConfig"
    tags = ("resources", "sagemaker", "endpoint-config", "inference-component")
    types = (CONFIG,)

    def check(self, resource: Resource) -> Hits:
        """Both mistakes end in a refused call."""
        listed = production(resource)
        bare = [variant for variant in listed if "ModelName" not in variant]
        if bare and len(bare) < len(listed):
            yield bare[0].path, "a variant without ModelName beside variants with one"
        if bare and "ExecutionRoleArn" not in resource.properties:
            yield bare[0].path, "no ModelName here and no ExecutionRoleArn on the configuration"
        if bare and any(serverless(variant) for variant in bare):
            yield bare[0].path, "a serverless variant needs a ModelName"
        if listed and not bare and "ExecutionRoleArn" in resource.properties:
            path = resource.properties.where("ExecutionRoleArn")
            yield path, "ExecutionRoleArn is for inference components, but every variant has a ModelName"
