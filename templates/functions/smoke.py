"""Custom resource: the stack succeeds only when its endpoint has answered one request properly.

Health checks do not show a model that fails at its first request. Runs at Create and at each Update.
"""

import time
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from first_request import PAUSE, settle


def handler(event: dict[str, Any], context: Any) -> None:
    settle(event, context, request)


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
