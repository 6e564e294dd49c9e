"""E9301: a serverless variant with settings of instances."""

from __future__ import annotations

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, serverless, variants
from cfgen.lint.worlds import Resource

_OF_INSTANCES = (
    "InstanceType",
    "InitialInstanceCount",
    "InstancePools",
    "VolumeSizeInGB",
    "InferenceAmiVersion",
    "ManagedInstanceScaling",
    "CapacityReservationConfig",
    "VariantInstanceProvisionTimeoutInSeconds",
    "RoutingConfig",
    "EnableSSMAccess",
    "CoreDumpConfig",
)


class ServerlessInstances(Rule):
    """ServerlessConfig stands instead of an instance-based configuration."""

    id = "E9301"
    shortdesc = "A serverless variant has no instance settings"
    description = (
        "ServerlessConfig replaces the instance configuration of a variant. CreateEndpointConfig refuses "
        "a variant with both; the resource schema lists all of them as optional."
    )
    fix = "remove the instance settings, or ServerlessConfig"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints-create-config.html"
    source_title = "Create an endpoint configuration (serverless)"
    tags = ("resources", "sagemaker", "endpoint-config", "serverless")
    types = (CONFIG,)

    def check(self, resource: Resource) -> Hits:
        """Every variant by itself."""
        for variant in variants(resource):
            for name in _OF_INSTANCES if serverless(variant) else ():
                if name in variant:
                    yield variant.where(name), f"{name} beside ServerlessConfig"
