"""Function URLs answer: a request below /_sandbox/urls/ID goes through CORS, permissions and the function.

Python alone runs here, and its answer comes in one piece ("Invoking Lambda function URLs", "Control access to Lambda
function URLs"). A function of another runtime answers 502, and says why.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from moto.awslambda.models import FunctionUrlConfig, lambda_backends

from cfgen.sandbox import wire
from cfgen.sandbox.clients import client
from cfgen.sandbox.iam import enforce, policy, principals
from cfgen.sandbox.services import functions, http_api
from cfgen.sandbox.settings import settings
from cfgen.sandbox.wire import ACCOUNT, Response, json_response

PREFIX = "/_sandbox/urls/"
_MOST = 6 * 1024 * 1024
"""Bytes of a request ("Lambda quotas": invocation payload)."""
_DENIED = json_response(
    {
        "Message": "Forbidden. For troubleshooting Function URL authorization issues, see: "
        "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
    },
    403,
)
_RIGHTS = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")
"""Both are needed since October 2025."""


class _Local(FunctionUrlConfig):
    """A function URL with an address on this machine, and InvokeMode as Lambda tells it."""

    def __init__(self, function: Any, config: dict[str, Any]) -> None:
        super().__init__(function, {**config, "InvokeMode": config.get("InvokeMode") or "BUFFERED"})
        self.url = f"{client.url}{PREFIX}{uuid.uuid4().hex}/"

    def update(self, new_config: dict[str, Any]) -> None:
        """Moto's leaves InvokeMode as it is."""
        super().update(new_config)
        if new_config.get("InvokeMode"):
            self.config["InvokeMode"] = new_config["InvokeMode"]


def install() -> None:
    """Have moto make its function URLs so."""
    import moto.awslambda.models as models

    models.FunctionUrlConfig = _Local  # type: ignore[misc, unused-ignore]


def answer(environ: dict[str, Any]) -> Response:
    """What Lambda would answer."""
    url_id, _, rest = environ["PATH_INFO"].removeprefix(PREFIX).partition("/")
    method, body = environ["REQUEST_METHOD"], wire.buffer_body(environ)
    function, config = _find(url_id)
    if function is None:
        return json_response({"Message": "Not Found"}, 404)
    cors = http_api.cors_of(_lower(config.config.get("Cors") or {}), environ.get("HTTP_ORIGIN", ""))
    if method == "OPTIONS" and config.config.get("Cors"):
        return 200, cors, b""
    auth = config.config.get("AuthType")
    caller = _caller(environ, function.region) if auth == "AWS_IAM" else None
    if (auth == "AWS_IAM" and caller is None) or not _may(function, str(auth), caller):
        return _DENIED
    if len(body) > _MOST:
        return json_response({"Message": "Request Entity Too Large"}, 413)
    event = http_api.event_of(environ, url_id, "$default", method, f"/{rest}", {}, body)
    if caller is not None:
        event["requestContext"]["authorizer"] = {"iam": {"userArn": caller.arn, "accountId": ACCOUNT}}
    outcome = functions.run(function, event)
    if outcome.error:
        unable = outcome.error == "Sandbox.UnsupportedRuntime"
        said = json.loads(outcome.payload)["errorMessage"] if unable else "Internal Server Error"
        return 502, {"content-type": "application/json", **cors}, json.dumps({"Message": said}).encode()
    status, headers, data = http_api.reply_of(outcome.payload)
    return status, {**headers, **cors}, data


def _find(url_id: str) -> tuple[Any, Any]:
    for backend in list(lambda_backends[ACCOUNT].values()):
        for function in backend.list_functions(None):
            config = getattr(function, "url_config", None)
            if config is not None and config.url.rstrip("/").endswith(f"/{url_id}"):
                return function, config
    return None, None


def _caller(environ: dict[str, Any], region: str) -> principals.Principal | None:
    """Who signed the request for Lambda."""
    scope = wire.scope_of(environ)
    return principals.resolve(scope[0], region) if scope is not None and scope[2] == "lambda" else None


def _may(function: Any, auth: str, caller: principals.Principal | None) -> bool:
    """Whether the function's own policy, or that of a caller of its account, gives every right it takes."""
    if not settings.enforce_iam:
        return True
    context = {"lambda:FunctionUrlAuthType": auth, "lambda:InvokedViaFunctionUrl": "true"}
    statements = [_conditioned(one) for one in function.policy.statements]
    spoken = [one for one in statements if policy.principal_matches(one, caller.identities if caller else {})]
    for action in _RIGHTS:
        by_function = policy.evaluate(spoken, action, function.function_arn, context)
        by_caller = caller is not None and not enforce.decide(
            caller, action, function.function_arn, dict(context)
        )
        if by_function == "deny" or not (by_function == "allow" or by_caller):
            return False
    return True


def _conditioned(statement: dict[str, Any]) -> dict[str, Any]:
    """A statement of AddPermission, whose own parameters moto leaves beside its conditions."""
    extra: dict[str, Any] = {}
    if "FunctionUrlAuthType" in statement:
        extra["StringEquals"] = {"lambda:FunctionUrlAuthType": statement["FunctionUrlAuthType"]}
    if "InvokedViaFunctionUrl" in statement:
        extra["Bool"] = {"lambda:InvokedViaFunctionUrl": str(statement["InvokedViaFunctionUrl"]).lower()}
    condition = dict(statement.get("Condition") or {})
    for operator, keys in extra.items():
        condition[operator] = {**condition.get(operator, {}), **keys}
    spoken = statement.get("Principal")
    principal = {"AWS": spoken} if isinstance(spoken, str) and spoken != "*" else spoken
    kept: dict[str, Any] = {
        key: value for key, value in statement.items() if key in ("Effect", "Action", "Resource")
    }
    return {**kept, "Principal": principal, "Condition": condition}


def _lower(cors: dict[str, Any]) -> dict[str, Any]:
    return {key[:1].lower() + key[1:]: value for key, value in cors.items()}
