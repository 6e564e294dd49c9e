"""Stack sets with self-managed permissions make, update and remove a stack in each region."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import World, allow, role

ADMIN, EXEC = "AWSCloudFormationStackSetAdministrationRole", "AWSCloudFormationStackSetExecutionRole"
BODY = json.dumps(
    {
        "Parameters": {"Word": {"Type": "String"}},
        "Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Word"}}}},
    }
)


def _done(world: World, name: str, operation: str) -> str:
    end = time.monotonic() + 40
    while time.monotonic() < end:
        found = world.cfn.describe_stack_set_operation(StackSetName=name, OperationId=operation)[
            "StackSetOperation"
        ]
        if found["Status"] != "RUNNING":
            return str(found["Status"])
        time.sleep(0.1)
    raise AssertionError(found)


def _statuses(world: World, name: str) -> dict[str, str]:
    return {
        item["Region"]: item["Status"]
        for item in world.cfn.list_stack_instances(StackSetName=name)["Summaries"]
    }


def test_stack_sets(world: World) -> None:
    cfn = world.cfn
    given: dict[str, Any] = {"Parameters": [{"ParameterKey": "Word", "ParameterValue": "a"}]}
    cfn.create_stack_set(StackSetName="many", TemplateBody=BODY, **given)
    target = {"StackSetName": "many", "Accounts": ["123456789012"], "Regions": ["us-east-1", "eu-west-1"]}
    failed = cfn.create_stack_instances(**target)["OperationId"]
    assert _done(world, "many", failed) == "FAILED"
    reasons = cfn.list_stack_set_operation_results(StackSetName="many", OperationId=failed)["Summaries"]
    assert ADMIN in reasons[0]["StatusReason"]

    admin = role("cloudformation", allow("sts:AssumeRole"), RoleName=ADMIN)
    execution = role("cloudformation", allow("cloudformation:*", "sns:*"), RoleName=EXEC)
    trust = execution["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]
    trust["Principal"] = {"AWS": {"Fn::GetAtt": ["Admin", "Arn"]}}
    roles = world.create({"Resources": {"Admin": admin, "Exec": execution}})
    assert world.stack(roles)["StackStatus"] == "CREATE_COMPLETE", world.events(roles)

    assert _done(world, "many", cfn.create_stack_instances(**target)["OperationId"]) == "SUCCEEDED"
    assert _statuses(world, "many") == {"us-east-1": "CURRENT", "eu-west-1": "CURRENT"}
    west = world.sandbox.client("sns", "eu-west-1")
    topic = west.list_topics()["Topics"][0]["TopicArn"]
    changed = [{"ParameterKey": "Word", "ParameterValue": "b"}]
    updated = cfn.update_stack_set(StackSetName="many", UsePreviousTemplate=True, Parameters=changed)[
        "OperationId"
    ]
    assert _done(world, "many", updated) == "SUCCEEDED"
    assert west.get_topic_attributes(TopicArn=topic)["Attributes"]["DisplayName"] == "b"
    with pytest.raises(ClientError, match="is not empty"):
        cfn.delete_stack_set(StackSetName="many")
    gone = cfn.delete_stack_instances(**target, RetainStacks=False)["OperationId"]
    assert _done(world, "many", gone) == "SUCCEEDED"
    assert west.list_topics()["Topics"] == []
    cfn.delete_stack_set(StackSetName="many")
