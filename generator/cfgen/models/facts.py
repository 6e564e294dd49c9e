"""What is known of a model: `ModelFacts`, frozen, and its form as JSON. Sizes are bytes, lengths tokens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

FORMAT = 1
"""Version of the JSON form; a file of another version is read as damaged."""


@dataclass(frozen=True, slots=True)
class Quantization:
    """How the weights are packed. ``bits`` of a weight, None when the method does not say; ``group``: how many
    weights share a scale, so a split must keep them together; ``four_bit_prequantized`` alone are bitsandbytes."""

    method: str
    bits: float | None = None
    group: int | None = None


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file of the repository: path and bytes."""

    path: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """A model at one commit.

    ``kind``: ``decoder`` (generates text, keeps keys and values of past tokens), ``encoder`` (embeds or classifies,
    keeps nothing) or ``unknown``; then ``why_unknown`` says why. ``embeds``: it is made for embeddings, whatever its
    kind. ``weight_bytes``: as stored; ``served_bytes``: as an accelerator holds them (32-bit weights of a decoder are
    served in 16 bit). ``kv_heads`` 0: keys and values are compressed to ``kv_rank`` numbers a layer (multi-head latent
    attention). ``expert_size``: the width of one expert's network, 0 where there are no experts or they are as wide as
    ``intermediate_size``. ``context`` None: the model names no limit. ``gated``: empty, or how (``auto``, ``manual``).
    """

    id: str
    revision: str = ""
    commit: str = ""
    model_type: str = ""
    architecture: str = ""
    kind: str = "unknown"
    why_unknown: str = ""
    embeds: bool = False
    parameters: int | None = None
    weight_bytes: int | None = None
    served_bytes: int | None = None
    dtype: str = ""
    quantization: Quantization | None = None
    layers: int = 0
    hidden_size: int = 0
    intermediate_size: int = 0
    expert_size: int = 0
    attention_heads: int = 0
    kv_heads: int = 0
    head_size: int = 0
    kv_rank: int = 0
    context: int | None = None
    gated: str = ""
    private: bool = False
    license: str = ""
    license_link: str = ""
    custom_code: bool = False
    chat_template: bool = False
    weight_format: str = ""
    files: tuple[ModelFile, ...] = ()

    def kv_bytes(self, split: int = 1) -> int:
        """Bytes of keys and values a token takes on each accelerator when split over ``split`` of them."""
        if self.kind != "decoder":
            return 0
        if self.kv_rank:
            return self.layers * self.kv_rank * KV_ELEMENT
        return 2 * self.layers * max(1, self.kv_heads // split) * self.head_size * KV_ELEMENT

    @property
    def kv_bytes_per_token(self) -> int:
        """`kv_bytes` on a single accelerator; 0 when there is no such cache."""
        return self.kv_bytes()

    @property
    def pinned(self) -> bool:
        """Whether ``revision`` is a commit, of which the facts cannot change."""
        return is_commit(self.revision)


KV_ELEMENT = 2
"""Bytes of a key's or value's number: caches are of 16 bit, whatever the weights are."""


def is_commit(revision: str) -> bool:
    """Whether ``revision`` is a whole commit id."""
    return re.fullmatch(r"[0-9a-f]{40}", revision) is not None


def as_json(facts: ModelFacts, *, with_files: bool = True) -> dict[str, Any]:
    """The facts as JSON values, camelCase, with a version; what is empty is left out."""
    row: dict[str, Any] = {"format": FORMAT}
    for name, value in asdict(facts).items():
        if value in (None, "", 0, False, ()) or (name == "files" and not with_files):
            continue
        row[_camel(name)] = list(value) if isinstance(value, tuple) else value
    if facts.kv_bytes_per_token:
        row["kvBytesPerToken"] = facts.kv_bytes_per_token
    return row


def from_json(row: Mapping[str, Any]) -> ModelFacts:
    """The facts back from `as_json`. Raises ValueError for anything else."""
    if row.get("format") != FORMAT:
        raise ValueError(f"is of format {row.get('format')!r}, not {FORMAT}")
    known = {_camel(field.name): field for field in fields(ModelFacts)}
    given: dict[str, Any] = {}
    for key, value in row.items():
        if key in ("format", "kvBytesPerToken"):
            continue
        if key not in known:
            raise ValueError(f"has a key of unknown meaning, {key}")
        given[known[key].name] = value
    try:
        if "quantization" in given:
            given["quantization"] = Quantization(**given["quantization"])
        given["files"] = tuple(ModelFile(**file) for file in given.get("files", ()))
        facts = ModelFacts(**given)
    except TypeError as error:
        raise ValueError(f"is not shaped as it should be ({error})") from error
    for name, types in _TYPES.items():
        if not isinstance(getattr(facts, name), types) or isinstance(getattr(facts, name), bool):
            raise ValueError(f"has a {_camel(name)} of a wrong kind")
    return facts


_TYPES: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("id", "revision", "commit", "kind", "dtype", "model_type"), (str,)),
    **dict.fromkeys(
        (
            "layers",
            "hidden_size",
            "intermediate_size",
            "expert_size",
            "attention_heads",
            "kv_heads",
            "head_size",
            "kv_rank",
        ),
        (int,),
    ),
    **dict.fromkeys(("parameters", "weight_bytes", "served_bytes", "context"), (int, type(None))),
}


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
