"""Transforms: SAM (by aws-sam-translator), AWS::LanguageExtensions (``Fn::ForEach``); others are refused by name."""

from __future__ import annotations

import copy
import re
from typing import Any

from cfgen.sandbox.cfn.errors import TemplateError, ValidationError
from cfgen.sandbox.cfn.intrinsics import function_of
from cfgen.sandbox.wire import AwsError

SAM = "AWS::Serverless-2016-10-31"
EXTENSIONS = "AWS::LanguageExtensions"
_EXTENSION_FUNCTIONS = ("Fn::ForEach", "Fn::Length", "Fn::ToJsonString")


def names_of(template: dict[str, Any]) -> list[str]:
    """The transforms a template names at its top."""
    given = template.get("Transform") or []
    return [
        item if isinstance(item, str) else item.get("Name", "")
        for item in (given if isinstance(given, list) else [given])
    ]


def expand(
    template: dict[str, Any], params: dict[str, Any], region: str, capabilities: list[str]
) -> tuple[dict[str, Any], list[str]]:
    """The processed template and the transforms that were applied."""
    used = names_of(template)
    for name in used:
        if name not in (SAM, EXTENSIONS):
            raise ValidationError(f"No transform named {name} found.")
    _no_inner_transform(template)
    if SAM in used and "CAPABILITY_AUTO_EXPAND" not in capabilities:
        raise AwsError(
            "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_AUTO_EXPAND]"
        )
    result = copy.deepcopy(template)
    values = {
        name: declaration.get("Default")
        for name, declaration in (result.get("Parameters") or {}).items()
        if isinstance(declaration, dict)
    }
    for item in params.get("Parameters") or []:
        if "ParameterValue" in item:
            values[item["ParameterKey"]] = item["ParameterValue"]
    if EXTENSIONS in used:
        mappings = result.get("Mappings") or {}
        result = _named(_for_each(result, values, mappings), values, mappings)
    else:
        _refuse_extensions(result)
    if SAM in used:
        result = _sam(result, values, region)
    result.pop("Transform", None)
    return result, used


def _no_inner_transform(value: Any) -> None:
    if isinstance(value, dict):
        if "Fn::Transform" in value:
            name = (
                (value["Fn::Transform"] or {}).get("Name")
                if isinstance(value["Fn::Transform"], dict)
                else None
            )
            raise ValidationError(f"No transform named {name} found.")
        for item in value.values():
            _no_inner_transform(item)
    elif isinstance(value, list):
        for item in value:
            _no_inner_transform(item)


def _refuse_extensions(value: Any) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(key, str) and (
                (key in _EXTENSION_FUNCTIONS[1:] and len(value) == 1) or key.startswith("Fn::ForEach")
            ):
                raise TemplateError(
                    f"Template error: Encountered unsupported function: {key.split('::ForEach')[0]}"
                    f"{'::ForEach' if 'ForEach' in key else ''}: it needs the AWS::LanguageExtensions transform"
                )
            if key == "Fn::FindInMap" and isinstance(item, list) and len(item) == 4:
                raise TemplateError(
                    "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and "
                    "the attribute for return value"
                )
            _refuse_extensions(item)
    elif isinstance(value, list):
        for item in value:
            _refuse_extensions(item)


def _for_each(value: Any, values: dict[str, Any], mappings: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_for_each(item, values, mappings) for item in value]
    if not isinstance(value, dict):
        return value
    made: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(key, str) and key.startswith("Fn::ForEach::"):
            for name, body in _loop(key, item, values, mappings):
                if name in made:
                    raise TemplateError(f"Template format error: duplicate key {name} from {key}")
                made[name] = body
        else:
            made[key] = _for_each(item, values, mappings)
    return made


def _loop(key: str, item: Any, values: dict[str, Any], mappings: dict[str, Any]) -> list[tuple[str, Any]]:
    if not isinstance(item, list) or len(item) != 3 or not isinstance(item[2], dict):
        raise TemplateError(
            f"Template format error: {key} must have an identifier, a collection and an object"
        )
    variable, collection, body = item
    made: list[tuple[str, Any]] = []
    for entry in _collection(key, collection, values, mappings):
        filled = _fill(body, str(variable), str(entry))
        made += list(_for_each(filled, values, mappings).items())
    return made


