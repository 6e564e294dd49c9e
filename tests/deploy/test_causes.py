"""The table of causes knows real messages, in the right order; its page is fresh."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cfgen.deploy import causes
from cfgen.deploy.events import Event
from tests.deploy import messages
from tests.deploy.conftest import ROOT

ALL = (*causes.table("events"), *causes.table("logs"))


@pytest.mark.parametrize(
    ("cause", "text", "source"), messages.EVENTS, ids=[one[2] for one in messages.EVENTS]
)
def test_reported_messages_are_known(cause: str, text: str, source: str) -> None:
    found = causes.cause_of(text)
    assert found is not None, source
    assert found.id == cause


@pytest.mark.parametrize(("cause", "text", "source"), messages.LOGS, ids=[one[0] for one in messages.LOGS])
def test_reported_log_lines_are_known(cause: str, text: str, source: str) -> None:
    found = causes.cause_in_log(["Loading", text, "Stopped"])
    assert found is not None, source
    assert found.id == cause


@pytest.mark.parametrize(
    ("cause", "text"),
    [
        (
            "component-room",
            "There is not enough hardware resources on the instances for this endpoint to create a copy of the "
            "inference component.",
        ),
        ("build-failed", "WaitCondition received failed message: 'disk full' for uniqueId: build"),
        (
            "token",
            "WaitCondition received failed message: 'hub: 401 Client Error for meta-llama/x' for uniqueId:"
            " build",
        ),
        (
            "smoke-test",
            "Received response status [FAILED] from custom resource. Message returned: smoke test of e:"
            " ModelError 400",
        ),
        (
            "secret",
            "Secrets Manager can't find the specified secret. (Service: AWSSecretsManager; Status Code: 400)",
        ),
        ("pass-role", "User: u is not authorized to perform: iam:PassRole on resource: role"),
        (
            "organisation",
            "User: u is not authorized to perform: sagemaker:X with an explicit deny in a service control"
            " policy",
        ),
        ("throttled", "Rate exceeded (Service: Lambda, Status Code: 429) RequestLimitExceeded"),
        (
            "validation-hook",
            "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation].",
        ),
    ],
)
def test_particular_rows_stand_before_general_ones(cause: str, text: str) -> None:
    found = causes.cause_of(text)
    assert found is not None
    assert found.id == cause


def test_nothing_is_made_up() -> None:
    assert causes.cause_of("Resource creation cancelled") is None
    assert causes.cause_of("") is None
    assert causes.diagnose("?").lines() == []


def test_rows_are_complete() -> None:
    assert len({one.id for one in ALL}) == len(ALL)
    for one in ALL:
        assert one.title, one.id
        assert all((one.meaning.endswith("."), one.remedy.endswith((".", ")")), one.page)), one.id
        for pattern in one.patterns:
            re.compile(pattern)


def test_every_cause_the_issue_names_has_a_row() -> None:
    named = {
        "quota-instances", "capacity", "image-missing", "health-check", "model-data", "eula", "no-route", "name-clash",
        "role-not-assumable", "kms", "marketplace", "wait-timeout", "build-failed", "smoke-test", "service-linked-role",
    }  # fmt: skip
    assert named <= {one.id for one in causes.table("events")}


def test_the_log_says_more_than_the_event() -> None:
    found = causes.diagnose(
        "did not pass the ping health check", "/aws/sagemaker/Endpoints/e", ["CUDA out of memory", "exit"]
    )
    assert [one.id for one in found.causes] == ["log-cuda-memory", "health-check"]
    assert "  | exit" in found.lines()
    assert found.data()["log"] == ["CUDA out of memory", "exit"]


@pytest.mark.parametrize(
    ("kind", "logical", "expected"),
    [
        ("AWS::SageMaker::Endpoint", "Endpoint", "/aws/sagemaker/Endpoints/e1"),
        ("AWS::CloudFormation::WaitCondition", "Built", "/aws/codebuild/p1"),
        ("Custom::Build", "Build", "/aws/lambda/f1"),
        ("Custom::SmokeTest", "SmokeTest", "/aws/sagemaker/Endpoints/e1"),
        ("AWS::IAM::Role", "Role", ""),
    ],
)
def test_the_log_that_belongs_to_a_resource(kind: str, logical: str, expected: str) -> None:
    event = Event("1", datetime.now(UTC), logical, kind, "CREATE_FAILED")
    physical = {"Endpoint": "arn:aws:sagemaker:r:1:endpoint/e1", "Project": "p1", "F": "f1"}
    types = {
        "Endpoint": "AWS::SageMaker::Endpoint",
        "Project": "AWS::CodeBuild::Project",
        "F": "AWS::Lambda::Function",
    }
    assert causes.log_group_of(event, physical, types) == expected


def test_failures_page_is_fresh(golden: Callable[[Path, str], None]) -> None:
    golden(ROOT / "docs" / "explanation" / "failures.md", causes.page())
