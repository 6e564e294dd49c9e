"""Which parameters, pseudo parameters and conditions a resource's evaluation can depend on, read off the template."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_VARIABLE = re.compile(r"\$\{([^!}.]+)")
REGIONAL = frozenset({"AWS::Region", "AWS::Partition", "AWS::URLSuffix"})


def dependencies(template: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Logical id → every name it can depend on, conditions resolved to what they compare (and themselves)."""
    conditions = _section(template, "Conditions")
    closed = {str(name): frozenset(_closure(conditions, str(name), frozenset())) for name in conditions}
    result = {}
    for name, raw in _section(template, "Resources").items():
        direct = set(_names(raw))
        for condition in direct & set(closed):
            direct |= closed[condition]
        result[str(name)] = frozenset(direct)
    return result


def _section(template: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = template.get(name)
    return found if isinstance(found, Mapping) else {}


def _closure(conditions: Mapping[str, Any], name: str, seen: frozenset[str]) -> Iterator[str]:
    yield name
    for inner in _names(conditions.get(name)):
        yield inner
        if inner in conditions and inner not in seen:
            yield from _closure(conditions, inner, seen | {name})


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key in {"Ref", "Condition"} and isinstance(value, str):
                yield value
            elif key == "Fn::Sub":
                text = value[0] if isinstance(value, list) and value else value
                if isinstance(text, str):
                    yield from (found.strip() for found in _VARIABLE.findall(text))
            elif key == "Fn::If" and isinstance(value, list) and value and isinstance(value[0], str):
                yield value[0]
            yield from _names(value)
    elif isinstance(node, list):
        for item in node:
            yield from _names(item)
