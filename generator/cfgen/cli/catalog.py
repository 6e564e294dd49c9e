"""``cfgen catalog``: search the catalogue, and derive its data anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from cfgen.catalogue import Catalogue, load
from cfgen.catalogue.search import PROCESSORS, Record, find_images, find_instances, find_regions

F = TypeVar("F", bound=Callable[..., Any])
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group("catalog")
def command() -> None:
    """Search the catalogue of images, instance types, regions and JumpStart models.

    The data is bundled; a YAML file of your own adds to it (--catalog FILE, or cfgen.yaml in the working
    folder).
    """


def searching(function: F) -> F:
    """The arguments that all searches share."""
    decorators = (
        click.argument("words", nargs=-1),
        click.option(
            "--format",
            "form",
            type=click.Choice(["text", "json"]),
            default="text",
            help="Form of the output.",
        ),
        click.option(
            "--catalog",
            "overlay",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Your own entries, merged over the bundled ones.  [default: cfgen.yaml, if it exists]",
        ),
    )
    for decorate in reversed(decorators):
        function = decorate(function)
    return function


region_option = click.option("--region", metavar="REGION", help="Only what exists in this region.")
processor_option = click.option("--processor", type=click.Choice(PROCESSORS), help="Only what runs on these.")


@command.command()
@searching
@click.option(
    "--family", metavar="NAME", help="Only this family, by any of its names (tgi, huggingface-llm)."
)
@region_option
@processor_option
@click.option("--all-versions", is_flag=True, help="Older versions too, not only the newest of each family.")
def images(words: tuple[str, ...], form: str, overlay: Path | None, **only: Any) -> None:
    """Container images, by words.

    All WORDS are in an image's names, tags or version. With --region, the newest in that region and its URI.
    """
    from cfgen.catalogue.tables import image_lines

    catalogue = _load(overlay)
    records = find_images(catalogue, words, **only)
    known = (name for family in catalogue.families() for name in (family, *find_names(family)))
    _show(records, form, image_lines, "image", words, known)


@command.command()
@searching
@click.option("--family", metavar="NAME", help="Only this family of types (g5).")
@region_option
@processor_option
def instances(words: tuple[str, ...], form: str, overlay: Path | None, **only: Any) -> None:
    """Instance types that SageMaker hosts, by words.

    All WORDS are in a type's name, accelerator, processor or architecture.
    """
    from cfgen.catalogue.tables import instance_lines

    catalogue = _load(overlay)
    records = find_instances(catalogue, words, **only)
    if not records and len(words) == 1 and words[0].startswith("ml."):
        catalogue.instance(words[0])  # raises, and knows why a type that exists is not here
    _show(records, form, instance_lines, "instance type", words, catalogue.instances)


@command.command()
@searching
def regions(words: tuple[str, ...], form: str, overlay: Path | None) -> None:
    """Regions, by words, and what CloudFormation can create there.

    SERVES: endpoints; an unsure region has hosting prices, but no published schema for endpoints. IC:
    inference components. TYPES: how many instance types are priced for hosting.
    """
    from cfgen.catalogue.tables import region_lines

    catalogue = _load(overlay)
    _show(find_regions(catalogue, words), form, region_lines, "region", words, catalogue.regions)


@command.command()
@searching
@click.option("--task", metavar="TASK", help="Only this task, or part of its name (text-generation, embed).")
@click.option("--framework", metavar="NAME", help="Only what this software serves (tgi, djl, huggingface).")
@click.option("--size", metavar="SIZE", help="Parameters: 8b, 500m, 7b..14b, 70b.. or ..3b.")
@click.option("--gated/--open", default=None, help="Only models behind a licence, or only the others.")
@region_option
def models(words: tuple[str, ...], form: str, overlay: Path | None, **only: Any) -> None:
    """JumpStart models, by words.

    All WORDS are in a model's id, task or software. SIZE is told from the id. TYPE: AWS's default instance type, or
    the first of its list that is hosted. REGIONS: how many have image and instance type.
    """
    from cfgen.catalogue.errors import UnknownJumpStartModel
    from cfgen.catalogue.jumpstart import load as load_models
    from cfgen.catalogue.jumpstart_search import find_models, model_lines
    from cfgen.resolve.jumpstart_sizes import parameters

    listed = load_models()
    records = find_models(listed, _load(overlay), words, parameters=parameters, **only)
    if not records and len(words) == 1 and not any(value is not None for value in only.values()):
        raise UnknownJumpStartModel(words[0], listed.ids)
    _show(records, form, model_lines, "JumpStart model", words, ())


@command.command()
@click.option("--from", "source", type=FOLDER, help="Read packages downloaded before from this folder.")
@click.option("--to", "target", type=FOLDER, help="Write here.  [default: cfgen's own data]")
@click.option("--accept-losses", is_flag=True, help="Write even if a table lost over a tenth of its entries.")
@click.option("--accept-account-changes", is_flag=True, help="Write even if registry accounts changed.")
@click.option("--dry-run", is_flag=True, help="Show what would change and write nothing.")
@click.option("--models", is_flag=True, help="JumpStart's models instead, from packages of pip and npm.")
@click.option(
    "--live",
    metavar="REGION|URL",
    help="With --models: the live list of a region (or at an address) over what is there.",
)
def refresh(
    source: Path | None,
    target: Path | None,
    accept_losses: bool,
    accept_account_changes: bool,
    dry_run: bool,
    models: bool,
    live: str | None,
) -> None:
    """Derive the bundled data anew from published packages.

    Downloads sagemaker-core, botocore, cfn-lint and moto with pip (no dependencies, nothing installed) and
    prints what changed. A result that lost too much, or that changes a registry account, is refused.

    With --models, JumpStart's list: from the npm package @cdklabs/generative-ai-cdk-constructs and sagemaker-core,
    or with --live REGION each model's newest version from AWS's own public list, which needs no credentials.
    """
    if live is not None and (not models or source is not None):
        raise click.UsageError("--live goes with --models, and not with --from.")
    accepted = {"accept_losses": accept_losses, "accept_account_changes": accept_account_changes}
    if models:
        _refresh_models(source, live, target, dry_run, accepted)
        return
    from contextlib import nullcontext

    from cfgen.catalogue.data_files import DATA
    from cfgen.catalogue.refresh import RefusedRefresh, refresh, write
    from cfgen.catalogue.refresh_sources import PACKAGES, downloaded, in_folder

    folder = target or DATA
    if source is None:
        click.echo(f"Downloading {', '.join(PACKAGES)} …", err=True)
    with nullcontext(in_folder(source)) if source else downloaded() as packages:
        tables, comparison = refresh(packages, folder)
    for line in comparison.lines():
        click.echo(line)
    refusals = comparison.refused(accept_losses=accept_losses, accept_account_changes=accept_account_changes)
    if refusals:
        raise RefusedRefresh(refusals)
    if dry_run:
        click.echo("Nothing is written (--dry-run).", err=True)
        return
    write(tables, folder)
    click.echo(f"Written to {folder}", err=True)


def _refresh_models(
    source: Path | None, live: str | None, target: Path | None, dry_run: bool, accepted: dict[str, bool]
) -> None:
    from cfgen.catalogue import jumpstart_refresh
    from cfgen.catalogue.data_files import DATA
    from cfgen.catalogue.errors import shortened
    from cfgen.catalogue.refresh import RefusedRefresh

    folder = target or DATA
    before = jumpstart_refresh.read(folder)
    if live is not None:
        after, left_out = _live(live, before or jumpstart_refresh.read())
        for reason in sorted(set(left_out.values())):
            names = [name for name, why in left_out.items() if why == reason]
            click.echo(f"left out, {reason}: {len(names)} ({shortened(names, 5)})", err=True)
    else:
        if source is None:
            click.echo(f"Downloading {', '.join(jumpstart_refresh.PACKAGES)} …", err=True)
        after = jumpstart_refresh.from_packages_in(source)
    comparison = jumpstart_refresh.compare(before, after)
    for line in comparison.lines():
        click.echo(line)
    if refusals := comparison.refused(**accepted):
        raise RefusedRefresh(refusals)
    if dry_run:
        click.echo("Nothing is written (--dry-run).", err=True)
        return
    jumpstart_refresh.write(after, folder)
    click.echo(f"Written to {folder}", err=True)


def _live(place: str, present: Any) -> tuple[dict[str, Any], Any]:
    """The live list over the present one; ``place`` is a region or an address."""
    from cfgen.catalogue import jumpstart_live, jumpstart_refresh

    base = place
    if "://" not in place:
        region = load().region(place)
        base = jumpstart_live.address(region.name, region.url_suffix)
    click.echo(f"Reading {base}/{jumpstart_live.MANIFEST} …", err=True)
    found = jumpstart_live.read(base, lambda text: click.echo(text, err=True))
    return jumpstart_refresh.from_live(found, present, base), found.left_out


def find_names(family: str) -> tuple[str, ...]:
    """Other names of a family, for a guess at what was meant."""
    from cfgen.catalogue.families import called

    return called(family)


def _load(overlay: Path | None) -> Catalogue:
    from cfgen.pipeline import overlay_file

    if overlay is None and (overlay := overlay_file(None)):
        click.echo(f"With {overlay}", err=True)
    return load(overlay)


def _show(
    records: list[Record],
    form: str,
    lines: Callable[[Iterable[Record]], Iterator[str]],
    what: str,
    words: Sequence[str],
    known: Iterable[str],
) -> None:
    """Print the records; when there are none, say so on stderr and exit with 1."""
    if form == "json":
        import json

        click.echo(json.dumps(records, indent=2, ensure_ascii=False))
    elif records:
        click.echo("\n".join(lines(records)))
    if not records:
        from cfgen.catalogue.errors import did_you_mean

        asked = f" with {' '.join(words)!r}" if words else ""
        guess = did_you_mean(words[0], known) if words else ""
        click.echo(f"No {what}{asked} matches{guess or '; try fewer words or options'}", err=True)
        raise click.exceptions.Exit(1)
