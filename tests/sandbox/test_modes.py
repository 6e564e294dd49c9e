"""Every way to serve, deployed, changed, added to a plain endpoint, taken away, and deleted without leftovers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import World
from tests.specs import changed, template_of

PLAIN: dict[str, Any] = {
    "name": "modes",
    "model": {
        "type": "container",
        "modelId": "BAAI/bge-small-en-v1.5",
        "revision": "5c38ec7c405ec4b44b94cc5a9bb96e735b38267a",
        "container": "tei:1.8.2",
    },
    "endpoint": {"instanceType": "ml.c6i.2xlarge"},
}
DATA: dict[str, Any] = {
    "name": "modes",
    "model": {"type": "container", "container": "xgboost", "modelData": "s3://my-models/one/model.tar.gz"},
    "endpoint": {"instanceType": "ml.m5.xlarge"},
    "smokeTest": {"body": "1,2", "contentType": "text/csv"},
}
MANY = {
    "model__mode": "multi-model",
    "model__modelData": "s3://my-models/many/",
    "smokeTest__targetModel": "a.tar.gz",
}
TWO = [{"name": "current", "weight": 9}, {"name": "next", "model": {"env": {"MAX_BATCH_TOKENS": "1024"}}}]
SHADOW = [{"name": "current"}, {"name": "next", "shadow": True, "model": {"container": "tei:1.7.0"}}]
POOLS = [{"instanceType": "ml.c6i.2xlarge"}, {"instanceType": "ml.c7i.2xlarge"}]
# feature → (base, with the feature, with the feature changed)
MODES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    # an endpoint stays asynchronous, or never is: the change between them is refused, as tests of updates show
    "async": (
        changed(PLAIN, **{"async": {}}),
        {"async": {"successTopic": "make"}},
        {"async": {"errorTopic": "make", "outputPrefix": "out/"}},
    ),
    "variants": (PLAIN, {"variants": TWO}, {"variants": [*TWO, {"name": "third", "instanceCount": 2}]}),
    "shadow": (PLAIN, {"variants": SHADOW}, {"variants": [SHADOW[0], {**SHADOW[1], "weight": 0}]}),
    "pools": (
        PLAIN,
        {"endpoint__instanceType": ..., "endpoint__instancePools": POOLS},
        {
            "endpoint__instanceType": ...,
            "endpoint__instancePools": POOLS[::-1],
            "endpoint__provisionTimeout": 300,
        },
    ),
    "routing": (
        PLAIN,
        {"endpoint__routing": {"strategy": "RANDOM"}},
        {"endpoint__routing": {"strategy": "PREFIX_AWARE", "concurrencyThreshold": 8}},
    ),
    "multi-model": (DATA, MANY, {**MANY, "model__modelCache": False}),
}


@pytest.fixture(autouse=True)
def files(world: World) -> None:
    """What the specs' modelData names."""
    s3 = world.client("s3")
    s3.create_bucket(Bucket="my-models")
    for key in ("one/model.tar.gz", "many/a.tar.gz"):
        s3.put_object(Bucket="my-models", Key=key, Body=b"model")


def settled(world: World, name: str) -> dict[str, Any]:
    found: dict[str, Any] = world.client("sagemaker").describe_endpoint(
        EndpointName=world.outputs(name)["EndpointName"]
    )
    assert found["EndpointStatus"] == "InService"
    return found


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_comes_changes_and_goes(world: World, mode: str) -> None:
    base, added, other = MODES[mode]
    plain = template_of(base).text
    name = world.create(plain)
    assert world.stack(name)["StackStatus"] == "CREATE_COMPLETE", "\n".join(world.events(name)[-40:])
    for template in (
        template_of(changed(base, **added)).text,
        template_of(changed(base, **other)).text,
        plain,
    ):
        assert world.update(name, template) == "UPDATE_COMPLETE", "\n".join(world.events(name)[-40:])
        settled(world, name)
    identifier = world.stack(name)["StackId"]
    assert world.delete(name) == "DELETE_COMPLETE", world.events(identifier)


