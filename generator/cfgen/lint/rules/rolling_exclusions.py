"""E9403: a rolling update of an endpoint that cannot roll."""

from __future__ import annotations

from cfgen.lint.evaluate import mapping
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import ENDPOINT, config_of, serverless, variants
from cfgen.lint.worlds import Resource


class RollingExclusions(Rule):
    """Not for serverless, not for several variants."""

    id = "E9403"
    shortdesc = "A rolling update has one variant with instances"
    description = "Rolling deployments exclude serverless endpoints and endpoints with several variants."
    fix = "use BlueGreenUpdatePolicy there"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-exclusions.html"
    source_title = "Deployment guardrails: Exclusions"
    tags = ("resources", "sagemaker", "endpoint", "deployment")
    types = (ENDPOINT,)

    def check(self, resource: Resource) -> Hits:
        """Needs the configuration in the same template."""
        world = resource.world
        deployment = mapping(resource.properties, "DeploymentConfig")
        config = config_of(world, resource)
        if "RollingUpdatePolicy" in deployment and config:
            listed = variants(config)
            if any(serverless(variant) for variant in listed):
                yield (
                    deployment.where("RollingUpdatePolicy"),
                    "a serverless endpoint cannot be updated by rolling",
                )
            elif len(listed) > 1:
                yield (
                    deployment.where("RollingUpdatePolicy"),
                    f"an endpoint with {len(listed)} variants cannot roll",
                )
