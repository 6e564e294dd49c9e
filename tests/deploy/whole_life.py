"""Every example of specs/ through its whole life in the sandbox, with the real AWS CLI and IAM enforced.

It fails and leaves nothing; deploys; is a no-op the second time; is updated to a changed version; goes back to it as it
was when an update fails; and is destroyed with nothing left behind. What is left is looked for in the sandbox's whole
inventory, not in the stack's own list.
"""

from __future__ import annotations

import copy
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cfgen.errors import CfgenError
from cfgen.pipeline import render_spec
from cfgen.sandbox import Sandbox
from tests.deploy.conftest import Ran, Run

ENDPOINT, COMPONENT = "AWS::SageMaker::Endpoint", "AWS::SageMaker::InferenceComponent"
PREFERRED = "us-east-1"


def revisions(data: Any) -> Iterator[dict[str, Any]]:
    """The mappings that pin a commit."""
    if isinstance(data, dict):
        if re.fullmatch("[0-9a-f]{40}", str(data.get("revision", ""))):
            yield data
        data = list(data.values())
    if isinstance(data, list):
        for one in data:
            yield from revisions(one)


def other_revision(data: dict[str, Any], number: int, _: Path) -> bool:
    """Another commit of each pinned model."""
    found = list(revisions(data))
    for one in found:
        one["revision"] = f"{number}{one['revision'][1:]}"
    return bool(found)


def other_code(data: dict[str, Any], number: int, folder: Path) -> bool:
    """A code folder that was worked on."""
    code = data.get("model", {}).get("codeFolder")
    if code:
        with (folder / code / "inference.py").open("a") as file:
            file.write(f"# version {number}\n")
    return bool(code)


def other_environment(data: dict[str, Any], number: int, _: Path) -> bool:
    """One more variable of the container."""
    data.setdefault("model", {}).setdefault("env", {})["SWEEP"] = str(number)
    return True


def more_instances(data: dict[str, Any], number: int, _: Path) -> bool:
    """More instances."""
    endpoint = data.setdefault("endpoint", {})
    endpoint["instanceCount"] = endpoint.get("instanceCount", 1) + number
    return True


def version(spec: Path, folder: Path, number: int) -> Path:
    """The spec with other content, beside a copy of its code: the first kind of change that it takes."""
    for change in (other_code, other_revision, other_environment, more_instances):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(spec.parent, folder)
        path, data = folder / spec.name, copy.deepcopy(yaml.safe_load(spec.read_text()))
        data.setdefault("logs", {})["retentionDays"] = (7, 14)[number % 2]
        if not change(data, number, folder):
            continue
        path.write_text(yaml.safe_dump(data, sort_keys=False))
        try:
            render_spec(path)
        except CfgenError:
            continue
        return path
    raise AssertionError(f"{spec.name} takes no change this test knows: add one")


class Life:
    """One spec's stack."""

    def __init__(self, spec: Path, region: str, cfgen: Run, sandbox: Sandbox) -> None:
        self.spec, self.region, self.cfgen, self.sandbox = spec, region, cfgen, sandbox
        self.name = f"sweep-{spec.stem.replace('.', '-')}"
        self.cloudformation = sandbox.client("cloudformation", region)

    def everything(self) -> list[str]:
        """All there is, but for access logs: what S3 has written of the stack's buckets stays with who asked for it."""
        return [line for line in self.sandbox.inventory() if f"-access-logs/keys/{self.name}/" not in line]

    def deploy(self, spec: Path) -> Ran:
        where = ("--stack-name", self.name, "--region", self.region)
        return self.cfgen("deploy", spec, *where, "--sandbox", "--no-confirm", "--format", "json")

    def destroy(self) -> None:
        ran = self.cfgen("destroy", self.name, "--region", self.region, "--no-confirm", "--format", "json")
        assert ran.code == 0, ran.said
        assert json.loads(ran.out)["leftovers"] == []

    def resources(self) -> list[dict[str, Any]]:
        return list(self.cloudformation.describe_stack_resources(StackName=self.name)["StackResources"])

    def deployed(self, spec: Path) -> dict[str, Any]:
        """Deploy, which must go well and leave endpoints that answer."""
        ran = self.deploy(spec)
        assert ran.code == 0, ran.said
        (result,) = json.loads(ran.out)
        for one in result["endpoints"]:
            assert one["status"] == "InService", one
        return dict(result)

    def fails(self, spec: Path, kind: str, action: str) -> None:
        """Deploy with a fault in what serves the model: it fails for that reason and no other."""
        self.sandbox.fault("resource", resource=kind, action=action, message="no capacity in this sweep")
        ran = self.deploy(spec)
        assert ran.code == 1, ran.said
        assert "no capacity in this sweep" in ran.err
        assert [one["hits"] for one in self.sandbox.faults()] == [1]
        self.sandbox.clear_faults()

    def state(self) -> dict[str, Any]:
        """What must be the same again after an update that failed."""
        (stack,) = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"]
        sagemaker = self.sandbox.client("sagemaker", self.region)
        rows = self.resources()
        served = [
            one["PhysicalResourceId"].rpartition("/")[2] for one in rows if one["ResourceType"] == ENDPOINT
        ]
        return {
            "template": self.cloudformation.get_template(StackName=self.name)["TemplateBody"],
            "parameters": stack.get("Parameters", []),
            "outputs": stack.get("Outputs", []),
            "tags": stack.get("Tags", []),
            "resources": sorted((one["LogicalResourceId"], one["PhysicalResourceId"]) for one in rows),
            "serves": [sagemaker.describe_endpoint(EndpointName=one)["EndpointConfigName"] for one in served],
            "everything": self.everything(),
        }

    def in_sync(self) -> None:
        """No property of a resource is another than the template says."""
        ran = self.cfgen("status", self.name, "--region", self.region, "--drift", "--format", "json")
        assert json.loads(ran.out)["drift"]["status"] == "IN_SYNC", ran.out


@pytest.fixture
def life(request: pytest.FixtureRequest, cfgen: Run, sandbox: Sandbox) -> Life:
    spec: Path = request.param
    regions = render_spec(spec).regions
    region = PREFERRED if PREFERRED in regions or not regions else regions[0]
    assert sandbox.configure()["enforce_iam"] is True
    # what AWS gives every account in a region
    sandbox.client("ec2", region).describe_vpcs()
    ran = cfgen("sandbox", "seed", spec, "--region", region)
    assert ran.code == 0, ran.said
    return Life(spec, region, cfgen, sandbox)


def live(life: Life, tmp_path: Path) -> None:
    """All of it, from nothing to nothing."""
    before = life.everything()
    newer, newest = version(life.spec, tmp_path / "b", 1), version(life.spec, tmp_path / "c", 2)

    life.fails(life.spec, ENDPOINT, "create")
    life.destroy()
    assert life.everything() == before

    assert life.deployed(life.spec)["outcome"] == "created"
    assert life.deployed(life.spec)["outcome"] == "unchanged"
    assert life.deployed(newer)["outcome"] == "updated"

    state = life.state()
    kinds = {one["ResourceType"] for one in life.resources()}
    life.fails(newest, COMPONENT if COMPONENT in kinds else ENDPOINT, "update")
    assert life.state() == state
    life.in_sync()

    life.destroy()
    assert life.everything() == before
