"""What CloudFormation remembers: stacks, their resources, events and change sets."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cfgen.sandbox.cfn.parameters import Parameter
from cfgen.sandbox.clients import Credentials
from cfgen.sandbox.wire import ACCOUNT, partition_of


def now() -> datetime:
    """The time, as events carry it."""
    return datetime.now(UTC)


@dataclass
class Resource:
    """One resource of a stack: what it is, what it was made from."""

    logical_id: str
    type: str
    physical_id: str = ""
    properties: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    ref: Any = None
    status: str = "CREATE_IN_PROGRESS"
    reason: str = ""
    updated: datetime = field(default_factory=now)
    depends: set[str] = field(default_factory=set)
    deletion_policy: str = "Delete"
    replace_policy: str = "Delete"
    metadata: Any = None
    # made by an operation that has not ended well yet (RetainExceptOnCreate, rollback)
    fresh: bool = True
    drift: dict[str, Any] = field(default_factory=dict)


@dataclass
class Event:
    """One line of a stack's history."""

    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str
    token: str
    properties: str = ""
    at: datetime = field(default_factory=now)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    operation: str = ""


@dataclass
class Change:
    """What a change set does to one resource."""

    action: str
    logical_id: str
    type: str
    physical_id: str = ""
    replacement: str = ""
    scope: list[str] = field(default_factory=list)
    details: list[dict[str, Any]] = field(default_factory=list)
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    policy_action: str = ""


@dataclass
class ChangeSet:
    """A change set: a prepared template and what it would change."""

    name: str
    id: str
    type: str
    prepared: Any
    request: dict[str, Any]
    status: str = "CREATE_COMPLETE"
    reason: str = ""
    execution: str = "AVAILABLE"
    changes: list[Change] = field(default_factory=list)
    created: datetime = field(default_factory=now)
    # logical id → what early validation has against it
    problems: dict[str, list[str]] = field(default_factory=dict)


# the statuses of a stack with which an operation begins
_BEGINS = {
    "REVIEW_IN_PROGRESS": "CREATE_CHANGESET",
    "CREATE_IN_PROGRESS": "CREATE_STACK",
    "UPDATE_IN_PROGRESS": "UPDATE_STACK",
    "DELETE_IN_PROGRESS": "DELETE_STACK",
    "ROLLBACK_IN_PROGRESS": "ROLLBACK",
    "UPDATE_ROLLBACK_IN_PROGRESS": "ROLLBACK",
}


@dataclass
class Stack:
    """A stack and everything known about it."""

    name: str
    region: str
    id: str = ""
    account: str = ACCOUNT
    status: str = "REVIEW_IN_PROGRESS"
    reason: str = ""
    description: str = ""
    prepared: Any = None
    parameters: dict[str, Parameter] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    # old physical resources waiting to be cleaned up, and ones a rollback has to remove
    leftovers: list[Resource] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    change_sets: dict[str, ChangeSet] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    capabilities: list[str] = field(default_factory=list)
    notification_arns: list[str] = field(default_factory=list)
    role_arn: str = ""
    keys: Credentials = field(default_factory=Credentials)
    termination_protection: bool = False
    disable_rollback: bool = False
    on_failure: str = "ROLLBACK"
    timeout_minutes: int = 0
    created: datetime = field(default_factory=now)
    updated: datetime | None = None
    deleted: datetime | None = None
    parent_id: str = ""
    operation: Any = None
    # id → type, as DescribeEvents groups by; a rollback is an operation of its own
    operations: dict[str, str] = field(default_factory=dict)
    drift_status: str = "NOT_CHECKED"
    policy: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        if not self.id:
            partition = partition_of(self.region)
            self.id = f"arn:{partition}:cloudformation:{self.region}:{self.account}:stack/{self.name}/{uuid.uuid4()}"

    def record(
        self, status: str, reason: str = "", resource: Resource | None = None, token: str = ""
    ) -> None:
        """Set the status of the stack or one of its resources, and write the event."""
        with self.lock:
            if resource is None:
                self.status, self.reason = status, reason
                if kind := _BEGINS.get(status):
                    kind = "CONTINUE_ROLLBACK" if (kind, reason) == ("ROLLBACK", "User Initiated") else kind
                    self.operations[str(uuid.uuid4())] = kind
                event = Event(self.name, self.id, "AWS::CloudFormation::Stack", status, reason, token)
            else:
                resource.status, resource.reason, resource.updated = status, reason, now()
                event = Event(resource.logical_id, resource.physical_id, resource.type, status, reason, token)
            event.operation = next(reversed(self.operations), "")
            if self.events and event.at <= self.events[-1].at:
                # clients order and deduplicate by time
                event.at = self.events[-1].at + timedelta(microseconds=1)
            self.events.append(event)

    @property
    def in_progress(self) -> bool:
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"


class Store:
    """All stacks of all regions, living and deleted."""

    def __init__(self) -> None:
        self.stacks: list[Stack] = []
        self.lock = threading.RLock()

    def living(self, region: str) -> list[Stack]:
        """The stacks of a region that are not deleted."""
        return [
            stack
            for stack in list(self.stacks)
            if stack.region == region and stack.status != "DELETE_COMPLETE"
        ]

    def find(self, name_or_id: str, region: str) -> Stack | None:
        """A stack by id (deleted ones too) or by name (living ones only)."""
        if name_or_id.startswith("arn:"):
            return next((stack for stack in list(self.stacks) if stack.id == name_or_id), None)
        return next((stack for stack in self.living(region) if stack.name == name_or_id), None)

    def exports(self, region: str) -> dict[str, tuple[Stack, str]]:
        """Exported names with the stack and value behind each."""
        return {
            output["ExportName"]: (stack, output["OutputValue"])
            for stack in self.living(region)
            for output in stack.outputs
            if output.get("ExportName")
        }

    def importers(self, name: str, region: str) -> list[str]:
        """The stacks that import an exported name."""
        return [
            stack.name
            for stack in self.living(region)
            if stack.prepared is not None
            and name in stack.prepared.imports
            and stack.status != "REVIEW_IN_PROGRESS"
        ]


store = Store()
