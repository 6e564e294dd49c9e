"""Intrinsic functions: a value with functions in, the value AWS would compute out.

`Unknown` stands for what is only known once a resource exists; anything computed from it is unknown too.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Callable
from typing import Any, Protocol

from cfgen.sandbox.cfn.errors import TemplateError

NO_VALUE: Any = type("NoValue", (), {"__repr__": lambda _self: "AWS::NoValue"})()


class Unknown:
    """A value to be known after another resource was made or changed. ``source`` says which."""

    def __init__(self, source: str, attribute: str = "") -> None:
        self.source = source
        self.attribute = attribute

    def __repr__(self) -> str:
        return f"<known after apply: {self.source}{'.' if self.attribute else ''}{self.attribute}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unknown) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))


class Scope(Protocol):
    """Where functions find what they name."""

    mappings: dict[str, Any]
    region: str

    def ref(self, name: str) -> Any: ...
    def get_att(self, name: str, attribute: str) -> Any: ...
    def condition(self, name: str) -> bool: ...
    def import_value(self, name: str) -> Any: ...
    def zones(self, region: str) -> list[str]: ...
    def dynamic(self, text: str) -> Any: ...


CONDITION_FUNCTIONS = {"Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals", "Condition"}
FUNCTIONS = {
    "Ref",
    "Condition",
    "Fn::And",
    "Fn::Base64",
    "Fn::Cidr",
    "Fn::Equals",
    "Fn::FindInMap",
    "Fn::ForEach",
    "Fn::GetAZs",
    "Fn::GetAtt",
    "Fn::If",
    "Fn::ImportValue",
    "Fn::Join",
    "Fn::Length",
    "Fn::Not",
    "Fn::Or",
    "Fn::Select",
    "Fn::Split",
    "Fn::Sub",
    "Fn::ToJsonString",
    "Fn::Transform",
    "Fn::GetStackOutput",
}
_SUB = re.compile(r"\$\{(!?)([^{}]*)\}")
_RESOLVE = re.compile(r"\{\{resolve:")


def function_of(value: Any) -> str | None:
    """The function's name if a value is a function call."""
    if isinstance(value, dict) and len(value) == 1:
        key = next(iter(value))
        if isinstance(key, str) and (key == "Ref" or key.startswith("Fn::")):
            return key
    return None


def has_unknown(value: Any) -> Unknown | None:
    """The first unknown inside a value."""
    if isinstance(value, Unknown):
        return value
    items: Any = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in items:
        if found := has_unknown(item):
            return found
    return None


def resolve(value: Any, scope: Scope) -> Any:
    """The value with every function computed; ``AWS::NoValue`` entries are dropped."""
    name = function_of(value)
    if name is not None:
        handler = _HANDLERS.get(name)
        if handler is None:
            raise TemplateError(
                f"Template error: Encountered unsupported function: {name} Supported functions are: "
                f"[{', '.join(sorted(FUNCTIONS))}]"
            )
        return handler(value[name], scope)
    if isinstance(value, dict):
        pairs = ((str(key), resolve(item, scope)) for key, item in value.items())
        return {key: item for key, item in pairs if item is not NO_VALUE}
    if isinstance(value, list):
        return [item for item in (resolve(entry, scope) for entry in value) if item is not NO_VALUE]
    if isinstance(value, str) and _RESOLVE.search(value):
        return scope.dynamic(value)
    return value


