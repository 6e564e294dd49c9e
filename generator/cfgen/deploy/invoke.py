"""Requests to endpoints: at once, streamed, asynchronous; with the time they took."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cfgen.deploy import errors
from cfgen.deploy.session import Aws, aws_errors, code_of, text_of, translate
from cfgen.deploy.stack import StackView

MAX_BODY = 25_000_000
"""Largest body of a real-time request ("Amazon SageMaker AI endpoints and quotas": 25 MB)."""


MAX_INLINE = 128_000
"""Largest body that an asynchronous request carries itself (InvokeEndpointAsync: Body)."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes."""

    endpoint: str
    component: str = ""
    variant: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and after how many seconds."""

    body: bytes
    content_type: str
    seconds: float
    variant: str = ""
    location: str = ""

    @property
    def data(self) -> Any:
        """The body as JSON, None when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


def target_of(stack: StackView, *, component: str = "", variant: str = "", model: str = "") -> Target:
    """The stack's endpoint, and its inference component when it has any. Raises DeployError."""
    endpoints = stack.endpoints or [value for key, value in stack.outputs.items() if key == "EndpointName"]
    if not endpoints:
        raise stack.without_endpoint()
    components = [one.rsplit("/", 1)[-1] for one in stack.physical("AWS::SageMaker::InferenceComponent")]
    return Target(endpoints[0], _component(component, components), variant, model)


def _component(asked: str, components: list[str]) -> str:
    """The inference component that is meant: its name, or that without the part of the stack's id at its end."""
    if not asked:
        return components[0] if components else ""
    if not components or asked in components:
        return asked
    for name in components:
        if name.rpartition("-")[0] == asked:
            return name
    raise errors.DeployError(
        f"the stack has no inference component {asked}", hint=f"one of {', '.join(sorted(components))}"
    )


def _arguments(target: Target, body: bytes, content_type: str, accept: str) -> dict[str, Any]:
    if len(body) > MAX_BODY:
        raise errors.InvokeFailed(
            f"the body has {len(body):,} bytes; a real-time endpoint takes {MAX_BODY:,}",
            hint="use an asynchronous endpoint",
        )
    found = {
        "EndpointName": target.endpoint, "Body": body, "ContentType": content_type, "Accept": accept,
        "InferenceComponentName": target.component, "TargetVariant": target.variant, "TargetModel": target.model,
    }  # fmt: skip
    return {key: value for key, value in found.items() if value}


def failure(error: Exception, target: Target) -> errors.DeployError:
    """What a failed request means: the container's own message where there is one."""
    response = getattr(error, "response", None)
    if code_of(error) in {"ModelError", "ModelStreamError"} and isinstance(response, dict):
        status = response.get("OriginalStatusCode", "")
        said = response.get("OriginalMessage") or text_of(error)
        return errors.InvokeFailed(
            f"{target.endpoint} answered {status or 'with an error'}: {said}",
            hint=f"the container's log: /aws/sagemaker/Endpoints/{target.endpoint} (cfgen logs)",
        )
    if code_of(error) == "ValidationError" and "not found" in text_of(error):
        return errors.InvokeFailed(f"no endpoint {target.endpoint}: {text_of(error)}")
    return translate(error, f"invoke {target.endpoint}")


def invoke(
    aws: Aws, target: Target, body: bytes, *, content_type: str = "application/json", accept: str = ""
) -> Answer:
    """One request, one answer. Raises InvokeFailed, or what the AWS error means."""
    client = aws.client("sagemaker-runtime")
    arguments = _arguments(target, body, content_type, accept)
    started = time.monotonic()
    try:
        answer = client.invoke_endpoint(**arguments)
        data = answer["Body"].read()
    except Exception as error:
        if not type(error).__module__.startswith("botocore"):
            raise
        raise failure(error, target) from error
    return Answer(
        data,
        answer.get("ContentType", ""),
        time.monotonic() - started,
        answer.get("InvokedProductionVariant", ""),
    )


