"""Step Functions executes what our parts use, with the machine's role; stopping it stops its build."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import World, allow, function, role

LOGS = allow("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
EVENTS = allow("events:PutTargets", "events:PutRule", "events:DescribeRule")


def _stack(
    world: World, states: dict[str, Any], *statements: dict[str, Any], code: str = "", build: str = "true"
) -> str:
    template: dict[str, Any] = {
        "Resources": {
            "BuildRole": role("codebuild", LOGS),
            "Project": {
                "Type": "AWS::CodeBuild::Project",
                "Properties": {
                    "ServiceRole": {"Fn::GetAtt": ["BuildRole", "Arn"]},
                    "Artifacts": {"Type": "NO_ARTIFACTS"},
                    "Environment": {
                        "Type": "ARM_CONTAINER",
                        "ComputeType": "BUILD_GENERAL1_SMALL",
                        "Image": "x",
                    },
                    "Source": {
                        "Type": "NO_SOURCE",
                        "BuildSpec": json.dumps({"version": 0.2, "phases": {"build": {"commands": [build]}}}),
                    },
                },
            },
            "FnRole": role("lambda", LOGS),
            "Fn": function(code or "def handler(event, context): return event"),
            "Role": role("states", *(statements or (allow("*"),))),
            "Machine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                    "Definition": {"StartAt": next(iter(states)), "States": states},
                    "DefinitionSubstitutions": {"Project": {"Ref": "Project"}, "Fn": {"Ref": "Fn"}},
                },
            },
        }
    }
    return world.create(template)


def _run(world: World, name: str, given: Any = None) -> dict[str, Any]:
    stepfunctions = world.client("stepfunctions")
    arn = stepfunctions.start_execution(
        stateMachineArn=world.physical(name, "Machine"), input=json.dumps(given or {})
    )["executionArn"]
    end = time.monotonic() + 30
    while time.monotonic() < end:
        found: dict[str, Any] = stepfunctions.describe_execution(executionArn=arn)
        if found["status"] != "RUNNING":
            return found
        time.sleep(0.05)
    raise AssertionError(found)


def _ok(world: World, states: dict[str, Any], given: Any = None, **more: Any) -> Any:
    name = _stack(world, states, **more)
    assert world.stack(name)["StackStatus"] == "CREATE_COMPLETE", world.events(name)
    found = _run(world, name, given)
    assert found["status"] == "SUCCEEDED", found
    return json.loads(found["output"])


BUILD = {
    "Type": "Task",
    "Resource": "arn:aws:states:::codebuild:startBuild.sync",
    "Parameters": {
        "ProjectName": "${Project}",
        "EnvironmentVariablesOverride": [{"Name": "A", "Value.$": "$.word", "Type": "PLAINTEXT"}],
    },
    "TimeoutSeconds": 30,
    "ResultPath": "$.Build",
    "End": True,
}


def test_a_build_that_succeeds(world: World) -> None:
    output = _ok(world, {"Build": BUILD}, {"word": "w"}, build='test "$A" = w')
    assert output["Build"]["Build"]["BuildStatus"] == "SUCCEEDED"
    assert output["word"] == "w"


def test_a_build_that_fails_is_caught(world: World) -> None:
    states = {
        "Build": {
            **BUILD,
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.Error", "Next": "Told"}],
        },
        "Told": {
            "Type": "Pass",
            "Parameters": {"Cause.$": "States.StringToJson($.Error.Cause)"},
            "End": True,
        },
    }
    output = _ok(world, states, {"word": "w"}, build="exit 1")
    assert output["Cause"]["Build"]["BuildStatus"] == "FAILED"


def test_flow(world: World) -> None:
    states: dict[str, Any] = {
        "Pass": {"Type": "Pass", "Result": {"b": [1, 2, 3]}, "ResultPath": "$.a", "Next": "Wait"},
        "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Choice"},
        "Choice": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.none", "IsPresent": True, "Next": "Bad"},
                {
                    "And": [
                        {"Variable": "$.a.b[2]", "NumericGreaterThan": 2},
                        {"Variable": "$.name", "StringMatches": "x*"},
                    ],
                    "Next": "Each",
                },
            ],
            "Default": "Bad",
        },
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.a.b",
            "ItemSelector": {"n.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index", "name.$": "$.name"},
            "ItemProcessor": {
                "StartAt": "One",
                "States": {
                    "One": {
                        "Type": "Pass",
                        "Parameters": {"t.$": "States.Format('{}-{}', $.name, $.n)"},
                        "End": True,
                    }
                },
            },
            "ResultPath": "$.each",
            "Next": "Both",
        },
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {
                    "StartAt": "L",
                    "States": {"L": {"Type": "Pass", "Parameters": {"l.$": "$.name"}, "End": True}},
                },
                {"StartAt": "R", "States": {"R": {"Type": "Pass", "Result": 2, "End": True}}},
            ],
            "ResultPath": "$.both",
            "OutputPath": "$",
            "Next": "Done",
        },
        "Done": {"Type": "Succeed"},
        "Bad": {"Type": "Fail", "Error": "Bad", "Cause": "bad"},
    }
    output = _ok(world, states, {"name": "xy"})
    assert output["each"] == [{"t": "xy-1"}, {"t": "xy-2"}, {"t": "xy-3"}]
    assert output["both"] == [{"l": "xy"}, 2]


def test_lambda_with_retry(world: World) -> None:
    code = """
