"""Custom resource: the stack succeeds only when its asynchronous endpoint has answered one request properly.

Health checks do not show a model that fails at its first request. Runs at Create and at each Update: puts a request
into S3, hands it in, and waits for the answer's object or the failure's.
"""

import time
from typing import Any

import boto3
from botocore.exceptions import ClientError
from first_request import PAUSE, settle


def handler(event: dict[str, Any], context: Any) -> None:
    settle(event, context, request)


def request(asked: dict[str, Any], deadline: float) -> None:
    """Ask until one request is answered: a first load may fail or take longer than SageMaker waits."""
    store = boto3.client("s3")
    bucket, _, prefix = asked["Input"].removeprefix("s3://").partition("/")
    place = {"Bucket": bucket, "Key": f"{prefix}smoke-test/{asked['EndpointConfig']}"}
    store.put_object(**place, Body=asked["Body"].encode(), ContentType=asked["ContentType"])
    failures = 0
    try:
        while True:
            problem = ask(asked, f"s3://{bucket}/{place['Key']}", deadline)
            if not problem:
                return
            print(problem)
            failures += 1
            if failures == 3 or time.time() + PAUSE > deadline:
                logs = f"/aws/sagemaker/Endpoints/{asked['EndpointName']}"
                raise RuntimeError(f"{problem[:700]} (log group {logs})")
            time.sleep(PAUSE)
    finally:
        store.delete_object(**place)


def ask(asked: dict[str, Any], location: str, deadline: float) -> str:
    """Hand in one request and wait; what went wrong, or nothing."""
    runtime = boto3.client("sagemaker-runtime")
    names = {"EndpointName": asked["EndpointName"], "ContentType": asked["ContentType"]}
    try:
        taken = runtime.invoke_endpoint_async(**names, InputLocation=location)
    except ClientError as error:
        return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
    output = taken["OutputLocation"]
    failure = taken.get("FailureLocation") or ""
    while time.time() < deadline:
        if (found := read(output)) is not None:
            print("answered:", found[:200])
            return ""
        if failure and (found := read(failure)) is not None:
            return f"the request failed: {found.decode(errors='replace')}"
        time.sleep(PAUSE)
    return f"no answer at {output}"


def read(uri: str) -> bytes | None:
    """What lies there; None when nothing does."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        return bytes(boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("NoSuchKey", "404"):
            raise
        return None
