"""CloudFormation's resource schemas, as cfn-lint bundles them: validation, coercion, replacement, attributes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.validators import extend

from cfgen.sandbox.cfn.intrinsics import Unknown

CUSTOM = "AWS::CloudFormation::CustomResource"
_DATA = files("cfnlint") / "data" / "schemas"


def normal(type_name: str) -> str:
    """``Custom::Anything`` is a custom resource."""
    return CUSTOM if type_name.startswith("Custom::") else type_name


@lru_cache(maxsize=64)
def _types(region: str) -> dict[str, str]:
    path = _DATA / "providers" / f"{region}.json"
    if not path.is_file():
        path = _DATA / "providers" / "us-east-1.json"
    found: dict[str, str] = json.loads(path.read_text())
    return found


def known(type_name: str, region: str) -> bool:
    """Whether CloudFormation has this type in this region."""
    return normal(type_name) in _types(region)


def known_anywhere(type_name: str) -> bool:
    """Whether CloudFormation has this type in its largest region."""
    return normal(type_name) in _types("us-east-1")


@lru_cache(maxsize=512)
def load(type_name: str, region: str = "us-east-1") -> dict[str, Any]:
    """The schema of a type."""
    name = _types(region).get(normal(type_name)) or _types("us-east-1")[normal(type_name)]
    found: dict[str, Any] = json.loads((_DATA / "resources" / f"{name}.json").read_text())
    return found


@lru_cache(maxsize=512)
def _attributes(type_name: str, region: str) -> Any:
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    return PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, type_name).get_atts


def has_attribute(type_name: str, attribute: str, region: str) -> bool:
    """Whether ``Fn::GetAtt`` may ask a type for an attribute."""
    if type_name.startswith("Custom::") or type_name == CUSTOM:
        return True
    if not known(type_name, region):
        return True
    try:
        return _attributes(type_name, region)[attribute] is not None
    except (KeyError, TypeError):
        return False


def _is_boolean(_: Any, value: Any) -> bool:
    return isinstance(value, bool | Unknown) or (
        isinstance(value, str) and value.lower() in ("true", "false")
    )


def _is_integer(_: Any, value: Any) -> bool:
    if isinstance(value, Unknown):
        return True
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, str) and re.fullmatch(r"-?\d+", value) is not None)


def _is_number(_: Any, value: Any) -> bool:
    if isinstance(value, Unknown):
        return True
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float) or (
        isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", value) is not None
    )


def _is_string(_: Any, value: Any) -> bool:
    return isinstance(value, str | int | float | bool | Unknown)


def _is_object(_: Any, value: Any) -> bool:
    return isinstance(value, dict | Unknown)


def _is_array(_: Any, value: Any) -> bool:
    return isinstance(value, list | Unknown)


def _skip_unknown(original: Any) -> Any:
    """A keyword that has nothing to say about a value not known yet."""

    def check(validator: Any, wanted: Any, instance: Any, parent: Any) -> Iterator[Any]:
        if isinstance(instance, Unknown):
            return
        yield from original(validator, wanted, instance, parent) or ()

    return check


def text(value: Any) -> Any:
    """A scalar as CloudFormation prints it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _enum(validator: Any, wanted: list[Any], instance: Any, parent: Any) -> Iterator[Any]:
    if isinstance(instance, Unknown):
        return
    if not isinstance(instance, dict | list) and text(instance) in [text(item) for item in wanted]:
        return
    yield from Draft7Validator.VALIDATORS["enum"](validator, wanted, instance, parent)


def _pattern(validator: Any, wanted: str, instance: Any, parent: Any) -> Iterator[Any]:
    if isinstance(instance, Unknown | dict | list):
        return
    try:
        yield from Draft7Validator.VALIDATORS["pattern"](validator, wanted, text(instance), parent)
    except re.error:
        # a few schemas carry Java expressions Python cannot read
        return


