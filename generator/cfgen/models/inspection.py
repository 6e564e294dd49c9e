"""From a repository (hub or folder) to `ModelFacts`."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cfgen.errors import shorten
from cfgen.models.configuration import Configuration, read_configuration
from cfgen.models.errors import DamagedFile, HubUnreachable, ModelError, NotAModel, NotAnId
from cfgen.models.facts import ModelFacts, ModelFile, is_commit
from cfgen.models.folder import FolderRepository
from cfgen.models.formulas import embedding_count, parameter_count
from cfgen.models.hub import HubRepository, endpoint
from cfgen.models.weights import Repository, Weights, weights_of

_ID = re.compile(r"([\w.-]{1,96}/)?[\w.-]{1,96}", re.ASCII)
"""What the hub takes for an id (huggingface_hub, "validate_repo_id")."""
CARD_EMBEDS = ("sentence-similarity", "feature-extraction")
_SCALE_BITS = 0.15
"""What scales and zero points add to each 4-bit weight at groups of 128, in bits."""

_WHOLE = frozenset({"F8_E4M3", "F8_E5M2", "BF16", "F16"})
_SCALES = frozenset({"F32", "F8_E8M0"})


def inspect(model: str, revision: str = "") -> ModelFacts:
    """Facts about ``model``: a folder when there is one of this name, else a repository of the hub, by the cache.

    Raises ModelError's kinds (cfgen.models.errors).
    """
    folder = Path(model)
    if model and os.path.isdir(folder):  # noqa: PTH112 - of a name that is too long it says no
        if revision:
            raise ModelError(model, "is a folder, which has no revisions", hint="Leave --revision out.")
        return read_facts(FolderRepository(folder))
    either = "Give a folder, or a model id such as org/name."
    if os.path.isfile(folder):  # noqa: PTH113
        raise NotAnId(
            model, "is a file", hint=either + (" Of a spec: cfgen size." if _of_spec(model) else "")
        )
    if model.startswith((".", "/", "~")) or model.count("/") > 1:
        raise NotAnId(shorten(model), "there is no such folder", hint=either)
    if _of_spec(model):
        raise NotAnId(shorten(model), "there is no such file", hint=either)
    if not _ID.fullmatch(model):
        raise NotAnId(shorten(model) or "''", "is neither a folder nor a model id", hint=either)
    return from_hub(model, revision)


def _of_spec(name: str) -> bool:
    return name.endswith((".yaml", ".yml"))


def from_hub(model: str, revision: str = "") -> ModelFacts:
    """Facts about a repository of the hub. What is known of a commit is not asked again; with the hub out of reach,
    what was known last. Raises ModelError's kinds."""
    from cfgen.models import cache

    place = endpoint()
    if is_commit(revision) and (known := cache.recall(place, model, revision)) is not None:
        return replace(known, revision=revision)
    try:
        repository = HubRepository(model, revision)
        commit = repository.commit
    except HubUnreachable:
        if (last := cache.last(place, model, revision or "main")) is not None:
            return replace(last, revision=revision)
        raise
    known = cache.recall(place, model, commit)
    if known is None:
        known = read_facts(repository)
        cache.keep(place, model, known)
    cache.point(place, model, revision or "main", commit)
    return replace(known, revision=revision)


def read_facts(repository: HubRepository | FolderRepository) -> ModelFacts:
    """Read a repository's descriptions. Raises ModelError's kinds."""
    files = repository.files()
    data = repository.read("config.json")
    card = repository.card()
    if data is None:
        raise NotAModel(repository.model, *_no_config(repository, files))
    config = read_configuration(repository.model, data)
    paths = {one.path for one in files}
    weights = weights_of(repository, files)
    license_id, link = _license(card)
    facts = described(config, weights)
    return replace(
        facts,
        id=repository.model,
        revision="",
        commit=repository.commit,
        embeds=config.kind == "encoder" or "modules.json" in paths or card.get("pipeline_tag") in CARD_EMBEDS,
        gated=repository.gated,
        private=repository.private,
        license=license_id,
        license_link=link,
        chat_template="chat_template.jinja" in paths or _templated(repository),
        files=files,
    )


