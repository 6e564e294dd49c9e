"""What config.json says of a model's shape, under the names that each architecture gives its fields.

Sources: huggingface/transformers, configuration_*.py of each model type; vllm-project/vllm, vllm/config/model.py for
how a stretched context is counted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cfgen.models.errors import DamagedFile
from cfgen.models.facts import Quantization

_DECODERS = """
    llama mistral mixtral ministral qwen2 qwen2_moe qwen3 qwen3_moe gemma gemma2 gemma3_text phi phi3
    phimoe falcon gpt2 gpt_neo gptj gpt_neox gpt_bigcode opt bloom mpt starcoder2 stablelm codegen cohere
    cohere2 granite granitemoe olmo olmo2 olmo3 olmoe dbrx deepseek deepseek_v2 deepseek_v3 kimi_k2 glm
    glm4 glm4_moe chatglm internlm2 internlm3 baichuan exaone exaone4 gpt_oss minicpm nemotron arctic
    smollm3 ernie4_5 ernie4_5_moe seed_oss hunyuan_v1_dense hunyuan_v1_moe apertus arcee llama4_text
    mistral3_text qwen2_vl_text qwen2_5_vl_text qwen3_vl_text qwen3_vl_moe_text
"""
DECODERS = frozenset(_DECODERS.split())
"""Types whose every layer keeps keys and values of past tokens, as they are or compressed. Windows and chunks of
some layers make the true need smaller than what is counted, never larger."""
_WITH_IMAGES = """
    gemma3 mistral3 llama4 qwen2_vl qwen2_5_vl qwen3_vl qwen3_vl_moe llava llava_next internvl
"""
MULTIMODAL = frozenset(_WITH_IMAGES.split())
"""Types with a language model of DECODERS as ``text_config`` (or beside it) and an encoder of images."""
_ENCODERS = """
    bert roberta xlm-roberta camembert distilbert mpnet electra albert deberta deberta-v2 nomic_bert
    modernbert new gte xlm-roberta-xl longformer ernie roformer mobilebert squeezebert convbert big_bird
    funnel flaubert xlm
