"""How a stack set stands, what has drifted in it, and its end."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cfgen.deploy import errors
from cfgen.deploy.session import Aws, aws_errors, code_of, pages
from cfgen.deploy.stacksets import Preferences
from cfgen.deploy.stacksets_present import Instance, Present, get, instances, where
from cfgen.deploy.stacksets_run import ENDED, Row, follow

Say = Callable[[str], None]


def view(aws: Aws, name: str, call_as: Mapping[str, str]) -> dict[str, Any]:
    """Everything ``cfgen status --stack-set`` shows, as data. Raises StackNotFound."""
    found = get(aws, name, call_as)
    last = latest(aws, name, call_as)
    return {
        "stackSet": name,
        "region": aws.region,
        "id": found.raw["StackSetId"],
        "permissionModel": found.raw.get("PermissionModel", ""),
        "autoDeployment": bool((found.raw.get("AutoDeployment") or {}).get("Enabled")),
        "organizationalUnits": list(found.units),
        "operation": {
            "id": last["OperationId"], "action": last["Action"], "status": last["Status"],
        } if last else None,
        "stacks": [one.data() for one in found.instances],
    }  # fmt: skip


def latest(aws: Aws, name: str, call_as: Mapping[str, str]) -> dict[str, Any] | None:
    """The operation under way, else the last one."""
    with aws_errors(f"list the operations of {name}"):
        listed = aws.client("cloudformation").list_stack_set_operations(StackSetName=name, **call_as)[
            "Summaries"
        ]
    under_way = [one for one in listed if one["Status"] not in ENDED]
    return next(iter(under_way or listed), None)


def lines(data: Mapping[str, Any]) -> list[str]:
    """As a person reads it."""
    model = data["permissionModel"].lower().replace("_", "-")
    auto = ", new accounts deployed to by themselves" if data["autoDeployment"] else ""
    shown = [f"{data['stackSet']} in {data['region']}: {model}{auto}"]
    if data["operation"]:
        shown.append(f"  last operation: {data['operation']['action']} {data['operation']['status']}")
    for one in data["stacks"]:
        why = f": {one['reason']}" if one["reason"] else ""
        drift = "" if one["drift"] == "NOT_CHECKED" else f", {one['drift']}"
        shown.append(f"  {one['account']} {one['region']} {one['status']}{drift}{why}")
    if not data["stacks"]:
        shown.append("  no stacks")
    return [*shown, *_drift_lines(data.get("drift"))]


def _drift_lines(found: Mapping[str, Any] | None) -> list[str]:
    if found is None:
        return []
    shown = [f"  drift: {found['status']}, {found['drifted']} of {found['total']} stacks"]
    for one in found["resources"]:
        shown.append(
            f"    {one['status']} {one['resource']} ({one['type']}) in {one['account']} {one['region']}"
        )
        shown += [
            f"      {item['path']}: {item['expected']} → {item['actual']}" for item in one["properties"]
        ]
    return shown


def follow_latest(
    aws: Aws,
    name: str,
    call_as: Mapping[str, str],
    *,
    say: Say,
    stop: threading.Event,
    timeout: float,
    resume: str,
) -> list[Row]:
    """Follow the operation under way; nothing when there is none. Raises what `follow` raises."""
    get(aws, name, call_as)
    last = latest(aws, name, call_as)
    if last is None or last["Status"] in ENDED:
        return []
    ends = time.monotonic() + timeout
    return follow(aws, name, last["OperationId"], call_as, say=say, stop=stop, ends=ends, resume=resume)


def drift(
    aws: Aws,
    name: str,
    call_as: Mapping[str, str],
    *,
    say: Say,
    stop: threading.Event,
    timeout: float,
    resume: str,
) -> dict[str, Any]:
    """Ask CloudFormation what was changed behind its back in all stacks of the set ("Detect drift on stack sets")."""
    client = aws.client("cloudformation")
    get(aws, name, call_as)
    # drift detection changes nothing: as many at a time as there are
    wide = Preferences((), "PARALLEL", "100%", "100%").request()
    with aws_errors(f"detect drift of {name}"):
        try:
            operation = client.detect_stack_set_drift(
                StackSetName=name, OperationPreferences=wide, OperationId=f"cfgen-{uuid.uuid4()}", **call_as
            )["OperationId"]
        except Exception as error:
            if code_of(error) != "OperationInProgressException":
                raise
            raise errors.StackBusy(f"{name}: another operation is under way", hint=resume) from error
    follow(aws, name, operation, call_as, say=say, stop=stop, ends=time.monotonic() + timeout, resume=resume)
    with aws_errors(f"read the drift of {name}"):
        details = client.describe_stack_set(StackSetName=name, **call_as)["StackSet"][
            "StackSetDriftDetectionDetails"
        ]
    drifted = [one for one in instances(aws, name, call_as) if one.drift == "DRIFTED"]
    return {
        "status": details["DriftStatus"],
        "total": details.get("TotalStackInstancesCount", 0),
        "drifted": details.get("DriftedStackInstancesCount", 0),
        "resources": [row for one in drifted for row in _drifted(aws, name, call_as, operation, one)],
    }


def _drifted(
    aws: Aws, name: str, call_as: Mapping[str, str], operation: str, one: Instance
) -> list[dict[str, Any]]:
    with aws_errors(f"read the drift of {name} in {one.account} {one.region}"):
        found = list(
            pages(
                aws.client("cloudformation").list_stack_instance_resource_drifts, "Summaries",
                StackSetName=name, StackInstanceAccount=one.account, StackInstanceRegion=one.region,
                OperationId=operation, StackInstanceResourceDriftStatuses=["MODIFIED", "DELETED"], **call_as,
            )
        )  # fmt: skip
    return [
        {
            "account": one.account, "region": one.region,
            "resource": row["LogicalResourceId"], "type": row["ResourceType"],
            "status": row["StackResourceDriftStatus"],
            "properties": [
                {"path": item["PropertyPath"], "expected": item.get("ExpectedValue"), "actual": item.get("ActualValue")}
                for item in row.get("PropertyDifferences", ())
            ],
        }
        for row in found
    ]  # fmt: skip


def destroy(
    aws: Aws,
    name: str,
    found: Present,
    call_as: Mapping[str, str],
    preferences: Preferences,
    *,
    say: Say,
    stop: threading.Event,
    timeout: float,
    profile: str | None = None,
) -> list[Row]:
    """Delete every stack of the set, then the set; how it went for each. Raises what `follow` raises."""  # fmt: skip
    client = aws.client("cloudformation")
    ends = time.monotonic() + timeout
    found_again = where(aws.region, profile, bool(call_as))
    rows: list[Row] = []
    for targets, regions in _grids(found.instances):
        request: dict[str, Any] = {"Regions": regions, "RetainStacks": False}
        if found.service_managed:
            request["DeploymentTargets"] = {"OrganizationalUnitIds": list(targets)}
        else:
            request["Accounts"] = list(targets)
        say(f"delete {', '.join(targets)} in {', '.join(regions)}")
        with aws_errors(f"delete the stacks of {name}"):
            try:
                operation = client.delete_stack_instances(
                    StackSetName=name, OperationId=f"cfgen-{uuid.uuid4()}",
                    OperationPreferences=preferences.request(), **request, **call_as,
                )["OperationId"]  # fmt: skip
            except Exception as error:
                if code_of(error) != "OperationInProgressException":
                    raise
                hint = f"cfgen status {name} --stack-set {found_again} --follow"
                raise errors.StackBusy(f"{name}: another operation is under way", hint=hint) from error
        resume = f"cfgen destroy {name} --stack-set {found_again}, once it has ended: it takes up the rest"
        rows += follow(aws, name, operation, call_as, say=say, stop=stop, ends=ends, resume=resume)
    with aws_errors(f"delete the stack set {name}"):
        client.delete_stack_set(StackSetName=name, **call_as)
    return rows


def _grids(found: Sequence[Instance]) -> list[tuple[tuple[str, ...], list[str]]]:
    """Targets that share regions, with those: an operation takes a full grid."""
    grids: dict[tuple[str, ...], list[str]] = {}
    for region in dict.fromkeys(one.region for one in found):
        at = tuple(dict.fromkeys(one.target[0] for one in found if one.region == region))
        grids.setdefault(at, []).append(region)
    return list(grids.items())
