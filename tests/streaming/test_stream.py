"""The function URL's function in real Node.js with AWS's own SDK, asked by OpenAI's client; `make test-streaming`."""

# ruff: noqa: ARG002 - loopback servers have the base class's signature

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openai
import pytest

from tests.conftest import ROOT
from tests.functions.front_door import FUNCTIONS, Runtime, broken, load, model_error, part
from tests.functions.loopback import Loopback
from tests.functions.test_openai_api import CHAT, chunk, completion, sse

MODULES = ROOT / ".venvs" / "node" / "node_modules"


class Lambda(Loopback):
    """Lambda's Invoke: the Python function behind the door."""

    def __init__(self, module: Any) -> None:
        super().__init__()
        self.module, self.events = module, []
        self.fails = False

    events: list[dict[str, Any]]

    def serve(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        assert path == "/2015-03-31/functions/door/invocations"
        self.events.append(json.loads(body))
        if self.fails:
            return 200, {"X-Amz-Function-Error": "Unhandled"}, b'{"errorMessage": "out of memory"}'
        answer = self.module.handler(self.events[-1], SimpleNamespace(aws_request_id="request-1"))
        return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()


class World:
    """The address, its client, and what stands behind."""

    def __init__(self, url: str, runtime: Runtime, door: Lambda) -> None:
        self.runtime, self.door = runtime, door
        self.client = openai.OpenAI(base_url=f"{url}/v1", api_key="unused", max_retries=0)

    def stream(self, **more: Any) -> Any:
        return self.client.chat.completions.create(
            **{"model": "demo", "messages": CHAT, "stream": True, **more}
        )

    def texts(self) -> list[str]:
        return [one.choices[0].delta.content for one in self.stream()]


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Any]:
    """Starts the function; gives its URL."""
    running: list[subprocess.Popen[str]] = []

    def start(door: str, runtime: str) -> str:
        index = tmp_path / "index.js"
        index.write_text((FUNCTIONS / "openai_stream.js").read_text())
        keys = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "none"}
        places = {"AWS_ENDPOINT_URL_LAMBDA": door, "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": runtime}
        own = {"AWS_REGION": "us-east-1", "DOOR": "door", "NODE_PATH": str(MODULES), **keys, **places}
        command = ["node", str(Path(__file__).parent / "node" / "server.js"), str(index)]
        process = subprocess.Popen(command, env={**os.environ, **own}, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        return f"http://127.0.0.1:{int(process.stdout.readline())}"

    yield start
    for process in running:
        process.terminate()
        process.communicate(timeout=10)


@pytest.fixture
def world(node: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    open_: list[Loopback] = []

    def make(answer: Any, **variables: str) -> World:
        runtime = Runtime(answer)
        monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", runtime.url)
        door = Lambda(load(monkeypatch, **variables))
        for server in (runtime, door):
            open_.append(server.__enter__())
        return World(node(door.url, runtime.url), runtime, door)

    yield make
    for server in open_:
        server.__exit__()


@pytest.mark.parametrize(
    "chunks",
    [
        [sse("Yes", ".")],
        [
            sse("Jä", ".").replace(b"\\u00e4", "ä".encode())[cut : cut + 1]
            for cut in range(len(sse("Jä", ".")))
        ],
        [f"{json.dumps(chunk('Yes'))}\n{json.dumps(chunk('.'))}\n".encode()],
    ],
    ids=["events", "byte by byte", "lines of JSON"],
)
def test_a_stream_is_handed_on(world: Any, chunks: list[bytes]) -> None:
    here = world(lambda _: [one for one in chunks if one])
    assert here.texts() in (["Yes", "."], ["Jä", "."])
    assert here.runtime.paths == ["/endpoints/demo-endpoint/invocations-response-stream"]
    assert here.runtime.asked == [{"messages": CHAT, "stream": True}]


def test_each_piece_comes_as_it_is_made(node: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "application/vnd.amazon.eventstream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self._write(part(sse("Yes").removesuffix(b"data: [DONE]\n\n")))
            # the model makes no more before the caller has the first piece
            came = seen.wait(10)
            self._write(part(sse("." if came else "late")))
            self.wfile.write(b"0\r\n\r\n")

        def _write(self, data: bytes) -> None:
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with Lambda(load(monkeypatch)) as door:
        url = node(door.url, f"http://127.0.0.1:{server.server_address[1]}")
        with openai.OpenAI(base_url=f"{url}/v1", api_key="unused", max_retries=0) as client:
            texts = []
            for one in client.chat.completions.create(model="demo", messages=CHAT, stream=True):  # type: ignore[call-overload]
                texts.append(one.choices[0].delta.content)
                seen.set()
    server.shutdown()
    server.server_close()
    assert texts == ["Yes", "."]


def test_everything_else_is_the_other_functions(world: Any) -> None:
    here = world(completion)
    answer = here.client.chat.completions.create(model="demo", messages=CHAT)
    assert (answer.choices[0].message.content, answer._request_id) == ("Yes.", "request-1")
    assert [one.id for one in here.client.models.list()] == ["demo", "org/demo"]
    with pytest.raises(openai.NotFoundError, match="does not exist"):
        here.stream(model="other")
    assert all(event["pipe"] is True for event in here.door.events)


@pytest.mark.parametrize(
    ("found", "status", "said"),
    [
        (model_error(400, '{"error": {"message": "too long"}}'), 400, "too long"),
        (model_error(500, "CUDA out of memory"), 502, "CUDA"),
        (model_error(0, "Your invocation timed out"), 504, "in time"),
        (("ThrottlingException", 400, {"Message": "Rate exceeded"}), 429, "try again"),
        (("ValidationError", 400, {"Message": "Endpoint demo of account 1 not found."}), 503, "no requests"),
        (("AccessDeniedException", 403, {"Message": "role x may not"}), 502, "cannot be asked"),
    ],
)
def test_a_stream_that_does_not_begin_is_an_error_with_its_status(
    world: Any, found: Any, status: int, said: str
) -> None:
    here = world(lambda _: found)
    with pytest.raises(openai.APIStatusError) as raised:
        here.stream()
    assert raised.value.status_code == status
    assert isinstance(raised.value.body, dict)
    assert said in raised.value.body["message"]


def test_a_stream_that_breaks_off_says_so(world: Any) -> None:
    end = broken("ModelStreamError", Message="timed out", ErrorCode="ModelInvocationTimeExceeded")
    here = world(lambda _: [sse("Yes").removesuffix(b"data: [DONE]\n\n"), end])
    with pytest.raises(openai.APIError, match="broke off"):
        here.texts()


def test_a_function_that_fails_says_nothing_of_itself(world: Any) -> None:
    here = world(completion)
    here.door.fails = True
    with pytest.raises(openai.InternalServerError, match="its log says why") as raised:
        here.stream()
    assert raised.value.status_code == 502
    assert "memory" not in str(raised.value.body)
