"""``cfgen size``: which instance types serve a model."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cfgen.cli.options import catalog_option, format_option, plural, warn
from cfgen.errors import CfgenError

if TYPE_CHECKING:
    from cfgen.resolve.sizing_options import Option, Sizing

SHOWN = 10


@click.command("size")
@click.argument("model", metavar="MODEL_ID|FOLDER|SPEC")
@click.option("--revision", default="", metavar="REVISION", help="A branch, tag or commit of the model.")
@click.option(
    "--container", default="", metavar="NAME", help="The container: vllm, tgi:3.3, …  [default: by model]"
)
@click.option("--context", type=click.IntRange(16, 10_000_000), help="Tokens of a prompt and its answer.")
@click.option("--concurrency", type=click.IntRange(1, 10_000), help="Requests served at once.  [default: 4]")
@click.option("--region", "regions", multiple=True, metavar="REGION", help="Hosted here; may be repeated.")
@click.option(
    "--max-price", type=click.FloatRange(0, min_open=True), help="USD an hour and instance, at most."
)
@click.option(
    "--facts",
    "folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="FOLDER",
    help="Of a spec: take the facts from this copy of the model, and keep them beside the spec.",
)
@click.option("--all", "show_all", is_flag=True, help="Every type that fits, and why the others do not.")
@catalog_option
@format_option
def command(model: str, overlay: Path | None, show_all: bool, style: str, **asked: Any) -> int:
    """List the instance types a model fits, cheapest first.

    Facts about the model are read as `cfgen inspect` does. Of a spec, the model, container, regions, context and
    concurrency are taken from it; options go before. Prices are approximate, of us-east-1, on demand. Exit code 1
    when nothing fits.
    """
    from cfgen import pipeline
    from cfgen.catalogue import load
    from cfgen.resolve.sizing_words import decision, why_none

    sizing = _sized(model, load(pipeline.overlay_file(overlay)), asked)
    if style == "json":
        click.echo(json.dumps(as_record(sizing), indent=2))
        return 0 if sizing.options else 1
    if not sizing.options:
        raise CfgenError(*why_none(sizing)[:1], hint=why_none(sizing)[1])
    for line in table(sizing, len(sizing.options) if show_all else SHOWN):
        click.echo(line)
    for line in decision(sizing):
        click.echo(line)
    if sizing.choice is None:
        click.echo(why_none(sizing)[0])
    if show_all:
        click.echo("")
        for line in rejections(sizing):
            click.echo(line)
    return 0


def _sized(model: str, catalogue: Any, asked: dict[str, Any]) -> Sizing:
    from cfgen.models import inspect
    from cfgen.resolve.sizing_options import Wanted, load_of, size

    path = Path(model)
    if path.suffix in (".yaml", ".yml") and os.path.isfile(model):  # noqa: PTH113
        return _of_spec(path, catalogue, asked)
    if asked["folder"] is not None:
        raise click.UsageError("--facts is for a spec; a folder is sized by itself.")
    facts = inspect(model, asked["revision"])
    load = load_of(facts, asked["context"], asked["concurrency"])
    wanted = Wanted(load, asked["container"], tuple(dict.fromkeys(asked["regions"])), asked["max_price"])
    return size(facts, catalogue, wanted)


def _of_spec(path: Path, catalogue: Any, asked: dict[str, Any]) -> Sizing:
    from cfgen import pipeline
    from cfgen.spec import load_spec

    if asked["revision"]:
        raise click.UsageError("A spec names its revision itself; --revision is for a model id.")
    spec, folder = load_spec(path), asked.pop("folder")
    if folder is not None and (kept := pipeline.keep_facts(spec, folder)) is not None:
        warn([f"{kept}: the facts are kept here; commit it with the spec"])
    return pipeline.sizing(spec, catalogue, **{key: value for key, value in asked.items() if value})


def table(sizing: Sizing, limit: int) -> list[str]:
    """Header and a line for each of the first ``limit`` types that fit."""
    from cfgen.catalogue.tables import aligned

    load = sizing.wanted.load
    head = f"{sizing.facts.id} on {sizing.container}"
    if sizing.facts.kv_bytes_per_token and not sizing.facts.embeds:
        head += f": {plural(load.concurrency, 'request')} at once, each of up to {load.context:,} tokens"
    rows = [_row(one, load.context) for one in sizing.options[:limit]]
    titles = ("TYPE", "HARDWARE", "SPLIT", "TOKENS", "REQUESTS", "USD/h", "REGIONS")
    lines = [head, *aligned(titles, rows, right={2, 3, 4, 5, 6})]
    if rest := len(sizing.options) - limit:
        lines += [f"and {plural(rest, 'more type')} (--all lists all, and why the others do not fit)"] * (
            rest > 0
        )
    return [*lines, ""]


def rejections(sizing: Sizing) -> list[str]:
    """Why the other types do not fit: a line for each reason and the types it is true of, whole families as one."""
    import textwrap

    fitting = {one.instance.family for one in sizing.options}
    reasons: dict[str, dict[str, list[str]]] = {}
    sizes: dict[str, int] = {}
    for one in sizing.rejected:
        family = one.name.split(".")[1]
        sizes[family] = sizes.get(family, 0) + 1
        reasons.setdefault(one.reason, {}).setdefault(family, []).append(one.name)
    lines = []
    for reason, families in sorted(reasons.items(), key=lambda row: sum(map(len, row[1].values()))):
        names = []
        for family, members in families.items():
            whole = len(members) == sizes[family] > 1 and family not in fitting
            names += [f"ml.{family}.*"] if whole else members
        lines += textwrap.wrap(
            f"not {', '.join(names)}: {reason}",
            110,
            subsequent_indent="    ",
            break_on_hyphens=False,
            break_long_words=False,
        )
    return lines


def _row(option: Option, context: int) -> tuple[str, ...]:
    from cfgen.resolve.sizing_words import hardware

    capacity = option.fit.capacity
    return (
        option.instance.name,
        hardware(option),
        str(option.fit.split or ""),
        f"{capacity:,}" if capacity is not None else "",
        f"{capacity / context:.1f}" if capacity is not None else "",
        f"{option.price.hourly:.3f}" if option.price else "unknown",
        str(len(option.regions)),
    )


def as_record(sizing: Sizing) -> dict[str, Any]:
    """The sizing as JSON values."""
    from cfgen.models.facts import as_json
    from cfgen.resolve.sizing_words import decision

    load = sizing.wanted.load
    return {
        "model": as_json(sizing.facts, with_files=False),
        "container": sizing.container,
        "context": load.context,
        "concurrency": load.concurrency,
        "choice": sizing.choice.instance.name if sizing.choice else None,
        "decision": list(decision(sizing)),
        "prices": "approximate, on demand, for ranking",
        "options": [
            {
                "instanceType": one.instance.name,
                "accelerators": one.instance.accelerators,
                "accelerator": one.instance.accelerator,
                "tensorParallel": one.fit.split,
                "kvCapacityTokens": one.fit.capacity,
                "hourlyUsd": one.price.hourly if one.price else None,
                "priceSource": one.price.source if one.price else None,
                "regions": list(one.regions),
            }
            for one in sizing.options
        ],
        "rejected": [
            {"instanceType": one.name, "about": one.what, "reason": one.reason} for one in sizing.rejected
        ],
    }