def _pattern_properties(validator: Any, wanted: dict[str, Any], instance: Any, _parent: Any) -> Iterator[Any]:
    if not isinstance(instance, dict):
        return
    for pattern, inner in wanted.items():
        for key, value in instance.items():
            try:
                applies = re.search(pattern, key)
            except re.error:
                applies = None
            if applies:
                yield from validator.descend(value, inner, path=key, schema_path=pattern)


def _additional(validator: Any, wanted: Any, instance: Any, parent: Any) -> Iterator[Any]:
    if isinstance(instance, Unknown):
        return
    for pattern in parent.get("patternProperties", {}):
        try:
            re.compile(pattern)
        except re.error:
            # whether a key matches cannot be told
            return
    yield from Draft7Validator.VALIDATORS["additionalProperties"](validator, wanted, instance, parent)


def _numeric(name: str) -> Any:
    def check(validator: Any, wanted: Any, instance: Any, parent: Any) -> Iterator[Any]:
        if isinstance(instance, Unknown | dict | list | bool):
            return
        try:
            number = float(instance)
        except ValueError:
            return
        yield from Draft7Validator.VALIDATORS[name](validator, wanted, number, parent)

    return check


_checker = (
    Draft7Validator.TYPE_CHECKER.redefine("boolean", _is_boolean)
    .redefine("integer", _is_integer)
    .redefine("number", _is_number)
    .redefine("string", _is_string)
    .redefine("object", _is_object)
    .redefine("array", _is_array)
)
_OWN_WAY = ("$ref", "enum", "pattern", "minimum", "maximum", "format", "if", "allOf", "anyOf", "oneOf", "not")
_keywords: dict[str, Any] = {}
for _name, _check in Draft7Validator.VALIDATORS.items():
    if _name not in _OWN_WAY:
        _keywords[_name] = _skip_unknown(_check)
_own: dict[str, Any] = {
    "enum": _enum,
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
}
_own["minimum"], _own["maximum"] = _numeric("minimum"), _numeric("maximum")
for _name in ("allOf", "anyOf", "oneOf", "not", "if"):
    _own[_name] = _skip_unknown(Draft7Validator.VALIDATORS[_name])
_keywords.update(_own)
_Validator: Any = extend(Draft7Validator, _keywords, type_checker=_checker)


@lru_cache(maxsize=512)
def _validator(type_name: str, region: str) -> Any:
    schema = load(type_name, region)
    read_only = {path.split("/")[2] for path in schema.get("readOnlyProperties", []) if path.count("/") == 2}
    properties = {name: body for name, body in schema.get("properties", {}).items() if name not in read_only}
    kept: dict[str, Any] = {
        key: schema[key] for key in ("definitions", "required", "oneOf", "anyOf", "allOf") if key in schema
    }
    if type_name.startswith("Custom::") or type_name == CUSTOM:
        return _Validator({"type": "object", "required": ["ServiceToken"]})
    body: dict[str, Any] = {**kept, "type": "object", "properties": properties, "additionalProperties": False}
    if "patternProperties" in schema:
        body["patternProperties"] = schema["patternProperties"]
    return _Validator(body)


def problems(type_name: str, properties: dict[str, Any], region: str) -> list[str]:
    """What AWS's property validation would say; unknown values pass."""
    found = []
    for error in sorted(
        _validator(type_name, region).iter_errors(properties), key=lambda e: [str(p) for p in e.path]
    ):
        found += list(_messages(error))
    return found


def _messages(error: Any) -> Iterator[str]:
    place = "#" + "".join(f"/{part}" for part in error.absolute_path)
    if error.validator == "additionalProperties":
        allowed = error.schema.get("properties", {})
        extra = [name for name in error.instance if name not in allowed]
        for name in extra:
            yield f"{place}: extraneous key [{name}] is not permitted"
    elif error.validator == "required":
        name = str(error.message).split("'")[1]
        yield f"{place}: required key [{name}] not found"
    elif error.validator == "type":
        wanted = error.validator_value
        shown = wanted if isinstance(wanted, str) else "/".join(wanted)
        yield f"{place}: expected type: {shown.capitalize()}, found: {_json_type(error.instance)}"
    elif error.validator == "enum":
        yield f"{place}: {error.instance} is not a valid enum value"
    elif error.validator in ("oneOf", "anyOf") and error.context:
        inner = min(error.context, key=lambda item: (-len(item.absolute_path), str(item.message)))
        yield f"{place}: #: {len(error.context)} subschemas tried, none matched: {next(_messages(inner))}"
    elif error.validator == "pattern":
        yield f"{place}: failed validation constraint for keyword [pattern]"
    else:
        yield f"{place}: failed validation constraint for keyword [{error.validator}]"


