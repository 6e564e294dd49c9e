"""API Gateway's HTTP and WebSocket APIs: what it refuses; moto keeps the records."""

from __future__ import annotations

import re
from typing import Any

from moto.apigatewayv2.models import apigatewayv2_backends

from cfgen.sandbox.registry import before
from cfgen.sandbox.wire import AwsError, Call

_SERVICE = "apigatewayv2"
_METHODS = "ANY|GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS"
_HTTP_KEY = re.compile(rf"\$default|({_METHODS}) /(([\w.~:@!$&'()*+,;=%-]+|\{{\w+\+?\}})(/|$))*")


def _refuse(message: str) -> AwsError:
    return AwsError("BadRequestException", message)


def _api(call: Call) -> Any:
    return apigatewayv2_backends[call.account][call.region].apis.get(call.params["ApiId"])


@before(_SERVICE, "CreateRoute")
def check_route(call: Call) -> None:
    """A key of its own, a target that exists, an authorizer of the right kind."""
    api = _api(call)
    if api is None:
        return
    p = call.params
    if any(route.route_key == p["RouteKey"] for route in api.routes.values()):
        raise AwsError(
            "ConflictException", f"Route with key {p['RouteKey']} already exists for this API", 409
        )
    _check_route(api, p)


@before(_SERVICE, "UpdateRoute")
def check_changed_route(call: Call) -> None:
    """The same for a changed route."""
    api = _api(call)
    route = api.routes.get(call.params["RouteId"]) if api is not None else None
    if route is not None:
        _check_route(api, {"RouteKey": route.route_key, **call.params})


def _check_route(api: Any, p: dict[str, Any]) -> None:
    if api.protocol_type == "HTTP" and not _HTTP_KEY.fullmatch(p["RouteKey"]):
        raise _refuse(f"The provided route key is not formatted properly for HTTP protocol: {p['RouteKey']}")
    if target := p.get("Target"):
        kind, _, identifier = str(target).partition("/")
        if kind != "integrations" or identifier not in api.integrations:
            raise _refuse(f"Invalid target {target}: it must be integrations/ and the id of an integration.")
    kind, authorizer_id = p.get("AuthorizationType") or "NONE", p.get("AuthorizerId")
    if kind in ("JWT", "CUSTOM"):
        authorizer = api.authorizers.get(authorizer_id)
        wanted = "JWT" if kind == "JWT" else "REQUEST"
        if authorizer is None or authorizer.authorizer_type != wanted:
            raise _refuse(
                f"AuthorizationType {kind} needs the AuthorizerId of an authorizer of type {wanted}."
            )
    elif authorizer_id:
        raise _refuse(f"AuthorizerId cannot be specified with AuthorizationType {kind}.")
    if p.get("AuthorizationScopes") and kind != "JWT":
        raise _refuse("AuthorizationScopes need AuthorizationType JWT.")


@before(_SERVICE, "CreateIntegration")
def check_integration(call: Call) -> None:
    """What an HTTP API's integration cannot do without."""
    api, p = _api(call), call.params
    if api is None or api.protocol_type != "HTTP":
        return
    kind = p["IntegrationType"]
    if kind not in ("AWS_PROXY", "HTTP_PROXY"):
        raise _refuse(f"IntegrationType {kind} is not supported for HTTP APIs.")
    if p.get("PayloadFormatVersion") not in (("1.0", "2.0") if kind == "AWS_PROXY" else ("1.0", None)):
        raise _refuse(
            "PayloadFormatVersion is a required parameter for this integration: 1.0 or 2.0 for Lambda."
        )
    if not p.get("IntegrationUri") and not p.get("IntegrationSubtype"):
        raise _refuse("IntegrationUri is required for this integration.")
    if p.get("IntegrationSubtype") and not p.get("CredentialsArn"):
        raise _refuse("CredentialsArn is required with an IntegrationSubtype.")
    if kind == "HTTP_PROXY" and not p.get("IntegrationMethod"):
        raise _refuse("IntegrationMethod is required for an HTTP_PROXY integration.")
    if p.get("ConnectionType") == "VPC_LINK" and not p.get("ConnectionId"):
        raise _refuse("ConnectionId is required with ConnectionType VPC_LINK.")


@before(_SERVICE, "CreateAuthorizer")
def check_authorizer(call: Call) -> None:
    """What an authorizer of each type cannot do without."""
    api, p = _api(call), call.params
    if api is None:
        return
    if p["AuthorizerType"] == "JWT":
        settings = p.get("JwtConfiguration") or {}
        if api.protocol_type != "HTTP":
            raise _refuse("JWT authorizers are supported for HTTP APIs only.")
        if not str(settings.get("Issuer") or "").startswith("https://") or not p.get("IdentitySource"):
            raise _refuse(
                "A JWT authorizer needs an IdentitySource and a JwtConfiguration with an https Issuer."
            )
        return
    if not p.get("AuthorizerUri"):
        raise _refuse("AuthorizerUri is required for a REQUEST authorizer.")
    if api.protocol_type == "HTTP" and p.get("AuthorizerPayloadFormatVersion") not in ("1.0", "2.0"):
        raise _refuse(
            "AuthorizerPayloadFormatVersion is a required parameter for HTTP API Lambda authorizers."
        )
    if p.get("EnableSimpleResponses") and p.get("AuthorizerPayloadFormatVersion") != "2.0":
        raise _refuse("EnableSimpleResponses needs AuthorizerPayloadFormatVersion 2.0.")


@before(_SERVICE, "CreateStage")
def check_stage(call: Call) -> None:
    """A stage has a name of its own, and a log group's ARN to write to."""
    api, p = _api(call), call.params
    if api is None:
        return
    if p["StageName"] in api.stages:
        raise AwsError("ConflictException", f"Stage already exists: {p['StageName']}", 409)
    if not re.fullmatch(r"\$default|[A-Za-z0-9_-]{1,128}", p["StageName"]):
        raise _refuse(f"Invalid stage name {p['StageName']}.")
    log = (p.get("AccessLogSettings") or {}).get("DestinationArn")
    if log and not re.match(r"arn:aws[a-z-]*:(logs:.+:log-group:|firehose:)", log):
        raise _refuse(f"Invalid destination of access logs: {log}")
