"""What config.json is read as, and parameter counts against published ones."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgen.models.configuration import configuration, read_configuration
from cfgen.models.errors import DamagedFile
from cfgen.models.facts import ModelFacts, Quantization, as_json, from_json
from cfgen.models.formulas import parameter_count
from cfgen.models.inspection import described
from cfgen.models.weights import Weights
from tests.fixtures.models import CONFIGS

# parameters as their publishers or the hub count them
PUBLISHED: dict[str, tuple[dict[str, Any], int]] = {
    "bert-base-uncased": (
        {"model_type": "bert", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
         "intermediate_size": 3072, "vocab_size": 30522, "max_position_embeddings": 512, "type_vocab_size": 2},
        109_482_240,
    ),
    "roberta-base": (
        {"model_type": "roberta", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
         "intermediate_size": 3072, "vocab_size": 50265, "max_position_embeddings": 514, "type_vocab_size": 1},
        124_645_632,
    ),
    "xlm-roberta-base": (
        {"model_type": "xlm-roberta", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
         "intermediate_size": 3072, "vocab_size": 250002, "max_position_embeddings": 514, "type_vocab_size": 1},
        278_043_648,
    ),
    "distilbert-base-uncased": (
        {"model_type": "distilbert", "dim": 768, "n_layers": 6, "n_heads": 12, "hidden_dim": 3072, "vocab_size": 30522,
         "max_position_embeddings": 512},
        66_362_880,
    ),
    "Llama-2-7b": (
        {"model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
         "num_key_value_heads": 32, "intermediate_size": 11008, "vocab_size": 32000},
        6_738_415_616,
    ),
    "Qwen3-8B": (
        {"model_type": "qwen3", "hidden_size": 4096, "num_hidden_layers": 36, "num_attention_heads": 32,
         "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 12288, "vocab_size": 151936},
        8_190_735_360,
    ),
    "gemma-7b": (
        {"model_type": "gemma", "hidden_size": 3072, "num_hidden_layers": 28, "num_attention_heads": 16,
         "num_key_value_heads": 16, "head_dim": 256, "intermediate_size": 24576, "vocab_size": 256000},
        8_537_680_896,
    ),
    "gemma-2-9b": (
        {"model_type": "gemma2", "hidden_size": 3584, "num_hidden_layers": 42, "num_attention_heads": 16,
         "num_key_value_heads": 8, "head_dim": 256, "intermediate_size": 14336, "vocab_size": 256000},
        9_241_705_984,
    ),
    "Phi-3-mini-4k": (
        {"model_type": "phi3", "hidden_size": 3072, "num_hidden_layers": 32, "num_attention_heads": 32,
         "num_key_value_heads": 32, "intermediate_size": 8192, "vocab_size": 32064},
        3_821_079_552,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_counts_equal_published_ones(name: str) -> None:
    config, count = PUBLISHED[name]
    assert parameter_count(configuration(config)) == count


def test_an_architecture_without_a_formula_has_no_count() -> None:
    assert (
        parameter_count(configuration({"model_type": "starcoder2", "hidden_size": 3, "vocab_size": 1}))
        is None
    )
    assert parameter_count(configuration({"model_type": "llama"})) is None


SHAPES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "GPT-2's names": (
        {"model_type": "gpt2", "n_layer": 12, "n_head": 12, "n_embd": 768, "n_positions": 1024},
        {"layers": 12, "attention_heads": 12, "kv_heads": 12, "head_size": 64, "context": 1024, "kind": "decoder"},
    ),
    "one key for all heads": (
        {"model_type": "gpt_bigcode", "n_layer": 40, "n_head": 48, "n_embd": 6144, "multi_query": True},
        {"kv_heads": 1, "intermediate_size": 4 * 6144},
    ),
    "ChatGLM's groups": (
        {"model_type": "chatglm", "num_layers": 28, "num_attention_heads": 32, "hidden_size": 4096, "seq_length": 8192,
         "multi_query_attention": True, "multi_query_group_num": 2, "kv_channels": 128},
        {"kv_heads": 2, "layers": 28, "context": 8192},
    ),
    "DBRX's": (
        {"model_type": "dbrx", "n_layers": 40, "n_heads": 48, "d_model": 6144, "attn_config": {"kv_n_heads": 8}},
        {"kv_heads": 8, "hidden_size": 6144},
    ),
    "latent attention": (
        {"model_type": "deepseek_v3", "num_hidden_layers": 61, "num_attention_heads": 128, "hidden_size": 7168,
         "num_key_value_heads": 128, "kv_lora_rank": 512, "qk_rope_head_dim": 64},
        {"kv_rank": 576, "kv_heads": 0},
    ),
    "a stretched context": (
        {"model_type": "qwen2", "max_position_embeddings": 32768,
         "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}},
        {"context": 131072},
    ),
    "a context that is stretched already": (
        {"model_type": "llama", "max_position_embeddings": 131072,
         "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "original_max_position_embeddings": 8192}},
        {"context": 131072},
    ),
    "images beside a language model": (
        {"model_type": "gemma3", "dtype": "bfloat16", "text_config": {"model_type": "gemma3_text", "hidden_size": 2560,
         "num_hidden_layers": 34, "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256}},
        {"kind": "decoder", "layers": 34, "model_type": "gemma3", "dtype": "bfloat16"},
    ),
    # the text_config of gemma-3-12b-it, and what Gemma3TextConfig has for what is missing: 256 a head, not 3840 / 16
    "fields that are left out": (
        {"model_type": "gemma3", "text_config": {"model_type": "gemma3_text", "hidden_size": 3840,
         "intermediate_size": 15360, "num_attention_heads": 16, "num_hidden_layers": 48, "num_key_value_heads": 8,
         "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024}},
        {"head_size": 256, "kv_heads": 8, "context": 131072, "kind": "decoder"},
    ),
    "fields that are nearly all left out": (
        {"model_type": "gemma3", "text_config": {"model_type": "gemma3_text", "hidden_size": 2560,
         "intermediate_size": 10240, "num_hidden_layers": 34}},
        {"attention_heads": 8, "kv_heads": 4, "head_size": 256, "layers": 34, "kind": "decoder"},
    ),
    "a context with its stretch in it": (
        {"model_type": "gemma3_text", "max_position_embeddings": 131072,
         "rope_parameters": {"rope_type": "linear", "factor": 8.0}},
        {"context": 131072},
    ),
    "narrow experts": (
        {"model_type": "qwen3_moe", "hidden_size": 2048, "num_hidden_layers": 48, "num_attention_heads": 32,
         "num_key_value_heads": 4, "head_dim": 128, "intermediate_size": 6144, "moe_intermediate_size": 768},
        {"intermediate_size": 6144, "expert_size": 768, "kind": "decoder"},
    ),
    "a text model named after the whole": (
        {"model_type": "qwen2_5_vl", "text_config": {"model_type": "qwen2_5_vl_text", "hidden_size": 3584,
         "num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4}},
        {"kind": "decoder", "head_size": 128},
    ),
    "an encoder with a decoder": ({"model_type": "t5", "is_encoder_decoder": True}, {"kind": "unknown"}),
    "another architecture": ({"model_type": "mamba"}, {"kind": "unknown"}),
    "no architecture": ({}, {"kind": "unknown", "context": None}),
    "a known one that says nothing": ({"model_type": "llama"}, {"kind": "unknown"}),
    "code of its own": ({"model_type": "bert", "auto_map": {"AutoModel": "m.M"}}, {"custom_code": True, "kind": "encoder"}),
}  # fmt: skip


@pytest.mark.parametrize("case", SHAPES)
def test_shapes(case: str) -> None:
    config, expected = SHAPES[case]
    found = configuration(config)
    assert {name: getattr(found, name) for name in expected} == expected
    assert bool(found.why_unknown) == (found.kind == "unknown")


def test_latent_attention_keeps_the_same_however_it_is_split() -> None:
    facts = described(configuration(SHAPES["latent attention"][0]), Weights("safetensors", 10, {}))
    assert facts.kv_bytes() == facts.kv_bytes(8) == 61 * 576 * 2


QUANTIZED: dict[str, tuple[dict[str, Any], Quantization]] = {
    "awq": ({"quant_method": "awq", "bits": 4, "group_size": 128}, Quantization("awq", 4, 128)),
    "gptq of 8 bits, a scale a row": ({"quant_method": "gptq", "bits": 8, "group_size": -1}, Quantization("gptq", 8)),
    "fp8 in blocks": ({"quant_method": "fp8", "weight_block_size": [128, 128]}, Quantization("fp8", 8, 128)),
    "fbgemm": ({"quant_method": "fbgemm_fp8"}, Quantization("fbgemm-fp8", 8)),
    "4 bits of bitsandbytes": ({"quant_method": "bitsandbytes", "load_in_4bit": True}, Quantization("bitsandbytes", 4)),
    "8 bits of bitsandbytes": ({"quant_method": "bitsandbytes", "load_in_8bit": True}, Quantization("bitsandbytes", 8)),
    "mxfp4": ({"quant_method": "mxfp4"}, Quantization("mxfp4", 4)),
    "compressed tensors": (
        {"quant_method": "compressed-tensors",
         "config_groups": {"group_0": {"weights": {"num_bits": 8, "group_size": None}}}},
        Quantization("compressed-tensors", 8),
    ),
    "one of unknown bits": ({"quant_method": "newest"}, Quantization("newest")),
    "bits that are none": ({"quant_method": "awq", "bits": 0}, Quantization("awq")),
}  # fmt: skip


@pytest.mark.parametrize("case", QUANTIZED)
def test_quantisation(case: str) -> None:
    given_, expected = QUANTIZED[case]
    assert configuration({"model_type": "llama", "quantization_config": given_}).quantization == expected


def test_quantised_weights_weigh_what_their_bits_say() -> None:
    full = described(configuration(CONFIGS["llama-3.1-70b-instruct"]), Weights("", None, {}))
    packed = described(configuration(CONFIGS["llama-3.1-70b-awq-int4"]), Weights("", None, {}))
    assert full.weight_bytes == 141_107_412_992
    assert packed.weight_bytes == 39_712_354_457
    unknown = {**CONFIGS["llama-3.1-70b-instruct"], "quantization_config": {"quant_method": "newest"}}
    nothing = described(configuration(unknown), Weights("", None, {}))
    assert (nothing.kind, nothing.weight_bytes) == ("unknown", None)


def test_wide_weights_of_a_decoder_are_served_in_16_bit() -> None:
    config = configuration(CONFIGS["mistral-7b-instruct-v0.3"])
    by_count = described(config, Weights("safetensors", 4 * 7248023552, {}))
    by_header = described(config, Weights("safetensors", 4 * 7248023552, {"F32": 7248023552}))
    mixed = described(config, Weights("safetensors", 20, {"F32": 2, "BF16": 6}))
    assert by_count.served_bytes == by_header.served_bytes == 2 * 7248023552
    assert (mixed.served_bytes, mixed.weight_bytes) == (16, 20)
    encoder = described(
        configuration(CONFIGS["all-MiniLM-L6-v2"]), Weights("safetensors", 90852864, {"F32": 22713216})
    )
    assert encoder.served_bytes == 90852864


def test_stored_numbers_of_8_bits_are_counted_where_no_formula_is() -> None:
    fp8 = {"quant_method": "fp8", "weight_block_size": [128, 128]}
    config = configuration({**SHAPES["narrow experts"][0], "quantization_config": fp8})
    found = described(config, Weights("safetensors", 31, {"F8_E4M3": 29, "BF16": 1, "F32": 7}))
    assert (found.parameters, found.served_bytes) == (30, 31)
    packed = described(config, Weights("safetensors", 31, {"I32": 29, "BF16": 1}))
    assert packed.parameters is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["model_type", "hidden_size", "num_hidden_layers", "num_attention_heads", "quantization_config", "rope_scaling",
     "text_config", "attn_config", "architectures", "auto_map", "torch_dtype", "vocab_size", "num_key_value_heads"]
)  # fmt: skip


@given(
    st.dictionaries(KEYS, JSON | st.sampled_from(["llama", "falcon", "gemma3", "bert", "awq"]), max_size=9)
)
def test_whatever_stands_in_a_configuration_is_read_or_refused(config: dict[str, Any]) -> None:
    try:
        found = read_configuration("m", json.dumps(config).encode())
    except DamagedFile:
        return
    facts = replace(described(found, Weights("safetensors", 1000, {})), id="m")
    assert facts.kind in ("decoder", "encoder", "unknown")
    assert facts.kv_bytes() >= 0
    assert from_json(json.loads(json.dumps(as_json(facts)))) == facts


@pytest.mark.parametrize(
    "row",
    [{}, {"format": 2}, {"format": 1}, {"format": 1, "id": "m", "hue": 3}, {"format": 1, "id": "m", "layers": "many"},
     {"format": 1, "id": "m", "quantization": {"x": 1}}, {"format": 1, "id": 3}, {"format": 1, "id": "m", "layers": True}],
)  # fmt: skip
def test_facts_of_another_form_are_refused(row: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"is |has "):
        from_json(row)


def test_facts_survive_being_written() -> None:
    facts = ModelFacts(
        id="m", kind="decoder", layers=2, kv_heads=1, head_size=4, quantization=Quantization("awq", 4, 128)
    )
    assert from_json(json.loads(json.dumps(as_json(facts)))) == facts
