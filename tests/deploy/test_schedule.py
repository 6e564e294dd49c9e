"""The clock in the sandbox, with IAM enforced: off and on by an update of the stack, and what cfgen says meanwhile."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cfgen.sandbox import Sandbox
from tests.deploy.conftest import Run
from tests.specs import CONTAINER, changed

HOURS = {"timeZone": "Europe/Berlin", "from": "08:00", "to": "18:00"}
REGION = "us-east-1"
OFF = {"Endpoint", "SmokeTest"}


class Clock:
    """A stack whose hours come when a test says so."""

    def __init__(self, name: str, cfgen: Run, sandbox: Sandbox, folder: Path) -> None:
        self.name, self.cfgen, self.sandbox, self.folder = name, cfgen, sandbox, folder
        self.cloudformation = sandbox.client("cloudformation", REGION)

    def deploy(self, data: dict[str, Any], *options: str, code: int = 0) -> Any:
        path = self.folder / "example.yaml"
        path.write_text(yaml.safe_dump(data, sort_keys=False))
        ran = self.cfgen(
            "deploy",
            path,
            "--stack-name",
            self.name,
            "--region",
            REGION,
            "--sandbox",
            "--no-confirm",
            *options,
        )
        assert ran.code == code, ran.said
        return ran

    def rows(self) -> dict[str, str]:
        found = self.cloudformation.describe_stack_resources(StackName=self.name)["StackResources"]
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}

    def strikes(self, which: str) -> str:
        """Let the hour come, wait for what it does; the stack's status."""
        self.sandbox.fire(self.rows()[which], REGION)
        return self.settled()

    def settled(self) -> str:
        while True:
            (stack,) = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                return str(stack["StackStatus"])
            time.sleep(0.05)

    def reasons(self) -> str:
        events = self.cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        return "\n".join(one.get("ResourceStatusReason", "") for one in events)

    def says(self, command: str, *arguments: str) -> Any:
        return self.cfgen(command, self.name, *arguments, "--region", REGION)


@pytest.fixture
def clock(name: str, cfgen: Run, sandbox: Sandbox, tmp_path: Path) -> Iterator[Clock]:
    assert sandbox.configure()["enforce_iam"] is True
    found = Clock(name, cfgen, sandbox, tmp_path)
    yield found
    sandbox.clear_faults()
    ran = cfgen("destroy", name, "--region", REGION, "--no-confirm")
    assert ran.code == 0, ran.said


def test_a_day_of_an_endpoint(clock: Clock) -> None:
    data = changed(CONTAINER, schedule=HOURS)
    # rights under a condition are told before they are given
    assert "cloudformation:UpdateStack, lambda:InvokeFunction, sagemaker:AddTags" in clock.deploy(data).err
    there = clock.rows()

    # in the evening it goes, and nothing else does; a second attempt changes nothing
    assert clock.strikes("Closing") == "UPDATE_COMPLETE", clock.reasons()
    assert there.items() - clock.rows().items() == {(name, there[name]) for name in OFF}
    changed_at = clock.cloudformation.describe_stacks(StackName=clock.name)["Stacks"][0]["LastUpdatedTime"]
    clock.strikes("Closing")
    (stack,) = clock.cloudformation.describe_stacks(StackName=clock.name)["Stacks"]
    assert stack["LastUpdatedTime"] == changed_at

    # what cfgen says of it
    back = f"--stack-name {clock.name} --region {REGION} --parameter EndpointEnabled=yes"
    status = clock.says("status")
    assert "endpoint: switched off; on again with" in status.out
    assert back in status.out
    assert json.loads(clock.says("status", "--format", "json").out)["switchedOff"] is True
    for command, arguments in (("invoke", ["hello"]), ("outputs", ["EndpointName"])):
        ran = clock.says(command, *arguments)
        assert ran.code == 1
        assert f"the endpoint of {clock.name} is switched off" in ran.err
        assert back in ran.err
    outputs = clock.says("outputs")
    assert "EndpointEnabled: no" in outputs.out
    assert back in outputs.err
    assert clock.says("logs").code == 0

    # a deployment by night changes what stands and leaves it off, with the template's defaults too
    newer = changed(data, model__env={"CHANGED": "yes"})
    said = clock.deploy(newer, "--reset-parameters").said
    assert "the endpoint is switched off, and stays so" in said
    assert "nothing was asked of it" in said
    assert not OFF & clock.rows().keys()

    # in the morning it is back, under its name, and serves what the night brought
    assert clock.strikes("Opening") == "UPDATE_COMPLETE", clock.reasons()
    assert clock.rows()["Endpoint"] == there["Endpoint"]
    assert clock.rows()["EndpointConfig"] != there["EndpointConfig"]
    assert clock.says("invoke", "hello").code == 0

    # by hand, off and on
    clock.deploy(newer, "--parameter", "EndpointEnabled=no")
    assert not OFF & clock.rows().keys()
    assert "answered in" in clock.deploy(newer, "--parameter", "EndpointEnabled=yes").out

    # the clock may be stopped, and the schedule given up while the endpoint is off
    clock.strikes("Closing")
    clock.deploy(newer, "--parameter", "ScheduleEnabled=no")
    clock.strikes("Opening")
    assert not OFF & clock.rows().keys()
    clock.deploy(changed(newer, schedule=...))
    assert clock.rows().keys() >= OFF


