"""E9502: an inference component created with no copy, or without saying how many."""

from __future__ import annotations

from cfgen.lint.evaluate import mapping, number
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import COMPONENT
from cfgen.lint.worlds import Resource


class ComponentCopies(Rule):
    """CopyCount 0 is for later, by scaling."""

    id = "E9502"
    shortdesc = "An inference component starts with at least one copy"
    description = (
        "CopyCount 0 is reported to be rejected at creation although the schema's minimum is 0; scaling "
        "to zero comes afterwards, by its scalable target. RuntimeConfig without CopyCount is refused. An "
        "adapter needs none."
    )
    fix = "set RuntimeConfig.CopyCount to 1 or more"
    source_url = (
        "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_InferenceComponentRuntimeConfig.html"
    )
    source_title = "InferenceComponentRuntimeConfig"
    tags = ("resources", "sagemaker", "inference-component", "scaling")
    types = (COMPONENT,)

    def check(self, resource: Resource) -> Hits:
        """Adapters run inside their base's copies."""
        if "BaseInferenceComponentName" in mapping(resource.properties, "Specification"):
            return
        runtime = mapping(resource.properties, "RuntimeConfig")
        if number(runtime.get("CopyCount")) == 0:
            yield runtime.where("CopyCount"), "CopyCount is 0 at creation"
        elif "RuntimeConfig" in resource.properties and "CopyCount" not in runtime:
            yield resource.properties.where("RuntimeConfig"), "RuntimeConfig without CopyCount"
