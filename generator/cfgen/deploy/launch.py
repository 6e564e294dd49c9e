"""What is launched, how far it is, and how it ended: the records that the steps of a launch hand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cfgen.deploy import errors
from cfgen.errors import CfgenError

if TYPE_CHECKING:
    from cfgen.deploy.after import EndpointCheck
    from cfgen.deploy.changes import ChangeSet
    from cfgen.deploy.inputs import Parameters
    from cfgen.render.template import Template

DEFAULT_TIMEOUT = 14 * 3600.0
"""A build may take 12 h ("WaitCondition": 43,200 s) and an endpoint 2 h more."""


@dataclass(frozen=True, slots=True)
class Launch:
    """What to launch, where, and how.

    ``on_failure``: rollback, keep, or delete (a new stack that failed). ``two_step``: switch scaling off first where
    an update needs it. ``checked``: stop before an update that would be refused.
    """

    template: Template
    stack_name: str
    region: str
    profile: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    role_arn: str | None = None
    s3_bucket: str | None = None
    timeout: float = DEFAULT_TIMEOUT
    on_failure: str = "rollback"
    termination_protection: bool = False
    reset_parameters: bool = False
    request: bool = True
    two_step: bool = False
    checked: bool = True

    @property
    def label(self) -> str:
        """``name region``, for prefixes and tables."""
        return f"{self.stack_name} {self.region}"

    @property
    def resume(self) -> str:
        """The command that goes on following."""
        profile = f" --profile {self.profile}" if self.profile else ""
        return f"cfgen status {self.stack_name} --region {self.region}{profile} --follow"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A launch whose change set is made. ``change_set`` is None when there is nothing to change.

    ``new``: the stack is to be created; ``opened``: an empty one was made just now to hold the change set;
    ``two_step``: scaling has to be switched off before.
    """

    launch: Launch
    new: bool
    opened: bool
    change_set: ChangeSet | None
    parameters: Parameters
    two_step: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """How a launch ended: created, updated, unchanged, planned, declined, failed, stopped."""

    launch: Launch
    outcome: str
    seconds: float = 0.0
    outputs: Mapping[str, str] = field(default_factory=dict)
    change_set: ChangeSet | None = None
    endpoints: tuple[EndpointCheck, ...] = ()
    error: CfgenError | None = None

    @property
    def good(self) -> bool:
        """Whether nothing went wrong."""
        return self.error is None

    def data(self) -> dict[str, Any]:
        """For ``--format json``."""
        found: dict[str, Any] = {
            "stack": self.launch.stack_name, "region": self.launch.region, "outcome": self.outcome,
            "seconds": round(self.seconds, 1), "outputs": dict(self.outputs),
            "endpoints": [one.data() for one in self.endpoints],
        }  # fmt: skip
        if self.change_set is not None:
            found |= self.change_set.data()
        if self.error is not None:
            found["error"] = {
                "kind": type(self.error).__name__,
                "message": self.error.message,
                "hint": self.error.hint,
            }
            if isinstance(self.error, errors.StackFailed):
                found["error"]["event"] = self.error.event.data() if self.error.event else None
                found["error"] |= self.error.diagnosis.data() if self.error.diagnosis else {}
        return found
