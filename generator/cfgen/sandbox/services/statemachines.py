"""Step Functions' API: state machines and executions. What an execution does is `asl`'s business."""

from __future__ import annotations

import json
import threading
import uuid
from dataclasses import dataclass, field
from typing import Any

from cfgen.sandbox.cfn.state import now
from cfgen.sandbox.iam import enforce, principals
from cfgen.sandbox.registry import operation
from cfgen.sandbox.services import asl, asl_check, asl_tasks
from cfgen.sandbox.services.asl import Execution
from cfgen.sandbox.settings import settings
from cfgen.sandbox.wire import ACCOUNT, AwsError, Call


@dataclass
class Machines:
    """One region's state machines and executions."""

    machines: dict[str, dict[str, Any]] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)


_regions: dict[str, Machines] = {}


def machines_of(region: str) -> Machines:
    """The state of a region."""
    return _regions.setdefault(region, Machines())


def _find(call: Call, arn: str) -> dict[str, Any]:
    found = machines_of(call.region).machines.get(arn)
    if found is None:
        raise AwsError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
    return found


def _execution(call: Call, arn: str) -> Execution:
    found = machines_of(call.region).executions.get(arn)
    if found is None:
        raise AwsError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    return found


def _check_definition(text: str) -> dict[str, Any]:
    problems = asl_check.problems(text)
    if problems:
        raise AwsError("InvalidDefinition", f"Invalid State Machine Definition: '{'; '.join(problems)}'")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def _check_role(call: Call, role: str, definition: str, logging: dict[str, Any] | None, arn: str) -> None:
    context = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": arn}
    if not principals.trusts(role, {"Service": ["states.amazonaws.com"]}, context):
        raise AwsError(
            "AccessDeniedException",
            "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume "
            "the provided role.",
        )
    if "codebuild:startBuild.sync" in definition:
        # .sync lives on a managed EventBridge rule made with the machine's role
        prefix = f"arn:{call.partition}:events:{call.region}:{ACCOUNT}:rule"
        rule = f"{prefix}/StepFunctionsGetEventForCodeBuildStartBuildRule"
        for action in ("events:PutTargets", "events:PutRule", "events:DescribeRule"):
            if enforce.simulate(role, action, rule, call.region):
                raise AwsError("AccessDeniedException", f"'{role}' is not authorized to create managed-rule.")
    if (logging or {}).get("level", "OFF") != "OFF":
        for action in (
            "logs:CreateLogDelivery",
            "logs:GetLogDelivery",
            "logs:UpdateLogDelivery",
            "logs:PutResourcePolicy",
            "logs:DescribeResourcePolicies",
            "logs:DescribeLogGroups",
        ):
            if enforce.simulate(role, action, "*", call.region):
                raise AwsError(
                    "AccessDeniedException",
                    "The state machine IAM Role is not authorized to access the Log Destination",
                )


@operation("stepfunctions")
def create_state_machine(call: Call) -> Any:
    p = call.params
    arn = f"arn:{call.partition}:states:{call.region}:{call.account}:stateMachine:{p['name']}"
    machines = machines_of(call.region).machines
    if arn in machines:
        known = machines[arn]
        if (known["definition"], known["roleArn"]) == (p["definition"], p["roleArn"]):
            return {"stateMachineArn": arn, "creationDate": known["creationDate"]}
        raise AwsError("StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'")
    _check_definition(p["definition"])
    _check_role(call, p["roleArn"], p["definition"], p.get("loggingConfiguration"), arn)
    machines[arn] = {
        "stateMachineArn": arn,
        "name": p["name"],
        "status": "ACTIVE",
        "definition": p["definition"],
        "roleArn": p["roleArn"],
        "type": p.get("type") or "STANDARD",
        "creationDate": now(),
        "loggingConfiguration": p.get("loggingConfiguration")
        or {"level": "OFF", "includeExecutionData": False},
        "tracingConfiguration": p.get("tracingConfiguration") or {"enabled": False},
        "revisionId": str(uuid.uuid4()),
        "tags": {tag["key"]: tag["value"] for tag in p.get("tags") or []},
    }
    return {"stateMachineArn": arn, "creationDate": machines[arn]["creationDate"]}


@operation("stepfunctions")
def update_state_machine(call: Call) -> Any:
    p = call.params
    machine = _find(call, p["stateMachineArn"])
    definition = p.get("definition") or machine["definition"]
    role = p.get("roleArn") or machine["roleArn"]
    logging = p.get("loggingConfiguration") or machine["loggingConfiguration"]
    _check_definition(definition)
    _check_role(call, role, definition, logging, machine["stateMachineArn"])
    machine.update(
        definition=definition, roleArn=role, loggingConfiguration=logging, revisionId=str(uuid.uuid4())
    )
    return {"updateDate": now(), "revisionId": machine["revisionId"]}


@operation("stepfunctions")
def describe_state_machine(call: Call) -> Any:
    return _find(call, call.params["stateMachineArn"])


@operation("stepfunctions")
def delete_state_machine(call: Call) -> Any:
    machines_of(call.region).machines.pop(call.params["stateMachineArn"], None)
    return {}


@operation("stepfunctions")
def list_state_machines(call: Call) -> Any:
    keys = ("stateMachineArn", "name", "type", "creationDate")
    return {
        "stateMachines": [{k: m[k] for k in keys} for m in list(machines_of(call.region).machines.values())]
    }


