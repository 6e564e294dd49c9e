"""W9409: a log group that SageMaker will have created first."""

from __future__ import annotations

import re

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import ENDPOINT
from cfgen.lint.worlds import Resource

_GROUP = re.compile(r"/aws/sagemaker/(?:Endpoints|InferenceComponents)/(.*⟦([^⟧.]+)\.[^⟧]+⟧)")


class EndpointLogGroup(Rule):
    """The group's name waits for the endpoint; the endpoint's container writes before that."""

    id = "W9409"
    shortdesc = "An endpoint's log group is created before the endpoint"
    description = (
        "A container writes its first line while the endpoint is still being created, and SageMaker then "
        "creates /aws/sagemaker/Endpoints/NAME by itself. A LogGroup whose name is taken from the "
        "endpoint comes later and fails: it already exists."
    )
    fix = "name the endpoint and let it depend on the log group, or set retention from a function"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html"
    source_title = "CloudWatch Logs for Amazon SageMaker AI"
    tags = ("resources", "sagemaker", "endpoint", "logs")
    types = ("AWS::Logs::LogGroup",)

    def check(self, resource: Resource) -> Hits:
        """A name taken from an endpoint, whether by GetAtt or in Sub."""
        world = resource.world
        name = resource.properties.get("LogGroupName")
        found = _GROUP.match(name) if isinstance(name, str) else None
        endpoint = world.resource(found[2]) if found else None
        if endpoint and endpoint.type == ENDPOINT:
            path = resource.properties.where("LogGroupName")
            yield path, f"SageMaker creates this log group while '{endpoint.name}' is being created"
