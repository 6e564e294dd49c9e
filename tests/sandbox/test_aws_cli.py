"""The real AWS CLI deploys against the sandbox, and does not notice the difference."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from .conftest import World

_OWN = Path(sys.executable).parent / "aws"
# CFGEN_TEST_AWS: another AWS CLI, such as version 2, which no package registry has
AWS = os.environ.get("CFGEN_TEST_AWS") or (str(_OWN) if _OWN.exists() else shutil.which("aws"))
assert AWS, "the AWS CLI is not installed: pip install awscli"

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Parameters: {Word: {Type: String, Default: one}}
Resources: {T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Word}}}
Outputs: {T: {Value: !Ref T}}
"""


def _aws(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    assert AWS is not None
    return subprocess.run(
        [AWS, *arguments],
        env={**os.environ, **world.sandbox.environment()},
        capture_output=True,
        text=True,
        check=False,
    )


def _version(world: World) -> int:
    return int(_aws(world, "--version").stdout.removeprefix("aws-cli/").partition(".")[0])


def test_deploy(world: World, tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(TEMPLATE)
    name = world.name()
    deploy = ("cloudformation", "deploy", "--stack-name", name, "--template-file", str(file))
    began = time.monotonic()
    done = _aws(world, *deploy)
    assert done.returncode == 0, done.stderr
    assert f"Successfully created/updated stack - {name}" in done.stdout
    # its first look is at the end already: the CLI would look again only after 30 seconds
    assert time.monotonic() - began < 29
    again = _aws(world, *deploy, "--no-fail-on-empty-changeset")
    assert again.returncode == 0
    assert "No changes to deploy" in again.stdout
    # version 1 takes that for a failure unless told otherwise, version 2 does not
    assert _aws(world, *deploy).returncode == (255 if _version(world) == 1 else 0)
    changed = _aws(world, *deploy, "--parameter-overrides", "Word=two")
    assert changed.returncode == 0, changed.stderr
    shown = _aws(world, "cloudformation", "describe-stacks", "--stack-name", name, "--output", "json")
    stack = json.loads(shown.stdout)["Stacks"][0]
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert stack["Outputs"][0]["OutputValue"].startswith("arn:aws:sns:")
    assert _aws(world, "cloudformation", "delete-stack", "--stack-name", name).returncode == 0
    assert world.wait(stack["StackId"]) == "DELETE_COMPLETE"


def test_deploy_that_fails(world: World, tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(TEMPLATE)
    world.sandbox.fault("resource", resource="T", action="create")
    done = _aws(world, "cloudformation", "deploy", "--stack-name", world.name(), "--template-file", str(file))
    assert done.returncode != 0
    assert "Failed to create/update the stack" in done.stderr


def test_validate_template(world: World, tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text("Resources: {T: {Type: AWS::SNS::Topik}}")
    done = _aws(world, "cloudformation", "validate-template", "--template-body", file.as_uri())
    assert done.returncode != 0
    assert "Unrecognized resource types: [AWS::SNS::Topik]" in done.stderr


def test_packaged_through_a_bucket(world: World, tmp_path: Path) -> None:
    world.client("s3").create_bucket(Bucket="templates-bucket")
    file = tmp_path / "template.yaml"
    file.write_text(TEMPLATE + "Metadata: {Padding: " + "x" * 52_000 + "}\n")
    deploy = ("cloudformation", "deploy", "--stack-name", world.name(), "--template-file", str(file))
    assert _aws(world, *deploy).returncode != 0
    done = _aws(world, *deploy, "--s3-bucket", "templates-bucket")
    assert done.returncode == 0, done.stderr
