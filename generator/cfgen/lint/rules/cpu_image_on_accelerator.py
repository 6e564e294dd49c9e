"""W9221: an accelerator paid for and not used."""

from __future__ import annotations

from cfgen.lint.hosting import instance
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, containers, instance_types, processor, served
from cfgen.lint.worlds import World


class CpuImageOnAccelerator(Rule):
    """A CPU build on a GPU instance."""

    id = "W9221"
    shortdesc = "An accelerator is not paid for in vain"
    description = (
        "A CPU build of an image does not see the GPUs or Neuron cores of its instance, whose price is "
        "mostly theirs."
    )
    fix = "take the image's GPU build, or an instance type without accelerators"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/realtime-endpoints-options.html"
    source_title = "Options for deploying models"
    tags = ("resources", "sagemaker", "cost", "instance-type")
    types = (CONFIG,)

    def check_world(self, world: World) -> Hits:
        """Only when every container of the model is a CPU build."""
        for _, variant, model in served(world):
            built = {processor(container.get("Image")) for container in containers(model)}
            for kind in instance_types(variant) if built == {"cpu"} else ():
                found = instance(kind.name)
                if found and found.processor != "cpu":
                    yield (
                        kind.path,
                        f"{kind.name} has accelerators that the CPU image of '{model.name}' cannot use",
                    )
