"""``cfgen publish``: templates where others launch them from: S3 with quick-create links, Service Catalog."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cfgen.cli.options import catalog_option, format_option, plural, specs_argument, warn
from cfgen.cli.publish_catalog import command as service_catalog_command
from cfgen.cli.publish_options import bucket_options, buckets_of
from cfgen.deploy import console

if TYPE_CHECKING:
    from cfgen.publish.s3 import Published


@click.group("publish")
def command() -> None:
    """Publish templates for others to launch: in S3 with quick-create links, or in Service Catalog."""


@command.command("s3", short_help="Templates into S3, and links that open the form.")
@specs_argument
@bucket_options
@console.regions_option
@click.option(
    "--parameter", "-p", "parameters", multiple=True, metavar="K=V", help="A value that the links fill in."
)
@console.profile_option
@catalog_option
@format_option
def s3_command(
    specs: tuple[str, ...], bucket: str | None, pattern: str | None, prefix: str, public: bool,
    regions: tuple[str, ...], parameters: tuple[str, ...], profile: str | None, overlay: Path | None, style: str,
) -> int:  # fmt: skip
    """Upload templates to S3 and print quick-create links, one a region.

    Keys hold the content's hash: what is there already is not uploaded again, and an old link goes on working. Code
    too large for a template goes along. Whoever launches needs to read the bucket; it need not be public.
    """
    from cfgen.publish import publishing

    where = buckets_of(bucket, pattern)
    templates = publishing.templates_of(specs, overlay, warn)
    found, notes = publishing.to_s3(
        templates, where, regions, prefix, parameters, profile=profile, public=public
    )
    warn(notes)
    if style == "json":
        console.show_json([one.data() for one in found])
    else:
        _show(found)
    return 0


def _show(found: list[Published]) -> None:
    from cfgen.publish import links

    for one in found:
        click.echo(f"{one.name} in {one.region}: {'uploaded' if one.uploaded else 'there already'}")
        click.echo(f"  template: {one.url}")
        if one.link is None:
            click.echo("  no link: this partition's console has no public address")
            continue
        click.echo(f"  link: {one.link}")
        click.echo(f"  badge: {links.badge(one.link)}")
    new = len({(one.bucket.name, one.key) for one in found if one.uploaded})
    click.echo(f"{plural(len(found), 'link')}, {plural(new, 'template')} uploaded")


command.add_command(service_catalog_command)
