"""JumpStart's models whole: every template of the list linted by every rule, and some deployed in the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cfgen.catalogue import load as load_catalogue
from cfgen.catalogue.jumpstart import load
from cfgen.render import render
from cfgen.resolve import resolve
from tests.conftest import ROOT
from tests.specs import changed, spec_of

from .conftest import IAM, World

MODELS, CATALOGUE = load(), load_catalogue()
LLAMA = "meta-textgeneration-llama-3-1-8b-instruct"
GATED = "jumpstart-private-cache-prod-us-east-1"
BASE: dict[str, Any] = {
    "name": "example",
    "model": {"type": "jumpstart", "modelId": LLAMA, "acceptEula": True},
    "endpoint": {"instanceType": "auto"},
}


def template_of(model_id: str, **changes: Any) -> str:
    """The template of a model's newest version."""
    data = changed(BASE, model__modelId=model_id, **changes)
    return render(resolve(spec_of(data), CATALOGUE)).text


@pytest.fixture
def files(world: World) -> Iterator[Any]:
    """JumpStart's private bucket of one region, with the model's files."""
    s3 = world.client("s3")
    s3.create_bucket(Bucket=GATED)
    key = f"{MODELS.release(LLAMA).key}config.json"
    s3.put_object(Bucket=GATED, Key=key, Body=b"{}")
    yield s3
    s3.delete_object(Bucket=GATED, Key=key)
    s3.delete_bucket(Bucket=GATED)


def container(world: World, name: str) -> dict[str, Any]:
    """The container of a stack's Model, as SageMaker tells it."""
    model = world.physical(name, "Model").rpartition("/")[2]
    found: dict[str, Any] = world.client("sagemaker").describe_model(ModelName=model)["PrimaryContainer"]
    return found


def test_a_gated_model_is_served_from_jumpstarts_bucket(world: World, files: Any) -> None:
    """The role reads just these files; the licence is accepted by the launch."""
    name = world.create(template_of(LLAMA))
    assert world.stack(name)["StackStatus"] == "CREATE_COMPLETE", world.events(name)
    made = container(world, name)
    assert made["ModelDataSource"]["S3DataSource"]["S3Uri"].startswith(f"s3://{GATED}/meta-textgeneration/")
    assert (
        made["Image"] == "763104351884.dkr.ecr.us-east-1.amazonaws.com/djl-inference:0.29.0-lmi11.0.0-cu124"
    )
    endpoint = world.outputs(name)["EndpointName"]
    runtime = world.client("sagemaker-runtime")
    assert runtime.invoke_endpoint(EndpointName=endpoint, Body=b"{}")["Body"].read()
    assert world.delete(name) == "DELETE_COMPLETE"


def test_files_that_are_not_there_fail_the_stack(world: World, files: Any) -> None:
    """The bucket is there and the model's files are not: as with a version that AWS withdrew."""
    files.delete_object(Bucket=GATED, Key=f"{MODELS.release(LLAMA).key}config.json")
    name = world.create(template_of(LLAMA))
    assert world.stack(name)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any("Could not find model data" in event for event in world.events(name))
    world.delete(name)


def test_a_licence_that_the_launcher_refuses(world: World) -> None:
    with pytest.raises(ClientError, match="licence must be accepted"):
        world.cfn.create_stack(
            StackName=world.name(),
            TemplateBody=template_of(LLAMA),
            Capabilities=IAM,
            Parameters=[{"ParameterKey": "AcceptEula", "ParameterValue": "false"}],
        )


def test_sagemaker_refuses_a_gated_model_without_its_licence(world: World) -> None:
    """Were the Rule not there, the Model would fail."""
    text = template_of(LLAMA)
    assert text.count("              AcceptEula: !Ref AcceptEula\n") == 1
    bare = text.replace("            ModelAccessConfig:\n              AcceptEula: !Ref AcceptEula\n", "")
    name = world.create(bare)
    assert world.stack(name)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any("is gated" in event for event in world.events(name))
    world.delete(name)


def test_image_and_environment_follow_the_instance_type(world: World) -> None:
    """One template: launched on a GPU, then moved to a CPU; and a variable that comes with more GPUs."""
    text = (ROOT / "tests" / "goldens" / "jumpstart-classifier.template.yaml").read_text(encoding="utf-8")
    kind = [{"ParameterKey": "InstanceType", "ParameterValue": "ml.g4dn.xlarge"}]
    name = world.create(text, Parameters=kind)
    assert "-gpu-" in container(world, name)["Image"], world.events(name)
    kind[0]["ParameterValue"] = "ml.c5.xlarge"
    assert world.update(name, Parameters=kind) == "UPDATE_COMPLETE", world.events(name)
    assert "-cpu-" in container(world, name)["Image"]
    world.delete(name)
    text = template_of("huggingface-llm-amazon-mistrallite")
    name = world.create(text)
    assert "SM_NUM_GPUS" not in container(world, name)["Environment"], world.events(name)
    kind[0]["ParameterValue"] = "ml.g5.48xlarge"
    assert world.update(name, Parameters=kind) == "UPDATE_COMPLETE", world.events(name)
    assert container(world, name)["Environment"]["SM_NUM_GPUS"] == "8"
    world.delete(name)


def test_a_region_without_the_image_is_refused(world: World) -> None:
    """Before anything is made."""
    cfn = world.sandbox.client("cloudformation", "ap-east-2")
    with pytest.raises(ClientError, match="cannot be served in this region"):
        cfn.create_stack(StackName=world.name(), TemplateBody=template_of(LLAMA), Capabilities=IAM)
