"""Fixtures: moto's S3, Secrets Manager and EC2 on loopback, a hub, and the functions as processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from moto.server import ThreadedMotoServer

from cfgen.render.parts import source
from tests.fixtures.hub import Hub
from tests.functions.loopback import STACK, Answers, Control

FUNCTIONS = Path(__file__).parents[2] / "templates" / "functions"
TOKEN = "hf_NeverToBeSeenAnywhere123456"
DRIVER = """
import json, sys, time, index
end = time.time() + float(sys.argv[1])
context = type("Context", (), {"get_remaining_time_in_millis": lambda self: int((end - time.time()) * 1000)})()
index.handler(json.load(sys.stdin), context)
"""


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def aws(moto: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A fresh account, for this process and those it starts."""
    urlopen(Request(f"{moto}/moto-api/reset", method="POST")).close()
    for name in [one for one in os.environ if one.startswith(("AWS_", "HF_"))]:
        monkeypatch.delenv(name)
    keys = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "none"}
    for name, value in {**keys, "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": moto}.items():
        monkeypatch.setenv(name, value)
    return moto


@pytest.fixture
def bucket(aws: str) -> Any:
    made = boto3.resource("s3", endpoint_url=aws).Bucket("models-of-demo")
    made.create()
    return made


@pytest.fixture
def hub(aws: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    assert aws  # which clears HF_ENDPOINT
    with Hub(tokens={TOKEN: {"meta/gated", "acme/private"}, "hf_other": set()}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


@pytest.fixture
def secret(aws: str) -> str:
    made = boto3.client("secretsmanager", endpoint_url=aws).create_secret(
        Name="hub-token", SecretString=TOKEN
    )
    return str(made["ARN"])


@pytest.fixture
def answers() -> Iterator[Answers]:
    with Answers() as server:
        yield server
        assert server.problems == []


@pytest.fixture
def control(aws: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Control]:
    with Control() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws)
        for service in ("CLOUDFORMATION", "CODEBUILD", "SAGEMAKER", "SFN"):
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", server.url)
        yield server


class Outcome:
    """How a process ended. Making one looks for the token in everything it said."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.code, self.out = done.returncode, done.stdout + done.stderr
        assert TOKEN not in self.out
        assert "SECRET-" not in self.out, "the signature of a CDN address was printed"


class Functions:
    """The real files, each run by a Python of its own, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def build(self, config: dict[str, Any], **environment: str) -> Outcome:
        given = {"bucket": "models-of-demo", "key": "k1", "pause": 0.01, **config}
        variables = {**os.environ, "CFGEN_BUILD": json.dumps(given), **environment}
        command = [sys.executable, "-W", "error", str(FUNCTIONS / "build.py")]
        return Outcome(
            subprocess.run(
                command, env=variables, cwd=self.folder, capture_output=True, text=True, timeout=120
            )
        )

    def call(self, file: str, event: dict[str, Any], seconds: float = 60, **environment: str) -> Outcome:
        (self.folder / "index.py").write_text(source(file))
        variables = {**os.environ, "CFGEN_PAUSE": "0.02", **environment}
        command = [sys.executable, "-W", "error", "-c", DRIVER, str(seconds)]
        return Outcome(
            subprocess.run(
                command,
                env=variables,
                cwd=self.folder,
                input=json.dumps(event),
                capture_output=True,
                text=True,
                timeout=120,
            )
        )


@pytest.fixture
def functions(tmp_path: Path) -> Functions:
    return Functions(tmp_path)


def event_of(
    kind: str, url: str, properties: dict[str, Any], identity: str = "", **more: Any
) -> dict[str, Any]:
    """An event as CloudFormation sends it."""
    event = {
        "RequestType": kind,
        "ResponseURL": url,
        "StackId": STACK,
        "RequestId": f"request-{url.partition('?')[0]}",
        "ResourceType": "Custom::ModelBuild",
        "LogicalResourceId": "Build",
        "ResourceProperties": properties,
        **more,
    }
    return {**event, "PhysicalResourceId": identity} if identity else event
