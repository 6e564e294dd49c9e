"""E9306: a variant without anything to run on, or with two answers."""

from __future__ import annotations

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, serverless, variants
from cfgen.lint.worlds import Resource


class VariantCompute(Rule):
    """InstanceType, InstancePools or ServerlessConfig: one of them."""

    id = "E9306"
    shortdesc = "A variant says once what it runs on"
    description = (
        "A variant needs an InstanceType, InstancePools or a ServerlessConfig. InstancePools replace "
        "InstanceType. A variant with instances that serves a model needs an InitialInstanceCount. All "
        "are optional in the resource schema."
    )
    fix = "set InstanceType and InitialInstanceCount, or InstancePools, or ServerlessConfig"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html"
    source_title = "ProductionVariant"
    tags = ("resources", "sagemaker", "endpoint-config", "instance-type")
    types = (CONFIG,)

    def check(self, resource: Resource) -> Hits:
        """Serverless with instances is E9301's."""
        for variant in variants(resource):
            if "InstancePools" in variant and "InstanceType" in variant:
                yield variant.where("InstanceType"), "InstanceType beside InstancePools, which replace it"
            if serverless(variant):
                continue
            if "InstancePools" not in variant and "InstanceType" not in variant:
                yield variant.path, "no InstanceType, InstancePools or ServerlessConfig"
            elif "ModelName" in variant and "InitialInstanceCount" not in variant:
                yield variant.path, "instances without InitialInstanceCount"
