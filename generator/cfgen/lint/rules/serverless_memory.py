"""E9302: serverless memory and concurrency that are refused."""

from __future__ import annotations

from cfgen.lint.evaluate import mapping, number
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, variants
from cfgen.lint.worlds import Resource


class ServerlessMemory(Rule):
    """Whole gigabytes; provisioned concurrency within the maximum."""

    id = "E9302"
    shortdesc = "Serverless memory is in steps of 1,024 MB, provisioned concurrency within the maximum"
    description = (
        "MemorySizeInMB is one of 1024, 2048, 3072, 4096, 5120 and 6144; the resource schema has only the "
        "two ends. ProvisionedConcurrency must not exceed MaxConcurrency."
    )
    fix = "choose a multiple of 1024, and raise MaxConcurrency or lower ProvisionedConcurrency"
    source_url = (
        "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariantServerlessConfig.html"
    )
    source_title = "ProductionVariantServerlessConfig"
    tags = ("resources", "sagemaker", "endpoint-config", "serverless")
    types = (CONFIG,)

    def check(self, resource: Resource) -> Hits:
        """The ends of the ranges are the schema's to check."""
        for variant in variants(resource):
            config = mapping(variant, "ServerlessConfig")
            memory = number(config.get("MemorySizeInMB"))
            if memory is not None and memory % 1024:
                yield config.where("MemorySizeInMB"), f"MemorySizeInMB {memory:g} is not a multiple of 1024"
            provisioned = number(config.get("ProvisionedConcurrency"))
            most = number(config.get("MaxConcurrency"))
            if provisioned is not None and most is not None and provisioned > most:
                message = f"ProvisionedConcurrency {provisioned:g} exceeds MaxConcurrency {most:g}"
                yield config.where("ProvisionedConcurrency"), message
