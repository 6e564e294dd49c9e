"""W9213: a model package that may reach the network."""

from __future__ import annotations

from cfgen.lint.evaluate import flag
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import MODEL, containers
from cfgen.lint.worlds import Resource


class ModelPackageIsolation(Rule):
    """Network isolation is required for models from AWS Marketplace."""

    id = "W9213"
    shortdesc = "A model package runs in network isolation"
    description = (
        "Network isolation is required to run models from AWS Marketplace: without EnableNetworkIsolation "
        "the call is refused. For a package of your own registry it is the safe choice, since the package "
        "brings its data."
    )
    fix = "set EnableNetworkIsolation: true"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/mkt-algo-model-internet-free.html"
    source_title = "Run Training and Inference Containers in Internet-Free Mode"
    tags = ("resources", "sagemaker", "model", "model-package", "security")
    types = (MODEL,)

    def check(self, resource: Resource) -> Hits:
        """A value only AWS knows passes."""
        given = resource.properties.get("EnableNetworkIsolation", False)
        if flag(given) is False and any(
            "ModelPackageName" in container for container in containers(resource)
        ):
            path = resource.properties.where("EnableNetworkIsolation")
            yield path, "a model package without EnableNetworkIsolation: true"
