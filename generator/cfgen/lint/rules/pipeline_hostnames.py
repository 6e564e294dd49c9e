"""E9210: containers of a pipeline that cannot be told apart."""

from __future__ import annotations

from collections import Counter

from cfgen.lint.evaluate import known, maps
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import MODEL
from cfgen.lint.worlds import Resource


class PipelineHostnames(Rule):
    """All or none have a ContainerHostname, each its own; direct invocation needs them."""

    id = "E9210"
    shortdesc = "Containers of a pipeline are named all or not at all, each differently"
    description = (
        "If one container of a pipeline has a ContainerHostname, every one must have it, and no two the "
        "same. InferenceExecutionConfig Direct addresses containers by it, so all need one."
    )
    fix = "give every container in Containers its own ContainerHostname"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html"
    source_title = "ContainerDefinition"
    tags = ("resources", "sagemaker", "model", "pipeline")
    types = (MODEL,)

    def check(self, resource: Resource) -> Hits:
        """A PrimaryContainer's hostname is ignored by SageMaker, so by us."""
        listed = maps(resource.properties, "Containers")
        names = [container.get("ContainerHostname") for container in listed]
        counted = Counter(name for name in names if known(name))
        for container, name in zip(listed, names, strict=True):
            if known(name) and counted[name] > 1:
                yield (
                    container.where("ContainerHostname"),
                    f"ContainerHostname '{name}' is used {counted[name]} times",
                )
        missing = [container for container, name in zip(listed, names, strict=True) if name is None]
        execution = resource.properties.get("InferenceExecutionConfig")
        direct = isinstance(execution, dict) and execution.get("Mode") == "Direct"
        if missing and (direct or len(missing) < len(listed)):
            reason = "direct invocation needs" if direct else "other containers here have"
            yield missing[0].path, f"no ContainerHostname, which {reason}"
        if direct and len(listed) < 2:
            yield (
                resource.properties.where("InferenceExecutionConfig"),
                "Direct is for models with several Containers",
            )
