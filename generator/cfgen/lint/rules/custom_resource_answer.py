"""W9803: a custom resource whose function cannot answer in time, or at all."""

from __future__ import annotations

from cfgen.lint.evaluate import mapping, number
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.worlds import Resource

_ANSWERS = ("cfnresponse", "ResponseURL", "crhelper")


class CustomResourceAnswer(Rule):
    """A silent function holds the stack for an hour."""

    id = "W9803"
    shortdesc = "A custom resource's function answers CloudFormation"
    description = (
        "A custom resource ends when its function answers to the ResponseURL. A function without such "
        "code, or one killed after the default timeout of 3 seconds, leaves the stack waiting for up to "
        "an hour, on deletion too."
    )
    fix = "answer in every branch (cfnresponse), set the function's Timeout, and set ServiceTimeout"
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources-lambda.html"
    )
    source_title = "AWS Lambda-backed custom resources"
    tags = ("resources", "custom-resource", "lambda")
    types = ("Custom::*", "AWS::CloudFormation::CustomResource")

    def check(self, resource: Resource) -> Hits:
        """Only inline code can be read, and packed code (exec) cannot."""
        world = resource.world
        function = world.target(resource.properties.get("ServiceToken"), "AWS::Lambda::Function")
        if function is None:
            return
        code = mapping(function.properties, "Code").get("ZipFile")
        if isinstance(code, str) and "exec(" not in code and not any(word in code for word in _ANSWERS):
            path = mapping(function.properties, "Code").where("ZipFile")
            yield path, f"the function of '{resource.name}' never answers CloudFormation"
        timeout = function.properties.get("Timeout", 3)
        if (number(timeout) or 60) <= 3:
            path = function.properties.where("Timeout")
            yield path, f"the function of '{resource.name}' is stopped after {number(timeout):g} seconds"
