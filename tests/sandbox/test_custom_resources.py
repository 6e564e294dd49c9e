"""Custom resources and wait conditions: the protocol, its checks, and what a failure leaves behind."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import World, allow, function, role

ANSWER = """
import json, os, urllib.request
def answer(event, status="SUCCESS", physical="thing", data=None, reason="because", size=0, **more):
    body = {"Status": status, "Reason": reason, "PhysicalResourceId": physical,
            "StackId": event["StackId"], "RequestId": event["RequestId"],
            "LogicalResourceId": event["LogicalResourceId"], "Data": data or {}, **more}
    raw = json.dumps(body).encode() + b" " * size
    request = urllib.request.Request(event["ResponseURL"], data=raw, method="PUT", headers={"Content-Type": ""})
    urllib.request.urlopen(request)
def handler(event, context):
    print(json.dumps(event))
    p = event["ResourceProperties"]
"""


def _template(code: str, second: Any = None, **properties: Any) -> dict[str, Any]:
    resources: dict[str, Any] = {
        "FnRole": role("lambda", allow("logs:*")),
        "Fn": function(ANSWER + "\n".join(f"    {line}" for line in code.splitlines())),
        "Thing": {
            "Type": "Custom::Thing",
            "Properties": {"ServiceToken": {"Fn::GetAtt": ["Fn", "Arn"]}, "ServiceTimeout": 15, **properties},
        },
    }
    if second is not None:
        resources["Second"] = second
    return {"Resources": resources}


def _seen(world: World, name: str, count: int) -> list[dict[str, Any]]:
    """The events the function printed, in order; logs arrive a moment after the answer."""
    group = f"/aws/lambda/{world.physical(name, 'Fn')}"
    end = time.monotonic() + 10
    while True:
        try:
            events = world.client("logs").filter_log_events(logGroupName=group)["events"]
        except ClientError:
            events = []
        lines = sorted((e["timestamp"], e["message"]) for e in events if e["message"].startswith("{"))
        if len(lines) >= count or time.monotonic() > end:
            return [json.loads(message) for _, message in lines]
        time.sleep(0.05)


OK = 'answer(event, physical="thing-" + p.get("Id", "x"), data={"Word": "w"})'


def test_create_update_delete(world: World) -> None:
    template = _template(OK, Id="1", Number=3, Flag=True, Nested={"list": [1, {"a": False}]})
    template["Outputs"] = {
        "Word": {"Value": {"Fn::GetAtt": ["Thing", "Word"]}},
        "Id": {"Value": {"Ref": "Thing"}},
    }
    name = world.create(template)
    assert world.outputs(name) == {"Word": "w", "Id": "thing-1"}, world.events(name)
    created = _seen(world, name, 1)[0]
    assert created["RequestType"] == "Create"
    assert created["ResourceType"] == "Custom::Thing"
    assert "PhysicalResourceId" not in created
    assert created["ResourceProperties"]["Number"] == "3"
    assert created["ResourceProperties"]["Flag"] == "true"
    assert created["ResourceProperties"]["Nested"] == {"list": ["1", {"a": "false"}]}

    template["Resources"]["Thing"]["Properties"]["Id"] = "2"
    assert world.update(name, template) == "UPDATE_COMPLETE"
    seen = _seen(world, name, 3)
    assert [event["RequestType"] for event in seen] == ["Create", "Update", "Delete"]
    assert seen[1]["OldResourceProperties"]["Id"] == "1"
    assert (seen[1]["PhysicalResourceId"], seen[2]["PhysicalResourceId"]) == ("thing-1", "thing-1")
    assert world.delete(name) == "DELETE_COMPLETE"


def test_failure_is_told_and_the_physical_id_deleted(world: World) -> None:
    code = """
if event["RequestType"] == "Delete":
    return answer(event, physical=event["PhysicalResourceId"])
answer(event, "FAILED", physical="half-made", reason="no such model")
"""
    name = world.name()
    world.create(_template(code), name)
    assert world.stack(name)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any(
        "Received response status [FAILED] from custom resource. Message returned: no such model" in line
        for line in world.events(name)
    )


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("answer(event, size=5000)", "Response object is too long."),
        ('answer(event, physical="")', "Invalid PhysicalResourceId"),
        ('answer(event, "DONE")', "Value of property Status must be SUCCESS or FAILED"),
        ('answer(event, RequestId="other")', "Value of property RequestId does not match"),
        ('answer(event, data="text")', "Value of property Data must be an object"),
    ],
    ids=["too long", "no id", "status", "other request", "data"],
)
def test_answers_that_are_not_taken(world: World, code: str, message: str) -> None:
    guarded = f'if event["RequestType"] == "Delete":\n    return answer(event)\n{code}'
    name = world.create(_template(guarded))
    assert world.stack(name)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any(message in line for line in world.events(name)), world.events(name)


def test_no_answer_ends_at_the_service_timeout(world: World) -> None:
    code = 'answer(event) if event["RequestType"] == "Delete" else None'
    name = world.create(_template(code, ServiceTimeout=1))
    assert any(
        "CloudFormation did not receive a response from your Custom Resource" in e for e in world.events(name)
    )


def test_update_that_fails_sends_the_old_properties_back(world: World) -> None:
    code = """
