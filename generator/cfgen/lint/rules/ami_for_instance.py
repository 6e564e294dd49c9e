"""E9314: an inference AMI for other hardware."""

from __future__ import annotations

from cfgen.lint.hosting import instance
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, instance_types, variants
from cfgen.lint.worlds import Resource


class AmiForInstance(Rule):
    """GPU AMIs for GPUs, Neuron AMIs for Inferentia and Trainium."""

    id = "E9314"
    shortdesc = "The inference AMI is for the instance's accelerator"
    description = (
        "Each InferenceAmiVersion is built for one accelerator: the gpu ones for NVIDIA, the neuron ones "
        "for Inferentia 2 and Trainium. On another instance type the call is refused."
    )
    fix = "take the AMI for the accelerator, or leave InferenceAmiVersion out"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html"
    source_title = "ProductionVariant"
    tags = ("resources", "sagemaker", "endpoint-config", "instance-type")
    types = (CONFIG,)

    def check(self, resource: Resource) -> Hits:
        """By the word in the AMI's name."""
        for variant in variants(resource):
            version = variant.get("InferenceAmiVersion")
            wanted = next(
                (word for word in ("gpu", "neuron") if isinstance(version, str) and f"-{word}-" in version),
                "",
            )
            for kind in instance_types(variant) if wanted else ():
                found = instance(kind.name)
                if found and found.processor != wanted:
                    yield (
                        variant.where("InferenceAmiVersion"),
                        f"{version} is for {wanted}, {kind.name} has {found.processor}",
                    )
