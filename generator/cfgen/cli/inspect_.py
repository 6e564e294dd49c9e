"""``cfgen inspect``: what is known of a model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from cfgen.cli.options import format_option, plural

if TYPE_CHECKING:
    from cfgen.models import ModelFacts

SHOWN_FILES = 12


@click.command("inspect")
@click.argument("model", metavar="MODEL_ID|FOLDER")
@click.option("--revision", default="", metavar="REVISION", help="A branch, tag or commit.  [default: main]")
@click.option("--files", "all_files", is_flag=True, help="List every file, not only the largest.")
@format_option
def command(model: str, revision: str, all_files: bool, style: str) -> int:
    """Say what a model is: size, shape, terms, formats.

    MODEL_ID names a Hugging Face repository; FOLDER holds one's files and needs no network. Only descriptions are
    read: config.json, the index or header of the weights, the model card. HF_ENDPOINT chooses another hub, HF_TOKEN
    opens gated models. What is known of a commit is kept in the cache folder and works offline.
    """
    from cfgen.models import inspect
    from cfgen.models.facts import as_json

    facts = inspect(model, revision)
    if style == "json":
        click.echo(json.dumps(as_json(facts), indent=2))
        return 0
    for name, value in rows(facts):
        click.echo(f"{name + ':':<16}{value}")
    shown = sorted(facts.files, key=lambda one: -one.size)
    shown = shown if all_files else shown[:SHOWN_FILES]
    for one in sorted(shown, key=lambda one: one.path):
        click.echo(f"  {one.size:>16,}  {one.path}")
    if rest := len(facts.files) - len(shown):
        click.echo(f"  and {plural(rest, 'smaller file')} (--files lists all)")
    return 0


def rows(facts: ModelFacts) -> list[tuple[str, str]]:
    """What is known, as names and sentences in the order a reader wants it."""
    found = [("model", facts.id)]
    if facts.commit:
        found.append(("commit", facts.commit))
    found.append(
        ("architecture", " ".join(filter(None, (facts.model_type, _in_brackets(facts.architecture)))))
    )
    found.append(("kind", _kind(facts)))
    if facts.parameters:
        found.append(("parameters", f"{facts.parameters:,} ({_short(facts.parameters)})"))
    if facts.weight_bytes is not None:
        found.append(("weights", _weights(facts)))
    if facts.quantization:
        bits = f", {facts.quantization.bits:g} bits" if facts.quantization.bits else ""
        group = f", in groups of {facts.quantization.group}" if facts.quantization.group else ""
        found.append(("quantisation", f"{facts.quantization.method}{bits}{group}"))
    if facts.kv_bytes_per_token:
        heads = (
            f"{facts.attention_heads} attention heads, {facts.kv_heads or 'compressed'} for keys and values"
        )
        found.append(("shape", f"{plural(facts.layers, 'layer')}, {heads}"))
        found.append(
            (
                "KV cache",
                f"{facts.kv_bytes_per_token:,} bytes a token ({facts.kv_bytes_per_token / 1024:g} KiB)",
            )
        )
    found.append(("context", f"{facts.context:,} tokens" if facts.context else "no limit is named"))
    found.append(("licence", " ".join(filter(None, (facts.license or "not named", facts.license_link)))))
    found.append(("access", _access(facts)))
    found.append(
        (
            "custom code",
            "yes: it brings Python code of its own (auto_map), to be trusted by name"
            if facts.custom_code
            else "no",
        )
    )
    size = sum(one.size for one in facts.files)
    found.append(("files", f"{len(facts.files):,}, {_bytes(size)} in all"))
    return [(name, value) for name, value in found if value]


def _kind(facts: ModelFacts) -> str:
    if facts.kind == "unknown":
        return f"unknown: {facts.why_unknown}"
    text = {"decoder": "decoder (generates text)", "encoder": "encoder"}[facts.kind]
    return f"{text}, made for embeddings" if facts.embeds else text


def _weights(facts: ModelFacts) -> str:
    text = f"{facts.weight_bytes:,} bytes ({(facts.weight_bytes or 0) / 2**30:.2f} GiB)"
    text += "".join(f", {word}" for word in (facts.dtype, facts.weight_format) if word)
    if facts.weight_format == "pickle":
        text += " (may run code when loaded)"
    if facts.served_bytes != facts.weight_bytes:
        text += f"; served in 16 bit: {(facts.served_bytes or 0) / 2**30:.2f} GiB"
    return text


def _access(facts: ModelFacts) -> str:
    if facts.gated:
        how = "by hand" if facts.gated == "manual" else "at once"
        return f"gated: terms to accept on the hub (granted {how}), a token to download"
    return "private" if facts.private else "open" if facts.commit else "a folder"


def _bytes(count: int) -> str:
    for size, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count} bytes"


def _in_brackets(text: str) -> str:
    return f"({text})" if text else ""


def _short(count: int) -> str:
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "K")):
        if count >= size:
            return f"{count / size:.3g}{letter}"
    return str(count)
