"""Custom resource: the stack succeeds only when its endpoint has answered one request properly.

Health checks do not show a model that fails at its first request. Runs at Create and at each Update.
"""

import json
import os
import time
from typing import Any

import boto3
import urllib3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

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
            request(asked, min(ending, time.time() + float(asked.get("Timeout", "600"))))
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


def request(asked: dict[str, Any], deadline: float) -> None:
    """Invoke until it answers. Three definite refusals in a row end it early; a slow first load does not."""
    # One call may take 60 s, SageMaker's limit; the first one loads the model.
    calls = Config(read_timeout=70, retries={"total_max_attempts": 1})
    runtime = boto3.client("sagemaker-runtime", config=calls)
    which = ("TargetVariant", "TargetModel", "InferenceComponentName")
    names = ("EndpointName", "Body", "ContentType", *which)
    refusals = 0
    while True:
        try:
            reply = runtime.invoke_endpoint(**{name: asked[name] for name in names if asked.get(name)})
            return print("answered:", reply["Body"].read(200))
        except ClientError as error:
            code, status = error.response["Error"]["Code"], error.response.get("OriginalStatusCode", 0)
            said = error.response.get("OriginalMessage") or error.response["Error"]["Message"]
            problem = f"{code} {status or ''}: {said[:700]}"
            asleep = "has no capacity" in said  # an inference component that went to zero copies
            definite = asleep or (400 <= status < 500 and status not in (408, 424, 425, 429))
            refusals = refusals + 1 if definite or code == "AccessDeniedException" else 0
            if asleep and refusals == 3:
                return print("not asked:", problem)
        except BotoCoreError as error:
            problem, refusals = str(error), 0
        print(problem)
        if refusals == 3 or time.time() + PAUSE > deadline:
            component = asked.get("InferenceComponentName")
            place = f"InferenceComponents/{component}" if component else f"Endpoints/{asked['EndpointName']}"
            logs = f"/aws/sagemaker/{place}"
            raise RuntimeError(f"{problem} (log group {logs})")
        time.sleep(PAUSE)


def put(url: str, body: dict[str, Any]) -> None:
    """Answer at CloudFormation's presigned URL; what it raises makes Lambda deliver the event again."""
    print(body)
    again = urllib3.Retry(6, backoff_factor=PAUSE / 10, status_forcelist=range(500, 600))
    data = json.dumps(body, ensure_ascii=False).encode()
    urllib3.PoolManager(retries=again, timeout=10).request(
        "PUT", url, body=data, headers={"Content-Type": ""}
    )
