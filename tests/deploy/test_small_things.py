"""Logs, leftovers, assets, sessions, the live tree: each with as little around it as possible."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from cfgen.deploy import (
    assets,
    console,
    destroy,
    errors,
    events,
    launch,
    listing,
    logs,
    report,
    run,
    session,
    status,
)
from cfgen.resolve.stack import Asset
from tests.deploy.conftest import SMALL, Run, template
from tests.deploy.fakes import Client, FakeAws, failure

# logs


def event(at: int, text: str, number: str) -> dict[str, Any]:
    return {"timestamp": at, "logStreamName": "s", "message": text + "\n", "eventId": number}


def test_logs_are_read_in_order_from_all_pages() -> None:
    first = {"events": [event(3, "c", "3"), event(1, "a", "1")], "nextToken": "t"}
    client = Client(filter_log_events=[first, {"events": [event(2, "b", "2")]}])
    found = logs.read(FakeAws(logs=client), "/g", since=0, limit=2)
    assert [line.text for line in found] == ["b", "c"]
    missing = Client(filter_log_events=failure("ResourceNotFoundException"))
    assert logs.read(FakeAws(logs=missing), "/g", since=0) == []


def test_following_logs_repeats_nothing_and_outlives_throttling() -> None:
    answers: list[Any] = [
        {"events": [event(1_000_000, "a", "1")]},
        failure("ThrottlingException"),
        {"events": [event(1_000_000, "a", "1"), event(1_000_001, "b", "2")]},
        {"events": []},
    ]
    stop, seen = threading.Event(), list[str]()

    def on_line(_: str, line: logs.Line) -> None:
        seen.append(line.text)
        if line.text == "b":
            stop.set()

    logs.follow(
        FakeAws(logs=Client(filter_log_events=answers)), ["/g"], on_line, since=0, stop=stop, pause=0.001
    )
    assert seen == ["a", "b"]


def test_the_tail_for_a_diagnosis_never_fails_itself() -> None:
    denied = Client(describe_log_streams=failure("AccessDeniedException"))
    assert logs.tail(FakeAws(logs=denied), "/g") == ()
    lines = Client(
        describe_log_streams={"logStreams": [{"logStreamName": "s"}]},
        get_log_events={"events": [{"message": "one"}, {"message": "two\n"}]},
    )
    assert logs.tail(FakeAws(logs=lines), "/g", 1) == ("two",)


# deletion


def test_kept_and_left_over_things_are_named(sandbox: Any, name: str) -> None:
    text = SMALL.replace(
        "    Type: AWS::Logs::LogGroup", "    DeletionPolicy: Retain\n    Type: AWS::Logs::LogGroup"
    )
    with session.Aws("us-east-1") as aws:
        done = run.carry_out(run.prepare(launch.Launch(template(text), name, "us-east-1"), aws), aws)
        stack = run.stacks.get(aws, name)
        plan = destroy.plan(stack)
        assert [one.logical_id for one in plan.retained] == ["Log"]
        (left,) = destroy.destroy(stack, plan)
        assert (left.name, left.kept) == (done.outputs["LogName"], True)
        assert left.command.startswith("aws logs delete-log-group")
    sandbox.client("logs").delete_log_group(logGroupName=left.name)


def test_log_groups_that_services_made_are_named() -> None:
    plan = destroy.Plan("s", "us-east-1", (), (), ("/aws/lambda/f", "/aws/lambda/gone"))
    listed = {"logGroups": [{"logGroupName": "/aws/lambda/f"}, {"logGroupName": "/aws/lambda/f2"}]}
    (left,) = destroy.leftovers(FakeAws(logs=Client(describe_log_groups=listed)), plan)
    assert (left.name, left.kept) == ("/aws/lambda/f", False)
    denied = Client(describe_log_groups=failure("AccessDeniedException"))
    assert destroy.leftovers(FakeAws(logs=denied), plan) == []


# listing


def test_only_marked_stacks_are_listed() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    names = ("ours", "other", "gone", "review")
    stacks = [
        {
            "StackName": one,
            "StackId": one,
            "StackStatus": "REVIEW_IN_PROGRESS" if one == "review" else "CREATE_COMPLETE",
            "CreationTime": now,
        }
        for one in names
    ]

    def summary(StackName: str) -> Any:
        if StackName == "gone":
            return failure("ValidationError", "does not exist")
        return {
            "Metadata": '{"cfgen": {"Spec": "x", "Version": "1"}}' if StackName == "ours" else '{"other": 1}'
        }

    aws = FakeAws(cloudformation=Client(describe_stacks={"Stacks": stacks}, get_template_summary=summary))
    (row,) = listing.stacks(aws)
    assert (row["stack"], row["spec"]) == ("ours", "x")


# assets


def test_assets_are_uploaded_once_and_named_by_the_templates_parameters(sandbox: Any) -> None:
    client = sandbox.client("s3")
    client.create_bucket(Bucket="cfgen-test-assets")
    given = replace(template(), assets=(Asset("1.tar", b"one"), Asset("2.tar", b"two")))

    def body(key: str) -> bytes:
        return bytes(client.get_object(Bucket="cfgen-test-assets", Key=key)["Body"].read())

    with session.Aws("us-east-1") as aws:
        expected = {"AssetBucket": "cfgen-test-assets", "AssetPrefix": "cfgen/small/"}
        assert assets.upload_assets(given, aws, "cfgen-test-assets") == expected
        assert body("cfgen/small/1.tar") == b"one"
        client.put_object(Bucket="cfgen-test-assets", Key="cfgen/small/2.tar", Body=b"as it was")
        assets.upload_assets(given, aws, "cfgen-test-assets")
        assert body("cfgen/small/2.tar") == b"as it was"
        with pytest.raises(errors.AssetFailed, match="needs 2 files"):
            assets.upload_assets(given, aws, None)
        with pytest.raises(errors.AssetFailed, match="cannot upload"):
            assets.upload_assets(given, aws, "cfgen-test-no-such-bucket")
        assert assets.upload_assets(template(), aws, None) == {}


# sessions


@pytest.mark.usefixtures("no_aws")
def test_the_region_is_found_as_the_aws_cli_finds_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(errors.RegionMissing):
        session.default_region()
    file = tmp_path / "config"
    file.write_text("[default]\nregion = eu-west-3\n[profile other]\nregion = eu-north-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    assert session.default_region() == "eu-west-3"
    assert session.default_region("other") == "eu-north-1"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-1")
    assert session.default_region() == "us-west-1"
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    assert session.default_region() == "us-west-2"
    assert session.regions_of(["a", "b", "a"], None) == ["a", "b"]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ExpiredTokenException", errors.CredentialsExpired),
        ("UnrecognizedClientException", errors.CredentialsMissing),
        ("AccessDeniedException", errors.AccessDenied),
        ("UnauthorizedOperation", errors.AccessDenied),
        ("TooManyRequestsException", errors.Throttled),
        ("ValidationError", errors.AwsError),
    ],
)
def test_errors_become_our_own(code: str, kind: type[errors.DeployError]) -> None:
    with pytest.raises(kind) as caught, session.aws_errors("do it"):
        raise failure(code, "why")
    assert type(caught.value) is kind
    assert "cannot do it" in caught.value.message


CONFIGURATION = """\
[profile talks]
credential_process = echo hello
[profile no-file]
web_identity_token_file = /nowhere
role_arn = arn:aws:iam::111122223333:role/x
"""


@pytest.mark.parametrize(
    ("profile", "address", "words"),
    [
        ("talks", "http://127.0.0.1:9", "Expecting value"),
        ("no-file", "http://127.0.0.1:9", "/nowhere: No such file"),
        (None, "nonsense", "Invalid endpoint: nonsense"),
    ],
)
def test_a_configuration_that_botocore_trips_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, profile: str | None, address: str, words: str
) -> None:
    (tmp_path / "config").write_text(CONFIGURATION)
    for name, value in {
        "AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_ENDPOINT_URL": address, "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)

    def ask() -> None:
        with session.Aws("us-east-1", profile, attempts=1) as aws, session.aws_errors("ask"):
            aws.client("cloudformation").describe_stacks(StackName="x")

    with pytest.raises(errors.AwsError) as caught:
        ask()
    assert "the AWS configuration cannot be used: " in caught.value.message
    assert words in caught.value.message
    assert "credential_process" in caught.value.hint


def test_a_fault_of_our_own_stays_one() -> None:
    with pytest.raises(ValueError, match="ours"), session.aws_errors("do it"):
        raise ValueError("ours")
    with pytest.raises(KeyError), session.aws_errors("do it"):
        raise KeyError("x")


@pytest.mark.parametrize(
    ("text", "seconds"), [("900", 900), ("900s", 900), ("15m", 900), ("2h", 7200), ("1.5h", 5400)]
)
def test_durations(text: str, seconds: float) -> None:
    option = click.Option(["--timeout"])
    assert console.duration(click.Context(click.Command("x")), option, text) == seconds


# the sandbox


def test_a_running_sandbox_is_used(sandbox: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with console.sandboxed("eu-west-1") as found:
        assert (found.url, os.environ["AWS_REGION"]) == (sandbox.url, "eu-west-1")
    assert os.environ["AWS_REGION"] == "us-east-1"
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("CFGEN_CACHE_DIR", str(tmp_path))
    (tmp_path / "sandbox").mkdir()
    (tmp_path / "sandbox" / "sandbox.json").write_text(json.dumps({"url": sandbox.url, "pid": 1}))
    with console.sandboxed("us-east-1") as found:
        assert (found.url, os.environ["AWS_ENDPOINT_URL"]) == (sandbox.url, sandbox.url)
    assert "AWS_ENDPOINT_URL" not in os.environ


# the live tree


def test_the_tree_shows_every_resource_and_keeps_failures(capsys: pytest.CaptureFixture[str]) -> None:
    start = datetime.now(UTC)

    def happened(second: int, name: str, state: str, reason: str = "", kind: str = "T") -> events.Event:
        return events.Event(
            f"{name}{second}", start + timedelta(seconds=second), name, kind, state, reason, "id", "id"
        )

    tree = report.Tree(color=False)
    tree.begin("the stack in us-east-1", {"A": "The first", "B": "The second", "C": "The third"})
    for one in (
        happened(0, "s", "CREATE_IN_PROGRESS", kind=events.STACK),
        happened(0, "A", "CREATE_IN_PROGRESS"),
        happened(65, "A", "CREATE_COMPLETE"),
        happened(66, "B", "CREATE_FAILED", "it [broke]"),
    ):
        tree.event(one)
    tree.end()
    shown = capsys.readouterr().err
    for words in (
        "the stack in us-east-1",
        "The first",
        "1:05",
        "The second",
        "create failed",
        "waiting",
        "it [broke]",
    ):
        assert words in shown


def test_only_the_operation_under_way_is_shown() -> None:
    def of_stack(number: int, state: str) -> events.Event:
        return events.Event(str(number), datetime.now(UTC), "s", events.STACK, state, "", "id", "id")

    done = [
        of_stack(1, "CREATE_IN_PROGRESS"),
        of_stack(2, "CREATE_COMPLETE"),
        of_stack(3, "UPDATE_IN_PROGRESS"),
        of_stack(4, "UPDATE_ROLLBACK_IN_PROGRESS"),
    ]
    assert [one.id for one in status.current(done)] == ["3", "4"]


def test_importing_a_command_imports_nothing_heavy() -> None:
    commands = ("deploy", "diff", "status", "outputs", "logs", "invoke", "destroy", "list_")
    heavy = {"boto3", "botocore", "rich", "cfnlint", "yaml", "jinja2"}
    imports = ", ".join(f"cfgen.cli.{one}" for one in commands)
    program = f"import sys, {imports}; print(sorted({heavy!r} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_without_boto3_one_is_told_what_to_install(cfgen: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    ran = cfgen("outputs", "x", "--region", "us-east-1")
    assert ran.code == 1
    assert "pip install '.[deploy]'" in ran.err
