"""E9220: an image built for other hardware than its instances have."""

from __future__ import annotations

from cfgen.lint.hosting import instance
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, containers, instance_types, processor, served
from cfgen.lint.worlds import World


class ImageProcessor(Rule):
    """GPU images need a GPU, Neuron images Inferentia or Trainium."""

    id = "E9220"
    shortdesc = "An image runs on the hardware it was built for"
    description = (
        "A GPU image on an instance without a GPU, or a Neuron image on one without Inferentia or "
        "Trainium, starts and then fails every health check; the endpoint ends in Failed after its "
        "timeout, an hour at worst."
    )
    fix = "choose an instance type with that accelerator, or the image's other build"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/neo-supported-devices-edge-devices.html"
    source_title = "Available Deep Learning Containers Images"
    tags = ("resources", "sagemaker", "model", "image", "instance-type")
    types = (CONFIG,)

    def check_world(self, world: World) -> Hits:
        """By the words of the tag; an image that does not say is not judged."""
        for _, variant, model in served(world):
            for kind in instance_types(variant):
                found = instance(kind.name)
                for container in containers(model):
                    built = processor(container.get("Image"))
                    if found and built in {"gpu", "neuron"} and found.processor != built:
                        yield kind.path, f"{kind.name} has no {built} for the image of '{model.name}'"
