"""The shape of a template: sections, members, names and limits, refused as AWS refuses them."""

from __future__ import annotations

import re
from typing import Any

from cfgen.sandbox.cfn.errors import TemplateError, ValidationError

BODY_LIMIT = 51_200
URL_LIMIT = 1_000_000
RESOURCES, PARAMETERS, OUTPUTS, MAPPINGS, MAPPING_KEYS, DESCRIPTION = 500, 200, 200, 200, 200, 1024

_SECTIONS = {
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Hooks",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
    "Globals",
}
_RESOURCE_KEYS = {
    "Condition",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "Description",
    "Metadata",
    "Properties",
    "Type",
    "UpdatePolicy",
    "UpdateReplacePolicy",
}
_CUSTOM = "AWS::CloudFormation::CustomResource"
_PARAMETER_KEYS = {
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "Default",
    "Description",
    "MaxLength",
    "MaxValue",
    "MinLength",
    "MinValue",
    "NoEcho",
    "Type",
}
_OUTPUT_KEYS = {"Condition", "Description", "Export", "Value"}
_PARAMETER_TYPES = re.compile(
    r"String|Number|CommaDelimitedList|List<(String|Number)>"
    r"|(List<)?AWS::EC2::(AvailabilityZone::Name|Image::Id|Instance::Id|KeyPair::KeyName"
    r"|SecurityGroup::(GroupName|Id)|Subnet::Id|Volume::Id|VPC::Id)>?"
    r"|(List<)?AWS::Route53::HostedZone::Id>?"
    r"|AWS::SSM::Parameter::(Name|Value<.+>)"
)
_NAME = re.compile(r"[A-Za-z0-9]+")
_POLICIES = {"Delete", "Retain", "Snapshot", "RetainExceptOnCreate"}


def check_body(body: str) -> None:
    """The limit for a template handed over in the request."""
    if not body.strip():
        raise ValidationError(
            "1 validation error detected: Value '' at 'templateBody' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1"
        )
    if len(body.encode()) > BODY_LIMIT:
        raise ValidationError(
            f"1 validation error detected: Value at 'templateBody' failed to satisfy constraint: "
            f"Member must have length less than or equal to {BODY_LIMIT}"
        )


def check_structure(template: dict[str, Any]) -> None:
    """Sections, members, names and limits; references are looked at elsewhere."""
    unknown = [key for key in template if key not in _SECTIONS]
    if unknown:
        raise TemplateError(f"Invalid template property or properties [{', '.join(map(str, unknown))}]")
    version = template.get("AWSTemplateFormatVersion", "2010-09-09")
    if str(version) != "2010-09-09":
        raise TemplateError(
            f"Template format error: {version} is not a supported value for AWSTemplateFormatVersion."
        )
    description = template.get("Description", "")
    if not isinstance(description, str):
        raise TemplateError("Template format error: every Description object must be a string.")
    if len(description.encode()) > DESCRIPTION:
        raise TemplateError(f"Template format error: 'Description' length is greater than {DESCRIPTION}.")
    for section in ("Parameters", "Mappings", "Conditions", "Rules", "Resources", "Outputs"):
        if section in template and not isinstance(template[section], dict):
            raise TemplateError(f"Template format error: [/{section}] must be an object.")
    _limit(template, "Parameters", PARAMETERS)
    _limit(template, "Resources", RESOURCES)
    _limit(template, "Outputs", OUTPUTS)
    _limit(template, "Mappings", MAPPINGS)
    _parameters(template.get("Parameters") or {})
    _mappings(template.get("Mappings") or {})
    _resources(template.get("Resources") or {})
    _outputs(template.get("Outputs") or {})


def _limit(template: dict[str, Any], section: str, most: int) -> None:
    count = len(template.get(section) or {})
    if count > most:
        raise TemplateError(
            f"Template format error: Number of {section.lower()}, {count}, is greater than maximum allowed, {most}"
        )


def _alphanumeric(kind: str, name: Any) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise TemplateError(f"Template format error: {kind} name {name} is non alphanumeric.")


def _member(section: str, name: str, value: Any, allowed: set[str]) -> None:
    if not isinstance(value, dict):
        raise TemplateError(
            f"Template format error: [/{section}/{name}] every {section} member must be an object."
        )
    extra = [key for key in value if key not in allowed]
    if extra:
        singular = section.removesuffix("s").lower()
        raise TemplateError(f"Invalid template {singular} property '{extra[0]}'")


