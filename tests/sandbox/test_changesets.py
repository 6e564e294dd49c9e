"""Change sets say what will happen, and then exactly that happens."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import IAM, World


def _topic(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SNS::Topic", "Properties": properties}


def _change_set(world: World, name: str, template: Any, kind: str = "UPDATE", **more: Any) -> dict[str, Any]:
    world.cfn.create_change_set(
        StackName=name,
        ChangeSetName="change",
        ChangeSetType=kind,
        TemplateBody=json.dumps(template),
        Capabilities=IAM,
        **more,
    )
    found: dict[str, Any] = world.cfn.describe_change_set(StackName=name, ChangeSetName="change")
    return found


def _changes(found: dict[str, Any]) -> dict[str, tuple[str, str]]:
    changes = [item["ResourceChange"] for item in found["Changes"]]
    return {c["LogicalResourceId"]: (c["Action"], c.get("Replacement", "")) for c in changes}


def test_create_and_execute(world: World) -> None:
    name = world.name()
    found = _change_set(world, name, {"Resources": {"T": _topic()}}, "CREATE")
    assert found["Status"] == "CREATE_COMPLETE"
    assert found["ExecutionStatus"] == "AVAILABLE"
    assert _changes(found) == {"T": ("Add", "")}
    assert world.stack(name)["StackStatus"] == "REVIEW_IN_PROGRESS"
    world.cfn.execute_change_set(StackName=name, ChangeSetName="change")
    assert world.wait(name) == "CREATE_COMPLETE"


def test_of_several_who_execute_it_one_does(world: World) -> None:
    name = world.name()
    _change_set(world, name, {"Resources": {"T": _topic()}}, "CREATE")
    client = world.cfn

    def execute(_: int) -> str:
        try:
            client.execute_change_set(StackName=name, ChangeSetName="change")
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return ""

    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(execute, range(6)))
    assert answers == ["", *["InvalidChangeSetStatus"] * 5]
    assert world.wait(name) == "CREATE_COMPLETE"
    assert world.events(name).count(f"{name} CREATE_IN_PROGRESS User Initiated") == 1


def test_actions_and_replacement(world: World) -> None:
    name = world.create(
        {
            "Resources": {
                "Same": _topic(),
                "Edit": _topic(DisplayName="a"),
                "Swap": _topic(TopicName="swap-a"),
                "Gone": _topic(),
                "User": {
                    "Type": "AWS::SSM::Parameter",
                    "Properties": {"Type": "String", "Value": {"Ref": "Swap"}},
                },
                "Sub": {
                    "Type": "AWS::SNS::Subscription",
                    "Properties": {
                        "TopicArn": {"Ref": "Swap"},
                        "Protocol": "email",
                        "Endpoint": "a@example.com",
                    },
                },
            }
        }
    )
    found = _change_set(
        world,
        name,
        {
            "Resources": {
                "Same": _topic(),
                "Edit": _topic(DisplayName="b"),
                "Swap": _topic(TopicName="swap-b"),
                "New": _topic(),
                "User": {
                    "Type": "AWS::SSM::Parameter",
                    "Properties": {"Type": "String", "Value": {"Ref": "Swap"}},
                },
                "Sub": {
                    "Type": "AWS::SNS::Subscription",
                    "Properties": {
                        "TopicArn": {"Ref": "Swap"},
                        "Protocol": "email",
                        "Endpoint": "a@example.com",
                    },
                },
            }
        },
    )
    assert _changes(found) == {
        "Edit": ("Modify", "False"),
        "Swap": ("Modify", "True"),
        "New": ("Add", ""),
        "Gone": ("Remove", ""),
        "User": ("Modify", "False"),
        "Sub": ("Modify", "Conditional"),
    }
    shown = world.cfn.describe_change_set(StackName=name, ChangeSetName="change", IncludePropertyValues=True)
    edit = next(
        c["ResourceChange"] for c in shown["Changes"] if c["ResourceChange"]["LogicalResourceId"] == "Edit"
    )
    target = edit["Details"][0]["Target"]
    assert (target["Name"], target["BeforeValue"], target["AfterValue"]) == ("DisplayName", "a", "b")
    world.cfn.execute_change_set(StackName=name, ChangeSetName="change")
    assert world.wait(name) == "UPDATE_COMPLETE"
    touched = {line.split()[0] for line in world.events(name) if " UPDATE_IN_PROGRESS" in line} - {name}
    assert touched == {"Edit", "Swap", "User", "Sub"}


def test_nothing_changes(world: World) -> None:
    name = world.create({"Resources": {"T": _topic()}})
    found = _change_set(world, name, {"Resources": {"T": _topic()}})
    assert found["Status"] == "FAILED"
    assert found["StatusReason"].startswith("The submitted information didn't contain changes.")
    with pytest.raises(ClientError, match="cannot be executed in its current status"):
        world.cfn.execute_change_set(StackName=name, ChangeSetName="change")


def test_bad_properties_are_seen_before_anything_happens(world: World) -> None:
    found = _change_set(world, world.name(), {"Resources": {"T": _topic(Nome="x")}}, "CREATE")
    assert found["Status"] == "FAILED"
    assert "AWS::EarlyValidation::PropertyValidation" in found["StatusReason"]
    (event,) = world.cfn.describe_events(ChangeSetName=found["ChangeSetId"])["OperationEvents"]
    assert "extraneous key [Nome]" in event["ValidationStatusReason"]


def test_names_and_ends(world: World) -> None:
    name = world.name()
    _change_set(world, name, {"Resources": {"T": _topic()}}, "CREATE")
    with pytest.raises(ClientError, match="already exists"):
        _change_set(world, name, {"Resources": {"T": _topic()}}, "CREATE")
    assert [item["ChangeSetName"] for item in world.cfn.list_change_sets(StackName=name)["Summaries"]] == [
        "change"
    ]
    world.cfn.delete_change_set(StackName=name, ChangeSetName="change")
    with pytest.raises(ClientError, match="does not exist"):
        world.cfn.describe_change_set(StackName=name, ChangeSetName="change")
    with pytest.raises(ClientError, match="does not exist"):
        _change_set(world, world.name(), {"Resources": {"T": _topic()}})
    world.cfn.delete_stack(StackName=name)
    with pytest.raises(ClientError, match="does not exist"):
        world.stack(name)
