"""W9404: deployment guardrails that will not be applied."""

from __future__ import annotations

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import ENDPOINT, config_of, containers, instance_types, model_of, variants
from cfgen.lint.worlds import Resource


class GuardrailExclusions(Rule):
    """Inf1 and Marketplace fall back to all at once."""

    id = "W9404"
    shortdesc = "A deployment configuration has an effect"
    description = (
        "Endpoints on Inf1 instances or with Marketplace containers cannot use deployment guardrails: an "
        "update falls back to all at once, without baking or rollback, in silence."
    )
    fix = "leave DeploymentConfig out, or use other instances"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-exclusions.html"
    source_title = "Deployment guardrails: Exclusions"
    tags = ("resources", "sagemaker", "endpoint", "deployment")
    types = (ENDPOINT,)

    def check(self, resource: Resource) -> Hits:
        """Needs the configuration in the same template."""
        world = resource.world
        config = config_of(world, resource)
        if "DeploymentConfig" not in resource.properties or config is None:
            return
        path = resource.properties.where("DeploymentConfig")
        for variant in variants(config):
            if any(kind.name.startswith("ml.inf1.") for kind in instance_types(variant)):
                yield path, "Inf1 instances ignore the deployment configuration"
            model = model_of(world, variant)
            if model and any("ModelPackageName" in container for container in containers(model)):
                yield path, "Marketplace packages ignore the deployment configuration"
