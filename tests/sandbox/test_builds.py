"""CodeBuild runs a build specification's commands; its faults end as CodeBuild ends them."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import World, allow, role

LOGS = allow("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")


def _project(world: World, spec: str, *statements: dict[str, Any], **more: Any) -> tuple[str, str]:
    template = {
        "Resources": {
            "Role": role("codebuild", *(statements or (LOGS,))),
            "Project": {
                "Type": "AWS::CodeBuild::Project",
                "Properties": {
                    "ServiceRole": {"Fn::GetAtt": ["Role", "Arn"]},
                    "Artifacts": {"Type": "NO_ARTIFACTS"},
                    "Environment": {
                        "Type": "LINUX_CONTAINER",
                        "ComputeType": "BUILD_GENERAL1_SMALL",
                        "Image": "aws/codebuild/standard:7.0",
                        "EnvironmentVariables": [{"Name": "WORD", "Value": "project"}],
                    },
                    "Source": {"Type": "NO_SOURCE", "BuildSpec": spec},
                    **more,
                },
            },
        }
    }
    name = world.create(template)
    assert world.stack(name)["StackStatus"] == "CREATE_COMPLETE", world.events(name)
    return name, world.physical(name, "Project")


def _start(world: World, project: str, **more: Any) -> str:
    return str(world.client("codebuild").start_build(projectName=project, **more)["build"]["id"])


def _finish(world: World, build_id: str) -> dict[str, Any]:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        build: dict[str, Any] = world.client("codebuild").batch_get_builds(ids=[build_id])["builds"][0]
        if build["buildComplete"]:
            return build
        time.sleep(0.05)
    raise AssertionError(build)


def _log(world: World, build: dict[str, Any]) -> list[str]:
    logs = build["logs"]
    events = world.client("logs").get_log_events(
        logGroupName=logs["groupName"], logStreamName=logs["streamName"]
    )
    return [event["message"] for event in events["events"]]


def _phases(build: dict[str, Any]) -> dict[str, str]:
    return {phase["phaseType"]: phase.get("phaseStatus", "") for phase in build["phases"]}


SPEC = """
version: 0.2
env:
  variables: {WORD: spec, OTHER: spec}
  exported-variables: [RESULT]
phases:
  install: {commands: ["ls -A | wc -l", "mkdir deep; cd deep", "export CARRIED=yes"]}
  build:
    commands:
      - basename "$PWD"
      - |
        for i in 1 2; do
          echo "carried $CARRIED $i"
        done
      - echo "$WORD $OTHER $LATE"
      - export RESULT="$CARRIED-done"
  post_build: {commands: ['echo "succeeding $CODEBUILD_BUILD_SUCCEEDING"']}
