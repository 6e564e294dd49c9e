"""Lambda functions run: handler, context, time limit, environment, logs, errors, and their role's permissions."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from .conftest import World, allow, function, role


def _make(world: World, code: str, *statements: dict[str, Any], **more: Any) -> str:
    template = {
        "Resources": {
            "FnRole": role("lambda", *(statements or (allow("logs:*"),))),
            "Fn": function(code, **more),
        }
    }
    name = world.create(template)
    assert world.stack(name)["StackStatus"] == "CREATE_COMPLETE", world.events(name)
    return world.physical(name, "Fn")


def _invoke(world: World, function_name: str, event: Any = None) -> tuple[Any, dict[str, Any]]:
    answer = world.client("lambda").invoke(
        FunctionName=function_name, Payload=json.dumps(event).encode(), LogType="Tail"
    )
    return json.loads(answer["Payload"].read()), answer


def test_event_context_environment_and_logs(world: World) -> None:
    code = """
import os
def handler(event, context):
    print("hello from", context.function_name)
    return {"event": event, "left": context.get_remaining_time_in_millis(), "arn": context.invoked_function_arn,
            "word": os.environ["WORD"], "region": os.environ["AWS_REGION"], "request": context.aws_request_id}
"""
    name = _make(world, code, Environment={"Variables": {"WORD": "w"}}, Timeout=9)
    result, _ = _invoke(world, name, {"a": 1})
    assert result["event"] == {"a": 1}
    assert 5000 < result["left"] <= 9000
    assert result["arn"].endswith(f":function:{name}")
    assert (result["word"], result["region"]) == ("w", "us-east-1")
    time.sleep(0.5)
    events = world.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    messages = [event["message"] for event in events]
    assert f"hello from {name}" in messages
    assert any(message.startswith("REPORT RequestId") for message in messages)


def test_errors_are_told_as_lambda_tells_them(world: World) -> None:
    name = _make(world, "def handler(event, context):\n    raise ValueError('no')")
    result, answer = _invoke(world, name)
    assert answer["FunctionError"] == "Unhandled"
    assert result["errorType"] == "ValueError"
    assert result["errorMessage"] == "no"


def test_missing_module(world: World) -> None:
    result, _ = _invoke(world, _make(world, "import nothing_of_the_kind"))
    assert result["errorType"] == "Runtime.ImportModuleError"


def test_time_limit(world: World) -> None:
    name = _make(world, "import time\ndef handler(event, context):\n    time.sleep(30)", Timeout=1)
    result, answer = _invoke(world, name)
    assert answer["FunctionError"] == "Unhandled"
    assert "Task timed out after 1.00 seconds" in result["errorMessage"]


def test_the_role_decides_what_code_may_do(world: World) -> None:
    code = """
import boto3
def handler(event, context):
    sts = boto3.client("sts").get_caller_identity()["Arn"]
    try:
        boto3.client("sns").list_topics()
    except Exception as error:
        return [sts, str(error)]
    return [sts, ""]
"""
    denied, _ = _invoke(world, _make(world, code, allow("logs:*")))
    assert ":assumed-role/" in denied[0]
    assert "is not authorized to perform: SNS:ListTopics" in denied[1] or "sns:ListTopics" in denied[1]
    granted, _ = _invoke(world, _make(world, code, allow("sns:ListTopics")))
    assert granted[1] == ""


def test_new_code_and_configuration(world: World) -> None:
    template = {
        "Resources": {
            "FnRole": role("lambda", allow("logs:*")),
            "Fn": function("def handler(e, c): return 1"),
        }
    }
    name = world.create(template)
    template["Resources"]["Fn"] = function("def handler(e, c): return 2", Timeout=7)
    assert world.update(name, template) == "UPDATE_COMPLETE"
    assert _invoke(world, world.physical(name, "Fn"))[0] == 2


def test_no_permission_to_log_means_no_logs(world: World) -> None:
    name = _make(world, "def handler(e, c): return 1", allow("sns:ListTopics"))
    assert _invoke(world, name)[0] == 1
    groups = world.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"]
    assert groups == []


def test_other_runtimes_are_refused_by_name(world: World) -> None:
    name = _make(world, "exports.handler = async () => 1", Runtime="nodejs20.x")
    result, _ = _invoke(world, name)
    assert result["errorType"] == "Sandbox.UnsupportedRuntime"


@pytest.mark.parametrize("kind", ["throttled", "lost"])
def test_faults(world: World, kind: str) -> None:
    name = _make(world, "def handler(e, c): return 1")
    if kind == "throttled":
        world.sandbox.fault("lambda", resource=name, times=1)
        assert _invoke(world, name)[0] == 1  # botocore tries again
    else:
        world.sandbox.fault("lambda", resource=name, code="lost")
        answer = world.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b"{}")
        assert answer["StatusCode"] == 202
    assert world.sandbox.faults()[0]["hits"] == 1
