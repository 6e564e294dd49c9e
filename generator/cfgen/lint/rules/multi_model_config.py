"""E9211: multi-model settings on a container that hosts one model."""

from __future__ import annotations

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import MODEL, containers
from cfgen.lint.worlds import Resource


class MultiModelConfig(Rule):
    """MultiModelConfig means nothing without Mode MultiModel."""

    id = "E9211"
    shortdesc = "MultiModelConfig comes with Mode MultiModel and a ModelDataUrl"
    description = (
        "MultiModelConfig configures a multi-model endpoint: the container's Mode must be MultiModel, and "
        "ModelDataUrl must say under which prefix the models lie."
    )
    fix = "set Mode: MultiModel and ModelDataUrl, or leave MultiModelConfig out"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/create-multi-model-endpoint.html"
    source_title = "Create a Multi-Model Endpoint"
    tags = ("resources", "sagemaker", "model", "multi-model")
    types = (MODEL,)

    def check(self, resource: Resource) -> Hits:
        """Each container by itself."""
        for container in containers(resource):
            multi = container.get("Mode") == "MultiModel"
            if "MultiModelConfig" in container and not multi:
                yield container.where("MultiModelConfig"), "MultiModelConfig without Mode: MultiModel"
            if multi and "ModelDataUrl" not in container:
                yield container.where("Mode"), "Mode MultiModel without ModelDataUrl: where are the models?"
