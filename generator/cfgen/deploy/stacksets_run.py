"""Carries out a stack set's plan step by step, each followed to its end, with results as they come.

Ctrl-C stops following; the operation goes on in AWS.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cfgen.deploy import causes, errors
from cfgen.deploy.assets import put_once
from cfgen.deploy.awscli import MAX_DIRECT_BYTES
from cfgen.deploy.session import Aws, aws_errors, code_of, pages, passing, translate
from cfgen.deploy.stacksets import Plan, Rollout, Step

ENDED = ("SUCCEEDED", "FAILED", "STOPPED")


class StackSetFailed(errors.DeployError):
    """An operation of a stack set failed or was stopped. ``rows``: where, and why."""

    def __init__(self, message: str, rows: tuple[Row, ...], *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.rows = rows


@dataclass(frozen=True, slots=True)
class Row:
    """How an operation went in one account and region."""

    account: str
    region: str
    status: str
    reason: str = ""

    def line(self) -> str:
        """On one line."""
        return f"{self.account} {self.region} {self.status}" + (
            f": {' '.join(self.reason.split())}" if self.reason else ""
        )

    def data(self) -> dict[str, Any]:
        """For ``--format json``."""
        found = causes.diagnose(self.reason).data()["causes"] if self.reason else []
        return {
            "account": self.account, "region": self.region, "status": self.status, "reason": self.reason,
            "causes": found,
        }  # fmt: skip


def carry_out(plan: Plan, aws: Aws, *, say: Callable[[str], None], stop: threading.Event) -> list[Row]:
    """Every step in turn; how the last operation went in each account and region.

    Raises StackSetFailed at the first step that fails, StackBusy, TimedOut, Interrupted and AwsError.
    """
    rollout = plan.rollout
    ends = time.monotonic() + rollout.timeout
    rows: dict[tuple[str, str], Row] = {}
    for step in plan.steps:
        say(step.title)
        operation = begin(step, rollout, aws)
        if operation is None:
            continue
        for row in follow(
            aws,
            rollout.name,
            operation,
            rollout.call_as,
            say=say,
            stop=stop,
            ends=ends,
            resume=rollout.resume,
        ):
            rows[row.account, row.region] = row
    return list(rows.values())


def begin(step: Step, rollout: Rollout, aws: Aws) -> str | None:
    """Make the call; the operation's id, None for the making of a set, which is none."""
    client = aws.client("cloudformation")
    request = {"StackSetName": rollout.name, **step.request, **rollout.call_as}
    if step.call in {"create_stack_set", "update_stack_set"}:
        request |= template_of(rollout, aws)
    if step.call != "create_stack_set":
        # named by us: an answer that is lost does not start it twice
        request["OperationId"] = f"cfgen-{uuid.uuid4()}"
        request["OperationPreferences"] = _preferences(rollout, step)
    with aws_errors(f"{step.call.replace('_', ' ')} {rollout.name}"):
        try:
            answer = getattr(client, step.call)(**request)
        except Exception as error:
            if code_of(error) != "OperationInProgressException":
                raise
            raise errors.StackBusy(
                f"{rollout.name}: another operation is under way", hint=rollout.resume
            ) from error
    found = answer.get("OperationId")
    return str(found) if found else None


def _preferences(rollout: Rollout, step: Step) -> dict[str, Any]:
    """The preferences, their order of regions cut to those of the step: CloudFormation refuses others."""
    given = rollout.preferences.request()
    regions = step.request.get("Regions")
    if regions and "RegionOrder" in given:
        order = [region for region in given["RegionOrder"] if region in regions]
        given["RegionOrder"] = [*order, *(region for region in regions if region not in order)]
    return given


def template_of(rollout: Rollout, aws: Aws) -> dict[str, str]:
    """The template in the request, or, where it is too large for that, in the bucket."""
    text = rollout.template.text
    if len(text.encode()) <= MAX_DIRECT_BYTES:
        return {"TemplateBody": text}
    import hashlib

    bucket = bucket_in(rollout, rollout.home)
    key = f"cfgen/{rollout.template.name}/{hashlib.sha256(text.encode()).hexdigest()}.yaml"
    client = aws.client("s3")
    put_once(client, bucket, key, text.encode())
    with aws_errors(f"name s3://{bucket}/{key}"):
        signed = str(client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key}))
    return {"TemplateURL": signed.split("?", 1)[0]}