def stream(
    aws: Aws, target: Target, body: bytes, *, content_type: str = "application/json", accept: str = ""
) -> Iterator[bytes]:
    """The parts of a streamed answer as they arrive."""
    client = aws.client("sagemaker-runtime")
    arguments = _arguments(target, body, content_type, accept)
    try:
        for event in client.invoke_endpoint_with_response_stream(**arguments)["Body"]:
            if "PayloadPart" in event:
                yield event["PayloadPart"]["Bytes"]
            for kind in ("ModelStreamError", "InternalStreamFailure"):
                if kind in event:
                    raise errors.InvokeFailed(
                        f"{target.endpoint}: the stream broke: {event[kind].get('Message', kind)}"
                    )
    except Exception as error:
        if not type(error).__module__.startswith("botocore"):
            raise
        raise failure(error, target) from error


@dataclass(frozen=True, slots=True)
class Ticket:
    """An asynchronous request that was taken."""

    inference_id: str
    output: str
    failure: str


def put_input(aws: Aws, body: bytes, prefix: str, content_type: str) -> str:
    """Upload a body for an asynchronous request below ``s3://bucket/prefix``; its URI. Named by its content."""
    import hashlib

    bucket, key = split_s3(prefix)
    name = f"{key.rstrip('/')}/{hashlib.sha256(body).hexdigest()[:32]}".lstrip("/")
    with aws_errors(f"upload the body to s3://{bucket}/{name}"):
        aws.client("s3").put_object(Bucket=bucket, Key=name, Body=body, ContentType=content_type)
    return f"s3://{bucket}/{name}"


def invoke_async(
    aws: Aws, target: Target, given: str | bytes, *, content_type: str = "application/json", accept: str = ""
) -> Ticket:
    """Hand in an asynchronous request: the body itself, or the ``s3://`` URI where it lies ("InvokeEndpointAsync")."""
    if isinstance(given, bytes) and len(given) > MAX_INLINE:
        raise errors.InvokeFailed(
            f"the body has {len(given):,} bytes; an asynchronous request carries {MAX_INLINE:,}",
            hint="put it into S3 first: --upload s3://bucket/prefix/",
        )
    arguments: dict[str, Any] = {
        "EndpointName": target.endpoint,
        "ContentType": content_type,
        "Accept": accept,
    }
    arguments["InputLocation" if isinstance(given, str) else "Body"] = given
    client = aws.client("sagemaker-runtime")
    try:
        answer = client.invoke_endpoint_async(**{key: value for key, value in arguments.items() if value})
    except Exception as error:
        if not type(error).__module__.startswith("botocore"):
            raise
        raise failure(error, target) from error
    return Ticket(
        answer.get("InferenceId", ""), answer.get("OutputLocation", ""), answer.get("FailureLocation", "")
    )


def wait_async(aws: Aws, ticket: Ticket, *, timeout: float, pause: float = 2.0) -> Answer:
    """Wait for the answer's object, or the failure's. Raises InvokeFailed and TimedOut."""
    client, started = aws.client("s3"), time.monotonic()
    while True:
        for uri, failed in ((ticket.output, False), (ticket.failure, True)):
            found = _object(client, uri) if uri else None
            if found is not None:
                if failed:
                    raise errors.InvokeFailed(
                        f"the asynchronous request failed: {found[0].decode(errors='replace')[:2000]}"
                    )
                return Answer(found[0], found[1], time.monotonic() - started, location=uri)
        if time.monotonic() - started > timeout:
            raise errors.TimedOut(
                f"no answer at {ticket.output} after {timeout:g} s",
                hint="it may still come: look there later",
            )
        time.sleep(pause)


def _object(client: Any, uri: str) -> tuple[bytes, str] | None:
    bucket, key = split_s3(uri)
    with aws_errors(f"read {uri}"):
        try:
            answer = client.get_object(Bucket=bucket, Key=key)
        except Exception as error:
            if code_of(error) in {"NoSuchKey", "404"}:
                return None
            raise
        return answer["Body"].read(), answer.get("ContentType", "")


def split_s3(uri: str) -> tuple[str, str]:
    """Bucket and key of an ``s3://`` URI. Raises MalformedOption."""
    parts = urlsplit(uri)
    if parts.scheme != "s3" or not parts.netloc:
        raise errors.MalformedOption(f"{uri}: not of the form s3://bucket/key")
    return parts.netloc, parts.path.lstrip("/")
