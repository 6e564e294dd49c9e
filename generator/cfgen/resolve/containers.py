"""What resolve asks about containers: environment and its reasons, warnings, kinds, sizes and timeouts.

``python -m cfgen.resolve.containers`` prints ``docs/reference/containers.md``. The facts stand in
``container_servers`` and ``container_toolkits`` (rows of the table), ``container_table`` (older images),
``container_models`` (names of models) and ``container_timeouts`` (rates).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cfgen.resolve.container_defaults import ContainerRequest, SizedFor, defaults, tensor_parallel
from cfgen.resolve.container_kinds import ContainerKind
from cfgen.resolve.container_models import (
    attention_heads,
    estimated_bits,
    estimated_parameters,
    gated_reason,
    is_chat_model,
    is_known_gated,
)
from cfgen.resolve.container_table import kind
from cfgen.resolve.container_timeouts import timeouts
from cfgen.resolve.container_warnings import refusals, warnings

__all__ = [
    "ContainerKind",
    "ContainerRequest",
    "SizedFor",
    "attention_heads",
    "defaults",
    "environment",
    "estimated_bits",
    "estimated_parameters",
    "example_body",
    "example_text",
    "gated_reason",
    "is_known_gated",
    "kind",
    "reasons",
    "refusals",
    "tensor_parallel",
    "timeouts",
    "warnings",
]


def environment(request: ContainerRequest) -> dict[str, str]:
    """The variables cfgen sets for a container; the spec's own ``env`` goes over them."""
    return {default.name: default.value for default in defaults(request)}


def reasons(request: ContainerRequest) -> dict[str, str]:
    """Why each variable of ``environment`` is there, in the same order."""
    return {default.name: default.reason for default in defaults(request)}


def example_body(family: str, model_id: str | None = None, version: str = "") -> Mapping[str, Any] | None:
    """A request the endpoint answers: chat, or completion for base models; ``None``: up to the model."""
    row = kind(family, version)
    if row.completion_body is not None and model_id and not is_chat_model(model_id):
        return row.completion_body
    return row.body


def example_text(family: str, model_id: str | None = None, version: str = "") -> str:
    """``example_body`` as the JSON text that ``aws sagemaker-runtime invoke-endpoint --body`` sends."""
    body = example_body(family, model_id, version)
    return "" if body is None else json.dumps(body)


if __name__ == "__main__":
    from cfgen.resolve.container_reference import page

    print(page(), end="")
