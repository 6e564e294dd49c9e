"""Stacks live and die as on AWS: order, update, replacement, rollback, policies, protection."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import World

TOPIC: dict[str, Any] = {"Type": "AWS::SNS::Topic"}


def _topic(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SNS::Topic", "Properties": properties}


def _param(value: Any, **more: Any) -> dict[str, Any]:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value, **more}}


def _topics(world: World, name: str) -> list[str]:
    found = world.client("sns").list_topics()["Topics"]
    return [topic["TopicArn"] for topic in found if f":{name}-" in topic["TopicArn"]]


def test_created_in_order_of_dependencies_and_deleted_in_reverse(world: World) -> None:
    template = {
        "Resources": {
            "Last": {**_param({"Fn::GetAtt": ["Middle", "Value"]})},
            "Middle": _param({"Ref": "First"}),
            "First": TOPIC,
        },
        "Outputs": {
            "Topic": {"Value": {"Ref": "First"}},
            "Value": {"Value": {"Fn::GetAtt": ["Last", "Value"]}},
        },
    }
    name = world.create(template)
    outputs = world.outputs(name)
    assert outputs["Topic"] == outputs["Value"]
    identifier = world.stack(name)["StackId"]
    assert world.delete(name) == "DELETE_COMPLETE"
    events = world.events(identifier)
    done = [line.split()[0] for line in events if " CREATE_COMPLETE" in line]
    gone = [line.split()[0] for line in events if " DELETE_COMPLETE" in line]
    assert done == ["First", "Middle", "Last", name]
    assert gone == ["Last", "Middle", "First", name]
    assert _topics(world, name) == []


def test_update_in_place_and_nothing_to_update(world: World) -> None:
    name = world.create({"Resources": {"T": _topic(DisplayName="one")}})
    before = world.physical(name, "T")
    assert world.update(name, {"Resources": {"T": _topic(DisplayName="two")}}) == "UPDATE_COMPLETE"
    assert world.physical(name, "T") == before
    attributes = world.client("sns").get_topic_attributes(TopicArn=before)["Attributes"]
    assert attributes["DisplayName"] == "two"
    with pytest.raises(ClientError, match=r"No updates are to be performed\."):
        world.update(name, {"Resources": {"T": _topic(DisplayName="two")}})


def test_replacement_makes_the_new_before_the_old_goes(world: World) -> None:
    name = world.create({"Resources": {"T": _topic(TopicName="rep-one"), "P": _param({"Ref": "T"})}})
    assert world.update(
        name, {"Resources": {"T": _topic(TopicName="rep-two"), "P": _param({"Ref": "T"})}}
    ) == ("UPDATE_COMPLETE")
    events = world.events(name)
    made = next(i for i, line in enumerate(events) if line.startswith("T UPDATE_COMPLETE"))
    cleanup = next(i for i, line in enumerate(events) if "CLEANUP_IN_PROGRESS" in line)
    gone = next(i for i, line in enumerate(events) if line.startswith("T DELETE_COMPLETE"))
    assert made < cleanup < gone
    parameter = world.client("ssm").get_parameter(Name=world.physical(name, "P"))["Parameter"]["Value"]
    assert parameter.endswith(":rep-two")


def test_a_name_that_is_taken_fails(world: World) -> None:
    world.client("sns").create_topic(Name="taken")
    name = world.create({"Resources": {"T": _topic(TopicName="taken")}})
    assert world.stack(name)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any("already exists" in line for line in world.events(name))
    # what the stack did not make it does not delete
    assert "arn:aws:sns:us-east-1:123456789012:taken" in str(world.client("sns").list_topics())


def test_failed_creation_is_rolled_back(world: World) -> None:
    world.sandbox.fault("resource", resource="Bad", action="create", message="no luck")
    name = world.create({"Resources": {"Good": TOPIC, "Bad": {**_param("x"), "DependsOn": "Good"}}})
    events = world.events(name)
    assert world.stack(name)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Bad CREATE_FAILED no luck" in events
    assert (
        f"{name} ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Bad]. Rollback requested by user."
        in events
    )
    assert _topics(world, name) == []
    with pytest.raises(ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
        world.update(name, {"Resources": {"Good": TOPIC}})


@pytest.mark.parametrize(
    ("failure", "status", "left"), [("DO_NOTHING", "CREATE_FAILED", 1), ("DELETE", "DELETE_COMPLETE", 0)]
)
def test_on_failure(world: World, failure: str, status: str, left: int) -> None:
    world.sandbox.fault("resource", resource="Bad", action="create")
    name = world.name()
    body = json.dumps({"Resources": {"Good": TOPIC, "Bad": {**_param("x"), "DependsOn": "Good"}}})
    identifier = world.cfn.create_stack(StackName=name, TemplateBody=body, OnFailure=failure)["StackId"]
    assert world.wait(identifier) == status
    assert len(_topics(world, name)) == left


def test_failed_update_is_rolled_back(world: World) -> None:
    first = {
        "Resources": {"T": _topic(DisplayName="one"), "P": _param("a"), "R": _topic(TopicName="roll-one")}
    }
    name = world.create(first)
    before = {key: world.physical(name, key) for key in ("T", "P", "R")}
    world.sandbox.fault("resource", resource="P", action="update", message="no luck")
    second = {
        "Resources": {
            "T": _topic(DisplayName="two"),
            "R": _topic(TopicName="roll-two"),
            "N": TOPIC,
            "P": {**_param("b"), "DependsOn": ["T", "R", "N"]},
        }
    }
    assert world.update(name, second) == "UPDATE_ROLLBACK_COMPLETE"
    assert {key: world.physical(name, key) for key in before} == before
    sns = world.client("sns")
    assert sns.get_topic_attributes(TopicArn=before["T"])["Attributes"]["DisplayName"] == "one"
    assert [arn for arn in _topics(world, name) if "-N-" in arn] == []
    names = str(sns.list_topics())
    assert "roll-one" in names
    assert "roll-two" not in names
    assert world.update(name, second) == "UPDATE_COMPLETE"


def test_rollback_that_fails_can_be_continued(world: World) -> None:
    name = world.create({"Resources": {"T": _topic(DisplayName="one"), "P": _param("a")}})
    world.sandbox.fault("resource", resource="P", action="update", message="no luck")
    world.sandbox.fault("resource", resource="T", action="update", skip=1, message="stuck")
    second = {"Resources": {"T": _topic(DisplayName="two"), "P": {**_param("b"), "DependsOn": "T"}}}
    assert world.update(name, second) == "UPDATE_ROLLBACK_FAILED"
    world.cfn.continue_update_rollback(StackName=name)
    assert world.wait(name) == "UPDATE_ROLLBACK_COMPLETE"
    attributes = world.client("sns").get_topic_attributes(TopicArn=world.physical(name, "T"))["Attributes"]
    assert attributes["DisplayName"] == "one"


def test_deletion_that_fails_can_be_repeated(world: World) -> None:
    name = world.create({"Resources": {"T": TOPIC, "P": _param("a")}})
    identifier = world.stack(name)["StackId"]
    world.sandbox.fault("resource", resource="T", action="delete", message="stuck")
    assert world.delete(name) == "DELETE_FAILED"
    assert f"{name} DELETE_FAILED The following resource(s) failed to delete: [T]." in world.events(
        identifier
    )
    assert world.delete(name) == "DELETE_COMPLETE"


def test_policies_keep_what_they_say(world: World) -> None:
    kept = {**_topic(TopicName="kept-one"), "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    name = world.create({"Resources": {"K": kept, "T": TOPIC}})
    moved = {**kept, "Properties": {"TopicName": "kept-two"}}
    assert world.update(name, {"Resources": {"K": moved, "T": TOPIC}}) == "UPDATE_COMPLETE"
    identifier = world.stack(name)["StackId"]
    assert world.delete(name) == "DELETE_COMPLETE"
    assert any(line.startswith("K DELETE_SKIPPED") for line in world.events(identifier))
    topics = str(world.client("sns").list_topics())
    assert "kept-one" in topics
    assert "kept-two" in topics


def test_retain_except_on_create(world: World) -> None:
    policy = {**_topic(TopicName="fresh"), "DeletionPolicy": "RetainExceptOnCreate"}
    world.sandbox.fault("resource", resource="Bad", action="create")
    world.create({"Resources": {"K": policy, "Bad": {**_param("x"), "DependsOn": "K"}}})
    assert "fresh" not in str(world.client("sns").list_topics())


def test_termination_protection(world: World) -> None:
    name = world.create({"Resources": {"T": TOPIC}}, EnableTerminationProtection=True)
    with pytest.raises(ClientError, match="cannot be deleted while TerminationProtection is enabled"):
        world.cfn.delete_stack(StackName=name)
    world.cfn.update_termination_protection(StackName=name, EnableTerminationProtection=False)
    assert world.delete(name) == "DELETE_COMPLETE"


def test_stack_tags_reach_resources(world: World) -> None:
    own = [{"Key": "team", "Value": "own"}, {"Key": "a", "Value": "b"}]
    template = {"Resources": {"T": _topic(Tags=own), "P": _param("x", Tags={"c": "d"})}}
    name = world.create(template, Tags=[{"Key": "team", "Value": "x"}, {"Key": "cost", "Value": "1"}])
    tags = world.client("sns").list_tags_for_resource(ResourceArn=world.physical(name, "T"))["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"team": "own", "a": "b", "cost": "1"}
    found = world.client("ssm").list_tags_for_resource(
        ResourceType="Parameter", ResourceId=world.physical(name, "P")
    )
    assert {tag["Key"]: tag["Value"] for tag in found["TagList"]} == {"team": "x", "cost": "1", "c": "d"}


def test_exports_and_imports(world: World) -> None:
    exporter = {
        "Resources": {"T": TOPIC},
        "Outputs": {"O": {"Value": {"Ref": "T"}, "Export": {"Name": "shared"}}},
    }
    first = world.create(exporter)
    second = world.create({"Resources": {"P": _param({"Fn::ImportValue": "shared"})}})
    assert world.cfn.list_imports(ExportName="shared")["Imports"] == [second]
    with pytest.raises(ClientError, match="cannot be deleted as it is in use by"):
        world.cfn.delete_stack(StackName=first)
    clash = world.create(exporter)
    assert world.stack(clash)["StackStatus"] == "ROLLBACK_COMPLETE"
    world.delete(second)
    assert world.delete(first) == "DELETE_COMPLETE"


def test_a_stack_that_exists(world: World) -> None:
    name = world.create({"Resources": {"T": TOPIC}})
    with pytest.raises(ClientError, match="already exists"):
        world.create({"Resources": {"T": TOPIC}}, name)
    with pytest.raises(ClientError, match="does not exist"):
        world.stack("no-such-stack")


def test_no_echo_is_not_shown(world: World) -> None:
    template = {
        "Parameters": {"Secret": {"Type": "String", "NoEcho": True}},
        "Resources": {"T": _topic(DisplayName={"Ref": "Secret"})},
    }
    name = world.create(template, Parameters=[{"ParameterKey": "Secret", "ParameterValue": "hush"}])
    assert "hush" not in str(world.stack(name))


def test_cancelling_an_update(world: World) -> None:
    name = world.create({"Resources": {"T": _topic(DisplayName="one")}})
    waiting = {
        "T": _topic(DisplayName="two"),
        "H": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        "W": {
            "Type": "AWS::CloudFormation::WaitCondition",
            "DependsOn": "T",
            "Properties": {"Handle": {"Ref": "H"}, "Timeout": "60"},
        },
    }
    world.cfn.update_stack(StackName=name, TemplateBody=json.dumps({"Resources": waiting}))
    world.cfn.cancel_update_stack(StackName=name)
    assert world.wait(name) == "UPDATE_ROLLBACK_COMPLETE"


def test_deleting_a_stack_under_creation(world: World) -> None:
    template = {
        "Resources": {
            "T": TOPIC,
            "H": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
            "W": {
                "Type": "AWS::CloudFormation::WaitCondition",
                "DependsOn": "T",
                "Properties": {"Handle": {"Ref": "H"}, "Timeout": "60"},
            },
        }
    }
    name = world.name()
    stack_id = world.cfn.create_stack(StackName=name, TemplateBody=json.dumps(template))["StackId"]
    while not any(line.startswith("W CREATE_IN_PROGRESS") for line in world.events(name)):
        time.sleep(0.02)
    began = time.monotonic()
    world.cfn.delete_stack(StackName=name)
    # long before the wait condition would give up
    assert time.monotonic() - began < 20
    assert world.wait(stack_id) == "DELETE_COMPLETE"
    told = [line.split()[1] for line in world.events(stack_id) if line.startswith(f"{name} ")]
    assert told == ["CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "DELETE_COMPLETE"]


def test_deleting_a_resource_that_cannot_be_interrupted(world: World) -> None:
    """The status stays DELETE_IN_PROGRESS while what runs is waited for."""
    world.sandbox.fault("delay", service="sns", operation="CreateTopic", seconds=4)
    name = world.name()
    stack_id = world.cfn.create_stack(
        StackName=name, TemplateBody=json.dumps({"Resources": {"T": TOPIC}}), OnFailure="ROLLBACK"
    )["StackId"]
    while not world.sandbox.faults()[0]["hits"]:
        time.sleep(0.02)
    began = time.monotonic()
    world.cfn.delete_stack(StackName=name)
    assert world.stack(stack_id)["StackStatus"] == "DELETE_IN_PROGRESS"
    assert time.monotonic() - began < 3.5
    assert world.wait(stack_id) == "DELETE_COMPLETE"
    assert not [t for t in world.client("sns").list_topics()["Topics"] if name in t["TopicArn"]]


def test_an_update_under_way_is_not_deleted(world: World) -> None:
    name = world.create({"Resources": {"T": _topic(DisplayName="one")}})
    world.sandbox.fault("delay", service="sns", operation="SetTopicAttributes", seconds=1)
    world.cfn.update_stack(
        StackName=name, TemplateBody=json.dumps({"Resources": {"T": _topic(DisplayName="two")}})
    )
    with pytest.raises(ClientError, match="UPDATE_IN_PROGRESS state and can not be deleted"):
        world.cfn.delete_stack(StackName=name)
    assert world.wait(name) == "UPDATE_COMPLETE"


def test_drift_is_not_claimed_where_it_is_not_looked_for(world: World) -> None:
    name = world.create({"Resources": {"P": _param("a"), "T": TOPIC}})
    world.client("ssm").put_parameter(Name=world.physical(name, "P"), Value="b", Overwrite=True)
    token = world.cfn.detect_stack_drift(StackName=name)["StackDriftDetectionId"]
    status = world.cfn.describe_stack_drift_detection_status(StackDriftDetectionId=token)
    assert status["StackDriftStatus"] == "DRIFTED"
    drifts = world.cfn.describe_stack_resource_drifts(StackName=name)["StackResourceDrifts"]
    assert {d["LogicalResourceId"]: d["StackResourceDriftStatus"] for d in drifts} == {
        "P": "MODIFIED",
        "T": "NOT_CHECKED",
    }
