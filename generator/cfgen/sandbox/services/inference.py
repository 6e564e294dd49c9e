"""SageMaker runtime: InvokeEndpoint answered by a responder of the test's choice, or by an echo."""

from __future__ import annotations

import contextlib
import json
import threading
import urllib.error
import urllib.request
import uuid
from typing import Any
from urllib.parse import urlparse

from botocore.exceptions import ClientError

from cfgen.sandbox.clients import client
from cfgen.sandbox.iam import principals
from cfgen.sandbox.registry import operation
from cfgen.sandbox.services import capture
from cfgen.sandbox.services import hosting_access as access
from cfgen.sandbox.services.hosting import hosting_of
from cfgen.sandbox.settings import settings
from cfgen.sandbox.wire import AwsError, Call

_SECONDS = 60
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _endpoint(call: Call) -> dict[str, Any]:
    name = str(call.params["EndpointName"])
    endpoint = hosting_of(call.region).endpoints.get(name.lower())
    if endpoint is None or endpoint["EndpointStatus"] not in ("InService", "Updating"):
        raise AwsError("ValidationError", f"Endpoint {name} of account {call.account} not found.")
    if endpoint["EndpointStatus"] == "Updating" and not endpoint.get("ProductionVariants"):
        raise AwsError("ValidationError", f"Endpoint {name} of account {call.account} not found.")
    return endpoint


def _config(call: Call, endpoint: dict[str, Any]) -> dict[str, Any]:
    return hosting_of(call.region).configs.get(endpoint["EndpointConfigName"].lower()) or {}


