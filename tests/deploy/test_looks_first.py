"""``deploy`` looks before it spends: a launch that would fail is not made, and nothing of it is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.deploy.conftest import Run

SPEC = """\
name: looked-at
model:
  type: container
  modelId: meta-llama/Llama-3.1-8B-Instruct
  revision: 0e9e39f249a16976918f6564b8830bc894c89659
  container: vllm:0.30.0
  tokenSecret: a-token-that-nobody-made
  allowTokenInEnvironment: true
  license: {id: llama3.1, accepted: true}
endpoint: {instanceType: ml.g6.2xlarge}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "looked-at.yaml"
    path.write_text(SPEC)
    return path


def stacks(sandbox: Any, name: str) -> list[str]:
    found = sandbox.client("cloudformation").list_stacks()["StackSummaries"]
    return [
        one["StackStatus"]
        for one in found
        if one["StackName"] == name and one["StackStatus"] != "DELETE_COMPLETE"
    ]


def test_a_secret_that_is_not_there_ends_it_and_leaves_nothing(
    cfgen: Run, sandbox: Any, spec: Path, name: str
) -> None:
    ran = cfgen("deploy", spec, "--region", "us-east-1", "--stack-name", name, "--no-confirm")
    assert ran.code == 1
    assert "not launched, because it would fail" in ran.err
    assert "secret a-token-that-nobody-made: is not there" in ran.err
    assert "--skip-preflight" in ran.err
    assert stacks(sandbox, name) == []


def test_whoever_insists_gets_a_change_set(cfgen: Run, sandbox: Any, spec: Path, name: str) -> None:
    ran = cfgen(
        "deploy", spec, "--region", "us-east-1", "--stack-name", name, "--no-execute", "--skip-preflight"
    )
    assert ran.code == 0
    assert stacks(sandbox, name) == ["REVIEW_IN_PROGRESS"]


def test_a_secret_that_is_there_lets_it_go_on(cfgen: Run, sandbox: Any, spec: Path, name: str) -> None:
    secrets = sandbox.client("secretsmanager")
    secrets.create_secret(Name="a-token-that-nobody-made", SecretString="hf_x")
    try:
        ran = cfgen("deploy", spec, "--region", "us-east-1", "--stack-name", name, "--no-execute")
    finally:
        secrets.delete_secret(SecretId="a-token-that-nobody-made", ForceDeleteWithoutRecovery=True)
    assert ran.code == 0
    assert "would fail" not in ran.err


def test_a_quota_too_small_ends_it_with_the_request(
    cfgen: Run, sandbox: Any, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(
        "\n".join(line for line in SPEC.splitlines() if "oken" not in line and "modelId" not in line)
    )
    path.write_text(
        path.read_text().replace("container: vllm:0.30.0", "container: vllm:0.30.0\n  modelId: BAAI/bge-m3")
    )
    sandbox.configure(quotas={"L-98BDE811": "0"})
    try:
        ran = cfgen("deploy", path, "--region", "us-east-1", "--stack-name", name, "--no-confirm")
    finally:
        sandbox.configure(quotas={"L-98BDE811": None})
    assert ran.code == 1
    assert "ml.g6.2xlarge for endpoint usage: 1 needed of 0" in ran.err
    assert "request-service-quota-increase --service-code sagemaker --quota-code L-98BDE811" in ran.err
    assert stacks(sandbox, name) == []