def text_of(value: Any, function: str = "Fn::Join") -> str:
    """A scalar as CloudFormation prints it inside a string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        raise TemplateError(
            f"Template error: {function} needs strings, not {json.dumps(value, default=str)[:80]}"
        )
    return str(value)


def _two(value: Any, message: str) -> tuple[Any, Any]:
    if not isinstance(value, list) or len(value) != 2:
        raise TemplateError(f"Template error: {message}")
    return value[0], value[1]


def _ref(value: Any, scope: Scope) -> Any:
    if not isinstance(value, str):
        raise TemplateError("Template format error: Every Ref object must have a single String value.")
    return NO_VALUE if value == "AWS::NoValue" else scope.ref(value)


def _get_att(value: Any, scope: Scope) -> Any:
    if isinstance(value, str):
        value = value.split(".", 1)
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[0], str):
        raise TemplateError(
            "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the "
            "resource attribute"
        )
    attribute = resolve(value[1], scope)
    return scope.get_att(value[0], str(attribute))


def _join(value: Any, scope: Scope) -> Any:
    delimiter, items = _two(
        value,
        "every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined "
        "or a function that returns a list of strings (such as Fn::GetAZs) to be joined.",
    )
    items = resolve(items, scope)
    if unknown := has_unknown(items):
        return unknown
    if not isinstance(items, list):
        raise TemplateError("Template error: every Fn::Join object requires a list of strings to be joined.")
    return str(delimiter).join(text_of(item) for item in items)


def _sub(value: Any, scope: Scope) -> Any:
    variables: dict[str, Any] = {}
    if isinstance(value, list):
        if len(value) != 2 or not isinstance(value[0], str) or not isinstance(value[1], dict):
            raise TemplateError(
                "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a "
                "string as first argument, and an optional second argument to specify a mapping of values to replace "
                "in the string"
            )
        value, given = value
        variables = {key: resolve(item, scope) for key, item in given.items()}
    if not isinstance(value, str):
        raise TemplateError(
            "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a "
            "string as first argument, and an optional second argument to specify a mapping of values to replace in "
            "the string"
        )
    unknown: list[Unknown] = []

    def one(match: re.Match[str]) -> str:
        if match.group(1):
            return "${" + match.group(2) + "}"
        name = match.group(2).strip()
        if name in variables:
            found = variables[name]
        elif "." in name:
            found = scope.get_att(*name.split(".", 1))
        else:
            found = scope.ref(name)
        if missing := has_unknown(found):
            unknown.append(missing)
            return ""
        if isinstance(found, list):
            found = ",".join(map(str, found))
        return text_of(found, "Fn::Sub")

    result = _SUB.sub(one, value)
    if unknown:
        return unknown[0]
    return scope.dynamic(result) if _RESOLVE.search(result) else result


def _select(value: Any, scope: Scope) -> Any:
    index, items = _two(
        value, "every Fn::Select object requires two non-null parameters, the index and the list"
    )
    index, items = resolve(index, scope), resolve(items, scope)
    if unknown := has_unknown(index) or (items if isinstance(items, Unknown) else None):
        return unknown
    if not isinstance(items, list):
        raise TemplateError("Template error: Fn::Select requires a list argument with two elements")
    try:
        position = int(index)
    except (TypeError, ValueError):
        raise TemplateError(f"Template error: Fn::Select: index {index} is not an integer") from None
    if not 0 <= position < len(items):
        raise TemplateError(f"Template error: Fn::Select cannot select nonexistent value at index {position}")
    return items[position]


def _split(value: Any, scope: Scope) -> Any:
    delimiter, source = _two(
        value, "every Fn::Split object requires two parameters, (1) a delimiter and (2) a string"
    )
    source = resolve(source, scope)
    if unknown := has_unknown(source):
        return unknown
    if not isinstance(source, str):
        raise TemplateError("Template error: every Fn::Split object requires two string parameters.")
    return source.split(str(delimiter))


def _find_in_map(value: Any, scope: Scope) -> Any:
    if not isinstance(value, list) or len(value) not in (3, 4):
        raise TemplateError(
            "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the "
            "attribute for return value"
        )
    keys = [resolve(item, scope) for item in value[:3]]
    if unknown := has_unknown(keys):
        return unknown
    name, top, second = (text_of(key) for key in keys)
    default = (
        value[3].get("DefaultValue", NO_VALUE) if len(value) == 4 and isinstance(value[3], dict) else NO_VALUE
    )
    rows = scope.mappings.get(name)
    if rows is None and default is NO_VALUE:
        raise TemplateError(
            f"Template error: Mapping named '{name}' is not present in the 'Mappings' section of template."
        )
    found = (rows or {}).get(top, {}).get(second, NO_VALUE)
    if found is NO_VALUE:
        if default is NO_VALUE:
            raise TemplateError(f"Template error: Unable to get mapping for {name}::{top}::{second}")
        return resolve(default, scope)
    return found


def _if(value: Any, scope: Scope) -> Any:
    if not isinstance(value, list) or len(value) != 3 or not isinstance(value[0], str):
        raise TemplateError("Template error: Fn::If requires a list argument with three elements")
    return resolve(value[1] if scope.condition(value[0]) else value[2], scope)


def _get_azs(value: Any, scope: Scope) -> Any:
    region = resolve(value, scope)
    if isinstance(region, Unknown):
        return region
    return scope.zones(region or scope.region)


def _base64(value: Any, scope: Scope) -> Any:
    text = resolve(value, scope)
    if isinstance(text, Unknown):
        return text
    return base64.b64encode(text_of(text, "Fn::Base64").encode()).decode()


def _cidr(value: Any, scope: Scope) -> Any:
    if not isinstance(value, list) or len(value) not in (2, 3):
        raise TemplateError("Template error: Fn::Cidr requires a list with two or three elements")
    parts = [resolve(item, scope) for item in value]
    if unknown := has_unknown(parts):
        return unknown
    try:
        network = ipaddress.ip_network(str(parts[0]), strict=False)
        count = int(parts[1])
        bits = int(parts[2]) if len(parts) == 3 else 8
        prefix = network.max_prefixlen - bits
        made = [str(item) for _, item in zip(range(count), network.subnets(new_prefix=prefix), strict=False)]
    except ValueError as error:
        raise TemplateError(f"Template error: Fn::Cidr: {error}") from None
    if len(made) < count:
        raise TemplateError(
            f"Template error: Fn::Cidr cannot make {count} networks of {bits} bits in {parts[0]}"
        )
    return made


def _import_value(value: Any, scope: Scope) -> Any:
    name = resolve(value, scope)
    return name if isinstance(name, Unknown) else scope.import_value(text_of(name))


def _length(value: Any, scope: Scope) -> Any:
    items = resolve(value, scope)
    if isinstance(items, Unknown):
        return items
    if not isinstance(items, list):
        raise TemplateError("Template error: Fn::Length requires a list")
    return len(items)


def _to_json(value: Any, scope: Scope) -> Any:
    data = resolve(value, scope)
    return has_unknown(data) or json.dumps(data, separators=(",", ":"))


def _boolean(value: Any, scope: Scope) -> bool:
    return evaluate(value, scope)


def evaluate(value: Any, scope: Scope) -> bool:
    """A condition expression's truth."""
    if not isinstance(value, dict) or len(value) != 1:
        raise TemplateError("Template format error: Every Conditions member must be a condition function.")
    ((name, argument),) = value.items()
    if name == "Condition":
        return scope.condition(str(argument))
    if name == "Fn::Equals":
        left, right = _two(argument, "Fn::Equals requires a list argument with two elements")
        left, right = resolve(left, scope), resolve(right, scope)
        if isinstance(left, list) or isinstance(right, list):
            return bool(left == right)
        return text_of(left, "Fn::Equals") == text_of(right, "Fn::Equals")
    if name == "Fn::Not":
        if not isinstance(argument, list) or len(argument) != 1:
            raise TemplateError("Template error: Fn::Not requires a list argument with one element")
        return not evaluate(argument[0], scope)
    if name in ("Fn::And", "Fn::Or"):
        if not isinstance(argument, list) or not 2 <= len(argument) <= 10:
            raise TemplateError(
                f"Template error: every {name} object requires a list of at least 2 and at most 10 boolean parameters."
            )
        results = [evaluate(item, scope) for item in argument]
        return all(results) if name == "Fn::And" else any(results)
    raise TemplateError(f"Template error: {name} is not a condition function")


_HANDLERS: dict[str, Callable[[Any, Scope], Any]] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Join": _join,
    "Fn::Sub": _sub,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::FindInMap": _find_in_map,
    "Fn::If": _if,
    "Fn::GetAZs": _get_azs,
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::ImportValue": _import_value,
    "Fn::Length": _length,
    "Fn::ToJsonString": _to_json,
}
for _name in ("Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals"):
    _HANDLERS[_name] = (lambda name: lambda value, scope: _boolean({name: value}, scope))(_name)
