"""HTTP APIs answer: a request below /_sandbox/apis/ID goes through route, authorizer, throttle and Lambda.

What API Gateway refuses, it refuses in its own words. A JWT's claims are looked at, not its signature: no issuer's
keys can be had here.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
import uuid
from typing import Any
from urllib.parse import unquote

from moto.apigatewayv2.models import apigatewayv2_backends

from cfgen.sandbox import wire
from cfgen.sandbox.iam import enforce, principals
from cfgen.sandbox.services import functions, targets
from cfgen.sandbox.settings import settings
from cfgen.sandbox.wire import ACCOUNT, AwsError, Response, json_response, partition_of

PREFIX = "/_sandbox/apis/"
_MOST = 10 * 1024 * 1024
"""Bytes of a request (Amazon API Gateway, "Quotas for configuring and running an HTTP API")."""
_MOST_FOR_LAMBDA = 6 * 1024 * 1024
_INVOKED = re.compile(r"functions/(arn:[^/]+)/invocations")
_buckets: dict[str, tuple[float, float]] = {}
_lock = threading.Lock()


def answer(environ: dict[str, Any]) -> Response:
    """What API Gateway would answer."""
    api_id, _, rest = environ["PATH_INFO"].removeprefix(PREFIX).partition("/")
    path, method = f"/{rest}", environ["REQUEST_METHOD"]
    body = wire.buffer_body(environ)
    region, api = _find(api_id)
    if api is None:
        return json_response({"message": "Not Found"}, 404)
    cors = cors_of(api.cors_configuration or {}, environ.get("HTTP_ORIGIN", ""))
    if method == "OPTIONS" and api.cors_configuration:
        return 204, cors, b""
    route, parameters = _route(api, method, path)
    if route is None:
        return json_response({"message": "Not Found"}, 404)
    if refusal := _refused(environ, region, api, route, method, path):
        status, message = refusal
        return json_response({"message": message}, status)
    if _throttled(api):
        return json_response({"message": "Too Many Requests"}, 429)
    if len(body) > _MOST or len(body) * 4 / 3 > _MOST_FOR_LAMBDA:
        return json_response({"message": "Request Entity Too Large"}, 413)
    event = event_of(environ, api_id, route.route_key, method, path, parameters, body)
    status, headers, data = _invoke(region, api, route, event)
    return status, {**headers, **cors, "apigw-requestid": event["requestContext"]["requestId"]}, data


def _find(api_id: str) -> tuple[str, Any]:
    for region, backend in list(apigatewayv2_backends[ACCOUNT].items()):
        if api_id in backend.apis:
            return region, backend.apis[api_id]
    return "", None


def _route(api: Any, method: str, path: str) -> tuple[Any, dict[str, str]]:
    """The most specific route: literal segments before variables, those before greedy ones, methods before ANY."""
    found: list[tuple[tuple[int, int], Any, dict[str, str]]] = []
    for route in api.routes.values():
        key, _, pattern = route.route_key.partition(" ")
        if key not in (method, "ANY"):
            continue
        regex = re.sub(r"\\\{(\w+)\\\+\\\}", r"(?P<\1>.+)", re.escape(pattern))
        regex = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", regex)
        if match := re.fullmatch(regex, path):
            rank = (2 if "+}" in pattern else 1 if "{" in pattern else 0, int(key == "ANY"))
            found.append((rank, route, match.groupdict()))
    if found:
        _, route, parameters = min(found, key=lambda row: row[0])
        return route, parameters
    return next((one for one in api.routes.values() if one.route_key == "$default"), None), {}


def _refused(
    environ: dict[str, Any], region: str, api: Any, route: Any, method: str, path: str
) -> tuple[int, str] | None:
    kind = route.authorization_type or "NONE"
    if kind == "AWS_IAM":
        scope = wire.scope_of(environ)
        if scope is None or scope[2] != "execute-api":
            return 403, "Forbidden"
        caller = principals.resolve(scope[0], region)
        arn = (
            f"arn:{partition_of(region)}:execute-api:{region}:{ACCOUNT}:{api.api_id}/$default/{method}{path}"
        )
        if settings.enforce_iam and enforce.decide(caller, "execute-api:Invoke", arn, {}):
            return 403, "Forbidden"
    if kind == "JWT":
        token = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ").strip()
        wanted = api.authorizers[route.authorizer_id].jwt_config or {}
        if not _fits(token, wanted):
            return 401, "Unauthorized"
    if kind == "CUSTOM":
        return 500, "the cfgen sandbox asks no Lambda authorizers"
    return None


def _fits(token: str, wanted: dict[str, Any]) -> bool:
    try:
        middle = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        aud = claims.get("aud") or claims.get("client_id") or []
        audience = set(wanted.get("audience") or wanted.get("Audience") or ())
        issuer = wanted.get("issuer") or wanted.get("Issuer")
        whose = set(aud if isinstance(aud, list) else [aud])
        return claims.get("iss") == issuer and bool(audience & whose) and float(claims["exp"]) > time.time()
    except (ValueError, IndexError, KeyError, TypeError, AttributeError):
        return False


def _throttled(api: Any) -> bool:
    """A bucket of tokens, as the default route settings of the stage say."""
    stage = api.stages.get("$default")
    limits = (stage.default_route_settings if stage else None) or {}
    rate = float(limits.get("throttlingRateLimit") or 10_000)
    burst = float(limits.get("throttlingBurstLimit") or 5_000)
    with _lock:
        tokens, since = _buckets.get(api.api_id, (burst, time.monotonic()))
        now = time.monotonic()
        tokens = min(burst, tokens + (now - since) * rate)
        _buckets[api.api_id] = (max(0.0, tokens - 1), now)
        return tokens < 1


def cors_of(settings_: dict[str, Any], origin: str) -> dict[str, str]:
    """The headers that let a browser's page of another origin read an answer."""
    allowed = settings_.get("allowOrigins") or []
    if not origin or not ({origin, "*"} & set(allowed)):
        return {}
    named = {
        "access-control-allow-methods": settings_.get("allowMethods"),
        "access-control-allow-headers": settings_.get("allowHeaders"),
        "access-control-expose-headers": settings_.get("exposeHeaders"),
    }
    lists = {name: ",".join(items) for name, items in named.items() if items}
    return {"access-control-allow-origin": "*" if "*" in allowed else origin, **lists}


