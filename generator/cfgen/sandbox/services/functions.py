"""Lambda: invocations run the function's code as a local process, with its role's keys and its time limit."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import sys
import threading
import time
import uuid
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.core.exceptions import ServiceException

from cfgen.sandbox import processes
from cfgen.sandbox.clients import Credentials, client
from cfgen.sandbox.faults import faults
from cfgen.sandbox.iam import principals
from cfgen.sandbox.registry import before, operation
from cfgen.sandbox.services.loglines import LogWriter
from cfgen.sandbox.settings import settings
from cfgen.sandbox.wire import AwsError, Call

_RUNTIME = Path(__file__).resolve().parent.parent / "runtime"
# as the runtime words the signals that commonly end a function
_SIGNALS = {6: "aborted", 9: "killed", 11: "segmentation fault", 15: "terminated"}
_ASYNC_RETRIES = (60.0, 120.0)
_limit = threading.Semaphore(16)
_unpacking = threading.Lock()


@dataclass
class Outcome:
    """How an invocation ended."""

    payload: bytes
    error: str = ""
    log: list[str] = field(default_factory=list)


def find(name: str, region: str) -> Any:
    """moto's record of a function, by name, partial or whole ARN."""
    plain, qualifier = name, None
    if name.startswith("arn:"):
        parts = name.split(":")
        region, plain = parts[3], parts[6]
        qualifier = parts[7] if len(parts) > 7 else None
    backend = lambda_backends["123456789012"][region]
    try:
        return backend.get_function(plain, qualifier)
    except (ServiceException, Exception):
        arn = name if name.startswith("arn:") else f"arn:aws:lambda:{region}:123456789012:function:{name}"
        raise AwsError("ResourceNotFoundException", f"Function not found: {arn}", 404) from None


@before("lambda", "CreateFunction")
def _check_role(call: Call) -> None:
    role = str(call.params.get("Role", ""))
    if not principals.trusts(
        role, {"Service": ["lambda.amazonaws.com"]}, {"aws:SourceAccount": call.account}
    ):
        raise AwsError(
            "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda."
        )
    backend = lambda_backends[call.account][call.region]
    name = str(call.params["FunctionName"])
    if any(item.function_name == name for item in backend.list_functions(None)):
        raise AwsError("ResourceConflictException", f"Function already exist: {name}", 409)


@operation("lambda")
def invoke(call: Call) -> Any:
    p = call.params
    function = find(str(p["FunctionName"]), call.region)
    kind = p.get("InvocationType") or "RequestResponse"
    if rule := faults.strike("lambda", resource=str(function.function_name)):
        if rule.code == "lost":
            return {"StatusCode": 202}
        raise AwsError(rule.code or "TooManyRequestsException", rule.message or "Rate Exceeded.", 429)
    if kind == "DryRun":
        return {"StatusCode": 204}
    raw = p.get("Payload") or b"{}"
    payload = raw if isinstance(raw, bytes) else str(raw).encode()
    try:
        event = json.loads(payload or b"{}")
    except ValueError:
        raise AwsError("InvalidRequestContentException", "Could not parse request body into json") from None
    if kind == "Event":
        if len(payload) > 1024 * 1024:
            raise AwsError("RequestTooLargeException", "Request must be smaller than 1048576 bytes", 413)
        invoke_later(function, event)
        return {"StatusCode": 202, "Payload": b""}
    outcome = run(function, event)
    answer: dict[str, Any] = {"StatusCode": 200, "Payload": outcome.payload, "ExecutedVersion": "$LATEST"}
    if outcome.error:
        answer["FunctionError"] = "Unhandled"
    if p.get("LogType") == "Tail":
        answer["LogResult"] = base64.b64encode("\n".join(outcome.log).encode()[-4096:]).decode()
    return answer


def invoke_later(function: Any, event: Any) -> None:
    """An asynchronous invocation: tried again when the function fails, then given up and told its destination."""
    found = [kept.config for kept in function.event_invoke_config]
    config = found[0] if found else {}
    retries = int(config.get("MaximumRetryAttempts", len(_ASYNC_RETRIES)))
    pauses = (*_ASYNC_RETRIES[:retries], None)

    def attempt() -> None:
        for number, pause in enumerate(pauses, 1):
            outcome = run(function, event)
            if not outcome.error or pause is None:
                _tell_destination(function, config, event, outcome, number)
                return
            time.sleep(pause / settings.speed)

    threading.Thread(target=attempt, daemon=True, name=f"lambda-{function.function_name}").start()


def _tell_destination(
    function: Any, config: dict[str, Any], event: Any, outcome: Outcome, attempts: int
) -> None:
    from cfgen.sandbox.services import targets

    which = "OnFailure" if outcome.error else "OnSuccess"
    arn = ((config.get("DestinationConfig") or {}).get(which) or {}).get("Destination")
    if not arn:
        return
    record = {
        "version": "1.0",
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": f"{function.function_arn}:$LATEST",
            "condition": "RetriesExhausted" if outcome.error else "Success",
            "approximateInvokeCount": attempts,
        },
        "requestPayload": event,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": json.loads(outcome.payload or b"null"),
    }
    region = function.function_arn.split(":")[3]
    targets.send(arn, record, region, function.role, "lambda.amazonaws.com", function.function_arn)