def bucket_in(rollout: Rollout, region: str) -> str:
    """The bucket for a region: ``{region}`` in its name stands for it. Raises TemplateTooLarge without one."""
    if not rollout.s3_bucket:
        raise errors.TemplateTooLarge(
            f"{rollout.template.name} needs files in S3", hint="--s3-bucket NAME-{region}"
        )
    return rollout.s3_bucket.replace("{region}", region)


def results(aws: Aws, name: str, operation: str, call_as: Mapping[str, str]) -> list[Row]:
    """How an operation goes in each account and region, so far."""
    listed = pages(
        aws.client("cloudformation").list_stack_set_operation_results,
        "Summaries", StackSetName=name, OperationId=operation, **call_as,
    )  # fmt: skip
    return [
        Row(one.get("Account", ""), one.get("Region", ""), one["Status"], one.get("StatusReason", ""))
        for one in listed
    ]


def follow(
    aws: Aws,
    name: str,
    operation: str,
    call_as: Mapping[str, str],
    *,
    say: Callable[[str], None],
    stop: threading.Event,
    ends: float,
    resume: str,
) -> list[Row]:
    """Tell each account and region as it changes, until the operation ends; its results.

    Raises StackSetFailed, TimedOut and Interrupted; throttling and network trouble are waited out.
    """
    client = aws.client("cloudformation")
    shown: dict[tuple[str, str], str] = {}
    pause, trouble = 0.3, 0
    while True:
        try:
            # the state first: results that are read after it has ended are complete
            state = client.describe_stack_set_operation(StackSetName=name, OperationId=operation, **call_as)[
                "StackSetOperation"
            ]
            rows = results(aws, name, operation, call_as)
            trouble = 0
        except Exception as error:
            if not passing(error):
                raise translate(error, f"follow {name}") from error
            state, rows, trouble = {"Status": "RUNNING"}, [], trouble + 1
        news = [
            row
            for row in rows
            if row.status != "PENDING" and shown.get((row.account, row.region)) != row.status
        ]
        for row in news:
            shown[row.account, row.region] = row.status
            say(f"  {row.line()}")
        if state["Status"] in ENDED:
            return _judged(name, state, rows)
        pause = 0.3 if news else min(pause * 1.4, 5.0)
        left = ends - time.monotonic()
        if left <= 0:
            raise errors.TimedOut(
                f"{name}: not done in time; cfgen stops following, the operation goes on in AWS", hint=resume
            )
        if stop.wait(min(pause * 2**trouble, 30.0, left)):
            raise errors.Interrupted(
                f"{name}: stopped following; the operation goes on in AWS, nothing was cancelled",
                hint=f"{resume}\n  to end it: aws cloudformation stop-stack-set-operation --stack-set-name {name} "
                f"--operation-id {operation} --region {aws.region}; then the same cfgen deploy takes up the rest",
            )


def _judged(name: str, state: Mapping[str, Any], rows: list[Row]) -> list[Row]:
    failed = tuple(row for row in rows if row.status == "FAILED")
    if state["Status"] == "SUCCEEDED":
        return rows
    ended = "failed" if state["Status"] == "FAILED" else "was stopped"
    cancelled = sum(row.status == "CANCELLED" for row in rows)
    lines = [f"{name}: the operation {ended}" + (f", {cancelled} not begun" if cancelled else "")]
    for row in failed:
        lines.append(f"  {row.line()}")
        lines += [f"    {line}" for line in causes.diagnose(row.reason).lines()]
    if state.get("StatusReason"):
        lines.append(f"  {state['StatusReason']}")
    raise StackSetFailed(
        "\n".join(lines), tuple(rows), hint="mend the cause, then deploy again: it takes up what is missing"
    )