"""
ENCODERS = frozenset(_ENCODERS.split())
LATENT = frozenset({"deepseek_v2", "deepseek_v3", "kimi_k2"})
"""Multi-head latent attention: a layer keeps ``kv_lora_rank + qk_rope_head_dim`` numbers a token."""
_DEFAULTS: Mapping[str, Mapping[str, int]] = {
    "gemma": {"head_dim": 256},
    "gemma2": {"head_dim": 256},
    "gemma3_text": {
        "num_hidden_layers": 26, "hidden_size": 2304, "intermediate_size": 9216, "num_attention_heads": 8,
        "num_key_value_heads": 4, "head_dim": 256, "max_position_embeddings": 131072,
    },
}  # fmt: skip
"""What transformers takes for fields that published configurations of a type leave out, where it is not what the other
fields would say (huggingface/transformers, configuration_gemma*.py)."""
_STRETCHED = ("gemma3", "gemma3_text")
"""Types whose longest sequence is told with the stretch of their positions in it (vllm/config/model.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The shape of a model; fields as in `ModelFacts`. ``values`` are the text model's own fields."""

    model_type: str
    architecture: str
    kind: str
    why_unknown: str
    dtype: str
    quantization: Quantization | None
    layers: int
    hidden_size: int
    intermediate_size: int
    expert_size: int
    attention_heads: int
    kv_heads: int
    head_size: int
    kv_rank: int
    context: int | None
    custom_code: bool
    values: Mapping[str, Any]


def read_configuration(model: str, data: bytes) -> Configuration:
    """The configuration in the bytes of a config.json. Raises DamagedFile."""
    try:
        config = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DamagedFile(model, "config.json", "is not JSON") from error
    if not isinstance(config, dict):
        raise DamagedFile(model, "config.json", "is not a mapping")
    return configuration(config)


def configuration(config: Mapping[str, Any]) -> Configuration:
    """The configuration that a config.json's content says; what it does not say is 0, empty or None."""
    outer = str(config.get("model_type") or "")
    inner = config.get("text_config")
    text: Mapping[str, Any] = inner if outer in MULTIMODAL and isinstance(inner, dict) else config
    kind_of = str(text.get("model_type") or outer) if text is not config else outer
    text = {**_DEFAULTS.get(kind_of, {}), **text}
    layers = _number(text, "num_hidden_layers", "n_layer", "num_layers", "n_layers")
    heads = _number(text, "num_attention_heads", "n_head", "n_heads")
    hidden = _number(text, "hidden_size", "n_embd", "d_model", "dim")
    kv_heads = _kv_heads(kind_of, text, heads)
    rank = _number(text, "kv_lora_rank") + _number(text, "qk_rope_head_dim") if kind_of in LATENT else 0
    kind, why = _kind(outer, kind_of, config, shaped=bool(layers and heads and hidden))
    names = config.get("architectures")
    return Configuration(
        model_type=outer,
        architecture=str(names[0]) if isinstance(names, list) and names else "",
        kind=kind,
        why_unknown=why,
        dtype=_dtype(config, text),
        quantization=_quantization(config, text),
        layers=layers,
        hidden_size=hidden,
        intermediate_size=_number(
            text, "intermediate_size", "ffn_hidden_size", "n_inner", "ffn_dim", "hidden_dim"
        )
        or 4 * hidden,
        expert_size=_number(text, "moe_intermediate_size"),
        attention_heads=heads,
        kv_heads=0 if rank else kv_heads,
        head_size=_number(text, "head_dim", "kv_channels") or (hidden // heads if heads else 0),
        kv_rank=rank,
        context=_context(text, kind_of),
        custom_code=bool(config.get("auto_map")),
        values=text,
    )


def _kind(outer: str, kind_of: str, config: Mapping[str, Any], *, shaped: bool) -> tuple[str, str]:
    if config.get("is_encoder_decoder"):
        return "unknown", "an encoder with a decoder keeps two kinds of memory, which are not worked out"
    if outer in ENCODERS:
        return "encoder", ""
    if outer in DECODERS or (outer in MULTIMODAL and (kind_of in DECODERS or kind_of == outer)):
        if shaped:
            return "decoder", ""
        return "unknown", "config.json does not say how many layers and heads it has"
    return "unknown", f"its architecture ({outer or 'config.json names none'}) is not known"


def _kv_heads(kind: str, values: Mapping[str, Any], heads: int) -> int:
    if kind == "falcon":
        if values.get("new_decoder_architecture"):
            return _number(values, "num_kv_heads") or heads
        return 1 if values.get("multi_query", True) else heads
    if kind == "gpt_bigcode":
        return 1 if values.get("multi_query", True) else heads
    if kind == "chatglm" and values.get("multi_query_attention"):
        return _number(values, "multi_query_group_num") or heads
    attention = values.get("attn_config")
    if isinstance(attention, dict) and (found := _number(attention, "kv_n_heads")):
        return found
    return _number(values, "num_key_value_heads", "num_kv_heads", "n_head_kv") or heads


def _context(values: Mapping[str, Any], kind: str) -> int | None:
    """The longest sequence, as vLLM derives it from the fields and a stretch of the positions."""
    names = (
        "max_position_embeddings",
        "n_positions",
        "max_seq_len",
        "seq_length",
        "n_ctx",
        "max_sequence_length",
    )
    given = [found for name in names if (found := _number(values, name))]
    if not given:
        return None
    longest = min(given)
    scaling = values.get("rope_scaling") or values.get("rope_parameters")
    if not isinstance(scaling, dict) or kind in _STRETCHED:
        return longest
    how, factor = scaling.get("rope_type") or scaling.get("type"), scaling.get("factor")
    if how not in ("linear", "dynamic", "yarn") or not isinstance(factor, (int, float)) or factor < 1:
        return longest
    if how == "yarn":
        longest = _number(scaling, "original_max_position_embeddings") or longest
    return int(longest * factor)


def _dtype(config: Mapping[str, Any], text: Mapping[str, Any]) -> str:
    for values in (config, text):
        for name in ("torch_dtype", "dtype"):
            if isinstance(values.get(name), str):
                return str(values[name]).removeprefix("torch.")
    return ""


def _quantization(config: Mapping[str, Any], text: Mapping[str, Any]) -> Quantization | None:
    given = (
        config.get("quantization_config")
        or text.get("quantization_config")
        or config.get("compression_config")
    )
    if not isinstance(given, dict):
        return None
    method = str(given.get("quant_method") or "unknown").lower().replace("_", "-")
    bits, group = _bits(method, given), given.get("group_size")
    if isinstance(block := given.get("weight_block_size"), list) and block and isinstance(block[0], int):
        group = block[0]
    if method == "compressed-tensors":
        for one in (given.get("config_groups") or {}).values():
            if isinstance(one, dict) and isinstance(weights := one.get("weights"), dict):
                bits, group = weights.get("num_bits"), weights.get("group_size")
    return Quantization(
        method,
        float(bits) if isinstance(bits, (int, float)) and 0 < bits <= 16 else None,
        group if isinstance(group, int) and group > 0 else None,
    )


def _bits(method: str, given: Mapping[str, Any]) -> Any:
    for name in ("bits", "w_bit", "weight_bits", "nbits"):
        if isinstance(given.get(name), int):
            return given[name]
    if method == "bitsandbytes":
        return 4 if given.get("load_in_4bit") else 8 if given.get("load_in_8bit") else None
    if method.startswith("modelopt"):
        return {"fp8": 8, "nvfp4": 4}.get(str(given.get("quant_algo") or "").lower())
    return {"fp8": 8, "fbgemm-fp8": 8, "mxfp4": 4, "eetq": 8}.get(method)


def _number(values: Mapping[str, Any], *names: str) -> int:
    """The first of the fields that is a positive whole number, else 0."""
    for name in names:
        value = values.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    return 0
