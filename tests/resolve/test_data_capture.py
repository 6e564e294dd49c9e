"""Data capture: what is kept, where, by which rights; and what captures nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfgen.document import load
from cfgen.resolve.errors import ResolveError
from tests.specs import CONTAINER, changed, stack_of, template_of


def resources(data: dict[str, Any]) -> dict[str, Any]:
    """The resources of a spec's template."""
    found: dict[str, Any] = load(template_of(data).text)["Resources"]
    return found


def capture_rights(made: dict[str, Any]) -> dict[str, Any]:
    """The statement of the execution role that is about captures."""
    [policy] = made["ExecutionRole"]["Properties"]["Policies"]
    statements = policy["PolicyDocument"]["Statement"]
    return next(one for one in statements if one.get("Sid") == "CapturedData")


def test_a_bucket_is_made_and_emptied_at_deletion() -> None:
    made = resources(changed(CONTAINER, dataCapture={"sampling": 10}))
    config = made["EndpointConfig"]["Properties"]["DataCaptureConfig"]
    assert config["DestinationS3Uri"] == {"Fn::Sub": "s3://${CaptureBucket}/capture"}
    assert [option["CaptureMode"] for option in config["CaptureOptions"]] == ["Input", "Output"]
    assert made["CaptureEmptying"]["Properties"]["Bucket"] == {"Ref": "CaptureBucket"}
    assert "CaptureEmptying" in made["Endpoint"]["DependsOn"]
    assert capture_rights(made)["Resource"] == {
        "Fn::Sub": "arn:${AWS::Partition}:s3:::${CaptureBucket}/capture/*"
    }
    # an upload in parts reads back what it wrote
    assert '"kms:Decrypt", "kms:GenerateDataKey"' in json.dumps(made["ExecutionRole"])


def test_a_bucket_of_the_users_is_written_to_and_left_alone() -> None:
    asked = {
        "bucket": "my-captures",
        "prefix": "a/b/",
        "capture": ["output"],
        "csvContentTypes": ["text/csv"],
    }
    made = resources(changed(CONTAINER, dataCapture=asked))
    config = made["EndpointConfig"]["Properties"]["DataCaptureConfig"]
    assert config["DestinationS3Uri"] == {"Fn::Sub": "s3://${CaptureBucketName}/a/b"}
    assert config["CaptureOptions"] == [{"CaptureMode": "Output"}]
    assert config["CaptureContentTypeHeader"] == {
        "JsonContentTypes": ["application/json"],
        "CsvContentTypes": ["text/csv"],
    }
    assert not [name for name in made if name.startswith(("Capture", "Emptying"))]
    assert capture_rights(made)["Resource"]["Fn::Sub"].endswith("${CaptureBucketName}/a/b/*")


def test_kept_on_purpose() -> None:
    made = resources(changed(CONTAINER, dataCapture={"retainOnDelete": True}))
    assert made["CaptureBucket"]["DeletionPolicy"] == "RetainExceptOnCreate"
    # emptied all the same when a rollback takes it back, and asked to keep it else
    assert made["CaptureEmptying"]["Properties"]["Retain"] == "true"
    policy = made["EmptyingRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    assert "WhetherRollingBack" in [one["Sid"] for one in policy["Statement"]]


def test_beside_asynchronous_both_buckets_are_emptied() -> None:
    made = resources(changed(CONTAINER, dataCapture={}, **{"async": {}}))
    assert {"AsyncEmptying", "CaptureEmptying"} <= set(made["Endpoint"]["DependsOn"])


REFUSED = [
    (
        {"bucket": "mine", "expireAfterDays": 3},
        {},
        "dataCapture.expireAfterDays: is about a bucket of the template's",
    ),
    (
        {"bucket": "mine", "retainOnDelete": True},
        {},
        "dataCapture.retainOnDelete: is about a bucket of the template",
    ),
    (
        {"csvContentTypes": ["application/json"]},
        {},
        "dataCapture.csvContentTypes: application/json is JSON already",
    ),
    (
        {},
        {
            "endpoint": ...,
            "model__container": "huggingface:4.51.3",
            "model__modelId": "intfloat/e5-small-v2",
            "serverless": {"memorySizeInMB": 2048},
        },
        "dataCapture: a serverless endpoint captures no data",
    ),
]


@pytest.mark.parametrize(("asked", "changes", "words"), REFUSED)
def test_refused(asked: dict[str, Any], changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ResolveError) as caught:
        stack_of(changed(CONTAINER, dataCapture=asked, **changes))
    assert words in str(caught.value)
