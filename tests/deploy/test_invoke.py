"""Requests to an endpoint: at once, streamed, asynchronous, refused; with bodies from everywhere."""

from __future__ import annotations

import io
import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cfgen.deploy import errors, invoke
from cfgen.deploy.stack import Resource, StackView
from tests.deploy.conftest import SPEC, Run
from tests.deploy.fakes import Client, FakeAws, body, failure, stack

STREAM = (
    'data: {"choices":[{"delta":{"content":"Good "}}]}\n\n'
    'data: {"choices":[{"delta":{"content":"day"}}]}\n\ndata: [DONE]\n\n'
)


class Model(BaseHTTPRequestHandler):
    """A chat model with one answer."""

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        asked = (
            json.loads(raw)
            if self.headers["Content-Type"] == "application/json"
            else {"inputs": raw.decode()}
        )
        if asked.get("inputs") == "fail":
            self._send(400, "application/json", '{"error": "no such thing"}')
        elif asked.get("stream"):
            self._send(200, "text/event-stream", STREAM)
        elif "messages" in asked:
            words = asked["messages"][-1]["content"].upper()
            self._send(200, "application/json", json.dumps({"choices": [{"message": {"content": words}}]}))
        else:
            self._send(200, "application/json", json.dumps({"asked": asked}))

    def _send(self, code: int, kind: str, text: str) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def model() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Model) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/invocations"
        server.shutdown()


def test_an_endpoint_is_asked_in_every_way(
    cfgen: Run, name: str, sandbox: Any, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cfgen("deploy", SPEC, "--stack-name", name, "--no-confirm", "--no-request").code == 0
    sandbox.configure(responders={"*": model})

    ran = cfgen("invoke", name)
    assert json.loads(ran.out) == {"asked": {"inputs": "What is Amazon SageMaker?"}}
    assert ran.err.strip().splitlines()[-1].endswith(" s")

    (tmp_path / "body.json").write_text('{"inputs": ["a"]}')
    assert json.loads(cfgen("invoke", name, f"@{tmp_path / 'body.json'}").out) == {"asked": {"inputs": ["a"]}}
    assert cfgen("invoke", name, f"@{tmp_path / 'missing'}").code == 2
    assert json.loads(cfgen("invoke", name, "plain words").out) == {"asked": {"inputs": "plain words"}}
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"inputs": "piped"}')))
    assert json.loads(cfgen("invoke", name, "-").out) == {"asked": {"inputs": "piped"}}

    assert json.loads(cfgen("invoke", name, "--embed", "a", "--embed", "b").out) == {
        "asked": {"inputs": ["a", "b"]}
    }
    assert cfgen("invoke", name, "--chat", "hello", "--system", "be brief").out == "HELLO\n"
    ran = cfgen("invoke", name, "--chat", "hello", "--system", "be brief", "--stream")
    assert ran.out == "Good day\n"
    assert "first part after" in ran.err
    found = json.loads(cfgen("invoke", name, '{"inputs": "x"}', "--format", "json").out)
    assert found["body"] == {"asked": {"inputs": "x"}}

    ran = cfgen("invoke", name, "fail", "--content-type", "text/plain")
    assert ran.code == 1
    assert "no such thing" in ran.err
    assert "cfgen logs" in ran.err
    assert cfgen("invoke", name, "x", "--chat", "y").code == 2
    assert cfgen("invoke", "not-there", "x", "--endpoint").code == 1
    ran = cfgen("invoke", name, "s3://b/k", "--async")
    assert (ran.code, "is not an async endpoint" in ran.err) == (1, True)


TARGET = invoke.Target("e")


def test_an_asynchronous_endpoint_is_known_by_its_stack(
    cfgen: Run, name: str, sandbox: Any, model: str, tmp_path: Path
) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(SPEC.read_text() + "async: {}\nsmokeTest: {enabled: false}\n")
    assert cfgen("deploy", spec, "--stack-name", name, "--no-confirm").code == 0
    sandbox.configure(responders={"*": model})
    ran = cfgen("invoke", name, '{"inputs": "x"}')
    assert json.loads(ran.out) == {"asked": {"inputs": "x"}}
    assert "waiting for s3://" in ran.err
    assert "sending the template's example" in cfgen("invoke", name).err
    assert cfgen("invoke", name, "x", "--no-wait").out.startswith("s3://")
    assert cfgen("invoke", name, "x", "--stream").code == 2


