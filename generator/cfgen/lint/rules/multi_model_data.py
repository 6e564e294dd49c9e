"""E9224: a multi-model container whose models cannot be found or loaded."""

from __future__ import annotations

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, containers, instance_types, model_of, processor, variants
from cfgen.lint.worlds import Resource

_GPU_FAMILIES = ("g4dn", "g5", "p2", "p3")


class MultiModelData(Rule):
    """A prefix of archives; with GPUs Triton on four instance families."""

    id = "E9224"
    shortdesc = "A multi-model container has a prefix of models, and instances that can load them"
    description = (
        "With Mode MultiModel, ModelDataUrl is the prefix below which each model is a .tar.gz; one archive, or "
        "a ModelDataSource, says not where others are. With GPUs only the Triton container loads models while "
        "it runs, on g4dn, g5, p2 and p3 instances."
    )
    fix = "name a prefix in ModelDataUrl; with GPUs take Triton on a g4dn or g5 type"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/multi-model-support.html"
    source_title = "Supported algorithms, frameworks, and instances for multi-model endpoints"
    tags = ("resources", "sagemaker", "model", "multi-model")
    types = (CONFIG,)

    def check(self, resource: Resource) -> Hits:
        """Models are looked at where they are served, since that says on what."""
        for variant in variants(resource):
            model = model_of(resource.world, variant)
            for container in containers(model) if model else ():
                if container.get("Mode") != "MultiModel":
                    continue
                if "ModelDataSource" in container:
                    yield container.where("ModelDataSource"), "ModelDataSource names one model's files"
                url = container.get("ModelDataUrl")
                if isinstance(url, str) and url.endswith(".tar.gz"):
                    yield (
                        container.where("ModelDataUrl"),
                        "ModelDataUrl names one archive, not the prefix of many",
                    )
                gpu = processor(container.get("Image")) == "gpu"
                if gpu and "triton" not in str(container.get("Image")):
                    yield container.where("Image"), "with GPUs only Triton loads models while it runs"
                for kind in instance_types(variant):
                    family = kind.name.split(".")[1]
                    if family[0] in "gp" and family not in _GPU_FAMILIES:
                        yield kind.path, f"{kind.name} does not serve multi-model endpoints"
