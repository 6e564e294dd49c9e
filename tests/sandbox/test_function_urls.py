"""Function URLs are served: permissions of both kinds, CORS, the event, the answer, and what cannot be run here."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .conftest import World, allow, function, role

ECHO = """
import json
def handler(event, context):
    if event["rawPath"] == "/fail":
        raise ValueError("no")
    if event["rawPath"] == "/plain":
        return {"said": event.get("body")}
    iam = event["requestContext"].get("authorizer", {}).get("iam", {})
    told = {"path": event["rawPath"], "query": event["rawQueryString"], "who": iam.get("userArn", "")}
    return {"statusCode": 201, "headers": {"x-told": "yes"}, "body": json.dumps(told)}
"""


def _template(auth: str = "NONE", code: str = ECHO, rights: bool = True, **more: Any) -> dict[str, Any]:
    both = {
        "May": {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": auth},
        "AndMay": {"Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True},
    }
    named = {"FunctionName": {"Ref": "Fn"}, "Principal": "*"}
    permissions = {
        name: {"Type": "AWS::Lambda::Permission", "Properties": {**named, **one}}
        for name, one in both.items()
    }
    url = {"TargetFunctionArn": {"Fn::GetAtt": ["Fn", "Arn"]}, "AuthType": auth, **more}
    return {
        "Resources": {
            "FnRole": role("lambda", allow("logs:*")),
            "Fn": function(code),
            "Url": {"Type": "AWS::Lambda::Url", "Properties": url},
            **(permissions if rights else {}),
        },
        "Outputs": {"Url": {"Value": {"Fn::GetAtt": ["Url", "FunctionUrl"]}}},
    }


def _made(world: World, template: dict[str, Any]) -> tuple[str, str]:
    name = world.create(template)
    assert world.stack(name)["StackStatus"] == "CREATE_COMPLETE", world.events(name)
    return name, world.outputs(name)["Url"]


def _ask(url: str, data: bytes | None = None, method: str = "GET", **headers: str) -> tuple[int, Any, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = Request(url, data=data, method="POST" if data else method, headers=named)
    try:
        with urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except HTTPError as error:
        return error.code, error.headers, error.read()


def test_a_public_url_from_request_to_answer(world: World) -> None:
    cors = {"AllowOrigins": ["https://a.example"], "AllowMethods": ["GET", "POST"]}
    name, url = _made(world, _template(Cors=cors))
    assert url.startswith(world.sandbox.url)
    assert url.endswith("/")
    status, headers, body = _ask(f"{url}v1/x?a=1", origin="https://a.example")
    assert (status, headers["x-told"]) == (201, "yes")
    assert headers["access-control-allow-origin"] == "https://a.example"
    assert json.loads(body) == {"path": "/v1/x", "query": "a=1", "who": ""}
    status, headers, _ = _ask(url, method="OPTIONS", origin="https://a.example")
    assert (status, headers["access-control-allow-methods"]) == (200, "GET,POST")
    status, headers, body = _ask(f"{url}plain", b"hello", content_type="text/plain")
    assert (status, headers["content-type"], json.loads(body)) == (200, "application/json", {"said": "hello"})
    assert _ask(f"{url}fail")[0] == 502
    functions = world.client("lambda")
    found = functions.get_function_url_config(FunctionName=world.physical(name, "Fn"))
    assert (found["FunctionUrl"], found["InvokeMode"]) == (url, "BUFFERED")
    assert world.update(name, _template(Cors=cors, InvokeMode="RESPONSE_STREAM")) == "UPDATE_COMPLETE"
    found = functions.get_function_url_config(FunctionName=world.physical(name, "Fn"))
    assert (found["FunctionUrl"], found["InvokeMode"]) == (url, "RESPONSE_STREAM")
    assert world.delete(name) == "DELETE_COMPLETE"
    assert _ask(url)[0] == 404


@pytest.mark.parametrize("missing", ["May", "AndMay"])
def test_a_public_url_needs_both_rights(world: World, missing: str) -> None:
    template = _template()
    del template["Resources"][missing]
    _, url = _made(world, template)
    status, _, body = _ask(url)
    assert status == 403
    assert b"urls-auth" in body


def test_an_iam_url_asks_for_a_signature_and_for_rights(world: World) -> None:
    _, url = _made(world, _template("AWS_IAM", rights=False))
    assert _ask(url)[0] == 403
    iam = world.client("iam")
    name = world.name()
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]

    def signed() -> tuple[int, Any, Any]:
        request = AWSRequest("GET", f"{url}me")
        SigV4Auth(Credentials(key["AccessKeyId"], key["SecretAccessKey"]), "lambda", world.region).add_auth(
            request
        )
        return _ask(f"{url}me", **{k.replace("-", "_"): v for k, v in dict(request.headers).items()})

    assert signed()[0] == 403
    for actions, status in ((["lambda:InvokeFunctionUrl"], 403), (["lambda:Invoke*"], 201)):
        document = json.dumps({"Version": "2012-10-17", "Statement": [allow(*actions)]})
        iam.put_user_policy(UserName=name, PolicyName="may", PolicyDocument=document)
        found = signed()
        assert found[0] == status
    assert json.loads(found[2])["who"].endswith(f":user/{name}")


def test_another_runtime_is_told_by_name(world: World) -> None:
    template = _template()
    template["Resources"]["Fn"]["Properties"]["Runtime"] = "nodejs22.x"
    _, url = _made(world, template)
    status, _, body = _ask(url)
    assert status == 502
    assert b"runs Python only, not nodejs22.x" in body
