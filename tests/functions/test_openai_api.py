"""The front door's function, asked by OpenAI's own client, in front of a loopback SageMaker runtime."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import boto3
import openai
import pytest

from tests.functions.front_door import Door, Runtime, broken, event_of, load, model_error

USAGE = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
CHAT = [{"role": "user", "content": "Is anyone there?"}]
KEY = "sk-the-first-key"


def completion(body: dict[str, Any]) -> Any:
    """A container that speaks as OpenAI does."""
    if "input" in body:
        row = {"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}
        return {
            "object": "list",
            "data": [row],
            "model": "x",
            "usage": {"prompt_tokens": 3, "total_tokens": 3},
        }
    said: dict[str, Any] = (
        {"text": "Yes."} if "prompt" in body else {"message": {"role": "assistant", "content": "Yes."}}
    )
    kind = "text_completion" if "prompt" in body else "chat.completion"
    choice = {"index": 0, "finish_reason": "stop", **said}
    return {
        "id": "c-1",
        "object": kind,
        "created": 1,
        "model": "/opt/ml/model",
        "choices": [choice],
        "usage": USAGE,
    }


def chunk(text: str) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    return {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def sse(*texts: str) -> bytes:
    return b"".join(f"data: {json.dumps(chunk(text))}\n\n".encode() for text in texts) + b"data: [DONE]\n\n"


class World:
    """A client, and what its requests became."""

    def __init__(self, client: openai.OpenAI, runtime: Runtime, url: str) -> None:
        self.client, self.runtime, self.url = client, runtime, url

    def chat(self, **more: Any) -> Any:
        return self.client.chat.completions.create(**{"model": "demo", "messages": CHAT, **more})


Make = Callable[..., World]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    with ExitStack() as stack:

        def make(
            answer: Callable[[dict[str, Any]], Any] = completion, key: str = "unused", **variables: str
        ) -> World:
            runtime = stack.enter_context(Runtime(answer))
            monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", runtime.url)
            door = stack.enter_context(Door(load(monkeypatch, **variables).handler))
            client = openai.OpenAI(base_url=f"{door.url}/v1", api_key=key, max_retries=0)
            return World(stack.enter_context(client), runtime, door.url)

        yield make


def test_a_chat_is_handed_on_and_its_usage_comes_back(world: Make) -> None:
    here = world()
    answer = here.chat(temperature=0.5, extra_body={"top_k": 5})
    assert answer.choices[0].message.content == "Yes."
    assert answer.usage.model_dump(exclude_none=True) == USAGE
    assert answer._request_id == "11111111-2222-3333-4444-555555555555"
    assert here.runtime.paths == ["/endpoints/demo-endpoint/invocations"]
    # the name is the door's own: containers call the model differently
    assert here.runtime.asked == [{"messages": CHAT, "temperature": 0.5, "top_k": 5}]


def test_completions_and_embeddings(world: Make) -> None:
    here = world()
    assert here.client.completions.create(model="org/demo", prompt="Hello").choices[0].text == "Yes."
    answer = here.client.embeddings.create(model="demo", input="Hello", encoding_format="float")
    assert answer.data[0].embedding == [0.5, 0.25]
    assert answer.usage.total_tokens == 3


def test_models_are_listed_by_the_names_callers_use(world: Make) -> None:
    here = world()
    assert [one.id for one in here.client.models.list()] == ["demo", "org/demo"]
    assert here.client.models.retrieve("org/demo").id == "org/demo"
    with pytest.raises(openai.NotFoundError, match="does not exist"):
        here.client.models.retrieve("other")


@pytest.mark.parametrize(
    "chunks",
    [
        [sse("Yes", ".")],
        # bytes of a character apart, events apart
        [sse("Yes", ".")[:30], sse("Yes", ".")[30:31], sse("Yes", ".")[31:]],
        # lines of JSON, as Large Model Inference sends them
        [f"{json.dumps(chunk('Yes'))}\n{json.dumps(chunk('.'))}\n".encode()],
        [sse("Yes", ".").replace(b"\n\n", b"\r\n\r\n")],
    ],
    ids=["events", "cut", "lines", "carriage returns"],
)
def test_a_stream_comes_in_one_piece_behind_an_http_api(world: Make, chunks: list[bytes]) -> None:
    here = world(lambda _: chunks)
    parts = [one.choices[0].delta.content for one in here.chat(stream=True)]
    assert parts == ["Yes", "."]
    assert here.runtime.paths == ["/endpoints/demo-endpoint/invocations-response-stream"]
    assert here.runtime.asked[0]["stream"] is True


def test_the_function_url_is_handed_the_call_instead(world: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = load(monkeypatch).handler
    context = type("Context", (), {"aws_request_id": "1"})()
    body = json.dumps({"model": "demo", "messages": CHAT, "stream": True}).encode()
    asked = handler({**event_of("POST", "/v1/chat/completions", {}, body), "pipe": True}, context)
    call = asked["invoke"]
    assert json.loads(call.pop("Body")) == {"messages": CHAT, "stream": True}
    assert call == {
        "EndpointName": "demo-endpoint", "ContentType": "application/json", "Accept": "application/json"
    }  # fmt: skip
    told = {"code": "ModelError", "message": '{"error": {"message": "too long"}}', "status": 400}
    answer = handler({**event_of("POST", "/v1/chat/completions", {}, body), "error": told}, context)
    assert (answer["statusCode"], json.loads(answer["body"])["error"]["message"]) == (400, "too long")


@pytest.mark.parametrize(
    ("found", "kind", "status", "said"),
    [
        (model_error(400, '{"object": "error", "message": "too long", "code": 400}'), openai.BadRequestError, 400, "too long"),
        (model_error(400, '{"error": {"message": "no such tool", "param": "tools", "code": "bad_tool"}}'), openai.BadRequestError, 400, "no such tool"),
        (model_error(422, '{"error": "Input validation error", "error_type": "validation"}'), openai.UnprocessableEntityError, 422, "Input validation"),
        (model_error(404, '{"detail": "Not Found"}'), openai.NotFoundError, 404, "Not Found"),
        (model_error(429, "Model is overloaded"), openai.RateLimitError, 429, "overloaded"),
        # the container's own keys are none of the caller's
        (model_error(401, "Unauthorized"), openai.InternalServerError, 502, "Unauthorized"),
        (model_error(500, "CUDA out of memory"), openai.InternalServerError, 502, "CUDA out of memory"),
        (model_error(0, "Your invocation timed out while waiting for a response"), openai.InternalServerError, 504, "in time"),
        (model_error(504, "gateway"), openai.InternalServerError, 504, "in time"),
        (("ThrottlingException", 400, {"Message": "Rate exceeded"}), openai.RateLimitError, 429, "try again"),
        (("ServiceUnavailable", 503, {"Message": "x"}), openai.InternalServerError, 503, "capacity"),
        (("ModelNotReadyException", 429, {"Message": "x"}), openai.InternalServerError, 503, "capacity"),
        (("ValidationError", 400, {"Message": "Endpoint demo-endpoint of account 1 not found."}), openai.InternalServerError, 503, "takes no requests"),
        (("ValidationError", 400, {"Message": "Request body is larger than 26214400 bytes"}), openai.APIStatusError, 413, "too large"),
        (("AccessDeniedException", 403, {"Message": "role x may not"}), openai.InternalServerError, 502, "cannot be asked"),
        (("InternalFailure", 500, {"Message": "x"}), openai.InternalServerError, 502, "cannot be asked"),
        (b"<html>", openai.InternalServerError, 502, "no JSON"),
    ],
)  # fmt: skip
def test_errors_of_the_endpoint_are_openais(
    world: Make, found: Any, kind: type[openai.APIStatusError], status: int, said: str
) -> None:
    here = world(lambda _: found)
    with pytest.raises(kind) as raised:
        here.chat()
    assert raised.value.status_code == status
    error = raised.value.body
    assert isinstance(error, dict)
    assert set(error) == {"message", "type", "param", "code"}
    assert said in error["message"]
    assert "role x" not in error["message"]
    if found != b"<html>":
        with pytest.raises(kind):
            here.chat(stream=True)


def test_an_endpoint_that_does_not_answer_in_time(world: Make) -> None:
    import time

    def slow(_: dict[str, Any]) -> Any:
        time.sleep(1.6)
        return {}

    here = world(slow, TIMEOUT="1")
    with pytest.raises(openai.InternalServerError, match="within 1 seconds") as raised:
        here.chat()
    assert raised.value.status_code == 504


def test_a_stream_that_breaks_off_is_an_error(world: Make) -> None:
    end = broken("ModelStreamError", Message="timed out", ErrorCode="ModelInvocationTimeExceeded")
    here = world(lambda _: [sse("Yes")[:40], end])
    with pytest.raises(openai.InternalServerError) as raised:
        here.chat(stream=True)
    assert raised.value.status_code == 504


BAD = [
    ("/chat/completions", b"not json", 400, "no JSON"),
    ("/chat/completions", b"[" * 15000, 400, "no JSON"),
    ("/chat/completions", b"[]", 400, "no JSON object"),
    ("/chat/completions", b'{"messages": [1]}', 400, "model parameter"),
    ("/chat/completions", b'{"model": 7, "messages": [1]}', 400, "model parameter"),
    ("/chat/completions", b'{"model": "other", "messages": [1]}', 404, "does not exist"),
    ("/chat/completions", b'{"model": "demo"}', 400, "'messages'"),
    ("/completions", b'{"model": "demo", "prompt": ""}', 400, "'prompt'"),
    ("/embeddings", b'{"model": "demo", "input": []}', 400, "'input'"),
    ("/embeddings", b'{"model": "demo", "input": "a", "stream": true}', 400, "does not stream"),
    ("/chat/completions", b'{"model": "demo", "x": "' + b"a" * 20000 + b'"}', 413, "at most 20000"),
    ("/responses", b'{"model": "demo"}', 404, "Unknown request URL: POST /v1/responses"),
]


@pytest.mark.parametrize(("path", "body", "status", "said"), BAD, ids=[str(i) for i in range(len(BAD))])
def test_a_wrong_request_never_reaches_the_endpoint(
    world: Make, path: str, body: bytes, status: int, said: str
) -> None:
    here = world()
    with pytest.raises(openai.APIStatusError) as raised:
        here.client.post(
            path, content=body, cast_to=object, options={"headers": {"content-type": "application/json"}}
        )
    assert raised.value.status_code == status
    assert isinstance(raised.value.body, dict)
    assert said in raised.value.body["message"]
    assert here.runtime.asked == []


def test_what_is_not_offered_is_not_there(world: Make) -> None:
    here = world(OFFERED="chat", STREAMS="no")
    with pytest.raises(openai.NotFoundError):
        here.client.embeddings.create(model="demo", input="a")
    with pytest.raises(openai.BadRequestError, match="does not stream"):
        here.chat(stream=True)
    with pytest.raises(openai.APIStatusError) as raised:
        here.client.get("/chat/completions", cast_to=object)
    assert raised.value.status_code == 405


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ({}, {"max_tokens": 100}),
        ({"max_tokens": 40}, {"max_tokens": 40}),
        ({"max_completion_tokens": 40}, {"max_tokens": 40, "max_completion_tokens": 40}),
        ({"n": 4}, {"n": 4, "max_tokens": 25}),
        ({"n": 2, "max_tokens": 50}, {"n": 2, "max_tokens": 50}),
        ({"max_tokens": 101}, None),
        ({"max_completion_tokens": 101, "max_tokens": 1}, None),
        ({"n": 3, "max_tokens": 50}, None),
        ({"n": 101}, None),
        ({"max_tokens": -1}, None),
        ({"max_tokens": "many"}, None),
        ({"n": 0}, None),
    ],
)
def test_tokens_are_limited(world: Make, asked: dict[str, Any], sent: dict[str, Any] | None) -> None:
    here = world(MAX_TOKENS="100")
    if sent is None:
        with pytest.raises(openai.BadRequestError):
            here.chat(**asked)
        assert here.runtime.asked == []
    else:
        here.chat(**asked)
        assert here.runtime.asked == [{"messages": CHAT, **sent}]


def test_prompts_count_each(world: Make) -> None:
    here = world(MAX_TOKENS="100")
    here.client.completions.create(model="demo", prompt=["a", "b"])
    assert here.runtime.asked[0]["max_tokens"] == 50
    with pytest.raises(openai.BadRequestError):
        here.client.completions.create(model="demo", prompt=["a", "b"], max_tokens=51)
    # tokens of one prompt are one prompt
    here.client.completions.create(model="demo", prompt=[1, 2, 3], max_tokens=100)


def test_text_embeddings_inference_is_spoken_to_in_its_way(world: Make) -> None:
    here = world(
        lambda body: [[0.5, len(text)] for text in body["inputs"]], PROTOCOL="tei", OFFERED="embeddings"
    )
    # the client asks for base64 by itself, and unpacks it
    answer = here.client.embeddings.create(model="demo", input=["a", "bcd"], dimensions=2)
    assert [row.embedding for row in answer.data] == [[0.5, 1.0], [0.5, 3.0]]
    assert [row.index for row in answer.data] == [0, 1]
    assert here.runtime.asked[0] == {"inputs": ["a", "bcd"], "dimensions": 2}
    plain = here.client.embeddings.create(model="demo", input="a", encoding_format="float")
    assert plain.data[0].embedding == [0.5, 1]
    for wrong in ([[1, 2]], [""], {"a": 1}):
        with pytest.raises(openai.BadRequestError):
            here.client.post("/embeddings", body={"model": "demo", "input": wrong}, cast_to=object)
    odd = world(lambda _: {"error": "x"}, PROTOCOL="tei", OFFERED="embeddings")
    with pytest.raises(openai.InternalServerError, match="no list of vectors"):
        odd.client.embeddings.create(model="demo", input="a")


@pytest.fixture
def secret(aws: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Sets the secret of keys; gives its ARN."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", aws)
    manager = boto3.client("secretsmanager", endpoint_url=aws)

    def put(text: str) -> str:
        try:
            return str(manager.put_secret_value(SecretId="keys", SecretString=text)["ARN"])
        except manager.exceptions.ResourceNotFoundException:
            return str(manager.create_secret(Name="keys", SecretString=text)["ARN"])

    return put


@pytest.mark.parametrize(
    ("kept", "good"),
    [
        (KEY, [KEY]),
        (f"{KEY}\n", [KEY]),
        (json.dumps({"team-a": KEY, "team-b": "sk-b"}), [KEY, "sk-b"]),
        (json.dumps([KEY, "sk-b"]), [KEY, "sk-b"]),
        ("12345", ["12345"]),
    ],
)
def test_keys(world: Make, secret: Callable[[str], str], kept: str, good: list[str]) -> None:
    here = world(API_KEY_SECRET=secret(kept))
    for key in good:
        assert here.client.with_options(api_key=key).models.list().data
    for key in ("sk-wrong", f"{KEY}x", "null", "ключ".encode().hex()):
        with pytest.raises(openai.AuthenticationError, match="Incorrect API key"):
            here.client.with_options(api_key=key).models.list()


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", f"Basic {KEY}", KEY])
def test_a_header_without_a_key(
    secret: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, header: str
) -> None:
    handler = load(monkeypatch, API_KEY_SECRET=secret(json.dumps(["", KEY, 7]))).handler
    context = type("Context", (), {"aws_request_id": "1"})()
    answer = handler(event_of("GET", "/v1/models", {"Authorization": header}, b""), context)
    assert answer["statusCode"] == 401


def test_a_new_key_is_found_and_an_old_one_forgotten(
    secret: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = load(monkeypatch, API_KEY_SECRET=secret("first"))
    clock = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    context = type("Context", (), {"aws_request_id": "1"})()

    def status(key: str) -> int:
        return int(
            module.handler(event_of("GET", "/v1/models", {"authorization": f"Bearer {key}"}, b""), context)[
                "statusCode"
            ]
        )

    assert (status("first"), status("second")) == (200, 401)
    secret("second")
    # a guess does not make it ask each time
    assert status("second") == 401
    clock[0] += 31
    assert (status("second"), status("first")) == (200, 401)


def test_a_secret_that_cannot_be_read_says_nothing_of_itself(
    world: Make, secret: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    here = world(API_KEY_SECRET=f"{secret('x')}-other")
    with pytest.raises(openai.InternalServerError, match="its log says why") as raised:
        here.client.models.list()
    assert raised.value.status_code == 500
    assert "ResourceNotFoundException" in capsys.readouterr().out


def test_the_log_holds_figures_but_no_words(world: Make, capsys: pytest.CaptureFixture[str]) -> None:
    here = world()
    here.chat()
    line = json.loads(capsys.readouterr().out)
    assert line.pop("milliseconds") >= 0
    assert line == {
        "method": "POST", "path": "/v1/chat/completions", "task": "chat", "model": "demo", "stream": False,
        "usage": USAGE, "status": 200,
    }  # fmt: skip


def test_an_answer_over_lambdas_limit_is_said(world: Make) -> None:
    here = world(lambda _: {"choices": ["x" * 5_600_000]})
    with pytest.raises(openai.APIStatusError, match="too long") as raised:
        here.chat()
    assert raised.value.status_code == 413
