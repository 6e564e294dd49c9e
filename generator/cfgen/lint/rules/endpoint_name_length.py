"""E9401: an endpoint name of 64 characters."""

from __future__ import annotations

from cfgen.lint.evaluate import known
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import ENDPOINT
from cfgen.lint.worlds import Resource


class EndpointNameLength(Rule):
    """63 is the API's limit, 64 the schema's."""

    id = "E9401"
    shortdesc = "An endpoint's name has at most 63 characters"
    description = (
        "CreateEndpoint takes names of at most 63 characters; the resource schema of "
        "AWS::SageMaker::Endpoint allows 64, for the name of the configuration too."
    )
    fix = "shorten the name"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html"
    source_title = "CreateEndpoint"
    tags = ("resources", "sagemaker", "endpoint")
    types = (ENDPOINT,)

    def check(self, resource: Resource) -> Hits:
        """Longer ones are the schema's to refuse."""
        for key in ("EndpointName", "EndpointConfigName"):
            name = resource.properties.get(key)
            if isinstance(name, str) and known(name) and len(name) == 64:
                yield resource.properties.where(key), f"{key} has 64 characters; at most 63"
