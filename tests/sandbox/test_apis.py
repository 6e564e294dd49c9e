"""HTTP APIs: made whole, changed in place, and refused where API Gateway refuses."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import World, allow, function, role

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"


def _part(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::ApiGatewayV2::{kind}", "Properties": {"ApiId": {"Ref": "Api"}, **properties}}


def _template() -> dict[str, Any]:
    return {
        "Resources": {
            "FnRole": role("lambda"),
            "Fn": function("def handler(event, context): return {'statusCode': 200}"),
            "Api": {
                "Type": "AWS::ApiGatewayV2::Api",
                "Properties": {"Name": "chat", "ProtocolType": "HTTP", "Tags": {"team": "a"}},
            },
            "Integration": _part(
                "Integration",
                IntegrationType="AWS_PROXY",
                IntegrationUri={"Fn::GetAtt": ["Fn", "Arn"]},
                PayloadFormatVersion="2.0",
                TimeoutInMillis=29000,
            ),
            "Tokens": _part(
                "Authorizer",
                AuthorizerType="JWT",
                Name="tokens",
                IdentitySource=["$request.header.Authorization"],
                JwtConfiguration={"Audience": ["me"], "Issuer": "https://issuer.example"},
            ),
            "Own": _part(
                "Authorizer",
                AuthorizerType="REQUEST",
                Name="own",
                AuthorizerUri={"Fn::GetAtt": ["Fn", "Arn"]},
                AuthorizerPayloadFormatVersion="2.0",
                EnableSimpleResponses=True,
            ),
            "Chat": _part(
                "Route",
                RouteKey="POST /v1/chat/completions",
                Target={"Fn::Sub": "integrations/${Integration}"},
                AuthorizationType="JWT",
                AuthorizerId={"Ref": "Tokens"},
            ),
            "Rest": _part(
                "Route",
                RouteKey="ANY /models/{proxy+}",
                Target={"Fn::Sub": "integrations/${Integration}"},
                AuthorizationType="AWS_IAM",
            ),
            "Stage": _part(
                "Stage",
                StageName="$default",
                AutoDeploy=True,
                DefaultRouteSettings={"ThrottlingRateLimit": 5, "ThrottlingBurstLimit": 10},
            ),
            "May": {
                "Type": "AWS::Lambda::Permission",
                "Properties": {
                    "Action": "lambda:InvokeFunction",
                    "FunctionName": {"Ref": "Fn"},
                    "Principal": "apigateway.amazonaws.com",
                    "SourceArn": {
                        "Fn::Sub": "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*"
                    },
                },
            },
        },
        "Outputs": {"Url": {"Value": {"Fn::GetAtt": ["Api", "ApiEndpoint"]}}},
    }


def test_an_api_from_the_first_to_the_last(world: World) -> None:
    template = _template()
    name = world.create(template)
    assert world.stack(name)["StackStatus"] == "CREATE_COMPLETE", world.events(name)
    api, route = world.physical(name, "Api"), world.physical(name, "Rest")
    assert api in world.outputs(name)["Url"]
    client = world.client("apigatewayv2")
    template["Resources"]["Rest"]["Properties"]["RouteKey"] = "GET /models"
    template["Resources"]["Api"]["Properties"]["Tags"] = {"team": "b"}
    template["Resources"]["Stage"]["Properties"]["DefaultRouteSettings"]["ThrottlingBurstLimit"] = 20
    assert world.update(name, template) == "UPDATE_COMPLETE"
    assert (world.physical(name, "Api"), world.physical(name, "Rest")) == (api, route)
    assert client.get_route(ApiId=api, RouteId=route)["RouteKey"] == "GET /models"
    assert client.get_api(ApiId=api)["Tags"] == {"team": "b"}
    assert world.delete(name) == "DELETE_COMPLETE"
    assert api not in {item["ApiId"] for item in client.get_apis()["Items"]}


def test_a_service_role_needs_the_methods_of_http(world: World) -> None:
    """API Gateway's actions are named after HTTP's methods and allowed by path."""
    rights = [allow("apigateway:POST", "apigateway:DELETE", on="arn:aws:apigateway:us-east-1::/apis*")]
    world.create({"Resources": {"R": role("cloudformation", *rights, RoleName="api-maker")}})
    arn = world.client("iam").get_role(RoleName="api-maker")["Role"]["Arn"]
    resources = {key: body for key, body in _template()["Resources"].items() if key in ("Api", "Stage")}
    name = world.create({"Resources": resources}, RoleARN=arn)
    assert world.stack(name)["StackStatus"] == "CREATE_COMPLETE", world.events(name)
    body = {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "other", "ProtocolType": "HTTP"}}
    world.update(name, {"Resources": {**resources, "Api": body}}, RoleARN=arn)
    assert any("apigateway:PATCH" in line for line in world.events(name))


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("create_route", {"RouteKey": "chat"}, "not formatted properly"),
    ("create_route", {"RouteKey": "FETCH /chat"}, "not formatted properly"),
    ("create_route", {"RouteKey": "GET /a", "Target": "integrations/none"}, "Invalid target"),
    ("create_route", {"RouteKey": "GET /a", "AuthorizationType": "JWT"}, "needs the AuthorizerId"),
    ("create_route", {"RouteKey": "GET /a", "AuthorizationScopes": ["s"]}, "AuthorizationScopes"),
    ("create_route", {"RouteKey": "GET /taken"}, "already exists"),
    ("create_integration", {"IntegrationType": "AWS"}, "not supported for HTTP APIs"),
    (
        "create_integration",
        {"IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION},
        "PayloadFormatVersion",
    ),
    ("create_integration", {"IntegrationType": "AWS_PROXY", "PayloadFormatVersion": "2.0"}, "IntegrationUri"),
    (
        "create_integration",
        {
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": FUNCTION,
            "PayloadFormatVersion": "2.0",
            "TimeoutInMillis": 60_000,
        },
        "less than or equal to 30000",
    ),
    (
        "create_authorizer",
        {"AuthorizerType": "JWT", "Name": "a", "IdentitySource": ["$request.header.A"]},
        "https Issuer",
    ),
    (
        "create_authorizer",
        {"AuthorizerType": "REQUEST", "Name": "a", "IdentitySource": [], "AuthorizerUri": FUNCTION},
        "AuthorizerPayloadFormatVersion",
    ),
    ("create_stage", {"StageName": "a b"}, "Invalid stage name"),
    ("create_stage", {"StageName": "taken"}, "already exists"),
    (
        "create_stage",
        {"StageName": "s", "AccessLogSettings": {"DestinationArn": "logs"}},
        "Invalid destination",
    ),
]


@pytest.mark.parametrize(("operation", "given", "message"), REFUSED)
def test_what_is_refused(world: World, operation: str, given: dict[str, Any], message: str) -> None:
    client = world.client("apigatewayv2")
    api = client.create_api(Name="refusing", ProtocolType="HTTP")["ApiId"]
    client.create_route(ApiId=api, RouteKey="GET /taken")
    client.create_stage(ApiId=api, StageName="taken")
    with pytest.raises(ClientError, match=message):
        getattr(client, operation)(ApiId=api, **given)


def test_settings_that_are_mappings_are_merged_and_emptied(world: World) -> None:
    configure = world.sandbox.configure
    try:
        configure(responders={"one": "http://127.0.0.1:1"}, quotas={"L-1": "7"})
        found = configure(responders={"two": "http://127.0.0.1:2"})
        assert set(found["responders"]) == {"one", "two"}
        assert set(configure(responders={"one": None})["responders"]) == {"two"}
        found = configure(responders={})
        assert (found["responders"], found["quotas"]) == ({}, {"L-1": "7"})
    finally:
        configure(responders={}, quotas={})
