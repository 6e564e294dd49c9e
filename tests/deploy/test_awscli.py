"""Driving the AWS CLI: its arguments, its answers, its absence."""

from __future__ import annotations

import os
import stat
import threading
import time
from pathlib import Path

import pytest

from cfgen.deploy import awscli, errors

ARN = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/awscli-cloudformation-package-deploy-1/6e6b-49"


def request(**more: object) -> awscli.Request:
    return awscli.Request(**{"template": "Resources: {}\n", "stack_name": "s", "region": "eu-west-1", **more})  # type: ignore[arg-type]


def test_arguments_are_complete_and_values_stand_in_files(tmp_path: Path) -> None:
    found = awscli.arguments(
        request(
            profile="p",
            role_arn="arn:r",
            overrides={"A": "secret"},
            capabilities=("CAPABILITY_IAM",),
            tags={"k": "v w"},
            s3_bucket="b",
        ),
        tmp_path,
    )
    assert found[:5] == [
        "aws",
        "cloudformation",
        "deploy",
        "--no-execute-changeset",
        "--no-fail-on-empty-changeset",
    ]
    for option, value in (
        ("--template-file", str(tmp_path / "template.yaml")), ("--stack-name", "s"), ("--region", "eu-west-1"),
        ("--profile", "p"), ("--role-arn", "arn:r"), ("--capabilities", "CAPABILITY_IAM"), ("--tags", "k=v w"),
        ("--parameter-overrides", f"file://{tmp_path / 'parameters.json'}"),
    ):  # fmt: skip
        assert found[found.index(option) + 1] == value
    assert "secret" not in " ".join(found)
    assert "--s3-bucket" not in found  # small enough for the request itself


def test_large_templates_go_by_the_bucket(tmp_path: Path) -> None:
    found = awscli.arguments(request(template="#" * 60_000, s3_bucket="b", s3_prefix="x"), tmp_path)
    assert found[found.index("--s3-bucket") + 1] == "b"
    assert found[found.index("--s3-prefix") + 1] == "x"


def test_too_large_templates_are_refused_before_anything_runs() -> None:
    with pytest.raises(errors.TemplateTooLarge, match="51,200") as caught:
        awscli.make_change_set(request(template="#" * 51_201))
    assert "--s3-bucket" in caught.value.hint
    with pytest.raises(errors.TemplateTooLarge, match="1,000,000"):
        awscli.check_size(1_000_001, "bucket")
    awscli.check_size(51_200, None)


def test_the_change_sets_arn_is_read_back() -> None:
    # version 1 and 2 print the same sentence; version 2 may be coloured or wrapped by a pager that is switched off
    out = (
        "\nWaiting for changeset to be created..\nChangeset created successfully. Run the following command"
        " to review"
        f" changes:\naws cloudformation describe-change-set --change-set-name {ARN}\n"
    )
    assert awscli.change_set_arn(out) == ARN
    assert awscli.change_set_arn(out.replace("arn:aws:", "arn:aws-us-gov:")) == ARN.replace(
        "arn:aws:", "arn:aws-us-gov:"
    )
    assert awscli.change_set_arn("\nNo changes to deploy. Stack s is up to date\n") is None
    with pytest.raises(errors.AwsCliFailed, match="no change set"):
        awscli.change_set_arn("Successfully packaged\n")


SAID = [
    (
        'Unable to locate credentials. You can configure credentials by running "aws configure".',
        errors.CredentialsMissing,
    ),
    ("The config profile (nobody) could not be found", errors.CredentialsMissing),
    ("Error loading SSO Token: Token for corp does not exist", errors.CredentialsMissing),
    (
        "An error occurred (InvalidClientTokenId) when calling the DescribeStacks operation: The security"
        " token included in the"
        " request is invalid.",
        errors.CredentialsMissing,
    ),
    (
        "An error occurred (ExpiredToken) when calling the DescribeStacks operation: The security token"
        " included in the request is"
        " expired",
        errors.CredentialsExpired,
    ),
    (
        "An error occurred (AccessDenied) when calling the CreateChangeSet operation: User:"
        " arn:aws:iam::1:user/u is not authorized"
        " to perform: cloudformation:CreateChangeSet on resource: x",
        errors.AccessDenied,
    ),
    (
        "An error occurred (Throttling) when calling the DescribeStacks operation (reached max retries: 2):"
        " Rate exceeded",
        errors.Throttled,
    ),
    (
        'Could not connect to the endpoint URL: "https://cloudformation.mars.amazonaws.com/"',
        errors.Unreachable,
    ),
    (
        "An error occurred (ValidationError) when calling the CreateChangeSet operation:"
        " Stack:arn:aws:cloudformation:x is in"
        " ROLLBACK_COMPLETE state and can not be updated.",
        errors.StackStuck,
    ),
    (
        "An error occurred (ValidationError) when calling the CreateChangeSet operation: Parameters: [VpcId]"
        " must have values",
        errors.AwsError,
    ),
    (
        "Failed to create the changeset: Waiter ChangeSetCreateComplete failed: Waiter encountered a"
        " terminal failure state: For"
        ' expression "Status" we matched expected path: "FAILED" Status: FAILED. Reason: Transform'
        " AWS::Serverless failed",
        errors.ChangeSetFailed,
    ),
    ("aws: error: argument operation: Invalid choice", errors.AwsCliFailed),
    ("", errors.AwsCliFailed),
]


