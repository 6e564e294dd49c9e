"""The reference page about containers, made from the tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from cfgen.catalogue.families import called
from cfgen.resolve.container_defaults import ContainerRequest, defaults
from cfgen.resolve.container_kinds import ContainerKind, Default
from cfgen.resolve.container_models import GATED
from cfgen.resolve.container_table import BEFORE, KINDS
from cfgen.resolve.container_timeouts import (
    BASE,
    HUB_RATE,
    LOAD_RATE,
    MARGIN,
    S3_RATE,
    UNKNOWN_SIZE,
    timeouts,
)
from cfgen.resolve.container_warnings import warnings

_INTRO = """\
# Containers

<!-- Generated: python -m cfgen.resolve.containers > docs/reference/containers.md -->

What cfgen sets in a container's environment when the spec does not, and why. Whatever the spec's `env` says
wins. A variable that is not listed is left to the container's own default.
"""
_VARIABLES = (
    ("model", "model_variable"),
    ("model, staged to S3", "staged_variable"),
    ("name callers use, staged", "served_name_variable"),
    ("revision", "revision_variable"),
    ("hub token", "token_variable"),
    ("tensor parallel", "tensor_parallel_variable"),
    ("longest context", "max_length_variable"),
    ("data type", "dtype_variable"),
    ("quantisation", "quantization_variable"),
    ("code from the model's repository", "trust_remote_code_variable"),
    ("task", "task_variable"),
    ("your code", "program_variable"),
)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A Markdown table, followed by an empty line."""
    titles = list(head)
    yield f"| {' | '.join(titles)} |"
    yield f"|{'---|' * len(titles)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


def example_request(row: ContainerKind, *, staged: bool = False) -> ContainerRequest:
    """The request whose environment the page shows: a small model on the plainest fitting instance type."""
    neuron, cpu = row.name.endswith("neuronx"), row.name.endswith(("-cpu", "-arm64")) or not row.fetches
    model = "Qwen/Qwen3-8B"
    if row.serves == "embedding":
        model = "BAAI/bge-base-en-v1.5"
    elif row.task_variable:
        model = "distilbert/distilbert-base-uncased-finetuned-sst-2-english"
    elif row.name.startswith("llama-cpp"):
        model = "Qwen/Qwen3-8B-GGUF"
    return ContainerRequest(
        family=row.name,
        model_id=model if row.fetches else None,
        accelerators=0 if neuron or cpu else 4 if row.tensor_parallel_variable else 1,
        processor="neuron" if neuron else "cpu" if cpu else "gpu",
        neuron_cores=2 if neuron else 0,
        vcpus=8,
        task="text-classification" if row.task_variable else None,
        staged=staged,
        code=bool(row.program_variable) and not row.fetches,
    )


def _family(row: ContainerKind) -> Iterator[str]:
    yield f"## {row.name}"
    yield ""
    names = called(row.name)
    also = f" Also called {', '.join(f'`{name}`' for name in names)}." if names else ""
    yield f"{row.title}.{also} Source: {row.source}."
    yield ""
    known = [(what, f"`{getattr(row, field)}`") for what, field in _VARIABLES if getattr(row, field)]
    if known:
        yield from table(("what", "variable"), known)
    for staged in (False, True) if row.staged_variable or row.offline_variable else (False,):
        request = example_request(row, staged=staged)
        where = (
            "the model staged to S3" if staged else "the model from the hub" if row.fetches else "your code"
        )
        chips = f"{request.accelerators} GPUs" if request.accelerators > 1 else request.processor
        found = defaults(request)
        if found:
            yield f"Set for {chips}, {where}:"
            yield ""
            yield from table(
                ("variable", "value", "why"), ((f"`{d.name}`", f"`{d.value}`", d.reason) for d in found)
            )
    for text in warnings(example_request(row)):
        yield f"- Warning: {text}."
    if warnings(example_request(row)):
        yield ""
    able = [
        word
        for word, able in (
            ("streaming", row.supports_streaming),
            ("the OpenAI API", row.supports_openai),
            ("LoRA adapters", row.supports_lora),
        )
        if able
    ]
    if able:
        yield f"Supports {', '.join(able)}."
        yield ""
    if row.body is not None:
        yield f"Example request (`{row.content_type}`):"
        yield ""
        yield from ("```json", json.dumps(row.body), "```", "")


def _said(value: Any) -> str:
    """A field's value in an older image, in a table's cell."""
    if isinstance(value, tuple) and value and isinstance(value[0], Default):
        return ", ".join(f"`{extra.name}={extra.value}` ({extra.reason})" for extra in value)
    if isinstance(value, tuple):
        return f"`{'='.join(value)}`"
    if isinstance(value, str) and " " in value:
        return value
    return f"`{value}`" if value else "none"


def _older() -> Iterator[str]:
    yield "## Older images"
    yield ""
    rows = []
    for family, steps in BEFORE.items():
        for version, changes in steps:
            for field, value in changes.items():
                rows.append((family, f"before {version}", field.replace("_", " "), _said(value)))
    yield from table(("family", "version", "what", "value"), rows)


def _times() -> Iterator[str]:
    yield "## Timeouts"
    yield ""
    yield (
        f"Assumed: {HUB_RATE * 1000:.0f} MB/s from the hub, {S3_RATE * 1000:.0f} MB/s from S3; loading at "
        + ", ".join(f"{rate * 1000:.0f} MB/s ({name})" for name, rate in LOAD_RATE.items())
        + "; starting the server "
        + ", ".join(f"{seconds} s ({name})" for name, seconds in BASE.items())
        + f"; {MARGIN} times the sum, rounded up. A model whose name tells no size counts as "
        f"{UNKNOWN_SIZE:.0f} billion parameters of 16 bits."
    )
    yield ""
    yield from table(
        (
            "billions",
            "GPU, hub: start-up",
            "GPU, staged: download",
            "GPU, staged: start-up",
            "CPU, hub: start-up",
        ),
        (
            (
                f"{size:g}",
                str(timeouts(size, "gpu", False)[1]),
                *map(str, timeouts(size, "gpu", True)),
                str(timeouts(size, "cpu", False)[1]),
            )
            for size in (0.3, 1.0, 8.0, 14.0, 32.0, 70.0, 123.0)
        ),
    )


def page() -> str:
    """The whole page."""
    lines = [*_INTRO.splitlines(), ""]
    for row in KINDS.values():
        lines += _family(row)
    lines += _older()
    lines += _times()
    lines += ["## Gated models", "", "Known to need a token; others may too.", ""]
    lines += table(
        ("model id begins with (pattern)", "why"), ((f"`{pattern}`", why) for pattern, why in GATED)
    )
    return "\n".join(lines).rstrip("\n") + "\n"
