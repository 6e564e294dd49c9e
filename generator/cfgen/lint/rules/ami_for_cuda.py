"""E9313: a driver too old for the image's CUDA."""

from __future__ import annotations

from cfgen.lint.evaluate import known
from cfgen.lint.hosting import instance
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, containers, cuda, instance_types, served
from cfgen.lint.worlds import World

_CUDA_13 = "al2023-ami-sagemaker-inference-gpu-4-1"


class AmiForCuda(Rule):
    """CUDA 13 needs the AMI with driver 580."""

    id = "E9313"
    shortdesc = "The inference AMI's driver fits the image's CUDA"
    description = (
        "An image with CUDA 13 needs driver 580, which only al2023-ami-sagemaker-inference-gpu-4-1 has; "
        "the default AMI is older. A container that does not find its driver ends before it logs "
        "anything, and the endpoint stays in Creating until the timeout."
    )
    fix = "set InferenceAmiVersion: al2023-ami-sagemaker-inference-gpu-4-1, or use a CUDA 12 image"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html"
    source_title = "ProductionVariant"
    tags = ("resources", "sagemaker", "endpoint-config", "image", "instance-type")
    types = (CONFIG,)

    def check_world(self, world: World) -> Hits:
        """CUDA is read off the image's tag; only NVIDIA instances are looked at."""
        for _, variant, model in served(world):
            version = variant.get("InferenceAmiVersion")
            found = [instance(kind.name) for kind in instance_types(variant)]
            if not any(kind and kind.processor == "gpu" for kind in found):
                continue
            if any((cuda(container.get("Image")) or 0) >= 13 for container in containers(model)):
                if version is None:
                    yield variant.path, f"the image of '{model.name}' has CUDA 13: it needs {_CUDA_13}"
                elif known(version) and version != _CUDA_13:
                    path = variant.where("InferenceAmiVersion")
                    yield path, f"{version} has no driver for the CUDA 13 image of '{model.name}'"
