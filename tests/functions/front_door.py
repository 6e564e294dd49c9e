# ruff: noqa: ARG002 - loopback servers have the base class's signature
"""A front door on loopback: HTTP requests become events, SageMaker's runtime is played, the function is the real one."""

from __future__ import annotations

import base64
import binascii
import importlib.util
import json
import struct
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest

from tests.functions.loopback import Loopback

FUNCTIONS = Path(__file__).parents[2] / "templates" / "functions"
DEFAULTS = {
    "ENDPOINT_NAME": "demo-endpoint",
    "PROTOCOL": "openai",
    "OFFERED": "chat,completions,embeddings",
    "MODELS": '["demo", "org/demo"]',
    "MAX_BODY_BYTES": "20000",
    "MAX_TOKENS": "0",
    "TIMEOUT": "2",
    "STREAMS": "yes",
}


def load(monkeypatch: pytest.MonkeyPatch, **variables: str) -> ModuleType:
    """The function's module, as Lambda loads it with these variables."""
    for name, value in {**DEFAULTS, **variables}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    spec = importlib.util.spec_from_file_location("openai_api", FUNCTIONS / "openai_api.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def event_of(
    method: str, path: str, headers: dict[str, str], body: bytes, decoded: bool = True
) -> dict[str, Any]:
    """Payload format 2.0."""
    event: dict[str, Any] = {
        "version": "2.0",
        "rawPath": unquote(path) if decoded else path,
        "headers": {name.lower(): value for name, value in headers.items()},
        "requestContext": {"http": {"method": method, "path": path}},
        "isBase64Encoded": False,
    }
    return {**event, "body": body.decode()} if body else event


class Door(Loopback):
    """Serves the function as API Gateway does."""

    def __init__(self, handler: Callable[[dict[str, Any], Any], dict[str, Any]]) -> None:
        super().__init__()
        self.handler = handler

    def serve(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        context = SimpleNamespace(aws_request_id="11111111-2222-3333-4444-555555555555")
        answer = self.handler(event_of(method, path, headers, body), context)
        return answer["statusCode"], answer["headers"], answer["body"].encode()


def message(headers: dict[str, str], payload: bytes) -> bytes:
    """One message of AWS's event stream encoding."""
    block = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack(">II", 12 + len(block) + len(payload) + 4, len(block))
    head = prelude + struct.pack(">I", binascii.crc32(prelude)) + block + payload
    return head + struct.pack(">I", binascii.crc32(head))


def part(payload: bytes) -> bytes:
    """A PayloadPart."""
    kind = "application/octet-stream"
    return message({":message-type": "event", ":event-type": "PayloadPart", ":content-type": kind}, payload)


def broken(code: str, **content: Any) -> bytes:
    """An exception in the stream."""
    return message(
        {":message-type": "exception", ":exception-type": code, ":content-type": "application/json"},
        json.dumps(content).encode(),
    )


class Runtime(Loopback):
    """SageMaker's runtime with a model of a test's choosing: ``answer(body)`` → what the container answers.

    Bytes or an object: 200. A tuple (code, status, content): an error of SageMaker's. A list of bytes: chunks of a
    stream, of which one may be a message that ``broken`` made.
    """

    def __init__(self, answer: Callable[[dict[str, Any]], Any]) -> None:
        super().__init__()
        self.answer = answer
        self.asked: list[dict[str, Any]] = []
        self.paths: list[str] = []

    def serve(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        self.paths.append(path)
        self.asked.append(json.loads(body))
        found = self.answer(self.asked[-1])
        if isinstance(found, tuple):
            code, status, content = found
            return (
                status,
                {"x-amzn-errortype": code, "content-type": "application/json"},
                json.dumps(content).encode(),
            )
        if path.endswith("/invocations-response-stream"):
            chunks = found if isinstance(found, list) else [json.dumps(found).encode()]
            data = b"".join(one if one[:2] == b"\x00\x00" else part(one) for one in chunks)
            return 200, {"content-type": "application/vnd.amazon.eventstream"}, data
        data = found if isinstance(found, bytes) else json.dumps(found).encode()
        return 200, {"content-type": "application/json"}, data


def model_error(status: int, said: str) -> tuple[str, int, dict[str, Any]]:
    """The container's own error, as SageMaker hands it on."""
    content = {"Message": "Received an error", "OriginalStatusCode": status, "OriginalMessage": said}
    return "ModelError", 424, content


def floats(packed: str) -> list[float]:
    """What OpenAI's base64 holds."""
    raw = base64.b64decode(packed)
    return list(struct.unpack(f"<{len(raw) // 4}f", raw))
