"""Example requests read back, bodies of their shape, text out of answers and streams."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfgen.deploy import sample


def command(body: Any) -> dict[str, str]:
    text = json.dumps(body).replace("'", "'\\''")
    return {
        "InvokeCommand": "aws sagemaker-runtime invoke-endpoint --region r --content-type application/json"
        f" --cli-binary-format raw-in-base64-out --body '{text}' /dev/stdout"
    }


MESSAGES = sample.of_outputs(
    command({"messages": [{"role": "user", "content": "What's up?"}], "max_tokens": 128})
)
GENERATE = sample.of_outputs(command({"inputs": "x", "parameters": {"max_new_tokens": 64}}))
INPUTS = sample.of_outputs(command({"inputs": "x"}))


def test_the_example_is_read_out_of_the_command() -> None:
    assert MESSAGES is not None
    assert MESSAGES.data["messages"][0]["content"] == "What's up?"
    assert MESSAGES.content_type == "application/json"


@pytest.mark.parametrize(
    "outputs", [{}, {"InvokeCommand": "aws x"}, {"InvokeCommand": "aws --body 'unclosed"}]
)
def test_without_an_example_there_is_none(outputs: dict[str, str]) -> None:
    assert sample.of_outputs(outputs) is None


def test_chat_takes_the_endpoints_shape() -> None:
    user = {"role": "user", "content": "hi"}
    assert sample.chat("hi", MESSAGES) == {"messages": [user], "max_tokens": 128}
    assert sample.chat("hi", GENERATE, max_tokens=5) == {"messages": [user], "max_tokens": 5}
    assert sample.chat("hi", GENERATE) == {"messages": [user], "max_tokens": 64}
    assert sample.chat("hi", INPUTS) == {"inputs": "hi"}
    system = {"role": "system", "content": "be brief"}
    assert sample.chat("hi", None, system="be brief", stream=True) == {
        "messages": [system, user],
        "stream": True,
    }


def test_embeddings_take_the_endpoints_key() -> None:
    assert sample.embed(["a"], INPUTS) == {"inputs": "a"}
    assert sample.embed(["a", "b"], sample.Sample('{"input": "x", "model": "m"}')) == {
        "model": "m",
        "input": ["a", "b"],
    }


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ({"choices": [{"message": {"content": "hello"}}]}, "hello"),
        ({"choices": [{"delta": {"content": "he"}}]}, "he"),
        ({"choices": [{"delta": {}, "finish_reason": "stop"}]}, ""),
        ({"choices": [{"text": "hello"}]}, "hello"),
        ([{"generated_text": "hello"}], "hello"),
        ({"token": {"text": "a", "special": False}}, "a"),
        ({"token": {"text": "</s>", "special": True}}, ""),
        ({"embedding": [1]}, None),
        ([1, 2], None),
    ],
)
def test_text_of_answers(answer: Any, text: str | None) -> None:
    assert sample.text_of(answer) == text


SSE = (
    'data: {"choices":[{"delta":{"content":"Grüß "}}]}\n\ndata: {"choices":[{"delta":{"content":"dich'
    ' 👋"}}]}\n\n'
    "data: [DONE]\n\n"
)
LINES = '{"token":{"text":"Grüß "}}\n{"token":{"text":"dich 👋"}}\n'


@pytest.mark.parametrize("text", [SSE, LINES, "Grüß dich 👋"])
@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_streams_may_be_cut_anywhere(text: str, size: int) -> None:
    data, reader = text.encode(), sample.StreamText()
    found = "".join(reader.feed(data[start : start + size]) for start in range(0, len(data), size))
    assert found + reader.feed(b"", end=True) == "Grüß dich 👋"
