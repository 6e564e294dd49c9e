"""One sandbox for all tests of a worker; each test uses stacks of its own."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from cfgen.sandbox import Sandbox

IAM = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_numbers = itertools.count(1)


class World:
    """A sandbox with what tests do to stacks all the time."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.region = "us-east-1"

    def client(self, service: str) -> Any:
        return self.sandbox.client(service, self.region)

    @property
    def cfn(self) -> Any:
        return self.client("cloudformation")

    def name(self) -> str:
        return f"stack-{next(_numbers)}"

    def create(self, template: Any, name: str = "", **more: Any) -> str:
        name = name or self.name()
        body = template if isinstance(template, str) else json.dumps(template)
        self.cfn.create_stack(StackName=name, TemplateBody=body, Capabilities=IAM, **more)
        self.wait(name)
        return name

    def update(self, name: str, template: Any = None, **more: Any) -> str:
        body = template if isinstance(template, str) else json.dumps(template)
        source = {"UsePreviousTemplate": True} if template is None else {"TemplateBody": body}
        self.cfn.update_stack(StackName=name, Capabilities=IAM, **source, **more)
        return self.wait(name)

    def delete(self, name: str) -> str:
        identifier = self.stack(name)["StackId"]
        self.cfn.delete_stack(StackName=name)
        return self.wait(identifier)

    def stack(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.cfn.describe_stacks(StackName=name)["Stacks"][0]
        return found

    def wait(self, name: str, seconds: float = 60) -> str:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            status = str(self.stack(name)["StackStatus"])
            if not status.endswith("_IN_PROGRESS"):
                return status
            time.sleep(0.05)
        raise AssertionError(f"{name} is still {status}: {self.events(name)}")

    def events(self, name: str) -> list[str]:
        pages = self.cfn.get_paginator("describe_stack_events").paginate(StackName=name)
        events = [event for page in pages for event in page["StackEvents"]]
        return [
            f"{e['LogicalResourceId']} {e['ResourceStatus']} {e.get('ResourceStatusReason', '')}".strip()
            for e in reversed(events)
        ]

    def outputs(self, name: str) -> dict[str, str]:
        return {o["OutputKey"]: o["OutputValue"] for o in self.stack(name).get("Outputs", [])}

    def physical(self, name: str, logical: str) -> str:
        found = self.cfn.describe_stack_resource(StackName=name, LogicalResourceId=logical)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[Sandbox]:
    times = {"endpoint_seconds": 0.1, "build_start_seconds": 0.05, "speed": 20.0}
    # the template's functions look again after that many seconds
    with Sandbox(settings=times, environment={"CFGEN_PAUSE": "0.2"}) as sandbox:
        yield sandbox


@pytest.fixture
def world(_sandbox: Sandbox) -> Iterator[World]:
    yield World(_sandbox)
    _sandbox.clear_faults()


def role(service: str, *statements: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A role resource that a service may assume."""
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    properties: dict[str, Any] = {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        **more,
    }
    if statements:
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        properties["Policies"] = [{"PolicyName": "own", "PolicyDocument": document}]
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def allow(*actions: str, on: Any = "*") -> dict[str, Any]:
    """A statement."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": on}


def function(code: str, **more: Any) -> dict[str, Any]:
    """A Python function with inline code and the role ``FnRole``."""
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.12",
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": ["FnRole", "Arn"]},
            "Timeout": 20,
            "Code": {"ZipFile": code},
            **more,
        },
    }
