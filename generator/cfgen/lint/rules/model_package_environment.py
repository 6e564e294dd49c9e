"""W9212: environment variables beside a model package."""

from __future__ import annotations

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import MODEL, containers
from cfgen.lint.worlds import Resource


class ModelPackageEnvironment(Rule):
    """A Marketplace package cannot be configured from outside."""

    id = "W9212"
    shortdesc = "A model package gets no environment"
    description = (
        "The environment of a Marketplace model package is its seller's: CreateModel refuses to override "
        "it. Only a versioned package of your own model registry takes variables."
    )
    fix = "leave Environment out; for your own package, register the values with the package"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-mkt-model-pkg-model.html"
    source_title = "Use a Model Package to Create a Model"
    tags = ("resources", "sagemaker", "model", "model-package")
    types = (MODEL,)

    def check(self, resource: Resource) -> Hits:
        """An empty environment does no harm."""
        for container in containers(resource):
            if "ModelPackageName" in container and container.get("Environment"):
                yield container.where("Environment"), "Environment beside ModelPackageName"