def _named(value: Any, values: dict[str, Any], mappings: dict[str, Any]) -> Any:
    """Names that Ref and GetAtt compute, as the transform lets them, written out."""
    if isinstance(value, list):
        return [_named(item, values, mappings) for item in value]
    if not isinstance(value, dict):
        return value
    name = function_of(value)
    if name == "Fn::GetAtt" and isinstance(value[name], list):
        return {name: [_word(part, values, mappings) for part in value[name]]}
    if name == "Ref" and isinstance(value[name], dict):
        return {name: _word(value[name], values, mappings)}
    return {key: _named(item, values, mappings) for key, item in value.items()}


def _word(value: Any, values: dict[str, Any], mappings: dict[str, Any]) -> Any:
    """The text of Sub, Ref, Join or FindInMap where parameters and mappings say it; anything else as it is."""
    name = function_of(value)
    if name == "Ref" and isinstance(values.get(value[name]), str):
        return values[value[name]]
    if name == "Fn::Sub" and isinstance(value[name], str):
        known = {key: item for key, item in values.items() if item is not None}
        return re.sub(r"\$\{(\w+)\}", lambda match: str(known.get(match[1], match[0])), value[name])
    if name == "Fn::Join" and isinstance(value[name], list) and isinstance(value[name][1], list):
        parts = [_word(item, values, mappings) for item in value[name][1]]
        return str(value[name][0]).join(map(str, parts)) if all(isinstance(p, str) for p in parts) else value
    if name == "Fn::FindInMap" and isinstance(value[name], list):
        found: Any = mappings
        for part in value[name][:3]:
            key = _word(part, values, mappings)
            found = found.get(key, {}) if isinstance(found, dict) and isinstance(key, str) else {}
        return found if isinstance(found, str) else value
    return value


def _collection(key: str, value: Any, values: dict[str, Any], mappings: dict[str, Any]) -> list[Any]:
    name = function_of(value)
    if name == "Ref":
        found = values.get(value["Ref"])
        if found is None:
            raise TemplateError(f"Template format error: {key}: collection {value['Ref']} cannot be resolved")
        return [part.strip() for part in str(found).split(",")] if not isinstance(found, list) else found
    if name == "Fn::FindInMap":
        found = mappings
        for part in value[name][:3]:
            place = _word(part, values, mappings)
            found = found.get(place) if isinstance(found, dict) and isinstance(place, str) else None
        if isinstance(found, list):
            return found
    if isinstance(value, list):
        return [
            item
            for entry in value
            for item in (_collection(key, entry, values, mappings) if isinstance(entry, dict) else [entry])
        ]
    raise TemplateError(f"Template format error: {key}: the collection must be a list or refer to one")


def _fill(value: Any, variable: str, entry: str) -> Any:
    if isinstance(value, str):
        plain = re.sub(r"[^A-Za-z0-9]", "", entry)
        return value.replace("${" + variable + "}", entry).replace("&{" + variable + "}", plain)
    if isinstance(value, list):
        return [_fill(item, variable, entry) for item in value]
    if isinstance(value, dict):
        if value == {"Ref": variable}:
            return entry
        return {_fill(key, variable, entry): _fill(item, variable, entry) for key, item in value.items()}
    return value


def _sam(template: dict[str, Any], values: dict[str, Any], region: str) -> dict[str, Any]:
    try:
        from samtranslator.model.exceptions import InvalidDocumentException
        from samtranslator.translator.transform import transform
    except ImportError:
        raise ValidationError(
            "Transform AWS::Serverless-2016-10-31 needs aws-sam-translator, which is not installed in this sandbox"
        ) from None
    import os

    class Policies:
        """SAM asks for managed policies by name; an ARN can be told from a name alone."""

        def load(self) -> dict[str, str]:
            return {}

    os.environ.setdefault("AWS_DEFAULT_REGION", region)
    try:
        result: dict[str, Any] = transform(
            template, {k: v for k, v in values.items() if v is not None}, Policies()
        )
    except InvalidDocumentException as error:
        causes = "; ".join(str(cause.message) for cause in error.causes)
        raise ValidationError(
            f"Transform {SAM} failed with: Invalid Serverless Application Specification document. {causes}"
        ) from None
    except Exception as error:
        # the translator looks some things up in AWS, and stumbles over some mistakes
        raise ValidationError(f"Transform {SAM} failed with: {type(error).__name__}: {error}") from None
    result.pop("Globals", None)
    return result