def respond(name: str, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
    """What the model answers."""
    url = settings.responders.get(name) or settings.responders.get("*")
    if not url:
        return body, content_type or "application/octet-stream"
    request = urllib.request.Request(
        url, data=body, method="POST", headers={"Content-Type": content_type, "Accept": accept or "*/*"}
    )
    try:
        with _opener.open(request, timeout=_SECONDS) as answer:
            return answer.read(), answer.headers.get("Content-Type", "application/octet-stream")
    except urllib.error.HTTPError as error:
        raise _model_error(error.code, error.read().decode("utf-8", "replace")) from None
    except (urllib.error.URLError, TimeoutError, OSError) as error:
        text = (
            f"Your invocation timed out while waiting for a response from container primary: {error}. Review the "
            "latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
        )
        raise _model_error(0, text) from None


def _model_error(status: int, text: str) -> AwsError:
    """The model's own failure, with the members ModelError carries besides its message."""
    kind = "client" if 400 <= status < 500 else "server"
    return AwsError(
        "ModelError",
        f'Received {kind} error ({status}) from primary with message "{text}". See '
        "https://console.aws.amazon.com/cloudwatch/home for more information.",
        424,
        OriginalStatusCode=status,
        OriginalMessage=text,
    )


def _answer(call: Call) -> tuple[bytes, str, str]:
    p = call.params
    endpoint = _endpoint(call)
    config = _config(call, endpoint)
    variants = config.get("ProductionVariants") or [{}]
    component = p.get("InferenceComponentName")
    if not variants[0].get("ModelName"):
        if not component:
            raise AwsError(
                "ValidationError",
                "Inference Component Name header is required for endpoints to which you plan to deploy inference "
                "components.",
            )
        components = hosting_of(call.region).components
        found = components.get(str(component).lower())
        if found is None or found["InferenceComponentStatus"] != "InService":
            raise AwsError(
                "ValidationError", f"Inference Component {component} of account {call.account} not found."
            )
        base = (found.get("Specification") or {}).get("BaseInferenceComponentName")
        # an adapter lives on its base's copies
        holder = components.get(str(base).lower(), found) if base else found
        if not holder["RuntimeConfig"]["CurrentCopyCount"]:
            raise AwsError(
                "ValidationError", f"Inference Component {component} has no capacity to process this request."
            )
    variant = _target(call, variants)
    raw = p.get("Body") or b""
    body = raw if isinstance(raw, bytes) else str(raw).encode()
    if len(body) > 25 * 1024 * 1024:
        raise AwsError("ValidationError", "Request body is larger than 26214400 bytes")
    name = str(component or endpoint["EndpointName"])
    sent = str(p.get("ContentType") or "")
    data, kind = respond(name, body, sent, str(p.get("Accept") or ""))
    capture.keep(call, endpoint, config, (body, sent), (data, kind))
    return data, kind, str(variant.get("VariantName", "AllTraffic"))


def _target(call: Call, variants: list[dict[str, Any]]) -> dict[str, Any]:
    """The variant that is asked for, else the first; refuses a model it does not have."""
    wanted, model_name = call.params.get("TargetVariant"), call.params.get("TargetModel")
    found = [one for one in variants if wanted in (None, one.get("VariantName"))]
    if not found:
        raise AwsError("ValidationError", f"Variant {wanted} not found for request.")
    model = hosting_of(call.region).models.get(str(found[0].get("ModelName", "")).lower()) or {}
    container = model.get("PrimaryContainer") or {}
    if container.get("Mode") != "MultiModel":
        if model_name:
            raise AwsError("ValidationError", "TargetModel header is only for multi-model endpoints.")
        return found[0]
    if not model_name:
        raise AwsError("ValidationError", "TargetModel header is required for multi-model endpoints.")
    place = f"{str(container['ModelDataUrl']).rstrip('/')}/{model_name}"
    data = {"ModelDataUrl": place}
    if why := access.data_problem(data, model["ExecutionRoleArn"], call.region):
        raise AwsError("ValidationError", f"Failed to download model data(bucket: {place}). {why}")
    return found[0]


@operation("sagemaker-runtime")
def invoke_endpoint(call: Call) -> Any:
    data, kind, variant = _answer(call)
    return {"Body": data, "ContentType": kind, "InvokedProductionVariant": variant}


@operation("sagemaker-runtime")
def invoke_endpoint_with_response_stream(call: Call) -> Any:
    data, kind, variant = _answer(call)
    chunks = [data[at : at + 1024] for at in range(0, len(data), 1024)] or [b""]
    return {
        "Body": [{"PayloadPart": {"Bytes": chunk}} for chunk in chunks],
        "ContentType": kind,
        "InvokedProductionVariant": variant,
    }


@operation("sagemaker-runtime")
def invoke_endpoint_async(call: Call) -> Any:
    endpoint = _endpoint(call)
    config = _config(call, endpoint)
    output = (config.get("AsyncInferenceConfig") or {}).get("OutputConfig")
    if not output:
        raise AwsError("ValidationError", f"Endpoint {endpoint['EndpointName']} is not an async endpoint.")
    inference_id = str(call.params.get("InferenceId") or uuid.uuid4())
    location = f"{str(output['S3OutputPath']).rstrip('/')}/{inference_id}.out"
    threading.Thread(
        target=_later, args=(call, endpoint, config, inference_id, location), daemon=True
    ).start()
    return {"InferenceId": inference_id, "OutputLocation": location}


def _later(
    call: Call, endpoint: dict[str, Any], config: dict[str, Any], inference_id: str, location: str
) -> None:
    hosting = hosting_of(call.region)
    keys = principals.mint(
        access.role_of(hosting, config), "sagemaker.amazonaws.com", "SageMaker", call.region
    )
    s3 = client("s3", call.region, keys)
    output = config["AsyncInferenceConfig"]["OutputConfig"]
    source, target = urlparse(str(call.params["InputLocation"])), urlparse(location)
    encryption = (
        {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": output["KmsKeyId"]}
        if output.get("KmsKeyId")
        else {}
    )
    told: dict[str, Any] = {
        "awsRegion": call.region,
        "inferenceId": inference_id,
        "requestParameters": {
            "endpointName": endpoint["EndpointName"],
            "inputLocation": call.params["InputLocation"],
        },
    }
    try:
        body = s3.get_object(Bucket=source.netloc, Key=source.path.lstrip("/"))["Body"].read()
        data, kind = respond(endpoint["EndpointName"], body, str(call.params.get("ContentType") or ""), "")
        s3.put_object(
            Bucket=target.netloc, Key=target.path.lstrip("/"), Body=data, ContentType=kind, **encryption
        )
        told |= {"invocationStatus": "Completed", "responseParameters": {"outputLocation": location}}
    except (ClientError, AwsError) as error:
        told |= {"invocationStatus": "Failed", "failureReason": str(error)}
        if failure := str(output.get("S3FailurePath") or ""):
            place = urlparse(failure)
            key = f"{place.path.strip('/')}/{location.rsplit('/', 1)[-1]}".lstrip("/")
            with contextlib.suppress(ClientError):
                s3.put_object(Bucket=place.netloc, Key=key, Body=str(error).encode(), **encryption)
    topics = output.get("NotificationConfig") or {}
    topic = topics.get("SuccessTopic" if told["invocationStatus"] == "Completed" else "ErrorTopic")
    if topic:
        with contextlib.suppress(ClientError):
            client("sns", call.region, keys).publish(TopicArn=topic, Message=json.dumps(told))
