"""JumpStart's models from the live list: the manifest and the specifications that AWS keeps in a public bucket.

``models_manifest.json`` names each version's specification (``spec_key``); no credentials are asked. Where a
specification has ``inference_configs``, the first by its ranking is taken that CloudFormation can express: one with
additional data sources (speculative decoding) cannot.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from cfgen.catalogue.jumpstart import BUCKET
from cfgen.catalogue.jumpstart_entry import Entry, image_groups, kept
from cfgen.catalogue.refresh_sources import RefreshError
from cfgen.catalogue.versions import version_key

MANIFEST = "models_manifest.json"
_LARGEST = 64 * 2**20
_TRIES = 3
_SECONDS = 60
_WORKERS = 8
_SHAPE = "AWS writes the list differently now: the refresh has to learn the new shape."


@dataclass(frozen=True, slots=True)
class Live:
    """What the live list gave: models that can be served from their files, and why others cannot (id → reason)."""

    entries: tuple[Entry, ...]
    left_out: Mapping[str, str]
    manifest: bytes


def address(region: str, url_suffix: str) -> str:
    """Where the list is in a region."""
    return f"https://{BUCKET}{region}.s3.{region}.{url_suffix}"


def read(base: str, progress: Callable[[str], None] = lambda _: None) -> Live:
    """The newest version of every model listed under ``base``. Raises RefreshError."""
    base = base.rstrip("/")
    manifest = _get(f"{base}/{MANIFEST}")
    heads = _newest(_json(manifest, MANIFEST))
    progress(f"{len(heads)} models")
    with ThreadPoolExecutor(_WORKERS) as workers:
        texts = workers.map(lambda head: _get(f"{base}/{head['spec_key']}"), heads)
        specs = [_json(text, str(head["spec_key"])) for head, text in zip(heads, texts, strict=True)]
    entries, left_out = [], {}
    for head, spec in zip(heads, specs, strict=True):
        found = _read_one(head["model_id"], spec)
        if isinstance(found, str):
            left_out[str(head["model_id"])] = found
        else:
            entries.append(found)
    return Live(tuple(entries), left_out, manifest)


def _newest(manifest: Any) -> list[Mapping[str, Any]]:
    newest: dict[str, Mapping[str, Any]] = {}
    try:
        for head in manifest:
            known = newest.get(head["model_id"])
            if known is None or version_key(known["version"]) < version_key(head["version"]):
                newest[head["model_id"]] = head
        return [newest[name] for name in sorted(newest) if newest[name]["spec_key"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise RefreshError(
            f"{MANIFEST} has an unknown shape ({type(error).__name__}: {error})", hint=_SHAPE
        ) from error


def _read_one(model_id: str, spec: Any) -> Entry | str:
    try:
        return entry_of(spec)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise RefreshError(
            f"the specification of {model_id} has an unknown shape ({type(error).__name__}: {error})",
            hint=_SHAPE,
        ) from error


def entry_of(spec: Mapping[str, Any]) -> Entry | str:
    """What a specification says, or why the model cannot be served from it. Raises RefreshError."""
    chosen = next(
        (one for one in _configurations(spec) if not one.get("hosting_additional_data_sources")), None
    )
    if chosen is None:
        return "every configuration has additional data sources, which CloudFormation does not know"
    packages = chosen.get("hosting_model_package_arns") or {}
    key = chosen.get("hosting_prepacked_artifact_key") or ""
    if not key and not packages:
        if chosen.get("hosting_use_script_uri", True):
            return "its code is not packed with its files"
        key = chosen.get("hosting_artifact_key") or ""
    if not (key or packages):
        return "it has no files to serve"
    if not chosen.get("default_inference_instance_type"):
        return "it is not for hosting"
    hosting = chosen.get("hosting_instance_type_variants") or {}
    variants: Mapping[str, Any] = hosting.get("variants") or {}
    elsewhere = _with_files_of_their_own(variants)
    default = chosen["default_inference_instance_type"]
    listed = dict.fromkeys([*(chosen.get("supported_inference_instance_types") or ()), default])
    types = [name for name in listed if not {name, name.split(".")[1]} & elsewhere]
    if default not in types:
        return "its files differ by instance type"
    environment = {one["name"]: one["default"] for one in chosen.get("inference_environment_variables") or ()}
    return Entry(
        model_id=chosen["model_id"],
        version=chosen["version"],
        instance_type=default,
        instance_types=tuple(types),
        key="" if packages else key,
        gated=bool(chosen.get("gated_bucket")),
        eula=chosen.get("hosting_eula_key") or "",
        environment=kept(environment),
        images=image_groups(
            {
                name: alias
                for name, one in variants.items()
                if name not in elsewhere
                and (alias := (one.get("regional_properties") or {}).get("image_uri"))
            },
            hosting.get("regional_aliases") or {},
        ),
        variants={
            name: kept(own)
            for name, one in variants.items()
            if (own := (one.get("properties") or {}).get("environment_variables"))
        },
        packages=packages,
        framework=(chosen.get("hosting_ecr_specs") or {}).get("framework") or "",
        min_sdk=chosen.get("min_sdk_version") or "",
        deprecated=bool(chosen.get("deprecated")),
        vulnerable=bool(chosen.get("inference_vulnerable")),
        isolated=bool(chosen.get("inference_enable_network_isolation", False)),
    ).checked()


def _with_files_of_their_own(variants: Mapping[str, Any]) -> set[str]:
    """Instance types and families that are served from other files than the rest, such as compiled ones."""
    keys = ("prepacked_artifact_key", "artifact_key")
    return {
        name for name, one in variants.items() if any((one.get("properties") or {}).get(key) for key in keys)
    }


def _configurations(spec: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """The specification with each of its configurations laid over it, best first; alone when it has none."""
    configs: Mapping[str, Any] = spec.get("inference_configs") or {}
    if not configs:
        yield spec
        return
    ranking = ((spec.get("inference_config_rankings") or {}).get("overall") or {}).get("rankings")
    components: Mapping[str, Any] = spec.get("inference_config_components") or {}
    for name in ranking or sorted(configs):
        resolved: dict[str, Any] = dict(spec)
        for component in configs.get(name, {}).get("component_names") or ():
            resolved = _over(resolved, components.get(component) or {}, _FIXED)
        yield resolved


_FIXED = frozenset({"model_id", "version", "min_sdk_version", "deprecated", "component_name"})
"""What a component of a configuration does not change."""


def _over(
    base: Mapping[str, Any], top: Mapping[str, Any], fixed: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """``top`` over ``base``, mappings merged at every depth; lists are replaced."""
    merged = dict(base)
    for key, value in top.items():
        if key in fixed:
            continue
        old = merged.get(key)
        merged[key] = _over(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def _json(text: bytes, name: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise RefreshError(f"{name} is not JSON: {error}") from error


def _get(url: str) -> bytes:
    if not url.startswith(("https://", "http://")):
        raise RefreshError(
            f"{url} is not a web address", hint="Give a region, or an address with http(s)://."
        )
    for attempt in range(_TRIES):
        try:
            with urllib.request.urlopen(url, timeout=_SECONDS) as answer:
                data: bytes = answer.read(_LARGEST + 1)
        except urllib.error.HTTPError as error:
            if error.code < 500 or attempt == _TRIES - 1:
                raise RefreshError(f"{url} answered {error.code} {error.reason}", hint=_OFFLINE) from error
        except (OSError, ValueError) as error:
            if attempt == _TRIES - 1:
                raise RefreshError(f"cannot read {url}: {error}", hint=_OFFLINE) from error
        else:
            if len(data) > _LARGEST:
                raise RefreshError(f"{url} is over {_LARGEST} bytes")
            return data
        time.sleep(0.2 * 2**attempt)
    raise AssertionError("unreachable: the last attempt raises")


_OFFLINE = "The list is public, but needs the internet; without it, --from DIR takes a package."
