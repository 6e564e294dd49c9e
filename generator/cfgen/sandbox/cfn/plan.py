"""What an operation would change: the change set's view, computed without touching anything."""

from __future__ import annotations

import json
from typing import Any

from cfgen.sandbox import adapters
from cfgen.sandbox.cfn import dynamic, references, schema
from cfgen.sandbox.cfn.intrinsics import Unknown, has_unknown
from cfgen.sandbox.cfn.prepare import Prepared
from cfgen.sandbox.cfn.state import Change, Resource, Stack
from cfgen.sandbox.cfn.values import properties_of, scope_for, value_of


class Plan:
    """Changes in template order, and what property validation says beforehand."""

    def __init__(self, stack: Stack, prepared: Prepared) -> None:
        self.stack, self.prepared = stack, prepared
        self.changes: dict[str, Change] = {}
        self.problems: dict[str, list[str]] = {}
        self.imports: set[str] = set()
        self._compute()

    def _lookup(self, name: str, attribute: str | None) -> Any:
        change = self.changes.get(name)
        resource = self.stack.resources.get(name)
        if resource is None or (change is not None and change.action == "Add"):
            return Unknown(name, attribute or "")
        if change is not None and (change.replacement in ("True", "Conditional") or attribute is not None):
            return Unknown(name, attribute or "")
        try:
            return value_of(resource, attribute)
        except Exception:
            return Unknown(name, attribute or "")

    def _compute(self) -> None:
        stack, prepared = self.stack, self.prepared
        scope = scope_for(stack, prepared, self._lookup)
        for name in references.order(prepared.graph):
            kind = prepared.template["Resources"][name]["Type"]
            properties = properties_of(name, prepared, scope)
            hidden = dynamic.hide(properties)
            if found := schema.problems(kind, hidden, stack.region):
                self.problems[name] = found
            resource = stack.resources.get(name)
            if resource is None:
                self.changes[name] = Change("Add", name, kind, after=properties)
            elif change := self._modified(resource, properties):
                self.changes[name] = change
        for name, resource in stack.resources.items():
            if name not in prepared.graph:
                policy = resource.deletion_policy
                self.changes[name] = Change(
                    "Remove",
                    name,
                    resource.type,
                    resource.physical_id,
                    policy_action="Retain" if policy.startswith("Retain") else "Delete",
                    before=resource.properties,
                )
        self.imports = scope.imports

    def _modified(self, resource: Resource, new: dict[str, Any]) -> Change | None:
        old = resource.properties
        body = self.prepared.template["Resources"][resource.logical_id]
        scope: list[str] = []
        changed = [key for key in {**old, **new} if old.get(key) != new.get(key)]
        if [key for key in changed if key != "Tags"]:
            scope.append("Properties")
        if "Tags" in changed:
            scope.append("Tags")
        if body.get("Metadata") != resource.metadata:
            scope.append("Metadata")
        for attribute, now in (
            ("DeletionPolicy", resource.deletion_policy),
            ("UpdateReplacePolicy", resource.replace_policy),
        ):
            if body.get(attribute, "Delete") != now:
                scope.append(attribute)
        if not scope:
            return None
        adapter = adapters.find(resource.type)
        assert adapter is not None
        paths = {path[0] for path in schema.replacement_paths(resource.type, self.stack.region)}
        replacement = "False"
        details = []
        for key in changed:
            recreate = "Always" if key in paths else "Never"
            unknown = has_unknown(new.get(key))
            if key in paths:
                certain = unknown is None
                hard = schema.needs_replacement(
                    resource.type,
                    {key: old[key]} if key in old else {},
                    {key: new[key]} if key in new else {},
                    self.stack.region,
                )
                if hard and certain:
                    replacement = "True"
                elif hard and replacement == "False":
                    replacement, recreate = "Conditional", "Conditionally"
                else:
                    recreate = "Never" if not hard else recreate
            target: dict[str, Any] = {
                "Attribute": "Tags" if key == "Tags" else "Properties",
                "RequiresRecreation": recreate,
            }
            if key != "Tags":
                target["Name"] = key
                target["Path"] = f"/Properties/{key}"
                target["BeforeValue"] = _shown(old.get(key))
                target["AfterValue"] = _shown(new.get(key))
            detail: dict[str, Any] = {
                "Target": target,
                "Evaluation": "Dynamic" if unknown else "Static",
                "ChangeSource": "ResourceReference" if unknown else "DirectModification",
            }
            if unknown:
                detail["CausingEntity"] = repr(unknown).split(": ")[1].rstrip(">")
                if unknown.attribute:
                    detail["ChangeSource"] = "ResourceAttribute"
            details.append(detail)
        if replacement == "False" and not has_unknown(new) and adapter.replaces(old, new):
            replacement = "True"
        if (
            replacement != "True"
            and resource.type == "AWS::CloudFormation::WaitCondition"
            and "Properties" in scope
        ):
            replacement = "False"
        return Change(
            "Modify",
            resource.logical_id,
            resource.type,
            resource.physical_id,
            replacement,
            scope,
            details,
            before=old,
            after=new,
        )

    def metadata_only(self) -> bool:
        """Whether nothing but Metadata or policies of resources changes, which AWS does not count for an update."""
        return all(
            change.action == "Modify" and not {"Properties", "Tags"} & set(change.scope)
            for change in self.changes.values()
        )


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, default=repr)


def outputs_changed(stack: Stack, prepared: Prepared) -> bool:
    """Whether the Outputs section or the values it refers to differ."""
    before = stack.prepared
    if before is None:
        return True
    return (
        before.template.get("Outputs") != prepared.template.get("Outputs")
        or {n: p.value for n, p in before.parameters.items()}
        != {n: p.value for n, p in prepared.parameters.items()}
        or before.truth != prepared.truth
    )


def nothing_changes(stack: Stack, plan: Plan) -> bool:
    """Whether AWS would say that there is nothing to update."""
    prepared = plan.prepared
    return plan.metadata_only() and not outputs_changed(stack, prepared) and stack.tags == prepared.tags
