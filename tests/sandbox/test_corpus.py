"""Templates of every common shape deploy, change nothing the second time, and go; or are refused for what they are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import IAM, World
from .corpus import CASES, Case


def _parameters(case: Case) -> list[dict[str, str]]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in case.parameters.items()]


@pytest.mark.parametrize("case", [c for c in CASES if not c.refused], ids=lambda c: c.name)
def test_deploys(world: World, case: Case) -> None:
    name = world.create(case.template, Parameters=_parameters(case))
    assert world.stack(name)["StackStatus"] == "CREATE_COMPLETE", world.events(name)
    assert world.outputs(name).items() >= case.outputs.items()
    with pytest.raises(ClientError, match="No updates are to be performed"):
        world.update(name, case.template, Parameters=_parameters(case))
    assert world.delete(name) == "DELETE_COMPLETE"


@pytest.mark.parametrize("case", [c for c in CASES if c.refused], ids=lambda c: c.name)
def test_is_refused(world: World, case: Case) -> None:
    name = world.name()
    try:
        stack_id = world.cfn.create_stack(
            StackName=name, TemplateBody=case.template, Capabilities=IAM, Parameters=_parameters(case)
        )["StackId"]
    except ClientError as error:
        assert case.refused in error.response["Error"]["Message"]
        return
    assert world.wait(stack_id) == "ROLLBACK_COMPLETE"
    assert any(case.refused in line for line in world.events(stack_id)), world.events(stack_id)


def test_every_refusal_has_a_reason() -> None:
    assert len(CASES) >= 25
    assert len({case.name for case in CASES}) == len(CASES)
    assert all(case.reason for case in CASES if case.refused)


INNER: dict[str, Any] = {
    "Parameters": {
        "Words": {"Type": "CommaDelimitedList"},
        "Name": {"Type": "String", "Default": "first"},
    },
    "Resources": {
        "P": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Type": "String", "Value": {"Fn::Join": ["+", {"Ref": "Words"}]}},
        },
        "T": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Name"}}},
    },
    "Outputs": {"Sum": {"Value": {"Fn::GetAtt": ["P", "Value"]}}},
}


def _outer(world: World, inner: Any, name: str = "first") -> dict[str, Any]:
    bucket = f"nested-{world.name()}"
    s3 = world.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="inner.json", Body=json.dumps(inner).encode())
    return {
        "Resources": {
            "Inner": {
                "Type": "AWS::CloudFormation::Stack",
                "Properties": {
                    "TemplateURL": f"https://{bucket}.s3.us-east-1.amazonaws.com/inner.json",
                    "Parameters": {"Words": ["a", "b"], "Name": name},
                },
            },
            "Q": {
                "Type": "AWS::SQS::Queue",
                "Properties": {"QueueName": {"Fn::GetAtt": ["Inner", "Outputs.Sum"]}},
            },
        },
    }


def test_a_stack_in_a_stack(world: World) -> None:
    inner = {**INNER, "Outputs": {"Sum": {"Value": {"Fn::Join": ["-", {"Ref": "Words"}]}}}}
    template = _outer(world, inner)
    name = world.create(template)
    assert world.stack(name)["StackStatus"] == "CREATE_COMPLETE", world.events(name)
    assert world.physical(name, "Q").endswith("/a-b")
    nested = world.physical(name, "Inner")
    assert world.stack(nested)["ParentId"] == world.stack(name)["StackId"] == world.stack(nested)["RootId"]
    template["Resources"]["Inner"]["Properties"]["Parameters"]["Name"] = "second"
    assert world.update(name, template) == "UPDATE_COMPLETE"
    assert world.physical(name, "Inner") == nested
    # what fails elsewhere takes the nested stack back too
    template["Resources"]["Inner"]["Properties"]["Parameters"]["Name"] = "third"
    template["Resources"]["Late"] = {
        "Type": "AWS::SNS::Topic",
        "DependsOn": "Inner",
        "Properties": {"TopicName": "not a name"},
    }
    assert world.update(name, template) == "UPDATE_ROLLBACK_COMPLETE"
    given = {p["ParameterKey"]: p["ParameterValue"] for p in world.stack(nested)["Parameters"]}
    assert given["Name"] == "second"
    assert world.delete(name) == "DELETE_COMPLETE"
    assert world.stack(nested)["StackStatus"] == "DELETE_COMPLETE"


def test_a_nested_stack_that_fails(world: World) -> None:
    bad = {**INNER, "Resources": {**INNER["Resources"]}}
    bad["Resources"]["T"] = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "not a name"}}
    name = world.create(_outer(world, bad))
    assert world.stack(name)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any("Embedded stack" in line and "[T]" in line for line in world.events(name)), world.events(name)
    nested = world.physical(name, "Inner")
    assert world.stack(nested)["StackStatus"] == "DELETE_COMPLETE"


def test_a_nested_template_that_is_not_there(world: World) -> None:
    template = _outer(world, INNER)
    template["Resources"]["Inner"]["Properties"]["TemplateURL"] += ".gone"
    name = world.create(template)
    assert world.stack(name)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any("S3 error" in line for line in world.events(name)), world.events(name)
