"""E9801: a custom resource that is to wait longer than CloudFormation does."""

from __future__ import annotations

from cfgen.lint.evaluate import number
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.worlds import Resource


class CustomResourceTimeout(Rule):
    """An hour, whatever a framework says."""

    id = "E9801"
    shortdesc = "A custom resource waits at most an hour"
    description = (
        "ServiceTimeout is 1 to 3600 seconds: CloudFormation gives a custom resource up after an hour. "
        "The resource schema has no limits."
    )
    fix = "set ServiceTimeout to at most 3600; for longer work use a wait condition (12 hours)"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html"
    source_title = "AWS::CloudFormation::CustomResource"
    tags = ("resources", "custom-resource", "timeout")
    types = ("Custom::*", "AWS::CloudFormation::CustomResource")

    def check(self, resource: Resource) -> Hits:
        """Both ends."""
        timeout = number(resource.properties.get("ServiceTimeout"))
        if timeout is not None and not 1 <= timeout <= 3600:
            path = resource.properties.where("ServiceTimeout")
            yield path, f"ServiceTimeout {timeout:g} is outside 1 to 3600 seconds"