def test_a_morning_without_instances(clock: Clock) -> None:
    clock.deploy(changed(CONTAINER, schedule=HOURS))
    clock.strikes("Closing")
    clock.sandbox.fault(
        "resource", resource="AWS::SageMaker::Endpoint", action="create", message="no capacity"
    )
    assert clock.strikes("Opening") == "UPDATE_ROLLBACK_COMPLETE"
    assert not OFF & clock.rows().keys()
    assert clock.strikes("Opening") == "UPDATE_COMPLETE", clock.reasons()
    assert clock.rows().keys() >= OFF
    # destroyed while it is off, nothing is in the way
    clock.strikes("Closing")


def test_scaling_goes_and_comes_with_the_endpoint(clock: Clock) -> None:
    clock.deploy(changed(CONTAINER, schedule=HOURS, scaling={"max": 3}, alarms=True, dashboard=True))
    before = clock.rows()
    assert clock.strikes("Closing") == "UPDATE_COMPLETE", clock.reasons()
    assert before.keys() - clock.rows().keys() == {*OFF, "ScalableTarget", "ScalingPolicy"}
    assert clock.strikes("Opening") == "UPDATE_COMPLETE", clock.reasons()
    assert clock.rows().keys() == before.keys()


def test_components_go_and_come_with_the_endpoint(clock: Clock) -> None:
    s3 = clock.sandbox.client("s3", REGION)
    s3.create_bucket(Bucket="my-adapters")
    s3.put_object(Bucket="my-adapters", Key="tuned.tar.gz", Body=b"weights")
    listed = [
        {"name": "chat", "scaling": {"min": 0, "max": 2}},
        {"name": "code", "model": {"env": {"SM_VLLM_MAX_NUM_SEQS": "8"}}},
        {"name": "tuned", "base": "code", "adapter": "s3://my-adapters/tuned.tar.gz"},
    ]
    data = changed(
        CONTAINER, endpoint__instanceType="ml.g5.12xlarge", components=listed, schedule=HOURS,
        alarms=True, dashboard=True, deployment={}, security={"invokePolicy": {}}, tags={"team": "a"},
    )  # fmt: skip
    clock.deploy(data)
    before = clock.rows()
    assert clock.strikes("Closing") == "UPDATE_COMPLETE", clock.reasons()
    assert before.keys() - clock.rows().keys() == {
        "Endpoint", "ChatComponent", "CodeComponent", "TunedComponent",
        "ChatScalableTarget", "ChatScalingPolicy", "ChatWakePolicy", "ChatWakeAlarm",
        "ChatSmokeTest", "CodeSmokeTest", "TunedSmokeTest",
    }  # fmt: skip
    ran = clock.says("invoke", "hello", "--component", "code")
    assert "is switched off" in ran.err
    assert clock.says("logs").code == 0
    assert clock.strikes("Opening") == "UPDATE_COMPLETE", clock.reasons()
    after = clock.rows()
    assert after.keys() == before.keys()
    assert after["CodeComponent"] == before["CodeComponent"], "under its name"
    assert clock.says("invoke", "hello", "--component", "code").code == 0
    # by hand as well, without hours
    by_hand = changed(data, schedule={})
    clock.deploy(by_hand, "--parameter", "EndpointEnabled=no")
    assert "CodeComponent" not in clock.rows()
    clock.deploy(by_hand, "--parameter", "EndpointEnabled=yes")
    assert clock.rows()["CodeComponent"] == before["CodeComponent"]


