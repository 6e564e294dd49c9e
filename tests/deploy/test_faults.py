"""What goes wrong, each told as itself with its exit code: before AWS is asked, by AWS, on the way, at the end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cfgen.deploy import errors, launch, linting, run, session
from tests.deploy.conftest import ROOT, SPEC, Run, template

VPC = ROOT / "specs" / "existing-vpc.yaml"
PING = "The primary container for production variant AllTraffic did not pass the ping health check."
CONFIG = "AWS::SageMaker::EndpointConfig"


def deploy(cfgen: Run, name: str, *more: object, spec: Path = SPEC) -> Any:
    return cfgen("deploy", spec, "--stack-name", name, "--no-confirm", *more)


@pytest.mark.usefixtures("no_aws")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([SPEC], 2, "no region"),
        ([SPEC, "--region", "mars-north-1"], 2, "cannot be launched in mars-north-1"),
        ([SPEC, "--region", "us-east-1", "-p", "InstanceCont=3"], 2, "did you mean InstanceCount?"),
        ([SPEC, "--region", "us-east-1", "-p", "InstanceCount"], 2, "KEY=VALUE"),
        ([SPEC, VPC, "--region", "us-east-1", "--stack-name", "x"], 2, "names one stack"),
        ([SPEC, "--region", "us-east-1", "--timeout", "soon"], 2, "no duration"),
        (["missing.yaml", "--region", "us-east-1"], 1, "no such file"),
        ([SPEC, "--region", "us-east-1"], 1, "no AWS credentials"),
        ([SPEC, "--region", "us-east-1", "--profile", "nobody"], 1, "nobody"),
    ],
)
def test_what_is_known_before_aws_is_asked(cfgen: Run, arguments: list[object], code: int, said: str) -> None:
    ran = cfgen("deploy", "--no-confirm", *arguments)
    assert (ran.code, said in ran.err) == (code, True), ran.err


@pytest.mark.usefixtures("no_aws")
def test_without_the_aws_cli(cfgen: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = deploy(cfgen, "x", "--region", "us-east-1")
    assert ran.code == 1
    assert "the AWS CLI is not installed" in ran.err
    assert "getting-started-install" in ran.err


@pytest.mark.usefixtures("no_aws")
def test_nothing_listens(cfgen: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    ran = cfgen("outputs", "x", "--region", "us-east-1")
    assert (ran.code, "Could not connect" in ran.err) == (1, True)


@pytest.mark.usefixtures("no_aws")
def test_a_template_that_does_not_lint_is_not_launched() -> None:
    with pytest.raises(errors.LintFailed, match="E3002"):
        linting.lint(template("Resources: {A: {Type: AWS::S3::Bucket, Properties: {Nam: x}}}"), ["us-east-1"])


@pytest.mark.usefixtures("no_aws")
def test_what_passed_is_not_judged_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CFGEN_CACHE_DIR", str(tmp_path))
    asked: list[object] = []
    monkeypatch.setattr("cfgen.lint.lint_templates", lambda sources, **_: asked.append(sources) or [])
    for regions in (["us-east-1"], ["us-east-1"], ["us-east-1", "eu-west-1"]):
        linting.lint(template(), regions)
    linting.lint(template("Resources: {}"), ["us-east-1"])
    assert len(asked) == 3


def test_parameters_without_a_value(cfgen: Run, name: str, sandbox: Any) -> None:
    ran = deploy(cfgen, name, spec=VPC)
    assert (ran.code, "no value for VpcId, SubnetIds" in ran.err) == (2, True)


def test_too_large_without_a_bucket(sandbox: Any, name: str) -> None:
    large = template("# " + "x" * 52_000 + "\nResources: {}\n")
    with session.Aws("us-east-1") as aws, pytest.raises(errors.TemplateTooLarge):
        run.prepare(launch.Launch(large, name, "us-east-1"), aws)


def test_a_failed_creation_tells_the_first_failure_and_what_it_means(
    cfgen: Run, name: str, sandbox: Any
) -> None:
    sandbox.fault("endpoint", resource="*", message=PING)
    ran = deploy(cfgen, name)
    assert ran.code == 1
    assert "ROLLBACK_COMPLETE: Endpoint that serves BAAI/bge-small-en-v1.5" in ran.err
    assert "Health check failed: The container started" in ran.err
    assert f"cfgen destroy {name} --region us-east-1" in ran.err
    # what is left of it takes no update
    ran = deploy(cfgen, name)
    assert (ran.code, "cannot be updated: its creation failed" in ran.err) == (1, True)
    assert cfgen("destroy", name, "--no-confirm").code == 0


def test_a_failed_update_leaves_the_stack_as_it_was(
    cfgen: Run, name: str, sandbox: Any, tmp_path: Path
) -> None:
    deploy(cfgen, name)
    before = cfgen("status", name, "--events", "0", "--format", "json").out
    newer = tmp_path / "newer.yaml"
    newer.write_text(SPEC.read_text().replace("instanceCount: 2", "instanceCount: 3"))
    sandbox.fault(
        "resource", resource=CONFIG, action="create", message="account-level service limit 'x' is 2"
    )
    ran = deploy(cfgen, name, "--format", "json", spec=newer)
    assert ran.code == 1
    (found,) = json.loads(ran.out)
    assert found["error"]["causes"][0]["id"] == "quota-instances"
    assert found["error"]["event"]["resource"] == "EndpointConfig"
    assert "as it was before" in found["error"]["hint"]
    after = cfgen("status", name, "--events", "0", "--format", "json").out
    assert json.loads(after)["endpoints"] == json.loads(before)["endpoints"]


@pytest.mark.parametrize(("choice", "status"), [("keep", "CREATE_FAILED"), ("delete", "")])
def test_on_failure(cfgen: Run, name: str, sandbox: Any, choice: str, status: str) -> None:
    sandbox.fault("resource", resource=CONFIG, action="create", message="no")
    assert deploy(cfgen, name, "--on-failure", choice).code == 1
    client = sandbox.client("cloudformation")
    if status:
        assert client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == status
        assert cfgen("destroy", name, "--no-confirm").code == 0
    else:
        client.get_waiter("stack_delete_complete").wait(StackName=name)
        with pytest.raises(client.exceptions.ClientError, match="does not exist"):
            client.describe_stacks(StackName=name)


@pytest.mark.parametrize(
    "operation", ["CreateChangeSet", "DescribeStacks", "DescribeChangeSet", "ExecuteChangeSet"]
)
def test_denied(cfgen: Run, name: str, sandbox: Any, operation: str) -> None:
    message = f"User: arn:aws:iam::1:user/u is not authorized to perform: cloudformation:{operation}"
    sandbox.fault("deny", service="cloudformation", operation=operation, message=message, times=0)
    ran = deploy(cfgen, name)
    assert ran.code == 1
    assert f"needs cloudformation:{operation}" in ran.err


def test_throttling_while_following_is_waited_out(cfgen: Run, name: str, sandbox: Any) -> None:
    sandbox.fault("throttle", service="cloudformation", operation="DescribeStackEvents", times=4, skip=1)
    ran = deploy(cfgen, name)
    assert ran.code == 0, ran.said
    assert sandbox.faults()[0]["hits"] == 4


def test_the_timeout_is_ours_and_following_can_be_resumed(cfgen: Run, name: str, sandbox: Any) -> None:
    sandbox.configure(endpoint_seconds=4)
    ran = deploy(cfgen, name, "--timeout", "1s")
    assert ran.code == 1
    assert "goes on in AWS" in ran.err
    assert f"cfgen status {name} --region us-east-1 --follow" in ran.err
    # meanwhile another launch is refused
    busy = deploy(cfgen, name)
    assert (busy.code, "another operation is under way" in busy.err) == (1, True)
    ran = cfgen("status", name, "--follow")
    assert ran.code == 0, ran.said
    assert "CREATE_COMPLETE" in ran.out


def test_following_tells_a_failure_as_deploy_does(cfgen: Run, name: str, sandbox: Any) -> None:
    sandbox.configure(endpoint_seconds=3)
    sandbox.fault("endpoint", resource="*", message=PING)
    assert deploy(cfgen, name, "--timeout", "1s").code == 1
    ran = cfgen("status", name, "--follow")
    assert ran.code == 1
    assert "Health check failed" in ran.err


PROGRAM = """
import sys
from cfgen import cli
for name in ("deploy", "status"):
    cli.COMMANDS.setdefault(name, (name, name))
cli.main(sys.argv[1:])
"""


def test_ctrl_c_stops_following_and_cancels_nothing(cfgen: Run, name: str, sandbox: Any) -> None:
    sandbox.configure(endpoint_seconds=6)
    command = [sys.executable, "-c", PROGRAM, "deploy", str(SPEC), "--stack-name", name, "--no-confirm"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        seen = ""
        while "CREATE_IN_PROGRESS          Endpoint" not in seen:
            line = process.stderr.readline()
            assert line, seen
            seen += line
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=20)
    assert process.returncode == 130
    assert time.monotonic() - started < 5
    assert "nothing was cancelled" in rest
    assert f"cfgen status {name} --region us-east-1 --follow" in rest
    assert "Traceback" not in rest
    assert cfgen("status", name, "--follow").code == 0
