"""Events by operation: a rollback is an operation of its own, and a change set's failed validations are told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import World


def _template(first: str, second: str) -> dict[str, Any]:
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": first}}
    value = {"Type": "String", "Value": second}
    return {
        "Resources": {
            "T": topic,
            "P": {"Type": "AWS::SSM::Parameter", "DependsOn": "T", "Properties": value},
        }
    }


def _told(events: list[dict[str, Any]]) -> list[str]:
    return [f"{event['LogicalResourceId']} {event['ResourceStatus']}" for event in events]


def test_what_failed_is_in_the_operation_before_the_rollback(world: World) -> None:
    name = world.create(_template("a", "a"))
    (made,) = world.stack(name)["LastOperations"]
    assert made["OperationType"] == "CREATE_STACK"
    world.sandbox.fault("resource", resource="P", action="update", message="no luck")
    assert world.update(name, _template("b", "b")) == "UPDATE_ROLLBACK_COMPLETE"
    back, update = world.stack(name)["LastOperations"]
    assert (back["OperationType"], update["OperationType"]) == ("ROLLBACK", "UPDATE_STACK")

    def ask(**what: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = world.cfn.describe_events(**what)["OperationEvents"]
        return found

    failed = {"FailedEvents": True}
    assert ask(StackName=name, Filters=failed) == []
    latest = ask(StackName=name)
    assert _told(latest)[0] == f"{name} UPDATE_ROLLBACK_COMPLETE"
    assert {(one["OperationId"], one["OperationStatus"]) for one in latest} == {
        (back["OperationId"], "SUCCEEDED")
    }
    (event,) = ask(OperationId=update["OperationId"], Filters=failed)
    assert (event["EventType"], event["OperationStatus"]) == ("PROVISIONING_ERROR", "FAILED")
    assert "no luck" in event["ResourceStatusReason"]
    listed = world.cfn.describe_stack_events(StackName=name)["StackEvents"]
    assert {one["OperationId"] for one in listed} == {
        made["OperationId"],
        update["OperationId"],
        back["OperationId"],
    }
    with pytest.raises(ClientError, match="does not exist"):
        ask(OperationId="00000000-0000-0000-0000-000000000000")
    with pytest.raises(ClientError, match="must be specified"):
        ask(Filters=failed)


def test_the_validations_of_a_change_set(world: World) -> None:
    name, template = world.name(), _template("a", "a")
    template["Resources"]["T"]["Properties"]["Nonsense"] = 1
    made = world.cfn.create_change_set(
        StackName=name, ChangeSetName="bad", ChangeSetType="CREATE", TemplateBody=json.dumps(template)
    )
    (event,) = world.cfn.describe_events(ChangeSetName=made["Id"])["OperationEvents"]
    assert (event["EventType"], event["LogicalResourceId"]) == ("VALIDATION_ERROR", "T")
    assert "Nonsense" in event["ValidationStatusReason"]
