"""CloudFormation's API: stack sets, with self-managed permissions and by organizational units."""

from __future__ import annotations

import contextlib
import uuid
from typing import Any

from botocore.exceptions import ClientError
from moto.sts.models import sts_backends

from cfgen.sandbox.cfn import api, loader
from cfgen.sandbox.cfn import prepare as preparing
from cfgen.sandbox.cfn.errors import ValidationError
from cfgen.sandbox.cfn.stacksets_run import StackSet, begin, check_idle, judge, targets, unit_of, wait
from cfgen.sandbox.cfn.state import now
from cfgen.sandbox.clients import Credentials, client
from cfgen.sandbox.iam import principals
from cfgen.sandbox.registry import operation
from cfgen.sandbox.wire import ACCOUNT, AwsError, Call

_sets: dict[tuple[str, str], StackSet] = {}


def _find(call: Call) -> StackSet:
    name = str(call.params["StackSetName"]).split(":")[0]
    found = _sets.get((call.region, name))
    if found is None:
        raise AwsError("StackSetNotFoundException", f"StackSet {name} not found", 404)
    return found


def _roles(call: Call, request: dict[str, Any]) -> tuple[str, str]:
    prefix = f"arn:{call.partition}:iam::{ACCOUNT}:role"
    administration = (
        request.get("AdministrationRoleARN") or f"{prefix}/AWSCloudFormationStackSetAdministrationRole"
    )
    execution = request.get("ExecutionRoleName") or "AWSCloudFormationStackSetExecutionRole"
    return str(administration), f"{prefix}/{execution}"


def _keys(call: Call, stack_set: StackSet, account: str, region: str) -> Credentials | None:
    """The execution role's keys, by way of the administration role, as self-managed permissions go.

    Service-managed ones need no role of the user's: None, the operator's keys.
    """
    if stack_set.service_managed:
        return None
    administration, execution = _roles(call, stack_set.request)
    try:
        principals.mint(administration, "cloudformation.amazonaws.com", "StackSet", call.region)
    except AwsError:
        raise ValidationError(
            f"Account {ACCOUNT} should have '{administration.rsplit('/', 1)[-1]}' role with trust "
            "relationship to CloudFormation service."
        ) from None
    root = f"arn:{call.partition}:iam::{ACCOUNT}:root"
    if not principals.trusts(execution, {"AWS": [administration, root, ACCOUNT]}, {}):
        raise ValidationError(
            f"Account {account} should have '{execution.rsplit('/', 1)[-1]}' role with trust relationship to Role "
            f"'{administration.rsplit('/', 1)[-1]}'."
        )
    made = sts_backends[ACCOUNT][call.partition].assume_role(region, "StackSet", execution, "", 43200, "")
    return Credentials(made.access_key_id, made.secret_access_key, made.session_token)


@operation("cloudformation")
def create_stack_set(call: Call) -> Any:
    p = call.params
    name = p["StackSetName"]
    preparing.check_stack_name(name)
    if p.get("PermissionModel") == "SERVICE_MANAGED":
        if p.get("AdministrationRoleARN") or p.get("ExecutionRoleName"):
            raise ValidationError("StackSets with SERVICE_MANAGED permission model take no roles")
    elif p.get("AutoDeployment"):
        raise ValidationError("AutoDeployment is not allowed for SELF_MANAGED permission model")
    if (call.region, name) in _sets:
        raise AwsError("NameAlreadyExistsException", f"StackSet {name} already exists", 409)
    body = preparing.body_of(p, call.region, api.caller_keys(call))
    loader.load(body)
    identifier = f"{name}:{uuid.uuid4()}"
    _sets[call.region, name] = StackSet(name, call.region, identifier, body, dict(p))
    return {"StackSetId": identifier}