import boto3
def handler(event, context):
    ssm = boto3.client("ssm")
    try:
        ssm.put_parameter(Name="/tried/" + event["key"], Value="x", Type="String")
    except ssm.exceptions.ParameterAlreadyExists:
        return "second"
    raise KeyError("first")
"""
    states = {
        "Fn": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "${Fn}", "Payload.$": "$"},
            "Retry": [{"ErrorEquals": ["KeyError"], "MaxAttempts": 2}],
            "ResultSelector": {"said.$": "$.Payload"},
            "End": True,
        }
    }
    name = _stack(world, states, code=code)
    role_name = world.physical(name, "FnRole")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow("ssm:PutParameter")]})
    world.client("iam").put_role_policy(RoleName=role_name, PolicyName="more", PolicyDocument=policy)
    found = _run(world, name, {"key": name})
    assert json.loads(found["output"]) == {"said": "second"}


def test_any_api_by_the_sdk_integration(world: World) -> None:
    states = {
        "Put": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:ssm:putParameter",
            "Parameters": {"Name": "/by/sdk", "Value.$": "$.v", "Type": "String"},
            "Next": "Get",
        },
        "Get": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:ssm:getParameter",
            "Parameters": {"Name": "/by/sdk"},
            "OutputPath": "$.Parameter.Value",
            "End": True,
        },
    }
    assert _ok(world, states, {"v": "v"}) == "v"


def test_a_role_without_permission_fails(world: World) -> None:
    states = {
        "Put": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:ssm:putParameter",
            "Parameters": {"Name": "/x", "Value": "v", "Type": "String"},
            "End": True,
        }
    }
    name = _stack(world, states, allow("ssm:GetParameter"))
    found = _run(world, name)
    assert found["status"] == "FAILED"
    assert "is not authorized to perform: ssm:PutParameter" in found["cause"]


def test_sync_needs_the_managed_rule(world: World) -> None:
    name = _stack(world, {"Build": BUILD}, allow("codebuild:*"))
    assert any("is not authorized to create managed-rule" in line for line in world.events(name))


def test_task_time_limit_and_stop_end_the_build(world: World) -> None:
    slow = {**BUILD, "TimeoutSeconds": 1}
    name = _stack(world, {"Build": slow}, allow("codebuild:*"), EVENTS, build="sleep 60")
    project = world.physical(name, "Project")
    codebuild = world.client("codebuild")

    def ended(build_id: str) -> str:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            build = codebuild.batch_get_builds(ids=[build_id])["builds"][0]
            if build["buildComplete"]:
                return str(build["buildStatus"])
            time.sleep(0.05)
        return "RUNNING"

    found = _run(world, name, {"word": "w"})
    assert (found["status"], found["error"]) == ("FAILED", "States.Timeout")
    assert ended(codebuild.list_builds_for_project(projectName=project)["ids"][0]) == "STOPPED"

    calm = {**BUILD, "TimeoutSeconds": 60}
    name = _stack(world, {"Build": calm}, allow("codebuild:*"), EVENTS, build="sleep 60")
    project = world.physical(name, "Project")
    stepfunctions = world.client("stepfunctions")
    arn = stepfunctions.start_execution(
        stateMachineArn=world.physical(name, "Machine"), input='{"word": "w"}'
    )
    while not codebuild.list_builds_for_project(projectName=project)["ids"]:
        time.sleep(0.05)
    stepfunctions.stop_execution(executionArn=arn["executionArn"], cause="deleted")
    assert stepfunctions.describe_execution(executionArn=arn["executionArn"])["status"] == "ABORTED"
    assert ended(codebuild.list_builds_for_project(projectName=project)["ids"][0]) == "STOPPED"


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}, "Missing 'Next' target: B"),
        ({"StartAt": "A", "States": {"A": {"Type": "Passs", "End": True}}}, "Type of"),
        (
            {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}, "B": {"Type": "Succeed"}}},
            "not reachable",
        ),
        (
            {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "x", "End": True}}},
            "not a valid resource ARN",
        ),
    ],
)
def test_bad_definitions(world: World, definition: dict[str, Any], message: str) -> None:
    name = world.create(
        {
            "Resources": {
                "Role": role("states"),
                "M": {
                    "Type": "AWS::StepFunctions::StateMachine",
                    "Properties": {
                        "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                        "DefinitionString": json.dumps(definition),
                    },
                },
            }
        }
    )
    assert any(message in line for line in world.events(name)), world.events(name)


def test_executions_are_idempotent_by_name(world: World) -> None:
    name = _stack(world, {"W": {"Type": "Wait", "Seconds": 600, "End": True}})
    stepfunctions, machine = world.client("stepfunctions"), world.physical(name, "Machine")
    first = stepfunctions.start_execution(stateMachineArn=machine, name="once", input="{}")
    assert (
        stepfunctions.start_execution(stateMachineArn=machine, name="once", input="{}")["executionArn"]
        == first["executionArn"]
    )
    with pytest.raises(ClientError, match="Execution Already Exists"):
        stepfunctions.start_execution(stateMachineArn=machine, name="once", input='{"a": 1}')
    stepfunctions.stop_execution(executionArn=first["executionArn"])


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("ThrottlingException", "CodeBuild.CodeBuildException"),
        ("AccessDeniedException", "CodeBuild.CodeBuildException"),
        ("AccountLimitExceededException", "CodeBuild.AccountLimitExceededException"),
        ("InvalidInputException", "CodeBuild.InvalidInputException"),
    ],
)
def test_the_names_of_a_service_s_errors(world: World, code: str, name: str) -> None:
    """What the operation's model does not list comes as the exception all of the service's errors share."""
    world.sandbox.fault("error", service="codebuild", operation="StartBuild", times=0, code=code)
    states = {
        "Build": {**BUILD, "Catch": [{"ErrorEquals": [name], "Next": "Told"}]},
        "Told": {"Type": "Pass", "End": True},
    }
    assert _ok(world, states, {"word": "w"})["Error"] == name


def test_the_shared_error_of_lambda(world: World) -> None:
    states = {
        "Call": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "${Fn}"},
            "Catch": [{"ErrorEquals": ["Lambda.AWSLambdaException"], "Next": "Told"}],
            "End": True,
        },
        "Told": {"Type": "Pass", "End": True},
    }
    name = _stack(world, states, allow("logs:PutLogEvents"))
    found = _run(world, name)
    assert found["status"] == "SUCCEEDED", found
    assert "lambda:InvokeFunction" in found["output"]


def test_a_machine_s_own_time_limit(world: World) -> None:
    states = {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}
    name = _stack(world, states)
    machine = world.physical(name, "Machine")
    text = json.dumps({"StartAt": "Wait", "States": states, "TimeoutSeconds": 1})
    world.client("stepfunctions").update_state_machine(stateMachineArn=machine, definition=text)
    # the timer's thread and the execution's race to the end: each time it is a time-out
    assert {_run(world, name)["status"] for _ in range(3)} == {"TIMED_OUT"}


def test_a_task_waits_for_its_token(world: World) -> None:
    stepfunctions, ssm = world.client("stepfunctions"), world.client("ssm")
    place = f"/token/{world.name()}"
    states = {
        "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:ssm:putParameter.waitForTaskToken",
            "Parameters": {"Name": place, "Value.$": "$$.Task.Token", "Type": "String", "Overwrite": True},
            "TimeoutSeconds": 3,
            "Retry": [{"ErrorEquals": ["States.Timeout"], "MaxAttempts": 1, "IntervalSeconds": 1}],
            "End": True,
        }
    }
    name = _stack(world, states)
    arn = stepfunctions.start_execution(stateMachineArn=world.physical(name, "Machine"))["executionArn"]

    def asked(before: str) -> str:
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                token = str(ssm.get_parameter(Name=place)["Parameter"]["Value"])
            except ClientError:
                token = before
            if token != before:
                return token
            time.sleep(0.05)
        raise AssertionError(stepfunctions.describe_execution(executionArn=arn))

    first = asked("")
    second = asked(first)
    with pytest.raises(ClientError, match="TaskDoesNotExist"):
        stepfunctions.send_task_success(taskToken=first, output="1")
    with pytest.raises(ClientError, match="TaskTimedOut"):
        stepfunctions.send_task_heartbeat(taskToken=first)
    stepfunctions.send_task_heartbeat(taskToken=second)
    stepfunctions.send_task_success(taskToken=second, output='{"answer": 2}')
    end = time.monotonic() + 30
    while (found := stepfunctions.describe_execution(executionArn=arn))["status"] == "RUNNING":
        assert time.monotonic() < end
        time.sleep(0.05)
    assert (found["status"], json.loads(found["output"])) == ("SUCCEEDED", {"answer": 2})


def test_executions_of_one_name_begun_at_once_are_one(world: World) -> None:
    name = _stack(world, {"Wait": {"Type": "Wait", "Seconds": 20, "End": True}})
    stepfunctions, machine = world.client("stepfunctions"), world.physical(name, "Machine")
    with ThreadPoolExecutor(8) as pool:
        begun = list(
            pool.map(
                lambda _: stepfunctions.start_execution(stateMachineArn=machine, name="once")["startDate"],
                range(8),
            )
        )
    assert len(set(begun)) == 1
    assert len(stepfunctions.list_executions(stateMachineArn=machine)["executions"]) == 1