def _json_type(value: Any) -> str:
    for kind, name in (
        (bool, "Boolean"),
        (int, "Integer"),
        (str, "String"),
        (list, "JSONArray"),
        (dict, "JSONObject"),
    ):
        if isinstance(value, kind):
            return name
    return type(value).__name__


def coerce(type_name: str, properties: dict[str, Any], region: str) -> dict[str, Any]:
    """Strings into the numbers and booleans the schema wants, and the other way round, as CloudFormation does."""
    if normal(type_name) == CUSTOM:
        return properties
    schema = load(type_name, region)
    made = _coerce(properties, {"properties": schema.get("properties", {})}, schema)
    assert isinstance(made, dict)
    return made


def _coerce(value: Any, schema: dict[str, Any], root: dict[str, Any], depth: int = 0) -> Any:
    if depth > 40 or isinstance(value, Unknown):
        return value
    seen = 0
    while "$ref" in schema and seen < 10:
        target: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target.get(part, {})
        schema, seen = target, seen + 1
    if isinstance(value, dict):
        known_properties = schema.get("properties", {})
        patterns = list(schema.get("patternProperties", {}).values())
        rest = patterns[0] if patterns else schema.get("additionalProperties")
        result = {}
        for key, item in value.items():
            inner = known_properties.get(key, rest if isinstance(rest, dict) else {})
            result[key] = _coerce(item, inner, root, depth + 1)
        if not known_properties:
            for name in ("oneOf", "anyOf", "allOf"):
                for option in schema.get(name, []):
                    result = _coerce(result, option, root, depth + 1)
        return result
    if isinstance(value, list):
        inner = schema.get("items", {})
        return [_coerce(item, inner if isinstance(inner, dict) else {}, root, depth + 1) for item in value]
    kinds = schema.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if isinstance(value, str) and "string" not in kinds:
        if "boolean" in kinds and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if "integer" in kinds and re.fullmatch(r"-?\d+", value):
            return int(value)
        if "number" in kinds and _is_number(None, value):
            return float(value) if not re.fullmatch(r"-?\d+", value) else int(value)
    if "string" in kinds and len(kinds) == 1 and isinstance(value, bool | int | float):
        return text(value)
    return value


def _pointers(schema: dict[str, Any], key: str) -> list[tuple[str, ...]]:
    return [tuple(path.removeprefix("/properties/").split("/")) for path in schema.get(key, [])]


def replacement_paths(type_name: str, region: str) -> list[tuple[str, ...]]:
    """The properties whose change means a new resource."""
    if normal(type_name) == CUSTOM:
        return [("ServiceToken",)]
    return _pointers(load(type_name, region), "createOnlyProperties")


def at(value: Any, path: tuple[str, ...]) -> list[Any]:
    """The values at a pointer with ``*`` for list members."""
    if not path:
        return [value]
    head, rest = path[0], path[1:]
    if isinstance(value, Unknown):
        return [value]
    if head == "*":
        return [item for entry in (value if isinstance(value, list) else []) for item in at(entry, rest)]
    return at(value[head], rest) if isinstance(value, dict) and head in value else []


def needs_replacement(type_name: str, old: dict[str, Any], new: dict[str, Any], region: str) -> bool:
    """Whether a change from old to new properties asks for a new resource."""
    return any(at(old, path) != at(new, path) for path in replacement_paths(type_name, region))
