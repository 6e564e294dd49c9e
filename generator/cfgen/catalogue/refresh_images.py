"""The images table, derived from ``image_uri_config/*.json`` of the sagemaker-core package.

The tag rules are those of its ``image_uris.retrieve``: prefix, processor or inference tool, Python, container
version. Left out, each for its reason:

- scopes that do not serve (training, processing, debugger …), and ``eia``: Elastic Inference ended in 2023;
- files without a scope (notebook kernels);
- Python 2 tags (end of life 2020), and versions that have no other;
- where one version has several Python tags, all but the newest;
- the SDK's alias ``latest``: in cfgen it means the newest version, not a tag that moves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cfgen.catalogue.refresh_pack import pack_images
from cfgen.catalogue.refresh_sources import Package, RefreshError
from cfgen.catalogue.versions import cuda_in_tag, version_key

FOLDER = "sagemaker/core/image_uri_config/"
_NOT_A_FAMILY = {"instance_gpu_info"}
_ARCHITECTURE = {"inference": "x86_64", "inference_graviton": "arm64"}

# the SDK's processor words → ours
_PROCESSORS = {
    "cpu": "cpu",
    "gpu": "gpu",
    "inf": "neuron",
    "inf2": "neuron",
    "trn": "neuron",
    "neuronx": "neuron",
}

# literals that `retrieve` puts in place of the processor (its argument `inference_tool`, which the SDK's own
# Hugging Face helpers pass)
_INFERENCE_TOOL = {
    "huggingface-neuron": "neuron",
    "huggingface-neuronx": "neuronx",
    "huggingface-llm-neuronx": "neuronx",
    "huggingface-vllm-neuronx": "neuronx",
}

# hard-coded in `_get_image_tag`: these two do not follow the tag rules
_ARM64_TAGS = {
    ("xgboost", "1.5-1"): "1.5-1-arm64",
    ("xgboost", "1.3-1"): "1.3-1-arm64",
    ("sklearn", "1.0-1"): "1.0-1-arm64-cpu-py3",
}

# Toolkits of images whose tags do not tell: (family, version prefix) → version. The servers are what their
# CUDA 13.0 predecessors became; Triton's are from NVIDIA's release notes of the same number.
_CUDA = {
    ("vllm-server", "2"): "13.0",
    ("sglang-server", "1"): "13.0",
    ("sagemaker-tritonserver", "23.12"): "12.3",
    ("sagemaker-tritonserver", "24.01"): "12.3",
    ("sagemaker-tritonserver", "24.03"): "12.4",
    ("sagemaker-tritonserver", "24.05"): "12.4",
    ("sagemaker-tritonserver", "24.09"): "12.6",
    ("sagemaker-tritonserver", "25.04"): "12.9",
    ("sagemaker-tritonserver", "25.09"): "13.0",
    ("sagemaker-tritonserver", "26.05"): "13.2",
}

Row = dict[str, Any]


def derive_images(core: Package) -> dict[str, Any]:
    """The content of images.json, without its sources. Raises RefreshError."""
    rows: list[Row] = []
    for name in core.names(FOLDER):
        family = name.removeprefix(FOLDER).removesuffix(".json")
        if not name.endswith(".json") or family in _NOT_A_FAMILY:
            continue
        try:
            rows += _family(family, core.json(name))
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise RefreshError(
                f"{core.path.name}: {name} has an unknown shape ({type(error).__name__}: {error})",
                hint="The package is laid out differently now: the refresh has to learn the new shape.",
            ) from error
    return pack_images(rows)


def _family(family: str, config: dict[str, Any]) -> Iterator[Row]:
    scopes = dict.fromkeys(config["scope"], config) if "scope" in config else config
    for scope, architecture in _ARCHITECTURE.items():
        body = scopes.get(scope)
        if not isinstance(body, dict) or "versions" not in body:
            continue
        aliases: dict[str, list[str]] = {}
        for alias, version in sorted(body.get("version_aliases", {}).items()):
            if alias != "latest":
                aliases.setdefault(version, []).append(alias)
        for version, entry in body["versions"].items():
            for base, variant in _variants(entry):
                tags = _tags(
                    family, version, base, variant, variant.get("processors") or body.get("processors")
                )
                if architecture == "arm64":
                    tags = {key: _arm64(family, version, tag, variant) for key, tag in tags.items()}
                if not tags:
                    continue
                yield {
                    "family": family,
                    "version": version,
                    "base": base,
                    "repository": variant["repository"],
                    "accounts": dict(sorted(variant["registries"].items())),
                    "tags": tags,
                    "cuda": _cuda(family, version, tags),
                    # llama-cpp-arm64 says it in its name, not in its scope
                    "architecture": "arm64" if family.endswith("-arm64") else architecture,
                    "aliases": sorted(aliases.get(version, ()), key=version_key),
                }


def _variants(entry: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The images under one version: (framework underneath, body). A few have one body for each Python."""
    if "repository" in entry:
        yield "", entry
        return
    for key, body in entry.items():
        if key == "py2" or not isinstance(body, dict) or "repository" not in body:
            continue
        if re.fullmatch(r"py\d+", key):
            yield "", {**body, "py_versions": [key]}
        else:
            yield key, body


def _tags(
    family: str, version: str, base: str, body: dict[str, Any], processors: list[str] | None
) -> dict[str, str]:
    """Processor → tag, in the order gpu, cpu, neuron."""
    pythons = body.get("py_versions", [])
    newest = max((python for python in pythons if python != "py2"), key=_python_key, default=None)
    if pythons and newest is None:
        return {}
    prefix = body.get("tag_prefix", version)
    if base:
        prefix = f"{base.removeprefix('pytorch').removeprefix('tensorflow')}-transformers{version}"
    tags: dict[str, str] = {}
    for word in processors or [""]:
        container = body.get("container_version", {}).get(word)
        if "sdk_versions" in body:
            container = f"{max(body['sdk_versions'], key=version_key)}-{container}"
        middle = _INFERENCE_TOOL.get(family, word)
        if not body.get("processor_in_tag", True):
            middle = ""
        tag = "-".join(part for part in (prefix, middle, newest, container) if part)
        if family == "sagemaker-tritonserver":
            tag = tag.removesuffix("-gpu")
        for processor in _processors(word, tag):
            tags[processor] = tag
    return {processor: tags[processor] for processor in ("gpu", "cpu", "neuron") if processor in tags}


def _processors(word: str, tag: str) -> tuple[str, ...]:
    """What an image runs on. One that does not say serves CPUs and GPUs, unless its tag names an SDK."""
    if word:
        return (_PROCESSORS[word],)
    if "neuronx" in tag:
        return ("neuron",)
    return ("gpu",) if cuda_in_tag(tag) else ("gpu", "cpu")


def _arm64(family: str, version: str, tag: str, body: dict[str, Any]) -> str:
    if (family, version) in _ARM64_TAGS:
        return _ARM64_TAGS[family, version]
    own_repository = body["repository"] in (f"{family}-inference-graviton", f"{family}-inference-arm64")
    return f"{tag}-sagemaker" if own_repository else tag


def _python_key(python: str) -> tuple[int, int]:
    digits = python.removeprefix("py")
    return int(digits[0]), int(digits[1:] or 0)


def _cuda(family: str, version: str, tags: dict[str, str]) -> str:
    if "gpu" not in tags:
        return ""
    if cuda := cuda_in_tag(tags["gpu"]):
        return cuda
    for (name, prefix), cuda in _CUDA.items():
        if name == family and (version == prefix or version.startswith(f"{prefix}.")):
            return cuda
    return ""
