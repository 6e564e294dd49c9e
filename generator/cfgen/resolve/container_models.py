"""What a hub model's name alone tells: its size, whether it is gated, what its attention heads allow.

Guesses for defaults and warnings, never for refusals: no network is asked. Figures are from the models' own
``config.json`` and cards; a name that says nothing gives ``None``.
"""

from __future__ import annotations

import re

# sizes (billions) of names that carry none; the first that matches wins
_NAMED_SIZES: tuple[tuple[str, float], ...] = (
    (r"17b-128e", 402.0),
    (r"17b-16e", 109.0),
    (r"deepseek-v2(\.5)?(-chat)?$", 236.0),
    (r"deepseek-(coder-)?v2-lite", 15.7),
    (r"deepseek-(v3|r1)(?!.*distill)", 671.0),
    (r"kimi-k2", 1000.0),
    (r"mistral-large", 123.0),
    (r"mistral-nemo", 12.2),
    (r"mistral-small", 24.0),
    (r"command-r-plus", 104.0),
    (r"command-r(?!7)", 35.0),
    (r"dbrx", 132.0),
    (r"grok-1", 314.0),
    (r"glm-4\.[56]-air", 106.0),
    (r"glm-4\.[56]", 355.0),
    (r"minimax-m2", 230.0),
    (r"phi-(3|3\.5|4)-mini", 3.8),
    (r"phi-3-small", 7.4),
    (r"phi-3-medium", 14.0),
    (r"phi-3\.5-moe", 42.0),
    (r"phi-4", 14.7),
    (r"phi-2$", 2.8),
    (r"phi-1", 1.4),
    (r"starcoder(base)?$", 15.5),
    (r"bloomz?$", 176.0),
    (r"t5.*-xxl", 11.3),
    (r"t5.*-xl", 2.9),
    (r"t5.*-large", 0.8),
    (r"t5.*-base", 0.25),
    (r"t5.*-small", 0.08),
    (r"gpt2-xl", 1.6),
    (r"gpt2-large", 0.8),
    (r"gpt2-medium", 0.4),
    (r"gpt2$", 0.2),
    (r"whisper-large", 1.6),
    (r"stable-diffusion-xl", 3.5),
    (r"minilm", 0.05),
    (r"bge-m3", 0.6),
    (r"(bge|e5|gte|arctic-embed|bert|roberta|deberta).*-large", 0.6),
    (r"(bge|e5|gte|bert|roberta|deberta|mpnet).*-base", 0.3),
    (r"(bge|e5|gte).*-small", 0.05),
    (r"distil(bert|roberta)", 0.1),
)
_EXPERTS = re.compile(r"(?<![a-z0-9.])(\d+)x(\d+(?:\.\d+)?)b(?![a-z0-9])")
# "bloom-7b1": what follows may be a digit
_BILLIONS = re.compile(r"(?<![a-z0-9.])(\d+(?:[._]\d+)?)b(?![a-z])")
_MILLIONS = re.compile(r"(?<![a-z0-9.])(\d{1,4})m(?![a-z0-9])")
# "7B-Instruct-1M" means a context of a million tokens
_LEAST_MILLIONS = 5

# weights of fewer than 16 bits, as names say it
_BITS: tuple[tuple[str, int], ...] = (
    (r"awq|gptq|int4|4bit|w4a16|nvfp4|mxfp4|nf4|q4_|gpt-oss", 4),
    (r"fp8|int8|8bit|w8a8|w8a16|q8_", 8),
)

# who asks for terms to be accepted before a download, and what for
GATED: tuple[tuple[str, str], ...] = (
    (r"meta-llama/", "Meta asks to accept the Llama licence"),
    (r"google/([a-z0-9]*)gemma-(?!4)", "Google asks to accept the Gemma terms"),
    (r"(coherelabs|cohereforai)/", "Cohere asks to accept its licence and acceptable-use addendum"),
    (
        r"mistralai/(mistral-large|codestral-22b|ministral-8b-instruct-2410|mistral-small-.*-2409|pixtral-l)",
        "Mistral AI asks to accept its research licence",
    ),
    (r"black-forest-labs/flux\.", "Black Forest Labs asks to accept its licence"),
    (r"stabilityai/(stable-diffusion-3|stable-audio)", "Stability AI asks to accept its community licence"),
    (r"bigcode/starcoder(?!2)", "BigCode asks to accept the OpenRAIL-M licence"),
    (r"databricks/dbrx", "Databricks asks to accept its open-model licence"),
    (r"tiiuae/falcon-180b", "TII asks to accept the Falcon 180B licence"),
    (r"pyannote/", "pyannote asks for contact details"),
)

