"""E9307: an instance type that is not hosted in a region."""

from __future__ import annotations

from cfgen.lint.hosting import hosted_somewhere, instance
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, instance_types, variants
from cfgen.lint.worlds import Resource


class InstanceRegion(Rule):
    """By the prices AWS publishes for hosting."""

    id = "E9307"
    shortdesc = "An instance type is hosted in every region the template is for"
    description = (
        "Which instance types SageMaker hosts differs widely by region. An endpoint with a type its "
        "region lacks fails after the rest of the stack stands. cfn-lint has the data but applies them to "
        "InferenceExperiment only (E3642)."
    )
    fix = "choose a type hosted there (cfgen catalog instances --region REGION), or leave the region out"
    source_url = "https://aws.amazon.com/sagemaker/ai/pricing/"
    source_title = "Amazon SageMaker AI pricing"
    tags = ("resources", "sagemaker", "endpoint-config", "instance-type", "region")
    types = (CONFIG,)
    every_region = True
    choices = False

    def check(self, resource: Resource) -> Hits:
        """A type priced nowhere is W9308's; a region without any price says nothing."""
        world = resource.world
        for variant in variants(resource):
            for kind in instance_types(variant) if hosted_somewhere(world.region) else ():
                found = instance(kind.name)
                if found and found.regions and world.region not in found.regions:
                    yield kind.path, f"{kind.name} is not hosted"