def event_of(
    environ: dict[str, Any],
    api_id: str,
    key: str,
    method: str,
    path: str,
    parameters: dict[str, str],
    body: bytes,
) -> dict[str, Any]:
    """Payload format 2.0 ("AWS Lambda proxy integrations for HTTP APIs")."""
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_") or (name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value)
    }
    is_text = re.match(r"(text/|application/(json|javascript|xml))", headers.get("content-type", ""))
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": key,
        "rawPath": unquote(path),
        "rawQueryString": environ.get("QUERY_STRING", ""),
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": api_id,
            "http": {
                "method": method,
                "path": unquote(path),
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
            },
            "requestId": uuid.uuid4().hex[:16],
            "routeKey": key,
            "stage": "$default",
            "timeEpoch": int(time.time() * 1000),
        },
        "isBase64Encoded": bool(body) and not is_text,
    }
    if body:
        event["body"] = body.decode() if is_text else base64.b64encode(body).decode()
    if parameters:
        event["pathParameters"] = parameters
    return event


def _invoke(region: str, api: Any, route: Any, event: dict[str, Any]) -> Response:
    integration = api.integrations[str(route.target).partition("/")[2]]
    failed = json_response({"message": "Internal Server Error"}, 500)
    match = _INVOKED.search(integration.integration_uri)
    arn = match.group(1) if match else integration.integration_uri
    source = f"arn:{partition_of(region)}:execute-api:{region}:{ACCOUNT}:{api.api_id}/$default/"
    source += route.route_key.replace(" ", "")
    try:
        function = functions.find(arn, region)
        if not targets.lambda_allows(arn, region, "apigateway.amazonaws.com", source):
            return failed
    except AwsError:
        return failed
    began = time.monotonic()
    outcome = functions.run(function, event)
    if time.monotonic() - began > (integration.timeout_in_millis or 30000) / 1000:
        return json_response({"message": "Service Unavailable"}, 503)
    if outcome.error:
        return failed
    return reply_of(outcome.payload)


def reply_of(payload: bytes) -> Response:
    """A function's result as an HTTP answer: what names no status is the body itself."""
    given = json.loads(payload)
    if not isinstance(given, dict) or "statusCode" not in given:
        return 200, {"content-type": "application/json"}, payload
    text = str(given.get("body") or "")
    data = base64.b64decode(text) if given.get("isBase64Encoded") else text.encode()
    return int(given["statusCode"]), dict(given.get("headers") or {}), data
