"""EventBridge Scheduler, and the times of EventBridge's rules: what they refuse; moto keeps the rest."""

from __future__ import annotations

import json

from cfgen.sandbox.iam import principals
from cfgen.sandbox.registry import before
from cfgen.sandbox.services import expressions
from cfgen.sandbox.wire import ACCOUNT, AwsError, Call

# API operations that only read cannot be targets (EventBridge Scheduler User Guide: Universal targets)
_READING = [
    "get",
    "describe",
    "list",
    "poll",
    "receive",
    "search",
    "scan",
    "query",
    "select",
    "read",
    "lookup",
    "discover",
    "validate",
    "batchget",
    "batchdescribe",
    "batchread",
    "transactget",
    "retrieve",
]


def _refuse(message: str) -> AwsError:
    return AwsError("ValidationException", message)


@before("scheduler", "CreateSchedule")
def check_creation(call: Call) -> None:
    """A schedule's expression, window, target and role."""
    _check(call)


@before("scheduler", "UpdateSchedule")
def check_update(call: Call) -> None:
    """The same for a changed schedule."""
    _check(call)


@before("events", "PutRule")
def check_rule(call: Call) -> None:
    """The time of a scheduled rule."""
    expression = call.params.get("ScheduleExpression")
    if expression and (problem := expressions.problem(str(expression), rule=True)):
        raise _refuse(problem)


def _check(call: Call) -> None:
    p = call.params
    if problem := expressions.problem(
        p["ScheduleExpression"], str(p.get("ScheduleExpressionTimezone") or "")
    ):
        raise _refuse(problem)
    window = p["FlexibleTimeWindow"]
    if (window["Mode"] == "FLEXIBLE") != (window.get("MaximumWindowInMinutes") is not None):
        raise _refuse("MaximumWindowInMinutes is required for a flexible time window, and only for that.")
    target = p["Target"]
    arn = str(target["Arn"])
    if ":scheduler:::aws-sdk:" in arn:
        _check_universal(arn, str(target.get("Input") or ""))
    elif (":lambda:" in arn or ":states:" in arn) and target.get("Input") and not _is_json(target["Input"]):
        raise _refuse("The input of a Lambda or Step Functions target must be well-formed JSON.")
    role = str(target["RoleArn"])
    if not principals.trusts(role, {"Service": ["scheduler.amazonaws.com"]}, {"aws:SourceAccount": ACCOUNT}):
        raise _refuse(
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        )


def _check_universal(arn: str, text: str) -> None:
    operation = arn.rsplit(":", 1)[-1]
    if operation.lower().startswith(tuple(_READING)):
        raise _refuse(f"The operation {operation} only reads, which a universal target cannot do.")
    if not operation[:1].islower():
        raise _refuse(f"Invalid target {arn}: the operation is written with a small first letter.")
    if text and not _is_json(text):
        raise _refuse("The input of a universal target must be well-formed JSON.")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