def described(config: Configuration, weights: Weights) -> ModelFacts:
    """What the configuration and the weights say together; of the repository itself, nothing."""
    parameters = _parameters(config, weights)
    stored = weights.stored
    if stored is None:
        stored = _expected(config, parameters)
    return ModelFacts(
        id="",
        model_type=config.model_type,
        architecture=config.architecture,
        kind=config.kind if stored is not None else "unknown",
        why_unknown=config.why_unknown
        or ("" if stored is not None else "there are no weights to be weighed"),
        parameters=parameters,
        weight_bytes=stored,
        served_bytes=None if stored is None else _served(config, weights, parameters, stored),
        dtype=config.dtype or _commonest(weights.numbers),
        quantization=config.quantization,
        layers=config.layers,
        hidden_size=config.hidden_size,
        intermediate_size=config.intermediate_size,
        expert_size=config.expert_size,
        attention_heads=config.attention_heads,
        kv_heads=config.kv_heads,
        head_size=config.head_size,
        kv_rank=config.kv_rank,
        context=config.context,
        custom_code=config.custom_code,
        weight_format=weights.format,
    )


def _parameters(config: Configuration, weights: Weights) -> int | None:
    if weights.numbers and config.quantization is None:
        return sum(count for kind, count in weights.numbers.items() if kind.startswith(("F", "BF")))
    counted = parameter_count(config)
    if counted is None and weights.numbers and set(weights.numbers) <= _WHOLE | _SCALES:
        # 8-bit floating point packs nothing: each stored number is a parameter, but for the scales
        counted = sum(count for kind, count in weights.numbers.items() if kind in _WHOLE) or None
    return counted


def _expected(config: Configuration, parameters: int | None) -> int | None:
    """Bytes of weights by their number, when no file tells them."""
    if parameters is None:
        return None
    quantization = config.quantization
    if quantization is not None:
        if quantization.bits is None:
            return None
        scales = (
            _SCALE_BITS * 128 / quantization.group if quantization.group and quantization.bits <= 4 else 0
        )
        embeddings = embedding_count(config)
        return int((parameters - embeddings) * (quantization.bits + scales) / 8) + 2 * embeddings
    wide = config.dtype == "float32" and config.kind == "encoder"
    return parameters * (4 if wide else 2)


def _served(config: Configuration, weights: Weights, parameters: int | None, stored: int) -> int:
    """Bytes in an accelerator's memory: a decoder's 32-bit numbers are served in 16 bit."""
    if config.kind != "decoder" or config.quantization is not None:
        return stored
    if weights.numbers:
        return (
            stored
            - sum(2 * n for kind, n in weights.numbers.items() if kind == "F32")
            - sum(6 * n for kind, n in weights.numbers.items() if kind == "F64")
        )
    by_count = parameters is not None and stored >= 3.5 * parameters
    return stored // 2 if by_count or (parameters is None and config.dtype == "float32") else stored


def _commonest(numbers: Mapping[str, int]) -> str:
    names = {"BF16": "bfloat16", "F16": "float16", "F32": "float32"}
    known = {kind: count for kind, count in numbers.items() if kind in names}
    return names[max(known, key=lambda kind: known[kind])] if known else ""


def _license(card: Mapping[str, Any]) -> tuple[str, str]:
    """The licence's id and address: a name of its own where the card says ``other``."""
    given = card.get("license")
    name = given[0] if isinstance(given, list) and given else given
    if name in (None, "other") and isinstance(card.get("license_name"), str):
        name = card["license_name"]
    link = card.get("license_link")
    return (name if isinstance(name, str) else ""), (link if isinstance(link, str) else "")


def _templated(repository: Repository) -> bool:
    """Whether the tokenizer's configuration brings a chat template."""
    try:
        return bool(json.loads(repository.read("tokenizer_config.json") or b"{}").get("chat_template"))
    except (ValueError, AttributeError, RecursionError):
        return False
    except DamagedFile:
        return False


def _no_config(repository: Repository, files: Sequence[ModelFile]) -> tuple[str]:
    paths = {one.path for one in files}
    about = "there is no config.json"
    if "adapter_config.json" in paths:
        base = _base_of(repository)
        return (
            f"{about}: it is an adapter{f' of {base}' if base else ''}, not a model; inspect the base model",
        )
    if "model_index.json" in paths:
        return (f"{about}: it is a diffusion pipeline of several models, which is not worked out",)
    if any(path.endswith(".gguf") for path in paths):
        return (
            f"{about}: GGUF files describe themselves to llama.cpp; inspect the model they were made from",
        )
    if "params.json" in paths:
        return (f"{about}: it holds its publisher's own form of the model only (params.json)",)
    return (about,)


def _base_of(repository: Repository) -> str:
    try:
        base = json.loads(repository.read("adapter_config.json") or b"{}").get("base_model_name_or_path")
    except (ValueError, AttributeError, RecursionError):
        return ""
    return base if isinstance(base, str) else ""