@pytest.mark.parametrize(
    ("text", "kind"), SAID, ids=[kind.__name__ + str(i) for i, (_, kind) in enumerate(SAID)]
)
def test_complaints_are_understood(text: str, kind: type[errors.DeployError]) -> None:
    found = awscli.failure(text, 254)
    assert type(found) is kind
    assert found.message


def test_denials_name_the_missing_action() -> None:
    assert "cloudformation:CreateChangeSet" in awscli.failure(SAID[5][0], 254).hint


def fake(folder: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An ``aws`` of the test's own, alone on PATH with a shell's tools."""
    program = folder / "aws"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")


def test_without_the_cli_one_is_told_where_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(errors.ToolMissing, match="no `aws` on PATH") as caught:
        awscli.make_change_set(request())
    assert "getting-started-install" in caught.value.hint


def test_the_cli_gets_files_and_no_shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    body = (
        f'printf "%s\\n" "$@" > {seen}\nfor one in "$@"; do case "$one" in file://*) cat "${{one#file://}}"'
        f" >> {seen};; esac; done\n"
        f'[ -z "$AWS_PAGER" ] || exit 9\necho "{ARN}"'
    )
    fake(tmp_path, body, monkeypatch)
    hostile = "$(touch pwned); `id` 'x' \"y\""
    assert awscli.make_change_set(request(overrides={"A": hostile}, tags={"t": hostile})) == ARN
    text = seen.read_text()
    assert f"t={hostile}" in text
    assert '["A=$(touch pwned); `id`' in text
    assert not Path("pwned").exists()


def test_a_failing_cli_is_told_with_its_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake(tmp_path, "echo something odd >&2; exit 255", monkeypatch)
    with pytest.raises(errors.AwsCliFailed, match="something odd"):
        awscli.make_change_set(request())


TAKEN = (
    "An error occurred (AlreadyExistsException) when calling the CreateChangeSet operation: "
    "ChangeSet awscli-cloudformation-package-deploy-1795388108 already exists"
)


def test_a_name_that_is_taken_for_this_second_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done = tmp_path / "done"
    body = f'if [ -f {done} ]; then echo "{ARN}"; else touch {done}; echo "{TAKEN}" >&2; exit 254; fi'
    fake(tmp_path, body, monkeypatch)
    assert awscli.make_change_set(request()) == ARN


def test_a_name_that_stays_taken_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    count = tmp_path / "count"
    fake(tmp_path, f'echo x >> {count}; echo "{TAKEN}" >&2; exit 254', monkeypatch)
    stop = threading.Event()
    monkeypatch.setattr(stop, "wait", lambda _: False)
    with pytest.raises(errors.AwsError, match="already exists"):
        awscli.make_change_set(request(), stop)
    assert count.read_text().count("x") == 4


def test_waiting_for_a_free_name_can_be_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake(tmp_path, f'echo "{TAKEN}" >&2; exit 254', monkeypatch)
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    with pytest.raises(errors.Interrupted, match="nothing was changed"):
        awscli.make_change_set(request(), stop)


def test_stopping_ends_the_cli(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake(tmp_path, "exec sleep 60", monkeypatch)
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(errors.Interrupted, match="nothing was changed"):
        awscli.make_change_set(request(), stop)


@pytest.mark.parametrize(
    "content",
    [b"\x7fELF of another machine", b"#!/nowhere/sh\n", b"no script"],
    ids=["elf", "interpreter", "text"],
)
def test_a_cli_that_cannot_be_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes) -> None:
    fake(tmp_path, "", monkeypatch)
    (tmp_path / "aws").write_bytes(content)
    with pytest.raises(errors.ToolMissing, match="the AWS CLI cannot be run: "):
        awscli.make_change_set(request())


def test_what_would_drive_a_terminal_is_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake(tmp_path, r"printf 'no\033[2J\007way' >&2; exit 1", monkeypatch)
    with pytest.raises(errors.AwsCliFailed) as caught:
        awscli.make_change_set(request())
    assert caught.value.message.endswith("no[2Jway")


def test_a_cli_that_does_not_listen_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(awscli, "PATIENCE", 0.3)
    fake(tmp_path, "trap '' TERM; sleep 60 & echo $! > child; wait; wait", monkeypatch)
    monkeypatch.chdir(tmp_path)
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    with pytest.raises(errors.Interrupted):
        awscli.make_change_set(request(), stop)
    child = Path("/proc", (tmp_path / "child").read_text().strip(), "stat")
    end = time.monotonic() + 10
    while child.exists() and child.read_text().split()[2] != "Z":
        assert time.monotonic() < end, "what the CLI started goes on"
        time.sleep(0.05)