def test_a_serverless_endpoint_is_asked_changed_and_deleted(world: World) -> None:
    spec = changed(DATA, endpoint=..., serverless={"memorySizeInMB": 2048})
    name = world.create(template_of(spec).text)
    assert world.stack(name)["StackStatus"] == "CREATE_COMPLETE", "\n".join(world.events(name)[-40:])
    variant = settled(world, name)["ProductionVariants"][0]
    assert variant["CurrentServerlessConfig"]["MemorySizeInMB"] == 2048
    more = [{"ParameterKey": "ServerlessProvisionedConcurrency", "ParameterValue": "2"}]
    assert world.update(name, template_of(spec).text, Parameters=more) == "UPDATE_COMPLETE", "\n".join(
        world.events(name)[-40:]
    )
    assert (
        settled(world, name)["ProductionVariants"][0]["CurrentServerlessConfig"]["ProvisionedConcurrency"]
        == 2
    )
    identifier = world.stack(name)["StackId"]
    assert world.delete(name) == "DELETE_COMPLETE", world.events(identifier)


def test_an_asynchronous_answer_lies_where_the_outputs_say_and_goes_with_the_stack(world: World) -> None:
    name = world.create(template_of(changed(PLAIN, **{"async": {}})).text)
    told = world.outputs(name)
    bucket, _, prefix = told["AsyncInput"].removeprefix("s3://").partition("/")
    s3 = world.client("s3")
    s3.put_object(Bucket=bucket, Key=f"{prefix}one", Body=b'{"inputs": "a"}')
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 2, "the request, and the smoke test's answer"
    assert world.delete(name) == "DELETE_COMPLETE"
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.list_objects_v2(Bucket=bucket)


def test_a_bucket_kept_on_purpose_is_kept(world: World) -> None:
    name = world.create(template_of(changed(PLAIN, **{"async": {"retainOnDelete": True}})).text)
    bucket = world.physical(name, "AsyncBucket")
    assert world.delete(name) == "DELETE_COMPLETE"
    assert world.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_a_bucket_that_is_to_be_kept_from_now_on_keeps_what_it_holds(world: World) -> None:
    name = world.create(template_of(changed(PLAIN, **{"async": {}})).text)
    bucket = world.physical(name, "AsyncBucket")
    kept = template_of(changed(PLAIN, **{"async": {"retainOnDelete": True}})).text
    assert world.update(name, kept) == "UPDATE_COMPLETE"
    assert world.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_a_rollback_takes_a_bucket_back_that_was_to_be_kept(world: World) -> None:
    text = template_of(changed(PLAIN, **{"async": {"retainOnDelete": True}})).text
    taken = """Resources:
  Taken:
    Type: AWS::Logs::LogGroup
    DependsOn: SmokeTest
    Properties: {LogGroupName: !Ref LogGroup}
"""
    name = world.create(text.replace("Resources:\n", taken, 1))
    assert world.stack(name)["StackStatus"] == "ROLLBACK_COMPLETE", world.events(name)
    events = "\n".join(world.events(name))
    assert "AsyncBucket DELETE_COMPLETE" in events, events


def test_a_request_names_its_model_of_many(world: World) -> None:
    name = world.create(template_of(changed(DATA, **MANY)).text)
    runtime = world.client("sagemaker-runtime")
    asked = {"EndpointName": world.outputs(name)["EndpointName"], "Body": b"1", "ContentType": "text/csv"}
    assert runtime.invoke_endpoint(**asked, TargetModel="a.tar.gz")["Body"].read() == b"1"
    for wrong, words in (
        ({}, "TargetModel header is required"),
        ({"TargetModel": "b.tar.gz"}, "Could not find"),
    ):
        with pytest.raises(runtime.exceptions.ClientError, match=words):
            runtime.invoke_endpoint(**asked, **wrong)


def test_weights_are_the_launchers(world: World) -> None:
    template = template_of(changed(PLAIN, variants=TWO)).text
    name = world.create(template)
    weights = [{"ParameterKey": "NextWeight", "ParameterValue": "3"}]
    assert world.update(name, template, Parameters=weights) == "UPDATE_COMPLETE", "\n".join(
        world.events(name)[-40:]
    )
    found = {one["VariantName"]: one["CurrentWeight"] for one in settled(world, name)["ProductionVariants"]}
    assert found == {"current": 9, "next": 3}
