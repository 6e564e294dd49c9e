"""W9709: a name that lets only one stack exist."""

from __future__ import annotations

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.worlds import Resource

_NAMES = {
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::CodeBuild::Project": "Name",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SageMaker::Endpoint": "EndpointName",
    "AWS::SageMaker::InferenceComponent": "InferenceComponentName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::Events::Rule": "Name",
    "AWS::Logs::LogGroup": "LogGroupName",
}


class FixedNames(Rule):
    """A literal name is taken by the first stack."""

    id = "W9709"
    shortdesc = "Names leave room for a second stack"
    description = (
        "A resource with a literal name can exist once in an account and region: the second stack of the "
        "template fails, and so does a replacement within the first. Roles and buckets clash across "
        "regions as well."
    )
    fix = "leave the name out, or build it from AWS::StackName or a parameter"
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html"
    )
    source_title = "Name type"
    tags = ("resources", "naming")
    types = tuple(_NAMES)
    choices = False

    def check(self, resource: Resource) -> Hits:
        """Only plain text: a reference of any kind can differ."""
        properties = resource.raw.get("Properties")
        name = properties.get(_NAMES[resource.type]) if isinstance(properties, dict) else None
        if isinstance(name, str) and name:
            yield resource.properties.where(_NAMES[resource.type]), f"'{name[:60]}' can exist only once"
