"""E9802: a custom resource that names its function instead of giving its ARN."""

from __future__ import annotations

from cfgen.lint.evaluate import tokens
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.worlds import Resource


class CustomResourceToken(Rule):
    """Ref of a function is its name."""

    id = "E9802"
    shortdesc = "A custom resource's ServiceToken is an ARN"
    description = (
        "ServiceToken must be the ARN of a function or topic. Ref of a Lambda function is its name, which "
        "CloudFormation refuses as a service token."
    )
    fix = "use GetAtt FUNCTION.Arn"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html"
    source_title = "AWS::CloudFormation::CustomResource"
    tags = ("resources", "custom-resource", "lambda")
    types = ("Custom::*", "AWS::CloudFormation::CustomResource")

    def check(self, resource: Resource) -> Hits:
        """Ref of a topic is its ARN and right."""
        world = resource.world
        value = resource.properties.get("ServiceToken")
        function = world.target(value, "AWS::Lambda::Function")
        if function and tokens(value) == [function.name]:
            path = resource.properties.where("ServiceToken")
            yield path, f"Ref of '{function.name}' is its name; GetAtt {function.name}.Arn is the ARN"
