"""A resource's properties with its functions computed, and what Ref and GetAtt answer about made resources."""

from __future__ import annotations

from typing import Any

from cfgen.sandbox.adapters.base import Made, tag_pairs
from cfgen.sandbox.cfn import schema
from cfgen.sandbox.cfn.errors import TemplateError
from cfgen.sandbox.cfn.intrinsics import NO_VALUE, Unknown, resolve
from cfgen.sandbox.cfn.prepare import Prepared
from cfgen.sandbox.cfn.scope import Lookup, StackScope
from cfgen.sandbox.cfn.state import Resource, Stack


def scope_for(stack: Stack, prepared: Prepared, lookup: Lookup | None) -> StackScope:
    """The scope of a stack's template."""
    return StackScope(
        prepared.template,
        prepared.parameters,
        region=stack.region,
        stack_name=stack.name,
        stack_id=stack.id,
        notification_arns=prepared.notification_arns,
        lookup=lookup,
    )


def made_lookup(stack: Stack) -> Lookup:
    """Ref and GetAtt of resources that exist."""

    def lookup(name: str, attribute: str | None) -> Any:
        resource = stack.resources.get(name)
        if resource is None:
            raise TemplateError(
                f"Template format error: Unresolved resource dependencies [{name}] in the Resources block of the "
                "template"
            )
        return value_of(resource, attribute)

    return lookup


def value_of(resource: Resource, attribute: str | None) -> Any:
    """What a made resource answers to Ref (no attribute) or GetAtt."""
    if attribute is None:
        return resource.physical_id if resource.ref is None else resource.ref
    if attribute in resource.attributes:
        return resource.attributes[attribute]
    found: Any = resource.attributes
    for part in attribute.split("."):
        found = found.get(part, NO_VALUE) if isinstance(found, dict) else NO_VALUE
    if found is NO_VALUE:
        found = resource.properties
        for part in attribute.split("."):
            found = found.get(part, NO_VALUE) if isinstance(found, dict) else NO_VALUE
    if found is NO_VALUE:
        if resource.type.startswith("Custom::") or resource.type == schema.CUSTOM:
            raise TemplateError(
                f"CustomResource attribute error: Vendor response doesn't contain {attribute} attribute in object "
                f"{resource.physical_id}"
            )
        raise TemplateError(
            f"Attribute '{attribute}' of {resource.logical_id} ({resource.type}) has no value"
        )
    return found


def properties_of(name: str, prepared: Prepared, scope: StackScope) -> dict[str, Any]:
    """A resource's properties, computed, coerced to the schema's types, with the stack's tags."""
    body = prepared.template["Resources"][name]
    kind = body["Type"]
    computed = resolve(body.get("Properties") or {}, scope)
    made = schema.coerce(kind, computed, scope.region)
    return with_stack_tags(kind, made, prepared.tags, scope.region)


def with_stack_tags(
    kind: str, properties: dict[str, Any], tags: dict[str, str], region: str
) -> dict[str, Any]:
    """The stack's tags on a resource that takes tags; its own win."""
    if not tags or schema.normal(kind) == schema.CUSTOM:
        return properties
    body = schema.load(kind, region)
    tagging = body.get("tagging") or {}
    place = str(tagging.get("tagProperty", "/properties/Tags")).removeprefix("/properties/")
    if not tagging.get("taggable", body.get("taggable", True)) or place not in body.get("properties", {}):
        return properties
    own = properties.get(place)
    if isinstance(own, Unknown):
        return properties
    merged = {**tags, **tag_pairs(own)}
    declared = body["properties"][place]
    while "$ref" in declared:
        declared = body["definitions"][declared["$ref"].rsplit("/", 1)[-1]]
    kinds = declared.get("type", "array")
    value: Any = merged
    if kinds == "array" or (isinstance(kinds, list) and "array" in kinds):
        value = [{"Key": key, "Value": item} for key, item in merged.items()]
    return {**properties, place: value}


def made_of(resource: Resource) -> Made:
    """A resource as its adapter knows it."""
    return Made(resource.physical_id, dict(resource.attributes), resource.ref)


def outputs_of(stack: Stack, prepared: Prepared) -> tuple[list[dict[str, Any]], set[str]]:
    """The stack's outputs and the exports it imported."""
    scope = scope_for(stack, prepared, made_lookup(stack))
    made: list[dict[str, Any]] = []
    for name, output in (prepared.template.get("Outputs") or {}).items():
        if "Condition" in output and not prepared.truth[output["Condition"]]:
            continue
        value = resolve(output["Value"], scope)
        if value is NO_VALUE or value is None:
            raise TemplateError(f"Template format error: Output {name} is malformed: its value is null")
        if isinstance(value, dict | list):
            raise TemplateError(
                f"Template format error: The Value field of every Outputs member must evaluate to a String and not a "
                f"{'List' if isinstance(value, list) else 'Map'}."
            )
        entry: dict[str, Any] = {"OutputKey": name, "OutputValue": schema.text(value)}
        if "Description" in output:
            entry["Description"] = output["Description"]
        if "Export" in output:
            entry["ExportName"] = str(resolve(output["Export"]["Name"], scope))
        made.append(entry)
    return made, scope.imports
