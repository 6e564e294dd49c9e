"""``cfgen init``: a first spec for a model."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cfgen.cli.options import catalog_option, warn
from cfgen.errors import CfgenError

if TYPE_CHECKING:
    from cfgen.catalogue import Catalogue
    from cfgen.models import ModelFacts
    from cfgen.resolve.sizing_options import Sizing
    from cfgen.starter import Starter

TOKEN_SECRET = "huggingface-token"


@click.command("init")
@click.argument("model", required=False, metavar="[MODEL_ID]")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="[default: NAME.yaml]")
@click.option("--name", default="", metavar="NAME", help="Name of the stack-to-be.  [default: by model]")
@click.option("--revision", default="", metavar="REVISION", help="A branch, tag or commit of the model.")
@click.option(
    "--container", default="", metavar="NAME", help="The container: vllm, tgi:3.3, …  [default: by model]"
)
@click.option(
    "--instance-type", default="", metavar="TYPE", help="Take this one; needs no facts, so no network."
)
@click.option("--context", type=click.IntRange(16, 10_000_000), help="Tokens of a prompt and its answer.")
@click.option("--concurrency", type=click.IntRange(1, 10_000), help="Requests served at once.  [default: 4]")
@click.option("--region", "regions", multiple=True, metavar="REGION", help="Only here; may be repeated.")
@click.option(
    "--max-price", type=click.FloatRange(0, min_open=True), help="USD an hour and instance, at most."
)
@click.option("--token-secret", default="", metavar="NAME", help="Secrets Manager secret with the hub token.")
@click.option("--accept-license", is_flag=True, help="You have read the model's licence, and accept it.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@catalog_option
def command(model: str | None, output: Path | None, force: bool, overlay: Path | None, **asked: Any) -> int:
    """Write a spec for a model, inspected and sized.

    Without MODEL_ID it asks, on a terminal. The spec says why it is as it is, renders and lints at once, and needs no
    network any more. Where facts about the model cannot be had, --instance-type is needed.
    """
    from cfgen import pipeline
    from cfgen.catalogue import load
    from cfgen.files import write_atomically
    from cfgen.starter import completed, text

    asks = model is None
    if model is None:
        if not sys.stdin.isatty():
            raise click.UsageError(
                "Name a model such as mistralai/Mistral-7B-Instruct-v0.3; off a terminal nobody asks."
            )
        model = str(click.prompt("Model (Hugging Face id)", err=True)).strip()
    if not model:
        raise click.UsageError("The model's id is empty.")
    if os.path.isdir(model):  # noqa: PTH112 - of a name that is too long it says no
        raise click.UsageError(
            f"{model} is a folder; a spec names a model by its id. `cfgen size` takes folders."
        )
    catalogue = load(pipeline.overlay_file(overlay))
    starter = _starter(model, catalogue, asked, asks)
    target = output or Path(f"{starter.name}.yaml")
    if target.exists() and not force:
        raise CfgenError(f"{target} is there already", hint="--force replaces it; -o names another file.")
    starter = completed(starter, catalogue)
    ready = _check(starter, catalogue)
    write_atomically(target, text(starter))
    click.echo(f"{target}: {starter.model} on {starter.instance_type}")
    if not ready:
        warn([f"before it renders: read the licence of {starter.model}, then say accepted: true in {target}"])
        return 0
    click.echo(f"next: cfgen render {target}")
    return 0


def _starter(model: str, catalogue: Catalogue, asked: dict[str, Any], asks: bool) -> Starter:
    from cfgen.starter import Starter, binding_license, stack_name

    facts = _facts(model, asked)
    if asks:
        asked = asked | _asked_for(facts, asked)
    sizing = _sizing(facts, catalogue, asked) if facts else None
    instance_type = asked["instance_type"] or _chosen(sizing, asks)
    container = asked["container"] or (sizing.container if sizing else "vllm")
    license_id = facts.license if facts else ""
    accepted, binding = asked["accept_license"], binding_license(license_id)
    if asks and binding and not accepted:
        accepted = click.confirm(f"{binding}. Have you read it, and do you accept it?", err=True)
    secret = asked["token_secret"] or (TOKEN_SECRET if _gated(model, facts) else "")
    if secret and not asked["token_secret"]:
        warn([f"{model} is gated: the spec names the secret {secret}, which must hold a hub token"])
    return Starter(
        name=asked["name"] or stack_name(model),
        model=model,
        revision=asked["revision"] or (facts.commit if facts else ""),
        container=_pinned(container, instance_type, catalogue),
        instance_type=instance_type,
        facts=facts,
        sizing=sizing,
        context=asked["context"],
        regions=tuple(dict.fromkeys(asked["regions"])),
        license=license_id,
        accepted=accepted,
        token_secret=secret,
    )


def _facts(model: str, asked: dict[str, Any]) -> ModelFacts | None:
    """The model's facts; None when they cannot be had and are not needed."""
    from cfgen.models import inspect
    from cfgen.models.errors import ModelError, NotAnId

    try:
        return inspect(model, asked["revision"])
    except NotAnId:
        raise
    except ModelError as error:
        if not asked["instance_type"]:
            raise CfgenError(error.message, hint=f"{error.hint} Or name an --instance-type.") from error
        warn([f"{error.message}; written without facts"])
        return None