def _parameters(parameters: dict[str, Any]) -> None:
    for name, value in parameters.items():
        _alphanumeric("Parameter", name)
        _member("Parameters", name, value, _PARAMETER_KEYS)
        kind = value.get("Type")
        if kind is None:
            raise TemplateError(
                f"Template format error: Every Parameters object must contain a Type member. [/Parameters/{name}]"
            )
        if not isinstance(kind, str) or not _PARAMETER_TYPES.fullmatch(kind):
            raise TemplateError(f"Template format error: Unrecognized parameter type: {kind}")
        if isinstance(value.get("Default"), dict | list):
            raise TemplateError(
                f"Template format error: Every Default member must be a string. [/Parameters/{name}/Default]"
            )
        if len(str(value.get("Description", "")).encode()) > 4000:
            raise TemplateError(f"Template format error: Parameter '{name}' description is longer than 4000.")
        if not isinstance(value.get("AllowedValues", []), list):
            raise TemplateError(
                f"Template format error: Every AllowedValues member must be a list. [/Parameters/{name}/AllowedValues]"
            )


def _mappings(mappings: dict[str, Any]) -> None:
    for name, rows in mappings.items():
        _alphanumeric("Mappings", name)
        if name == "Fn::Transform":
            continue
        if not isinstance(rows, dict) or not rows:
            raise TemplateError(f"Template format error: Every Mappings member {name} must be a map")
        if len(rows) > MAPPING_KEYS:
            raise TemplateError(
                f"Template format error: Number of mapping attributes of {name} is greater than {MAPPING_KEYS}"
            )
        for key, attributes in rows.items():
            if not isinstance(attributes, dict):
                raise TemplateError(
                    f"Template format error: Every Mappings attribute must be a map [{name}/{key}]"
                )
            for attribute, item in attributes.items():
                if not re.fullmatch(r"[a-zA-Z0-9.-]+", str(attribute)):
                    raise TemplateError(
                        f"Template format error: Mappings attribute name '{attribute}' must contain only "
                        "alphanumeric characters, '-' or '.'."
                    )
                if isinstance(item, dict) or (
                    isinstance(item, list) and any(isinstance(e, dict) for e in item)
                ):
                    raise TemplateError(
                        "Template format error: Every Mappings attribute must be a String or a List."
                    )


def _resources(resources: dict[str, Any]) -> None:
    if not resources:
        raise TemplateError("Template format error: At least one Resources member must be defined.")
    for name, value in resources.items():
        _alphanumeric("Resource", name)
        kind = value.get("Type") if isinstance(value, dict) else None
        # a custom resource may carry a version, as its schema may
        custom = isinstance(kind, str) and (kind.startswith("Custom::") or kind == _CUSTOM)
        _member("Resources", name, value, _RESOURCE_KEYS | {"Version"} if custom else _RESOURCE_KEYS)
        if not isinstance(kind, str):
            raise TemplateError(
                f"Template format error: [/Resources/{name}] Every Resources object must contain a Type member."
            )
        if not isinstance(value.get("Properties", {}), dict):
            raise TemplateError(
                f"Template format error: [/Resources/{name}/Properties] 'null' values are not allowed"
            )
        if isinstance(value.get("Condition"), dict | list):
            raise TemplateError("Template format error: Every Condition member must be a string.")
        depends = value.get("DependsOn", [])
        if not all(
            isinstance(item, str) for item in ([depends] if not isinstance(depends, list) else depends)
        ):
            raise TemplateError("Template format error: DependsOn must be a string or list of strings.")
        for attribute in ("DeletionPolicy", "UpdateReplacePolicy"):
            policy = value.get(attribute)
            if isinstance(policy, str) and policy not in _POLICIES - (
                {"RetainExceptOnCreate"} if attribute == "UpdateReplacePolicy" else set()
            ):
                raise TemplateError(
                    f"Template format error: Unrecognized {attribute} {policy} for resource {name}"
                )
        _nulls(f"/Resources/{name}/Properties", value.get("Properties"))


def _nulls(path: str, value: Any) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if item is None:
                raise TemplateError(f"[{path}/{key}] 'null' values are not allowed in templates")
            _nulls(f"{path}/{key}", item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if item is None:
                raise TemplateError(f"[{path}/{index}] 'null' values are not allowed in templates")
            _nulls(f"{path}/{index}", item)


def _outputs(outputs: dict[str, Any]) -> None:
    for name, value in outputs.items():
        _alphanumeric("Output", name)
        _member("Outputs", name, value, _OUTPUT_KEYS)
        if "Value" not in value:
            raise TemplateError(
                f"Template format error: Every Outputs member must contain a Value object [/Outputs/{name}]"
            )
        if len(str(value.get("Description", "")).encode()) > DESCRIPTION:
            raise TemplateError(
                f"Template format error: Output '{name}' description is longer than {DESCRIPTION}."
            )
