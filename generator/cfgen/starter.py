"""A first spec for a model: inspected, sized, written with the reasons as comments.

What is written says everything that cfgen found out, so that rendering it needs neither network nor facts. It is held
against what ``instanceType: auto`` would do: settings that follow from the model's own figures, and not from its name,
are written down.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cfgen.catalogue import licenses

if TYPE_CHECKING:
    from cfgen.catalogue import Catalogue
    from cfgen.models import ModelFacts
    from cfgen.resolve.sizing_options import Sizing
    from cfgen.resolve.stack import Stack

WIDTH = 100


@dataclass(frozen=True, slots=True)
class Starter:
    """What a first spec says. ``facts`` and ``sizing`` are None where they cannot be had; ``context`` where none was
    asked for; ``env`` and ``timeout`` (seconds) where cfgen's own choice will do."""

    name: str
    model: str
    revision: str
    container: str
    instance_type: str
    facts: ModelFacts | None = None
    sizing: Sizing | None = None
    context: int | None = None
    regions: tuple[str, ...] = ()
    license: str = ""
    accepted: bool = False
    token_secret: str = ""
    env: tuple[tuple[str, str], ...] = ()
    timeout: int | None = None


def stack_name(model: str) -> str:
    """A spec's name for a model: its own, in lower case, without what names may not hold."""
    words = re.sub(r"[^a-z0-9]+", "-", model.rstrip("/").rpartition("/")[2].lower()).strip("-")
    return re.sub(r"^[^a-z]+", "", words)[:40].rstrip("-") or "model"


def binding_license(name: str) -> str:
    """Why a licence must be accepted, or empty when it binds to nothing (or is not known)."""
    known, _ = licenses.find(name)
    return next((f"{one.title}: {one.why}" for one in known if not one.permissive), "")


def completed(starter: Starter, catalogue: Catalogue) -> Starter:
    """``starter`` with the settings that its name alone would not lead to. Raises ResolveError."""
    facts, sizing = starter.facts, starter.sizing
    if facts is None or sizing is None:
        return starter
    if all(one.instance.name != starter.instance_type or one.price is None for one in sizing.options):
        return starter  # cfgen would not have chosen it
    bare = replace(starter, accepted=True)
    by_name = _resolved(text(bare), catalogue)
    by_facts = _resolved(text(bare, auto=True), catalogue, facts)
    usual = dict(by_name.model.environment)
    env = tuple((name, value) for name, value in by_facts.model.environment if usual.get(name) != value)
    needed = by_facts.endpoint.startup_health_check_timeout
    return replace(
        starter, env=env, timeout=needed if needed > by_name.endpoint.startup_health_check_timeout else None
    )


def _resolved(spec: str, catalogue: Catalogue, facts: ModelFacts | None = None) -> Stack:
    from cfgen.resolve import resolve
    from cfgen.spec import parse_spec

    given = None if facts is None else lambda _model, _revision: facts
    return resolve(parse_spec(spec, "the new spec"), catalogue, given)


def text(starter: Starter, *, auto: bool = False) -> str:
    """The spec as YAML with comments; ``auto``: as one that leaves the choice of the same type to cfgen."""
    lines = [*_about(starter), f"name: {starter.name}", "model:", "  type: container"]
    lines.append(f"  modelId: {_scalar(starter.model)}")
    if starter.revision:
        lines += [
            "  # What is served stays the same until this is changed.",
            f"  revision: {_scalar(starter.revision)}",
        ]
    lines.append(f"  container: {_scalar(starter.container)}")
    lines += _access(starter)
    lines += _license(starter)
    if starter.env:
        lines += ["  # From the model's own figures", "  env:"]
        lines += [f"    {name}: {json.dumps(value)}" for name, value in starter.env]
    lines += ["endpoint:", *_reasons(starter)]
    lines.append(f"  instanceType: {'auto' if auto else starter.instance_type}")
    if auto:
        lines.append(f"  allowedInstanceTypes: [{starter.instance_type}]")
    if starter.context is not None:
        lines += ["  # Tokens of a prompt and its answer", f"  context: {starter.context}"]
    if starter.timeout is not None:
        lines += ["  # Loading takes long", f"  startupHealthCheckTimeout: {starter.timeout}"]
    if starter.regions:
        lines.append(f"regions: [{', '.join(starter.regions)}]")
    return "\n".join(lines) + "\n"


def _about(starter: Starter) -> Iterator[str]:
    facts = starter.facts
    if facts is None:
        yield from _comment(f"{starter.model}: nothing is known of it but its name.")
        return
    words = [f"{facts.parameters:,} parameters" if facts.parameters else ""]
    if facts.weight_bytes:
        gib = facts.weight_bytes / 2**30
        size = f"{gib:.2f} GiB" if gib >= 0.1 else f"{facts.weight_bytes / 2**20:.1f} MiB"
        words.append(f"{size} of weights ({facts.weight_format or 'unknown format'})")
    if facts.quantization:
        words.append(f"{facts.quantization.method} quantised")
    words.append(f"a context of {facts.context:,} tokens" if facts.context else "")
    if facts.kind == "decoder":
        words.append(f"{facts.kv_bytes_per_token / 1024:g} KiB of KV cache a token")
    yield from _comment(f"{starter.model}, {facts.model_type}: {', '.join(filter(None, words))}.")
    if facts.custom_code:
        yield from _comment("It brings Python code of its own: read it before it is trusted.")


def _access(starter: Starter) -> Iterator[str]:
    if not starter.token_secret:
        return
    yield "  # Gated: the build copies the model to S3 once, with the hub token in this Secrets Manager secret."
    yield f"  # aws secretsmanager create-secret --name {starter.token_secret} --secret-string hf_…"
    yield f"  tokenSecret: {_scalar(starter.token_secret)}"
    yield "  staging: s3"


def _license(starter: Starter) -> Iterator[str]:
    if not starter.license:
        if starter.facts is None:
            yield "  # license: {id: …, accepted: true} once you have read it on the model's page"
        else:
            yield "  # The model's card names no licence: ask before you serve it."
        return
    binding = binding_license(starter.license)
    if binding:
        yield from _comment(f"{binding}. Accepting it is yours to do.", "  ")
    told = f", accepted: {'true' if starter.accepted else 'false'}" if binding or starter.accepted else ""
    yield f"  license: {{id: {_scalar(starter.license)}{told}}}"


def _reasons(starter: Starter) -> Iterator[str]:
    from cfgen.resolve.sizing_words import decision

    if starter.sizing is None:
        return
    chosen = starter.sizing.choice
    if chosen is None or chosen.instance.name != starter.instance_type:
        yield from _comment("Chosen by hand; `cfgen size` tells what fits.", "  ")
        return
    for line in decision(starter.sizing):
        yield from _comment(line, "  ")
    others = [
        f"{one.instance.name} ({one.price.hourly:.2f})"
        for one in starter.sizing.options[1:5]
        if one.price is not None
    ]
    if others:
        yield from _comment(
            f"Others that fit, with USD an hour: {', '.join(others)}; `cfgen size` lists all.", "  "
        )


def _comment(words: str, indent: str = "") -> list[str]:
    mark = f"{indent}# "
    return textwrap.wrap(words, WIDTH, initial_indent=mark, subsequent_indent=mark, break_on_hyphens=False)


def _scalar(value: str) -> str:
    """``value`` as it is when it reads as text in YAML, else quoted."""
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_./+-]*(:[A-Za-z0-9._-]+)?", value)
    if plain and value.lower() not in ("true", "false", "yes", "no", "on", "off", "null", "y", "n"):
        return value
    return json.dumps(value)
