"""encoder.py against sentence-transformers: pooling, lengths, prompts, scores; and what it refuses to load."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import encoder
import inference
import numpy as np
import pytest
import torch
from encoder import Encoder, find
from sentence_transformers import CrossEncoder, SentenceTransformer

from tests.serving.models import (
    E5,
    MINILM,
    RERANKER,
    TEXTS,
    make_e5,
    make_reranker,
    pooling,
    sentence_files,
    write,
)

CPU = torch.device("cpu")


@pytest.fixture
def e5(tmp_path: Path) -> Path:
    make_e5(tmp_path / "model")
    return tmp_path / "model"


def near(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(
        np.asarray(found, dtype=float), np.asarray(expected, dtype=float), atol=1e-4, rtol=0
    )


@pytest.mark.parametrize("mode", ["mean_tokens", "cls_token", "max_tokens"])
@pytest.mark.parametrize("normalize", [True, False])
def test_pooling_is_the_repositorys(e5: Path, mode: str, normalize: bool) -> None:
    shutil.rmtree(e5 / "1_Pooling")
    sentence_files(e5, pooling(mode, 64), normalize=normalize)
    found = Encoder("o/m", e5, CPU)
    near(found.run(TEXTS)[0], SentenceTransformer(str(e5), device="cpu").encode(TEXTS))
    norms = found.run(TEXTS)[0].norm(dim=1)
    assert torch.allclose(norms, torch.ones(len(TEXTS)), atol=1e-5) is normalize


@pytest.mark.parametrize("mode", ["mean", "cls", "max", ["mean"]])
def test_pooling_as_newer_sentence_transformers_save_it(e5: Path, mode: Any) -> None:
    sentence_files(e5, {"embedding_dimension": 64, "pooling_mode": mode, "include_prompt": True})
    near(Encoder("o/m", e5, CPU).run(TEXTS)[0], SentenceTransformer(str(e5), device="cpu").encode(TEXTS))


def test_what_sentence_transformers_itself_saved(e5: Path, tmp_path: Path) -> None:
    reference = SentenceTransformer(str(e5), device="cpu")
    reference.save(str(tmp_path / "saved"))
    near(Encoder("o/m", tmp_path / "saved", CPU).run(TEXTS)[0], reference.encode(TEXTS))


def test_a_plain_model_is_pooled_by_the_mean_and_not_normalised(e5: Path) -> None:
    for name in ("modules.json", "sentence_bert_config.json"):
        (e5 / name).unlink()
    found = Encoder("o/m", e5, CPU)
    assert (found.pooling, found.normalizes, found.max_tokens) == ("mean", False, 512)
    near(found.run(TEXTS[:3])[0].shape, (3, 64))


@pytest.mark.parametrize("length", [16, 512])
def test_texts_are_cut_where_the_model_stops_reading_and_it_says_so(e5: Path, length: int) -> None:
    sentence_files(e5, pooling("mean_tokens", 64), length=length)
    found = Encoder("o/m", e5, CPU)
    vectors, tokens, cut = found.run(TEXTS)
    near(vectors, SentenceTransformer(str(e5), device="cpu").encode(TEXTS))
    sizes = [len(one) for one in found.tokenizer(TEXTS)["input_ids"]]
    assert cut == [row for row, size in enumerate(sizes) if size > length]
    assert len(TEXTS) - 1 in cut
    assert tokens == sum(min(size, length) for size in sizes)


def test_a_length_beyond_the_models_positions_is_not_believed(e5: Path) -> None:
    sentence_files(e5, pooling("mean_tokens", 64), length=8192)
    about = json.loads((e5 / "tokenizer_config.json").read_text())
    write(e5 / "tokenizer_config.json", {**about, "model_max_length": 10**30})
    assert (
        Encoder("o/m", e5, CPU).max_tokens == 512
    )  # 514 positions, of which XLM-RoBERTa's first two are not used


def test_prompts_come_from_the_repository_before_the_name(e5: Path) -> None:
    prompts = {"query": "search: ", "document": "", "sts": "sts | "}
    write(e5 / "config_sentence_transformers.json", {"prompts": prompts, "default_prompt_name": "query"})
    found = Encoder(E5, e5, CPU)
    assert found.prompts == {"query": "search: ", "sts": "sts | "}
    answer = inference.answer({"inputs": "Ein Satz"}, {E5: found})
    near(answer["embeddings"], SentenceTransformer(str(e5), device="cpu").encode(["Ein Satz"]))


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("intfloat/multilingual-e5-large", True),
        ("intfloat/e5-small-v2", True),
        ("intfloat/multilingual-e5-large-instruct", False),
        ("someone/e5-large-finetuned", False),
        ("sentence-transformers/all-MiniLM-L6-v2", False),
    ],
)
def test_e5_models_are_known_by_name(e5: Path, name: str, known: bool) -> None:
    assert bool(Encoder(name, e5, CPU).prompts) is known


@pytest.mark.parametrize(
    ("labels", "activation"),
    [(1, "torch.nn.modules.linear.Identity"), (1, ""), (1, "torch.nn.modules.activation.Sigmoid"), (3, "")],
)
def test_scores_are_those_of_the_cross_encoder(tmp_path: Path, labels: int, activation: str) -> None:
    make_reranker(tmp_path, labels=labels, activation=activation)
    pairs = [("a cat?", text) for text in TEXTS]
    found = Encoder("o/r", tmp_path, CPU).run(["a cat?"] * len(TEXTS), TEXTS)[0]
    reference = CrossEncoder(str(tmp_path), device="cpu").predict(pairs)
    assert np.ptp(reference) > 0.01
    near(found, reference)


def test_the_older_name_of_a_cross_encoders_activation(tmp_path: Path) -> None:
    make_reranker(tmp_path, activation="")
    config = json.loads((tmp_path / "config.json").read_text())
    key = "sbert_ce_default_activation_function"
    write(tmp_path / "config.json", {**config, key: "torch.nn.modules.linear.Identity"})
    assert not Encoder("o/r", tmp_path, CPU).sigmoid


@pytest.mark.parametrize("budget", [1, 600, 100_000])
def test_batches_change_nothing(e5: Path, monkeypatch: pytest.MonkeyPatch, budget: int) -> None:
    found = Encoder("o/m", e5, CPU)
    alone = torch.cat([found.run([text])[0] for text in TEXTS])
    monkeypatch.setattr(encoder, "BATCH_TOKENS", budget)
    near(found.run(TEXTS)[0], alone)


@pytest.mark.parametrize("module", ["Dense", "WeightedLayerPooling"])
def test_a_module_that_is_not_written_here_is_refused(e5: Path, module: str) -> None:
    listing = json.loads((e5 / "modules.json").read_text())
    listing.append({"idx": 3, "name": "3", "path": "3", "type": f"sentence_transformers.models.{module}"})
    write(e5 / "modules.json", listing)
    with pytest.raises(ValueError, match=rf"asks for what is not written here: .* modules \['{module}'\]"):
        Encoder("o/m", e5, CPU)


@pytest.mark.parametrize(
    "config",
    [
        pooling("mean_sqrt_len_tokens", 64),
        {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True},
        {"pooling_mode": "lasttoken"},
        {"pooling_mode_mean_tokens": True, "include_prompt": False},
    ],
)
def test_a_pooling_that_is_not_written_here_is_refused(e5: Path, config: dict[str, Any]) -> None:
    sentence_files(e5, config)
    with pytest.raises(ValueError, match="asks for what is not written here"):
        Encoder("o/m", e5, CPU)


def test_weights_that_are_missing_are_not_made_up(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    make_reranker(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    save_file(
        {key: one for key, one in weights.items() if not key.startswith("classifier")},
        tmp_path / "model.safetensors",
        {"format": "pt"},
    )
    with pytest.raises(ValueError, match=r"weights are missing: \['classifier.bias', 'classifier.weight'\]"):
        Encoder("o/r", tmp_path, CPU)


def test_models_are_found_by_their_folders(artifact: Path, e5: Path) -> None:
    assert sorted(find(artifact, "top")) == sorted([MINILM, E5, RERANKER])
    # one model's files are at the top; an export beside them is not another model
    write(e5 / "onnx" / "config.json", {"model_type": "bert"})
    write(e5 / "code" / "config.json", {"model_type": "bert"})
    assert find(e5, "o/m") == {"o/m": e5}
    write(e5.parent / "bert-base" / "config.json", {"model_type": "bert"})
    write(e5.parent / "bert-base" / "onnx" / "config.json", {"model_type": "bert"})
    assert sorted(find(e5.parent, "top")) == ["bert-base", "model"]


def test_a_model_that_does_not_load_is_named(e5: Path) -> None:
    (e5 / "model.safetensors").write_bytes(b"cut")
    with pytest.raises(RuntimeError, match="model cannot be served: "):
        inference.model_fn(str(e5.parent))
