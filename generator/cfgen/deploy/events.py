"""Stack events: one record for both APIs that tell them, in order, none twice; following them to the end.

DescribeStackEvents tells the whole history of a stack, so it is what is followed, one call a round. DescribeEvents
("View stack events by operation") tells of one operation alone, a rollback being one of its own (*reported*: a
rolled-back stack asked by name tells nothing of what failed); it is asked what it alone knows of a failed one: failed
validations and hooks, with their reasons.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from cfgen.deploy import errors
from cfgen.deploy.session import passing, translate

STACK = "AWS::CloudFormation::Stack"
_LONGEST_PAUSE = 5.0
_ALONE = ("VALIDATION_ERROR", "HOOK_INVOCATION_ERROR")
"""Events that DescribeEvents alone knows; the others are the stack's own events over again."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a stack or a resource of it."""

    id: str
    at: datetime
    logical_id: str
    type: str
    status: str
    reason: str = ""
    physical_id: str = ""
    stack_id: str = ""
    name: str = ""
    operation: str = ""

    @property
    def of_stack(self) -> bool:
        """Whether it is about the stack itself."""
        return self.type == STACK and self.physical_id == self.stack_id

    @property
    def failed(self) -> bool:
        """Whether something failed here."""
        return self.status.endswith("_FAILED")

    @property
    def consequence(self) -> bool:
        """Whether it failed only because something else did."""
        reason = self.reason.lower()
        return "cancelled" in reason or reason.startswith("the following resource(s) failed")

    @property
    def ends(self) -> bool:
        """Whether nothing follows in this operation."""
        return self.of_stack and self.status.endswith(("_COMPLETE", "_FAILED"))

    @property
    def title(self) -> str:
        """The resource's description in the template, else its logical id."""
        return self.name or self.logical_id

    def data(self) -> dict[str, str]:
        """For ``--format json``."""
        return {
            "at": self.at.astimezone(UTC).isoformat(timespec="milliseconds"),
            "resource": self.logical_id, "type": self.type,
            "status": self.status, "reason": self.reason, "description": self.name,
        }  # fmt: skip


def from_stack_event(raw: Mapping[str, Any]) -> Event:
    """An item of DescribeStackEvents."""
    return Event(
        raw["EventId"], raw["Timestamp"], raw.get("LogicalResourceId", ""), raw.get("ResourceType", ""),
        raw.get("ResourceStatus", ""), raw.get("ResourceStatusReason", ""), raw.get("PhysicalResourceId", ""),
        raw.get("StackId", ""), operation=raw.get("OperationId", ""),
    )  # fmt: skip


def from_operation_event(raw: Mapping[str, Any]) -> Event:
    """An item of DescribeEvents; failed validations and hooks become failures with their own reason."""
    status, reason = raw.get("ResourceStatus", ""), raw.get("ResourceStatusReason", "")
    kind = raw.get("EventType", "")
    if kind == "VALIDATION_ERROR":
        warns = raw.get("ValidationFailureMode") == "WARN"
        status = "VALIDATION_WARNING" if warns else "VALIDATION_FAILED"
        place = f" at {raw['ValidationPath']}" if raw.get("ValidationPath") else ""
        reason = f"{raw.get('ValidationName', 'validation')}: {raw.get('ValidationStatusReason', '')}{place}"
    elif kind == "HOOK_INVOCATION_ERROR":
        status = "HOOK_WARNING" if raw.get("HookFailureMode") == "WARN" else "HOOK_FAILED"
        reason = f"hook {raw.get('HookType', '')}: {raw.get('HookStatusReason', '')}"
    return Event(
        raw["EventId"], raw.get("Timestamp") or raw.get("StartTime") or datetime.now(UTC),
        raw.get("LogicalResourceId", ""),
        raw.get("ResourceType", ""), status, reason, raw.get("PhysicalResourceId", ""), raw.get("StackId", ""),
        operation=raw.get("OperationId", ""),
    )  # fmt: skip


