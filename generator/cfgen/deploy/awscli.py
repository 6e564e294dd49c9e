"""``aws cloudformation deploy``, driven: found on PATH, given a list of arguments (never a shell), read back.

It only makes the change set. Executing and waiting are cfgen's own: the AWS CLI's wait gives up after an hour.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cfgen.deploy import errors
from cfgen.deploy.inputs import overrides_json
from cfgen.deploy.session import translate

MAX_DIRECT_BYTES = 51_200
"""Largest template passed in the request (CloudFormation quotas: template body size in a request)."""
MAX_BYTES = 1_000_000
"""Largest template passed as an S3 object (CloudFormation quotas)."""

PATIENCE = 5.0
"""Seconds that a CLI which is told to end has for it."""

# AWS CLIs that run at a time: each takes some 60 MB, and a second of a processor to start
_TURNS = threading.BoundedSemaphore(8)
_CHANGE_SET = re.compile(r"arn:aws[\w-]*:cloudformation:[\w-]+:\d*:changeSet/[^\s'\"]+")
_CALL = re.compile(
    r"An error occurred \((?P<code>[\w.:]+)\) when calling the (?P<call>\w+) operation[^:]*: (?P<text>.*)",
    re.S,
)
# the AWS CLI names its change sets by the second: two for one stack within one clash
_NAME_TAKEN = re.compile(r"\(AlreadyExistsException\).*awscli-cloudformation-package-deploy-\d+", re.S)
_NAME_TRIES = 3
_CHANGE_SET_FAILED = re.compile(r"Status: FAILED\. Reason: (?P<reason>.*)", re.S)
_WHERE = (
    "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html, or pip install awscli"
)


@dataclass(frozen=True, slots=True)
class Request:
    """One ``deploy``: what, under which name, where, and with which values."""

    template: str
    stack_name: str
    region: str
    profile: str | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)
    capabilities: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    role_arn: str | None = None
    s3_bucket: str | None = None
    s3_prefix: str | None = None


class _Said(Exception):
    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.response = {"Error": {"Code": code, "Message": text}}


def find() -> str:
    """The path of the ``aws`` program. Raises ToolMissing."""
    found = shutil.which("aws")
    if found is None:
        raise errors.ToolMissing(
            "the AWS CLI is not installed: no `aws` on PATH", hint=f"version 1 or 2: {_WHERE}"
        )
    return found


def check_size(size: int, bucket: str | None) -> None:
    """Raise TemplateTooLarge for a template that CloudFormation will not take this way."""
    if size > MAX_BYTES:
        raise errors.TemplateTooLarge(
            f"the template has {size:,} bytes; CloudFormation takes {MAX_BYTES:,}", hint="split the spec"
        )
    if size > MAX_DIRECT_BYTES and not bucket:
        raise errors.TemplateTooLarge(
            f"the template has {size:,} bytes; over {MAX_DIRECT_BYTES:,} it must be launched from S3",
            hint="--s3-bucket NAME of a bucket of yours in that region",
        )


def arguments(request: Request, folder: Path, program: str = "aws") -> list[str]:
    """The command line. Template and parameter values stand in files in ``folder``: argument lists are public."""
    template = folder / "template.yaml"
    command = [
        program, "cloudformation", "deploy",
        "--no-execute-changeset", "--no-fail-on-empty-changeset",
        "--template-file", str(template),
        "--stack-name", request.stack_name,
        "--region", request.region,
    ]  # fmt: skip
    for option, value in (
        ("--profile", request.profile),
        ("--role-arn", request.role_arn),
        ("--s3-bucket", request.s3_bucket if len(request.template.encode()) > MAX_DIRECT_BYTES else None),
        ("--s3-prefix", request.s3_prefix if len(request.template.encode()) > MAX_DIRECT_BYTES else None),
    ):
        if value:
            command += [option, value]
    if request.capabilities:
        command += ["--capabilities", *request.capabilities]
    if request.overrides:
        command += ["--parameter-overrides", f"file://{folder / 'parameters.json'}"]
    if request.tags:
        command += ["--tags", *(f"{key}={value}" for key, value in request.tags.items())]
    return command


def make_change_set(request: Request, stop: threading.Event | None = None) -> str | None:
    """Run the AWS CLI; the change set's ARN, None when there is nothing to change.

    Raises ToolMissing, TemplateTooLarge, AwsCliFailed or what the API's answer means; Interrupted when ``stop`` is set.
    """
    check_size(len(request.template.encode("utf-8")), request.s3_bucket)
    program = find()
    with tempfile.TemporaryDirectory(prefix="cfgen-deploy-") as name:
        folder = Path(name)
        (folder / "template.yaml").write_text(request.template, encoding="utf-8", newline="\n")
        if request.overrides:
            (folder / "parameters.json").write_text(overrides_json(request.overrides), encoding="utf-8")
        command, stopped = arguments(request, folder, program), stop or threading.Event()
        code, out, err = _in_turn(command, stopped)
        for _ in range(_NAME_TRIES):
            if not (code and _NAME_TAKEN.search(err)):
                break
            if stopped.wait(1.1):
                raise _interrupted()
            code, out, err = _in_turn(command, stopped)
    if code:
        raise failure(err or out, code)
    return change_set_arn(out)


def _in_turn(command: list[str], stop: threading.Event) -> tuple[int, str, str]:
    while not _TURNS.acquire(timeout=0.2):
        if stop.is_set():
            raise _interrupted()
    try:
        return _run(command, stop)
    finally:
        _TURNS.release()


def _interrupted() -> errors.Interrupted:
    return errors.Interrupted(
        "stopped while the change set was being made; nothing was changed",
        hint="deploy again: an unused change set does no harm",
    )


def _run(command: list[str], stop: threading.Event | None) -> tuple[int, str, str]:
    environment = {**os.environ, "AWS_PAGER": "", "AWS_CLI_AUTO_PROMPT": "off", "PYTHONWARNINGS": "ignore"}
    # a session of its own: Ctrl-C is cfgen's to handle, the CLI must not die half-way without a word
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            encoding="utf-8", errors="replace", env=environment, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise errors.ToolMissing(
            f"the AWS CLI cannot be run: {command[0]}: {error.strerror}", hint=f"install it anew: {_WHERE}"
        ) from error
    while True:
        try:
            out, err = process.communicate(timeout=0.2)
            return process.returncode, _printable(out), _printable(err)
        except subprocess.TimeoutExpired:
            if stop is not None and stop.is_set():
                _end(process)
                raise _interrupted() from None
        except BaseException:
            _end(process)
            raise


def _end(process: subprocess.Popen[str]) -> None:
    """End the CLI and what it started, also where it does not listen."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=PATIENCE)
            return


