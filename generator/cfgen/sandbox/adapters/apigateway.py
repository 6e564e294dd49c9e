# ruff: noqa: ARG002 - every adapter has the base class's signatures
"""API Gateway v2: APIs, integrations, routes, stages, authorizers (kept by moto; services/http_api.py serves them)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore import xform_name
from moto.apigatewayv2.models import apigatewayv2_backends

from cfgen.sandbox.adapters.base import (
    Adapter,
    Context,
    Made,
    Props,
    changed_tags,
    quietly,
    refuse_unhandled,
    register,
    shaped,
    tag_pairs,
)
from cfgen.sandbox.cfn.errors import ResourceFailure
from cfgen.sandbox.clients import client as clients

_SERVICE = "apigatewayv2"
_API = (
    "Body",
    "ApiKeySelectionExpression",
    "CorsConfiguration",
    "Description",
    "DisableExecuteApiEndpoint",
    "DisableSchemaValidation",
    "IpAddressType",
    "Name",
    "ProtocolType",
    "RouteSelectionExpression",
    "Tags",
    "Version",
)


class Api(Adapter):
    """An HTTP or WebSocket API."""

    type = "AWS::ApiGatewayV2::Api"

    def create(self, ctx: Context, p: Props) -> Made:
        refuse_unhandled(ctx, p, _API)
        given = {**_of_body(p), "Tags": {**_body_tags(p), **tag_pairs(p.get("Tags"))}}
        answer = ctx.client(_SERVICE).create_api(**shaped(_SERVICE, "CreateApi", given))
        identifier = answer["ApiId"]
        _import(ctx, identifier, p.get("Body") or {})
        return Made(
            identifier,
            {
                "ApiId": identifier,
                # where the sandbox answers in its stead
                "ApiEndpoint": f"{clients.url}/_sandbox/apis/{identifier}",
                "ExecuteApiArn": ctx.arn("execute-api", identifier),
            },
        )

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        changed = {key: value for key, value in _of_body(new).items() if key not in ("Tags", "ProtocolType")}
        client = ctx.client(_SERVICE)
        client.update_api(**shaped(_SERVICE, "UpdateApi", changed, ApiId=made.id))
        if old.get("Body") != new.get("Body"):
            # moto lists no authorizers
            api = apigatewayv2_backends[ctx.account][ctx.region].apis[made.id]
            for parts in (api.routes, api.integrations, api.authorizers):
                parts.clear()
            _import(ctx, made.id, new.get("Body") or {})
        add, remove = changed_tags(old, new)
        arn = f"arn:{ctx.partition}:apigateway:{ctx.region}::/apis/{made.id}"
        if add:
            client.tag_resource(ResourceArn=arn, Tags=add)
        if remove:
            client.untag_resource(ResourceArn=arn, TagKeys=remove)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        client = ctx.client(_SERVICE)
        quietly(lambda: client.delete_api(ApiId=made.id))


def _of_body(p: Props) -> Props:
    """An API's properties, with what an OpenAPI document says in their stead."""
    body = p.get("Body")
    if not body:
        return p
    if p.get("ProtocolType") not in (None, "HTTP"):
        raise ResourceFailure(
            "Invalid request provided: only HTTP APIs can be imported from an OpenAPI document"
        )
    cors = body.get("x-amazon-apigateway-cors") or {}
    made = {key: value for key, value in p.items() if key != "Body"}
    made |= {"Name": (body.get("info") or {}).get("title"), "ProtocolType": "HTTP"}
    if cors:
        made["CorsConfiguration"] = {f"{key[0].upper()}{key[1:]}": value for key, value in cors.items()}
    if not made["Name"]:
        raise ResourceFailure("Unable to import the OpenAPI document: it has no title")
    return made


def _body_tags(p: Props) -> dict[str, str]:
    tags = (p.get("Body") or {}).get("tags") or ()
    return {
        tag["name"]: tag["x-amazon-apigateway-tag-value"]
        for tag in tags
        if "x-amazon-apigateway-tag-value" in tag
    }


