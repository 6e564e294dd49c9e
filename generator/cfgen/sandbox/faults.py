"""Faults on demand: throttle or deny a call, fail a resource, lose an event, kill a build, and the like.

A fault is a rule that matches what is about to happen; it strikes ``times`` times (0 = always) and keeps
count, so that a test can assert it was met.
"""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from itertools import count
from typing import Any

from cfgen.sandbox.wire import AwsError, Call

KINDS = ("throttle", "deny", "error", "delay", "resource", "lose-event", "kill-build", "endpoint", "lambda")


@dataclass
class Fault:
    """One rule. Which fields matter depends on ``kind``:

    throttle, deny, error, delay
        an API call: ``service`` and ``operation`` (wildcards allowed); ``principal`` a substring of the role
    resource
        a CloudFormation resource by ``resource`` (logical id or type) and ``action`` (create update delete)
    lose-event
        an event on EventBridge by ``detail_type`` and the ARN of a ``resource`` it is about (wildcards allowed)
    kill-build
        a CodeBuild build of ``resource`` (project name) dies silently after ``seconds``
    endpoint
        an endpoint ``resource`` never gets healthy (``message`` is its FailureReason)
    lambda
        a function ``resource`` is throttled (``code`` TooManyRequestsException) or lost
    """

    kind: str
    service: str = "*"
    operation: str = "*"
    principal: str = ""
    resource: str = "*"
    action: str = "*"
    detail_type: str = "*"
    code: str = ""
    message: str = ""
    status: int = 400
    seconds: float = 0.0
    times: int = 1
    skip: int = 0
    hits: int = 0
    id: int = field(default_factory=count(1).__next__)


class Faults:
    """The rules in force."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, values: dict[str, Any]) -> Fault:
        """Add a rule; unknown kinds and fields are refused."""
        if values.get("kind") not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        usual = {"kill-build": "build", "lose-event": "lose"}.get(values["kind"])
        if usual:
            values.setdefault("action", usual)
        fault = Fault(**values)
        with self._lock:
            self._rules.append(fault)
        return fault

    def clear(self) -> None:
        """Remove all rules."""
        with self._lock:
            self._rules.clear()

    def view(self) -> list[dict[str, Any]]:
        """The rules and how often each struck."""
        return [asdict(rule) for rule in self._rules]

    def strike(self, kind: str, **what: str) -> Fault | None:
        """The first rule of ``kind`` that matches and still has strikes left; counts the strike."""
        with self._lock:
            for rule in self._rules:
                if rule.kind != kind or (rule.times and rule.hits >= rule.times):
                    continue
                if not all(_matches(rule, key, value) for key, value in what.items()):
                    continue
                if rule.skip:
                    rule.skip -= 1
                    continue
                rule.hits += 1
                return rule
        return None

    def on_call(self, call: Call, principal: str) -> None:
        """Delay, throttle, deny or fail an API call as the rules say."""
        if not self._rules:
            return
        what = {"service": call.service, "operation": call.operation, "principal": principal}
        if rule := self.strike("delay", **what):
            time.sleep(rule.seconds)
        if self.strike("throttle", **what):
            code = {"s3": "SlowDown", "lambda": "TooManyRequestsException"}.get(
                call.service, "ThrottlingException"
            )
            status = {"s3": 503, "lambda": 429}.get(call.service, 400)
            raise AwsError(code, "Rate exceeded", status)
        if rule := self.strike("deny", **what):
            code = "AccessDenied" if call.protocol in ("query", "rest-xml") else "AccessDeniedException"
            message = rule.message or (
                f"User: {principal} is not authorized to perform: {call.service}:{call.operation}"
            )
            raise AwsError(code, message, 403)
        if rule := self.strike("error", **what):
            raise AwsError(rule.code or "InternalFailure", rule.message or "injected", rule.status)


def _matches(rule: Fault, key: str, value: str) -> bool:
    wanted = getattr(rule, key)
    if key == "principal":
        return wanted in value
    if key == "resource":
        return any(fnmatchcase(part, wanted) for part in value.split("|"))
    return fnmatchcase(value, wanted)


faults = Faults()
