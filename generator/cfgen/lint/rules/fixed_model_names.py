"""W9205: a Model or EndpointConfig with a name of its own."""

from __future__ import annotations

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, MODEL
from cfgen.lint.worlds import Resource

_NAMES = {MODEL: "ModelName", CONFIG: "EndpointConfigName"}


class FixedModelNames(Rule):
    """Everything but Tags is create-only on both, so every change is a replacement."""

    id = "W9205"
    shortdesc = "Model and EndpointConfig are not named"
    description = (
        "Every property of a Model and of an EndpointConfig but its tags is create-only. CloudFormation "
        "replaces them by creating the new one first; with a name of its own that name is already taken, "
        "and the update fails."
    )
    fix = "leave the name out; use GetAtt ModelName or EndpointConfigName where it is needed"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sagemaker-endpointconfig.html"
    source_title = "AWS::SageMaker::EndpointConfig"
    tags = ("resources", "sagemaker", "model", "endpoint-config", "update")
    types = (MODEL, CONFIG)

    def check(self, resource: Resource) -> Hits:
        """Any value at all: even one made from the stack's name stays the same over an update."""
        name = _NAMES[resource.type]
        if name in resource.properties:
            yield (
                resource.properties.where(name),
                f"{name} is set: the next change of this resource will fail",
            )
