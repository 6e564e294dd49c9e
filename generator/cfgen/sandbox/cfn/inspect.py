"""CloudFormation's API: templates looked at without a stack operation: get, summarize, validate."""

from __future__ import annotations

import json
from typing import Any

from cfgen.parameters import plain
from cfgen.sandbox.cfn import loader, parameters, references, template, transforms
from cfgen.sandbox.cfn import prepare as preparing
from cfgen.sandbox.cfn.api import caller_keys, describable
from cfgen.sandbox.cfn.changesets import find_change_set
from cfgen.sandbox.cfn.errors import ValidationError
from cfgen.sandbox.registry import operation
from cfgen.sandbox.wire import Call


@operation("cloudformation")
def get_template(call: Call) -> Any:
    p = call.params
    if name := p.get("ChangeSetName"):
        prepared = find_change_set(call, name, p.get("StackName"))[1].prepared
    else:
        prepared = describable(call, p["StackName"]).prepared
    if prepared is None:
        raise ValidationError(f"Stack [{p.get('StackName')}] has no template")
    processed = p.get("TemplateStage") == "Processed" and prepared.transforms
    stages = ["Original", "Processed"] if prepared.transforms else ["Original"]
    body = json.dumps(prepared.template) if processed else prepared.body
    return {"TemplateBody": body, "StagesAvailable": stages}


@operation("cloudformation")
def get_template_summary(call: Call) -> Any:
    p = call.params
    if p.get("StackName"):
        body = describable(call, p["StackName"]).prepared.body
    else:
        body = preparing.body_of(p, call.region, caller_keys(call))
    return _summary(body, call.region)


def _summary(body: str, region: str) -> dict[str, Any]:
    original = loader.load(body)
    used = transforms.names_of(original)
    given: dict[str, Any] = {"Parameters": []}
    expanded, _ = transforms.expand(original, given, region, ["CAPABILITY_AUTO_EXPAND"])
    template.check_structure(expanded)
    preparing.check_types(expanded, region)
    preparing.check_functions(expanded)
    references.check(expanded, region)
    declared = expanded.get("Parameters") or {}
    parameters.check_defaults(declared)
    # every condition taken as it may come: circles must not depend on parameter values
    names = set(expanded["Resources"])
    references.dependencies(expanded, names, {})
    needed = preparing.required_capabilities(expanded, list(names))
    reasons = []
    if needed:
        kinds = sorted(
            {r["Type"] for r in expanded["Resources"].values() if r["Type"].startswith("AWS::IAM::")}
        )
        reasons.append(f"The following resource(s) require capabilities: [{', '.join(kinds)}]")
    if used:
        needed = [*needed, "CAPABILITY_AUTO_EXPAND"]
    return {
        "Parameters": [
            {
                "ParameterKey": name,
                "ParameterType": declaration["Type"],
                "NoEcho": str(declaration.get("NoEcho", False)).lower() == "true",
                **({"DefaultValue": plain(declaration["Default"])} if "Default" in declaration else {}),
                **({"Description": declaration["Description"]} if "Description" in declaration else {}),
                "ParameterConstraints": {
                    "AllowedValues": [plain(item) for item in declaration.get("AllowedValues", [])]
                },
            }
            for name, declaration in declared.items()
        ],
        "Description": expanded.get("Description", ""),
        "Capabilities": needed,
        **({"CapabilitiesReason": reasons[0]} if reasons else {}),
        "ResourceTypes": sorted({resource["Type"] for resource in expanded["Resources"].values()}),
        "Version": "2010-09-09",
        "Metadata": json.dumps(expanded["Metadata"], default=str) if "Metadata" in expanded else "",
        "DeclaredTransforms": used,
        "ResourceIdentifierSummaries": [],
    }


@operation("cloudformation")
def validate_template(call: Call) -> Any:
    body = preparing.body_of(call.params, call.region, caller_keys(call))
    summary = _summary(body, call.region)
    return {
        "Parameters": [
            {
                key: item[key]
                for key in ("ParameterKey", "DefaultValue", "NoEcho", "Description")
                if key in item
            }
            for item in summary["Parameters"]
        ],
        "Description": summary["Description"],
        "Capabilities": summary["Capabilities"],
        "CapabilitiesReason": summary.get("CapabilitiesReason", ""),
        "DeclaredTransforms": summary["DeclaredTransforms"],
    }
