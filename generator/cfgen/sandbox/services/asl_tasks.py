"""Amazon States Language: Task states, that is, the services they call with the machine's role."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from datetime import datetime
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from moto.core.utils import get_service_model

from cfgen.sandbox.adapters.base import shaped
from cfgen.sandbox.clients import Credentials, client
from cfgen.sandbox.iam import principals
from cfgen.sandbox.services import asl_paths as paths
from cfgen.sandbox.services.asl import Execution, StateError, Stopped
from cfgen.sandbox.wire import AwsError

_SERVICES = {
    "states": "stepfunctions",
    "sfn": "stepfunctions",
    "eventbridge": "events",
    "cloudwatchlogs": "logs",
    "sagemakerruntime": "sagemaker-runtime",
}
_LABELS = {
    "stepfunctions": "Sfn",
    "codebuild": "CodeBuild",
    "s3": "S3",
    "dynamodb": "DynamoDb",
    "sagemaker": "SageMaker",
    "sagemaker-runtime": "SageMakerRuntime",
    "events": "EventBridge",
    "cloudwatch": "CloudWatch",
    "logs": "CloudWatchLogs",
    "secretsmanager": "SecretsManager",
}
# where the shared class is not named after the label
_SHARED_ERRORS = {"lambda": "AWSLambdaException"}
_POLL_SECONDS = 0.3


def task(
    execution: Execution, state: dict[str, Any], effective: Any, given: Any, context: dict[str, Any]
) -> Any:
    """Carry out a Task state within its time limit."""
    resource = str(state["Resource"])
    seconds = state.get("TimeoutSeconds")
    if "TimeoutSecondsPath" in state:
        seconds = paths.get(given, state["TimeoutSecondsPath"], context)
    deadline = time.monotonic() + float(seconds) if seconds is not None else None
    try:
        keys = principals.mint(
            execution.role, "states.amazonaws.com", execution.name, execution.region, execution.machine_arn
        )
    except AwsError as error:
        raise StateError("States.Permissions", error.message) from None
    if resource.endswith(".waitForTaskToken"):
        token = context["Task"]["Token"]
        waiting = _tokens[token] = Waiting()
        try:
            _call(execution, resource.removesuffix(".waitForTaskToken"), effective, keys)
            return _await_token(execution, waiting, deadline, state.get("HeartbeatSeconds"))
        finally:
            # nobody waits any more: a late answer is refused
            _tokens.pop(token, None)
    if resource.split(":")[2] == "lambda":
        answer = _invoke(execution, {"FunctionName": resource, "Payload": effective}, keys, deadline)
        return answer["Payload"]
    if resource.endswith("lambda:invoke"):
        return _invoke(execution, effective, keys, deadline)
    if ".sync" in resource.rsplit(":", 1)[-1]:
        return _sync(execution, resource, effective, keys, deadline)
    return _call(execution, resource, effective, keys)


class Waiting:
    """A task that waits for its token to come back."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.output: Any = None
        self.failure: StateError | None = None
        self.beat = time.monotonic()


_tokens: dict[str, Waiting] = {}


def answer_token(token: str, output: Any, failure: StateError | None) -> None:
    """SendTaskSuccess and SendTaskFailure."""
    waiting = _tokens.pop(token, None)
    if waiting is None:
        raise AwsError("TaskDoesNotExist", "Task does not exist or has timed out")
    waiting.output, waiting.failure = output, failure
    waiting.event.set()


