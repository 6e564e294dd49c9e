# ruff: noqa: ARG002 - loopback servers have the base class's signature
"""The front door deployed by the real AWS CLI, asked by OpenAI's own client, with IAM enforced all the way."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import httpx
import openai
import pytest
import yaml
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from cfgen import document
from cfgen.sandbox import Sandbox
from tests.conftest import ROOT
from tests.deploy.conftest import Run
from tests.functions.front_door import Loopback

REGION, STACK = "us-east-1", "door"
CHAT = [{"role": "user", "content": "Is anyone there?"}]


class Model(Loopback):
    """The container."""

    def serve(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        asked = json.loads(body)
        if asked.get("messages", [{}])[0].get("content") == "fail":
            return 400, {"content-type": "application/json"}, b'{"error": {"message": "too long"}}'
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Yes."}}
        if asked.get("stream"):
            rows = [{**choice, "delta": {"content": text}} for text in ("Yes", ".")]
            lines = "".join(f"data: {json.dumps({'id': 'c', 'choices': [row]})}\n\n" for row in rows)
            return 200, {"content-type": "text/event-stream"}, f"{lines}data: [DONE]\n\n".encode()
        answer = {"id": "c", "object": "chat.completion", "choices": [choice], "usage": {"total_tokens": 9}}
        return 200, {"content-type": "application/json"}, json.dumps(answer).encode()


class Door:
    """The stack that stands, and how it is deployed anew."""

    def __init__(self, cfgen: Run, sandbox: Sandbox, folder: Path) -> None:
        self.cfgen, self.sandbox, self.folder = cfgen, sandbox, folder

    def deploy(self, form: str = "", **api: Any) -> dict[str, str]:
        data = yaml.safe_load((ROOT / "specs" / "openai-api.yaml").read_text())
        data["api"] = {**data["api"], **api}
        spec = self.folder / "openai-api.yaml"
        spec.write_text(yaml.safe_dump(data))
        assert self.cfgen("sandbox", "seed", spec, "--region", REGION).code == 0
        if form:
            assert self.cfgen("render", spec, "-o", self.folder / "out", "--format", form).code == 0
            path = self.folder / "out" / "openai-api" / "template.yaml"
            needed = document.capabilities(document.load(path.read_text()))
            assert needed == ("CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND")
            aws = ("aws", "cloudformation", "deploy", "--stack-name", STACK, "--region", REGION)
            command = (*aws, "--template-file", str(path), "--capabilities", *needed)
            done = subprocess.run(command, capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, self.cfgen("status", STACK, "--region", REGION).said
        else:
            where = ("--stack-name", STACK, "--region", REGION, "--sandbox", "--no-confirm")
            ran = self.cfgen("deploy", spec, *where)
            assert ran.code == 0, ran.said
        (stack,) = self.sandbox.client("cloudformation", REGION).describe_stacks(StackName=STACK)["Stacks"]
        return {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}


@pytest.fixture
def door(cfgen: Run, sandbox: Sandbox, tmp_path: Path) -> Iterator[Door]:
    with Model() as model:
        assert sandbox.configure(responders={"*": model.url})["enforce_iam"] is True
        yield Door(cfgen, sandbox, tmp_path)
        cfgen("destroy", STACK, "--region", REGION, "--no-confirm")
        sandbox.configure(responders={})


def test_from_the_client_to_the_container_and_back(door: Door) -> None:
    found = door.deploy(throttling={"rate": 1, "burst": 12})
    secrets = door.sandbox.client("secretsmanager", REGION)
    key = secrets.get_secret_value(SecretId=found["ApiKeySecretArn"])["SecretString"]
    assert len(key) == 48
    with openai.OpenAI(base_url=found["ApiUrl"], api_key=key, max_retries=0) as client:
        assert [one.id for one in client.models.list()] == ["qwen2.5-7b", "Qwen/Qwen2.5-7B-Instruct"]
        assert client.models.retrieve("Qwen/Qwen2.5-7B-Instruct").owned_by == "sagemaker"
        answer = client.chat.completions.create(model="qwen2.5-7b", messages=CHAT)  # type: ignore[arg-type]
        assert (answer.choices[0].message.content, answer.usage and answer.usage.total_tokens) == ("Yes.", 9)
        parts = client.chat.completions.create(model="qwen2.5-7b", messages=CHAT, stream=True)  # type: ignore[call-overload]
        assert [part.choices[0].delta.content for part in parts] == ["Yes", "."]
        with pytest.raises(openai.BadRequestError, match="too long"):
            client.chat.completions.create(model="qwen2.5-7b", messages=[{"role": "user", "content": "fail"}])
        with pytest.raises(openai.AuthenticationError):
            client.with_options(api_key="sk-no").models.list()
        with pytest.raises(openai.NotFoundError):
            client.embeddings.create(model="qwen2.5-7b", input="x")
        with ThreadPoolExecutor(20) as pool:
            codes = list(pool.map(lambda _: status(found["ApiUrl"]), range(20)))
        assert set(codes) == {401, 429}
    # a browser asks first
    asked = Request(
        f"{found['ApiUrl']}/models", method="OPTIONS", headers={"Origin": "https://chat.example.com"}
    )
    with urlopen(asked) as answer:
        assert answer.headers["access-control-allow-origin"] == "https://chat.example.com"
    # without its right the function gets nothing: the role's policy is what lets it ask
    iam = door.sandbox.client("iam", REGION)
    rows = door.sandbox.client("cloudformation", REGION).describe_stack_resources(StackName=STACK)
    role = next(
        r["PhysicalResourceId"] for r in rows["StackResources"] if r["LogicalResourceId"] == "ApiRole"
    )
    iam.delete_role_policy(RoleName=role, PolicyName="ask")
    time.sleep(1.2)
    with (
        openai.OpenAI(base_url=found["ApiUrl"], api_key=key, max_retries=0) as client,
        pytest.raises(openai.InternalServerError),
    ):
        client.models.list()


class Signed(httpx.Auth):
    """Requests signed for execute-api, as the how-to shows."""

    def __init__(self, key: str, secret: str) -> None:
        self.credentials = Credentials(key, secret)

    def auth_flow(self, request: Any) -> Iterator[Any]:
        request.headers.pop("authorization", None)
        signed = AWSRequest(request.method, str(request.url), data=request.content)
        SigV4Auth(self.credentials, "execute-api", REGION).add_auth(signed)
        request.headers.update(dict(signed.headers))
        yield request


def status(url: str, **headers: str) -> int:
    try:
        with urlopen(Request(f"{url}/models", headers=headers)) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def jwt(**claims: Any) -> str:
    rows = ({"alg": "RS256"}, {"exp": time.time() + 60, **claims})
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(row).encode()).decode().rstrip("=") for row in rows)
        + ".x"
    )


@contextmanager
def user(sandbox: Sandbox, name: str, action: str) -> Iterator[tuple[str, str]]:
    """Keys of a user who may do one thing."""
    iam = sandbox.client("iam", REGION)
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="may", PolicyDocument=document)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    yield made["AccessKeyId"], made["SecretAccessKey"]
    iam.delete_access_key(UserName=name, AccessKeyId=made["AccessKeyId"])
    iam.delete_user_policy(UserName=name, PolicyName="may")
    iam.delete_user(UserName=name)


def test_signed_requests_then_tokens_in_either_form(door: Door) -> None:
    found = door.deploy(auth="iam")
    assert "ApiKeySecretArn" not in found
    assert status(found["ApiUrl"]) == 403
    with user(door.sandbox, "caller", "execute-api:Invoke") as keys:
        http = openai.DefaultHttpxClient(auth=Signed(*keys))
        with openai.OpenAI(
            base_url=found["ApiUrl"], api_key="unused", http_client=http, max_retries=0
        ) as client:
            answer = client.chat.completions.create(model="qwen2.5-7b", messages=CHAT)  # type: ignore[arg-type]
            assert answer.choices[0].message.content == "Yes."
    with user(door.sandbox, "other", "s3:GetObject") as keys:
        http = openai.DefaultHttpxClient(auth=Signed(*keys))
        with (
            openai.OpenAI(
                base_url=found["ApiUrl"], api_key="unused", http_client=http, max_retries=0
            ) as client,
            pytest.raises(openai.PermissionDeniedError),
        ):
            client.models.list()
    # the template with its transform is the same stack: CAPABILITY_AUTO_EXPAND is acknowledged
    auth = {"type": "jwt", "issuer": "https://id.example.com/", "audience": ["chat"]}
    found = door.deploy("sam", auth=auth, streaming=False)
    good = jwt(iss="https://id.example.com/", aud="chat")
    assert status(found["ApiUrl"], Authorization=f"Bearer {good}") == 200
    for bad in (
        "",
        good[:20],
        jwt(iss="https://id.example.com/", aud="else"),
        jwt(iss="https://evil", aud="chat"),
    ):
        assert status(found["ApiUrl"], Authorization=f"Bearer {bad}") == 401
    assert "ApiStreamUrl" not in found
