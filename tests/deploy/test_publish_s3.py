"""``cfgen publish s3``: real boto3 against the sandbox; the AWS CLI launches what was published."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.conftest import SPEC, Run


@pytest.fixture
def pattern(sandbox: Any, name: str) -> str:
    """What names a bucket of the test's own in each of two regions."""
    for region in ("us-east-1", "eu-west-1"):
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        sandbox.client("s3", region).create_bucket(Bucket=f"{name}-{region}", **where)
    return name + "-{region}"


@pytest.fixture
def bucket(pattern: str) -> str:
    """The one in us-east-1."""
    return pattern.format(region="us-east-1")


def published(cfgen: Run, *arguments: object) -> list[dict[str, Any]]:
    ran = cfgen("publish", "s3", *arguments, "--format", "json")
    assert ran.code == 0, ran.said
    return list(json.loads(ran.out))


def test_published_once_and_launched_from_there(sandbox: Any, cfgen: Run, pattern: str, name: str) -> None:
    regions = ("--region", "us-east-1", "--region", "eu-west-1")
    first = published(cfgen, SPEC, "--bucket-per-region", pattern, *regions)
    assert [(one["region"], one["uploaded"]) for one in first] == [("us-east-1", True), ("eu-west-1", True)]
    again = published(cfgen, SPEC, "--bucket-per-region", pattern, *regions)
    assert [one["uploaded"] for one in again] == [False, False]
    assert [one["quickCreateLink"] for one in again] == [one["quickCreateLink"] for one in first]
    body = sandbox.client("s3").get_object(Bucket=first[0]["bucket"], Key=first[0]["key"])["Body"].read()
    assert b"AWSTemplateFormatVersion" in body
    done = subprocess.run(
        ["aws", "cloudformation", "create-stack", "--stack-name", name, "--template-url", first[0]["templateUrl"],
         "--capabilities", "CAPABILITY_IAM", "--on-failure", "DO_NOTHING"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    sandbox.client("cloudformation").get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1}
    )
    sandbox.client("cloudformation").delete_stack(StackName=name)


def test_one_bucket_for_two_regions_is_uploaded_to_once(cfgen: Run, bucket: str) -> None:
    found = published(
        cfgen,
        SPEC,
        "--bucket",
        bucket,
        "--region",
        "us-east-1",
        "--region",
        "eu-west-1",
    )
    assert [one["uploaded"] for one in found] == [True, False]
    assert len({one["templateUrl"] for one in found}) == 1
    assert "eu-west-1.console" in found[1]["quickCreateLink"]


def test_code_too_large_for_the_template_goes_along(
    sandbox: Any, cfgen: Run, pattern: str, bucket: str, tmp_path: Path
) -> None:
    import random
    import string

    (tmp_path / "code").mkdir()
    noise = "".join(random.Random(1).choices(string.ascii_letters, k=60_000))
    (tmp_path / "code" / "inference.py").write_text(f"X = '{noise}'\n")
    (tmp_path / "big.yaml").write_text(
        "name: big\n"
        "model: {type: custom-inference, modelId: [intfloat/multilingual-e5-small], container: huggingface,"
        " codeFolder: code, license: {id: mit, accepted: true}}\n"
        "endpoint: {instanceType: ml.m5.xlarge}\nsmokeTest: {enabled: false}\n"
    )
    (one,) = published(
        cfgen, tmp_path / "big.yaml", "--bucket-per-region", pattern, "--prefix", "p", "--region", "us-east-1"
    )
    assert one["parameters"] == {"AssetBucket": bucket, "AssetPrefix": "p/big/"}
    assert "param_AssetPrefix=p%2Fbig%2F" in one["quickCreateLink"]
    keys = [
        o["Key"] for o in sandbox.client("s3").list_objects_v2(Bucket=one["bucket"], Prefix="p/")["Contents"]
    ]
    assert sorted(key.rsplit(".", 1)[1] for key in keys) == ["tar", "yaml"]


def test_public_buckets(sandbox: Any, cfgen: Run, bucket: str) -> None:
    client = sandbox.client("s3")
    statement = {
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*",
    }  # fmt: skip
    client.delete_public_access_block(Bucket=bucket)
    client.put_bucket_policy(
        Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    ran = cfgen("publish", "s3", SPEC, "--bucket", bucket)
    assert ran.code == 1
    assert "is public" in ran.err
    assert "--public" in ran.err
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    assert cfgen("publish", "s3", SPEC, "--bucket", bucket, "--public").code == 0


def test_without_the_right_to_list_each_is_asked_for(
    sandbox: Any, cfgen: Run, bucket: str, tmp_path: Path
) -> None:
    for number in range(5):
        text = SPEC.read_text().replace("name: ", f"name: n{number}-", 1)
        (tmp_path / f"{number}.yaml").write_text(text)
    sandbox.fault("deny", service="s3", operation="ListObjectsV2", times=0)
    first = published(cfgen, tmp_path, "--bucket", bucket)
    again = published(cfgen, tmp_path, "--bucket", bucket)
    assert [one["uploaded"] for one in (*first, *again)] == [True] * 5 + [False] * 5


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "name the bucket"),
        (("--bucket", "a-b-c", "--bucket-per-region", "b-{region}"), 2, "name the bucket"),
        (("--bucket-per-region", "plain"), 2, "no {region} in it"),
        (("--bucket", "No_Name"), 2, "no bucket name"),
        (("--bucket", "cfgen-nobody-has-this"), 1, "no bucket cfgen-nobody-has-this"),
        (("--bucket", "BUCKET", "-p", "Wrong=1"), 2, "no parameter Wrong"),
        (
            ("--bucket", "BUCKET", "--region", "ap-southeast-7"),
            2,
            "cannot be launched in ap-southeast-7",
        ),
        (("--bucket", "BUCKET", "--region", "nowhere-1"), 1, "nowhere-1"),
        (("--bucket", "BUCKET", "--prefix", "/x"), 2, "no slash first"),
    ],
)
def test_what_cannot_be_published(
    sandbox: Any, cfgen: Run, bucket: str, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ran = cfgen("publish", "s3", SPEC, *(bucket if one == "BUCKET" else one for one in arguments))
    assert ran.code == code, ran.said
    assert said in ran.err
    assert sandbox.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 0