class Feed:
    """The events of one stack, new ones only, oldest first."""

    def __init__(self, client: Any, stack_id: str, names: Mapping[str, str] | None = None) -> None:
        self._client, self._stack_id, self._names = client, stack_id, names or {}
        self._seen: set[str] = set()
        self._asked: set[str] = set()
        self._details = True

    def skip(self) -> None:
        """Take what has happened so far as known."""
        details, self._details = self._details, False
        self._asked |= {event.operation for event in self.fresh()}
        self._details = details

    def fresh(self) -> list[Event]:
        """Events not given out before. Raises botocore's errors as they are."""
        pages = self._pages(self._client.describe_stack_events, "StackEvents", StackName=self._stack_id)
        found = self._take(pages)
        failed = {event.operation: None for event in found if event.operation and event.failed}
        more = [event for operation in failed for event in self._reasons(operation)]
        return sorted([*more, *found], key=lambda event: event.at) if more else found

    def _reasons(self, operation: str) -> list[Event]:
        """What failed validations and hooks of an operation say. Nothing where that may not be asked."""
        if not self._details or operation in self._asked:
            return []
        try:
            pages = self._pages(
                self._client.describe_events, "OperationEvents", OperationId=operation, Filters={"FailedEvents": True}
            )  # fmt: skip
            found = [
                from_operation_event(raw) for page in pages for raw in page if raw.get("EventType") in _ALONE
            ]
        except Exception as error:
            # older botocore, a service without it, a caller without the right to it: the events themselves are told
            self._details = passing(error)
            return []
        self._asked.add(operation)
        new = [event for event in found if event.id not in self._seen]
        self._seen.update(event.id for event in new)
        return [replace(event, name=self._names.get(event.logical_id, "")) for event in new]

    def _pages(self, call: Callable[..., Any], key: str, **what: Any) -> Iterator[list[dict[str, Any]]]:
        token: dict[str, str] = {}
        while True:
            answer = call(**what, **token)
            yield answer.get(key, [])
            if not answer.get("NextToken"):
                return
            token = {"NextToken": answer["NextToken"]}

    def _take(self, pages: Iterable[list[dict[str, Any]]]) -> list[Event]:
        found: dict[str, Event] = {}
        for page in pages:
            events = [from_stack_event(raw) for raw in page]
            new = [event for event in events if event.id not in self._seen]
            found.update(
                {event.id: replace(event, name=self._names.get(event.logical_id, "")) for event in new}
            )
            # newest first: behind a known event all are known. The order is read off, not assumed
            if len(new) < len(events) and events and events[0].at >= events[-1].at:
                break
        self._seen.update(found)
        # one page lists newest first, and events of one instant must keep their order
        ordered = list(found.values())
        if ordered and ordered[0].at >= ordered[-1].at:
            ordered.reverse()
        return sorted(ordered, key=lambda event: event.at)


@dataclass(frozen=True, slots=True)
class Ending:
    """How an operation ended: the stack's last status, and the event that was first to fail."""

    status: str
    reason: str
    events: tuple[Event, ...]

    @property
    def good(self) -> bool:
        """Whether it did what was asked; a completed rollback did not."""
        return self.status.endswith("_COMPLETE") and "ROLLBACK" not in self.status

    @property
    def first_failure(self) -> Event | None:
        """The first event that failed of itself; the consequences of it come later."""
        return first_failure(self.events)


def first_failure(events: Iterable[Event]) -> Event | None:
    """The first of these events that failed of itself, a resource's rather than the stack's."""
    failed = [event for event in events if event.failed]
    own = [event for event in failed if not event.of_stack and not event.consequence]
    return next(iter(own or [event for event in failed if not event.of_stack] or failed), None)


def follow(
    feed: Feed,
    *,
    timeout: float,
    on_event: Callable[[Event], None],
    stop: threading.Event | None = None,
    what: str = "the stack",
    resume: str = "cfgen status --follow",
    pause: float = 0.15,
) -> Ending:
    """Give every event to ``on_event`` until the stack's operation ends.

    Throttling, server faults and network trouble are waited out. Raises TimedOut, Interrupted, and AwsError for what
    waiting cannot mend; the operation in AWS is never touched.
    """
    stopped = stop or threading.Event()
    started, failures, seen = time.monotonic(), 0, []
    while True:
        try:
            fresh = feed.fresh()
            failures = 0
        except Exception as error:
            if not passing(error):
                raise translate(error, f"follow {what}") from error
            fresh, failures = [], failures + 1
        for event in fresh:
            seen.append(event)
            on_event(event)
            if event.ends:
                return Ending(event.status, event.reason, tuple(seen))
        # quick at first, for what is quick; slower while nothing happens and when AWS asks for it
        pause = 0.3 if fresh else min(pause * 1.4, _LONGEST_PAUSE)
        wait = min(30.0, pause * 2**failures)
        left = timeout - (time.monotonic() - started)
        if left <= 0:
            raise errors.TimedOut(
                f"{what}: not done after {_span(timeout)}; cfgen stops following, the operation goes on in AWS",
                hint=resume,
            )
        if stopped.wait(min(wait, left)):
            raise errors.Interrupted(
                f"{what}: stopped following; the operation goes on in AWS, nothing was cancelled", hint=resume
            )


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:g} s"