def heartbeat(token: str) -> None:
    """SendTaskHeartbeat."""
    waiting = _tokens.get(token)
    if waiting is None:
        raise AwsError("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
    waiting.beat = time.monotonic()


def _await_token(execution: Execution, waiting: Waiting, deadline: float | None, beat: Any) -> Any:
    while not waiting.event.wait(0.1):
        if execution.stopping.is_set():
            raise Stopped
        if deadline is not None and time.monotonic() > deadline:
            raise StateError("States.Timeout", "")
        if beat is not None and time.monotonic() - waiting.beat > float(beat):
            raise StateError("States.HeartbeatTimeout", "")
    if waiting.failure is not None:
        raise waiting.failure
    return waiting.output


def _in_time(execution: Execution, work: Any, deadline: float | None) -> Any:
    """The result of ``work``, given up when the time is over or the execution is stopped."""
    result: dict[str, Any] = {}

    def run() -> None:
        try:
            result["value"] = work()
        except Exception as error:
            result["error"] = error

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(0.05)
        if execution.stopping.is_set():
            raise Stopped
        if deadline is not None and time.monotonic() > deadline and thread.is_alive():
            raise StateError("States.Timeout", "")
    if "error" in result:
        raise result["error"]
    return result["value"]


def _invoke(execution: Execution, p: dict[str, Any], keys: Credentials, deadline: float | None) -> Any:
    payload = p.get("Payload", {})
    kind = p.get("InvocationType", "RequestResponse")

    def work() -> Any:
        answer = client("lambda", execution.region, keys).invoke(
            FunctionName=p["FunctionName"], InvocationType=kind, Payload=json.dumps(payload).encode()
        )
        return answer, answer["Payload"].read()

    try:
        answer, raw = _in_time(execution, work, deadline)
    except ClientError as error:
        raise _named("Lambda", error) from None
    text = raw.decode() or "null"
    if answer.get("FunctionError"):
        details = json.loads(text)
        raise StateError(str(details.get("errorType") or "Lambda.Unknown"), text)
    return {
        "ExecutedVersion": answer.get("ExecutedVersion", "$LATEST"),
        "Payload": json.loads(text),
        "StatusCode": answer["StatusCode"],
    }


def _named(label: str, error: ClientError, service: str = "") -> StateError:
    """A service's error as Step Functions names it.

    It speaks to services through the SDK for Java, which has a class for each error of an operation's model; all
    others (throttling, access denied) come as the class they share, ``CodeBuildException`` for CodeBuild.
    """
    code = error.response["Error"]["Code"]
    service = service or label.lower()
    model = get_service_model(service).operation_model(error.operation_name)
    modelled = {shape.name for shape in model.error_shapes}
    modelled |= {shape.metadata.get("error", {}).get("code", "") for shape in model.error_shapes}
    if code not in modelled:
        code = _SHARED_ERRORS.get(service, f"{label}Exception")
    if not code.endswith("Exception"):
        code = code.removesuffix("Fault") + "Exception"
    message = error.response["Error"]["Message"]
    request_id = error.response.get("ResponseMetadata", {}).get("RequestId", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    told = f"{message} (Service: {label}, Status Code: {status}, Request ID: {request_id})"
    return StateError(f"{label}.{code}", told)


def _operation(resource: str) -> tuple[str, str]:
    tail = resource.split(":states:::", 1)[1] if ":states:::" in resource else ""
    parts = tail.removeprefix("aws-sdk:").split(":")
    if len(parts) != 2:
        raise StateError("States.Runtime", f"the cfgen sandbox does not run tasks of {resource}")
    return _SERVICES.get(parts[0], parts[0]), parts[1]


def _call(execution: Execution, resource: str, p: Any, keys: Credentials) -> Any:
    service, action = _operation(resource.replace(".sync:2", "").replace(".sync", ""))
    name = action[0].upper() + action[1:]
    label = _LABELS.get(service, service.capitalize())
    try:
        arguments = shaped(service, name, p if isinstance(p, dict) else {})
        answer = getattr(client(service, execution.region, keys), xform_name(name))(**arguments)
    except ClientError as error:
        raise _named(label, error, service) from None
    except (ParamValidationError, BotoCoreError, AttributeError) as error:
        raise StateError("States.Runtime", str(error)) from None
    answer.pop("ResponseMetadata", None)
    return pascal(answer)


def pascal(value: Any) -> Any:
    """An API answer as Step Functions shows it: keys in Pascal case, times as milliseconds or text."""
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: pascal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [pascal(item) for item in value]
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    if hasattr(value, "read"):
        return value.read().decode("utf-8", "replace")
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _sync(execution: Execution, resource: str, p: Any, keys: Credentials, deadline: float | None) -> Any:
    service, action = _operation(resource.replace(".sync:2", "").replace(".sync", ""))
    if (service, action) == ("codebuild", "startBuild"):
        return _build(execution, resource, p, keys, deadline)
    if (service, action) == ("stepfunctions", "startExecution"):
        return _nested(execution, resource, p, keys, deadline)
    raise StateError("States.Runtime", f"the cfgen sandbox does not run {resource}")


def _build(execution: Execution, resource: str, p: Any, keys: Credentials, deadline: float | None) -> Any:
    codebuild = client("codebuild", execution.region, keys)
    build_id = _call(execution, resource, p, keys)["Build"]["Id"]

    def stop() -> None:
        # best effort, as on AWS: a role without codebuild:StopBuild leaves the build running
        with contextlib.suppress(ClientError):
            codebuild.stop_build(id=build_id)

    while True:
        try:
            build = codebuild.batch_get_builds(ids=[build_id])["builds"][0]
        except ClientError as error:
            raise _named("CodeBuild", error) from None
        if build["buildComplete"]:
            break
        if execution.stopping.wait(_POLL_SECONDS):
            stop()
            raise Stopped
        if deadline is not None and time.monotonic() > deadline:
            stop()
            raise StateError("States.Timeout", "")
    shown = {"Build": pascal(build)}
    if build["buildStatus"] != "SUCCEEDED":
        raise StateError("States.TaskFailed", json.dumps(shown))
    return shown


def _nested(execution: Execution, resource: str, p: Any, keys: Credentials, deadline: float | None) -> Any:
    given = {**p, "Input": json.dumps(p["Input"])} if isinstance(p.get("Input"), dict) else p
    arn = _call(execution, resource, given, keys)["ExecutionArn"]
    stepfunctions = client("stepfunctions", execution.region, keys)
    while True:
        found = stepfunctions.describe_execution(executionArn=arn)
        if found["status"] != "RUNNING":
            break
        if execution.stopping.wait(_POLL_SECONDS) or (deadline is not None and time.monotonic() > deadline):
            stepfunctions.stop_execution(executionArn=arn)
            if execution.stopping.is_set():
                raise Stopped
            raise StateError("States.Timeout", "")
    found.pop("ResponseMetadata", None)
    shown = pascal(found)
    if found["status"] != "SUCCEEDED":
        raise StateError("States.TaskFailed", json.dumps(shown))
    if resource.endswith(":2"):
        shown["Output"] = json.loads(found["output"])
    return shown