def test_a_service_role_does_what_the_schedule_may_not(clock: Clock) -> None:
    iam = clock.sandbox.client("iam")
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudformation.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    role = iam.create_role(RoleName=clock.name, AssumeRolePolicyDocument=_policy(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName=clock.name, PolicyName="all", PolicyDocument=_policy(everything))
    clock.deploy(
        changed(CONTAINER, schedule=HOURS),
        *("--role-arn", role, "--parameter", "ScheduleUsesServiceRole=yes"),
    )
    (only,) = iam.list_role_policies(RoleName=clock.rows()["ScheduleRole"])["PolicyNames"]
    assert only == "update"
    before = clock.rows()
    assert clock.strikes("Closing") == "UPDATE_COMPLETE", clock.reasons()
    assert before.keys() - clock.rows().keys() == OFF
    # stacks of other tests may have endpoints here
    endpoints = clock.sandbox.client("sagemaker", REGION).list_endpoints()["Endpoints"]
    assert before["Endpoint"] not in {one["EndpointArn"] for one in endpoints}
    assert clock.strikes("Opening") == "UPDATE_COMPLETE", clock.reasons()
    assert clock.rows().keys() == before.keys()


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_no_service_role_and_no_rights_are_refused(clock: Clock) -> None:
    data = changed(CONTAINER, schedule=HOURS)
    ran = clock.deploy(data, "--parameter", "ScheduleUsesServiceRole=yes", code=1)
    assert "ScheduleUsesServiceRole is yes, and the stack has no service role" in ran.err
    assert "--role-arn" in ran.err
    clock.deploy(data)


def test_bounds_of_an_asynchronous_endpoint(clock: Clock) -> None:
    data = changed(CONTAINER, schedule=HOURS, scaling={"max": 3}, **{"async": {}})
    clock.deploy(data)
    scaling = clock.sandbox.client("application-autoscaling", REGION)
    found = {
        one["ScheduledActionName"]: (one["Schedule"], one["Timezone"], one["ScalableTargetAction"])
        for one in scaling.describe_scheduled_actions(ServiceNamespace="sagemaker")["ScheduledActions"]
    }
    assert found == {
        "open": ("cron(0 8 ? * MON-FRI *)", "Europe/Berlin", {"MinCapacity": 0, "MaxCapacity": 3}),
        "close": ("cron(0 18 ? * MON-FRI *)", "Europe/Berlin", {"MinCapacity": 0, "MaxCapacity": 0}),
    }
    clock.deploy(changed(data, schedule__to="20:00"))
    (hours,) = {
        one["Schedule"]
        for one in scaling.describe_scheduled_actions(ServiceNamespace="sagemaker")["ScheduledActions"]
        if one["ScheduledActionName"] == "close"
    }
    assert hours == "cron(0 20 ? * MON-FRI *)"
    clock.deploy(changed(data, schedule=...))
    assert scaling.describe_scheduled_actions(ServiceNamespace="sagemaker")["ScheduledActions"] == []
