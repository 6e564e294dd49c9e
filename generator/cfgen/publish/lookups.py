"""What CloudFormation looks up for a template with the launch role's rights, besides its resources' handlers.

Values of AWS-specific parameter types, availability zones, and dynamic references.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

PARAMETERS = {
    "AWS::EC2::AvailabilityZone::Name": "ec2:DescribeAvailabilityZones",
    "AWS::EC2::Image::Id": "ec2:DescribeImages",
    "AWS::EC2::Instance::Id": "ec2:DescribeInstances",
    "AWS::EC2::KeyPair::KeyName": "ec2:DescribeKeyPairs",
    "AWS::EC2::SecurityGroup::GroupName": "ec2:DescribeSecurityGroups",
    "AWS::EC2::SecurityGroup::Id": "ec2:DescribeSecurityGroups",
    "AWS::EC2::Subnet::Id": "ec2:DescribeSubnets",
    "AWS::EC2::VPC::Id": "ec2:DescribeVpcs",
    "AWS::EC2::Volume::Id": "ec2:DescribeVolumes",
    "AWS::Route53::HostedZone::Id": "route53:ListHostedZones",
}
"""Parameter type → what looks its values up ("AWS-specific parameter types")."""
ZONES = ("ec2:DescribeAccountAttributes", "ec2:DescribeAvailabilityZones", "ec2:DescribeSubnets")
"""What Fn::GetAZs needs ("Fn::GetAZs", permissions)."""
SSM = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/"
SECRET = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:"
_REFERENCE = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):((?:arn:[^}]*?:secret:)?[^}:]+)")


def lookups(template: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Action and resource (``*``, where the action knows none) of everything that is looked up."""
    for body in (template.get("Parameters") or {}).values():
        kind = str(body.get("Type", ""))
        plain = re.sub(r"^(?:List|AWS::SSM::Parameter::Value)<(.*)>$", r"\1", kind)
        plain = re.sub(r"^List<(.*)>$", r"\1", plain)
        if kind.startswith("AWS::SSM::Parameter::Value<"):
            yield "ssm:GetParameters", f"{SSM}{str(body.get('Default', '*')).lstrip('/') or '*'}"
        if plain in PARAMETERS:
            yield PARAMETERS[plain], "*"
    text = json.dumps({key: template.get(key) for key in ("Conditions", "Resources", "Outputs")}, default=str)
    if '"Fn::GetAZs"' in text:
        for action in ZONES:
            yield action, "*"
    for service, name in _REFERENCE.findall(text):
        known = "*" if "$" in name else name
        if service == "secretsmanager":
            # a secret's ARN ends in six characters that its name does not have
            ending = "*" if known != "*" and not known.startswith("arn:") else ""
            yield (
                "secretsmanager:GetSecretValue",
                f"{'' if known.startswith('arn:') else SECRET}{known}{ending}",
            )
        else:
            yield "ssm:GetParameters", f"{SSM}{known.lstrip('/')}"
