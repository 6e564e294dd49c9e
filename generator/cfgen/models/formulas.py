"""How many parameters an architecture has, from the shape its config.json names.

For checkpoints that do not say: quantised ones (their files hold packed numbers) and pickles. Each formula counts
what transformers' modeling_*.py of the type builds, and is held against published counts in the tests. A type without
a formula has no count: None, not a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cfgen.models.configuration import Configuration

Values = Mapping[str, Any]


def parameter_count(config: Configuration) -> int | None:
    """Parameters of a model of this configuration; None for types and shapes without a formula."""
    formula = _FORMULAS.get(config.model_type)
    if formula is None or not (config.layers and config.hidden_size and config.values.get("vocab_size")):
        return None
    return formula(config)


def embedding_count(config: Configuration) -> int:
    """Parameters of the word embeddings and, where it is a matrix of its own, of the output: left unquantised."""
    vocabulary = int(config.values.get("vocab_size") or 0)
    return vocabulary * config.hidden_size * (1 if _tied(config) else 2)


def _tied(config: Configuration) -> bool:
    # transformers' own default is to tie; the Llama-like types' is not to
    default = config.model_type in {"gemma", "gemma2", "falcon"}
    return bool(config.values.get("tie_word_embeddings", default))


def _attention(config: Configuration) -> int:
    """Weights of query, key, value and output."""
    width = config.attention_heads * config.head_size
    return 2 * config.hidden_size * width + 2 * config.hidden_size * config.kv_heads * config.head_size


def _biases(config: Configuration) -> int:
    """Of query, key and value, where there are some."""
    if config.model_type == "qwen2" or config.values.get("attention_bias"):
        return (config.attention_heads + 2 * config.kv_heads) * config.head_size + (
            config.hidden_size if config.values.get("attention_bias") and config.model_type != "qwen2" else 0
        )
    return 0


def _gated(config: Configuration) -> int:
    """Llama and its kin: RMS norms, grouped attention, a gated feed-forward network or several experts of it."""
    hidden, experts = config.hidden_size, int(config.values.get("num_local_experts") or 0)
    feed = 3 * hidden * config.intermediate_size
    feed = experts * feed + experts * hidden if experts else feed
    norms = (4 if config.model_type == "gemma2" else 2) * hidden
    if config.model_type == "qwen3":
        norms += 2 * config.head_size
    layer = _attention(config) + _biases(config) + feed + norms
    return embedding_count(config) + config.layers * layer + hidden


def _falcon(config: Configuration) -> int:
    hidden, new = config.hidden_size, bool(config.values.get("new_decoder_architecture"))
    kv = config.kv_heads * config.head_size
    norms = 4 * hidden if new or not config.values.get("parallel_attn", True) else 2 * hidden
    width = _attention(config) + 8 * hidden * hidden
    if config.values.get("bias"):
        width += hidden + 2 * kv + hidden + 5 * hidden
    return embedding_count(config) + config.layers * (width + norms) + 2 * hidden


def _bert(config: Configuration) -> int:
    hidden, feed = config.hidden_size, config.intermediate_size
    positions = int(config.values.get("max_position_embeddings") or 0)
    kinds = 0 if config.model_type == "distilbert" else int(config.values.get("type_vocab_size", 2))
    words = (int(config.values["vocab_size"]) + positions + kinds) * hidden + 2 * hidden
    layer = 4 * (hidden * hidden + hidden) + 2 * hidden * feed + feed + hidden + 4 * hidden
    pooler = 0 if config.model_type == "distilbert" else hidden * hidden + hidden
    return words + config.layers * layer + pooler


_FORMULAS: Mapping[str, Callable[[Configuration], int]] = {
    **dict.fromkeys(("llama", "mistral", "mixtral", "qwen2", "qwen3", "phi3", "gemma", "gemma2"), _gated),
    "falcon": _falcon,
    **dict.fromkeys(("bert", "roberta", "xlm-roberta", "camembert", "distilbert"), _bert),
}
