"""Rule functions: the intrinsics that are only allowed in the Rules section."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

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
        return [
            item
            for parameter in parameters.values()
            if argument in parameter.type
            for item in (parameter.resolved if isinstance(parameter.resolved, list) else [parameter.resolved])
        ]
    if name == "Fn::ValueOf":
        parameter, attribute = value_of(argument, parameters, scope)
        return [_attribute(item, attribute, scope) for item in _items(parameters[parameter].resolved)]
    if name == "Fn::ValueOfAll":
        kind, attribute = argument
        return [
            _attribute(item, attribute, scope)
            for parameter in parameters.values()
            if kind in parameter.type
            for item in _items(parameter.resolved)
        ]
    if name in _BOOLEANS:
        return truth(value, parameters, scope)
    raise TemplateError(f"Template error: Encountered unsupported function: {name} in the Rules section")


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _attribute(value: str, attribute: str, scope: Any) -> Any:
    ec2 = client("ec2", scope.region)
    try:
        if value.startswith("subnet-"):
            found = ec2.describe_subnets(SubnetIds=[value])["Subnets"][0]
        elif value.startswith("sg-"):
            found = ec2.describe_security_groups(GroupIds=[value])["SecurityGroups"][0]
        else:
            found = ec2.describe_vpcs(VpcIds=[value])["Vpcs"][0]
    except ClientError:
        return None
    if attribute.startswith("Tags."):
        tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])}
        return tags.get(attribute.removeprefix("Tags."))
    return found.get(attribute)


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