if event["RequestType"] == "Update" and p["Id"] == "2":
    return answer(event, "FAILED", physical=event["PhysicalResourceId"])
answer(event, physical="same")
"""
    template = _template(code, Id="1")
    name = world.create(template)
    template["Resources"]["Thing"]["Properties"]["Id"] = "2"
    assert world.update(name, template) == "UPDATE_ROLLBACK_COMPLETE"
    seen = _seen(world, name, 3)
    kinds = [(e["RequestType"], e["ResourceProperties"]["Id"]) for e in seen]
    assert kinds == [("Create", "1"), ("Update", "2"), ("Update", "1")]
    assert seen[2]["OldResourceProperties"]["Id"] == "2"


def test_rollback_after_a_new_physical_id(world: World) -> None:
    bad = {
        "Type": "AWS::SSM::Parameter",
        "DependsOn": "Thing",
        "Properties": {"Type": "String", "Value": "a"},
    }
    template = _template(OK, bad, Id="1")
    name = world.create(template)
    world.sandbox.fault("resource", resource="Second", action="update")
    changed = json.loads(json.dumps(template))
    changed["Resources"]["Thing"]["Properties"]["Id"] = "2"
    changed["Resources"]["Second"]["Properties"]["Value"] = "b"
    assert world.update(name, changed) == "UPDATE_ROLLBACK_COMPLETE"
    told = [(e["RequestType"], e.get("PhysicalResourceId", "")) for e in _seen(world, name, 4)]
    assert told == [("Create", ""), ("Update", "thing-1"), ("Update", "thing-2"), ("Delete", "thing-2")]


def test_the_content_type_must_be_empty(world: World) -> None:
    code = """
if event["RequestType"] == "Delete":
    return answer(event)
try:
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], data=b"{}", method="PUT"))
except urllib.error.HTTPError as error:
    answer(event, data={"Code": str(error.code)})
"""
    template = _template(code)
    template["Outputs"] = {"Code": {"Value": {"Fn::GetAtt": ["Thing", "Code"]}}}
    assert world.outputs(world.create(template)) == {"Code": "403"}


def test_cfnresponse_stands_beside_inline_code(world: World) -> None:
    template = _template(
        "import cfnresponse\ncfnresponse.send(event, context, cfnresponse.SUCCESS, {'A': 'b'})"
    )
    template["Outputs"] = {"A": {"Value": {"Fn::GetAtt": ["Thing", "A"]}}}
    assert world.outputs(world.create(template)) == {"A": "b"}


SIGNAL = """
if event["RequestType"] != "Delete":
    for number, status in enumerate(p["Signals"]):
        body = json.dumps({"Status": status, "UniqueId": str(number), "Data": "d", "Reason": "r"}).encode()
        request = urllib.request.Request(p["Handle"], data=body, method="PUT", headers={"Content-Type": ""})
        urllib.request.urlopen(request)
answer(event)
"""


def _waiting(signals: list[str], timeout: int, count: int = 1) -> dict[str, Any]:
    wait = {
        "Type": "AWS::CloudFormation::WaitCondition",
        "DependsOn": "Thing",
        "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": timeout, "Count": count},
    }
    template = _template(SIGNAL, wait, Handle={"Ref": "Handle"}, Signals=signals)
    template["Resources"]["Handle"] = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    template["Outputs"] = {"Data": {"Value": {"Fn::GetAtt": ["Second", "Data"]}}}
    return template


def test_wait_condition_takes_early_signals(world: World) -> None:
    name = world.create(_waiting(["SUCCESS", "SUCCESS"], 10, 2))
    assert json.loads(world.outputs(name)["Data"]) == {"0": "d", "1": "d"}


@pytest.mark.parametrize(
    ("signals", "timeout", "message"),
    [
        (["FAILURE"], 10, "WaitCondition received failed message: 'r' for uniqueId: 0"),
        (["SUCCESS"], 1, "WaitCondition timed out. Received 1 conditions when expecting 2"),
    ],
)
def test_wait_condition_fails(world: World, signals: list[str], timeout: int, message: str) -> None:
    name = world.create(_waiting(signals, timeout, 2))
    assert world.stack(name)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any(message in line for line in world.events(name)), world.events(name)


def test_wait_condition_cannot_be_updated(world: World) -> None:
    template = _waiting(["SUCCESS"], 10)
    name = world.create(template)
    template["Resources"]["Second"]["Properties"]["Timeout"] = 20
    assert world.update(name, template) == "UPDATE_ROLLBACK_COMPLETE"
