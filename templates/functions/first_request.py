"""What every smoke test does around its request: joined to each when a template is rendered."""

import time
from typing import Any

import boto3
from botocore.exceptions import ClientError
from custom_resource import PAUSE, put


def settle(event: dict[str, Any], context: Any, request: Any) -> None:
    """Let ``request`` ask until its deadline, and tell CloudFormation how it went."""
    asked = event["ResourceProperties"]
    answer = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    answer |= {"Status": "SUCCESS", "PhysicalResourceId": f"smoke-test/{asked['EndpointName']}"}
    try:
        # A rollback must not fail because of the model that it goes back to.
        if event["RequestType"] != "Delete" and "ROLLBACK" not in patiently(stack_status, event["StackId"]):
            patiently(went_back, asked)
            ending = time.time() + context.get_remaining_time_in_millis() / 1000 - 90
            request(asked, min(ending, time.time() + float(asked["Timeout"])))
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