@operation("stepfunctions")
def validate_state_machine_definition(call: Call) -> Any:
    found = asl_check.problems(call.params["definition"])
    diagnostics = [
        {"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": text} for text in found
    ]
    return {"result": "FAIL" if found else "OK", "diagnostics": diagnostics}


@operation("stepfunctions")
def start_execution(call: Call) -> Any:
    execution, fresh = _begin(call)
    if fresh:
        threading.Thread(target=asl.run, args=[execution], daemon=True, name=f"sfn-{execution.name}").start()
    return {"executionArn": execution.arn, "startDate": execution.started}


@operation("stepfunctions")
def start_sync_execution(call: Call) -> Any:
    execution, _ = _begin(call)
    asl.run(execution)
    return {
        **_view(execution),
        "billingDetails": {"billedMemoryUsedInMB": 64, "billedDurationInMilliseconds": 100},
    }


def _begin(call: Call) -> tuple[Execution, bool]:
    p = call.params
    machine = _find(call, p["stateMachineArn"])
    text = p.get("input") or "{}"
    try:
        given = json.loads(text)
    except ValueError:
        raise AwsError(
            "InvalidExecutionInput", f"Invalid State Machine Execution Input: '{text[:80]}'"
        ) from None
    if len(text.encode()) > 262_144:
        raise AwsError("InvalidExecutionInput", "Invalid State Machine Execution Input: over 262144 bytes")
    name = p.get("name") or str(uuid.uuid4())
    arn = f"arn:{call.partition}:states:{call.region}:{call.account}:execution:{machine['name']}:{name}"
    execution = Execution(
        arn=arn,
        name=name,
        machine_arn=machine["stateMachineArn"],
        machine_name=machine["name"],
        role=machine["roleArn"],
        region=call.region,
        definition=json.loads(machine["definition"]),
        input=given,
    )
    # one step: two calls at once with one name must not both begin
    known = machines_of(call.region).executions.setdefault(arn, execution)
    if known is execution:
        return execution, True
    if known.status == "RUNNING" and known.input == given:
        return known, False
    raise AwsError("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")


def _view(execution: Execution) -> dict[str, Any]:
    view: dict[str, Any] = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine_arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.started,
        "input": json.dumps(execution.input),
        "inputDetails": {"included": True},
    }
    if execution.stopped is not None:
        view["stopDate"] = execution.stopped
    if execution.status == "SUCCEEDED":
        view["output"] = json.dumps(execution.output)
        view["outputDetails"] = {"included": True}
    if execution.error or execution.cause:
        view |= {"error": execution.error, "cause": execution.cause}
    return view


@operation("stepfunctions")
def describe_execution(call: Call) -> Any:
    return _view(_execution(call, call.params["executionArn"]))


@operation("stepfunctions")
def describe_state_machine_for_execution(call: Call) -> Any:
    execution = _execution(call, call.params["executionArn"])
    return {
        "stateMachineArn": execution.machine_arn,
        "name": execution.machine_name,
        "definition": json.dumps(execution.definition),
        "roleArn": execution.role,
        "updateDate": execution.started,
    }


@operation("stepfunctions")
def list_executions(call: Call) -> Any:
    p = call.params
    return {
        "executions": [
            {
                key: value
                for key, value in _view(item).items()
                if key not in ("input", "inputDetails", "output")
            }
            for item in reversed(list(machines_of(call.region).executions.values()))
            if item.machine_arn == p.get("stateMachineArn") and p.get("statusFilter") in (None, item.status)
        ]
    }


@operation("stepfunctions")
def stop_execution(call: Call) -> Any:
    p = call.params
    execution = _execution(call, p["executionArn"])
    if execution.status == "RUNNING":
        execution.error, execution.cause = p.get("error") or "", p.get("cause") or ""
        execution.stop()
        execution.finished.wait(10 / min(settings.speed, 1.0))
    return {"stopDate": execution.stopped or now()}


@operation("stepfunctions")
def get_execution_history(call: Call) -> Any:
    events = list(_execution(call, call.params["executionArn"]).history)
    return {"events": events[::-1] if call.params.get("reverseOrder") else events}


@operation("stepfunctions")
def send_task_success(call: Call) -> Any:
    asl_tasks.answer_token(call.params["taskToken"], json.loads(call.params["output"]), None)
    return {}


@operation("stepfunctions")
def send_task_failure(call: Call) -> Any:
    p = call.params
    failure = asl.StateError(p.get("error") or "States.TaskFailed", p.get("cause") or "")
    asl_tasks.answer_token(p["taskToken"], None, failure)
    return {}


@operation("stepfunctions")
def send_task_heartbeat(call: Call) -> Any:
    asl_tasks.heartbeat(call.params["taskToken"])
    return {}


@operation("stepfunctions")
def list_tags_for_resource(call: Call) -> Any:
    tags = _find(call, call.params["resourceArn"])["tags"]
    return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}


@operation("stepfunctions")
def tag_resource(call: Call) -> Any:
    machine = _find(call, call.params["resourceArn"])
    machine["tags"].update({tag["key"]: tag["value"] for tag in call.params["tags"]})
    return {}


@operation("stepfunctions")
def untag_resource(call: Call) -> Any:
    machine = _find(call, call.params["resourceArn"])
    for key in call.params["tagKeys"]:
        machine["tags"].pop(key, None)
    return {}
