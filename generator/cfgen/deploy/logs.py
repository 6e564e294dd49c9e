"""CloudWatch logs of a stack: which groups it has, their end, and following them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cfgen.deploy import errors
from cfgen.deploy.session import Aws, aws_errors, code_of, pages, passing
from cfgen.deploy.stack import StackView


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log. ``at`` is in milliseconds since 1970."""

    at: int
    stream: str
    text: str
    id: str = ""


def groups(stack: StackView, *, build: bool = False, functions: bool = False) -> list[str]:
    """The log groups of the stack's endpoint, or of its build or functions ("Log Groups and Streams Emitted")."""
    if build:
        names = [f"/aws/codebuild/{name}" for name in stack.physical("AWS::CodeBuild::Project")]
    elif functions:
        names = [f"/aws/lambda/{name}" for name in stack.physical("AWS::Lambda::Function")]
    else:
        names = [f"/aws/sagemaker/Endpoints/{name}" for name in stack.endpoints]
        names += [
            f"/aws/sagemaker/InferenceComponents/{name.rsplit('/', 1)[-1]}"
            for name in stack.physical("AWS::SageMaker::InferenceComponent")
        ]
        if not names and stack.switched_off:
            names = [
                one for one in stack.physical("AWS::Logs::LogGroup") if one.startswith("/aws/sagemaker/")
            ]
    if not names:
        kind = "build" if build else "function" if functions else "endpoint"
        raise errors.DeployError(f"{stack.name} has no {kind}")
    return names


def read(aws: Aws, group: str, *, since: int, limit: int = 0) -> list[Line]:
    """Lines of a group from ``since`` (milliseconds) on, oldest first; the last ``limit`` of them if given.

    A group that does not exist yet has no lines.
    """
    client = aws.client("logs")
    with aws_errors(f"read the log {group}"):
        try:
            found = [
                Line(
                    raw["timestamp"],
                    raw.get("logStreamName", ""),
                    raw["message"].rstrip("\n"),
                    raw.get("eventId", ""),
                )
                for raw in pages(
                    client.filter_log_events, "events", "nextToken", logGroupName=group, startTime=since
                )
            ]
        except Exception as error:
            if code_of(error) == "ResourceNotFoundException":
                return []
            raise
    found.sort(key=lambda line: line.at)
    return found[-limit:] if limit else found


def tail(aws: Aws, group: str, count: int = 20) -> tuple[str, ...]:
    """The last lines of a group, read from its newest stream; empty when it cannot be read, for whatever reason.

    For diagnoses: a missing right to read logs must not hide the failure itself.
    """
    client: Any = aws.client("logs")
    try:
        streams = client.describe_log_streams(
            logGroupName=group, orderBy="LastEventTime", descending=True, limit=3
        )
        for stream in streams.get("logStreams", ()):
            answer = client.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"], limit=count, startFromHead=False
            )
            if answer.get("events"):
                return tuple(event["message"].rstrip("\n") for event in answer["events"][-count:])
    except Exception as error:
        if not type(error).__module__.startswith("botocore"):
            raise
    return ()


def follow(
    aws: Aws,
    names: list[str],
    on_line: Callable[[str, Line], None],
    *,
    since: int,
    stop: threading.Event,
    pause: float = 2.0,
) -> None:
    """Give lines to ``on_line`` as they arrive, until ``stop`` is set. Late lines of the last minute are not lost."""
    seen: dict[str, set[tuple[int, str, str, str]]] = {name: set() for name in names}
    newest = dict.fromkeys(names, since)
    while True:
        for name in names:
            try:
                lines = read(aws, name, since=max(since, newest[name] - 60_000))
            except errors.AwsError as error:
                if not passing(error):
                    raise
                continue
            for line in lines:
                key = (line.at, line.stream, line.id, line.text)
                if key not in seen[name]:
                    seen[name].add(key)
                    on_line(name, line)
                newest[name] = max(newest[name], line.at)
            oldest = newest[name] - 120_000
            seen[name] = {key for key in seen[name] if key[0] >= oldest}
        if stop.wait(pause):
            return


def milliseconds(seconds_ago: float) -> int:
    """The time so many seconds ago, as CloudWatch Logs counts it."""
    return max(0, int((time.time() - seconds_ago) * 1000))