def _printable(text: str) -> str:
    """Without what would drive a terminal: escape sequences, bells."""
    return "".join(char for char in text if char.isprintable() or char in "\n\t")


def change_set_arn(output: str) -> str | None:
    """The change set's ARN in what ``deploy`` printed; None for "No changes to deploy".

    Raises AwsCliFailed when it says neither.
    """
    found = _CHANGE_SET.search(output)
    if found:
        return found[0]
    if "No changes to deploy" in output:
        return None
    raise errors.AwsCliFailed(
        f"the AWS CLI named no change set: {output.strip()[-500:] or 'it printed nothing'}",
        hint="`aws --version`: cfgen knows versions 1 and 2",
    )


def failure(text: str, code: int) -> errors.DeployError:
    """What the AWS CLI's complaint means."""
    said = text.strip()
    doing = "make the change set"
    if "can not be updated" in said:
        return errors.StackStuck(
            f"cannot {doing}: {said.splitlines()[-1]}", hint="cfgen status STACK; cfgen destroy STACK"
        )
    if found := _CALL.search(said):
        return translate(_Said(found["code"], found["text"].strip()), doing)
    if found := _CHANGE_SET_FAILED.search(said):
        return errors.ChangeSetFailed(
            f"CloudFormation could not make the change set: {found['reason'].strip()}"
        )
    for words, kind in (
        ("Unable to locate credentials", "NoCredentialsError"),
        ("Partial credentials", "PartialCredentialsError"),
        ("could not be found", "ProfileNotFound"),
        ("Error loading SSO Token", "SSOTokenLoadError"),
        ("Token has expired", "ExpiredToken"),
        ("Could not connect to the endpoint URL", "EndpointConnectionError"),
    ):
        if words in said and (kind != "ProfileNotFound" or "config profile" in said):
            return translate(_Said(kind, said.splitlines()[-1]), doing)
    if said == "'Status'":
        # version 1's waiter trips over an answer that is an error
        return errors.AccessDenied(
            "the AWS CLI could not read its change set: it says no more than 'Status'",
            hint="the caller needs cloudformation:DescribeChangeSet",
        )
    last = said[-1500:] or f"exit code {code} and no message"
    return errors.AwsCliFailed(f"aws cloudformation deploy failed: {last}")