def _sizing(facts: ModelFacts, catalogue: Catalogue, asked: dict[str, Any]) -> Sizing | None:
    from cfgen.resolve.sizing_options import SizingError, Wanted, load_of, size
    from cfgen.resolve.sizing_words import why_none

    try:
        load = load_of(facts, asked["context"], asked["concurrency"])
        sizing = size(
            facts, catalogue, Wanted(load, asked["container"], tuple(asked["regions"]), asked["max_price"])
        )
    except SizingError as error:
        if not asked["instance_type"]:
            raise CfgenError(error.message, hint=f"{error.hint} (--instance-type)") from error
        return None
    if sizing.choice is None and not asked["instance_type"]:
        raise CfgenError(why_none(sizing)[0], hint=why_none(sizing)[1])
    if asked["instance_type"] and all(asked["instance_type"] != one.instance.name for one in sizing.options):
        reason = next((one.reason for one in sizing.rejected if one.name == asked["instance_type"]), "")
        if reason:
            warn([f"{asked['instance_type']}: {reason}"])
    return sizing


def _chosen(sizing: Sizing | None, asks: bool) -> str:
    assert sizing is not None
    assert sizing.choice is not None
    if not asks:
        return sizing.choice.instance.name
    from cfgen.cli.size import table

    for line in table(sizing, 5):
        click.echo(line, err=True)
    fitting = click.Choice([one.instance.name for one in sizing.options])
    return str(
        click.prompt(
            "Instance type", default=sizing.choice.instance.name, type=fitting, show_choices=False, err=True
        )
    )


def _asked_for(facts: ModelFacts | None, asked: dict[str, Any]) -> dict[str, Any]:
    """What a person is asked that the options leave open."""
    found: dict[str, Any] = {}
    if facts is not None and facts.kind == "decoder" and not facts.embeds:
        from cfgen.resolve.sizing_options import load_of

        usual = load_of(facts, None, None)
        if asked["context"] is None:
            limit = click.IntRange(16, facts.context or 10_000_000)
            found["context"] = click.prompt(
                "Tokens of a prompt and its answer", usual.context, type=limit, err=True
            )
        if asked["concurrency"] is None:
            found["concurrency"] = click.prompt(
                "Requests served at once", usual.concurrency, type=click.IntRange(1, 10_000), err=True
            )
    return found


def _gated(model: str, facts: ModelFacts | None) -> bool:
    from cfgen.resolve.containers import is_known_gated

    return bool(facts.gated or facts.private) if facts else is_known_gated(model)


def _pinned(container: str, instance_type: str, catalogue: Catalogue) -> str:
    """The container with the version that is newest today. Raises the catalogue's errors."""
    if ":" in container or "/" in container:
        return container
    instance = catalogue.instance(instance_type)
    image = catalogue.image(container, None, instance.processor, instance.architecture)
    return f"{container}:{image.version}"


def _check(starter: Starter, catalogue: Catalogue) -> bool:
    """Whether the spec renders as it stands; False when it only lacks the acceptance of a licence.

    Raises what else keeps it from rendering.
    """
    from cfgen import pipeline
    from cfgen.render import render
    from cfgen.spec import parse_spec
    from cfgen.starter import binding_license, text

    done = replace(starter, accepted=True)
    stack = pipeline.plan(parse_spec(text(done), "the new spec"), catalogue)
    warn(stack.warnings)
    pipeline.check(render(stack))
    return starter.accepted or not binding_license(starter.license)
