"""CloudFormation's API: stack sets with self-managed permissions, in the one account there is."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError
from moto.sts.models import sts_backends

from cfgen.sandbox.cfn import api, loader
from cfgen.sandbox.cfn import prepare as preparing
from cfgen.sandbox.cfn.errors import ValidationError
from cfgen.sandbox.cfn.state import now, store
from cfgen.sandbox.clients import Credentials, client
from cfgen.sandbox.iam import principals
from cfgen.sandbox.registry import operation
from cfgen.sandbox.wire import ACCOUNT, AwsError, Call


@dataclass
class StackSet:
    """A stack set, its instances by region, and its operations."""

    name: str
    region: str
    id: str
    body: str
    request: dict[str, Any]
    instances: dict[str, dict[str, Any]] = field(default_factory=dict)
    operations: dict[str, dict[str, Any]] = field(default_factory=dict)
    status: str = "ACTIVE"
    created: datetime = field(default_factory=now)


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


def _keys(call: Call, stack_set: StackSet, region: str) -> Credentials:
    """The execution role's keys, by way of the administration role, as self-managed permissions go."""
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
            f"Account {ACCOUNT} should have '{execution.rsplit('/', 1)[-1]}' role with trust relationship to Role "
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
        raise ValidationError("the cfgen sandbox has no organization: PermissionModel must be SELF_MANAGED")
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
    return {
        "StackSet": {
            "StackSetName": found.name,
            "StackSetId": found.id,
            "Status": found.status,
            "TemplateBody": found.body,
            "Description": found.request.get("Description", ""),
            "Parameters": found.request.get("Parameters") or [],
            "Capabilities": found.request.get("Capabilities") or [],
            "Tags": found.request.get("Tags") or [],
            "StackSetARN": f"arn:{call.partition}:cloudformation:{call.region}:{ACCOUNT}:stackset/{found.id}",
            "AdministrationRoleARN": administration,
            "ExecutionRoleName": execution.rsplit("/", 1)[-1],
            "PermissionModel": "SELF_MANAGED",
            "Regions": sorted(found.instances),
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
                "PermissionModel": "SELF_MANAGED",
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


def _begin(call: Call, stack_set: StackSet, action: str, regions: list[str], work: Any) -> dict[str, Any]:
    running = [item for item in stack_set.operations.values() if item["Status"] == "RUNNING"]
    if running:
        raise AwsError(
            "OperationInProgressException",
            f"Another Operation on StackSet {stack_set.id} is in progress",
            409,
        )
    accounts = (
        call.params.get("Accounts")
        or (call.params.get("DeploymentTargets") or {}).get("Accounts")
        or [ACCOUNT]
    )
    if accounts != [ACCOUNT]:
        raise ValidationError(f"the cfgen sandbox knows account {ACCOUNT} only, not {', '.join(accounts)}")
    identifier = call.params.get("OperationId") or str(uuid.uuid4())
    preferences = call.params.get("OperationPreferences") or {}
    record: dict[str, Any] = {
        "OperationId": identifier,
        "StackSetId": stack_set.id,
        "Action": action,
        "Status": "RUNNING",
        "CreationTimestamp": now(),
        "OperationPreferences": preferences,
        "Results": {},
    }
    stack_set.operations[identifier] = record
    tolerance = int(preferences.get("FailureToleranceCount") or 0)

    def run() -> None:
        failures = 0
        for region in regions:
            if failures > tolerance:
                record["Results"][region] = ("CANCELLED", "Cancelled since failure tolerance has exceeded")
                continue
            try:
                reason = work(region)
            except (AwsError, ClientError) as error:
                reason = getattr(error, "message", "") or str(error)
            record["Results"][region] = ("FAILED" if reason else "SUCCEEDED", reason)
            failures += bool(reason)
        record["Status"] = "FAILED" if failures > tolerance else "SUCCEEDED"
        record["EndTimestamp"] = now()

    threading.Thread(target=run, daemon=True, name=f"stackset-{stack_set.name}").start()
    return {"OperationId": identifier}


def _wait(stack_id: str, region: str) -> tuple[str, str]:
    while True:
        stack = store.find(stack_id, region)
        assert stack is not None
        if not stack.in_progress:
            return stack.status, stack.reason
        time.sleep(0.1)


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

    def work(region: str) -> str:
        instance = stack_set.instances.setdefault(region, {"overrides": p.get("ParameterOverrides") or []})
        instance |= {"Status": "OUTDATED", "StatusReason": "", "StackId": instance.get("StackId", "")}
        keys = _keys(call, stack_set, region)
        name = f"StackSet-{stack_set.name}-{uuid.uuid4()}"
        try:
            answer = client("cloudformation", region, keys).create_stack(
                StackName=name,
                TemplateBody=stack_set.body,
                Parameters=_parameters(stack_set, instance["overrides"]),
                Capabilities=stack_set.request.get("Capabilities") or [],
                Tags=stack_set.request.get("Tags") or [],
            )
        except ClientError as error:
            instance["StatusReason"] = error.response["Error"]["Message"]
            return str(instance["StatusReason"])
        instance["StackId"] = answer["StackId"]
        return _judge(instance, region, "CREATE_COMPLETE")

    return _begin(call, stack_set, "CREATE", list(p["Regions"]), work)


def _judge(instance: dict[str, Any], region: str, good: str) -> str:
    status, reason = _wait(instance["StackId"], region)
    instance["Status"] = "CURRENT" if status == good else "OUTDATED"
    instance["StatusReason"] = "" if status == good else f"ResourceLogicalId: stack is {status}: {reason}"
    return str(instance["StatusReason"])


@operation("cloudformation")
def update_stack_set(call: Call) -> Any:
    stack_set, p = _find(call), call.params
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
    ):
        if p.get(key) is not None:
            stack_set.request[key] = p[key]
    regions = list(p.get("Regions") or stack_set.instances)
    return _begin(call, stack_set, "UPDATE", regions, lambda region: _update_one(call, stack_set, region))


def _update_one(call: Call, stack_set: StackSet, region: str) -> str:
    instance = stack_set.instances[region]
    keys = _keys(call, stack_set, region)
    try:
        client("cloudformation", region, keys).update_stack(
            StackName=instance["StackId"],
            TemplateBody=stack_set.body,
            Parameters=_parameters(stack_set, instance["overrides"]),
            Capabilities=stack_set.request.get("Capabilities") or [],
            Tags=stack_set.request.get("Tags") or [],
        )
    except ClientError as error:
        message = str(error.response["Error"]["Message"])
        if "No updates are to be performed" in message:
            instance["Status"] = "CURRENT"
            return ""
        instance |= {"Status": "OUTDATED", "StatusReason": message}
        return message
    return _judge(instance, region, "UPDATE_COMPLETE")


@operation("cloudformation")
def update_stack_instances(call: Call) -> Any:
    stack_set, p = _find(call), call.params
    for region in p["Regions"]:
        if region not in stack_set.instances:
            raise AwsError("StackInstanceNotFoundException", f"No stack instance in {region}", 404)
        stack_set.instances[region]["overrides"] = p.get("ParameterOverrides") or []
    work = lambda region: _update_one(call, stack_set, region)  # noqa: E731
    return _begin(call, stack_set, "UPDATE", list(p["Regions"]), work)


@operation("cloudformation")
def delete_stack_instances(call: Call) -> Any:
    stack_set, p = _find(call), call.params

    def work(region: str) -> str:
        instance = stack_set.instances.get(region)
        if instance is None:
            return ""
        if not p["RetainStacks"] and instance["StackId"]:
            keys = _keys(call, stack_set, region)
            client("cloudformation", region, keys).delete_stack(StackName=instance["StackId"])
            if reason := _judge(instance, region, "DELETE_COMPLETE"):
                return reason
        with contextlib.suppress(KeyError):
            del stack_set.instances[region]
        return ""

    return _begin(call, stack_set, "DELETE", list(p["Regions"]), work)


def _instance_view(stack_set: StackSet, region: str) -> dict[str, Any]:
    instance = stack_set.instances[region]
    detailed = {"CURRENT": "SUCCEEDED", "OUTDATED": "FAILED" if instance["StatusReason"] else "RUNNING"}
    return {
        "StackSetId": stack_set.id,
        "Region": region,
        "Account": ACCOUNT,
        "StackId": instance["StackId"],
        "Status": instance["Status"],
        "StatusReason": instance["StatusReason"],
        "StackInstanceStatus": {"DetailedStatus": detailed[instance["Status"]]},
        "ParameterOverrides": instance["overrides"],
    }


@operation("cloudformation")
def describe_stack_instance(call: Call) -> Any:
    stack_set = _find(call)
    region = call.params["StackInstanceRegion"]
    if region not in stack_set.instances:
        raise AwsError("StackInstanceNotFoundException", f"No stack instance in {region}", 404)
    return {"StackInstance": _instance_view(stack_set, region)}


@operation("cloudformation")
def list_stack_instances(call: Call) -> Any:
    stack_set, wanted = _find(call), call.params.get("StackInstanceRegion")
    views = [_instance_view(stack_set, region) for region in stack_set.instances if wanted in (None, region)]
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
            {"Account": ACCOUNT, "Region": region, "Status": status, "StatusReason": reason}
            for region, (status, reason) in found["Results"].items()
        ]
    }