# attention heads where a power-of-two number of GPUs up to eight may fail to divide them; others do divide
_HEADS: tuple[tuple[str, int], ...] = (
    (r"falcon-7b", 71),
    (r"(qwen2|qwen2\.5)(-[a-z]+)?-0\.5b", 14),
    (r"(qwen2|qwen2\.5)(-[a-z]+)?-1\.5b|qwen2-vl-2b|distill-qwen-1\.5b", 12),
    (r"(qwen2|qwen2\.5)(-[a-z]+)?-7b|distill-qwen-7b", 28),
    (r"qwen1\.5-4b", 20),
    (r"gpt2-xl", 25),
    (r"gpt2-large", 20),
    (r"gpt2$|opt-125m|gpt-neo-125m|pythia-160m", 12),
    (r"smollm2?-135m", 9),
    (r"smollm2?-360m", 15),
    (r"gemma-3-(270m|1b)", 4),
    (r"starcoder2-7b|minicpm-2b", 36),
)

# models whose code is not part of transformers (of older images at least)
_OWN_CODE = (
    r"qwen/qwen-(1_8|7|14|72)b|thudm/(chatglm|glm-4-9b)|baichuan|internlm/internlm|microsoft/phi-3-small|"
    r"mosaicml/mpt|deepseek-ai/deepseek-(vl|moe)|openbmb/minicpm|nomic-ai/nomic-embed|"
    r"jinaai/jina-(embeddings|clip)|"
    r"alibaba-nlp/gte-.*-(en-v1\.5|instruct)|nvidia/nv-embed|salesforce/xgen|apple/openelm"
)
_EMBEDS = r"^sentence-transformers/|minilm|mpnet|(^|/|-)(bge|gte|e5)-|embed"
_CHATS = (
    r"instruct|chat|(^|-)it(-|$)|gpt-oss|distill|qwen3(?!.*-base)|qwq|deepseek-(r1|v3)(?!-base)|zephyr|"
    r"vicuna|"
    r"command-|kimi|hermes|glm-|phi-[34]"
)


def _name(model_id: str) -> str:
    return model_id.rstrip("/").rsplit("/", 1)[-1].lower()


def estimated_parameters(model_id: str) -> float | None:
    """Billions of parameters, from the name: 7B, 350M, MiniLM, 8x7B (experts in full: rather too many)."""
    name = _name(model_id)
    for known, size in _NAMED_SIZES:
        if re.search(known, name):
            return size
    sizes = [int(count) * float(each) for count, each in _EXPERTS.findall(name)]
    sizes += [float(size.replace("_", ".")) for size in _BILLIONS.findall(name)]
    sizes += [int(size) / 1000 for size in _MILLIONS.findall(name) if int(size) >= _LEAST_MILLIONS]
    sizes = [size for size in sizes if size > 0]
    # "30B-A3B" names the active parameters too: the largest figure is the whole
    return max(sizes, default=None)


def estimated_bits(model_id: str) -> int:
    """Bits a weight, from the name: 4 or 8 for quantised checkpoints, else 16."""
    name = _name(model_id)
    return next((bits for words, bits in _BITS if re.search(words, name)), 16)


def gated_reason(model_id: str) -> str:
    """Why the hub asks for a token for this model; empty when it is not known to."""
    lowered = model_id.lower()
    return next((why for pattern, why in GATED if re.match(pattern, lowered)), "")


def is_known_gated(model_id: str) -> bool:
    """Whether the publisher is known to gate this model (terms to accept, a token to show)."""
    return bool(gated_reason(model_id))


def attention_heads(model_id: str) -> int | None:
    """Attention heads, where eight GPUs do not divide them; ``None``: not known to be a problem."""
    name = _name(model_id)
    return next((heads for pattern, heads in _HEADS if re.search(pattern, name)), None)


def has_own_code(model_id: str) -> bool:
    """Whether the repository is known to bring Python code that must be trusted to load the model."""
    return re.search(_OWN_CODE, model_id.lower()) is not None


def is_embedding_model(model_id: str) -> bool:
    """Whether the name is one of an embedding model."""
    return re.search(_EMBEDS, model_id.lower()) is not None


def is_chat_model(model_id: str) -> bool:
    """Whether the name promises a chat template; a base model answers completions only."""
    return re.search(_CHATS, _name(model_id)) is not None
