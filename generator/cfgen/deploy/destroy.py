"""Deleting a stack: what goes, what is kept on purpose, what is left over afterwards, each by name."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cfgen import document
from cfgen.deploy import errors, events, witness
from cfgen.deploy.report import Reporter, Silent
from cfgen.deploy.session import Aws, aws_errors
from cfgen.deploy.stack import Resource, StackView


@dataclass(frozen=True, slots=True)
class Plan:
    """What a deletion does. ``groups`` are log groups that services made outside the stack."""

    stack: str
    region: str
    deleted: tuple[Resource, ...]
    retained: tuple[Resource, ...]
    groups: tuple[str, ...]

    def data(self) -> dict[str, Any]:
        """For ``--format json``."""
        return {
            "stack": self.stack,
            "region": self.region,
            "deleted": [asdict(one) for one in self.deleted],
            "retained": [asdict(one) for one in self.retained],
        }


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that is still there: ``kept`` on purpose, or made by a service outside the stack."""

    what: str
    name: str
    kept: bool
    command: str = ""


def plan(stack: StackView, retain: Sequence[str] = ()) -> Plan:
    """What deleting the stack would do. Raises StackProtected and StackBusy."""
    if stack.raw.get("EnableTerminationProtection"):
        raise errors.StackProtected(
            f"{stack.name} is protected against deletion",
            hint=f"aws cloudformation update-termination-protection --no-enable-termination-protection "
            f"--stack-name {stack.name} --region {stack.aws.region}",
        )
    if stack.status.endswith("_IN_PROGRESS") and stack.status not in {
        "REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS",
    }:  # fmt: skip
        raise errors.StackBusy(
            f"{stack.name} is in {stack.status}: it cannot be deleted now",
            hint=f"cfgen status {stack.name} --region {stack.aws.region} --follow",
        )
    if retain and stack.status != "DELETE_FAILED":
        raise errors.MalformedOption(
            f"--retain is for stacks in DELETE_FAILED; {stack.name} is in {stack.status}"
        )
    living = [one for one in stack.resources if one.physical_id and one.status != "DELETE_COMPLETE"]
    unknown = [name for name in retain if name not in {one.logical_id for one in living}]
    if unknown:
        raise errors.MalformedOption(f"{stack.name} has no resource {', '.join(unknown)}")
    bodies = document.resources(stack.template) if living else {}

    def kept(one: Resource) -> bool:
        policy = str(bodies.get(one.logical_id, {}).get("DeletionPolicy", ""))
        return one.logical_id in retain or policy.startswith("Retain")

    return Plan(
        stack.name,
        stack.aws.region,
        tuple(one for one in living if not kept(one)),
        tuple(one for one in living if kept(one)),
        tuple(_groups(living)),
    )


def _groups(living: Sequence[Resource]) -> list[str]:
    """Log groups that services make by themselves, unless the stack made them first."""
    prefixes = {
        "AWS::Lambda::Function": "/aws/lambda/",
        "AWS::CodeBuild::Project": "/aws/codebuild/",
        document.ENDPOINT: "/aws/sagemaker/Endpoints/",
    }
    return [prefixes[one.type] + one.physical_id.rsplit("/", 1)[-1] for one in living if one.type in prefixes]


def destroy(
    stack: StackView,
    made: Plan,
    *,
    retain: Sequence[str] = (),
    role_arn: str | None = None,
    timeout: float = 3 * 3600.0,
    report: Reporter | None = None,
    stop: threading.Event | None = None,
) -> list[Leftover]:
    """Delete, follow to the end, and name what is still there. Raises StackFailed, TimedOut, Interrupted."""
    aws, reporter = stack.aws, report or Silent()
    client = aws.client("cloudformation")
    names = document.descriptions(stack.template) if made.deleted or made.retained else {}
    feed = events.Feed(client, stack.id, names)
    where = f"{stack.name} --region {aws.region}"
    with aws_errors(f"delete {stack.name}"):
        feed.skip()
        arguments: dict[str, Any] = {"StackName": stack.id, "ClientRequestToken": f"cfgen-{uuid.uuid4()}"}
        if role_arn:
            arguments["RoleARN"] = role_arn
        if retain:
            arguments["RetainResources"] = list(retain)
        client.delete_stack(**arguments)
    seen_by = witness.Witness(aws)
    reporter.begin(
        f"deleting {stack.name} in {aws.region}",
        {one.logical_id: names.get(one.logical_id, one.logical_id) for one in made.deleted},
    )

    def on_event(event: events.Event) -> None:
        reporter.event(event)
        seen_by.see(event)

    try:
        ending = events.follow(
            feed,
            timeout=timeout,
            on_event=on_event,
            stop=stop,
            what=stack.name,
            resume=f"cfgen status {stack.id} --region {aws.region} --follow",
        )
    finally:
        reporter.end()
    if ending.status != "DELETE_COMPLETE":
        raise witness.failed(
            stack.name,
            ending,
            seen_by,
            f"cfgen destroy {where} again; --retain LOGICAL-ID lets a resource go",
        )
    return leftovers(aws, made, ending.events)


def leftovers(aws: Aws, made: Plan, seen: Sequence[events.Event] = ()) -> list[Leftover]:
    """What the deletion left: resources kept on purpose, and log groups that services had made."""
    found = {
        one.physical_id: Leftover(one.type, one.physical_id, True, _command(one, aws.region))
        for one in made.retained
    }
    for event in seen:
        if event.status == "DELETE_SKIPPED" and event.physical_id not in found:
            found[event.physical_id] = Leftover(event.type, event.physical_id, True)
    client = aws.client("logs")
    for group in made.groups:
        try:
            listed = client.describe_log_groups(logGroupNamePrefix=group).get("logGroups", ())
        except Exception as error:
            if not type(error).__module__.startswith("botocore"):
                raise
            continue  # whoever may delete stacks need not be allowed to list log groups
        if any(one["logGroupName"] == group for one in listed) and group not in found:
            command = f"aws logs delete-log-group --log-group-name {group} --region {aws.region}"
            found[group] = Leftover("AWS::Logs::LogGroup", group, False, command)
    return list(found.values())


def _command(resource: Resource, region: str) -> str:
    if resource.type == "AWS::S3::Bucket":
        return f"aws s3 rb s3://{resource.physical_id} --force --region {region}"
    if resource.type == "AWS::Logs::LogGroup":
        return f"aws logs delete-log-group --log-group-name {resource.physical_id} --region {region}"
    return ""
