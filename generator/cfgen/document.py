"""A template's text as plain data, with CloudFormation's short forms spelt out (``!Ref`` → ``{"Ref": …}``)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from cfgen.errors import CfgenError

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

ENDPOINT = "AWS::SageMaker::Endpoint"
ENDPOINT_CONFIG = "AWS::SageMaker::EndpointConfig"
MODEL = "AWS::SageMaker::Model"
COMPONENT = "AWS::SageMaker::InferenceComponent"


class NotATemplate(CfgenError):
    """A text that is no CloudFormation template."""

    exit_code = 2


class Loader(_Base):  # type: ignore[misc]
    """The safe loader, where a date stays the text it is, as in CloudFormation."""


Loader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for first, pairs in _Base.yaml_implicit_resolvers.items()
}


def short_form(loader: Any, suffix: str, node: yaml.Node) -> Any:
    """Construct a tag: ``!GetAtt A.B`` as ``{"Fn::GetAtt": ["A", "B"]}``; a multi-constructor for any loader."""
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", short_form)


def load(text: str | Mapping[str, Any], name: str = "template") -> dict[str, Any]:
    """The template as data. Raises NotATemplate for what is no template.

    boto3 hands a JSON template over as a mapping already (GetTemplate, "TemplateBody").
    """
    if isinstance(text, Mapping):
        return dict(text)
    try:
        data = json.loads(text) if text.lstrip().startswith("{") else yaml.load(text, Loader=Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise NotATemplate(f"{name}: not a template: {first}") from error
    if not isinstance(data, dict) or not isinstance(data.get("Resources"), dict):
        raise NotATemplate(f"{name}: not a CloudFormation template: it has no Resources")
    return data


def section(template: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A section of the template, empty where it is missing or malformed."""
    found = template.get(name)
    return found if isinstance(found, dict) else {}


def resources(template: Mapping[str, Any], *types: str) -> dict[str, dict[str, Any]]:
    """Logical id → resource, of the given types only if any are given."""
    return {
        name: body
        for name, body in section(template, "Resources").items()
        if isinstance(body, dict) and (not types or body.get("Type") in types)
    }


def descriptions(template: Mapping[str, Any]) -> dict[str, str]:
    """Logical id → the sentence in its ``Metadata.Description``, where there is one."""
    found = {}
    for name, body in resources(template).items():
        metadata = body.get("Metadata")
        if isinstance(metadata, dict) and isinstance(metadata.get("Description"), str):
            found[name] = " ".join(metadata["Description"].split())
    return found


def mark(template: Mapping[str, Any]) -> dict[str, Any] | None:
    """The template's ``Metadata.cfgen`` (version and spec name), None when it is not of cfgen's making."""
    found = section(template, "Metadata").get("cfgen")
    return found if isinstance(found, dict) else None


def capabilities(template: Mapping[str, Any]) -> tuple[str, ...]:
    """What must be acknowledged ("Acknowledging IAM resources in CloudFormation templates")."""
    needed = []
    roles = [body for body in resources(template).values() if _is_role(body)]
    names = {"RoleName", "UserName", "GroupName", "ManagedPolicyName", "InstanceProfileName"}
    if roles:
        named = any(names & set(body.get("Properties") or {}) for body in roles)
        needed.append("CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM")
    if template.get("Transform"):
        needed.append("CAPABILITY_AUTO_EXPAND")
    return tuple(needed)


def _is_role(body: Mapping[str, Any]) -> bool:
    """What belongs to IAM, or becomes it: AWS SAM makes a role for a function that names none."""
    if body.get("Type") == "AWS::Serverless::Function":
        return "Role" not in (body.get("Properties") or {})
    return str(body.get("Type")).startswith("AWS::IAM::")


def references(node: Any) -> Iterator[str]:
    """Every name that a Ref, GetAtt or Sub in ``node`` points at (``Model.ModelName`` gives ``Model``)."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "Ref" and isinstance(value, str):
                yield value
            elif key == "Fn::GetAtt":
                yield (value if isinstance(value, str) else str(value[0])).split(".")[0]
            elif key == "Fn::Sub":
                text = value if isinstance(value, str) else value[0]
                yield from _in_text(str(text))
                yield from references(value)
            else:
                yield from references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


def _in_text(text: str) -> Iterator[str]:
    for piece in text.split("${")[1:]:
        name = piece.split("}", 1)[0]
        if not name.startswith("!"):
            yield name.strip().split(".")[0]
