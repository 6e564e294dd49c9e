"""E9402: two update policies."""

from __future__ import annotations

from cfgen.lint.evaluate import mapping
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import ENDPOINT
from cfgen.lint.worlds import Resource


class UpdatePolicies(Rule):
    """Blue/green or rolling."""

    id = "E9402"
    shortdesc = "A deployment configuration has one update policy"
    description = (
        "BlueGreenUpdatePolicy and RollingUpdatePolicy exclude each other; the resource schema has both "
        "as optional."
    )
    fix = "keep one of the two"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeploymentConfig.html"
    source_title = "DeploymentConfig"
    tags = ("resources", "sagemaker", "endpoint", "deployment")
    types = (ENDPOINT,)

    def check(self, resource: Resource) -> Hits:
        """Both in one world."""
        deployment = mapping(resource.properties, "DeploymentConfig")
        if "BlueGreenUpdatePolicy" in deployment and "RollingUpdatePolicy" in deployment:
            yield (
                deployment.where("RollingUpdatePolicy"),
                "BlueGreenUpdatePolicy and RollingUpdatePolicy together",
            )