@operation("cloudformation")
def describe_stack_set(call: Call) -> Any:
    found = _find(call)
    administration, execution = _roles(call, found.request)
    roles = {} if found.service_managed else {
        "AdministrationRoleARN": administration, "ExecutionRoleName": execution.rsplit("/", 1)[-1],
    }  # fmt: skip
    units = {unit_of(account) for account, _ in list(found.instances)} if found.service_managed else set()
    return {
        "StackSet": {
            **roles,
            "StackSetName": found.name,
            "StackSetId": found.id,
            "Status": found.status,
            "TemplateBody": found.body,
            "Description": found.request.get("Description", ""),
            "Parameters": found.request.get("Parameters") or [],
            "Capabilities": found.request.get("Capabilities") or [],
            "Tags": found.request.get("Tags") or [],
            "StackSetARN": f"arn:{call.partition}:cloudformation:{call.region}:{ACCOUNT}:stackset/{found.id}",
            "PermissionModel": found.request.get("PermissionModel") or "SELF_MANAGED",
            "AutoDeployment": found.request.get("AutoDeployment") or {},
            "OrganizationalUnitIds": sorted(filter(None, units)),
            "Regions": sorted({region for _, region in list(found.instances)}),
            "StackSetDriftDetectionDetails": found.drift,
        }
    }


@operation("cloudformation")
def list_stack_sets(call: Call) -> Any:
    return {
        "Summaries": [
            {
                "StackSetName": item.name,
                "StackSetId": item.id,
                "Status": item.status,
                "PermissionModel": item.request.get("PermissionModel") or "SELF_MANAGED",
            }
            for (region, _), item in _sets.items()
            if region == call.region
        ]
    }


@operation("cloudformation")
def delete_stack_set(call: Call) -> Any:
    found = _find(call)
    if found.instances:
        raise AwsError("StackSetNotEmptyException", f"StackSet {found.name} is not empty", 409)
    del _sets[call.region, found.name]
    return {}


def _parameters(stack_set: StackSet, overrides: list[dict[str, Any]]) -> list[dict[str, Any]]:
    merged = {
        item["ParameterKey"]: item for item in [*(stack_set.request.get("Parameters") or []), *overrides]
    }
    return [
        {"ParameterKey": key, "ParameterValue": str(item.get("ParameterValue", ""))}
        for key, item in merged.items()
    ]


@operation("cloudformation")
def create_stack_instances(call: Call) -> Any:
    stack_set, p = _find(call), call.params

    def work(account: str, region: str) -> str:
        instance = stack_set.instances.setdefault((account, region), _instance())
        instance["overrides"] = p.get("ParameterOverrides") or []
        return _create_one(call, stack_set, account, region)

    return begin(call, stack_set, "CREATE", targets(call, stack_set), work)


def _instance() -> dict[str, Any]:
    return {"Status": "OUTDATED", "StatusReason": "", "StackId": "", "overrides": []}


