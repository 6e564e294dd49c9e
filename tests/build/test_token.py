"""The hub's token: read from Secrets Manager when it is needed, and to be found nowhere afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.build.world import TOKEN, World, files

GATED = [{"id": "org/gated"}]


@pytest.fixture
def secret(world: World) -> Iterator[Callable[[str], str]]:
    """Make the secret of the test, under a key of its own; its ARN."""
    api = world.client("secretsmanager")

    def make(value: str) -> str:
        key = world.client("kms").create_key()["KeyMetadata"]["KeyId"]
        return str(api.create_secret(Name="hub/token", SecretString=value, KmsKeyId=key)["ARN"])

    yield make
    api.delete_secret(SecretId="hub/token", ForceDeleteWithoutRecovery=True)


def everything(world: World) -> str:
    """All that can be read of a stack without the right to read its secret or its bucket, and what the bucket holds."""
    found: list[Any] = [world.logs(), world.builds()]

    def ask(service: str, operation: str, **arguments: Any) -> Any:
        found.append(getattr(world.client(service), operation)(**arguments))
        return found[-1]

    name = world.stack()["StackId"]
    ask("cloudformation", "get_template", StackName=name, TemplateStage="Original")
    ask("cloudformation", "get_template", StackName=name, TemplateStage="Processed")
    ask("cloudformation", "describe_stacks", StackName=name)
    ask("cloudformation", "describe_stack_events", StackName=name)
    for one in ask("cloudformation", "describe_stack_resources", StackName=name)["StackResources"]:
        identity = one["LogicalResourceId"]
        ask("cloudformation", "describe_stack_resource", StackName=name, LogicalResourceId=identity)
    ask("codebuild", "batch_get_projects", names=ask("codebuild", "list_projects")["projects"])
    for one in ask("lambda", "list_functions")["Functions"]:
        ask("lambda", "get_function", FunctionName=one["FunctionName"])
    for machine in ask("stepfunctions", "list_state_machines")["stateMachines"]:
        ask("stepfunctions", "describe_state_machine", stateMachineArn=machine["stateMachineArn"])
        runs = ask("stepfunctions", "list_executions", stateMachineArn=machine["stateMachineArn"])[
            "executions"
        ]
        for one in runs:
            ask("stepfunctions", "describe_execution", executionArn=one["executionArn"])
            ask("stepfunctions", "get_execution_history", executionArn=one["executionArn"])
    for one in ask("sagemaker", "list_models")["Models"]:
        ask("sagemaker", "describe_model", ModelName=one["ModelName"])
    for one in ask("iam", "list_roles")["Roles"]:
        for policy in ask("iam", "list_role_policies", RoleName=one["RoleName"])["PolicyNames"]:
            ask("iam", "get_role_policy", RoleName=one["RoleName"], PolicyName=policy)
    for bucket in ask("s3", "list_buckets")["Buckets"]:
        for key in world.objects(bucket["Name"]):
            got = world.client("s3").get_object(Bucket=bucket["Name"], Key=key)
            found += [key, got["Metadata"], got["Body"].read(9_999).decode("latin-1")]
    for path in ("events.jsonl", "sandbox.log", "stderr.log"):  # events for functions; the sandbox's own logs
        file = world.sandbox.folder / path
        found.append(file.read_text() if file.exists() else "")
    return json.dumps(found, default=str)


def environments(world: World) -> str:
    """The environments and command lines of the processes of builds, while they run."""
    found, place = [], str(world.sandbox.folder / "builds")
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str((process / "cwd").readlink()).startswith(place):
                found += [(process / name).read_bytes().decode("latin-1") for name in ("environ", "cmdline")]
        except OSError:
            continue
    assert found
    return "\n".join(found)


@pytest.mark.parametrize(
    ("value", "by"),
    [(TOKEN, "name"), (f" {TOKEN}\n", "arn"), (json.dumps({"token": TOKEN}), "name")],
    ids=["name", "arn", "json"],
)
def test_the_token_opens_the_hub_and_is_nowhere(
    world: World, secret: Callable[[str], str], value: str, by: str
) -> None:
    arn = secret(value)
    world.commit("org/gated", files(), gated=True)
    gate = world.hold("org/gated")
    text = world.text(model__modelId=GATED, model__tokenSecret="hub/token")
    world.create(text, **({"TokenSecret": arn} if by == "arn" else {}))
    world.building(gate)
    assert TOKEN not in environments(world)
    gate.open.set()
    end = world.follow()
    assert end.status == "CREATE_COMPLETE", end
    found = everything(world)
    assert TOKEN not in found
    assert "hub/token" in found, "the name is no secret"
    assert all("Authorization" not in one.headers for one in world.hub.asked("cdn"))
    assert any(one.headers.get("Authorization") == f"Bearer {TOKEN}" for one in world.hub.asked("hub"))
    assert world.delete().status == "DELETE_COMPLETE"
    world.nothing_left()


def test_the_token_is_not_in_what_a_failure_says(world: World, secret: Callable[[str], str]) -> None:
    secret(TOKEN)
    world.commit("org/gated", files(), gated=True)
    # a hub that repeats the token in its answer
    world.hub.fault("/tree/", status=403, headers={"X-Error-Code": f"bad token {TOKEN}"}, times=99)
    world.create(world.text(model__modelId=GATED, model__tokenSecret="hub/token"), keep=True)
    end = world.follow()
    assert end.status == "CREATE_FAILED"
    assert "bad token ***" in end.reason
    assert TOKEN not in everything(world)
    assert world.delete().status == "DELETE_COMPLETE"
    world.nothing_left()


def test_a_secret_that_is_not_there_is_refused_in_seconds(world: World) -> None:
    world.commit("org/gated", files(), gated=True)
    end = world.deploy(world.text(model__modelId=GATED, model__tokenSecret="hub/token"))
    assert end.status == "ROLLBACK_COMPLETE"
    assert "cannot read the token's secret hub/token" in end.reason, end
    assert world.builds() == []
    assert end.seconds < 20
    world.nothing_left()


def test_a_token_without_access_is_refused_in_seconds(world: World, secret: Callable[[str], str]) -> None:
    secret(TOKEN)
    world.commit("org/other", files(), gated=True)
    end = world.deploy(world.text(model__modelId=[{"id": "org/other"}], model__tokenSecret="hub/token"))
    assert end.status == "ROLLBACK_COMPLETE"
    assert "the hub answers 403 GatedRepo" in end.reason, end
    assert world.builds() == []
    world.nothing_left()
