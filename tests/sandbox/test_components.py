"""Inference components: added, changed and taken away on an endpoint that stays, with IAM enforced; from zero copies."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import World
from tests.specs import changed, template_of

BASE: dict[str, Any] = {
    "name": "many",
    "model": {
        "type": "container",
        "modelId": "Qwen/Qwen2.5-7B-Instruct",
        "revision": "a09a35458c702b33eeacc393d103063234e8bc28",
        "container": "vllm:0.30.0",
    },
    "endpoint": {"instanceType": "ml.g5.12xlarge"},
}
CHAT: dict[str, Any] = {"name": "chat", "accelerators": 2, "scaling": {"min": 0, "max": 2}}
CODE: dict[str, Any] = {
    "name": "code",
    "model": {"env": {"SM_VLLM_MAX_NUM_SEQS": "8"}},
    "scaling": {"min": 0, "max": 1},
}
TUNED: dict[str, Any] = {"name": "tuned", "base": "code", "adapter": "s3://my-adapters/tuned.tar.gz"}


def template(*components: dict[str, Any], **changes: Any) -> str:
    return template_of(changed(BASE, components=list(components), **changes)).text


@pytest.fixture(autouse=True)
def adapter(world: World) -> None:
    """What the adapter names."""
    s3 = world.client("s3")
    s3.create_bucket(Bucket="my-adapters")
    s3.put_object(Bucket="my-adapters", Key="tuned.tar.gz", Body=b"weights")


def names(world: World, name: str) -> set[str]:
    endpoint = world.outputs(name)["EndpointName"]
    found = world.client("sagemaker").list_inference_components(EndpointNameEquals=endpoint)
    return {one["InferenceComponentName"].rpartition("-")[0] for one in found["InferenceComponents"]}


def groups(world: World) -> set[str]:
    """Log groups of SageMaker's that there are, those of other tests too."""
    pages = (
        world.client("logs")
        .get_paginator("describe_log_groups")
        .paginate(logGroupNamePrefix="/aws/sagemaker/")
    )
    return {one["logGroupName"] for page in pages for one in page["logGroups"]}


def test_components_come_change_and_go(world: World) -> None:
    before = groups(world)
    name = world.create(template(CHAT))
    assert world.stack(name)["StackStatus"] == "CREATE_COMPLETE", "\n".join(world.events(name)[-40:])
    endpoint = world.outputs(name)["EndpointName"]
    for listed in (
        [CHAT, CODE],
        [CHAT, CODE, TUNED],
        [
            TUNED,
            CODE,
            {**CHAT, "model": {"revision": "main"}, "scaling": {"max": 3, "metric": "invocations"}},
        ],
        [CODE],
    ):
        assert world.update(name, template(*listed)) == "UPDATE_COMPLETE", "\n".join(world.events(name)[-40:])
        assert names(world, name) == {one["name"] for one in listed}
        assert world.outputs(name)["EndpointName"] == endpoint, "it stays"
    identifier = world.stack(name)["StackId"]
    assert world.delete(name) == "DELETE_COMPLETE", world.events(identifier)
    assert groups(world) == before


def test_a_component_does_not_move_to_another_endpoint(world: World) -> None:
    text = template({"name": "chat", "accelerators": 2})
    name = world.create(text)
    endpoint = world.outputs(name)["EndpointName"]
    other = [{"ParameterKey": "EndpointName", "ParameterValue": "another"}]
    assert world.update(name, text, Parameters=other) == "UPDATE_ROLLBACK_COMPLETE", world.events(name)
    assert any("cannot move to another" in event for event in world.events(name))
    assert world.outputs(name)["EndpointName"] == endpoint
    assert names(world, name) == {"chat"}


def test_at_zero_copies_the_stack_can_be_updated(world: World) -> None:
    name = world.create(template(CHAT))
    component = world.outputs(name)["ChatComponentName"]
    world.client("sagemaker").update_inference_component_runtime_config(
        InferenceComponentName=component, DesiredRuntimeConfig={"CopyCount": 0}
    )
    runtime = world.client("sagemaker-runtime")
    asked = {"EndpointName": world.outputs(name)["EndpointName"], "InferenceComponentName": component}
    with pytest.raises(runtime.exceptions.ClientError, match="has no capacity"):
        runtime.invoke_endpoint(**asked, Body=b"{}", ContentType="application/json")
    more = template(CHAT, endpoint__instanceCount=2)
    assert world.update(name, more) == "UPDATE_COMPLETE", "\n".join(world.events(name)[-40:])
    assert world.delete(name) == "DELETE_COMPLETE"


def test_an_adapter_that_the_role_cannot_read_fails_the_launch(world: World) -> None:
    other = {**TUNED, "adapter": "s3://my-adapters/other.tar.gz"}
    name = world.create(template(CODE, other))
    assert world.stack(name)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any("Could not find model data at s3://my-adapters/other.tar.gz" in e for e in world.events(name))


def test_an_update_of_a_component_rolls_and_goes_back_by_its_alarm(world: World) -> None:
    plain = {"name": "chat", "accelerators": 2}
    guarded = {"deployment": {"rollbackAlarms": {"errorRate": 0.02}}}
    name = world.create(template(plain, **guarded))
    sagemaker, component = world.client("sagemaker"), world.outputs(name)["ChatComponentName"]

    def serves() -> str:
        found = sagemaker.describe_inference_component(InferenceComponentName=component)
        return str(found["Specification"]["ModelName"])

    first = serves()
    newer = {**plain, "model": {"env": {"SM_VLLM_MAX_NUM_SEQS": "8"}}}
    (alarm,) = (
        one["PhysicalResourceId"]
        for one in world.client("cloudformation").describe_stack_resources(StackName=name)["StackResources"]
        if one["LogicalResourceId"] == "ChatRollbackErrors"
    )
    cloudwatch = world.client("cloudwatch")
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="a test")
    assert world.update(name, template(newer, **guarded)) == "UPDATE_ROLLBACK_COMPLETE"
    assert any("went into ALARM state" in line for line in world.events(name))
    assert serves() == first
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="a test")
    assert world.update(name, template(newer, **guarded)) == "UPDATE_COMPLETE", "\n".join(
        world.events(name)[-40:]
    )
    assert serves() != first
    found = sagemaker.describe_inference_component(InferenceComponentName=component)
    assert found["LastDeploymentConfig"]["RollingUpdatePolicy"]["MaximumBatchSize"]["Value"] == 25
    assert world.delete(name) == "DELETE_COMPLETE"


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ({"Type": "CAPACITY_PERCENT", "Value": 60}, "MaximumBatchSize must be between 5% and 50%"),
        (
            {"Type": "COPY_COUNT", "Value": 2},
            "MaximumBatchSize must be between 5% and 50% of the inference component's",
        ),
    ],
)
def test_batches_that_are_refused(world: World, size: dict[str, Any], words: str) -> None:
    name = world.create(template({"name": "chat", "copies": 2}))
    sagemaker = world.client("sagemaker")
    with pytest.raises(sagemaker.exceptions.ClientError, match=words):
        sagemaker.update_inference_component(
            InferenceComponentName=world.outputs(name)["ChatComponentName"],
            DeploymentConfig={"RollingUpdatePolicy": {"MaximumBatchSize": size, "WaitIntervalInSeconds": 0}},
        )
    assert world.delete(name) == "DELETE_COMPLETE"