def _create_one(call: Call, stack_set: StackSet, account: str, region: str) -> str:
    """Make the instance's stack; one that failed before goes first, one that lives is updated."""
    instance = stack_set.instances[account, region]
    try:
        keys = _keys(call, stack_set, account, region)
        here = client("cloudformation", region, keys)
        if instance["StackId"]:
            status, _ = wait(instance["StackId"], region)
            if status not in {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_COMPLETE"}:
                return _update_one(call, stack_set, account, region)
            here.delete_stack(StackName=instance["StackId"])
            wait(instance["StackId"], region)
        answer = here.create_stack(
            StackName=f"StackSet-{stack_set.name}-{uuid.uuid4()}",
            TemplateBody=stack_set.body,
            Parameters=_parameters(stack_set, instance["overrides"]),
            Capabilities=stack_set.request.get("Capabilities") or [],
            Tags=stack_set.request.get("Tags") or [],
        )
    except (AwsError, ClientError) as error:
        instance["StatusReason"] = _said(error)
        return str(instance["StatusReason"])
    instance["StackId"] = answer["StackId"]
    return judge(instance, region, "CREATE_COMPLETE")


def _said(error: AwsError | ClientError) -> str:
    return str(error.response["Error"]["Message"] if isinstance(error, ClientError) else error.message)


@operation("cloudformation")
def update_stack_set(call: Call) -> Any:
    stack_set, p = _find(call), call.params
    check_idle(stack_set)
    if not p.get("UsePreviousTemplate"):
        stack_set.body = preparing.body_of(p, call.region, api.caller_keys(call))
        loader.load(stack_set.body)
    for key in (
        "Parameters",
        "Capabilities",
        "Tags",
        "Description",
        "AdministrationRoleARN",
        "ExecutionRoleName",
        "AutoDeployment",
    ):
        if p.get(key) is not None:
            stack_set.request[key] = p[key]
    named = p.get("Regions")
    places = [place for place in list(stack_set.instances) if not named or place in targets(call, stack_set)]
    return begin(call, stack_set, "UPDATE", places, lambda *place: _update_one(call, stack_set, *place))


def _update_one(call: Call, stack_set: StackSet, account: str, region: str) -> str:
    instance = stack_set.instances[account, region]
    if not instance["StackId"] or wait(instance["StackId"], region)[0] == "ROLLBACK_COMPLETE":
        return _create_one(call, stack_set, account, region)
    try:
        keys = _keys(call, stack_set, account, region)
        client("cloudformation", region, keys).update_stack(
            StackName=instance["StackId"],
            TemplateBody=stack_set.body,
            Parameters=_parameters(stack_set, instance["overrides"]),
            Capabilities=stack_set.request.get("Capabilities") or [],
            Tags=stack_set.request.get("Tags") or [],
        )
    except (AwsError, ClientError) as error:
        message = _said(error)
        done = "No updates are to be performed" in message
        instance |= {"Status": "CURRENT" if done else "OUTDATED", "StatusReason": "" if done else message}
        return str(instance["StatusReason"])
    return judge(instance, region, "UPDATE_COMPLETE")


@operation("cloudformation")
def update_stack_instances(call: Call) -> Any:
    stack_set, p = _find(call), call.params
    places = targets(call, stack_set)
    check_idle(stack_set)
    for account, region in places:
        if (account, region) not in stack_set.instances:
            raise AwsError("StackInstanceNotFoundException", f"No stack instance in {account} {region}", 404)
        stack_set.instances[account, region]["overrides"] = p.get("ParameterOverrides") or []
    return begin(call, stack_set, "UPDATE", places, lambda *place: _update_one(call, stack_set, *place))


@operation("cloudformation")
def delete_stack_instances(call: Call) -> Any:
    stack_set, p = _find(call), call.params

    def work(account: str, region: str) -> str:
        instance = stack_set.instances.get((account, region))
        if instance is None:
            return ""
        if not p["RetainStacks"] and instance["StackId"]:
            keys = _keys(call, stack_set, account, region)
            client("cloudformation", region, keys).delete_stack(StackName=instance["StackId"])
            if reason := judge(instance, region, "DELETE_COMPLETE"):
                return reason
        with contextlib.suppress(KeyError):
            del stack_set.instances[account, region]
        return ""

    return begin(call, stack_set, "DELETE", targets(call, stack_set), work)


@operation("cloudformation")
def detect_stack_set_drift(call: Call) -> Any:
    stack_set = _find(call)

    def work(account: str, region: str) -> str:
        instance = stack_set.instances[account, region]
        if not instance["StackId"]:
            return "the instance has no stack"
        here = client("cloudformation", region, _keys(call, stack_set, account, region))
        here.detect_stack_drift(StackName=instance["StackId"])
        drifts = here.describe_stack_resource_drifts(StackName=instance["StackId"])["StackResourceDrifts"]
        instance["Drifts"] = drifts
        drifted = any(one["StackResourceDriftStatus"] in {"MODIFIED", "DELETED"} for one in drifts)
        instance["DriftStatus"] = "DRIFTED" if drifted else "IN_SYNC"
        found = [one.get("DriftStatus") for one in list(stack_set.instances.values())]
        stack_set.drift = {
            "DriftStatus": "DRIFTED" if "DRIFTED" in found else "IN_SYNC",
            "DriftDetectionStatus": "COMPLETED" if all(found) else "IN_PROGRESS",
            "LastDriftCheckTimestamp": now(),
            "TotalStackInstancesCount": len(found),
            "DriftedStackInstancesCount": found.count("DRIFTED"),
            "InSyncStackInstancesCount": found.count("IN_SYNC"),
            "InProgressStackInstancesCount": 0,
            "FailedStackInstancesCount": 0,
        }
        return ""

    return begin(call, stack_set, "DETECT_DRIFT", list(stack_set.instances), work)


@operation("cloudformation")
def list_stack_instance_resource_drifts(call: Call) -> Any:
    place = (call.params["StackInstanceAccount"], call.params["StackInstanceRegion"])
    found = _find(call).instances.get(place)
    if found is None:
        raise AwsError("StackInstanceNotFoundException", f"No stack instance in {' '.join(place)}", 404)
    wanted = call.params.get("StackInstanceResourceDriftStatuses")
    drifts = [
        one for one in found.get("Drifts", ()) if not wanted or one["StackResourceDriftStatus"] in wanted
    ]
    kept = ("StackId", "LogicalResourceId", "PhysicalResourceId", "ResourceType", "PropertyDifferences",
            "StackResourceDriftStatus", "Timestamp")  # fmt: skip
    return {"Summaries": [{key: one[key] for key in kept if key in one} for one in drifts]}


@operation("cloudformation")
def stop_stack_set_operation(call: Call) -> Any:
    stack_set = _find(call)
    found = stack_set.operations.get(call.params["OperationId"])
    if found is None:
        raise AwsError("OperationNotFoundException", f"Operation {call.params['OperationId']} not found", 404)
    with stack_set.lock:
        if found["Status"] != "RUNNING":
            raise AwsError("InvalidOperationException", f"Operation is {found['Status']}", 400)
        found["Status"] = "STOPPING"
    return {}


def _instance_view(stack_set: StackSet, account: str, region: str) -> dict[str, Any]:
    instance = stack_set.instances[account, region]
    detailed = {"CURRENT": "SUCCEEDED", "OUTDATED": "FAILED" if instance["StatusReason"] else "RUNNING"}
    view = {
        "StackSetId": stack_set.id,
        "Region": region,
        "Account": account,
        "StackId": instance["StackId"],
        "Status": instance["Status"],
        "StatusReason": instance["StatusReason"],
        "StackInstanceStatus": {"DetailedStatus": detailed.get(instance["Status"], "INOPERABLE")},
        "ParameterOverrides": instance["overrides"],
        "DriftStatus": instance.get("DriftStatus", "NOT_CHECKED"),
    }
    return view | ({"OrganizationalUnitId": unit_of(account)} if stack_set.service_managed else {})


@operation("cloudformation")
def describe_stack_instance(call: Call) -> Any:
    stack_set = _find(call)
    place = (call.params["StackInstanceAccount"], call.params["StackInstanceRegion"])
    if place not in stack_set.instances:
        raise AwsError("StackInstanceNotFoundException", f"No stack instance in {' '.join(place)}", 404)
    return {"StackInstance": _instance_view(stack_set, *place)}


@operation("cloudformation")
def list_stack_instances(call: Call) -> Any:
    stack_set, p = _find(call), call.params
    views = [
        _instance_view(stack_set, account, region)
        for account, region in list(stack_set.instances)
        if p.get("StackInstanceRegion") in (None, region) and p.get("StackInstanceAccount") in (None, account)
    ]
    return {"Summaries": [{k: v for k, v in view.items() if k != "ParameterOverrides"} for view in views]}


@operation("cloudformation")
def describe_stack_set_operation(call: Call) -> Any:
    found = _find(call).operations.get(call.params["OperationId"])
    if found is None:
        raise AwsError("OperationNotFoundException", f"Operation {call.params['OperationId']} not found", 404)
    return {"StackSetOperation": found}


@operation("cloudformation")
def list_stack_set_operations(call: Call) -> Any:
    return {"Summaries": list(_find(call).operations.values())[::-1]}


@operation("cloudformation")
def list_stack_set_operation_results(call: Call) -> Any:
    found = _find(call).operations.get(call.params["OperationId"])
    if found is None:
        raise AwsError("OperationNotFoundException", f"Operation {call.params['OperationId']} not found", 404)
    return {
        "Summaries": [
            {"Account": account, "Region": region, "Status": status, "StatusReason": reason}
            for (account, region), (status, reason) in list(found["Results"].items())
        ]
    }
