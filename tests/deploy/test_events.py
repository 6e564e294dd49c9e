"""Events in order, once each, from either API; following through trouble. No server, no waiting."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cfgen.deploy import errors, events

STACK = "arn:aws:cloudformation:us-east-1:1:stack/s/1"
START = datetime(2026, 11, 22, tzinfo=UTC)


class Failure(Exception):
    """In the shape of botocore's ClientError."""

    def __init__(self, code: str, text: str = "no", status: int = 400) -> None:
        super().__init__(text)
        self.response = {
            "Error": {"Code": code, "Message": text},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }


def raw(number: int, status: str, resource: str = "", reason: str = "") -> dict[str, Any]:
    return {
        "EventId": f"e{number}",
        "Timestamp": START + timedelta(seconds=number // 2),
        "LogicalResourceId": resource or "s",
        "ResourceType": "AWS::X::Y" if resource else events.STACK, "PhysicalResourceId": "" if resource else STACK,
        "StackId": STACK, "ResourceStatus": status, "ResourceStatusReason": reason,
    }  # fmt: skip


class Service:
    """CloudFormation that has a list of events, newest first, and answers in pages; faults come first."""

    def __init__(self, *happened: dict[str, Any], page: int = 3, oldest_first: bool = False) -> None:
        self.happened, self.page, self.calls = list(happened), page, 0
        self.oldest_first = oldest_first
        self.reasons: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.refused: Exception | None = None
        self.faults: list[Exception] = []
        self.script: list[list[dict[str, Any]]] = []

    def _answer(self, key: str, token: str) -> dict[str, Any]:
        self.calls += 1
        if self.faults:
            raise self.faults.pop(0)
        if self.script and not token:
            self.happened += self.script.pop(0)
        listed = self.happened if self.oldest_first else self.happened[::-1]
        start = int(token or 0)
        more = {"NextToken": str(start + self.page)} if len(listed) > start + self.page else {}
        return {key: listed[start : start + self.page], **more}

    def describe_stack_events(self, StackName: str, NextToken: str = "") -> dict[str, Any]:  # noqa: ARG002
        return self._answer("StackEvents", NextToken)

    def describe_events(
        self, OperationId: str, Filters: dict[str, bool], NextToken: str = ""
    ) -> dict[str, Any]:
        self.asked.append(OperationId)
        assert Filters == {"FailedEvents": True}
        if self.refused:
            raise self.refused
        rows = [row for row in self.reasons if row["OperationId"] == OperationId]
        start = int(NextToken or 0)
        more = {"NextToken": str(start + 1)} if len(rows) > start + 1 else {}
        return {"OperationEvents": rows[start : start + 1], **more}


class Old:
    """A botocore that does not know DescribeEvents."""

    def __init__(self, service: Service) -> None:
        self.describe_stack_events = service.describe_stack_events


MANY = [raw(number, "CREATE_IN_PROGRESS", f"R{number}") for number in range(10)]


@pytest.mark.parametrize("oldest_first", [False, True])
def test_events_come_in_order_once_whatever_the_pages(oldest_first: bool) -> None:
    service = Service(*MANY, oldest_first=oldest_first)
    feed = events.Feed(service, STACK, {"R3": "The third"})
    assert [event.id for event in feed.fresh()] == [f"e{number}" for number in range(10)]
    assert feed.fresh() == []
    service.happened.append(raw(20, "CREATE_COMPLETE", "R3"))
    (event,) = feed.fresh()
    assert (event.id, event.title) == ("e20", "The third")


def test_known_pages_are_not_read_again() -> None:
    service = Service(*MANY)
    feed = events.Feed(service, STACK)
    feed.skip()
    before = service.calls
    feed.fresh()
    assert service.calls == before + 1


def reason(number: int, operation: str = "up", kind: str = "HOOK_INVOCATION_ERROR") -> dict[str, Any]:
    about = {"LogicalResourceId": "R", "ResourceType": "AWS::X::Y", "ResourceStatus": "CREATE_FAILED"}
    hook = {"HookType": "Org::No", "HookStatusReason": "not like this"}
    at = START + timedelta(seconds=number // 2)
    return {
        "EventId": f"o{number}", "OperationId": operation, "EventType": kind, "Timestamp": at, "StackId": STACK,
        **about, **hook,
    }  # fmt: skip


def of(operation: str, row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "OperationId": operation}


FAILED = (
    of("up", raw(0, "UPDATE_IN_PROGRESS")),
    of("up", raw(4, "UPDATE_FAILED", "R", "The following hook(s) failed: [Org::No]")),
    of("back", raw(6, "UPDATE_ROLLBACK_IN_PROGRESS")),
    of("back", raw(8, "UPDATE_ROLLBACK_COMPLETE")),
)


def test_what_failed_before_a_rollback_is_told_and_what_its_operation_alone_knows_once() -> None:
    service = Service(*FAILED)
    service.reasons = [
        reason(2), reason(3, kind="VALIDATION_ERROR"), reason(4, kind="PROVISIONING_ERROR"),
        reason(4, kind="PROGRESS"), reason(9, "other"),
    ]  # fmt: skip
    ending, told = follow(service)
    assert told == ["e0", "o2", "o3", "e4", "e6", "e8"]
    assert service.asked == ["up"] * 4  # one call a page
    assert ending.first_failure is not None
    assert ending.first_failure.reason == "hook Org::No: not like this"


@pytest.mark.parametrize("refused", [Failure("AccessDenied"), Failure("InvalidAction"), AttributeError()])
def test_where_an_operation_may_not_be_asked_for_its_events_are_told_all_the_same(refused: Exception) -> None:
    service = Service(*FAILED)
    service.refused = refused
    assert follow(service)[1] == ["e0", "e4", "e6", "e8"]
    assert service.asked == ["up"]


def test_a_throttled_question_is_asked_again_with_the_next_failure() -> None:
    service = Service(*FAILED[:2])
    service.refused, service.reasons = Failure("Throttling"), [reason(2)]
    feed = events.Feed(service, STACK)
    assert [event.id for event in feed.fresh()] == ["e0", "e4"]
    service.refused = None
    service.happened.append(of("up", raw(5, "UPDATE_FAILED", "Other", "Resource update cancelled")))
    assert [event.id for event in feed.fresh()] == ["o2", "e5"]


def test_what_is_skipped_is_not_asked_for() -> None:
    service = Service(*FAILED)
    feed = events.Feed(service, STACK)
    feed.skip()
    assert (service.asked, feed.fresh()) == ([], [])


def test_an_older_botocore_knows_no_operations() -> None:
    assert len(events.Feed(Old(Service(*MANY, raw(20, "CREATE_FAILED", "R"))), STACK).fresh()) == 11


def test_throttling_is_raised_and_nothing_lost() -> None:
    service = Service(*MANY)
    service.faults = [Failure("Throttling")]
    feed = events.Feed(service, STACK)
    with pytest.raises(Failure):
        feed.fresh()
    assert len(feed.fresh()) == 10


def follow(service: Service, **more: Any) -> tuple[events.Ending, list[str]]:
    told: list[str] = []
    more = {"timeout": 10, "pause": 0.001, **more}
    ending = events.follow(events.Feed(service, STACK), on_event=lambda event: told.append(event.id), **more)
    return ending, told


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_LONGEST_PAUSE", 0.002)
    waited = threading.Event.wait
    monkeypatch.setattr(
        threading.Event, "wait", lambda self, timeout=None: waited(self, min(timeout or 0, 0.002))
    )


def test_following_ends_with_the_stacks_own_last_event() -> None:
    service = Service(raw(0, "CREATE_IN_PROGRESS"))
    service.script = [[], [raw(2, "CREATE_COMPLETE", "R")], [], [raw(4, "CREATE_COMPLETE")]]
    ending, told = follow(service)
    assert (ending.good, ending.status, told) == (True, "CREATE_COMPLETE", ["e0", "e2", "e4"])


def test_the_first_failure_counts_not_its_consequences() -> None:
    service = Service(
        raw(0, "CREATE_IN_PROGRESS"),
        raw(2, "CREATE_FAILED", "Other", "Resource creation cancelled"),
        raw(3, "CREATE_FAILED", "Cause", "The account-level service limit …"),
        raw(4, "CREATE_FAILED", "Later", "Internal failure"),
        raw(6, "ROLLBACK_IN_PROGRESS", "", "The following resource(s) failed to create: [Cause, Other]."),
        raw(8, "ROLLBACK_COMPLETE"),
    )
    ending, _ = follow(service)
    assert not ending.good
    assert ending.first_failure is not None
    assert ending.first_failure.logical_id == "Cause"


def test_cleaning_up_is_not_the_end_and_a_rollback_is_no_success() -> None:
    service = Service(
        raw(0, "UPDATE_IN_PROGRESS"), raw(2, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"), raw(4, "UPDATE_COMPLETE")
    )
    assert follow(service)[0].good
    service = Service(raw(0, "UPDATE_IN_PROGRESS"), raw(4, "UPDATE_ROLLBACK_COMPLETE"))
    assert not follow(service)[0].good


@pytest.mark.parametrize(
    "fault", [Failure("Throttling"), Failure("RequestLimitExceeded"), Failure("X", status=503)]
)
def test_throttling_and_server_faults_are_waited_out(fault: Exception) -> None:
    service = Service(raw(0, "CREATE_COMPLETE"))
    service.faults = [fault] * 6
    assert follow(service)[0].good


def test_what_waiting_cannot_mend_is_told() -> None:
    service = Service()
    service.faults = [Failure("ExpiredToken")]
    with pytest.raises(errors.CredentialsExpired):
        follow(service)


def test_the_timeout_is_our_own_and_cancels_nothing() -> None:
    with pytest.raises(errors.TimedOut, match="goes on in AWS") as caught:
        follow(Service(), timeout=0.01, resume="cfgen status s --follow")
    assert caught.value.hint == "cfgen status s --follow"


def test_stopping_stops_following() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(errors.Interrupted, match="nothing was cancelled") as caught:
        follow(Service(), stop=stop)
    assert caught.value.exit_code == 130


def test_validations_and_hooks_become_failures_with_their_own_reason() -> None:
    common = {"EventId": "1", "Timestamp": START, "LogicalResourceId": "B", "ResourceType": "AWS::S3::Bucket"}
    found = events.from_operation_event(
        {
            **common,
            "EventType": "VALIDATION_ERROR",
            "ValidationName": "PROPERTY_VALIDATION",
            "ValidationStatusReason": "bad",
            "ValidationPath": "/A",
        }
    )
    assert found.failed
    assert found.reason == "PROPERTY_VALIDATION: bad at /A"
    warned = events.from_operation_event(
        {**common, "EventType": "VALIDATION_ERROR", "ValidationFailureMode": "WARN"}
    )
    assert not warned.failed
    hook = events.from_operation_event(
        {**common, "EventType": "HOOK_INVOCATION_ERROR", "HookType": "Org::No", "HookStatusReason": "no"}
    )
    assert hook.failed
    assert "Org::No" in hook.reason
