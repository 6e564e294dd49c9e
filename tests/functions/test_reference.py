"""The reference template: up to date, lints, small enough; and its own parts carry a stack's life, without AWS."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cfgen.render.parts import source
from tests.fixtures.hub import Hub
from tests.functions.conftest import TOKEN, Functions, event_of
from tests.functions.loopback import MACHINE, Answers, Control
from tests.functions.reference import make


class Loader(yaml.SafeLoader):
    """CloudFormation's short tags, as a pair of tag and value."""


def _tag(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return (suffix, loader.construct_scalar(node))
    if isinstance(node, yaml.SequenceNode):
        return (suffix, loader.construct_sequence(node, deep=True))
    assert isinstance(node, yaml.MappingNode)
    return (suffix, loader.construct_mapping(node, deep=True))


Loader.add_multi_constructor("!", _tag)


@pytest.fixture(scope="module")
def text() -> str:
    return make.render()


@pytest.fixture(scope="module")
def template(text: str) -> dict[str, Any]:
    return dict(yaml.load(text, Loader))


def test_it_is_up_to_date(text: str) -> None:
    assert (make.HERE / "build.yaml").read_text() == text, "run tests/functions/reference/make.py"


def test_limits(text: str, template: dict[str, Any]) -> None:
    resources = template["Resources"]
    assert len(resources) <= 20
    assert len(text.encode()) < 51_200
    specification = resources["BuildProject"]["Properties"]["Source"]["BuildSpec"]
    assert len(specification) < 25_600 - 4_000, "CodeBuild's limit, and room for real code"
    wait = int(resources[f"BuildDone{key(template)[:12]}"]["Properties"]["Timeout"])
    task = resources["BuildMachine"]["Properties"]["Definition"]["States"]["Build"]["TimeoutSeconds"]
    project = resources["BuildProject"]["Properties"]
    minutes = project["TimeoutInMinutes"] + project["QueuedTimeoutInMinutes"]
    assert minutes * 60 < task < wait <= 43_200
    assert project["Environment"]["PrivilegedMode"] is False


def key(template: dict[str, Any]) -> str:
    return str(template["Resources"]["Build"]["Properties"]["Key"])


def test_what_is_embedded_is_what_is_tested(template: dict[str, Any]) -> None:
    resources = template["Resources"]
    for name, file in (("BuildFunction", "handler.py"), ("SmokeTestFunction", "smoke.py")):
        text = source(file)
        assert resources[name]["Properties"]["Code"]["ZipFile"] == make.narrow(text)
        assert compile(make.narrow(text), file, "exec").co_names == compile(text, file, "exec").co_names


def test_no_wildcard_without_a_reason(template: dict[str, Any]) -> None:
    for name, resource in template["Resources"].items():
        for policy in resource.get("Properties", {}).get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                one = statement[1][1] if isinstance(statement, tuple) else statement
                actions = one["Action"] if isinstance(one["Action"], list) else [one["Action"]]
                assert "*" not in json.dumps(actions), name
                assert one["Resource"] != "*" or actions == ["ecr:GetAuthorizationToken"], name


def run_specification(
    template: dict[str, Any], folder: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """CodeBuild's part: the commands of the build specification, in an empty folder, in a plain shell."""
    specification = yaml.safe_load(template["Resources"]["BuildProject"]["Properties"]["Source"]["BuildSpec"])
    (commands,) = specification["phases"]["build"]["commands"]
    folder.mkdir()
    done = subprocess.run(
        ["/bin/sh", "-c", commands], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert TOKEN not in done.stdout + done.stderr
    return done


@pytest.mark.parametrize("fault", ["", "wrong bytes", "killed"])
def test_a_stacks_life(
    template: dict[str, Any],
    hub: Hub,
    bucket: Any,
    answers: Answers,
    control: Control,
    functions: Functions,
    secret: str,
    tmp_path: Path,
    fault: str,
) -> None:
    """Create, build, signal, delete: the template's own code and commands, the events CloudFormation sends."""
    weights = os.urandom(2 << 20)
    for name in make.MODELS:
        hub.add(name, {"config.json": b"{}", "model.safetensors": weights, "pytorch_model.bin": b"x"})
    if fault == "wrong bytes":
        hub.fault("", origin="cdn", corrupt=True, times=1)
    asked = dict(template["Resources"]["Build"]["Properties"])
    asked |= {"StateMachine": MACHINE, "Project": "project", "Bucket": bucket.name}
    asked |= {"Handle": answers.at("handle"), "TokenSecret": secret}

    functions.call("handler.py", event_of("Create", answers.at("create"), asked))
    assert answers["create"]["Status"] == "SUCCESS"
    (execution,) = control.executions.values()
    inputs = json.loads(execution["input"])

    python = tmp_path / "bin"
    python.mkdir()
    (python / "python3").symlink_to(sys.executable)
    identity = control.build(asked["Key"])
    environment = {
        **os.environ,
        "PATH": f"{python}:{os.environ['PATH']}",
        "CFGEN_BUILD": inputs["Build"],
        "CODEBUILD_BUILD_ID": identity,
    }
    if fault != "killed":
        done = run_specification(template, tmp_path / "codebuild", **environment)
        assert (done.returncode == 0) == (fault == ""), done.stdout + done.stderr
    control.builds[identity]["buildStatus"] = {"": "SUCCEEDED", "killed": "FAULT"}.get(fault, "FAILED")
    error = {"Error": {"Error": "States.TaskFailed", "Cause": "{}"}} if fault else {}
    functions.call("handler.py", {"Action": "signal", "Input": inputs | error})
    told = answers["handle"]
    there = {item.key.partition("/")[2].partition("/")[2] for item in bucket.objects.filter(Prefix="models/")}
    if fault:
        assert told["Status"] == "FAILURE"
        assert (f"{fault}, sha256 is" if fault == "wrong bytes" else "ended as FAULT") in told["Reason"]
    else:
        assert told["Status"] == "SUCCESS"
        assert len(json.loads(told["Data"])) == 2
        files = {f"{name}/{file}" for name in make.MODELS for file in ("config.json", "model.safetensors")}
        assert there - {""} == files | {"code/inference.py"}

    control.status, control.identity = "DELETE_IN_PROGRESS", answers["create"]["PhysicalResourceId"]
    functions.call("handler.py", event_of("Delete", answers.at("delete"), asked, control.identity))
    assert answers["delete"]["Status"] == "SUCCESS"
    assert list(bucket.object_versions.all()) == []
    assert base64.b64encode(make.code_archive(make.HERE / "code")).decode() in str(template)
