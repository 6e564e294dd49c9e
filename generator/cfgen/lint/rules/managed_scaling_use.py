"""E9322: managed instance scaling of a variant that has a model."""

from __future__ import annotations

from cfgen.lint.evaluate import mapping
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, variants
from cfgen.lint.worlds import Resource


class ManagedScalingUse(Rule):
    """It follows the copies of components, and a variant with a model has none."""

    id = "E9322"
    shortdesc = "Managed instance scaling is for inference components"
    description = (
        "CreateEndpointConfig refuses ManagedInstanceScaling on a variant with a ModelName: it is only supported "
        "for endpoints with inference components. The resource schema takes it anywhere."
    )
    fix = "scale the variant by a scalable target, or serve the model by an inference component"
    source_url = "https://github.com/hashicorp/terraform-provider-aws/pull/45926"
    source_title = (
        "CreateEndpointConfig: ManagedInstanceScaling is only supported for inference component endpoints"
    )
    tags = ("resources", "sagemaker", "endpoint-config", "scaling", "inference-component")
    types = (CONFIG,)

    def check(self, resource: Resource) -> Hits:
        """Disabled scaling is not looked at."""
        for variant in variants(resource):
            scaling = mapping(variant, "ManagedInstanceScaling")
            if "ModelName" in variant and scaling and scaling.get("Status") != "DISABLED":
                path = variant.where("ManagedInstanceScaling")
                yield path, "ManagedInstanceScaling on a variant with a ModelName"