def test_an_asynchronous_answer_is_waited_for() -> None:
    runtime = Client(
        invoke_endpoint_async={
            "InferenceId": "1",
            "OutputLocation": "s3://b/out/1.out",
            "FailureLocation": "s3://b/bad/1.out",
        }
    )
    missing = failure("NoSuchKey")
    s3 = Client(
        put_object={},
        get_object=[
            missing,
            missing,
            missing,
            missing,
            {"Body": body("[1]"), "ContentType": "application/json"},
        ],
    )
    aws = FakeAws(sagemaker_runtime=runtime, s3=s3)
    location = invoke.put_input(aws, b"{}", "s3://b/in/", "application/json")
    assert location.startswith("s3://b/in/44136fa355b3678a")
    ticket = invoke.invoke_async(aws, TARGET, location)
    assert runtime.calls[0][1] == {
        "EndpointName": "e",
        "InputLocation": location,
        "ContentType": "application/json",
    }
    assert invoke.wait_async(aws, ticket, timeout=5, pause=0.001).data == [1]


def test_an_asynchronous_failure_is_told() -> None:
    def get(Bucket: str, Key: str) -> Any:
        return {"Body": body("model said no")} if Key.startswith("bad") else failure("NoSuchKey")

    aws = FakeAws(s3=Client(get_object=get))
    ticket = invoke.Ticket("1", "s3://b/out/1", "s3://b/bad/1")
    with pytest.raises(errors.InvokeFailed, match="model said no"):
        invoke.wait_async(aws, ticket, timeout=5, pause=0.001)
    with pytest.raises(errors.TimedOut):
        invoke.wait_async(aws, invoke.Ticket("1", "s3://b/out/1", ""), timeout=0, pause=0.001)


def test_streams_that_break_say_so() -> None:
    parts = [{"PayloadPart": {"Bytes": b"a"}}, {"ModelStreamError": {"Message": "out of memory"}}]
    aws = FakeAws(sagemaker_runtime=Client(invoke_endpoint_with_response_stream={"Body": parts}))
    found = invoke.stream(aws, TARGET, b"{}")
    assert next(found) == b"a"
    with pytest.raises(errors.InvokeFailed, match="out of memory"):
        next(found)


def test_bodies_have_a_limit() -> None:
    runtime = Client(invoke_endpoint_async={"OutputLocation": "s3://b/o"})
    assert invoke.invoke_async(FakeAws(sagemaker_runtime=runtime), TARGET, b"{}").output == "s3://b/o"
    assert runtime.calls[0][1]["Body"] == b"{}"
    with pytest.raises(errors.InvokeFailed, match="128,000"):
        invoke.invoke_async(FakeAws(sagemaker_runtime=Client()), TARGET, b"x" * 128_001)
    with pytest.raises(errors.InvokeFailed, match="25,000,000"):
        invoke.invoke(FakeAws(sagemaker_runtime=Client()), TARGET, b"x" * 25_000_001)


@pytest.mark.parametrize("wrong", ["bucket/key", "https://b/k", "s3:///k"])
def test_s3_addresses(wrong: str) -> None:
    with pytest.raises(errors.MalformedOption):
        invoke.split_s3(wrong)
    assert invoke.split_s3("s3://b/k/l") == ("b", "k/l")


@pytest.mark.parametrize(
    ("asked", "found"), [("", "chat-1e607495"), ("code", "code-1e607495"), ("chat-1e607495", "chat-1e607495")]
)
def test_a_component_is_known_by_its_name_in_the_spec(asked: str, found: str) -> None:
    assert invoke.target_of(two_components(), component=asked).component == found


def test_an_unknown_component_is_told_with_those_there_are() -> None:
    with pytest.raises(errors.DeployError, match="no inference component cod") as caught:
        invoke.target_of(two_components(), component="cod")
    assert "chat-1e607495, code-1e607495" in str(caught.value.hint)


def two_components() -> StackView:
    arn = "arn:aws:sagemaker:us-east-1:111122223333:inference-component/{}-1e607495"
    rows = [Resource(f"{one.title()}Component", arn.format(one), "AWS::SageMaker::InferenceComponent", "")
            for one in ("chat", "code")]  # fmt: skip
    found = stack(Client())
    found.resources = (*found.resources, *rows)
    return found
