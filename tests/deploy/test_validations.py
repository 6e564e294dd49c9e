"""A change set that early validation refuses: the reasons are told, where they may be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cfgen.deploy import errors, run, validations
from cfgen.deploy.launch import Launch
from cfgen.deploy.session import Aws

from .conftest import SMALL, template
from .fakes import Client, FakeAws, failure

START = datetime(2026, 11, 22, tzinfo=UTC)
SAID = (
    "CloudFormation could not make the change set: The following hook(s)/validation failed: "
    "[AWS::EarlyValidation::PropertyValidation]. To troubleshoot Early Validation errors, use the DescribeEvents API"
)


def _summary(number: int, status: str = "FAILED", reason: str = SAID) -> dict[str, Any]:
    at = START + timedelta(seconds=number)
    return {"ChangeSetId": f"arn:{number}", "Status": status, "StatusReason": reason, "CreationTime": at}


def _event(number: int, kind: str = "VALIDATION_ERROR", **more: Any) -> dict[str, Any]:
    return {
        "EventId": str(number), "EventType": kind, "Timestamp": START + timedelta(seconds=number),
        "LogicalResourceId": "Log", "ResourceType": "AWS::Logs::LogGroup", "ValidationName": "PROPERTY_VALIDATION",
        "ValidationStatusReason": f"bad {number}", "ValidationPath": "/Resources/Log/Properties/X", **more,
    }  # fmt: skip


def _explained(client: Client, text: str = SAID) -> str:
    return validations.explain(errors.ChangeSetFailed(text), FakeAws(cloudformation=client), "s").message


def test_the_reasons_of_the_latest_failed_change_set_are_told() -> None:
    client = Client(
        list_change_sets={
            "Summaries": [
                _summary(1),
                _summary(3),
                _summary(5, "CREATE_COMPLETE", ""),
                _summary(6, reason="No updates are to be performed."),
            ]
        },
        describe_events={
            "OperationEvents": [
                _event(2),
                _event(1),
                _event(3, "PROGRESS"),
                _event(4, ValidationFailureMode="WARN"),
            ]
        },
    )
    told = _explained(client).splitlines()[1:]
    assert told == [
        f"  Log (AWS::Logs::LogGroup): PROPERTY_VALIDATION: bad {number} at /Resources/Log/Properties/X"
        for number in (1, 2)
    ]
    assert client.calls[-1] == ("describe_events", {"ChangeSetName": "arn:3"})


@pytest.mark.parametrize(
    "client",
    [
        Client(list_change_sets=failure("AccessDenied")),
        Client(list_change_sets={"Summaries": [_summary(1)]}, describe_events=failure("InvalidAction")),
        Client(list_change_sets={"Summaries": [_summary(1)]}),  # a botocore that does not know the call
        Client(list_change_sets={"Summaries": []}),
    ],
)
def test_where_they_cannot_be_read_the_failure_is_told_as_it_is(client: Client) -> None:
    assert _explained(client) == SAID


def test_other_failures_are_not_asked_about() -> None:
    client = Client()
    assert _explained(client, "no") == "no"
    assert client.calls == []


def test_a_fault_of_our_own_stays_one() -> None:
    with pytest.raises(KeyError):
        _explained(Client(list_change_sets={"Summaries": [{"Status": "FAILED", "StatusReason": SAID}]}))


def test_a_template_that_is_refused_beforehand(sandbox: Any, name: str) -> None:
    text = SMALL.replace("RetentionInDays: !Ref Days", "RetentionInDays: !Ref Days\n      Nonsense: 1")
    launch = Launch(template(text), name, "us-east-1")
    with (
        Aws("us-east-1") as aws,
        pytest.raises(errors.ChangeSetFailed, match=r"Log .*PROPERTY_VALIDATION.*Nonsense"),
    ):
        run.prepare(launch, aws)
