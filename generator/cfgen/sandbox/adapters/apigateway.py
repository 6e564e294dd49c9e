# ruff: noqa: ARG002 - every adapter has the base class's signatures
"""API Gateway v2: APIs, integrations, routes, stages, authorizers (kept by moto; no request is served)."""

from __future__ import annotations

from botocore import xform_name

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
from cfgen.sandbox.wire import url_suffix

_SERVICE = "apigatewayv2"
_API = (
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
        arguments = shaped(_SERVICE, "CreateApi", {**p, "Tags": tag_pairs(p.get("Tags"))})
        answer = ctx.client(_SERVICE).create_api(**arguments)
        identifier = answer["ApiId"]
        endpoint = f"https://{identifier}.execute-api.{ctx.region}.{url_suffix(ctx.region)}"
        return Made(
            identifier,
            {
                "ApiId": identifier,
                "ApiEndpoint": answer.get("ApiEndpoint") or endpoint,
                "ExecuteApiArn": ctx.arn("execute-api", identifier),
            },
        )

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        changed = {key: value for key, value in new.items() if key not in ("Tags", "ProtocolType")}
        client = ctx.client(_SERVICE)
        client.update_api(**shaped(_SERVICE, "UpdateApi", changed, ApiId=made.id))
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
