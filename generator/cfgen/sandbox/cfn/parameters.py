"""Parameters: given values against the template's declarations, AWS-specific and SSM types, and Rules."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from cfgen.parameters import NOT_ALLOWED, broken, plain
from cfgen.sandbox.cfn.errors import TemplateError, ValidationError
from cfgen.sandbox.clients import Credentials, client


@dataclass
class Parameter:
    """One parameter with the value it has in a stack."""

    name: str
    type: str
    value: str
    no_echo: bool = False
    # what a template sees: a list for list types, the stored value for SSM ones
    resolved: Any = None

    def view(self) -> dict[str, Any]:
        """As DescribeStacks shows it."""
        shown = {"ParameterKey": self.name, "ParameterValue": "****" if self.no_echo else self.value}
        if self.type.startswith("AWS::SSM::Parameter::Value") and not self.no_echo:
            value = self.resolved
            shown["ResolvedValue"] = ",".join(value) if isinstance(value, list) else str(value)
        return shown


def given_values(
    given: list[dict[str, Any]], declared: dict[str, Any], previous: dict[str, Parameter] | None
) -> dict[str, str]:
    """The values a request gives, with UsePreviousValue and defaults filled in; names are checked."""
    extra = [item["ParameterKey"] for item in given if item.get("ParameterKey") not in declared]
    if extra:
        raise ValidationError(f"Parameters: [{', '.join(extra)}] do not exist in the template")
    values: dict[str, str] = {}
    for item in given:
        name = item["ParameterKey"]
        if item.get("UsePreviousValue"):
            if previous is None or name not in previous:
                raise ValidationError(
                    f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as true for a "
                    "parameter key not in the previous template"
                )
            values[name] = previous[name].value
        elif "ParameterValue" in item and item["ParameterValue"] is not None:
            values[name] = str(item["ParameterValue"])
    missing = []
    for name, declaration in declared.items():
        if name not in values:
            if "Default" in declaration:
                values[name] = plain(declaration["Default"])
            else:
                missing.append(name)
    if missing:
        raise ValidationError(f"Parameters: [{', '.join(missing)}] must have values")
    return values


def check_defaults(declared: dict[str, Any]) -> None:
    """Defaults must satisfy their own constraints, whether or not they are used."""
    for name, declaration in declared.items():
        for key in ("AllowedPattern",):
            if key in declaration:
                try:
                    re.compile(str(declaration[key]))
                except re.error:
                    raise TemplateError(
                        f"Template format error: Invalid regular expression in {name}/{key}"
                    ) from None
        for low, high in (("MinLength", "MaxLength"), ("MinValue", "MaxValue")):
            if (
                low in declaration
                and high in declaration
                and float(declaration[low]) > float(declaration[high])
            ):
                raise TemplateError(
                    f"Template format error: Parameter '{name}' {low} must not be greater than {high}."
                )
        if "Default" in declaration:
            _check(name, declaration, plain(declaration["Default"]), TemplateError, "Template format error: ")


def _check(
    name: str, declaration: dict[str, Any], value: str, error: type[ValidationError], lead: str = ""
) -> None:
    rule = broken(declaration, value)
    constraint = declaration.get("ConstraintDescription")
    if rule and constraint and not lead:
        raise error(f"Parameter {name} failed to satisfy constraint: {constraint}")
    if rule == NOT_ALLOWED and lead:
        rule += f" [{', '.join(plain(item) for item in declaration['AllowedValues'])}]"
    if rule:
        raise error(f"{lead}Parameter '{name}' {rule}")


def resolve_all(
    values: dict[str, str], declared: dict[str, Any], region: str, keys: Credentials
) -> dict[str, Parameter]:
    """Checked parameters with what the template sees of each."""
    made: dict[str, Parameter] = {}
    for name, declaration in declared.items():
        kind, value = declaration["Type"], values[name]
        _check(name, declaration, value, ValidationError)
        no_echo = str(declaration.get("NoEcho", "false")).lower() == "true"
        resolved: Any = value
        if "List" in kind:
            resolved = [part.strip() for part in value.split(",")] if value else []
        if kind.startswith("AWS::SSM::Parameter"):
            resolved = _ssm(name, kind, value, region, keys)
        elif kind.startswith(("AWS::EC2", "List<AWS::")):
            _exists(name, kind, resolved if isinstance(resolved, list) else [resolved], region, keys)
        made[name] = Parameter(name, kind, value, no_echo, resolved)
    return made


def _ssm(name: str, kind: str, value: str, region: str, keys: Credentials) -> Any:
    try:
        found = client("ssm", region, keys).get_parameter(Name=value)["Parameter"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ParameterNotFound":
            raise ValidationError(
                f"Unable to fetch parameters [{value}] from parameter store for this account."
            ) from None
        raise ValidationError(f"Parameter {name}: {error.response['Error']['Message']}") from None
    if kind.endswith("Parameter::Name"):
        return value
    if found["Type"] == "SecureString":
        raise ValidationError(
            f"Parameters [{value}] referenced by template have types not supported by CloudFormation."
        )
    inner = kind.removeprefix("AWS::SSM::Parameter::Value<").removesuffix(">")
    if "List" not in inner:
        return found["Value"]
    items = [part.strip() for part in found["Value"].split(",")]
    if "AWS::" in inner:
        _exists(name, inner, items, region, keys)
    return items


_LOOKUPS: dict[str, tuple[str, str, str, str]] = {
    "VPC::Id": ("describe_vpcs", "VpcIds", "Vpcs", "VpcId"),
    "Subnet::Id": ("describe_subnets", "SubnetIds", "Subnets", "SubnetId"),
    "SecurityGroup::Id": ("describe_security_groups", "GroupIds", "SecurityGroups", "GroupId"),
    "SecurityGroup::GroupName": ("describe_security_groups", "GroupNames", "SecurityGroups", "GroupName"),
    "KeyPair::KeyName": ("describe_key_pairs", "KeyNames", "KeyPairs", "KeyName"),
    "Image::Id": ("describe_images", "ImageIds", "Images", "ImageId"),
    "Instance::Id": ("describe_instances", "InstanceIds", "Reservations", ""),
    "Volume::Id": ("describe_volumes", "VolumeIds", "Volumes", "VolumeId"),
    "AvailabilityZone::Name": ("describe_availability_zones", "ZoneNames", "AvailabilityZones", "ZoneName"),
}


def _exists(name: str, kind: str, values: list[str], region: str, keys: Credentials) -> None:
    inner = kind.removeprefix("List<").removesuffix(">").removeprefix("AWS::EC2::")
    lookup = _LOOKUPS.get(inner)
    if lookup is None:
        return
    method, argument, result, _ = lookup
    for value in values:
        try:
            answer = getattr(client("ec2", region, keys), method)(**{argument: [value]})
            if answer[result]:
                continue
        except ClientError as error:
            if error.response["Error"]["Code"] == "UnauthorizedOperation":
                raise ValidationError(error.response["Error"]["Message"]) from None
        raise ValidationError(
            f"Parameter validation failed: parameter value {value} for parameter name {name} does not exist"
        )


def check_rules(rules: dict[str, Any], parameters: dict[str, Parameter], scope: Any) -> None:
    """The Rules section; the first assertion that does not hold is an error."""
    from cfgen.sandbox.cfn.rules import truth

    for name, rule in rules.items():
        if not isinstance(rule, dict) or not isinstance(rule.get("Assertions"), list):
            raise TemplateError(f"Template format error: Rule {name} must contain a list of Assertions.")
        if "RuleCondition" in rule and not truth(rule["RuleCondition"], parameters, scope):
            continue
        for assertion in rule["Assertions"]:
            if not truth(assertion.get("Assert"), parameters, scope):
                text = assertion.get("AssertDescription") or f"Assertion of rule {name} failed"
                raise ValidationError(f"Template validation error: Rule {name} failed: {text}")