"""


def test_commands_share_folder_and_variables(world: World) -> None:
    _, project = _project(world, SPEC)
    late = [{"name": "LATE", "value": "start"}]
    build = _finish(world, _start(world, project, environmentVariablesOverride=late))
    assert build["buildStatus"] == "SUCCEEDED", _log(world, build)
    log = _log(world, build)
    for line in ("0", "deep", "carried yes 1", "carried yes 2", "project spec start", "succeeding 1"):
        assert line in log, log
    assert build["exportedEnvironmentVariables"] == [{"name": "RESULT", "value": "yes-done"}]
    assert _phases(build)["POST_BUILD"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("failing", "ran"),
    [("install", []), ("pre_build", []), ("build", ["POST_BUILD"]), ("post_build", ["POST_BUILD"])],
)
def test_a_failing_phase(world: World, failing: str, ran: list[str]) -> None:
    phases = {
        name: {"commands": ["echo ok", "exit 3" if name == failing else "echo on"]}
        for name in ("install", "pre_build", "build", "post_build")
    }
    phases[failing]["finally"] = ["echo tidying"]
    _, project = _project(world, json.dumps({"version": 0.2, "phases": phases}))
    build = _finish(world, _start(world, project))
    assert build["buildStatus"] == "FAILED"
    found = _phases(build)
    assert found[failing.upper()] == "FAILED"
    assert ("POST_BUILD" in found) == ("POST_BUILD" in ran)
    assert "tidying" in _log(world, build)
    context = next(p for p in build["phases"] if p["phaseType"] == failing.upper())["contexts"][0]
    assert context["statusCode"] == "COMMAND_EXECUTION_ERROR"
    assert "exit 3. Reason: exit status 3" in context["message"]


def test_a_command_ended_by_a_signal(world: World) -> None:
    spec = "version: 0.2\nphases: {build: {commands: ['kill -XFSZ $$']}}"
    _, project = _project(world, spec, LOGS)
    build = _finish(world, _start(world, project))
    [context] = next(phase for phase in build["phases"] if phase["phaseType"] == "BUILD")["contexts"]
    assert context["message"].endswith("Reason: exit status 153")


def test_a_daemon_that_a_command_leaves_behind_holds_nothing_up(world: World) -> None:
    """In a session of its own it survives the command, and keeps its output open."""
    spec = "version: 0.2\nphases: {build: {commands: ['setsid sleep 25 &', 'echo done']}}"
    _, project = _project(world, spec)
    began = time.monotonic()
    build = _finish(world, _start(world, project))
    assert build["buildStatus"] == "SUCCEEDED", _log(world, build)
    assert time.monotonic() - began < 20


LONG = 'version: 0.2\nphases: {build: {commands: ["sleep 60"]}, post_build: {commands: ["echo after"]}}'


def test_a_stopped_build_runs_no_post_build(world: World) -> None:
    _, project = _project(world, LONG)
    build_id = _start(world, project)
    while "BUILD" not in _phases(world.client("codebuild").batch_get_builds(ids=[build_id])["builds"][0]):
        time.sleep(0.05)
    world.client("codebuild").stop_build(id=build_id)
    build = _finish(world, build_id)
    assert build["buildStatus"] == "STOPPED"
    assert "POST_BUILD" not in _phases(build)


def test_time_limits(world: World) -> None:
    world.sandbox.configure(build_minute=0.1)
    try:
        _, project = _project(world, LONG, TimeoutInMinutes=5, QueuedTimeoutInMinutes=5)
        build = _finish(world, _start(world, project))
        assert build["buildStatus"] == "TIMED_OUT"
        assert _phases(build)["BUILD"] == "TIMED_OUT"
        assert "POST_BUILD" not in _phases(build)
        world.sandbox.fault("kill-build", resource=project, action="queue")
        build = _finish(world, _start(world, project))
        assert build["buildStatus"] == "TIMED_OUT"
        assert _phases(build)["QUEUED"] == "TIMED_OUT"
    finally:
        world.sandbox.configure(build_minute=60)


def test_a_killed_build(world: World) -> None:
    _, project = _project(world, LONG)
    world.sandbox.fault("kill-build", resource=project, action="build", seconds=0.1)
    build = _finish(world, _start(world, project))
    assert build["buildStatus"] == "FAULT"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("version: 0.1\nphases: {build: {commands: [ls]}}", "buildspec version"),
        ("version: 0.2\nphases: {bild: {commands: [ls]}}", "Invalid buildspec phase name: bild"),
        ("version: 0.2\nphases: {build: {commands: [{a: b}]}}", "found subkeys"),
    ],
)
def test_a_bad_buildspec(world: World, spec: str, message: str) -> None:
    _, project = _project(world, spec)
    build = _finish(world, _start(world, project))
    assert build["buildStatus"] == "FAILED"
    context = next(p for p in build["phases"] if p["phaseType"] == "DOWNLOAD_SOURCE")["contexts"][0]
    assert context["statusCode"] == "YAML_FILE_ERROR"
    assert message in context["message"]


def test_the_service_role_must_be_able_to_log(world: World) -> None:
    _, project = _project(world, SPEC, allow("s3:GetObject"))
    build = _finish(world, _start(world, project))
    assert build["buildStatus"] == "FAILED"
    context = next(p for p in build["phases"] if p["phaseType"] == "PROVISIONING")["contexts"][0]
    assert context["statusCode"] == "ACCESS_DENIED"
    assert "is not authorized to perform: logs:CreateLogStream" in context["message"]


def test_secrets_and_parameters(world: World) -> None:
    world.client("ssm").put_parameter(Name="/build/word", Value="from-ssm", Type="SecureString")
    world.client("secretsmanager").create_secret(Name="build-secret", SecretString='{"key": "from-secret"}')
    spec = """