def _operations(body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Route key and operation of each of a document's."""
    for path, methods in (body.get("paths") or {}).items():
        for method, operation in methods.items():
            if method in ("parameters", "options") and "x-amazon-apigateway-integration" not in operation:
                continue
            name = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
            yield ("$default" if path == "/$default" else f"{name} {path}"), operation


def _import(ctx: Context, api: str, body: dict[str, Any]) -> None:
    """Routes, integrations and authorizers of an OpenAPI document ("OpenAPI definitions for HTTP APIs")."""
    client = ctx.client(_SERVICE)
    schemes = ((body.get("components") or {}).get("securitySchemes")) or {}
    authorizers: dict[str, str] = {}
    for name, scheme in schemes.items():
        told = scheme.get("x-amazon-apigateway-authorizer") or {}
        if told.get("type") != "jwt":
            continue
        settings = told.get("jwtConfiguration") or {}
        made = client.create_authorizer(
            ApiId=api,
            AuthorizerType="JWT",
            Name=name,
            IdentitySource=[told["identitySource"]],
            JwtConfiguration={"Issuer": settings["issuer"], "Audience": list(settings["audience"])},
        )
        authorizers[name] = made["AuthorizerId"]
    for key, operation in _operations(body):
        told = operation.get("x-amazon-apigateway-integration")
        if not told:
            raise ResourceFailure(f"Unable to import the OpenAPI document: {key} has no integration")
        integration = client.create_integration(
            ApiId=api,
            IntegrationType=str(told["type"]).upper(),
            IntegrationMethod=told.get("httpMethod", "POST"),
            IntegrationUri=told["uri"],
            PayloadFormatVersion=told.get("payloadFormatVersion", "1.0"),
            TimeoutInMillis=int(told.get("timeoutInMillis", 30000)),
        )
        asked = next((name for one in operation.get("security") or () for name in one), "")
        iam = (schemes.get(asked) or {}).get("x-amazon-apigateway-authtype") == "awsSigv4"
        kind = "JWT" if asked in authorizers else "AWS_IAM" if iam else "NONE"
        if asked and kind == "NONE":
            raise ResourceFailure(f"Unable to import the OpenAPI document: no security scheme {asked}")
        more = {"AuthorizerId": authorizers[asked]} if kind == "JWT" else {}
        client.create_route(
            ApiId=api,
            RouteKey=key,
            Target=f"integrations/{integration['IntegrationId']}",
            AuthorizationType=kind,
            **more,
        )


class _Part(Adapter):
    """A part of an API: its operations differ by name only."""

    name = ""
    id_key = ""

    def create(self, ctx: Context, p: Props) -> Made:
        operation = f"Create{self.name}"
        answer = getattr(ctx.client(_SERVICE), xform_name(operation))(**shaped(_SERVICE, operation, p))
        return Made(answer[self.id_key], {self.id_key: answer[self.id_key]})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        operation = f"Update{self.name}"
        arguments = shaped(_SERVICE, operation, new, **{self.id_key: made.id})
        getattr(ctx.client(_SERVICE), xform_name(operation))(**arguments)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        call = getattr(ctx.client(_SERVICE), xform_name(f"Delete{self.name}"))
        quietly(lambda: call(**{"ApiId": p["ApiId"], self.id_key: made.id}))


class Integration(_Part):
    """An integration."""

    type = "AWS::ApiGatewayV2::Integration"
    name, id_key = "Integration", "IntegrationId"


class Route(_Part):
    """A route."""

    type = "AWS::ApiGatewayV2::Route"
    name, id_key = "Route", "RouteId"


class Authorizer(_Part):
    """An authorizer."""

    type = "AWS::ApiGatewayV2::Authorizer"
    name, id_key = "Authorizer", "AuthorizerId"

    def create(self, ctx: Context, p: Props) -> Made:
        # the API model asks for a list that the service takes empty
        return super().create(ctx, {"IdentitySource": [], **p})


class Stage(Adapter):
    """A stage; Ref is its name."""

    type = "AWS::ApiGatewayV2::Stage"

    def create(self, ctx: Context, p: Props) -> Made:
        arguments = shaped(_SERVICE, "CreateStage", {**p, "Tags": tag_pairs(p.get("Tags"))})
        ctx.client(_SERVICE).create_stage(**arguments)
        return Made(p["StageName"], {"Id": p["StageName"]})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        # moto knows no UpdateStage
        self.delete(ctx, made, old)
        return self.create(ctx, new)

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        client = ctx.client(_SERVICE)
        quietly(lambda: client.delete_stage(ApiId=p["ApiId"], StageName=made.id))


register(Api, Integration, Route, Authorizer, Stage)
