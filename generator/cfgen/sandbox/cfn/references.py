"""References between a template's parts: what names what, checked, and the order it puts resources in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cfgen.sandbox.cfn import schema
from cfgen.sandbox.cfn.errors import TemplateError

PSEUDO = {
    "AWS::AccountId",
    "AWS::NotificationARNs",
    "AWS::NoValue",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
}
_SUB = re.compile(r"\$\{([^!{}][^{}]*)\}")


def references(value: Any) -> Iterator[tuple[str, str, str]]:
    """Every reference inside a value as (kind, name, attribute); kinds: ref, att, sub-att, map, condition."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
        return
    if not isinstance(value, dict):
        return
    if len(value) == 1:
        ((name, argument),) = value.items()
        if name == "Ref" and isinstance(argument, str):
            yield "ref", argument, ""
            return
        if name == "Fn::GetAtt":
            parts = argument.split(".", 1) if isinstance(argument, str) else argument
            if isinstance(parts, list) and len(parts) == 2 and isinstance(parts[0], str):
                yield "att", parts[0], parts[1] if isinstance(parts[1], str) else ""
                if not isinstance(parts[1], str):
                    yield from references(parts[1])
            return
        if name == "Fn::Sub":
            yield from _sub_references(argument)
            return
        if name == "Fn::If" and isinstance(argument, list) and argument and isinstance(argument[0], str):
            yield "condition", argument[0], ""
        if name == "Condition" and isinstance(argument, str):
            yield "condition", argument, ""
            return
        if (
            name == "Fn::FindInMap"
            and isinstance(argument, list)
            and argument
            and isinstance(argument[0], str)
        ):
            yield "map", argument[0], "default" if len(argument) == 4 else ""
    for item in value.values():
        yield from references(item)


def _sub_references(argument: Any) -> Iterator[tuple[str, str, str]]:
    text, own = argument, {}
    if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], dict):
        text, own = argument
        yield from references(own)
    if not isinstance(text, str):
        return
    for match in _SUB.finditer(text):
        name = match.group(1).strip()
        if name in own:
            continue
        if "." in name:
            head, attribute = name.split(".", 1)
            yield "sub-att", head, attribute
        else:
            yield "ref", name, ""


def active(value: Any, truth: dict[str, bool]) -> Any:
    """A value with only the branches of ``Fn::If`` that are taken; the functions stay."""
    if isinstance(value, dict):
        if len(value) == 1 and "Fn::If" in value:
            argument = value["Fn::If"]
            if isinstance(argument, list) and len(argument) == 3 and argument[0] in truth:
                return active(argument[1] if truth[argument[0]] else argument[2], truth)
        return {key: active(item, truth) for key, item in value.items()}
    if isinstance(value, list):
        return [active(item, truth) for item in value]
    return value


def check(template: dict[str, Any], region: str) -> None:
    """Everything named must exist: in resources, outputs and conditions, whether or not it will be used."""
    parameters = template.get("Parameters") or {}
    resources = template["Resources"]
    conditions = template.get("Conditions") or {}
    mappings = template.get("Mappings") or {}
    for block, body in (("Resources", resources), ("Outputs", template.get("Outputs") or {})):
        unresolved: list[str] = []
        for owner, member in body.items():
            kept = {key: item for key, item in member.items() if key not in ("Condition", "Type", "Metadata")}
            for kind, name, attribute in references(kept):
                if kind == "ref":
                    if name not in PSEUDO and name not in parameters and name not in resources:
                        unresolved.append(name)
                elif kind in ("att", "sub-att"):
                    _check_att(kind, name, attribute, resources, region, block)
                elif kind == "condition":
                    if name not in conditions:
                        raise TemplateError(
                            f"Template error: unresolved condition dependency {name} in Fn::If"
                        )
                elif name not in mappings and attribute != "default":
                    raise TemplateError(
                        f"Template error: Mapping named '{name}' is not present in the 'Mappings' section of template."
                    )
            depends = member.get("DependsOn", [])
            for name in [depends] if isinstance(depends, str) else depends:
                if name not in resources:
                    unresolved.append(name)
            wanted = member.get("Condition")
            if wanted is not None and wanted not in conditions:
                raise TemplateError(
                    f"Template format error: Unresolved condition dependencies [{wanted}] in the {block} block of "
                    f"the template"
                )
            del owner
        if unresolved:
            names = ", ".join(dict.fromkeys(unresolved))
            raise TemplateError(
                f"Template format error: Unresolved resource dependencies [{names}] in the {block} block of the "
                "template"
            )
    _check_conditions(conditions, parameters, mappings)


