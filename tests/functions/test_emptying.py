"""The custom resource that empties a bucket, against moto's S3."""

from __future__ import annotations

from typing import Any

import pytest
from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT
from moto.s3.models import s3_backends

from tests.functions.conftest import Functions, event_of
from tests.functions.loopback import Answers, Control


def emptying(
    functions: Functions, answers: Answers, kind: str, bucket: str, seconds: float = 120, **more: str
) -> dict[str, Any]:
    event = event_of(kind, answers.at("emptying"), {"Bucket": bucket, **more})
    event["PhysicalResourceId"] = bucket
    done = functions.call("emptying.py", event, seconds=seconds)
    assert done.code == 0, done.out
    return answers["emptying"]


def test_create_and_update_leave_everything(answers: Answers, functions: Functions, bucket: Any) -> None:
    bucket.put_object(Key="a", Body=b"1")
    for kind in ("Create", "Update"):
        told = emptying(functions, answers, kind, bucket.name)
        assert (told["Status"], told["PhysicalResourceId"]) == ("SUCCESS", bucket.name)
    assert [one.key for one in bucket.objects.all()] == ["a"]


@pytest.mark.parametrize("versioned", [False, True])
def test_delete_leaves_nothing(answers: Answers, functions: Functions, bucket: Any, versioned: bool) -> None:
    if versioned:
        bucket.Versioning().enable()
    for number in range(1_005):  # more than one page, past the slow front door
        s3_backends[ACCOUNT]["aws"].put_object(bucket.name, f"output/{number}", b"1")
    bucket.put_object(Key="output/0", Body=b"2")
    bucket.Object("output/1").delete()
    bucket.Object("input/whole").initiate_multipart_upload()
    assert emptying(functions, answers, "Delete", bucket.name)["Status"] == "SUCCESS"
    assert list(bucket.object_versions.all()) == []
    assert list(bucket.multipart_uploads.all()) == []
    bucket.delete()


@pytest.mark.parametrize(
    ("status", "left"),
    [
        ("DELETE_IN_PROGRESS", 1),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", 1),
        ("ROLLBACK_IN_PROGRESS", 0),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", 0),
    ],
)
def test_what_is_kept_goes_with_a_rollback_only(
    answers: Answers, control: Control, functions: Functions, bucket: Any, status: str, left: int
) -> None:
    bucket.put_object(Key="a", Body=b"1")
    control.stack_status = status
    assert emptying(functions, answers, "Delete", bucket.name, Retain="true")["Status"] == "SUCCESS"
    assert len(list(bucket.objects.all())) == left


def test_a_bucket_that_is_gone_is_empty(answers: Answers, functions: Functions, aws: str) -> None:
    assert emptying(functions, answers, "Delete", "no-such-bucket")["Status"] == "SUCCESS"


def test_too_much_for_one_call_is_said(answers: Answers, functions: Functions, bucket: Any) -> None:
    bucket.put_object(Key="a", Body=b"1")
    told = emptying(functions, answers, "Delete", bucket.name, seconds=50)
    assert told["Status"] == "FAILED"
    assert "delete the stack again" in told["Reason"]