version: 0.2
env: {parameter-store: {A: /build/word}, secrets-manager: {B: "build-secret:key"}}
phases: {build: {commands: ["echo $A $B"]}}
"""
    both = allow("ssm:GetParameter", "secretsmanager:GetSecretValue", "logs:*")
    _, project = _project(world, spec, both)
    build = _finish(world, _start(world, project))
    assert "from-ssm from-secret" in _log(world, build)
    _, project = _project(world, spec, LOGS)
    assert _finish(world, _start(world, project))["buildStatus"] == "FAILED"


def test_events_reach_a_function(world: World) -> None:
    from .conftest import function

    code = "import boto3, json\ndef handler(event, context):\n" + (
        "    d = event['detail']\n"
        "    boto3.client('ssm').put_parameter(Name='/seen/' + d['project-name'] + '/' + d['build-status'],"
        " Value=event['detail-type'], Type='String')\n"
    )
    template = {
        "Resources": {
            "FnRole": role("lambda", allow("logs:*", "ssm:PutParameter")),
            "Fn": function(code),
            "Rule": {
                "Type": "AWS::Events::Rule",
                "Properties": {
                    "EventPattern": {
                        "source": ["aws.codebuild"],
                        "detail-type": ["CodeBuild Build State Change"],
                        "detail": {"build-status": ["SUCCEEDED", "FAILED"]},
                    },
                    "Targets": [{"Id": "fn", "Arn": {"Fn::GetAtt": ["Fn", "Arn"]}}],
                },
            },
            "Permission": {
                "Type": "AWS::Lambda::Permission",
                "Properties": {
                    "FunctionName": {"Ref": "Fn"},
                    "Action": "lambda:InvokeFunction",
                    "Principal": "events.amazonaws.com",
                    "SourceArn": {"Fn::GetAtt": ["Rule", "Arn"]},
                },
            },
        }
    }
    world.create(template)
    _, project = _project(world, 'version: 0.2\nphases: {build: {commands: ["true"]}}')
    _finish(world, _start(world, project))
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            found = world.client("ssm").get_parameter(Name=f"/seen/{project}/SUCCEEDED")
            break
        except ClientError:
            time.sleep(0.1)
    assert found["Parameter"]["Value"] == "CodeBuild Build State Change"


def test_projects_through_the_api(world: World) -> None:
    _, project = _project(world, SPEC)
    codebuild = world.client("codebuild")
    assert project in codebuild.list_projects()["projects"]
    assert codebuild.batch_get_projects(names=[project, "none"])["projectsNotFound"] == ["none"]
    with pytest.raises(ClientError, match="Project cannot be found"):
        codebuild.start_build(projectName="none")


def test_lost_and_doubled_events(world: World) -> None:
    """A rule without a target shows how often an event came by: SQS is moto's, so a state machine counts."""
    from .conftest import allow as permit

    states = {
        "Count": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:ssm:putParameter",
            "Parameters": {
                "Name.$": "States.Format('/count/{}/{}', $.detail.project-name, States.UUID())",
                "Value": "x",
                "Type": "String",
            },
            "End": True,
        }
    }
    template = {
        "Resources": {
            "Role": role("states", permit("ssm:PutParameter")),
            "Machine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                    "Definition": {"StartAt": "Count", "States": states},
                },
            },
            "Deliver": role("events", permit("states:StartExecution", on={"Ref": "Machine"})),
            "Rule": {
                "Type": "AWS::Events::Rule",
                "Properties": {
                    "EventPattern": {"source": ["aws.codebuild"], "detail": {"build-status": ["SUCCEEDED"]}},
                    "Targets": [
                        {"Id": "m", "Arn": {"Ref": "Machine"}, "RoleArn": {"Fn::GetAtt": ["Deliver", "Arn"]}}
                    ],
                },
            },
        }
    }
    counter = world.create(template)
    assert world.stack(counter)["StackStatus"] == "CREATE_COMPLETE", world.events(counter)
    _, project = _project(world, 'version: 0.2\nphases: {build: {commands: ["true"]}}')

    def count(wanted: int) -> int:
        path = {"Path": f"/count/{project}", "Recursive": True}
        end = time.monotonic() + 30
        while time.monotonic() < end:
            found = len(world.client("ssm").get_parameters_by_path(**path)["Parameters"])
            if found >= wanted:
                break
            time.sleep(0.1)
        return found

    def struck(times: list[int]) -> None:
        build = _finish(world, _start(world, project))
        assert build["buildStatus"] == "SUCCEEDED", (build["phases"], _log(world, build))
        end = time.monotonic() + 30
        while (hits := [fault["hits"] for fault in world.sandbox.faults()]) != times:
            assert time.monotonic() < end, hits
            time.sleep(0.05)

    # of this project alone: a build of another test may end now
    about = {"detail_type": "CodeBuild Build State Change", "resource": f"*/{project}:*"}
    world.sandbox.fault("lose-event", **about)
    struck([1])
    world.sandbox.fault("lose-event", action="duplicate", **about)
    struck([1, 1])
    # the first build's event would have come before the second's
    assert count(2) == 2, (world.sandbox.folder / "sandbox.log").read_text()[-2000:]
    world.delete(counter)
