"""Rule functions: the intrinsics that are only allowed in the Rules section."""

from __future__ import annotations

from typing import Any

from cfgen.sandbox.cfn.errors import TemplateError
from cfgen.sandbox.cfn.intrinsics import text_of
from cfgen.sandbox.clients import client


def value_of(value: Any, parameters: Any, scope: Any) -> Any:
    """A rule's value: parameters, pseudo parameters and the value functions."""
    if isinstance(value, list):
        return [value_of(item, parameters, scope) for item in value]
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((name, argument),) = value.items()
    if name == "Ref":
        if argument in parameters or argument.startswith("AWS::"):
            return scope.ref(argument)
        raise TemplateError(f"Template format error: Unresolved dependencies [{argument}] in the Rules block")
    if name == "Fn::RefAll":
        return [one[_ID[argument]] for one in _all(argument, scope)]
    if name == "Fn::ValueOf":
        parameter, attribute = argument
        if parameter not in parameters:
            raise TemplateError(
                f"Template format error: Unresolved dependencies [{parameter}] in the Rules block"
            )
        of = parameters[parameter].resolved
        found = [_attribute(item, attribute, scope) for item in _items(of)]
        return found if isinstance(of, list) else found[0]
    if name == "Fn::ValueOfAll":
        kind, attribute = argument
        found = [_shown(kind, one, attribute) for one in _all(kind, scope)]
        return [value for value in found if value is not None]
    if name in _BOOLEANS:
        return truth(value, parameters, scope)
    raise TemplateError(f"Template error: Encountered unsupported function: {name} in the Rules section")


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


_ID = {
    "AWS::EC2::VPC::Id": "VpcId",
    "AWS::EC2::Subnet::Id": "SubnetId",
    "AWS::EC2::SecurityGroup::Id": "GroupId",
}
_SHOWN = {
    "AWS::EC2::VPC::Id": ("DefaultNetworkAcl", "DefaultSecurityGroup"),
    "AWS::EC2::Subnet::Id": ("AvailabilityZone", "VpcId"),
    "AWS::EC2::SecurityGroup::Id": (),
}
"""What a rule may ask of each, besides tags ("Rule functions": supported attributes)."""


def _all(kind: str, scope: Any) -> list[dict[str, Any]]:
    """Every one of a type that the account has in the region, not only those given as parameters."""
    ec2 = client("ec2", scope.region)
    if kind == "AWS::EC2::VPC::Id":
        return list(ec2.describe_vpcs()["Vpcs"])
    if kind == "AWS::EC2::Subnet::Id":
        return list(ec2.describe_subnets()["Subnets"])
    if kind == "AWS::EC2::SecurityGroup::Id":
        return list(ec2.describe_security_groups()["SecurityGroups"])
    raise TemplateError(f"Template error: Rules do not support the parameter type {kind}")


def _attribute(value: str, attribute: str, scope: Any) -> Any:
    kinds = {"subnet": "AWS::EC2::Subnet::Id", "sg": "AWS::EC2::SecurityGroup::Id"}
    kind = kinds.get(value.partition("-")[0], "AWS::EC2::VPC::Id")
    one = next((one for one in _all(kind, scope) if one[_ID[kind]] == value), None)
    return _shown(kind, one, attribute) if one else None


def _shown(kind: str, one: dict[str, Any], attribute: str) -> Any:
    if attribute.startswith("Tags."):
        tags = {tag["Key"]: tag["Value"] for tag in one.get("Tags", [])}
        return tags.get(attribute.removeprefix("Tags."))
    if attribute not in _SHOWN[kind]:
        raise TemplateError(f"Template error: Rules do not support the attribute {attribute} of {kind}")
    return one.get(attribute)


_BOOLEANS = {
    "Fn::And",
    "Fn::Or",
    "Fn::Not",
    "Fn::Equals",
    "Fn::Contains",
    "Fn::EachMemberEquals",
    "Fn::EachMemberIn",
}


def truth(value: Any, parameters: Any, scope: Any) -> bool:
    """A rule's assertion or condition."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, dict) or len(value) != 1:
        raise TemplateError("Template format error: a rule's assertion must be a rule function")
    ((name, argument),) = value.items()
    if name not in _BOOLEANS:
        raise TemplateError(f"Template error: Encountered unsupported function: {name} in the Rules section")
    if name == "Fn::And":
        return all(truth(item, parameters, scope) for item in argument)
    if name == "Fn::Or":
        return any(truth(item, parameters, scope) for item in argument)
    if name == "Fn::Not":
        return not truth(argument[0], parameters, scope)
    left, right = (value_of(item, parameters, scope) for item in argument)
    if name == "Fn::Equals":
        return text_of(left) == text_of(right) if not isinstance(left, list) else bool(left == right)
    if name == "Fn::Contains":
        return text_of(right) in [text_of(item) for item in _items(left)]
    if name == "Fn::EachMemberEquals":
        return all(item == right for item in _items(left))
    return all(item in _items(right) for item in _items(left))
