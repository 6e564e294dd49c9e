"""The commands with the real AWS CLI against the sandbox: from nothing to an endpoint, through changes, to nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.conftest import SPEC, Ran, Run

pytestmark = pytest.mark.usefixtures("sandbox")


def deploy(cfgen: Run, name: str, *more: object, spec: Path = SPEC) -> Ran:
    return cfgen("deploy", spec, "--stack-name", name, "--no-confirm", *more)


def data(ran: Ran) -> Any:
    return json.loads(ran.out)


def changed_spec(folder: Path, old: str = "instanceCount: 2", new: str = "instanceCount: 3") -> Path:
    text = SPEC.read_text()
    assert old in text
    file = folder / "changed.yaml"
    file.write_text(text.replace(old, new))
    return file


def test_from_nothing_to_nothing(cfgen: Run, name: str, tmp_path: Path) -> None:
    ran = deploy(cfgen, name, "--tags", "team=search", "--format", "json")
    assert ran.code == 0, ran.said
    (made,) = data(ran)
    assert made["outcome"] == "created"
    assert made["endpoints"][0]["answered"] is True
    endpoint = made["outputs"]["EndpointName"]
    assert "CREATE_COMPLETE             Endpoint that serves" in ran.err

    ran = deploy(cfgen, name)
    assert (ran.code, f"{name} in us-east-1: unchanged" in ran.out) == (0, True)
    assert cfgen("diff", SPEC, "--stack-name", name).code == 0

    newer = changed_spec(tmp_path)
    ran = cfgen("diff", newer, "--stack-name", name, "--format", "json")
    assert ran.code == 1
    found = data(ran)
    assert found["endpointInterrupted"] == "no"
    assert [row["name"] for row in found["parameters"]] == ["InstanceCount"]
    ran = deploy(cfgen, name, "--format", "json", spec=newer)
    assert ran.code == 0, ran.said
    (made,) = data(ran)
    assert made["outcome"] == "updated"
    actions = {one["logical_id"]: one["action"] for one in made["changes"]}
    assert actions["EndpointConfig"] == "replace"
    assert actions["Endpoint"] == "modify"
    assert made["outputs"]["EndpointName"] == endpoint

    found = data(cfgen("status", name, "--drift", "--format", "json"))
    assert found["status"] == "UPDATE_COMPLETE"
    assert found["endpoints"][0]["variants"][0] == {
        "name": "AllTraffic", "instanceType": "ml.c6i.2xlarge", "instances": 3, "wanted": 3, "status": "",
    }  # fmt: skip
    assert found["drift"]["status"] == "IN_SYNC"
    assert cfgen("outputs", name, "EndpointName").out.strip() == endpoint
    assert cfgen("outputs", name, "Nothing").code == 1
    assert name in {row["stack"] for row in data(cfgen("list", "--format", "json"))}
    assert cfgen("logs", name).code == 0

    ran = cfgen("destroy", name, "--no-confirm", "--format", "json")
    assert ran.code == 0, ran.said
    assert data(ran)["leftovers"] == []
    gone = cfgen("status", name)
    assert (gone.code, "no stack" in gone.err) == (1, True)
    assert cfgen("destroy", name, "--no-confirm").code == 1


def test_tags_and_chosen_values_survive_an_update(
    cfgen: Run, name: str, tmp_path: Path, sandbox: Any
) -> None:
    deploy(cfgen, name, "--tags", "team=search", "-p", "LogRetentionDays=7")
    ran = deploy(cfgen, name, spec=changed_spec(tmp_path))
    assert ran.code == 0, ran.said
    assert "LogRetentionDays stays 7" in ran.err
    stack = sandbox.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    assert stack["Tags"] == [{"Key": "team", "Value": "search"}]
    assert {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}[
        "LogRetentionDays"
    ] == "7"


def test_looking_first_changes_nothing_and_the_empty_stack_is_no_obstacle(
    cfgen: Run, name: str, sandbox: Any
) -> None:
    ran = deploy(cfgen, name, "--no-execute")
    assert ran.code == 0, ran.said
    assert "aws cloudformation execute-change-set --change-set-name arn:aws:" in ran.out
    client = sandbox.client("cloudformation")
    assert client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "REVIEW_IN_PROGRESS"
    ran = deploy(cfgen, name)
    assert (ran.code, f"{name} in us-east-1: created" in ran.out) == (0, True), ran.said


def test_saying_no_leaves_nothing(cfgen: Run, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cfgen.deploy.console.interactive", lambda: True)
    monkeypatch.setattr("click.confirm", lambda *_, **__: False)
    ran = cfgen("deploy", SPEC, "--stack-name", name)
    assert ran.code == 1
    assert "nothing was changed" in ran.err
    assert "IAM added: ExecutionRole" in ran.err
    assert cfgen("status", name).code == 1


def test_nobody_to_ask_is_refused_before_anything(cfgen: Run, name: str) -> None:
    assert cfgen("deploy", SPEC, "--stack-name", name).code == 2
    assert cfgen("destroy", name).code == 2


def test_destroying_asks_for_the_name(cfgen: Run, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    deploy(cfgen, name, "--no-request")
    monkeypatch.setattr("cfgen.deploy.console.interactive", lambda: True)
    monkeypatch.setattr("click.prompt", lambda *_, **__: "something else")
    ran = cfgen("destroy", name)
    assert (ran.code, "not deleted" in ran.err) == (1, True)
    monkeypatch.setattr("click.prompt", lambda *_, **__: name)
    assert cfgen("destroy", name).code == 0


def test_protection(cfgen: Run, name: str, sandbox: Any) -> None:
    assert deploy(cfgen, name, "--termination-protection").code == 0
    ran = cfgen("destroy", name, "--no-confirm")
    assert ran.code == 1
    assert "update-termination-protection" in ran.err
    sandbox.client("cloudformation").update_termination_protection(
        StackName=name, EnableTerminationProtection=False
    )


def test_drift_is_told_property_by_property(cfgen: Run, name: str, sandbox: Any) -> None:
    deploy(cfgen, name)
    group = cfgen("outputs", name, "LogGroupName").out.strip()
    sandbox.client("logs").put_retention_policy(logGroupName=group, retentionInDays=1)
    ran = cfgen("status", name, "--drift")
    assert "drift: DRIFTED" in ran.out
    assert "30 → 1" in ran.out


def test_several_regions_side_by_side(cfgen: Run, name: str, sandbox: Any) -> None:
    sandbox.fault(
        "resource", resource="AWS::SageMaker::EndpointConfig", action="create", message="Rate exceeded"
    )
    ran = deploy(cfgen, name, "--region", "us-east-1", "--region", "eu-west-1", "--max-concurrency", "2")
    assert ran.code == 1
    assert f"[{name} us-east-1] " in ran.err
    assert f"[{name} eu-west-1] " in ran.err
    rows = ran.out.splitlines()[-2:]
    assert sorted(row.split()[2] for row in rows) == ["created", "failed"]
    assert "Throttled: Too many calls" in ran.err


def test_its_own_sandbox_for_one_command(cfgen: Run, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (
        "AWS_ENDPOINT_URL",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
    ):
        monkeypatch.delenv(variable)
    ran = deploy(cfgen, name, "--sandbox")
    assert ran.code == 0, ran.said
    assert "a local stand-in, not AWS" in ran.err
