"""The artifact of specs/embeddings.yaml, served by the container's own stack."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import CrossEncoder, SentenceTransformer
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

from tests.serving.conftest import Outside
from tests.serving.models import E5, MINILM, RERANKER, TEXTS, minilm, spec
from tests.serving.stack import Server


def near(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(
        np.asarray(found, dtype=float), np.asarray(expected, dtype=float), atol=1e-4, rtol=0
    )


def embed(server: Server, model: str, texts: Any, **more: Any) -> Any:
    status, answer = server.invoke({"model": model, "inputs": texts, **more})
    assert status == 200, answer
    assert answer["model"] == model
    return answer["embeddings"]


def test_embeddings_equal_those_of_sentence_transformers(server: Server) -> None:
    found = embed(server, MINILM, TEXTS)
    near(found, SentenceTransformer(str(minilm()), device="cpu").encode(TEXTS))
    near(np.linalg.norm(found, axis=1), np.ones(len(TEXTS)))


def test_meaning_survives_the_way(server: Server) -> None:
    cat, kitten, stocks = embed(
        server, MINILM, ["A cat sleeps.", "A kitten is napping.", "Stocks fell today."]
    )
    assert np.dot(cat, kitten) > 0.6 > 0.2 > np.dot(cat, stocks)


@pytest.mark.parametrize(("kind", "prefix"), [("query", "query: "), ("passage", "passage: "), ("none", "")])
def test_prefixes_and_mean_pooling_equal_transformers(
    server: Server, artifact: Path, kind: str, prefix: str
) -> None:
    tokenizer, model = (
        AutoTokenizer.from_pretrained(artifact / E5),
        AutoModel.from_pretrained(artifact / E5).eval(),
    )
    expected = []
    for text in TEXTS:
        with torch.inference_mode():
            batch = tokenizer(prefix + text, truncation=True, max_length=512, return_tensors="pt")
            vector = model(**batch).last_hidden_state[0].mean(0)
            expected.append((vector / vector.norm()).tolist())
    near(embed(server, E5, TEXTS, inputType=kind), expected)


def test_prefixes_matter(server: Server) -> None:
    query, passage = (embed(server, E5, "a text", inputType=kind)[0] for kind in ("query", "passage"))
    assert np.abs(np.subtract(query, passage)).max() > 1e-2


def test_scores_equal_transformers_and_the_cross_encoder(server: Server, artifact: Path) -> None:
    folder = artifact / RERANKER
    status, answer = server.invoke({"model": RERANKER, "query": "Where is the cat?", "passages": TEXTS})
    assert status == 200
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.inference_mode():
        batches = [
            tokenizer("Where is the cat?", text, truncation=True, return_tensors="pt") for text in TEXTS
        ]
        near(answer["scores"], [model(**batch).logits.item() for batch in batches])
    near(
        answer["scores"],
        CrossEncoder(str(folder), device="cpu").predict([("Where is the cat?", t) for t in TEXTS]),
    )
    assert answer["truncated"] == [len(TEXTS) - 1]


def test_a_request_of_the_smallest_kind(server: Server) -> None:
    one, many = embed(server, MINILM, "a text"), embed(server, MINILM, ["a text"])
    assert one == many
    assert np.shape(one) == (1, 384)


def test_the_smoke_request_of_the_spec(server: Server) -> None:
    status, answer = server.invoke(spec()["smokeTest"]["body"])
    assert status == 200, answer
    assert answer["model"] == MINILM


def test_batches_equal_singles(server: Server) -> None:
    near(embed(server, MINILM, TEXTS), [embed(server, MINILM, text)[0] for text in TEXTS])


def test_the_largest_batch(server: Server) -> None:
    texts = [f"text {row}: " + "many words " * (row % 12) for row in range(512)]
    started = time.monotonic()
    found = embed(server, MINILM, texts)
    assert time.monotonic() - started < 60  # SageMaker waits no longer for an answer
    assert np.shape(found) == (512, 384)
    for row in (0, 11, 12, 511):
        near(found[row], embed(server, MINILM, texts[row])[0])


@pytest.mark.parametrize(
    "text",
    ["日本語のテキスト", "שלום עולם", "e\u0301 é", "\u0000\u200b.", "🧑‍🚀" * 20, "a\r\nb\tc", '"\\{{${}'],
)
def test_any_character_arrives_as_it_is(server: Server, text: str) -> None:
    near(embed(server, MINILM, text)[0], SentenceTransformer(str(minilm()), device="cpu").encode(text))


def test_requests_at_the_same_time_do_not_mix(server: Server) -> None:
    texts = [f"request number {row} " * (row + 1) for row in range(16)]
    alone = [embed(server, MINILM, text)[0] for text in texts]
    with ThreadPoolExecutor(16) as pool:
        near([one[0] for one in pool.map(lambda text: embed(server, MINILM, text), texts)], alone)


ERRORS = [
    (b"", 400, "BadRequest", "the body is not JSON"),
    (b"{", 400, "BadRequest", 'send {"inputs": ["a text"], "model": "…"}'),
    ([], 400, "BadRequest", "the body is []"),
    ({"model": E5, "inputs": "a"}, 400, "BadRequest", "inputType is missing"),
    ({"model": MINILM, "inputs": []}, 400, "BadRequest", "inputs is []"),
    ({"model": MINILM, "inputs": [""]}, 400, "BadRequest", 'inputs[0] is ""'),
    ({"model": MINILM, "inputs": [1]}, 400, "BadRequest", "inputs[0] is 1"),
    ({"model": MINILM, "inputs": "\ud83d"}, 400, "BadRequest", "of whole characters"),
    ({"model": MINILM, "input_type": "query"}, 400, "BadRequest", "there is no field input_type"),
    (
        {"model": "gpt-2", "inputs": "ä"},
        404,
        "ModelNotFound",
        f'no model "gpt-2": there is {RERANKER}, {E5}, {MINILM}',
    ),
    ({"model": MINILM, "inputs": ["a"] * 513}, 413, "TooLarge", "at most 512 with 400000 in one request"),
]


@pytest.mark.parametrize(("body", "code", "kind", "message"), ERRORS)
def test_mistakes_are_answered_with_what_would_be_right(
    server: Server, body: Any, code: int, kind: str, message: str
) -> None:
    status, answer = server.invoke(body)
    assert (status, answer["code"], answer["type"]) == (code, code, kind)
    assert message in answer["message"]


def test_mistakes_that_the_toolkit_sees_first(server: Server) -> None:
    # UTF-8 is decoded before our code is asked, and Accept is what the answer would be labelled with
    for body, headers, message in (
        (b"\xff", {}, "'utf-8' codec can't decode"),
        (
            {"model": MINILM, "inputs": "a"},
            {"Accept": "text/csv"},
            "Accept is text/csv: answers are application/json",
        ),
    ):
        status, answer = server.invoke(body, **headers)
        assert (status, answer["code"]) == (400, 400)
        assert message in answer["message"]


@pytest.mark.parametrize(
    "kind", ["application/json", "application/octet-stream", "text/plain", "application/json; charset=utf-8"]
)
def test_json_is_json_whatever_it_is_called(server: Server, kind: str) -> None:
    # an SDK that is not told a content type sends application/octet-stream
    status, answer = server.invoke({"model": MINILM, "inputs": "ä"}, Content_Type=kind)
    assert status == 200, answer


def test_a_body_beyond_the_servers_own_limit(server: Server) -> None:
    assert (
        server.request("POST", "/invocations", b"x" * 7_000_000, {"Content-Type": "application/json"})[0]
        == 413
    )


def test_after_all_mistakes_it_still_serves_and_asked_nobody(server: Server, outside: Outside) -> None:
    assert len(embed(server, MINILM, "a text")[0]) == 384
    assert outside.calls == 0


def test_texts_do_not_stand_in_the_log(server: Server) -> None:
    embed(server, MINILM, "a very secret text")
    assert "secret" not in server.log
    assert f"{MINILM}: 6 tokens" in server.log


def test_memory_is_that_of_one_worker(server: Server) -> None:
    held = server.memory()
    assert 300 < held["python"] < 2500, held
    assert server.log.count("Model model loaded io_fd") == 1
