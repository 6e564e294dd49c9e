"""The real taskcat launches three regions side by side, on every Python there is: a target of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cfgen.publish import taskcat_env
from cfgen.sandbox import Sandbox
from tests.conftest import ROOT

SPEC = str(ROOT / "specs" / "embeddings-tei.yaml")
REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2")
ASKED = [word for region in REGIONS for word in ("--region", region)]
PYTHONS = ("3.11", "3.12", "3.13")


def interpreter(version: str) -> str | None:
    """A Python of that version: on PATH, or one of pyenv's; only one that starts."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    kept = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    for found in [shutil.which(f"python{version}"), *map(str, kept)]:
        if found and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0:
            return found
    return None


@pytest.fixture(scope="module")
def _sandbox() -> Iterator[Sandbox]:
    with Sandbox(settings={"endpoint_seconds": 0.1}) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_sandbox: Sandbox) -> Iterator[Sandbox]:
    yield _sandbox
    _sandbox.clear_faults()
    _sandbox.configure(endpoint_seconds=0.1)
    left = {region: stacks(_sandbox, region) for region in REGIONS}
    assert not any(left.values()), left
    assert _sandbox.client("s3").list_buckets()["Buckets"] == []


def stacks(sandbox: Sandbox, region: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sandbox.client("cloudformation", region).describe_stacks()["Stacks"]
    return found


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("taskcat")


def begin(
    sandbox: Sandbox, cache: Path, *arguments: object, python: str = sys.executable
) -> subprocess.Popen[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.Popen(
        [python, "-m", "cfgen", "test", SPEC, "--no-confirm", *map(str, arguments)], text=True, cwd=cache,
        env={**inherited, **sandbox.environment(), "CFGEN_CACHE_DIR": str(cache)},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def test(sandbox: Sandbox, cache: Path, *arguments: object, **more: Any) -> tuple[int, str, str]:
    process = begin(sandbox, cache, *arguments, **more)
    out, err = process.communicate(timeout=400)
    assert "Traceback" not in err
    return process.returncode, out, err


test.__test__ = False  # type: ignore[attr-defined]


def test_three_regions_in_an_environment_made_once(sandbox: Sandbox, cache: Path) -> None:
    code, out, err = test(sandbox, cache, *ASKED, "--region", "ap-east-2", "--format", "json")
    assert code == 0, out + err
    assert "making an environment for taskcat, once, with uv" in err
    data = json.loads(out)
    assert {row["region"]: (row["passed"], row["deleted"]) for row in data["results"]} == dict.fromkeys(
        REGIONS, (True, "DELETE_COMPLETE")
    )
    assert all(row["outputs"]["EndpointName"].startswith("bge-small-") for row in data["results"])
    assert [row["region"] for row in data["leftOut"]] == ["ap-east-2"]

    code, out, err = test(sandbox, cache, "--region", "us-east-1", "-p", "InstanceCount=1", "--no-delete")
    assert code == 0, out + err
    assert "making an environment" not in err
    (stack,) = stacks(sandbox, "us-east-1")
    values = {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}
    assert values["InstanceCount"] == "1"
    assert f"kept: {stack['StackId']}" in out
    delete(sandbox, stack["StackName"])
    s3 = sandbox.client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        for one in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", ()):
            s3.delete_object(Bucket=bucket["Name"], Key=one["Key"])
        s3.delete_bucket(Bucket=bucket["Name"])


def delete(sandbox: Sandbox, name: str) -> None:
    client = sandbox.client("cloudformation")
    client.delete_stack(StackName=name)
    client.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1})


def test_one_region_fails_and_the_others_pass(sandbox: Sandbox, cache: Path) -> None:
    sandbox.fault("resource", resource="Endpoint", action="create", message="no capacity of that type")
    code, out, err = test(sandbox, cache, *ASKED, "--format", "junit", "--output", "report.xml")
    assert (code, out) == (1, ""), err
    report = (cache / "report.xml").read_text()
    assert report.count("<failure ") == 1
    assert "CREATE_FAILED: Endpoint: " in report
    assert "no capacity of that type" in report
    assert 'tests="3" failures="1"' in report


def test_a_stack_that_cannot_be_deleted_fails(sandbox: Sandbox, cache: Path) -> None:
    sandbox.fault("resource", resource="Endpoint", action="delete", message="in use", times=0)
    code, out, err = test(sandbox, cache, "--region", "us-east-1")
    assert code == 1, err
    assert "created, but not deleted: DELETE_FAILED" in out
    sandbox.clear_faults()
    delete(sandbox, stacks(sandbox, "us-east-1")[0]["StackName"])


def test_ctrl_c_deletes_what_was_launched(sandbox: Sandbox, cache: Path) -> None:
    sandbox.configure(endpoint_seconds=60)
    process = begin(sandbox, cache, "--region", "us-east-1", "--region", "eu-west-1")
    assert process.stderr is not None
    for line in process.stderr:
        if "CREATE_IN_PROGRESS" in line:
            break
    time.sleep(2)
    sandbox.configure(endpoint_seconds=0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "taskcat deletes its stacks" in err
    assert "(stopped by you)" in out


def test_what_a_spec_refers_to_is_made_first(cache: Path) -> None:
    """A network, a token's secret, files in a bucket: as ``cfgen deploy --sandbox`` makes them."""
    specs = [ROOT / "specs" / f"{name}.yaml" for name in ("existing-vpc", "llama-3.1-8b", "multi-model")]
    regions = ("--region", "us-east-1", "--region", "eu-west-1")
    # of its own: examples stay
    with Sandbox() as own:
        code, out, err = test(own, cache, *specs, *regions, "--sandbox", "--format", "json")
    assert code == 0, out + err
    rows = json.loads(out)["results"]
    assert len({row["test"] for row in rows}) > len(specs) < len(rows)
    assert "example data in eu-west-1: secret huggingface-token" in err


def test_a_profile_is_taskcats_too(sandbox: Sandbox, cache: Path) -> None:
    code, _, err = test(sandbox, cache, "--region", "us-east-1", "--profile", "nobody")
    assert code == 1
    assert "ProfileNotFound: The config profile (nobody) could not be found" in err


def test_pip_makes_the_environment_where_there_is_no_uv(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CFGEN_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(taskcat_env, "_uv", lambda: None)
    python = taskcat_env.python()
    said = subprocess.run(
        [python, "-W", "ignore", "-c", "from taskcat.testing import CFNTest; print(CFNTest.__name__)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout == "CFNTest\n"


@pytest.mark.parametrize("version", PYTHONS)
def test_the_extra_beside_cfgen(sandbox: Sandbox, tmp_path: Path, version: str) -> None:
    """cfgen[taskcat] as its lock has it: cfgen renders, lints and tests with taskcat's pins beside it."""
    found = interpreter(version)
    if found is None:
        pytest.skip(f"no Python {version} on this machine")
    uv = taskcat_env._uv()
    assert uv
    python = tmp_path / "env" / "bin" / "python"
    install = [uv, "pip", "install", "--quiet", "--python", str(python)]
    for command in (
        [uv, "venv", "--quiet", "--python", found, str(tmp_path / "env")],
        [*install, "--require-hashes", "-r", str(ROOT / "requirements" / "taskcat.txt")],
        [*install, "--no-deps", str(ROOT)],
    ):
        subprocess.run(command, check=True)
    code, out, err = test(sandbox, tmp_path, *ASKED, python=str(python))
    assert code == 0, out + err
    assert "making an environment" not in err
    assert "3 of 3 regions passed" in out
    embedded = str(ROOT / "specs" / "embeddings.yaml")  # a code folder, whose ignore file pathspec reads
    rendered = subprocess.run([python, "-m", "cfgen", "render", "-o", "-", embedded], capture_output=True, check=True, cwd=tmp_path)  # fmt: skip
    golden = ROOT / "tests" / "goldens" / "embeddings.template.yaml"
    assert rendered.stdout == golden.read_bytes()
