"""The wire: an HTTP request read into a call by botocore's service models, and an answer written back.

Reading and writing are moto's own (`moto.core.parse`, `moto.core.serialize`), so every protocol an AWS
client speaks (query, JSON, REST) is spoken here too. What a call means is decided elsewhere.
"""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from moto.core.exceptions import ServiceException
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

ACCOUNT = "123456789012"

# the name in a signature's scope → botocore's name of the service
SERVICES = {
    "states": "stepfunctions",
    "monitoring": "cloudwatch",
    "tagging": "resourcegroupstaggingapi",
    "elasticloadbalancing": "elbv2",
    "servicequotas": "service-quotas",
    "aws-marketplace-management": "marketplace-entitlement",
}

Response = tuple[int, dict[str, str], bytes]


class AwsError(ServiceException):
    """An error as an AWS service answers it: a code, a message, an HTTP status, and members of its own shape."""

    def __init__(self, code: str, message: str, status: int = 400, **members: Any) -> None:
        super().__init__(code, message)
        self.status = status
        # the serializers read an error shape's members as attributes
        vars(self).update(members)


@dataclass
class Call:
    """One API call: what is asked, of which service, by whom."""

    service: str
    operation: str
    params: dict[str, Any]
    region: str
    access_key: str
    protocol: str
    model: OperationModel | None = None
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    account: str = ACCOUNT

    @property
    def partition(self) -> str:
        return partition_of(self.region)


def partition_of(region: str) -> str:
    """The partition a region belongs to."""
    for prefix, partition in (
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-isob-", "aws-iso-b"),
        ("us-isof-", "aws-iso-f"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-iso-", "aws-iso"),
        ("eusc-", "aws-eusc"),
    ):
        if region.startswith(prefix):
            return partition
    return "aws"


def url_suffix(region: str) -> str:
    """``AWS::URLSuffix`` of a region."""
    return {
        "aws-cn": "amazonaws.com.cn",
        "aws-iso": "c2s.ic.gov",
        "aws-iso-b": "sc2s.sgov.gov",
        "aws-iso-e": "cloud.adc-e.uk",
        "aws-iso-f": "csp.hci.ic.gov",
        "aws-eusc": "amazonaws.eu",
    }.get(partition_of(region), "amazonaws.com")


def scope_of(environ: dict[str, Any]) -> tuple[str, str, str] | None:
    """Access key, region and signing name from the signature, in the header or a presigned query."""
    auth = environ.get("HTTP_AUTHORIZATION", "")
    if "Credential=" in auth:
        credential = auth.split("Credential=", 1)[1].split(",", 1)[0].strip()
    else:
        query = parse_qs(environ.get("QUERY_STRING", ""))
        credential = unquote(query.get("X-Amz-Credential", [""])[0])
    parts = credential.split("/")
    if len(parts) < 5:
        return None
    return "/".join(parts[:-4]), parts[-3], parts[-2]


def _service_of(signing: str, environ: dict[str, Any]) -> str:
    path = environ.get("PATH_INFO", "")
    if signing == "sagemaker" and "/endpoints/" in path:
        return "sagemaker-runtime"
    if signing == "apigateway" and path.startswith("/v2/"):
        return "apigatewayv2"
    if signing == "s3" and path.startswith("/v20180820/"):
        return "s3control"
    return SERVICES.get(signing, signing)


def buffer_body(environ: dict[str, Any]) -> bytes:
    """The request's body, left in place for whoever reads it next."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if not length:
        return b""
    body: bytes = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def read(environ: dict[str, Any]) -> Call | None:
    """The call a request makes, or None if it is not an AWS call this module can read."""
    scope = scope_of(environ)
    if scope is None:
        return None
    access_key, region, signing = scope
    service = _service_of(signing.lower(), environ)
    # objects may be large: their bodies pass through unread, but for the one call that lists keys in it
    is_s3 = service == "s3"
    body = b"" if is_s3 and environ["REQUEST_METHOD"] != "POST" else buffer_body(environ)
    call = Call(service, "", {}, region, access_key, "", body=body)
    try:
        model = get_service_model(service)
        probe = dict(environ)
        probe["wsgi.input"] = io.BytesIO(body)
        if is_s3 and not body:
            probe["CONTENT_LENGTH"] = "0"
        request = Request(probe)
        call.headers = {key.lower(): value for key, value in request.headers.items()}
        operation, uri_params = get_service_router(service).match(request)
        call.protocol = determine_request_protocol(model, request.content_type)
        call.operation, call.model = operation.name, operation
        parser = PROTOCOL_PARSERS[call.protocol](operation, map_type=dict)
        if is_s3 and operation.name not in ("DeleteObjects",):
            # header, query and path parameters are all that authorization and faults need
            call.params = {**_flat_query(request), **uri_params}
        else:
            call.params = parser.parse(
                {
                    "method": request.method,
                    "values": request.values,
                    "headers": request.headers,
                    "body": body,
                    "url_path": request.path,
                    "url_params": uri_params,
                }
            )
    except Exception:
        # not a service or operation botocore knows: moto answers for itself
        return call if call.operation else None
    return call


def _flat_query(request: Request) -> dict[str, Any]:
    return {key.title().replace("-", ""): value for key, value in request.args.items()}


def write(call: Call, result: Any) -> Response:
    """An answer (a mapping after the operation's output shape, or an AwsError) in the call's protocol."""
    assert call.model is not None
    model = get_service_model(call.service)
    serializer = get_serializer_class(model.service_name, call.protocol)(operation_model=call.model)
    answer = serializer.serialize(result)
    body = answer["body"]
    data = body if isinstance(body, bytes) else str(body).encode()
    headers = {str(key): str(value) for key, value in answer["headers"].items()}
    headers["x-amzn-RequestId"] = str(uuid.uuid4())
    if isinstance(result, AwsError):
        status = result.status
    else:
        status = (
            result.get(_status_member(call.model), answer["status_code"]) if result else answer["status_code"]
        )
    return int(status), headers, data


def _status_member(model: OperationModel) -> str:
    """The output member that stands for the HTTP status, as in Lambda's Invoke."""
    shape: Any = model.output_shape
    members = shape.members if shape is not None else {}
    found = (name for name, member in members.items() if member.serialization.get("location") == "statusCode")
    return next(found, "")


def json_response(value: Any, status: int = 200) -> Response:
    """A plain JSON answer, for the sandbox's own paths."""
    return status, {"Content-Type": "application/json"}, json.dumps(value, default=str).encode()


_REASONS = {
    200: "OK",
    204: "No Content",
    202: "Accepted",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
}


def send(start_response: Any, response: Response) -> Iterable[bytes]:
    """A response as WSGI wants it."""
    status, headers, body = response
    headers = {key: value for key, value in headers.items() if key.lower() != "content-length"}
    headers["Content-Length"] = str(len(body))
    start_response(f"{status} {_REASONS.get(status, 'Status')}", list(headers.items()))
    return [body]
