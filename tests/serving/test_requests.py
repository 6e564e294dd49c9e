"""What requests are refused, with which words, and what reaches a model: inference.py without a server."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import inference
import pytest
import torch
from encoder import batches
from hypothesis import given
from hypothesis import strategies as st


class Fake:
    """A model that notes what it is given."""

    def __init__(
        self, name: str, reranks: bool = False, prompts: dict[str, str] | None = None, size: int = 2
    ) -> None:
        self.name, self.reranks, self.prompts, self.size = name, reranks, prompts or {}, size
        self.prompt: str | None = None
        self.lower = False
        self.seen: list[Any] = []

    def run(self, texts: list[str], pairs: list[str] | None = None) -> tuple[Any, int, list[int]]:
        self.seen.append((texts, pairs))
        return torch.zeros(len(texts) if self.reranks else (len(texts), self.size)), len(texts), []


@pytest.fixture
def models() -> dict[str, Fake]:
    every = [
        Fake("o/plain"),
        Fake("o/e5", prompts={"query": "query: ", "passage": "passage: "}, size=1024),
        Fake("o/ranker", reranks=True, size=1),
    ]
    return {one.name: one for one in every}


REFUSED = [
    ([], 400, 'the body is []: send {"inputs"'),
    ("text", 400, 'the body is "text": send'),
    ({}, 400, "model is missing: it is one of o/plain, o/e5"),
    ({"model": "o/plain"}, 400, "inputs or input is missing: send"),
    ({"model": "o/plain", "inputs": []}, 400, "inputs is []: it is a text, or a list of at least one"),
    ({"model": "o/plain", "inputs": {"a": 1}}, 400, 'inputs is {"a": 1}: it is a text'),
    ({"model": "o/plain", "inputs": None}, 400, "inputs is null"),
    ({"model": "o/plain", "inputs": ["a", 3]}, 400, "inputs[1] is 3: it is a text, not empty"),
    ({"model": "o/plain", "inputs": ["a", " \n"]}, 400, "inputs[1] is"),
    (
        {"model": "o/plain", "inputs": "\ud800"},
        400,
        'inputs[0] is "\\ud800": it is a text, not empty, of whole',
    ),
    ({"model": "o/plain", "input": "a", "inputs": "a"}, 400, "inputs or input is there twice"),
    (
        {"model": "o/plain", "inputs": "a", "input_type": "query"},
        400,
        "there is no field input_type: there is model",
    ),
    (
        {"model": "o/plain", "inputs": "a", "inputType": "document"},
        400,
        'is "document": for o/plain it is one of none',
    ),
    ({"model": "o/plain", "inputs": "a", "inputType": ["query"]}, 400, 'inputType is ["query"]'),
    (
        {"model": "o/e5", "inputs": "a"},
        400,
        "inputType is missing: for o/e5 it is one of none, query, passage",
    ),
    (
        {"model": "o/nobody", "inputs": "a"},
        404,
        'there is no model "o/nobody": there is o/plain, o/e5, o/ranker',
    ),
    ({"model": ["o/plain"], "inputs": "a"}, 404, 'there is no model ["o/plain"]'),
    (
        {"model": "o/plain", "type": "images", "inputs": "a"},
        400,
        'type is "images": it is one of embeddings, cross',
    ),
    ({"model": "o/plain", "type": [], "inputs": "a"}, 400, "type is []"),
    (
        {"model": "o/plain", "type": "rerank", "inputs": "a"},
        400,
        "type is rerank, but o/plain is for embeddings",
    ),
    ({"model": "o/ranker", "type": "embeddings"}, 400, "type is embeddings, but o/ranker is for reranking"),
    ({"model": "o/ranker", "inputs": "a"}, 400, "o/ranker takes no inputs: send"),
    ({"model": "o/plain", "query": "a", "passages": ["b"]}, 400, "o/plain takes no passages, query: send"),
    ({"query": "a"}, 400, "passages is missing: send"),
    ({"query": ["a", "b"], "passages": ["c"]}, 400, "query holds 2 texts: it is one, for all passages"),
    ({"query": "", "passages": ["c"]}, 400, 'query[0] is "": it is a text'),
    ({"model": "o/plain", "inputs": ["a"] * 513}, 413, "513 texts with 513 characters"),
    (
        {"model": "o/e5", "inputs": ["a"] * 489, "inputType": "none"},
        413,
        "at most 488 with 400000 in one request",
    ),
    ({"model": "o/plain", "inputs": "a" * 400_001}, 413, "1 texts with 400001 characters"),
    ({"query": "q" * 1000, "passages": ["p"] * 400}, 413, "a query counted for each passage: at most 512"),
]


@pytest.mark.parametrize(("body", "status", "message"), REFUSED)
def test_refusals_say_what_would_be_right(
    models: dict[str, Fake], body: Any, status: int, message: str
) -> None:
    with pytest.raises(inference.Refused) as refusal:
        inference.answer(body, models)
    assert refusal.value.status == status
    assert message in str(refusal.value)
    assert len(str(refusal.value)) < 400
    assert not any(model.seen for model in models.values())


def test_prefixes_are_those_of_the_model(models: dict[str, Fake]) -> None:
    for kind in ("query", "passage", "none"):
        for name in ("o/e5", "o/plain"):
            inference.answer({"model": name, "inputs": ["a"], "inputType": kind}, models)
    assert models["o/e5"].seen == [(["query: a"], None), (["passage: a"], None), (["a"], None)]
    assert models["o/plain"].seen == [(["a"], None)] * 3


def test_a_default_prompt_stands_for_a_missing_input_type(models: dict[str, Fake]) -> None:
    models["o/e5"].prompt = "passage"
    inference.answer({"model": "o/e5", "inputs": "a"}, models)
    assert models["o/e5"].seen == [(["passage: a"], None)]


def test_text_is_lowered_only_where_the_repository_says_so(models: dict[str, Fake]) -> None:
    models["o/plain"].lower = True
    inference.answer({"model": "o/plain", "inputs": "ÄBC"}, models)
    assert models["o/plain"].seen == [(["äbc"], None)]


def test_the_default_model_answers_when_none_is_named(
    models: dict[str, Fake], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inference, "DEFAULT_MODEL", "o/plain")
    assert inference.answer({"inputs": "a"}, models)["model"] == "o/plain"
    assert inference.answer({"type": "embeddings", "input": ["a"]}, models)["model"] == "o/plain"
    # the only one that reranks needs no name
    assert inference.answer({"query": "a", "passages": ["b", "c"]}, models)["scores"] == [0, 0]
    assert (
        inference.answer({"type": "cross-encoder", "query": "a", "passages": "b"}, models)["model"]
        == "o/ranker"
    )
    assert models["o/ranker"].seen == [(["a", "a"], ["b", "c"]), (["a"], ["b"])]


def test_nothing_here_for_what_is_asked(models: dict[str, Fake]) -> None:
    del models["o/ranker"]
    with pytest.raises(inference.Refused, match="model is missing: it is one of none here"):
        inference.answer({"query": "a", "passages": ["b"]}, models)


class Context:
    """What the toolkit hands to transform_fn."""

    def __init__(self) -> None:
        self.status, self.phrase = 200, ""
        self.system_properties = {"gpu_id": None}

    def set_response_status(self, code: int, phrase: str, idx: int) -> None:
        assert idx == 0
        self.status, self.phrase = code, phrase


def transform(models: Any, data: Any, accept: str = "application/json") -> tuple[int, Any]:
    context = Context()
    answer = json.loads(inference.transform_fn(models, data, "application/json", accept, context))
    if context.status != 200:
        assert (answer["code"], answer["type"]) == (context.status, context.phrase)
    return context.status, answer


@pytest.mark.parametrize("data", ["", None, "{", "{'a': 1}", b"\xff\xfe\xfd", bytearray(b"x"), "[" * 200_000])
def test_what_is_not_json_is_the_callers_mistake(data: Any) -> None:
    status, answer = transform({}, data)
    assert status == 400
    assert answer["message"].startswith("the body is not JSON (")
    assert 'send {"inputs"' in answer["message"]


def test_a_fault_of_ours_is_not_the_callers(models: dict[str, Fake], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise ValueError("out of memory")

    monkeypatch.setattr(models["o/plain"], "run", fail)
    status, answer = transform(models, '{"model": "o/plain", "inputs": "a"}')
    assert (status, answer["message"]) == (500, "ValueError: out of memory")


def test_numbers_that_are_none_are_a_fault_of_ours(
    models: dict[str, Fake], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models["o/plain"], "run", lambda *_: (torch.tensor([[float("nan")]]), 1, []))
    assert transform(models, '{"model": "o/plain", "inputs": "a"}')[0] == 500


@pytest.mark.parametrize(
    "accept", ["application/json", "*/*", "application/json, text/plain;q=0.5", "application/*"]
)
def test_any_accept_that_takes_json_is_served(models: dict[str, Fake], accept: str) -> None:
    assert transform(models, '{"model": "o/plain", "inputs": "a"}', accept)[0] == 200


def test_another_accept_is_left_to_the_toolkit(models: dict[str, Fake]) -> None:
    with pytest.raises(ValueError, match="Accept is text/csv: answers are application/json"):
        transform(models, '{"model": "o/plain", "inputs": "a"}', "text/csv")


@given(st.lists(st.integers(0, 600), max_size=80), st.integers(1, 5000))
def test_batches_hold_every_row_once_within_the_budget(sizes: list[int], budget: int) -> None:
    found = list(batches(sizes, budget))
    assert sorted(row for batch in found for row in batch) == list(range(len(sizes)))
    for batch in found:
        assert batch
        longest = max(sizes[row] for row in batch)
        assert len(batch) == 1 or len(batch) * longest <= budget
        assert len(batch) == 1 or min(sizes[row] for row in batch) * 2 >= longest


def test_threads_are_shared_among_workers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, recwarn: pytest.WarningsRecorder
) -> None:
    chosen: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", chosen.append)
    monkeypatch.setattr(inference, "os", SimpleNamespace(sched_getaffinity=lambda _: range(8), environ={}))
    for workers, threads in (("2", 4), ("1", 8), ("16", 1), ("", 1)):
        inference.os.environ["SAGEMAKER_MODEL_SERVER_WORKERS"] = workers
        with pytest.raises(RuntimeError, match="no model in"):
            inference.model_fn(str(tmp_path), Context())
        assert chosen[-1] == threads
    assert not recwarn