def _check_att(
    kind: str, name: str, attribute: str, resources: dict[str, Any], region: str, block: str
) -> None:
    if name not in resources:
        if kind == "att":
            raise TemplateError(
                f"Template error: instance of Fn::GetAtt references undefined resource {name}"
            )
        raise TemplateError(
            f"Template format error: Unresolved resource dependencies [{name}] in the {block} block of the template"
        )
    type_name = resources[name]["Type"]
    if attribute and not schema.has_attribute(type_name, attribute, region):
        raise TemplateError(
            f"Template error: resource {name} does not support attribute type {attribute} in Fn::GetAtt"
        )


def _check_conditions(
    conditions: dict[str, Any], parameters: dict[str, Any], mappings: dict[str, Any]
) -> None:
    for condition, value in conditions.items():
        for kind, name, _ in references(value):
            if kind == "condition" and name not in conditions:
                raise TemplateError(
                    f"Template format error: Unresolved condition dependencies [{name}] in the Conditions block of "
                    "the template"
                )
            if kind == "ref" and name not in parameters and name not in PSEUDO:
                raise TemplateError(
                    f"Template format error: Unresolved dependencies [{name}]. Cannot reference resources in the "
                    "Conditions block of the template"
                )
            if kind in ("att", "sub-att"):
                raise TemplateError(
                    "Template error: Fn::GetAtt cannot be used in the Conditions block of the template"
                )
            if kind == "map" and name not in mappings:
                raise TemplateError(
                    f"Template error: Mapping named '{name}' is not present in the 'Mappings' section of template."
                )
        _acyclic(condition, conditions, ())


def _acyclic(name: str, conditions: dict[str, Any], path: tuple[str, ...]) -> None:
    if name in path:
        raise TemplateError(
            f"Template format error: Found circular condition dependency between {path[-1]} and {name}"
        )
    for kind, other, _ in references(conditions.get(name)):
        if kind == "condition":
            _acyclic(other, conditions, (*path, name))


def dependencies(template: dict[str, Any], names: set[str], truth: dict[str, bool]) -> dict[str, set[str]]:
    """What each existing resource waits for; a circle is refused, and so is naming one that will not exist."""
    resources = template["Resources"]
    graph: dict[str, set[str]] = {}
    missing: list[str] = []
    for name in resources:
        if name not in names:
            continue
        body = active({k: v for k, v in resources[name].items() if k not in ("Metadata", "Condition")}, truth)
        found = {
            other
            for kind, other, _ in references(body)
            if kind in ("ref", "att", "sub-att") and other in resources
        }
        missing += [other for other in found if other not in names]
        depends = body.get("DependsOn", [])
        found |= {item for item in ([depends] if isinstance(depends, str) else depends) if item in names}
        graph[name] = found & names
        if name in graph[name]:
            raise TemplateError(f"Circular dependency between resources: [{name}]")
    if missing:
        raise TemplateError(
            f"Template format error: Unresolved resource dependencies [{', '.join(dict.fromkeys(missing))}] in the "
            "Resources block of the template"
        )
    circle = find_circle(graph)
    if circle:
        raise TemplateError(f"Circular dependency between resources: [{', '.join(circle)}]")
    return graph


def find_circle(graph: dict[str, set[str]]) -> list[str]:
    """The resources that cannot be put in order, if any."""
    left = {name: set(needs) for name, needs in graph.items()}
    while ready := [name for name, needs in left.items() if not needs]:
        for name in ready:
            del left[name]
        for needs in left.values():
            needs.difference_update(ready)
    # leave out what merely waits for the circle
    while loose := [name for name in left if not any(name in needs for needs in left.values())]:
        for name in loose:
            del left[name]
    return sorted(left)


def order(graph: dict[str, set[str]]) -> list[str]:
    """Resources, each after what it needs."""
    done: list[str] = []
    left = {name: set(needs) for name, needs in graph.items()}
    while left:
        ready = [name for name, needs in left.items() if not needs & left.keys()]
        done += ready
        for name in ready:
            del left[name]
    return done
