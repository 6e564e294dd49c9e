"""Custom resource: the stack succeeds only when its asynchronous endpoint has answered one request properly.

Health checks do not show a model that fails at its first request. Runs at Create and at each Update: puts a request
into S3, hands it in, and waits for the answer's object or the failure's.
"""

import json
import os
import time
from typing import Any

import boto3
import urllib3
from botocore.exceptions import ClientError

PAUSE = float(os.environ.get("CFGEN_PAUSE", "10"))


def handler(event: dict[str, Any], context: Any) -> None:
    asked = event["ResourceProperties"]
    answer = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    answer |= {"Status": "SUCCESS", "PhysicalResourceId": f"smoke-test/{asked['EndpointName']}"}
    try:
        # A rollback must not fail because of the model that it goes back to.
        if event["RequestType"] != "Delete" and "ROLLBACK" not in patiently(stack_status, event["StackId"]):
            patiently(went_back, asked)
            ending = time.time() + context.get_remaining_time_in_millis() / 1000 - 90
            request(asked, event["RequestId"], min(ending, time.time() + float(asked["Timeout"])))
    except Exception as error:
        answer |= {"Status": "FAILED", "Reason": f"smoke test of {asked['EndpointName']}: {error}"[:1000]}
    put(event["ResponseURL"], answer)


def patiently(call: Any, argument: Any) -> Any:
    """A role made or changed a moment ago may not be known everywhere yet."""
    tries = 0
    while True:
        try:
            return call(argument)
        except ClientError as error:
            tries += 1
            if "AccessDenied" not in str(error) or tries > 5:
                raise
            time.sleep(PAUSE)


def stack_status(stack: str) -> str:
    return str(boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])


def went_back(asked: dict[str, Any]) -> None:
    """Refuse an endpoint that SageMaker took back: it is in service again, with the configuration it had before."""
    there = boto3.client("sagemaker").describe_endpoint(EndpointName=asked["EndpointName"])
    if asked["EndpointConfig"] != there["EndpointConfigName"]:
        why = there.get("FailureReason") or "an alarm, a failed health check, or no capacity"
        raise RuntimeError(f"the update went back to {there['EndpointConfigName']}: {why}"[:900])


def request(asked: dict[str, Any], name: str, deadline: float) -> None:
    """Ask until one request is answered: a first load may fail or take longer than SageMaker waits."""
    store = boto3.client("s3")
    bucket, _, prefix = asked["Input"].removeprefix("s3://").partition("/")
    place = {"Bucket": bucket, "Key": f"{prefix}smoke-test/{name}"}
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


def put(url: str, body: dict[str, Any]) -> None:
    """Answer at CloudFormation's presigned URL; what it raises makes Lambda deliver the event again."""
    print(body)
    again = urllib3.Retry(6, backoff_factor=PAUSE / 10, status_forcelist=range(500, 600))
    data = json.dumps(body, ensure_ascii=False).encode()
    urllib3.PoolManager(retries=again, timeout=10).request(
        "PUT", url, body=data, headers={"Content-Type": ""}
    )
