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


def _results(world: World, name: str, operation: str) -> dict[tuple[str, str], str]:
    listed = world.cfn.list_stack_set_operation_results(StackSetName=name, OperationId=operation)
    return {(item["Account"], item["Region"]): item["Status"] for item in listed["Summaries"]}


def test_service_managed_goes_by_units_and_stops_at_the_failure_tolerance(world: World) -> None:
    cfn, unit = world.cfn, "ou-cfgn-sandbox1"
    given: dict[str, Any] = {"Parameters": [{"ParameterKey": "Word", "ParameterValue": "a"}]}
    cfn.create_stack_set(
        StackSetName="units", TemplateBody=BODY, PermissionModel="SERVICE_MANAGED",
        AutoDeployment={"Enabled": True, "RetainStacksOnAccountRemoval": False}, **given,
    )  # fmt: skip
    regions = ["us-east-1", "eu-west-1"]
    target: dict[str, Any] = {
        "StackSetName": "units",
        "DeploymentTargets": {"OrganizationalUnitIds": [unit]},
        "Regions": regions,
    }
    with pytest.raises(ClientError, match="can only have OU as target"):
        cfn.create_stack_instances(StackSetName="units", Accounts=["111111111111"], Regions=regions)
    wrong = {"OrganizationalUnitIds": ["ou-cfgn-none0000"]}
    with pytest.raises(ClientError, match="ou-cfgn-none0000 does not exist"):
        cfn.create_stack_instances(StackSetName="units", DeploymentTargets=wrong, Regions=regions)

    world.sandbox.fault("resource", resource="T", action="create", message="full")
    order = {"RegionOrder": ["eu-west-1", "us-east-1"]}
    first = cfn.create_stack_instances(**target, OperationPreferences=order)["OperationId"]
    assert _done(world, "units", first) == "FAILED"
    assert _results(world, "units", first) == {
        ("111111111111", "eu-west-1"): "FAILED",
        ("222222222222", "eu-west-1"): "CANCELLED",
        ("111111111111", "us-east-1"): "CANCELLED",
        ("222222222222", "us-east-1"): "CANCELLED",
    }
    listed = cfn.list_stack_set_operation_results(StackSetName="units", OperationId=first)["Summaries"]
    reason = next(item["StatusReason"] for item in listed if item["Status"] == "FAILED")
    assert reason.startswith("ResourceLogicalId:T, ResourceType:AWS::SNS::Topic, ResourceStatusReason:")

    again = cfn.create_stack_instances(**target, OperationPreferences={"RegionConcurrencyType": "PARALLEL"})
    assert _done(world, "units", again["OperationId"]) == "SUCCEEDED"
    found = cfn.list_stack_instances(StackSetName="units")["Summaries"]
    assert {(item["Account"], item["OrganizationalUnitId"], item["Status"]) for item in found} == {
        ("111111111111", unit, "CURRENT"),
        ("222222222222", unit, "CURRENT"),
    }
    assert len(found) == 4

    topic = world.sandbox.client("sns", "eu-west-1").list_topics()["Topics"][0]["TopicArn"]
    world.sandbox.client("sns", "eu-west-1").set_topic_attributes(
        TopicArn=topic, AttributeName="DisplayName", AttributeValue="else"
    )
    looked = cfn.detect_stack_set_drift(StackSetName="units")["OperationId"]
    assert _done(world, "units", looked) == "SUCCEEDED"
    details = cfn.describe_stack_set(StackSetName="units")["StackSet"]["StackSetDriftDetectionDetails"]
    assert details["TotalStackInstancesCount"] == 4

    gone = cfn.delete_stack_instances(**target, RetainStacks=False)["OperationId"]
    assert _done(world, "units", gone) == "SUCCEEDED"
    cfn.delete_stack_set(StackSetName="units")