def _code_folder(function: Any) -> Path:
    code: bytes = function.code_bytes or b""
    digest = hashlib.sha256(code).hexdigest()[:24]
    folder = settings.subfolder("functions") / digest
    with _unpacking:
        if not folder.is_dir():
            partial = folder.with_suffix(".part")
            partial.mkdir(parents=True, exist_ok=True)
            with zipfile.ZipFile(io.BytesIO(code)) as archive:
                archive.extractall(partial)
            partial.rename(folder)
    return folder


def _failure(kind: str, message: str, request_id: str) -> Outcome:
    body = {"errorType": kind, "errorMessage": f"RequestId: {request_id} Error: {message}"}
    return Outcome(json.dumps(body).encode(), kind)


def run(function: Any, event: Any) -> Outcome:
    """One invocation, start to end."""
    request_id = str(uuid.uuid4())
    name, region = function.function_name, function.region
    arn = function.function_arn
    if not str(function.run_time or "").startswith("python"):
        return _failure(
            "Sandbox.UnsupportedRuntime",
            f"the cfgen sandbox runs Python only, not {function.run_time}",
            request_id,
        )
    try:
        keys = principals.mint(function.role, "lambda.amazonaws.com", name, region, arn)
    except AwsError as error:
        return _failure("AccessDeniedException", error.message, request_id)
    stamp = datetime.now(UTC)
    stream = f"{stamp:%Y/%m/%d}/[$LATEST]{uuid.uuid4().hex}"
    logging_config = getattr(function, "logging_config", None) or {}
    group = logging_config.get("LogGroup") or f"/aws/lambda/{name}"
    log = LogWriter(group, stream, region, keys)
    timeout = int(function.timeout or 3)
    with _limit:
        outcome = _execute(function, event, request_id, keys, log, timeout, group, stream)
    log.close()
    outcome.log = log.lines
    return outcome


def _execute(
    function: Any,
    event: Any,
    request_id: str,
    keys: Credentials,
    log: LogWriter,
    timeout: int,
    group: str,
    stream: str,
) -> Outcome:
    name, region = function.function_name, function.region
    code = _code_folder(function)
    result_file = settings.subfolder("outcomes") / f"{request_id}.json"
    own = {str(key): str(value) for key, value in (function.environment_vars or {}).items()}
    variables = processes.environment(
        {
            **settings.environment,
            **own,
            **keys.environment(),
            "AWS_ENDPOINT_URL": client.url,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size or 128),
            "AWS_LAMBDA_LOG_GROUP_NAME": group,
            "AWS_LAMBDA_LOG_STREAM_NAME": stream,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
            "AWS_EC2_METADATA_DISABLED": "true",
            "LAMBDA_TASK_ROOT": str(code),
            "_HANDLER": function.handler,
            "TZ": ":UTC",
            "PYTHONPATH": str(code),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
    )
    context = {
        "aws_request_id": request_id,
        "function_name": name,
        "function_version": "$LATEST",
        "invoked_function_arn": function.function_arn,
        "memory_limit_in_mb": str(function.memory_size or 128),
        "log_group_name": group,
        "log_stream_name": stream,
        "_deadline": time.time() + timeout,
    }
    log(f"START RequestId: {request_id} Version: $LATEST")
    began = time.monotonic()
    process = processes.Process(
        [sys.executable, str(_RUNTIME / "bootstrap.py"), str(result_file), function.handler],
        folder=code,
        variables=variables,
        on_line=log,
        stdin=json.dumps({"event": event, "context": context}).encode(),
    )
    exit_code = process.wait(timeout)
    spent = (time.monotonic() - began) * 1000
    log(f"END RequestId: {request_id}")
    log(
        f"REPORT RequestId: {request_id}\tDuration: {spent:.2f} ms\tMemory Size: {function.memory_size or 128} MB"
    )
    if process.timed_out:
        message = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z} {request_id} Task timed out after {timeout:.2f} seconds"
        log(message)
        return Outcome(json.dumps({"errorMessage": message}).encode(), "Sandbox.Timedout")
    try:
        result = json.loads(result_file.read_text())
        result_file.unlink()
    except (OSError, ValueError):
        how = (
            f"exit status {exit_code}"
            if exit_code >= 0
            else f"signal: {_SIGNALS.get(-exit_code, -exit_code)}"
        )
        return _failure("Runtime.ExitError", f"Runtime exited with error: {how}", request_id)
    if "error" in result:
        return Outcome(json.dumps(result["error"]).encode(), result["error"]["errorType"])
    return Outcome(result["payload"].encode())
