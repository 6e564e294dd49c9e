"""The table of image families, under the catalogue's names, and what was different in older images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cfgen.catalogue.families import canonical
from cfgen.catalogue.versions import version_key
from cfgen.resolve.container_kinds import ContainerKind, Default
from cfgen.resolve.container_servers import SERVERS
from cfgen.resolve.container_toolkits import TOOLKITS

KINDS: Mapping[str, ContainerKind] = {row.name: row for row in (*SERVERS, *TOOLKITS)}
CUSTOM = ContainerKind(name="custom", title="An image of your own", serves="general")

_WHOLE_CONTEXT = {
    "automatic_length": "",
    "length_note": "this version reserves memory for the model's whole context and stops when it does not "
    "fit: give endpoint.context for a model with a long one",
}
_TGI_1 = {
    "token_variable": "HUGGING_FACE_HUB_TOKEN",
    "prompt_variable": "MAX_INPUT_LENGTH",
    "prefill_variable": "MAX_BATCH_PREFILL_TOKENS",
    "length_note": "this version serves 1,024 tokens in, 2,048 in all, unless endpoint.context is given",
}
_TGI_2 = {
    "prompt_variable": "MAX_INPUT_TOKENS",
    "length_note": "this version serves 4,096 tokens in all unless endpoint.context is given",
}
# built for 7.5, 8.x and 9.0 only
_TEI_1 = {"most_capability": 9.0}
_TEI_TOKEN = {"token_variable": "HF_API_TOKEN"}
_TEI_CACHE = {"cache": ("HUGGINGFACE_HUB_CACHE", "/tmp")}
_NEURON_TGI = {
    "model_variable": "HF_MODEL_ID",
    "staged_variable": "HF_MODEL_ID",
    "revision_variable": "HF_MODEL_REVISION",
    "trust_remote_code_variable": "HF_MODEL_TRUST_REMOTE_CODE",
    "extras": (
        Default("MAX_BATCH_SIZE", "4", "the entrypoint stops without it; most compilations are for 4"),
    ),
}

# family → (first version the row is right for, what was different before); the first that applies counts
BEFORE: Mapping[str, tuple[tuple[str, Mapping[str, Any]], ...]] = {
    "vllm": (("0.14", _WHOLE_CONTEXT),),
    "huggingface-vllm": (("0.14", _WHOLE_CONTEXT),),
    # 0.36.0 is LMI 18 to 28; the catalogue's is LMI 27, and vLLM knows "auto" from LMI 19 on
    "djl-lmi": (("0.36", _WHOLE_CONTEXT),),
    "huggingface-llm": (
        ("2", _TGI_1),
        ("2.1", {**_TGI_2, "token_variable": "HUGGING_FACE_HUB_TOKEN"}),
        ("3", _TGI_2),
    ),
    "huggingface-tei": (
        ("1.6", {**_TEI_1, **_TEI_TOKEN, **_TEI_CACHE}),
        ("1.7", {**_TEI_1, **_TEI_TOKEN}),
        ("1.9", _TEI_1),
    ),
    "huggingface-tei-cpu": (("1.6", {**_TEI_TOKEN, **_TEI_CACHE}), ("1.7", _TEI_TOKEN)),
    "huggingface-llm-neuronx": (("0.3", _NEURON_TGI),),
    "huggingface-vllm-neuronx": (("0.4.2", {"revision_variable": ""}),),
}


def older(version: str, than: str) -> bool:
    """Whether ``version`` is known and comes before ``than``; an unknown version counts as the newest."""
    return version[:1].isdigit() and version_key(version) < version_key(than)


def kind(family: str, version: str = "") -> ContainerKind:
    """The row of a family (by any of its names) as of ``version``; an unknown image is ``custom``."""
    row = KINDS.get(canonical(family), CUSTOM)
    for first, changes in BEFORE.get(row.name, ()):
        if older(version, first):
            return replace(row, **changes)
    return row
